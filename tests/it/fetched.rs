//! Keys and certificates that the gate fetches: from a host of the test's own, over TLS with a CA of the test's own.

mod ca;
mod certificates;
mod host;
mod hostile;
mod sets;
mod signer;
