//! Leaf types every layer may use: secrets, time, names, networks, sockets, failures of the world.
//! Imports nothing of ours and decides nothing.

pub mod api_key;
pub mod chunked;
pub mod clock;
pub mod failure;
pub mod inbox;
pub mod name;
pub mod nets;
pub mod request_id;
pub mod secret;
pub mod seen;
pub mod stream;
pub mod turn;
pub mod watchdog;
