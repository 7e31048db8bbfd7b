//! ONE request, from judged to told: identify → check → forward → observe. The sentence that joins the verbs.

mod caller;

pub use caller::{Caller, HeadNote, Peer, Protocol};
