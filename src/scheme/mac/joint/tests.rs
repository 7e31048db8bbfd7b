use proptest::prelude::*;
use sha2::Digest as _;

use super::*;
use crate::scheme::mac::{Hash, Mac, Opening, Prepared, Tag};

/// By AWS-LC, piece by piece: what every digest made in lanes must equal.
fn alone(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Mac::new(Hash::Sha256, key);
    mac.update(message);
    mac.finish().bytes().to_vec()
}

fn bytes(seed: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 31 + seed * 17 + at / 251) % 256).unwrap_or(0)).collect()
}

/// Every digest, whether or not it would be quicker.
fn all(works: &[Work<'_>]) -> Vec<[u8; 32]> {
    let chosen: Vec<(usize, &Work<'_>)> = works.iter().enumerate().collect();
    eight(Lanes::any(), &chosen).into_iter().take(works.len()).map(Option::unwrap).collect()
}

#[test]
fn every_length_around_the_ends_of_blocks_gives_the_digest_it_gives_alone() {
    for length in (0..=200).chain([4_059, 16_383, 16_384]) {
        let (key, message) = (bytes(length, 1 + length % 130), bytes(length + 1, length));
        let begun = Begun::hmac(&key);
        let works = [Work::new(&begun, &message)];
        assert_eq!(
            all(&works).first().map(|digest| digest.to_vec()),
            Some(alone(&key, &message)),
            "{length}"
        );
    }
}

#[test]
fn a_key_of_any_length_gives_the_mac_it_gives_alone() {
    for length in [0, 1, 31, 32, 63, 64, 65, 127, 128, 129, 1_000] {
        let key = bytes(7, length);
        let begun = Begun::hmac(&key);
        assert_eq!(
            all(&[Work::new(&begun, b"message")]).first().map(|own| own.to_vec()),
            Some(alone(&key, b"message"))
        );
    }
}

#[test]
fn a_name_of_a_message_is_the_same_made_alone_and_together() {
    let opening = Opening::new("github");
    for length in [0, 55, 56, 63, 64, 65, 4_059] {
        let message = bytes(3, length);
        let mut hasher = opening.hasher().clone();
        hasher.update(&message);
        let works = [Work::new(opening.begun(), &message)];
        let together = all(&works).first().map(|digest| Tag::of(digest).bytes().to_vec());
        assert_eq!(together, Some(hasher.finish().bytes().to_vec()), "{length}");
    }
}

#[test]
fn names_of_different_schemes_differ_over_one_message() {
    let (one, other) = (Opening::new("github"), Opening::new("gitea"));
    let both = all(&[Work::new(one.begun(), b"message"), Work::new(other.begun(), b"message")]);
    assert_ne!(both.first(), both.last());
}

/// RFC 4231, cases 1, 2 and 6, in one go.
#[test]
fn the_vectors_of_the_rfc_hold_in_every_lane() {
    let keys = [vec![0x0b; 20], b"Jefe".to_vec(), vec![0xaa; 131]];
    let messages: [&[u8]; 3] = [
        b"Hi There",
        b"what do ya want for nothing?",
        b"Test Using Larger Than Block-Size Key - Hash Key First",
    ];
    let due = [
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ];
    let begun: Vec<Begun> = keys.iter().map(|key| Begun::hmac(key)).collect();
    for turned in 0..3 {
        let order: Vec<usize> = (0..LANES).map(|lane| (lane + turned) % 3).collect();
        let works: Vec<Work<'_>> = order.iter().map(|at| Work::new(&begun[*at], messages[*at])).collect();
        let mut sorted: Vec<(usize, &Work<'_>)> = order.iter().copied().zip(&works).collect();
        sorted.sort_by_key(|(_, work)| std::cmp::Reverse(work.blocks));
        for ((at, _), digest) in sorted.iter().zip(eight(Lanes::any(), &sorted)) {
            let digest = digest.unwrap();
            assert_eq!(data_encoding::HEXLOWER.encode(&digest), due[*at]);
        }
    }
}

#[test]
fn few_or_unequal_messages_are_left_to_be_hashed_alone() {
    let begun = Begun::hmac(b"key");
    let (long, short) = (bytes(1, 16_000), bytes(2, 10));
    let made = |messages: &[&[u8]]| {
        let works: Vec<Work<'_>> = messages.iter().map(|message| Work::new(&begun, message)).collect();
        digests(Lanes::any(), &works).iter().map(Option::is_some).collect::<Vec<_>>()
    };
    assert_eq!(made(&[]), Vec::<bool>::new());
    assert_eq!(made(&[&long]), [false]);
    assert_eq!(made(&[&long, &long, &long]), [false; 3]);
    assert_eq!(made(&[&long, &long, &long, &long]), [true; 4]);
    assert_eq!(made(&[&short, &short, &short, &short, &long]), [true, true, true, true, false]);
}

proptest! {
    /// Whatever comes together, each message keeps its own digest.
    #[test]
    fn any_company_leaves_every_message_its_own_digest(
        messages in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..100), 0usize..1_500, any::<bool>()), 0..20),
    ) {
        let begun: Vec<Begun> = messages
            .iter()
            .map(|(key, _, named)| match named {
                true => Opening::new(&data_encoding::HEXLOWER.encode(key)).begun().clone(),
                false => Prepared::new(Hash::Sha256, key).begun().cloned().unwrap_or(Begun::hash(&[0; 64])),
            })
            .collect();
        let texts: Vec<Vec<u8>> = messages.iter().enumerate().map(|(at, (_, length, _))| bytes(at, *length)).collect();
        let works: Vec<Work<'_>> = begun.iter().zip(&texts).map(|(begun, text)| Work::new(begun, text)).collect();
        for (at, digest) in digests(Lanes::any(), &works).into_iter().enumerate() {
            let Some(digest) = digest else { continue };
            let (key, _, named) = &messages[at];
            let own = match named {
                true => {
                    let name = sha2::Sha256::digest(data_encoding::HEXLOWER.encode(key));
                    sha2::Sha256::digest([&name[..], &[0; 32], &texts[at]].concat()).to_vec()
                }
                false => alone(key, &texts[at]),
            };
            prop_assert_eq!(digest.to_vec(), own);
        }
    }
}
