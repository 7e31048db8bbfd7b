//! Bodies around the sizes where something changes inside the gate, for every way a body is hashed: whole and chunked
//! they pass, with the last byte changed not one byte of them reaches the app.

use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Scene;
use crate::sign::{github, hmac, sha256, stripe, unix_now};
use crate::wire::{Ask, Wire};

const SECRET: &str = "a fake secret for large bodies";
const MIB: usize = 1 << 20;
const SIZES: [usize; 10] = [
    8 * 1024 - 1,
    8 * 1024,
    8 * 1024 + 1,
    16 * 1024 - 1,
    16 * 1024,
    16 * 1024 + 1,
    MIB - 1,
    MIB,
    MIB + 1,
    25 * MIB,
];

/// How a body becomes part of what is signed.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The body alone.
    Body,
    /// A time before the body.
    Stamped,
    /// The body's digest in a text.
    Digest,
    /// Its fields, sorted.
    Form,
    /// The body, with the time in one of its fields.
    Field,
}

const WAYS: [(Way, &str); 5] = [
    (Way::Body, "github"),
    (Way::Stamped, "stripe"),
    (Way::Digest, "bird"),
    (Way::Form, "mandrill"),
    (Way::Field, "linear"),
];

fn config() -> String {
    let route = |(_, name): &(Way, &str)| {
        format!(
            "  - {{name: {name}, path: /{name}, methods: [POST], body: {{max_size: 25MiB}}, signature: {{provider: \
             {name}, replay: \"off\", handshake: off, secrets: \"{SECRET}\", public_url: \
             \"https://hooks.example.com/{name}\"}}}}\n"
        )
    };
    // One client may hold a quarter of all that is held.
    format!("limits: {{buffered_total: 256MiB}}\nroutes:\n{}", WAYS.iter().map(route).collect::<String>())
}

impl Way {
    /// A body of that size, which stays readable when its last byte is changed.
    fn body(self, size: usize, now: i64) -> Vec<u8> {
        let (before, after) = match self {
            Self::Body | Self::Stamped | Self::Digest => (String::new(), ""),
            Self::Form => ("b=2&a=".to_owned(), ""),
            Self::Field => (format!("{{\"webhookTimestamp\":{}000,\"text\":\"", now), "\"}\n"),
        };
        let fill = (0..size - before.len() - after.len()).map(|at| b"0123456789abcdef"[(at / 7) % 16]);
        before.bytes().chain(fill).chain(after.bytes()).collect()
    }

    fn altered(self, mut body: Vec<u8>) -> Vec<u8> {
        let last = body.last_mut().unwrap();
        *last = match *last {
            b'\n' => b' ',
            b'0' => b'1',
            _ => b'0',
        };
        body
    }

    /// The fields a provider adds for this body.
    fn fields(self, body: &[u8], now: i64) -> Vec<(&'static str, String)> {
        match self {
            Self::Body => vec![("X-Hub-Signature-256", github(SECRET, body))],
            Self::Stamped => vec![("Stripe-Signature", stripe(SECRET, now, body))],
            Self::Digest => {
                let text = format!("{now}\nhttps://hooks.example.com/bird\n");
                let message = [text.as_bytes(), &Sha256::digest(body)].concat();
                vec![
                    ("MessageBird-Signature", BASE64.encode(&hmac(SECRET.as_bytes(), &message))),
                    ("MessageBird-Request-Timestamp", now.to_string()),
                ]
            }
            Self::Form => {
                let text = std::str::from_utf8(body).unwrap();
                let (b, a) = text.split_once('&').unwrap();
                let mut mac = hmac::Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
                mac.update(b"https://hooks.example.com/mandrill");
                [a, b].iter().for_each(|pair| mac.update(pair.replace('=', "").as_bytes()));
                vec![
                    ("X-Mandrill-Signature", BASE64.encode(&mac.finalize().into_bytes())),
                    ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
                ]
            }
            Self::Field => vec![("Linear-Signature", HEXLOWER.encode(&hmac(SECRET.as_bytes(), body)))],
        }
    }
}

/// Long enough for 25 MiB through a build for tests on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a body with its length; the status.
fn whole(scene: &Scene, ask: &Ask) -> u16 {
    Wire::to(scene.gate.data).patience(PATIENCE).ask(ask).status
}

/// Sends a body in chunks that fit no block size; the status.
fn chunked(scene: &Scene, target: &str, fields: &[(&str, String)], body: &[u8]) -> u16 {
    let mut text = format!("POST {target} HTTP/1.1\r\nHost: gate.test\r\nTransfer-Encoding: chunked\r\n");
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut wire = Wire::to(scene.gate.data).patience(PATIENCE);
    wire.send(format!("{text}\r\n").as_bytes()).unwrap();
    for piece in body.chunks(if body.len() > MIB { 1_000_003 } else { 4_099 }) {
        let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        wire.send(&chunk).unwrap();
    }
    wire.send(b"0\r\n\r\n").unwrap();
    wire.answer("POST").unwrap().status
}

fn stands(way: Way, name: &str) {
    let (scene, forged) = (Scene::set(&config()), Scene::set(&config()));
    let target = format!("/{name}");
    for size in SIZES {
        let now = unix_now();
        let body = way.body(size, now);
        assert_eq!(body.len(), size);
        let fields = way.fields(&body, now);
        let ask = |body: &[u8]| {
            fields.iter().fold(Ask::post(&target, body), |ask, (field, value)| ask.field(field, value))
        };
        let before = scene.origin.count();
        assert_eq!(whole(&scene, &ask(&body)), 200, "{way:?} {size}");
        assert_eq!(scene.origin.count(), before + 1);
        let seen = scene.origin.seen().pop().unwrap();
        assert_eq!((seen.length, seen.sha256), (size as u64, sha256(&body)), "{way:?} {size}");
        assert_eq!(chunked(&scene, &target, &fields, &body), 200, "{way:?} {size} chunked");
        let seen = scene.origin.seen().pop().unwrap();
        assert_eq!((seen.length, seen.sha256), (size as u64, sha256(&body)), "{way:?} {size} chunked");
        let altered = way.altered(body);
        assert_eq!(whole(&forged, &ask(&altered)), 401, "{way:?} {size} altered");
        assert_eq!(chunked(&forged, &target, &fields, &altered), 401, "{way:?} {size} altered, chunked");
    }
    assert_eq!(forged.origin.connections(), 0, "{way:?}: not one byte at the app");
}

#[test]
fn a_body_that_is_the_message_passes_at_every_size_and_its_last_byte_counts() {
    stands(Way::Body, "github");
}

#[test]
fn so_does_one_after_a_time() {
    stands(Way::Stamped, "stripe");
}

#[test]
fn so_does_one_whose_digest_is_in_the_message() {
    stands(Way::Digest, "bird");
}

#[test]
fn so_does_a_form_that_is_sorted() {
    stands(Way::Form, "mandrill");
}

#[test]
fn so_does_one_that_holds_its_own_time() {
    stands(Way::Field, "linear");
}

#[test]
fn one_byte_more_than_the_route_takes_is_refused_before_it_is_judged() {
    let scene = Scene::set(&config());
    let body = vec![b'x'; 25 * MIB + 1];
    let ask = Ask::post("/github", body.clone()).field("X-Hub-Signature-256", &github(SECRET, &body));
    let answer = scene.gate.ask(&ask);
    assert_eq!(answer.status, 413);
    assert_eq!(scene.origin.connections(), 0);
}
