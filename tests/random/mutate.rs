//! A request, and what an attacker who saw it might send in its place.

use http::{HeaderMap, HeaderName, HeaderValue};
use sidegate::base::clock::Wall;
use sidegate::scheme::{Delivery, Key, Plan, Refusal, ReplayId, SignProblem, SignedHead, Verified};

use crate::choices::Choices;

/// Noon of some day.
pub(crate) const NOON: Wall = Wall(1_790_000_000_000);

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) now: Wall,
}

/// Texts that mean something somewhere.
const TEXTS: &[&str] = &[
    "",
    " ",
    "=",
    ",",
    ";",
    ".",
    "&",
    ":",
    "v1=",
    "v1,",
    "t=1790000000",
    "sha256=",
    "a=1",
    "%00",
    "%",
    "\"",
    "{",
    "}",
    "[]",
    "0",
    "00",
    "1790000000",
    "null",
    "AAAA",
    "\\u0061",
    "--",
    "\r\n",
    "é",
];

impl Call {
    pub(crate) fn new(target: &str, body: Vec<u8>) -> Self {
        let url = format!("https://hooks.example.com{target}");
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("hooks.example.com"));
        Self { method: "POST".into(), target: target.into(), url, headers, body, now: NOON }
    }

    pub(crate) fn head(&self) -> SignedHead<'_> {
        SignedHead {
            method: &self.method,
            path_and_query: &self.target,
            url: Some(&self.url),
            headers: &self.headers,
        }
    }

    /// Becomes what the provider would send.
    pub(crate) fn sign(&mut self, plan: &Plan, key: &Key) -> Result<(), SignProblem> {
        let delivery = Delivery { head: self.head(), body: &self.body, id: "msg_2KWPBgLlAfxdpx2AI" };
        let made = plan.deliver(key, &delivery, self.now)?;
        self.headers.extend(made.headers);
        self.url = format!("https://hooks.example.com{}", made.path_and_query);
        (self.target, self.body) = (made.path_and_query, made.body);
        Ok(())
    }

    /// The verdict, the body whole, in pieces of random sizes and never fed: always the same.
    pub(crate) fn judge(
        &self,
        plan: &Plan,
        key: &Key,
        choices: &mut impl Choices,
    ) -> Result<Verified, Refusal> {
        let begin = || plan.begin(&[key], &self.head(), self.now, ReplayId::Wanted);
        let unfed = begin().and_then(|session| session.finish(&self.body));
        let pieces = begin().and_then(|mut session| {
            let mut rest = self.body.as_slice();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(1 + choices.below(rest.len().min(40)));
                session.update(piece);
                rest = after;
            }
            session.finish(&self.body)
        });
        assert_eq!(unfed, pieces, "however it arrives: {self:?}");
        let short = begin().and_then(|mut session| {
            session.update(self.body.get(1..).unwrap_or_default());
            session.finish(&self.body)
        });
        if unfed.is_err() || self.body.len() > 1 {
            assert!(short == unfed || short.is_err(), "a body fed in part: {self:?}");
        }
        unfed
    }

    /// Changes one thing.
    pub(crate) fn change(&mut self, choices: &mut impl Choices) {
        match choices.below(15) {
            0..=4 => self.change_header(choices),
            5..=7 => change_bytes(&mut self.body, choices),
            8 => self.change_target(choices),
            9..=12 => self.shift(choices),
            13 => {
                let by = [-86_400, -601, -301, -61, -1, 1, 59, 61, 299, 301, 601, 86_401];
                self.now = Wall(self.now.0 + choices.pick(&by) * 1_000);
            }
            _ => self.method = choices.pick(&["POST", "PUT", "GET", "post"]).into(),
        }
    }

    fn change_header(&mut self, choices: &mut impl Choices) {
        let names: Vec<HeaderName> = self.headers.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let name = names[choices.below(names.len())].clone();
        let mut bytes = self.headers[&name].as_bytes().to_vec();
        match choices.below(5) {
            0 => drop(self.headers.remove(&name)),
            1 => {
                change_bytes(&mut bytes, choices);
                self.headers.extend(HeaderValue::from_bytes(&bytes).ok().map(|value| (name, value)));
            }
            _ => {
                change_bytes(&mut bytes, choices);
                if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                    self.headers.insert(name, value);
                }
            }
        }
    }

    fn change_target(&mut self, choices: &mut impl Choices) {
        let mut bytes = self.target.clone().into_bytes();
        change_bytes(&mut bytes, choices);
        let is_target = bytes.starts_with(b"/") && bytes.iter().all(|byte| (0x21..0x7f).contains(byte));
        if let Some(target) = String::from_utf8(bytes).ok().filter(|_| is_target) {
            self.url = format!("https://hooks.example.com{target}");
            self.target = target;
        }
    }

    /// Cuts two values that are joined in a message elsewhere, so that what is joined stays the same.
    fn shift(&mut self, choices: &mut impl Choices) {
        let names: Vec<HeaderName> = self.headers.keys().cloned().collect();
        if names.is_empty() {
            return;
        }
        let mut name = || match ["x-a", "x-b"].get(choices.below(3)) {
            Some(known) if self.headers.contains_key(*known) => HeaderName::from_static(known),
            _ => names[choices.below(names.len())].clone(),
        };
        let (first, second) = (name(), name());
        let between = choices.pick(&["", ".", ":", "|", "\n", "v0:", "}", "{", ";", "&"]).as_bytes();
        let with_body = choices.one_in(3);
        let before = self.headers[&first].as_bytes();
        let after = if with_body { self.body.as_slice() } else { self.headers[&second].as_bytes() };
        let joined = [before, between, after].concat();
        let ends = (0..=joined.len()).filter(|at| joined[*at..].starts_with(between) && *at != before.len());
        let cuts: Vec<usize> = ends.collect();
        if cuts.is_empty() || (first == second && !with_body) {
            return;
        }
        let at = choices.pick(&cuts);
        let (one, other) = (joined[..at].to_vec(), joined[at + between.len()..].to_vec());
        let (Ok(one), value) = (HeaderValue::from_bytes(&one), HeaderValue::from_bytes(&other)) else {
            return;
        };
        self.headers.insert(first, one);
        match value {
            _ if with_body => self.body = other,
            Ok(value) => drop(self.headers.insert(second, value)),
            Err(_) => {}
        }
    }
}

/// One edit of a text.
fn change_bytes(bytes: &mut Vec<u8>, choices: &mut impl Choices) {
    let at = choices.below(bytes.len() + 1);
    let end = (at + choices.below(8)).min(bytes.len());
    match choices.below(7) {
        0 if at < bytes.len() => bytes[at] ^= 1 << choices.below(8),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let copy = bytes[at..end].to_vec();
            bytes.splice(end..end, copy);
        }
        3 => bytes.truncate(at),
        4 if at < bytes.len() && bytes[at].is_ascii_alphabetic() => bytes[at] ^= 0x20,
        5 => bytes.reverse(),
        _ => drop(bytes.splice(at..end, choices.pick(TEXTS).bytes())),
    }
}
