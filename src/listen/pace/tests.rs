use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body, Frame};
use http_body_util::Full;

use super::{Pace, PacedBody};
use crate::base::watchdog::Watchdog;
use crate::listen::frames::Credit;
use crate::listen::tap::PROGRESS;

fn pace(longest: Duration) -> (Rc<Pace>, Watchdog) {
    let watchdog = Watchdog::default();
    (Pace::new(&watchdog, longest, Credit::default()), watchdog)
}

fn next(body: &mut PacedBody<Full<Bytes>>) -> super::Paced {
    let mut cx = Context::from_waker(Waker::noop());
    let frame: Poll<Option<Result<Frame<_>, Infallible>>> = Pin::new(body).poll_frame(&mut cx);
    let Poll::Ready(Some(Ok(frame))) = frame else { panic!("a frame") };
    frame.into_data().unwrap_or_else(|_| panic!("data"))
}

fn is_stalled(pace: &Pace) -> bool {
    pace.poll_stalled(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn a_stream_with_nothing_waiting_is_never_stalled() {
    let (pace, _watchdog) = pace(Duration::ZERO);
    assert!(!is_stalled(&pace) && pace.due().is_none());
}

#[test]
fn bytes_that_wait_too_long_are_a_stall_until_enough_of_them_go_out() {
    let (pace, _watchdog) = pace(Duration::ZERO);
    let mut body = PacedBody::new(Full::new(Bytes::from(vec![0; 3 * PROGRESS])), Rc::clone(&pace));
    let mut piece = next(&mut body);
    assert!(is_stalled(&pace));
    let since = pace.due();
    piece.advance(PROGRESS - 1);
    assert_eq!(pace.due(), since, "a trickle does not count");
    piece.advance(1);
    assert!(pace.due() > since, "enough went out: the wait begins anew");
    piece.advance(2 * PROGRESS);
    assert!(!is_stalled(&pace), "all went out");
}

#[test]
fn the_last_few_bytes_count_and_what_is_thrown_away_waits_no_longer() {
    let (pace, _watchdog) = pace(Duration::ZERO);
    let mut body = PacedBody::new(Full::new(Bytes::from_static(b"hi")), Rc::clone(&pace));
    let mut piece = next(&mut body);
    piece.advance(2);
    assert_eq!(pace.due(), None);
    let mut body = PacedBody::new(Full::new(Bytes::from_static(b"hi")), Rc::clone(&pace));
    drop(next(&mut body));
    assert_eq!(pace.due(), None);
}
