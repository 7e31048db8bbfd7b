//! The order of the checks (placeholder until the module lands).

pub mod deny;
