//! A response body that counts as in flight until it is sent or given up.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::listen::door::Flight;

pin_project! {
    /// Passes `inner` through.
    #[derive(Debug)]
    pub(super) struct Tail<B> {
        #[pin]
        inner: B,
        flight: Flight,
    }
}

impl<B> Tail<B> {
    pub(super) fn new(inner: B, flight: Flight) -> Self {
        Self { inner, flight }
    }
}

impl<B: Body> Body for Tail<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
