//! One step an app may take with a path. Each returns nothing where it changes nothing.

/// What an app does to a path.
type Step = fn(&[u8]) -> Option<Vec<u8>>;

/// Steps that decode nothing.
const PLAIN: [Step; 7] = [
    slashes_turned,
    parameters_cut,
    cut_at_semicolon,
    slashes_merged,
    dots_resolved,
    query_cut,
    blanks_dropped,
];

/// What each step that decodes nothing makes of the text.
pub(super) fn plain(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    PLAIN.into_iter().filter_map(|step| step(text))
}

/// Ways to decode once: everything; all but an encoded `/` (apps that split first); only what never needed an escape
/// (RFC 3986 §6.2.2.2, as proxies do).
pub(super) fn decodings(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let ways: [fn(u8) -> bool; 3] = [
        |_| true,
        |byte| byte != b'/',
        |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'),
    ];
    let ways = ways.into_iter().filter(|_| text.contains(&b'%'));
    ways.map(|wanted| percent_decoded(text, wanted)).filter(move |made| made != text)
}

/// Decodes the escapes of bytes that are `wanted`; all else, broken escapes too, stays as it is.
pub(in super::super) fn percent_decoded(text: &[u8], wanted: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match escape(rest).filter(|(byte, _)| wanted(*byte)) {
            Some((byte, after)) => {
                plain.push(byte);
                rest = after;
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

/// Whether a `%` is followed by anything but two hexadecimal digits.
pub(super) fn has_broken_escape(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        match rest.get(at..).and_then(escape) {
            Some((_, after)) => rest = after,
            None => return true,
        }
    }
    false
}

/// NUL, which ends a text for some apps, and UTF-8 in more bytes than needed, which some decoders take for ASCII.
pub(super) fn is_unreadable(text: &[u8]) -> bool {
    let overlong =
        |pair: &[u8]| matches!(pair, [0xc0 | 0xc1, 0x80..=0xbf] | [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f]);
    text.contains(&0) || text.windows(2).any(overlong)
}

/// The byte an escape in front stands for, and what follows.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [b'%', high, low, after @ ..] = text else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some((digit(high)? << 4 | digit(low)?, after))
}

/// `\` as `/`.
fn slashes_turned(text: &[u8]) -> Option<Vec<u8>> {
    text.contains(&b'\\').then(|| text.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect())
}

/// `/a;x=1/b` as `/a/b`.
fn parameters_cut(text: &[u8]) -> Option<Vec<u8>> {
    if !text.contains(&b';') {
        return None;
    }
    let mut kept = Vec::with_capacity(text.len());
    let mut inside = false;
    for byte in text {
        inside = *byte == b';' || inside && *byte != b'/';
        if !inside {
            kept.push(*byte);
        }
    }
    Some(kept)
}

/// `/a;x=1/b` as `/a`.
fn cut_at_semicolon(text: &[u8]) -> Option<Vec<u8>> {
    cut_before(text, |byte| byte == b';')
}

/// `//` as `/`.
fn slashes_merged(text: &[u8]) -> Option<Vec<u8>> {
    if !text.windows(2).any(|pair| pair == b"//") {
        return None;
    }
    let mut merged = text.to_vec();
    merged.dedup_by(|later, earlier| *later == b'/' && *earlier == b'/');
    Some(merged)
}

/// RFC 3986 §5.2.4.
fn dots_resolved(text: &[u8]) -> Option<Vec<u8>> {
    let segments = || text.split(|byte| *byte == b'/').skip(1);
    if !segments().any(|segment| segment == b"." || segment == b"..") {
        return None;
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut ends_open = false;
    for segment in segments() {
        ends_open = segment == b"." || segment == b"..";
        if segment == b".." {
            kept.pop();
        } else if segment != b"." {
            kept.push(segment);
        }
    }
    if ends_open || kept.is_empty() {
        kept.push(b"");
    }
    let mut resolved = Vec::with_capacity(text.len());
    for segment in kept {
        resolved.push(b'/');
        resolved.extend_from_slice(segment);
    }
    Some(resolved)
}

/// Decoded `?`, `#` and control characters end the path for apps that parse what they decoded once more.
fn query_cut(text: &[u8]) -> Option<Vec<u8>> {
    cut_before(text, |byte| matches!(byte, b'?' | b'#') || byte.is_ascii_control())
}

/// Without control characters and trailing spaces, as URL parsers of browsers and some file systems have it.
fn blanks_dropped(text: &[u8]) -> Option<Vec<u8>> {
    if !text.ends_with(b" ") && !text.iter().any(u8::is_ascii_control) {
        return None;
    }
    let mut kept: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_control()).collect();
    while kept.last() == Some(&b' ') {
        kept.pop();
    }
    Some(kept)
}

fn cut_before(text: &[u8], ends: impl Fn(u8) -> bool) -> Option<Vec<u8>> {
    text.iter().position(|byte| ends(*byte)).and_then(|at| text.get(..at)).map(<[u8]>::to_vec)
}
