//! A scheme in words, as a preset or a config file says it. Checked only by `Plan::compile`.

/// One signature scheme. `Spec::default()` is HMAC-SHA256 over the body, hex, key as written, no signature place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What replay ids are bound to: `PROVIDER/VARIANT` for presets, else `custom`.
    pub name: String,
    /// `hmac`, `digest` (a plain hash over a message that holds the secret), `token` (the signature is the secret
    /// itself), `basic` (`user:password` in `Authorization`) or a public-key algorithm.
    pub kind: String,
    /// `sha1`, `sha256`, `sha384` or `sha512`.
    pub hash: String,
    /// Locators of the signature; all that are present are candidates. `header:NAME`, `header:NAME-*` (numbered),
    /// `query:NAME`, `form:NAME`, `json:PATH`. May be empty for kind `basic` and for `code` that finds its own.
    pub sig: Vec<String>,
    /// Separates the items of one signature value.
    pub split: Option<String>,
    /// Separates the name and the value of an item; `=` unless said.
    pub kv: Option<String>,
    /// Only items of this name are signatures.
    pub field: Option<String>,
    /// Only items at this position are signatures: `rest` (all but the first) or `last`.
    pub pick: Option<String>,
    /// Every signature begins with this text, removed before decoding.
    pub prefix: Option<String>,
    /// Encoding of a signature: `hex`, `base64` or `base64url`. Padding may be absent.
    pub enc: String,
    /// Template of the signed message.
    pub msg: String,
    /// The signed time.
    pub ts: Option<TsSpec>,
    /// How a secret becomes a key.
    pub key: KeySpec,
    /// Locator of the delivery's unique id. Where it stands in `msg`, only `A-Z a-z 0-9 _ : -` are accepted in it.
    pub id: Option<String>,
    /// Locators that must hold exactly this text: pins a version or an algorithm.
    pub require: Vec<(String, String)>,
    /// `raw`, or `decoded`: what is signed is the body before its `Content-Encoding` (gzip) was put on it.
    pub body: String,
    /// When this one of several schemes counts.
    pub when: WhenSpec,
    /// The code that knows what is signed, where no template can say it; `msg` is left as it is then.
    pub code: Option<String>,
    /// What that code is told.
    pub options: Vec<(String, Vec<String>)>,
    /// Options that must be given by the operator, each with an example.
    pub asks: Vec<(String, String)>,
}

/// What a request must look like for a scheme to count; all that is said must hold, nothing said: always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WhenSpec {
    /// The method, exactly.
    pub method: Option<String>,
    /// The media type of the body without parameters; `form` and `json` are short for the usual ones.
    pub content_type: Option<String>,
    /// A header that is present.
    pub header: Option<String>,
}

/// Where a scheme's time stands and how far it may be off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TsSpec {
    /// Locators; the first that is present counts. Also `sig:NAME`, an item of the signature value.
    pub from: Vec<String>,
    /// `unix` (10 digits), `unix_ms` (13 digits), `auto` (either of these), `rfc3339`, `http_date` or `iso_basic`
    /// (`20150830T123600Z`).
    pub fmt: String,
    /// Seconds the time may lie back; `None`: the provider promises no bound.
    pub tol_s: Option<u64>,
    /// Seconds the time may lie ahead; never more than `tol_s` counts.
    pub future_s: u64,
}

/// How a secret becomes a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// `utf8` (the bytes as written), `base64` or `hex`; of public keys `pem`, `spki_b64`, `raw_hex`, `raw_b64` or
    /// `jwks`.
    pub enc: String,
    /// Beginnings removed from the secret before decoding, each once, in this order; one `*` in each may stand for
    /// letters, digits and `_`.
    pub strip: Vec<String>,
    /// What is made of the decoded secret: `none`, its hash (`sha1` or `sha256`), or `aws4` (`AWS4` before it).
    pub derive: String,
}

/// One thing wrong with a [`Spec`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecProblem {
    /// The key it is about: `sig`, `msg`, `ts.fmt`, `key.enc`, …
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub hint: String,
}

impl Spec {
    /// Whether the operator chooses the header its signature stands in.
    pub fn asks_for_header(&self) -> bool {
        self.sig.iter().any(|place| place == super::presets::OWN_HEADER)
    }

    /// Adds the operator's options to its own; the name of the first that is its own already.
    pub fn add_options(&mut self, given: &[(String, Vec<String>)]) -> Option<String> {
        let own = given.iter().find(|(name, _)| self.options.iter().any(|(own, _)| own == name));
        let taken = own.map(|(name, _)| name.clone());
        if taken.is_none() {
            self.options.extend_from_slice(given);
        }
        taken
    }

    /// Gives the examples where the operator is asked; for pages that show a scheme.
    pub fn give_examples(&mut self) {
        let asked = std::mem::take(&mut self.asks);
        self.options.extend(asked.into_iter().map(|(name, example)| (name, vec![example])));
    }

    /// Puts the operator's header where one is asked for.
    pub fn set_header(&mut self, name: &str) {
        for place in self.sig.iter_mut().filter(|place| *place == super::presets::OWN_HEADER) {
            *place = format!("header:{name}");
        }
    }
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            name: "custom".into(),
            kind: "hmac".into(),
            hash: "sha256".into(),
            sig: Vec::new(),
            split: None,
            kv: None,
            field: None,
            pick: None,
            prefix: None,
            enc: "hex".into(),
            msg: "{body}".into(),
            ts: None,
            key: KeySpec::default(),
            id: None,
            require: Vec::new(),
            body: "raw".into(),
            when: WhenSpec::default(),
            code: None,
            options: Vec::new(),
            asks: Vec::new(),
        }
    }
}

impl Default for TsSpec {
    fn default() -> Self {
        Self { from: Vec::new(), fmt: "unix".into(), tol_s: Some(300), future_s: 60 }
    }
}

impl Default for KeySpec {
    fn default() -> Self {
        Self { enc: "utf8".into(), strip: Vec::new(), derive: "none".into() }
    }
}
