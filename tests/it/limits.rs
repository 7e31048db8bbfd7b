//! Bounds on what one request, one connection and all together may take, with the defaults of the contract.

mod buffers;
mod defaults;
mod heads;
mod streams;
mod upstream;
