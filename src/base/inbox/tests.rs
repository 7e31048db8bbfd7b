use std::task::Waker;

use super::*;

/// Gives at most so many bytes at once.
struct Drips<'a>(&'a [u8], usize);

impl AsyncRead for Drips<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.1.min(self.0.len()).min(buf.remaining());
        let (now, later) = self.0.split_at(count);
        buf.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

fn more(inbox: &mut Inbox, stream: &mut Drips<'_>, wanted: u64) -> bool {
    let cx = &mut Context::from_waker(Waker::noop());
    match inbox.poll_more(stream, &Room::default(), wanted, cx) {
        Poll::Ready(Ok(more)) => more,
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => panic!("it gives something at once"),
    }
}

#[test]
fn pieces_are_joined_in_their_order_until_the_end() {
    for wanted in [0, u64::MAX] {
        let (mut inbox, mut stream) = (Inbox::default(), Drips(b"one two", 3));
        while more(&mut inbox, &mut stream, wanted) {}
        assert_eq!(inbox.bytes(), "one two");
    }
}

#[test]
fn a_small_piece_of_a_large_body_holds_no_large_block() {
    for wanted in [0, 100, u64::MAX] {
        let mut inbox = Inbox::default();
        assert!(more(&mut inbox, &mut Drips(b"piece", 5), wanted));
        assert_eq!(inbox.bytes(), "piece");
        let block = inbox.0.try_into_mut().expect("nobody else's").capacity();
        assert!(block < 1024, "{wanted}: {block}");
    }
}

#[test]
fn a_room_takes_no_more_than_it_is_of() {
    let bytes = vec![b'x'; 64 * 1024];
    let mut inbox = Inbox::default();
    let cx = &mut Context::from_waker(Waker::noop());
    let read = inbox.poll_more(&mut Drips(&bytes, usize::MAX), &Room::of(100), 0, cx);
    assert!(matches!(read, Poll::Ready(Ok(true))) && inbox.bytes().len() == 100);
}

#[test]
fn a_large_piece_stays_where_it_was_read() {
    let bytes = vec![b'x'; 64 * 1024];
    let mut inbox = Inbox::default();
    assert!(more(&mut inbox, &mut Drips(&bytes, usize::MAX), u64::MAX));
    assert!(inbox.bytes().len() >= LARGE);
}
