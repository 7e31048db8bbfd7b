//! The head of a request as it was written, so that it can be written again.
//!
//! hyper consumes a head when it sends it. Keeping a copy of every map costs half a microsecond per request for the rare
//! connection that dies under one; keeping the bytes costs a tenth of that.

use http::{HeaderName, HeaderValue, Method, Request, Uri};

/// Reads a head back that hyper wrote; `None` when it is not whole.
pub(super) fn read(head: &[u8]) -> Option<Request<()>> {
    let mut lines = head.strip_suffix(b"\r\n\r\n")?.split(|b| *b == b'\n').map(|line| line.trim_ascii_end());
    let mut words = lines.next()?.split(|b| *b == b' ');
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(words.next()?).ok()?;
    *request.uri_mut() = Uri::try_from(words.next()?).ok()?;
    if words.next() != Some(b"HTTP/1.1") || words.next().is_some() {
        return None;
    }
    for line in lines {
        let colon = line.iter().position(|b| *b == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = HeaderName::from_bytes(name).ok()?;
        let value = HeaderValue::from_bytes(value.strip_prefix(b":")?.trim_ascii_start()).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}

#[cfg(test)]
mod tests;
