//! The engine as a whole: what the modules promise together. `Call` judges each request in one piece and in many.

mod apart;
mod attacks;
mod codes;
mod fuzz;
mod injective;
pub(crate) mod matrix;
mod providers;
mod shapes;
mod streaming;
mod variants;
mod vectors;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::base::secret::Secret;

/// Noon of a day the vectors do not know, whole seconds.
const NOON: i64 = 1_790_000_000;

fn cases(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}

fn at(seconds: i64) -> Wall {
    Wall(seconds * 1000)
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn plan_of(preset_name: &str, variant: Option<&str>) -> Plan {
    Plan::compile(&preset(preset_name).unwrap().spec(variant).unwrap()).unwrap()
}

/// A scheme over the body with its signature in `X-Sig`.
fn body_scheme() -> Spec {
    Spec { sig: vec!["header:X-Sig".into()], ..Spec::default() }
}

/// A request to judge.
#[derive(Clone, Debug)]
struct Call {
    method: String,
    target: String,
    url: Option<String>,
    headers: HeaderMap,
    body: Vec<u8>,
    now: Wall,
}

impl Call {
    fn new(body: &str) -> Self {
        Self {
            method: "POST".into(),
            target: "/hook".into(),
            url: Some("https://hooks.example.com/hook".into()),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            now: at(NOON),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    fn head(&self) -> SignedHead<'_> {
        SignedHead {
            method: &self.method,
            path_and_query: &self.target,
            url: self.url.as_deref(),
            headers: &self.headers,
        }
    }

    /// Adds the headers the provider would send.
    fn signed(mut self, plan: &Plan, key: &Key, id: &str) -> Self {
        let delivery = Delivery { head: self.head(), body: &self.body, id };
        let made = plan.sign(key, &delivery, self.now).unwrap();
        self.headers.extend(made);
        self
    }

    /// The verdict, which must be the same however the body arrives.
    fn judge(&self, plan: &Plan, keys: &[&Key]) -> Result<Verified, Refusal> {
        let whole = self.judge_in(plan, keys, usize::MAX);
        for size in [1, 3, 64] {
            assert_eq!(whole, self.judge_in(plan, keys, size), "in pieces of {size}");
        }
        let unfed = plan
            .begin(keys, &self.head(), self.now, ReplayId::Wanted)
            .and_then(|session| session.finish(&self.body));
        assert_eq!(whole, unfed, "never fed");
        assert_eq!(whole, self.judge_together(plan, keys), "with others");
        whole
    }

    /// In the company of deliveries of other bodies, before and behind it, none of which may change its verdict.
    fn judge_together(&self, plan: &Plan, keys: &[&Key]) -> Result<Verified, Refusal> {
        let begun = |call: &Self| {
            let mut call = call.clone();
            call.headers.insert(http::header::CONTENT_LENGTH, call.body.len().into());
            let mut session = plan.begin(keys, &call.head(), call.now, ReplayId::Wanted)?;
            session.update(&call.body);
            session.join(&call.body);
            Ok(session)
        };
        let others: Vec<Self> = [&b"{}"[..], &[b'x'; 200], &[b'y'; 200], &self.body]
            .map(|body| Self { body: [body, b" "].concat(), ..self.clone() })
            .into();
        let _before: Vec<_> = others.iter().take(2).map(begun).collect();
        let own = begun(self);
        let behind: Vec<_> = others.iter().skip(2).map(begun).collect();
        let verdict = own.and_then(|session| session.finish(&self.body));
        for (other, session) in others.iter().skip(2).zip(behind) {
            let alone = other.judge_in(plan, keys, usize::MAX);
            assert_eq!(session.and_then(|session| session.finish(&other.body)), alone, "one of the others");
        }
        verdict
    }

    fn judge_in(&self, plan: &Plan, keys: &[&Key], size: usize) -> Result<Verified, Refusal> {
        let mut session = plan.begin(keys, &self.head(), self.now, ReplayId::Wanted)?;
        for chunk in self.body.chunks(size) {
            session.update(chunk);
        }
        session.finish(&self.body)
    }

    /// Replaces one character of the first line of a header.
    fn altered(mut self, name: &str) -> Self {
        let old = self.headers.get(name).unwrap().to_str().unwrap().to_owned();
        let mut chars: Vec<char> = old.chars().collect();
        let last = chars.iter().rposition(char::is_ascii_alphanumeric).unwrap();
        chars[last] = if chars[last] == '0' { '1' } else { '0' };
        let new: String = chars.into_iter().collect();
        self.headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(&new).unwrap());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    fn doubled(mut self, name: &str) -> Self {
        let line = self.headers.get(name).unwrap().clone();
        self.headers.append(name.parse::<HeaderName>().unwrap(), line);
        self
    }
}
