use proptest::prelude::*;

use super::trailers::{TrailerScanner, Trailers};
use super::{Followed, Follower};

fn follow(bytes: &[u8]) -> Followed {
    Follower::default().follow(bytes)
}

fn trailers(bytes: &[u8]) -> Trailers {
    TrailerScanner::default().scan(bytes)
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

#[test]
fn a_trailer_section_ends_with_an_empty_line() {
    for section in ["\r\n", "X-Checksum: abc\r\n\r\n", "A: b\r\nC:\r\n\r\n"] {
        assert_eq!(trailers(section.as_bytes()), Trailers::Whole(section.len()), "{section:?}");
        assert_eq!(
            trailers(format!("{section}GET").as_bytes()),
            Trailers::Whole(section.len()),
            "{section:?}"
        );
        for end in 0..section.len() {
            assert_eq!(trailers(&section.as_bytes()[..end]), Trailers::Partial, "{section:?} to {end}");
        }
    }
}

#[test]
fn trailers_that_should_have_come_early_or_are_malformed_break_the_body() {
    for field in [
        "Transfer-Encoding: chunked",
        "Content-Length: 5",
        "content_length: 5",
        "HOST: a",
        "Authorization: x",
        "Cookie: a=b",
        "Connection: close",
        "X-Forwarded-For: 1.2.3.4",
        "x_forwarded_host: a",
        "Forwarded: for=1",
        "X-Auth-User: root",
        "X-Real-IP: 1",
        "X-API-Key: k",
        "TE: gzip",
        "Trailer: x",
        "Expect: 100-continue",
        "Upgrade: h2c",
        "X-HTTP-Method-Override: PUT",
        "X-Original-URL: /",
        "Bad Name: x",
        "X : y",
        " folded: x",
        "X: a\nY: b",
        "X: \0",
        "nocolon",
        "\nX: y",
    ] {
        assert_eq!(trailers(format!("{field}\r\n\r\n").as_bytes()), Trailers::Broken, "{field:?}");
        assert_eq!(trailers(format!("A: b\r\n{field}\r\n\r\n").as_bytes()), Trailers::Broken, "{field:?}");
    }
}

#[test]
fn a_trailer_section_is_bounded_in_fields_and_bytes() {
    assert!(matches!(trailers(format!("{}\r\n", "A:\r\n".repeat(64)).as_bytes()), Trailers::Whole(_)));
    assert_eq!(trailers("A:\r\n".repeat(65).as_bytes()), Trailers::Broken);
    assert!(matches!(trailers(format!("A: {}\r\n\r\n", "x".repeat(8187)).as_bytes()), Trailers::Whole(_)));
    assert_eq!(trailers(format!("A: {}\r\n\r\n", "x".repeat(8188)).as_bytes()), Trailers::Broken);
    assert_eq!(trailers(format!("A: {}", "x".repeat(8190)).as_bytes()), Trailers::Broken);
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
