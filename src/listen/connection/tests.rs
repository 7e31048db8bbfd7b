mod http1;
mod http2;
mod leaving;
mod responses;
mod rig;
