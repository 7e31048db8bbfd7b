//! HTTP/2 requests no app may get as they are (reliability, class 3.3).

use super::identity::{BASES, aliases};

/// What must become of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Never at the app, no 2xx.
    Refused,
    /// Forwarded.
    Passed,
    /// Either, as long as every invariant holds.
    Judged,
}

/// A header list in order.
pub(super) type List = Vec<(Vec<u8>, Vec<u8>)>;

/// One request as a header list in order, pseudo fields included.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) name: String,
    pub(super) fields: List,
    /// DATA behind the head; `None` ends the stream with the head.
    pub(super) data: Option<Vec<u8>>,
    /// Trailers behind the data, with whether they end the stream.
    pub(super) trailers: Option<(List, bool)>,
    pub(super) fate: Fate,
}

type Field<'a> = (&'a [u8], &'a [u8]);

const METHOD: Field<'_> = (b":method", b"GET");
const SCHEME: Field<'_> = (b":scheme", b"http");
const AUTHORITY: Field<'_> = (b":authority", b"gate.test");
const PATH: Field<'_> = (b":path", b"/open");

fn list(fields: &[Field<'_>]) -> List {
    fields.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

fn stream(name: &str, fields: &[Field<'_>], fate: Fate) -> Stream {
    Stream { name: name.to_owned(), fields: list(fields), data: None, trailers: None, fate }
}

fn with(name: &str, more: &[Field<'_>], fate: Fate) -> Stream {
    stream(name, &[&[METHOD, SCHEME, AUTHORITY, PATH], more].concat(), fate)
}

fn posted(name: &str, more: &[Field<'_>], data: &[u8], fate: Fate) -> Stream {
    let post: Field<'_> = (b":method", b"POST");
    let fields = list(&[&[post, SCHEME, AUTHORITY, PATH], more].concat());
    Stream { name: name.to_owned(), fields, data: Some(data.to_vec()), trailers: None, fate }
}

/// The whole table.
pub(super) fn streams() -> Vec<Stream> {
    let mut all = pseudo();
    all.extend(fields());
    all.extend(lengths());
    all.extend(trailers());
    for base in BASES {
        let mut names: Vec<String> = aliases(base).iter().map(|alias| alias.to_lowercase()).collect();
        names.sort();
        names.dedup();
        for name in names {
            all.push(with(&format!("alias-{name}"), &[(name.as_bytes(), b"SPOOF")], Fate::Judged));
        }
    }
    for (number, target) in super::targets::SPELLINGS.into_iter().enumerate() {
        let path: Field<'_> = (b":path", target.as_bytes());
        all.push(stream(&format!("admin-{number}"), &[METHOD, SCHEME, AUTHORITY, path], Fate::Refused));
    }
    all
}

fn pseudo() -> Vec<Stream> {
    let mut all = vec![
        stream("good", &[METHOD, SCHEME, AUTHORITY, PATH], Fate::Passed),
        stream("no-method", &[SCHEME, AUTHORITY, PATH], Fate::Refused),
        stream("no-scheme", &[METHOD, AUTHORITY, PATH], Fate::Refused),
        stream("no-path", &[METHOD, SCHEME, AUTHORITY], Fate::Refused),
        stream("no-authority", &[METHOD, SCHEME, PATH], Fate::Refused),
        stream("two-methods", &[METHOD, METHOD, SCHEME, AUTHORITY, PATH], Fate::Refused),
        stream("two-schemes", &[METHOD, SCHEME, SCHEME, AUTHORITY, PATH], Fate::Refused),
        stream("two-authorities", &[METHOD, SCHEME, AUTHORITY, AUTHORITY, PATH], Fate::Refused),
        stream("two-paths", &[METHOD, SCHEME, AUTHORITY, PATH, (b":path", b"/admin")], Fate::Refused),
        stream("late-path", &[METHOD, SCHEME, AUTHORITY, (b"x-a", b"b"), PATH], Fate::Refused),
        stream("late-authority", &[METHOD, SCHEME, PATH, (b"x-a", b"b"), AUTHORITY], Fate::Refused),
        stream("status", &[METHOD, SCHEME, AUTHORITY, PATH, (b":status", b"200")], Fate::Refused),
        stream("unknown", &[METHOD, SCHEME, AUTHORITY, PATH, (b":x", b"y")], Fate::Refused),
        stream("upper", &[(b":METHOD", b"GET"), SCHEME, AUTHORITY, PATH], Fate::Refused),
        stream("protocol", &[METHOD, SCHEME, AUTHORITY, PATH, (b":protocol", b"websocket")], Fate::Refused),
        stream("connect", &[(b":method", b"CONNECT"), AUTHORITY], Fate::Refused),
        stream("connect-path", &[(b":method", b"CONNECT"), SCHEME, AUTHORITY, PATH], Fate::Refused),
        stream(
            "connect-protocol",
            &[(b":method", b"CONNECT"), (b":protocol", b"websocket"), SCHEME, AUTHORITY, PATH],
            Fate::Refused,
        ),
        stream("trace", &[(b":method", b"TRACE"), SCHEME, AUTHORITY, PATH], Fate::Refused),
        with("host-equal", &[(b"host", b"gate.test")], Fate::Judged),
        with("host-other", &[(b"host", b"other.test")], Fate::Refused),
        with("host-list", &[(b"host", b"gate.test,other.test")], Fate::Refused),
        with("two-hosts", &[(b"host", b"gate.test"), (b"host", b"gate.test")], Fate::Refused),
        stream("host-alone", &[METHOD, SCHEME, PATH, (b"host", b"gate.test")], Fate::Judged),
        stream(
            "hosts-alone",
            &[METHOD, SCHEME, PATH, (b"host", b"gate.test"), (b"host", b"b")],
            Fate::Refused,
        ),
    ];
    // The library cuts a fragment off; the app must get what was judged, and no fragment.
    all.push(stream("path-fragment", &[METHOD, SCHEME, AUTHORITY, (b":path", b"/open#SPOOF")], Fate::Judged));
    all.extend(pseudo_values());
    all
}

/// Values no pseudo field may have.
fn pseudo_values() -> Vec<Stream> {
    let mut all = Vec::new();
    let one = |name: &str, list: &[&[u8]], pseudo: &'static [u8]| -> Vec<Stream> {
        list.iter()
            .enumerate()
            .map(|(number, value)| {
                let changed: Field<'_> = (pseudo, *value);
                let fields = [METHOD, SCHEME, AUTHORITY, PATH];
                let fields = fields.map(|field| if field.0 == pseudo { changed } else { field });
                stream(&format!("{name}-{number}"), &fields, Fate::Refused)
            })
            .collect()
    };
    let methods: [&[u8]; 10] = [
        b"",
        b" ",
        b"GET ",
        b"GE T",
        b"GET\r\n",
        b"GET /x HTTP/1.1\r\nX: y",
        b"G(T",
        b"GET\0",
        b"G\x80T",
        b"CONNECT",
    ];
    let paths: [&[u8]; 17] = [
        b"",
        b"open",
        b"*",
        b"?x",
        b"#x",
        b"/op en",
        b"/open\r\nX: y",
        b"/open\n",
        b"/open\0",
        b"/open\x7f",
        b"/\xff",
        b"/open HTTP/1.1\r\nHost: x",
        b"http://gate.test/open",
        b"http://other.test/open",
        b"//other.test/../admin",
        b"\\admin",
        b"/open\t",
    ];
    let authorities: [&[u8]; 15] = [
        b"",
        b"a,b",
        b"u@gate.test",
        b"u:p@gate.test",
        b"gate.test:x",
        b"gate.test:99999",
        b"gate.test/x",
        b"gate.test?x",
        b"gate.test#x",
        b"gate test",
        b"gate.test\r\nX: y",
        b"gate.test\0",
        b"[::1",
        b"::1",
        b"gate.t\xffst",
    ];
    let schemes: [&[u8]; 7] = [b"", b"ftp", b"http ", b"http://x", b"ht tp", b"http\r\nX: y", b"javascript"];
    all.extend(one("method", &methods, b":method"));
    all.extend(one("path", &paths, b":path"));
    all.extend(one("authority", &authorities, b":authority"));
    all.extend(one("scheme", &schemes, b":scheme"));
    all
}

fn fields() -> Vec<Stream> {
    let refused: [(&str, Field<'_>); 30] = [
        ("upper", (b"X-A", b"b")),
        ("mixed", (b"x-A", b"b")),
        ("empty-name", (b"", b"b")),
        ("name-space", (b"x a", b"b")),
        ("name-colon", (b"x:a", b"b")),
        ("name-lf", (b"x\na", b"b")),
        ("name-crlf", (b"x\r\nhost", b"b")),
        ("name-nul", (b"x\0a", b"b")),
        ("name-obs", (b"x\xffa", b"b")),
        ("name-whole-line", (b"x-a: b\r\nx-b", b"c")),
        ("value-crlf", (b"x-a", b"b\r\nX-Sidegate-Subject: SPOOF")),
        ("value-lf", (b"x-a", b"b\nX: SPOOF")),
        ("value-cr", (b"x-a", b"b\rX: SPOOF")),
        ("value-nul", (b"x-a", b"b\0c")),
        ("value-request", (b"x-a", b"b\r\n\r\nGET /admin HTTP/1.1\r\nHost: x")),
        ("te", (b"transfer-encoding", b"chunked")),
        ("te-identity", (b"transfer-encoding", b"identity")),
        ("connection", (b"connection", b"close")),
        ("connection-keep", (b"connection", b"keep-alive")),
        ("connection-upgrade", (b"connection", b"upgrade")),
        ("keep-alive", (b"keep-alive", b"timeout=5")),
        ("proxy-connection", (b"proxy-connection", b"keep-alive")),
        ("upgrade", (b"upgrade", b"websocket")),
        ("upgrade-h2c", (b"upgrade", b"h2c")),
        ("te-gzip", (b"te", b"gzip")),
        ("te-list", (b"te", b"trailers, deflate")),
        ("expect-odd", (b"expect", b"200-ok")),
        ("value-del", (b"x-a", b"b\x7f")),
        ("value-esc", (b"x-a", b"b\x1b[31m")),
        ("value-vt", (b"x-a", b"b\x0bc")),
    ];
    let mut all: Vec<Stream> = refused
        .iter()
        .map(|(name, field)| with(&format!("field-{name}"), &[*field], Fate::Refused))
        .collect();
    all.push(with("te-trailers", &[(b"te", b"trailers")], Fate::Passed));
    all.push(with("value-led-space", &[(b"x-a", b" b ")], Fate::Judged));
    all.push(with("value-obs", &[(b"x-a", b"b\xff")], Fate::Judged));
    all.push(with("http2-settings", &[(b"http2-settings", b"SPOOF")], Fate::Judged));
    all.push(with("proxy-authorization", &[(b"proxy-authorization", b"SPOOF")], Fate::Judged));
    let crumbs: Vec<Field<'_>> = vec![(b"cookie", b"a=b"), (b"cookie", b"c=d"), (b"cookie", b"e=f")];
    all.push(with("cookie-crumbs", &crumbs, Fate::Passed));
    let many: Vec<Field<'_>> = vec![(b"cookie", b"a=b"); 120];
    all.push(with("cookie-crumbs-120", &many, Fate::Refused));
    let many: Vec<Field<'_>> = vec![(b"x-a", b"b"); 120];
    all.push(with("fields-120", &many, Fate::Refused));
    let large = vec![b'a'; 20_000];
    all.push(with("field-of-20000", &[(b"x-a", &large)], Fate::Refused));
    all
}

fn lengths() -> Vec<Stream> {
    let cl = |value: &'static [u8]| -> Field<'static> { (b"content-length", value) };
    let mut all = vec![
        posted("length-equal", &[cl(b"5")], b"hello", Fate::Passed),
        posted("length-none", &[], b"hello", Fate::Passed),
        posted("length-larger", &[cl(b"6")], b"hello", Fate::Refused),
        posted("length-smaller", &[cl(b"4")], b"hello", Fate::Refused),
        posted("length-zero", &[cl(b"0")], b"hello", Fate::Refused),
        posted("length-zero-kept", &[cl(b"0")], b"", Fate::Passed),
        posted("length-two", &[cl(b"5"), cl(b"5")], b"hello", Fate::Refused),
        posted("length-two-other", &[cl(b"5"), cl(b"6")], b"hello", Fate::Refused),
    ];
    let odd: [&'static [u8]; 8] =
        [b"+5", b"0x5", b"5, 5", b"", b"five", b"05", b"-5", b"18446744073709551621"];
    for value in odd {
        all.push(posted(&format!("length-odd-{}", all.len()), &[cl(value)], b"hello", Fate::Refused));
    }
    let mut head_only = with("length-without-data", &[cl(b"5")], Fate::Refused);
    head_only.data = None;
    all.push(head_only);
    all
}

fn trailers() -> Vec<Stream> {
    let with = |name: &str, fields: &[Field<'_>], ends: bool, fate: Fate| {
        let mut stream = posted(name, &[], b"hello", fate);
        stream.trailers = Some((list(fields), ends));
        stream
    };
    let mut all = vec![
        with("trailer", &[(b"x-t", b"a")], true, Fate::Passed),
        with("trailer-open", &[(b"x-t", b"a")], false, Fate::Refused),
        // The library leaves pseudo fields out of trailers; nothing of them reaches the app.
        with("trailer-pseudo", &[(b":path", b"/SPOOF")], true, Fate::Judged),
        with("trailer-method", &[(b":method", b"SPOOF")], true, Fate::Judged),
        with("trailer-upper", &[(b"X-T", b"a")], true, Fate::Refused),
        with("trailer-crlf", &[(b"x-t", b"a\r\nSPOOF: b")], true, Fate::Refused),
        with("trailer-te", &[(b"transfer-encoding", b"SPOOF")], true, Fate::Judged),
    ];
    for name in [
        "host",
        "content-length",
        "authorization",
        "cookie",
        "x-sidegate-subject",
        "x_forwarded_for",
        "x-token",
    ] {
        all.push(with(&format!("trailer-{name}"), &[(name.as_bytes(), b"SPOOF")], true, Fate::Judged));
    }
    all
}
