//! From the verdict to the app and back: request hygiene, bodies, the upstream pool, responses, refusals as bytes.
//!
//! Decides nothing about who may pass: it takes a `Permit` by value and sends exactly what that owns. hyper types
//! appear in `upstream.rs` only. Called by `exchange`.

pub mod answer;
pub mod body;
pub mod budget;
pub mod out_body;

pub use out_body::OutBody;
