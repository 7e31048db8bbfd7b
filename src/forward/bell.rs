//! Wakes one task of the same worker.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Rung from anywhere in a worker, heard by one task.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Cell<bool>,
    listener: RefCell<Option<Waker>>,
}

impl Bell {
    /// Wakes the listener, now or when it next listens.
    pub(super) fn ring(&self) {
        if !self.rung.replace(true)
            && let Some(listener) = self.listener.borrow_mut().take()
        {
            listener.wake();
        }
    }

    /// Resolves once the bell has been rung since the last time.
    pub(super) async fn heard(&self) {
        poll_fn(|cx| {
            if self.rung.replace(false) {
                return Poll::Ready(());
            }
            *self.listener.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
