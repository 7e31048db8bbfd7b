//! What streams, streams: both ways, unheld and unchanged, with what belongs to its end.

mod bodies;
mod endings;
mod tunnels;
