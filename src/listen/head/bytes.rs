//! Which bytes may stand where in a request head. Tables and runs, no decisions.

const TOKEN: u8 = 1;
const PATH: u8 = 2;
const QUERY: u8 = 4;
const LABEL: u8 = 8;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 0x7f {
        let mut class = 0;
        // RFC 9110 §5.6.2
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"!#$%&'*+-.^_`|~") {
            class |= TOKEN;
        }
        // Letters, digits and what names of hosts have in practice.
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"-_") {
            class |= LABEL;
        }
        // What the `http` crate takes as a path or a query, without the backslash some apps read as a slash.
        if byte > 0x20 && !is_one_of(byte, b"\\#") {
            if !is_one_of(byte, b"<>`?") {
                class |= PATH;
            }
            if !is_one_of(byte, b"\"<") {
                class |= QUERY;
            }
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated while compiling; a byte is always in the table"
        )]
        {
            table[byte as usize] = class;
        }
        byte += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "evaluated while compiling; the index is below the length")]
const fn is_one_of(byte: u8, set: &[u8]) -> bool {
    let mut at = 0;
    while at < set.len() {
        if set[at] == byte {
            return true;
        }
        at += 1;
    }
    false
}

fn is(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}

fn run(bytes: &[u8], class: u8) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&byte| !is(byte, class)).unwrap_or(bytes.len());
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

/// The token at the beginning, and what follows it.
pub(super) fn token(bytes: &[u8]) -> (&[u8], &[u8]) {
    run(bytes, TOKEN)
}

/// The path at the beginning, up to the query's `?` or the first byte no target may hold.
pub(super) fn path(bytes: &[u8]) -> (&[u8], &[u8]) {
    run(bytes, PATH)
}

/// The query at the beginning, up to the first byte no target may hold.
pub(super) fn query(bytes: &[u8]) -> (&[u8], &[u8]) {
    run(bytes, QUERY)
}

/// The label of a host name at the beginning, and what follows it.
pub(super) fn label(bytes: &[u8]) -> (&[u8], &[u8]) {
    run(bytes, LABEL)
}

/// The field content at the beginning: everything but control characters, the tab allowed (RFC 9110 §5.5).
pub(super) fn content(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    loop {
        end += before_control(bytes.get(end..).unwrap_or_default());
        if bytes.get(end) != Some(&b'\t') {
            return bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        }
        end += 1;
    }
}

/// How many bytes stand before the first one below 0x20 or equal to 0x7f, eight at a time.
fn before_control(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, _) = bytes.as_chunks::<8>();
    let mut end = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let below = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let delete = word ^ (ONES * 0x7f);
        let found = below | (delete.wrapping_sub(ONES) & !delete & HIGH);
        // A borrow can only mark bytes after a true find, so the lowest mark is always right.
        if found != 0 {
            return end + (found.trailing_zeros() / 8) as usize;
        }
        end += 8;
    }
    let rest = bytes.get(end..).unwrap_or_default();
    end + rest.iter().position(|&byte| byte < 0x20 || byte == 0x7f).unwrap_or(rest.len())
}

/// Without spaces and tabs at the beginning.
pub(super) fn trim_start(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Without spaces and tabs at the end.
pub(super) fn trim_end(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
