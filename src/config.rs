//! Text to plain typed data: reads the file, collects every problem, names no runtime object.
//!
//! Three stages: `raw` (a tree of nodes with positions) → [`settings::Settings`] (typed, complete) →
//! `check::Policy` (compiled tables, built above this layer).

pub mod settings;
