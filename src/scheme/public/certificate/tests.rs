use super::{Undated, dates, moment};
use crate::base::clock::Wall;
use crate::scheme::key::KeyForm;
use crate::scheme::public::der::Der;

const LEAF: &str = include_str!("../../../../tests/vectors/certificates/leaf.pem");

fn at(tag: u8, text: &str) -> Option<i64> {
    let bytes = [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    moment(&mut Der::new(&bytes)).map(Wall::unix_seconds)
}

#[test]
fn both_forms_of_a_date_are_read_and_no_other() {
    assert_eq!(at(0x17, "700101000000Z"), Some(0));
    assert_eq!(at(0x17, "490101000000Z"), Some(2_493_072_000));
    assert_eq!(at(0x17, "500101000000Z"), Some(-631_152_000));
    assert_eq!(at(0x18, "20500101000000Z"), Some(2_524_608_000));
    for (tag, text) in [
        (0x17, "7001010000Z"),
        (0x17, "700101000000+0000"),
        (0x17, "20500101000000Z"),
        (0x18, "700101000000Z"),
        (0x18, "20501301000000Z"),
        (0x18, "20500230000000Z"),
        (0x18, "20500101000000."),
        (0x18, "20500101000000.5Z"),
        (0x04, "700101000000Z"),
        (0x17, ""),
    ] {
        assert_eq!(at(tag, text), None, "{text}");
    }
}

#[test]
fn a_certificate_has_dates_and_a_bare_key_has_none() {
    let dates_of = dates(KeyForm::Pem, LEAF.as_bytes()).unwrap().unwrap();
    assert!(dates_of.not_before < dates_of.not_after);
    assert_eq!(dates(KeyForm::Jwks, b"{}"), Ok(None));
    assert_eq!(dates(KeyForm::Pem, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), Ok(None));
    let broken = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
    assert_eq!(dates(KeyForm::Pem, broken), Err(Undated));
}
