//! How one hostile message is written down.

/// What must become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// One answer with one of these statuses; no byte of it reaches the app; nothing behind it is served.
    Refused(&'static [u16]),
    /// One 200; the app got one request with this target and this body.
    Passed(String, Vec<u8>),
    /// Its head may pass, but the app never gets it whole.
    Unfinished,
    /// Either way, as long as every invariant holds.
    Judged,
}

/// One message with a name of its own.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) want: Want,
}

/// Cases of one class.
#[derive(Debug, Default)]
pub(super) struct Table {
    class: &'static str,
    pub(super) cases: Vec<Case>,
}

impl Table {
    pub(super) fn of(class: &'static str) -> Self {
        Self { class, cases: Vec::new() }
    }

    /// Adds a message; `@@` in it becomes the case's name, by which it is recognised at the app.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8], want: Want) {
        let name = format!("{}-{}-{name}", self.class, self.cases.len());
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(at) = rest.windows(2).position(|two| two == b"@@") {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(name.as_bytes());
            rest = &rest[at + 2..];
        }
        out.extend_from_slice(rest);
        self.cases.push(Case { name, bytes: out, want });
    }

    /// A head that must be refused with 400; a good request follows it and must not be served.
    pub(super) fn refuse(&mut self, name: &str, bytes: &[u8]) {
        self.add(name, &[bytes, NEXT].concat(), Want::Refused(&[400]));
    }
}

/// A good request behind a bad one.
const NEXT: &[u8] = b"GET /behind HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n\r\n";

/// A GET of the open route with `lines` as further field lines, each ended by CRLF.
pub(super) fn get(lines: impl AsRef<[u8]>) -> Vec<u8> {
    [b"GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n", lines.as_ref(), b"\r\n"].concat()
}

/// A POST to the open route with `lines` as further field lines, and `body` behind the head.
pub(super) fn post(lines: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = b"POST /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n";
    [head, lines.as_ref(), b"\r\n", body.as_ref()].concat()
}

/// A request with this first line, Host and nothing else.
pub(super) fn first(line: impl AsRef<[u8]>) -> Vec<u8> {
    [line.as_ref(), b"\r\nHost: gate.test\r\nX-Case: @@\r\n\r\n"].concat()
}
