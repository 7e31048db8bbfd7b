//! A response body that does not run ahead of the socket: the engine would buffer as much of it as its largest head
//! may have, for every caller that does not read.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::listen::tap::View;

/// With so many bytes waiting to be written the body gives no more, bytes. One piece of the app's response may come on
/// top.
const AHEAD: usize = 16 * 1024;

pin_project! {
    /// Passes `inner` on as fast as it goes out.
    #[derive(Debug)]
    pub(super) struct Tail<B> {
        #[pin]
        inner: B,
        view: Rc<View>,
    }
}

impl<B> Tail<B> {
    /// `view` is of the connection `inner` goes out on.
    pub(super) fn new(inner: B, view: &Rc<View>) -> Self {
        Self { inner, view: Rc::clone(view) }
    }
}

impl<B: Body<Data = Bytes>> Body for Tail<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let me = self.project();
        ready!(me.view.poll_room(AHEAD, cx));
        let frame = ready!(me.inner.poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            me.view.will_write(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
