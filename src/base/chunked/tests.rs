use proptest::prelude::*;

use super::{Followed, Follower, Stretch};

fn follow(bytes: &[u8]) -> Followed {
    Follower::default().follow(bytes)
}

#[test]
fn a_body_is_followed_to_its_trailer_section() {
    for body in [
        "0\r\n",
        "5\r\nhello\r\n0\r\n",
        "5\r\nhello\r\n6\r\n world\r\n0\r\n",
        "a\r\n0123456789\r\n0\r\n",
        "A;x=y\r\n0123456789\r\n0\r\n",
        "1;a=\"b c\"\t;d\r\nx\r\n0;last\r\n",
        "1;a=\"b\\\"c;\";d=\"\"\r\nx\r\n0\r\n",
        "0000000000000001\r\nx\r\n0000000000000000\r\n",
        "2\r\n\r\n\r\n0\r\n",
    ] {
        assert_eq!(follow(body.as_bytes()), Followed::Trailers(body.len()), "{body:?}");
        let more = format!("{body}\r\nGET / HTTP/1.1\r\n");
        assert_eq!(follow(more.as_bytes()), Followed::Trailers(body.len()), "{body:?}");
        for end in 0..body.len() {
            assert_eq!(follow(&body.as_bytes()[..end]), Followed::All, "{body:?} to {end}");
        }
    }
}

/// The data of `body` as it is cut out, read in pieces of `step` bytes.
fn data(mut follower: Follower, body: &[u8], step: usize) -> Option<Vec<u8>> {
    let mut found = Vec::new();
    for mut piece in body.chunks(step) {
        while !piece.is_empty() {
            match follower.stretch(piece) {
                Stretch::Data(from, to) => {
                    found.extend_from_slice(&piece[from..to]);
                    piece = &piece[to..];
                }
                Stretch::Framing => break,
                Stretch::Trailers(_) => return Some(found),
                Stretch::Broken => return None,
            }
        }
    }
    None
}

#[test]
fn the_data_is_cut_out_however_the_body_is_cut() {
    let body = b"5;e=\"x\"\r\nhello\r\n7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n";
    for step in 1..body.len() + 1 {
        let found = data(Follower::default(), body, step);
        assert_eq!(found.as_deref(), Some(&b"hello\r\n0\r\n\r\n"[..]), "{step}");
    }
}

#[test]
fn blanks_behind_a_size_are_taken_from_apps_only() {
    for body in ["5  \r\nhello\r\n0\t \r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n"] {
        assert_eq!(data(Follower::of_answers(), body.as_bytes(), 3).as_deref(), Some(&b"hello"[..]));
        assert_eq!(data(Follower::default(), body.as_bytes(), 3), None);
    }
    for body in [" 5\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n", "5 \nhello\r\n0\r\n\r\n"] {
        assert_eq!(data(Follower::of_answers(), body.as_bytes(), 3), None, "{body:?}");
    }
    let long = format!("5{}\r\nhello\r\n0\r\n\r\n", " ".repeat(1025));
    assert_eq!(data(Follower::of_answers(), long.as_bytes(), 3), None);
}

#[test]
fn what_is_no_chunk_is_broken() {
    for body in [
        "\r\n",
        "\n",
        "x\r\n",
        ";x\r\n",
        "-1\r\n",
        "+1\r\nx\r\n",
        "0x5\r\nhello\r\n",
        "0_2e\r\n",
        "5 \r\nhello\r\n",
        "5 ;x\r\nhello\r\n",
        " 5\r\nhello\r\n",
        "5\nhello\r\n",
        "5\r\r\nhello\r\n",
        "5\rXhello\r\n",
        "5\r\nhello\n",
        "5\r\nhellox\r\n",
        "5\r\nhello\r\r\n",
        "5\r\nhello0\r\n",
        "5;a=\"\n\"\r\nhello\r\n",
        "5;a=\"\r\nhello\r\n",
        "5;a=\"\r\n\"\r\nhello\r\n",
        "5;a=\"\\\"\r\nhello\r\n",
        "5;a=\"\\\r\nhello\r\n",
        "5;a\rb\r\nhello\r\n",
        "5;a=\0\r\nhello\r\n",
        "5;\u{e9}\r\nhello\r\n",
        "5;\x7f\r\nhello\r\n",
        "00000000000000005\r\nhello\r\n",
        "fffffffffffffffff\r\n",
        "5\r\nhello\r\n\r\n",
        "5\r\nhello\r\n\n0\r\n",
        "\u{660}\r\n",
        "5\0\r\nhello\r\n",
        "5\r\nhello\r\nG",
        "0\n",
        "0 \r\n",
        "0\rX",
    ] {
        assert_eq!(follow(body.as_bytes()), Followed::Broken, "{body:?}");
    }
}

#[test]
fn extensions_are_bounded_over_the_whole_body() {
    let with = |len: usize| format!("1;{}\r\nx\r\n", "e".repeat(len - 1));
    let ends = |body: &str| follow(format!("{body}0\r\n").as_bytes());
    assert!(matches!(ends(&with(1024)), Followed::Trailers(_)));
    assert_eq!(ends(&with(1025)), Followed::Broken);
    assert!(matches!(ends(&with(512).repeat(2)), Followed::Trailers(_)));
    assert_eq!(ends(&(with(512).repeat(2) + &with(1))), Followed::Broken);
}

#[test]
fn a_chunk_of_any_size_is_followed_without_counting_bytes() {
    let mut follower = Follower::default();
    assert_eq!(follower.follow(b"ffffffffffffffff\r\n"), Followed::All);
    assert_eq!(follower.follow(&[b'\n'; 1000]), Followed::All);
}

proptest! {
    #[test]
    fn a_body_ends_at_the_same_byte_however_it_is_cut(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
        noise in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut body: Vec<u8> = chunks
            .iter()
            .flat_map(|chunk| [format!("{:x};e\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
            .collect();
        body.extend_from_slice(b"0\r\n");
        if let Some((at, byte)) = noise {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).chain([body.len()]).collect();
        ends.sort_unstable();
        let mut follower = Follower::default();
        let mut start = 0;
        let mut last = Followed::All;
        for end in ends {
            last = follower.follow(&body[start..end]);
            if let Followed::Trailers(at) = last {
                last = Followed::Trailers(start + at);
            }
            start = end;
            if last != Followed::All {
                break;
            }
        }
        prop_assert_eq!(follow(&body), last);
    }
}
