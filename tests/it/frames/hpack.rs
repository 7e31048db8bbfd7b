//! HPACK without state: literals without index or Huffman on the way out, the status alone on the way in.

/// One field, literal with a new name, never indexed by us, no Huffman.
pub(crate) fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = vec![0];
    text(&mut out, name);
    text(&mut out, value);
    out
}

/// A whole header list.
pub(crate) fn block(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| literal(name, value)).collect()
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    integer(out, 0, 7, bytes.len());
    out.extend_from_slice(bytes);
}

fn integer(out: &mut Vec<u8>, high: u8, bits: u8, mut value: usize) {
    let most = (1usize << bits) - 1;
    if value < most {
        out.push(high | u8::try_from(value).unwrap());
        return;
    }
    out.push(high | u8::try_from(most).unwrap());
    value -= most;
    while value >= 128 {
        out.push(u8::try_from(value % 128).unwrap() | 128);
        value /= 128;
    }
    out.push(u8::try_from(value).unwrap());
}

/// The `:status` of an answer's header block made with a dynamic table of size 0; `None` when it has none.
pub(crate) fn status(block: &[u8]) -> Option<u16> {
    let mut at = 0;
    while at < block.len() {
        let first = block[at];
        if first & 0x80 != 0 {
            let index = number(block, &mut at, 7)?;
            let fixed = [200, 204, 206, 304, 400, 404, 500];
            if (8..=14).contains(&index) {
                return Some(fixed[index - 8]);
            }
        } else if first & 0xe0 == 0x20 {
            number(block, &mut at, 5)?;
        } else {
            let index = number(block, &mut at, if first & 0x40 != 0 { 6 } else { 4 })?;
            let name = if index == 0 { Some(string(block, &mut at)?) } else { None };
            let value = string(block, &mut at)?;
            if (8..=14).contains(&index) || name.as_deref() == Some(":status") {
                return value.parse().ok();
            }
        }
    }
    None
}

fn number(block: &[u8], at: &mut usize, bits: u8) -> Option<usize> {
    let most = (1usize << bits) - 1;
    let mut value = usize::from(*block.get(*at)?) & most;
    *at += 1;
    if value < most {
        return Some(value);
    }
    for shift in (0..28).step_by(7) {
        let byte = *block.get(*at)?;
        *at += 1;
        value += usize::from(byte & 127) << shift;
        if byte & 128 == 0 {
            return Some(value);
        }
    }
    None
}

/// A string; of Huffman text only digits are known, anything else reads as empty.
fn string(block: &[u8], at: &mut usize) -> Option<String> {
    let packed = *block.get(*at)? & 0x80 != 0;
    let length = number(block, at, 7)?;
    let bytes = block.get(*at..*at + length)?;
    *at += length;
    if packed {
        return Some(digits(bytes).unwrap_or_default());
    }
    String::from_utf8(bytes.to_vec()).ok()
}

/// Huffman digits: `0`–`2` are five bits (0–2), `3`–`9` six bits (25–31); the rest is padding of ones.
fn digits(bytes: &[u8]) -> Option<String> {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let (mut at, mut out) = (0, String::new());
    let read = |from: usize, count: usize| {
        let part = bits.get(from..from + count)?;
        Some(part.iter().fold(0u8, |sum, bit| sum << 1 | bit))
    };
    while let Some(five) = read(at, 5) {
        if five <= 2 {
            out.push(char::from(b'0' + five));
            at += 5;
            continue;
        }
        let Some(six @ 25..=31) = read(at, 6) else { break };
        out.push(char::from(b'3' + six - 25));
        at += 6;
    }
    let padding = bits.get(at..)?;
    (padding.len() < 8 && padding.iter().all(|bit| *bit == 1)).then_some(out)
}
