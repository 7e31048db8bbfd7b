//! `exchange::Worker` as the one who answers what connections ask.

use std::future::pending;
use std::rc::Rc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};

use super::connection::Serve;
use super::socket::Socket;
use super::tap::ConnIo;
use crate::base::failure::Failure;
use crate::config::settings::Limits;
use crate::exchange::{Caller, Worker};
use crate::forward::answer::{self, Asked};
use crate::forward::{OutBody, WireBody};

impl Serve for Worker {
    type Body = OutBody;

    fn with_limits<R>(&self, read: impl FnOnce(&Limits) -> R) -> R {
        read(&self.snapshot().settings.limits)
    }

    async fn serve(
        self: Rc<Self>,
        caller: Rc<Caller>,
        head: Box<Parts>,
        body: WireBody,
    ) -> Response<OutBody> {
        Self::serve(&self, &caller, head, body).await
    }

    fn refused_unseen(&self, caller: &Caller) {
        self.stream_refused(caller);
    }

    /// The record of the request that panicked was dropped unfinished and has told of its end.
    fn panicked(&self) -> Response<OutBody> {
        answer::failure(Failure::Internal, Asked { id: &self.scribe().new_id(), method: &Method::GET })
    }

    async fn tunnel<S: Socket + 'static>(self: Rc<Self>, caller: Rc<Caller>, stream: ConnIo<S>) {
        if let Some(tunnel) = caller.take_tunnel() {
            // How it ended concerns nobody: both sides have been told.
            tunnel.run(stream, Bytes::new(), pending()).await;
        }
    }
}
