//! Black-box suite: the real binary over real sockets, in front of an origin that records every byte.
//!
//! The crate under test is linked for names, times and its lists of presets only. Only loopback, only port 0, every wait has a deadline.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test may panic, print its figures and read clocks"
)]

mod frames;
mod gate;
mod origin;
mod pace;
mod sign;
mod wire;

mod commands;
mod fetched;
mod hostile;
mod leaks;
mod limits;
mod model;
mod order;
mod peers;
mod public;
mod reload;
mod slow;
mod smoke;
mod start;
mod streaming;
mod together;
mod verdicts;
