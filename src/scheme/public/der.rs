//! Reads the few structures of DER (X.690) that public keys come in. Strict: one length form, nothing left over. Never
//! reads what a caller of the gate sends: keys are the operator's.

/// Tags of the elements that are read.
pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]` and `[3]` with contents.
pub(super) const VERSION: u8 = 0xA0;
pub(super) const EXTENSIONS: u8 = 0xA3;

/// What is left of a run of elements.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The elements in `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and its contents.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            short @ 0..=0x7F => (usize::from(short), rest),
            0x81 => {
                let (&only, rest) = rest.split_first().filter(|(only, _)| **only >= 0x80)?;
                (usize::from(only), rest)
            }
            0x82 => {
                let (bytes, rest) = rest.split_first_chunk::<2>()?;
                let length = usize::from(u16::from_be_bytes(*bytes));
                (length, (length > 0xFF).then_some(rest)?)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// The contents of the next element, which is of this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, contents)| contents)
    }

    /// The same, when it is of this tag; else nothing is taken.
    pub(super) fn take_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let contents = ahead.take(tag)?;
        *self = ahead;
        Some(contents)
    }

    /// The bytes of the next element, which is a bit string of whole bytes.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        self.take(BIT_STRING)?.strip_prefix(&[0])
    }
}

/// The contents of the one element `bytes` consist of.
pub(super) fn alone(bytes: &[u8], tag: u8) -> Option<Der<'_>> {
    let mut der = Der::new(bytes);
    let contents = der.take(tag)?;
    der.is_empty().then_some(Der::new(contents))
}

/// An element of this tag; `None` when it is too long for two bytes of length.
pub(super) fn written(tag: u8, contents: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![tag];
    match contents.len() {
        short @ 0..=0x7F => bytes.push(u8::try_from(short).ok()?),
        middle @ 0x80..=0xFF => bytes.extend([0x81, u8::try_from(middle).ok()?]),
        long => {
            bytes.push(0x82);
            bytes.extend(u16::try_from(long).ok()?.to_be_bytes());
        }
    }
    bytes.extend_from_slice(contents);
    Some(bytes)
}

/// The contents of an unsigned integer without its sign byte; `None` when it is negative, zero or padded.
pub(super) fn unsigned(contents: &[u8]) -> Option<&[u8]> {
    match contents {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Some(rest),
        [1..=0x7F, ..] => Some(contents),
        _ => None,
    }
}

/// The contents an unsigned integer of these bytes has; `None` for zero and for leading zeros.
pub(super) fn integer(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes.first()? {
        0 => None,
        1..=0x7F => written(INTEGER, bytes),
        0x80.. => written(INTEGER, &[&[0], bytes].concat()),
    }
}
