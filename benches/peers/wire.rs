//! Requests as bytes, and as much of an answer as a load generator must understand.

use crate::trouble::{Tried, Trouble};

/// One answer that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Head and body.
    pub(crate) bytes: usize,
}

/// The answer at the front of `bytes`, or none yet.
pub(crate) fn answer(bytes: &[u8]) -> Tried<Option<Answer>> {
    let Some(end) = head_end(bytes) else { return Ok(None) };
    let head = bytes.get(..end).unwrap_or_default();
    let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    let status: u16 = status.ok_or_else(|| Trouble::new("an answer without a status"))?;
    let length = content_length(head).ok_or_else(|| Trouble::new("an answer without Content-Length"))?;
    Ok((bytes.len() >= end + length).then_some(Answer { status, bytes: end + length }))
}

/// The offset behind the empty line.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The declared length of a body.
pub(crate) fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    })?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

/// A request by a caller like any: four fields of its own and those given.
pub(crate) fn request(line: &str, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text =
        format!("{line} HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: peers/1\r\nAccept: */*\r\n");
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
