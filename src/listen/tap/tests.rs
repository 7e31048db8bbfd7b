use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Bounds, ConnIo, First, STAND_IN, Standing};
use crate::base::watchdog::Watchdog;
use crate::check::deny::Reason;
use crate::exchange::{Caller, HeadNote, Peer, Protocol};
use crate::listen::head::HeadLimits;
use crate::listen::slots::{self, Slots};
use crate::listen::socket::Socket;

const BOUNDS: Bounds = Bounds {
    head: HeadLimits { size: 32 * 1024, fields: 100, uri: 8 * 1024 },
    head_timeout: Duration::from_secs(10),
    keepalive: Duration::from_secs(75),
    stalled: Duration::from_secs(60),
};

/// A socket that delivers given pieces, `Pending` after each, and then ends or waits for ever.
struct Script {
    pieces: VecDeque<Vec<u8>>,
    pause: bool,
    ends: bool,
}

impl Script {
    fn of(pieces: &[&[u8]]) -> Self {
        Self { pieces: pieces.iter().map(|piece| piece.to_vec()).collect(), pause: false, ends: false }
    }

    fn ending(pieces: &[&[u8]]) -> Self {
        Self { ends: true, ..Self::of(pieces) }
    }
}

impl Socket for Script {
    fn reset_on_close(&self) {}
    fn has_bytes(&self) -> bool {
        false
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.pause) {
            return Poll::Pending;
        }
        let Some(mut piece) = self.pieces.pop_front() else {
            return if self.ends { Poll::Ready(Ok(())) } else { Poll::Pending };
        };
        let count = piece.len().min(buf.remaining());
        buf.put_slice(&piece[..count]);
        if count < piece.len() {
            self.pieces.push_front(piece.split_off(count));
        }
        self.pause = true;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Rig {
    io: ConnIo<Script>,
    caller: Rc<Caller>,
    room: usize,
    _watchdog: Watchdog,
}

impl Rig {
    fn new(socket: Script) -> Self {
        Self::bounded(socket, BOUNDS)
    }

    fn bounded(socket: Script, bounds: Bounds) -> Self {
        Self::beside(socket, bounds, &Slots::new(slots::Bounds::new(1)))
    }

    fn beside(socket: Script, bounds: Bounds, slots: &Slots) -> Self {
        let watchdog = Watchdog::default();
        let caller = Rc::new(Caller::new(Peer::Unix, Protocol::Http1));
        let slot = slots.take(Peer::Unix).expect("room");
        Self {
            io: ConnIo::new(socket, Rc::clone(&caller), bounds, &watchdog, &slot),
            caller,
            room: 8192,
            _watchdog: watchdog,
        }
    }

    /// One read as the engine does it: `None` while the socket has nothing.
    fn read(&mut self) -> Option<io::Result<Vec<u8>>> {
        let mut room = vec![0; self.room];
        let mut buf = ReadBuf::new(&mut room);
        match Pin::new(&mut self.io).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf) {
            Poll::Pending => None,
            Poll::Ready(read) => Some(read.map(|()| buf.filled().to_vec())),
        }
    }

    /// Reads until so many bytes have come, or nothing more does.
    fn read_up_to(&mut self, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut idle = 0;
        while all.len() < count && idle < 5000 {
            match self.read() {
                Some(Ok(bytes)) if bytes.is_empty() => break,
                Some(Ok(bytes)) => all.extend(bytes),
                Some(Err(_)) => break,
                None => idle += 1,
            }
        }
        all
    }

    /// Takes the next read that is not `Pending`.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        (0..5000).find_map(|_| self.read()).expect("something to read")
    }

    fn standing(&self) -> Standing {
        self.io.view().standing()
    }
}

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

fn post(body: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn chunked(body: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}").into_bytes()
}

#[test]
fn a_whole_message_in_one_read_is_handed_on_at_once() {
    for message in
        [GET.to_vec(), post("hello"), chunked("5\r\nhello\r\n0\r\n\r\n"), chunked("0\r\nX-A: b\r\n\r\n")]
    {
        let mut rig = Rig::new(Script::of(&[&message]));
        assert_eq!(rig.next().expect("bytes"), message);
        assert_eq!(rig.caller.take_note(), HeadNote::Valid);
        assert_eq!(rig.standing(), Standing::Whole);
        assert!(rig.read().is_none());
        assert_eq!(rig.standing(), Standing::Idle);
    }
}

#[test]
fn no_byte_of_a_head_is_handed_on_before_the_last_one() {
    let pieces: Vec<&[u8]> = GET.chunks(1).collect();
    let mut rig = Rig::new(Script::of(&pieces));
    for _ in 1..GET.len() {
        assert!(rig.read().is_none());
        assert_eq!(rig.standing(), Standing::Heading);
    }
    assert_eq!(rig.read_up_to(1000), GET);
    assert_eq!(rig.caller.take_note(), HeadNote::Valid);
}

#[test]
fn the_next_request_waits_until_it_is_asked_for() {
    let all = [GET, &post("hello"), GET, &chunked("1\r\nx\r\n0\r\n\r\n"), GET].concat();
    let mut rig = Rig::new(Script::of(&[&all]));
    for message in [GET.to_vec(), post("hello"), GET.to_vec(), chunked("1\r\nx\r\n0\r\n\r\n"), GET.to_vec()] {
        assert_eq!(rig.read_up_to(message.len()), message);
        assert_eq!(rig.caller.take_note(), HeadNote::Valid);
        assert_eq!(rig.caller.take_note(), HeadNote::Refused(Reason::HeadMalformed), "one note only");
    }
}

#[test]
fn a_refused_head_becomes_the_stand_in_and_then_the_end() {
    let hostile = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
    for socket in [
        Script::of(&[hostile]),
        Script::of(&[&hostile[..10], &hostile[10..]]),
        Script::of(&hostile.chunks(1).collect::<Vec<_>>()),
    ] {
        let mut rig = Rig::new(socket);
        assert_eq!(rig.read_up_to(STAND_IN.len()), STAND_IN);
        assert_eq!(rig.caller.take_note(), HeadNote::Refused(Reason::HostInvalid));
        assert_eq!(rig.standing(), Standing::Last);
        for _ in 0..3 {
            assert_eq!(rig.read().expect("the end").expect("no error"), b"");
        }
        assert!(rig.io.has_unread());
    }
}

#[test]
fn a_refused_head_behind_good_ones_is_refused_in_its_turn() {
    let all = [GET, b"GET / HTTP/1.1\nHost: a\r\n\r\n", GET].concat();
    let mut rig = Rig::new(Script::of(&[&all]));
    assert_eq!(rig.read_up_to(GET.len()), GET);
    assert_eq!(rig.read_up_to(STAND_IN.len()), STAND_IN);
    assert_eq!(rig.caller.take_note(), HeadNote::Valid);
    assert_eq!(rig.caller.take_note(), HeadNote::Refused(Reason::HeadMalformed));
    assert_eq!(rig.next().expect("the end"), b"");
}

#[test]
fn behind_a_request_to_switch_nothing_is_read_as_http() {
    let upgrade = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let all = [upgrade.as_slice(), GET, b"frames"].concat();
    for cut in [upgrade.len(), 5, all.len()] {
        let mut rig = Rig::new(Script::of(&[&all[..cut], &all[cut..]]));
        assert_eq!(rig.read_up_to(upgrade.len()), *upgrade);
        assert_eq!(rig.standing(), Standing::Last);
        assert_eq!(rig.next().expect("the end"), b"", "refused: the connection is over");
        let Rig { io, caller, room, _watchdog } = rig;
        let mut rig = Rig { io: io.into_tunnel(), caller, room, _watchdog };
        assert_eq!(
            rig.read_up_to(GET.len() + 6),
            [GET, b"frames"].concat(),
            "switched: the tunnel gets all of it"
        );
    }
}

#[test]
fn a_body_that_breaks_its_framing_fails_and_nothing_behind_it_is_read() {
    for body in [
        "5\r\nhello0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "0\r\nHost: b\r\n\r\n",
        "0\r\n\n",
        "x",
        "0\r\nA: b\n\n",
    ] {
        let all = [chunked(body), GET.to_vec()].concat();
        for piece in [1, 7, 40, all.len()] {
            let mut rig = Rig::new(Script::of(&all.chunks(piece).collect::<Vec<_>>()));
            let seen = rig.read_up_to(1000);
            assert!(all.starts_with(&seen) && seen.len() < all.len() - GET.len(), "{body:?} {piece}");
            assert_eq!(
                rig.next().expect_err("broken").kind(),
                io::ErrorKind::InvalidData,
                "{body:?} {piece}"
            );
            assert_eq!(rig.standing(), Standing::Last);
            assert_eq!(rig.caller.take_note(), HeadNote::Valid);
        }
    }
}

#[test]
fn a_body_cut_short_ends_the_stream_within_the_message() {
    for all in [post("hello"), chunked("5\r\nhello\r\n0\r\n\r\n")] {
        let short = &all[..all.len() - 2];
        let mut rig = Rig::new(Script::ending(&[short]));
        let seen = rig.read_up_to(1000);
        assert!(short.starts_with(&seen));
        assert_eq!(rig.next().expect("the end"), b"");
        assert_eq!(rig.standing(), Standing::Last);
    }
}

#[test]
fn an_end_within_a_head_is_refused_and_an_end_before_one_is_quiet() {
    let mut rig = Rig::new(Script::ending(&[b"GET / HT"]));
    assert_eq!(rig.read_up_to(STAND_IN.len()), STAND_IN);
    assert_eq!(rig.caller.take_note(), HeadNote::Refused(Reason::HeadMalformed));
    for quiet in [b"".as_slice(), b"\r\n"] {
        let pieces: Vec<&[u8]> = if quiet.is_empty() { vec![] } else { vec![quiet] };
        let mut rig = Rig::new(Script::ending(&pieces));
        assert_eq!(rig.next().expect("the end"), b"");
    }
}

#[test]
fn an_absolute_target_reaches_the_engine_in_origin_form() {
    let head = b"GET http://a:1/x?y HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: Chunked\r\n\r\n";
    let body = b"1\r\nx\r\n0\r\n\r\n";
    let want = b"GET /x?y HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let all = [head.as_slice(), body, GET].concat();
    for piece in [1, 11, all.len()] {
        let mut rig = Rig::new(Script::of(&all.chunks(piece).collect::<Vec<_>>()));
        assert_eq!(rig.read_up_to(want.len() + body.len()), [want.as_slice(), body].concat(), "{piece}");
        assert_eq!(rig.read_up_to(GET.len()), GET, "{piece}");
    }
}

#[test]
fn a_head_that_is_not_whole_in_time_is_refused_and_silence_ends_quietly() {
    let bounds = Bounds { head_timeout: Duration::ZERO, keepalive: Duration::ZERO, ..BOUNDS };
    let mut rig = Rig::bounded(Script::of(&[b"GET / HTTP/1.1\r\n"]), bounds);
    assert_eq!(rig.read_up_to(STAND_IN.len()), STAND_IN);
    assert_eq!(rig.caller.take_note(), HeadNote::Refused(Reason::HeadTimeout));
    for silent in [Script::of(&[]), Script::of(&[b"\r\n"]), Script::of(&[GET])] {
        let mut rig = Rig::bounded(silent, bounds);
        let seen = rig.read_up_to(1000);
        assert!(seen.is_empty() || seen == GET);
        assert_eq!(rig.next().expect("the end"), b"");
        assert_eq!(rig.standing(), Standing::Last);
        assert!(
            !seen.is_empty() || rig.caller.take_note() == HeadNote::Refused(Reason::HeadMalformed),
            "no note"
        );
    }
}

#[test]
fn large_heads_need_room_and_give_it_back_when_their_exchange_is_over() {
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(5000)).into_bytes();
    for piece in [large.len(), 1000] {
        let slots = Slots::new(slots::Bounds::new(1));
        let mut others: Vec<_> = (0..511).map(|_| slots.hold_head(32 * 1024).expect("room")).collect();
        let mut rig = Rig::beside(
            Script::of(&[&large, GET].concat().chunks(piece).collect::<Vec<_>>()),
            BOUNDS,
            &slots,
        );
        assert_eq!(rig.read_up_to(large.len()), large);
        assert!(slots.hold_head(1).is_none(), "held while the request is answered");
        assert_eq!(rig.read_up_to(GET.len()), GET);
        others.push(slots.hold_head(32 * 1024).expect("given back"));
        for (head, seen) in [(large.as_slice(), STAND_IN), (&large[..4500], STAND_IN), (GET, GET)] {
            let mut rig = Rig::beside(Script::of(&head.chunks(piece).collect::<Vec<_>>()), BOUNDS, &slots);
            assert_eq!(rig.read_up_to(seen.len()), seen);
            let refused = HeadNote::Refused(Reason::HeadTooLarge);
            assert_eq!(rig.caller.take_note(), if seen == GET { HeadNote::Valid } else { refused });
        }
    }
}

fn first(rig: &mut Rig) -> First {
    let mut scratch = [0; 64];
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1000 {
        if let Poll::Ready(first) = rig.io.poll_first(&mut cx, &mut scratch) {
            return first.expect("no error");
        }
    }
    panic!("undecided")
}

#[test]
fn a_connection_begins_with_a_whole_head_or_the_preface() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nframes";
    for piece in [1, 5, 64] {
        let mut rig = Rig::new(Script::of(&preface.chunks(piece).collect::<Vec<_>>()));
        assert_eq!(first(&mut rig), First::Http2);
        assert_eq!(rig.read_up_to(preface.len()), preface, "the engine sees the preface too");
        for message in [post("hello"), [b"\r\n", GET].concat(), b"PRX / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()]
        {
            let mut rig = Rig::new(Script::of(&message.chunks(piece).collect::<Vec<_>>()));
            assert_eq!(first(&mut rig), First::Http1);
            assert_eq!(rig.read_up_to(message.len()), message);
        }
        let mut rig = Rig::new(Script::of(&b"PRI * HTTP/2.0\r\n\r\nXX".chunks(piece).collect::<Vec<_>>()));
        assert_eq!(first(&mut rig), First::Http1);
        assert_eq!(rig.read_up_to(STAND_IN.len()), STAND_IN);
        assert_eq!(rig.caller.take_note(), HeadNote::Refused(Reason::HeadMalformed));
    }
    assert_eq!(first(&mut Rig::new(Script::ending(&[]))), First::Nothing);
    let mut rig = Rig::new(Script::ending(&[b"PRI * H"]));
    assert_eq!(first(&mut rig), First::Http1, "an end within the preface is an end within a head");
}

/// A valid message with its length.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec("[ -~\r\n]{1,30}", 0..4);
    prop_oneof![
        Just(GET.to_vec()),
        body.clone().prop_map(|body| post(&body.concat())),
        (body, any::<bool>()).prop_map(|(body, trailer)| {
            let chunks: String =
                body.iter().map(|chunk| format!("{:X}\r\n{chunk}\r\n", chunk.len())).collect();
            chunked(&format!("{chunks}0\r\n{}\r\n", if trailer { "X-Sum: 1\r\n" } else { "" }))
        }),
    ]
}

proptest! {
    #[test]
    fn messages_pass_unchanged_one_at_a_time_however_they_are_cut(
        messages in prop::collection::vec(message(), 1..6),
        piece in 1_usize..200,
        room in 1_usize..100,
        begin in any::<bool>(),
    ) {
        let all = messages.concat();
        let mut rig = Rig::new(Script::of(&all.chunks(piece).collect::<Vec<_>>()));
        rig.room = room;
        if begin {
            prop_assert_eq!(first(&mut rig), First::Http1);
        }
        for message in messages {
            let mut seen = Vec::new();
            while seen.len() < message.len() {
                let read = rig.next().expect("bytes");
                prop_assert!(!read.is_empty());
                seen.extend(read);
            }
            prop_assert_eq!(seen, message);
            prop_assert_eq!(rig.standing(), Standing::Whole);
            prop_assert_eq!(rig.caller.take_note(), HeadNote::Valid);
        }
    }

    #[test]
    fn any_bytes_end_in_messages_a_refusal_or_an_end(bytes in prop::collection::vec(any::<u8>(), 0..400), piece in 1_usize..100) {
        let bytes = [chunked("").as_slice(), &bytes].concat();
        let mut rig = Rig::new(Script::ending(&bytes.chunks(piece).collect::<Vec<_>>()));
        for _ in 0..2000 {
            match rig.read() {
                Some(Ok(read)) if read.is_empty() => return Ok(()),
                Some(Err(_)) => return Ok(()),
                Some(Ok(_)) | None => {}
            }
        }
        prop_assert!(false, "no end");
    }
}
