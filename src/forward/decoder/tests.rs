use proptest::prelude::*;

use super::*;
use crate::forward::response::Framing;
use crate::forward::upstream::decoder_of;

/// What a body gives when it arrives in pieces of `step` bytes and the app closes behind it.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
    whole: bool,
    /// Bytes behind the end.
    left: usize,
}

fn decode(framing: Framing, body: &[u8], step: usize) -> Found {
    let mut decoder = decoder_of(framing);
    let mut found = Found { data: Vec::new(), trailers: None, whole: false, left: 0 };
    let mut inbox = Bytes::new();
    let mut pieces = body.chunks(step);
    loop {
        match decoder.decode(&mut inbox) {
            Decoded::Data(piece) => {
                assert!(!piece.is_empty());
                found.data.extend_from_slice(&piece);
            }
            Decoded::Trailers(trailers) => found.trailers = Some(trailers),
            Decoded::End => {
                found.whole = true;
                found.left = inbox.len() + pieces.map(<[u8]>::len).sum::<usize>();
                return found;
            }
            Decoded::More => match pieces.next() {
                Some(piece) => inbox = [&inbox[..], piece].concat().into(),
                None => {
                    found.whole = decoder.close();
                    return found;
                }
            },
            Decoded::Broken => return found,
        }
    }
}

fn whole(data: &[u8], left: usize) -> Found {
    Found { data: data.to_vec(), trailers: None, whole: true, left }
}

#[test]
fn a_body_of_known_length_ends_there() {
    for step in 1..8 {
        assert_eq!(decode(Framing::Length(5), b"hello", step), whole(b"hello", 0));
        assert_eq!(decode(Framing::Length(5), b"hello!!", step), whole(b"hello", 2));
        assert_eq!(decode(Framing::Length(0), b"x", step), whole(b"", 1));
        assert!(!decode(Framing::Length(5), b"hell", step).whole);
    }
}

#[test]
fn a_body_of_unknown_length_ends_when_the_app_closes() {
    assert_eq!(decode(Framing::Close, b"hello", 2), whole(b"hello", 0));
    assert_eq!(decode(Framing::Close, b"", 2), whole(b"", 0));
}

#[test]
fn chunks_end_with_the_last_and_its_trailers() {
    let body = b"5;x=y\r\nhello\r\n2  \r\n\r\n\r\n0\r\n\r\nHTTP";
    for step in 1..body.len() {
        assert_eq!(decode(Framing::Chunked, body, step), whole(b"hello\r\n", 4), "{step}");
        let cut = &body[..body.len() - 5];
        assert!(!decode(Framing::Chunked, cut, step).whole, "{step}");
    }
    let body = b"1\r\nx\r\n0\r\nx-sum: 7\r\n\r\n";
    for step in 1..body.len() {
        let found = decode(Framing::Chunked, body, step);
        assert_eq!(found.trailers.as_ref().map(|trailers| trailers["x-sum"].as_bytes()), Some(&b"7"[..]));
        assert!(found.whole);
    }
}

#[test]
fn what_is_no_chunked_body_is_broken() {
    for body in [
        "ZZ\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n0\r\nbad name: x\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
    ] {
        for step in 1..body.len() {
            assert!(!decode(Framing::Chunked, body.as_bytes(), step).whole, "{body:?} {step}");
        }
    }
    let endless = format!("0\r\n{}", "a: b\r\n".repeat(2000));
    assert!(!decode(Framing::Chunked, endless.as_bytes(), 1000).whole);
}

proptest! {
    #[test]
    fn a_body_is_the_same_however_it_is_cut(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        noise in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        step in 1usize..64,
    ) {
        let mut body: Vec<u8> = chunks
            .iter()
            .flat_map(|chunk| [format!("{:X}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
            .collect();
        body.extend_from_slice(b"0\r\n\r\n");
        if let Some((at, byte)) = noise {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let (cut, uncut) = (decode(Framing::Chunked, &body, step), decode(Framing::Chunked, &body, body.len()));
        if noise.is_none() {
            prop_assert_eq!(&uncut, &whole(&chunks.concat(), 0));
        }
        prop_assert_eq!(cut, uncut);
    }
}
