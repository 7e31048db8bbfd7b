//! A certificate authority for one test: X.509 written by hand, so that no date and no name is out of reach.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64;

use crate::sign::unix_now;

const SEQUENCE: u8 = 0x30;
/// ecdsa-with-SHA256.
const SIGNED_BY: &[u8] = &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: &[u8] = &[0x06, 0x03, 0x55, 0x1D, 0x13];
const ALTERNATIVE_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x1D, 0x11];

/// An authority with a key of its own.
pub(crate) struct Authority {
    pair: EcdsaKeyPair,
    name: String,
    /// Its own certificate, PEM.
    pub(crate) pem: String,
}

/// When a certificate counts: seconds from now.
pub(crate) const VALID: (i64, i64) = (-3600, 3600);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let authority = Self { pair, name: name.to_owned(), pem: String::new() };
        let spki = authority.pair.public_key().as_der().unwrap();
        let constraints = wrapped(SEQUENCE, &[0x01, 0x01, 0xFF]);
        let extension = wrapped(SEQUENCE, &[BASIC_CONSTRAINTS, &wrapped(0x04, &constraints)].concat());
        let der = authority.certificate(name, spki.as_ref(), &extension, VALID);
        Self { pem: pem("CERTIFICATE", &der), ..authority }
    }

    /// A certificate for a key, given as its `SubjectPublicKeyInfo`, and a DNS name.
    pub(crate) fn issue(&self, dns: &str, spki: &[u8], valid: (i64, i64)) -> Vec<u8> {
        let names = wrapped(SEQUENCE, &wrapped(0x82, dns.as_bytes()));
        let extension = wrapped(SEQUENCE, &[ALTERNATIVE_NAME, &wrapped(0x04, &names)].concat());
        self.certificate(dns, spki, &extension, valid)
    }

    fn certificate(&self, subject: &str, spki: &[u8], extension: &[u8], valid: (i64, i64)) -> Vec<u8> {
        let algorithm = wrapped(SEQUENCE, SIGNED_BY);
        let now = unix_now();
        let dates = [moment(now + valid.0), moment(now + valid.1)].concat();
        let signed = [
            wrapped(0xA0, &[0x02, 0x01, 0x02]),
            vec![0x02, 0x01, 0x01],
            algorithm.clone(),
            named(&self.name),
            wrapped(SEQUENCE, &dates),
            named(subject),
            spki.to_vec(),
            wrapped(0xA3, &wrapped(SEQUENCE, extension)),
        ]
        .concat();
        let signed = wrapped(SEQUENCE, &signed);
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let bits = wrapped(0x03, &[&[0], signature.as_ref()].concat());
        wrapped(SEQUENCE, &[signed, algorithm, bits].concat())
    }
}

/// A PEM block.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64.encode(der))
}

fn wrapped(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut der = vec![tag];
    match length {
        0..=0x7F => der.push(u8::try_from(length).unwrap()),
        _ => {
            der.push(0x82);
            der.extend(u16::try_from(length).unwrap().to_be_bytes());
            if length <= 0xFF {
                der.truncate(1);
                der.extend([0x81, u8::try_from(length).unwrap()]);
            }
        }
    }
    der.extend_from_slice(contents);
    der
}

fn named(name: &str) -> Vec<u8> {
    let text = wrapped(0x0C, name.as_bytes());
    let one = wrapped(SEQUENCE, &[COMMON_NAME, &text].concat());
    wrapped(SEQUENCE, &wrapped(0x31, &one))
}

/// A time as certificates write it.
fn moment(unix: i64) -> Vec<u8> {
    let days = unix.div_euclid(86_400);
    let (year, month, day) = civil(days);
    let second = unix.rem_euclid(86_400);
    let text =
        format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60);
    match year {
        1950..=2049 => wrapped(0x17, &text.as_bytes()[2..]),
        _ => wrapped(0x18, text.as_bytes()),
    }
}

/// Year, month and day of a day since 1970, counted up year by year.
pub(super) fn civil(mut days: i64) -> (i64, u32, i64) {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}
