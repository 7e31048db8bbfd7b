//! Bounds on what one request, one connection and all together may take, with the defaults of the contract.

mod buffers;
mod defaults;
mod heads;
mod room;
mod streams;
mod upstream;
