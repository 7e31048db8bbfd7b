//! Sidegate: an authentication proxy that stands beside one app.
//!
//! The modules are listed in layer order, lowest first; a module names only modules above it in this list
//! (`tests/guards.rs` fails the build otherwise). A request walks
//! `listen → identify → check → forward → observe`, joined by [`exchange`].

pub mod base;
pub mod scheme;
pub mod config;
pub mod identify;
pub mod state;
pub mod check;
pub mod observe;
pub mod forward;
pub mod snapshot;
pub mod exchange;
pub mod listen;
pub mod reload;
pub mod fetch;
pub mod ops;
pub mod app;
pub mod cli;
