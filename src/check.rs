//! THE ORDER of the checks, and the only place that can let a request through.
//!
//! [`Policy`] is one compiled generation of the rules. [`Policy::head`] judges before one byte of body is read,
//! [`Policy::body`] after it (or, where no rule needs the bytes, before it streams). Pure: values and tables in, a
//! verdict out; no log, no metric, no clock, no I/O. Called by `exchange` alone.

pub mod deny;
pub mod permit;

pub use deny::Deny;
pub use permit::{Granted, Identity, Payload, Permit, Upgrade};
