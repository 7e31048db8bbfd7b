//! One request's verification under way. (Internals follow; the signatures stand.)

use super::{Refusal, Verified};

/// One request's verification under way.
#[derive(Debug)]
pub struct Session;

impl Session {
    /// Takes the next bytes of the body.
    pub fn update(&mut self, chunk: &[u8]) {
        let _ = chunk;
    }

    /// The verdict over the whole body.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn finish(self, body: &[u8]) -> Result<Verified, Refusal> {
        let _ = body;
        Err(Refusal::Wrong)
    }
}
