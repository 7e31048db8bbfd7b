use std::collections::HashSet;

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::{CannotGenerate, Shape, digest_peppered, digest_sha256, generate, parse};
use crate::base::secret::Secret;

const KNOWN: &str = "sg_live_0123abcd_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

fn made(env: &str) -> (String, Vec<u8>) {
    let made = generate(env).unwrap();
    (made.id.as_str().to_owned(), made.key.expose().to_vec())
}

#[test]
fn a_generated_key_has_the_documented_form() {
    let (id, key) = made("live");
    let text = String::from_utf8(key.clone()).unwrap();
    let parts: Vec<&str> = text.split('_').collect();
    assert_eq!(parts.len(), 4, "{text}");
    assert_eq!((parts[0], parts[1], parts[2]), ("sg", "live", id.as_str()));
    assert_eq!((parts[2].len(), parts[3].len()), (8, 49));
    assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    assert_eq!(parse(&key), Shape::Ours { env: "live", id: &id });
}

#[test]
fn check_digits_are_those_of_an_independent_computation() {
    let with_check = format!("{KNOWN}{}", independent_check(KNOWN.as_bytes()));
    assert_eq!(parse(with_check.as_bytes()), Shape::Ours { env: "live", id: "0123abcd" });
}

/// CRC-32 bit by bit, then base62 by repeated division.
fn independent_check(bytes: &[u8]) -> String {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let letters: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
    let mut rest = !crc;
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.push(letters[(rest % 62) as usize]);
        rest /= 62;
    }
    assert_eq!(rest, 0);
    digits.iter().rev().collect()
}

#[test]
fn every_changed_character_is_noticed() {
    let (_, key) = made("test");
    for at in "sg_test_".len()..key.len() {
        let mut changed = key.clone();
        changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
        let separator = at == "sg_test_12345678".len();
        let expected = if separator { Shape::Foreign } else { Shape::BadCheck };
        assert_eq!(parse(&changed), expected, "at {at}");
    }
}

#[test]
fn other_formats_are_left_to_their_digest() {
    let (_, key) = made("live");
    let long_env = [b"sg_".as_slice(), &[b'a'; 17], &key[7..]].concat();
    for foreign in [
        b"".as_slice(),
        b"sg_",
        b"sg_live_",
        b"s3cret!",
        &key[..key.len() - 1],
        &[key.as_slice(), b"0"].concat(),
        &key.to_ascii_uppercase(),
        &key.iter().map(|b| if *b == b'_' { b'-' } else { *b }).collect::<Vec<_>>(),
        &long_env,
        b"sg__0123abcd_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg000000",
        &[0xff; 70],
    ] {
        assert_eq!(parse(foreign), Shape::Foreign, "{}", foreign.escape_ascii());
    }
}

#[test]
fn an_environment_is_short_lower_case_letters_and_digits() {
    for bad in ["", "Live", "li_ve", "a-b", "ümlaut", "aaaaaaaaaaaaaaaaa", " "] {
        assert_eq!(generate(bad).unwrap_err(), CannotGenerate::Environment, "{bad:?}");
    }
    for good in ["live", "t", "stage2", "aaaaaaaaaaaaaaaa"] {
        assert!(matches!(parse(&made(good).1), Shape::Ours { env, .. } if env == good));
    }
}

#[test]
fn no_two_keys_are_alike_and_all_letters_occur_evenly() {
    let mut seen = HashSet::new();
    let mut counts = [0_u32; 128];
    for _ in 0..400 {
        let (id, key) = made("x");
        for byte in &key[14..57] {
            counts[usize::from(*byte)] += 1;
        }
        assert!(seen.insert(id) && seen.insert(String::from_utf8(key).unwrap()));
    }
    // 17,200 letters over 62: 277 each, standard deviation 16.6; bounds at eight deviations.
    for letter in ('0'..='9').chain('A'..='Z').chain('a'..='z') {
        let count = counts[letter as usize];
        assert!((144..=410).contains(&count), "{letter} {count}");
    }
}

#[test]
fn a_generated_key_does_not_print() {
    let printed = format!("{:?}", generate("live").unwrap());
    assert!(printed.contains("[secret]") && !printed.contains("sg_live"), "{printed}");
}

#[test]
fn digests_are_those_of_the_standards() {
    // FIPS 180-4 example and RFC 4231 test case 2.
    assert_eq!(
        HEXLOWER.encode(&digest_sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let pepper = Secret::new(b"Jefe".to_vec());
    assert_eq!(
        HEXLOWER.encode(&digest_peppered(&pepper, b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    let long = Secret::new(vec![0xaa; 131]);
    assert_eq!(
        HEXLOWER.encode(&digest_peppered(&long, b"Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_parser_stumble(key in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = parse(&key);
    }

    #[test]
    fn random_text_in_our_form_is_almost_never_ours(tail in "[0-9A-Za-z]{49}", id in "[0-9A-Za-z]{8}") {
        let key = format!("sg_live_{id}_{tail}");
        prop_assert_eq!(parse(key.as_bytes()), Shape::BadCheck);
    }
}
