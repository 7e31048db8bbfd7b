//! What a caller's socket must be able to do.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::base::stream::Stream;

/// A byte stream from a caller.
pub trait Socket: AsyncRead + AsyncWrite + Unpin {
    /// Makes the close forget what the caller has not read, for one that does not read.
    fn reset_on_close(&self);

    /// Whether bytes have arrived that were not read; asks the kernel.
    fn has_bytes(&self) -> bool;
}

impl Socket for Stream {
    fn reset_on_close(&self) {
        Self::reset_on_close(self);
    }

    fn has_bytes(&self) -> bool {
        Self::has_bytes(self)
    }
}
