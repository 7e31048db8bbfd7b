//! The request line, read from its raw bytes: one method, one target, one version, single spaces between.

use std::ops::Range;

use crate::check::deny::Reason;

use super::bytes;

/// Longest method, bytes: registered ones have at most 17.
pub(super) const LONGEST_METHOD: usize = 32;

/// The longest target the `http` crate can hold.
const LONGEST_TARGET: usize = 65_534;

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) version: Version,
    /// Scheme and authority of an absolute-form target, counted from the beginning of the line.
    pub(super) absolute: Option<Absolute>,
    /// Length of the line with its CRLF.
    pub(super) len: usize,
}

/// Where an absolute-form target names its authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Absolute {
    /// `http://host:port`, the part an origin-form target does not have.
    pub(super) origin: Range<usize>,
    /// `host:port`.
    pub(super) authority: Range<usize>,
}

/// The versions served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

/// Reads the line at the beginning of `line`; `None`: not whole yet. `longest` bounds the target, bytes.
///
/// # Errors
/// Why the request is refused.
pub(super) fn read(line: &[u8], longest: usize) -> Result<Option<Request>, Reason> {
    let (method, rest) = bytes::token(line);
    let after_method = match (method, rest) {
        _ if method.len() > LONGEST_METHOD => return Err(Reason::HeadMalformed),
        (_, []) => return Ok(None),
        ([_, ..], [b' ', rest @ ..]) => rest,
        _ => return Err(Reason::HeadMalformed),
    };
    // CONNECT makes a tunnel of what follows; nothing behind its head may be read as a request.
    if method == b"CONNECT" {
        return Err(Reason::MethodRefused);
    }
    let Some((target, origin, after_target)) = target(method, after_method)? else {
        return Ok(None);
    };
    if target.len() > longest.min(LONGEST_TARGET) {
        return Err(Reason::UriTooLong);
    }
    let Some(version) = version(after_target)? else {
        return Ok(None);
    };
    let start = method.len() + 1;
    let absolute = origin.map(|(scheme, whole)| Absolute {
        origin: start..start + whole,
        authority: start + scheme..start + whole,
    });
    Ok(Some(Request { version, absolute, len: start + target.len() + 1 + VERSION_LINE }))
}

/// `HTTP/1.1` and CRLF.
const VERSION_LINE: usize = 10;

type Target<'a> = (&'a [u8], Option<(usize, usize)>, &'a [u8]);

/// The target, the lengths of its `scheme://` and of its `scheme://authority`, and what follows its space.
fn target<'a>(method: &[u8], rest: &'a [u8]) -> Result<Option<Target<'a>>, Reason> {
    let (origin, path) = match rest {
        [] => return Ok(None),
        [b'/', ..] => (None, rest),
        [b'*', after @ ..] if method == b"OPTIONS" => {
            return match after {
                [] => Ok(None),
                [b' ', after @ ..] => Ok(Some((b"*", None, after))),
                _ => Err(Reason::HeadMalformed),
            };
        }
        _ => match origin(rest)? {
            None => return Ok(None),
            Some((scheme, whole)) => (Some((scheme, whole)), rest.get(whole..).unwrap_or_default()),
        },
    };
    let (_, mut after) = bytes::path(path);
    if let [b'?', query @ ..] = after {
        (_, after) = bytes::query(query);
    }
    let target = rest.get(..rest.len() - after.len()).unwrap_or_default();
    match after {
        [] => Ok(None),
        [b' ', after @ ..] => Ok(Some((target, origin, after))),
        _ => Err(Reason::HeadMalformed),
    }
}

/// Lengths of `scheme://` and of `scheme://authority` at the beginning of an absolute-form target, which must go on
/// with a path: `None`, when more bytes are needed to tell.
fn origin(target: &[u8]) -> Result<Option<(usize, usize)>, Reason> {
    for scheme in [b"http://".as_slice(), b"https://"] {
        let len = scheme.len().min(target.len());
        let (Some(have), Some(want)) = (target.get(..len), scheme.get(..len)) else { continue };
        if !have.eq_ignore_ascii_case(want) {
            continue;
        }
        let Some(rest) = target.get(scheme.len()..) else { return Ok(None) };
        let end = rest.iter().position(|&byte| !is_authority(byte));
        return match end.map(|end| (end, rest.get(end))) {
            None => Ok(None),
            Some((1.., Some(b'/'))) => Ok(end.map(|end| (scheme.len(), scheme.len() + end))),
            Some(_) => Err(Reason::HeadMalformed),
        };
    }
    Err(Reason::HeadMalformed)
}

fn is_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'[' | b']')
}

fn version(rest: &[u8]) -> Result<Option<Version>, Reason> {
    match rest {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', b'\r', b'\n', ..] => Ok(Some(Version::Http11)),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0', b'\r', b'\n', ..] => Ok(Some(Version::Http10)),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor, b'\r', b'\n', ..]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(Reason::VersionRefused)
        }
        _ if rest.len() < VERSION_LINE && is_beginning(rest) => Ok(None),
        _ => Err(Reason::HeadMalformed),
    }
}

/// Whether more bytes could make this the end of a request line.
fn is_beginning(rest: &[u8]) -> bool {
    rest.iter()
        .zip(b"HTTP/1.1\r\n")
        .all(|(&have, &want)| have == want || (have.is_ascii_digit() && want == b'1'))
}
