//! The words a preset's scheme is described with. [`hmac`] and its siblings begin with what most providers share; each
//! further word changes one thing.

use crate::scheme::spec::{KeySpec, Spec, TsSpec, WhenSpec};

/// A [`Spec`] as constant data; fields mean the same.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    kind: &'static str,
    hash: &'static str,
    sig: &'static [&'static str],
    split: Option<&'static str>,
    kv: Option<&'static str>,
    field: Option<&'static str>,
    pick: Option<&'static str>,
    prefix: Option<&'static str>,
    enc: &'static str,
    msg: &'static str,
    ts: Option<Stamp>,
    key_enc: &'static str,
    key_strip: &'static [&'static str],
    key_derive: &'static str,
    id: Option<&'static str>,
    require: &'static [(&'static str, &'static str)],
    body: &'static str,
    when: Option<When>,
    code: Option<&'static str>,
    options: &'static [(&'static str, &'static [&'static str])],
    asks: &'static [(&'static str, &'static str)],
}

/// A [`TsSpec`] as constant data; fields mean the same.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    from: &'static [&'static str],
    fmt: &'static str,
    tol_s: Option<u64>,
}

/// The one condition of a scheme that presets have.
#[derive(Clone, Copy, Debug)]
enum When {
    ContentType(&'static str),
    Header(&'static str),
}

/// Seconds most providers' libraries tolerate.
pub(super) const USUAL: Option<u64> = Some(300);

/// HMAC-SHA256 over the body, hexadecimal, the key as written.
pub(super) const fn hmac(sig: &'static [&'static str]) -> Shape {
    Shape {
        kind: "hmac",
        hash: "sha256",
        sig,
        split: None,
        kv: None,
        field: None,
        pick: None,
        prefix: None,
        enc: "hex",
        msg: "{body}",
        ts: None,
        key_enc: "utf8",
        key_strip: &[],
        key_derive: "none",
        id: None,
        require: &[],
        body: "raw",
        when: None,
        code: None,
        options: &[],
        asks: &[],
    }
}

/// The secret itself.
pub(super) const fn token(sig: &'static [&'static str]) -> Shape {
    Shape { kind: "token", ..hmac(sig) }
}

/// A plain hash; the message holds the secret.
pub(super) const fn digest(sig: &'static [&'static str], msg: &'static str) -> Shape {
    Shape { kind: "digest", msg, ..hmac(sig) }
}

/// `user:password` in `Authorization`.
pub(super) const BASIC: Shape = Shape { kind: "basic", ..hmac(&[]) };

impl Shape {
    pub(super) const fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    pub(super) const fn hash(self, hash: &'static str) -> Self {
        Self { hash, ..self }
    }

    pub(super) const fn base64(self) -> Self {
        Self { enc: "base64", ..self }
    }

    pub(super) const fn base64url(self) -> Self {
        Self { enc: "base64url", ..self }
    }

    pub(super) const fn prefix(self, text: &'static str) -> Self {
        Self { prefix: Some(text), ..self }
    }

    /// Items between `split`, of which those called `field` are signatures.
    pub(super) const fn items(self, split: &'static str, field: &'static str) -> Self {
        Self { split: Some(split), field: Some(field), ..self }
    }

    pub(super) const fn kv(self, kv: &'static str) -> Self {
        Self { kv: Some(kv), ..self }
    }

    /// Items between `split`, of which those at `position` are signatures.
    pub(super) const fn pick(self, split: &'static str, position: &'static str) -> Self {
        Self { split: Some(split), pick: Some(position), ..self }
    }

    pub(super) const fn msg(self, msg: &'static str) -> Self {
        Self { msg, ..self }
    }

    /// A time in seconds since 1970.
    pub(super) const fn unix(self, from: &'static [&'static str], tol_s: Option<u64>) -> Self {
        self.time(from, "unix", tol_s)
    }

    /// A time in milliseconds since 1970.
    pub(super) const fn unix_ms(self, from: &'static [&'static str], tol_s: Option<u64>) -> Self {
        self.time(from, "unix_ms", tol_s)
    }

    pub(super) const fn time(
        self,
        from: &'static [&'static str],
        fmt: &'static str,
        tol_s: Option<u64>,
    ) -> Self {
        Self { ts: Some(Stamp { from, fmt, tol_s }), ..self }
    }

    pub(super) const fn key(self, enc: &'static str, strip: &'static [&'static str]) -> Self {
        Self { key_enc: enc, key_strip: strip, ..self }
    }

    /// Items between `split`, each of them a signature.
    pub(super) const fn split(self, split: &'static str) -> Self {
        Self { split: Some(split), ..self }
    }

    /// What is made of a secret before it is the key.
    pub(super) const fn derive(self, name: &'static str) -> Self {
        Self { key_derive: name, ..self }
    }

    /// Where the delivery's id stands; only trusted where the signed message holds it.
    pub(super) const fn id(self, place: &'static str) -> Self {
        Self { id: Some(place), ..self }
    }

    pub(super) const fn require(self, pins: &'static [(&'static str, &'static str)]) -> Self {
        Self { require: pins, ..self }
    }

    /// The body is signed before its content coding.
    pub(super) const fn decoded(self) -> Self {
        Self { body: "decoded", ..self }
    }

    /// Counts for bodies of this type only.
    pub(super) const fn when_type(self, name: &'static str) -> Self {
        Self { when: Some(When::ContentType(name)), ..self }
    }

    /// Counts for requests with this header only.
    pub(super) const fn when_header(self, name: &'static str) -> Self {
        Self { when: Some(When::Header(name)), ..self }
    }

    /// What its code is told.
    pub(super) const fn options(self, options: &'static [(&'static str, &'static [&'static str])]) -> Self {
        Self { options, ..self }
    }

    /// Options that only the operator knows, each with an example.
    pub(super) const fn asks(self, asks: &'static [(&'static str, &'static str)]) -> Self {
        Self { asks, ..self }
    }

    pub(super) const fn code(self, name: &'static str) -> Self {
        Self { code: Some(name), ..self }
    }

    /// Whether it counts for some requests only.
    pub(super) fn is_conditional(&self) -> bool {
        self.when.is_some()
    }

    /// The scheme in words.
    pub(super) fn spec(&self, name: String) -> Spec {
        let when = match self.when {
            None => WhenSpec::default(),
            Some(When::ContentType(name)) => {
                WhenSpec { content_type: Some(name.into()), ..WhenSpec::default() }
            }
            Some(When::Header(name)) => WhenSpec { header: Some(name.into()), ..WhenSpec::default() },
        };
        Spec {
            name,
            kind: self.kind.into(),
            hash: self.hash.into(),
            sig: owned(self.sig),
            split: self.split.map(Into::into),
            kv: self.kv.map(Into::into),
            field: self.field.map(Into::into),
            pick: self.pick.map(Into::into),
            prefix: self.prefix.map(Into::into),
            enc: self.enc.into(),
            msg: self.msg.into(),
            ts: self.ts.map(|stamp| TsSpec {
                from: owned(stamp.from),
                fmt: stamp.fmt.into(),
                tol_s: stamp.tol_s,
                ..TsSpec::default()
            }),
            key: KeySpec {
                enc: self.key_enc.into(),
                strip: owned(self.key_strip),
                derive: self.key_derive.into(),
            },
            id: self.id.map(Into::into),
            require: self.require.iter().map(|(at, text)| ((*at).into(), (*text).into())).collect(),
            body: self.body.into(),
            when,
            code: self.code.map(Into::into),
            options: self.options.iter().map(|(name, values)| ((*name).into(), owned(values))).collect(),
            asks: self.asks.iter().map(|(name, example)| ((*name).into(), (*example).into())).collect(),
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
