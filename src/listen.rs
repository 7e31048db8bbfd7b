//! The sockets callers reach: accept, judge raw heads, serve HTTP/1 and HTTP/2, drain. Decides nothing about policy:
//! a head that is no valid HTTP is refused by name, everything else goes to `exchange`.
//!
//! `app` binds once ([`bind::bind`]), gives each worker its share ([`accept::serve`]) and drives the way out
//! ([`drain::Drain::run`]). One connection walks `accept → connection → tap → engine → exchange`.

pub mod accept;
pub mod bind;
pub mod caught;
pub mod connection;
pub mod door;
pub mod drain;
pub mod frames;
pub mod head;
pub mod pace;
pub mod serving;
pub mod slots;
pub mod sniff;
pub mod socket;
pub mod tap;
pub mod trailers;
