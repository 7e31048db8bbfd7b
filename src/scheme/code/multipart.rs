//! Reads one kind of multipart body: a single field. Everything else is refused, as receivers read such bodies in
//! many ways (RFC 7578 §4, RFC 2046 §5.1).

/// The boundary a `Content-Type` of `multipart/form-data` gives; `None` when it is of another type or gives none that
/// can be read in one way.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (media, parameters) = content_type.split_once(';')?;
    let (name, value) = parameters.trim().split_once('=')?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_'()+.".contains(&byte);
    (media.trim().eq_ignore_ascii_case("multipart/form-data")
        && name.eq_ignore_ascii_case("boundary")
        && (1..=70).contains(&value.len())
        && value.bytes().all(is_plain))
    .then_some(value)
}

/// The value of the only field of a multipart body, which must have this name; `None` when there are others, or the
/// body is not written exactly as the RFC has it.
pub(super) fn only<'a>(body: &'a [u8], boundary: &str, name: &str) -> Option<&'a [u8]> {
    let opening = format!("--{boundary}\r\n");
    let closing = format!("\r\n--{boundary}--");
    let rest = body.strip_prefix(opening.as_bytes())?;
    let rest = rest.strip_suffix(b"\r\n").unwrap_or(rest).strip_suffix(closing.as_bytes())?;
    let head = rest.windows(4).position(|part| part == b"\r\n\r\n")?;
    let (head, value) = rest.split_at_checked(head)?;
    let value = value.get(4..)?;
    let inner = format!("--{boundary}");
    let again = value.windows(inner.len()).any(|part| part == inner.as_bytes());
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let own = format!("form-data; name=\"{name}\"");
    let is_own = |line: &str| {
        line.split_once(':').is_some_and(|(header, value)| {
            header.eq_ignore_ascii_case("content-disposition") && value.trim() == own
        })
    };
    let is_other = |line: &str| {
        line.split_once(':').is_some_and(|(header, _)| {
            ["content-type", "content-length"].iter().any(|known| header.eq_ignore_ascii_case(known))
        })
    };
    (!again && lines.next().is_some_and(is_own) && lines.all(is_other)).then_some(value)
}

/// A body with this field and no other. For the sender.
pub(super) fn of(boundary: &str, name: &str, value: &str) -> String {
    format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--{boundary}--\r\n"
    )
}

#[cfg(test)]
mod tests;
