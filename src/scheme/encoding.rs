//! How bytes are written as text in signatures and secrets. Strict: one alphabet, no white space, no sniffing.
//! Called by `candidates` (signatures), `mac` (keys) and `sign`.

use data_encoding::{
    BASE64, BASE64_NOPAD, BASE64URL_NOPAD, Encoding as Alphabet, HEXLOWER, HEXLOWER_PERMISSIVE,
};

/// Longest decoded signature, bytes: SHA-512.
pub(super) const LONGEST_TAG: usize = 64;

/// An encoding of bytes as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Base 16; both cases are read, lower case is written.
    Hex,
    /// RFC 4648 §4; padding may be absent when read, is written.
    Base64,
    /// RFC 4648 §5; padding may be absent when read, is not written.
    Base64Url,
}

impl Encoding {
    /// The encoding of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "hex" => Some(Self::Hex),
            "base64" => Some(Self::Base64),
            "base64url" => Some(Self::Base64Url),
            _ => None,
        }
    }

    /// Decodes into `out`; the number of bytes written, or `None` when the text is not of this encoding or too long.
    pub(super) fn decode_into(self, text: &[u8], out: &mut [u8; LONGEST_TAG]) -> Option<usize> {
        let (alphabet, text) = self.reader(text)?;
        let length = alphabet.decode_len(text.len()).ok()?;
        alphabet.decode_mut(text, out.get_mut(..length)?).ok()
    }

    /// Decodes the whole text; `None` when it is not of this encoding.
    pub(super) fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        let (alphabet, text) = self.reader(text)?;
        alphabet.decode(text).ok()
    }

    /// The bytes as text.
    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => HEXLOWER.encode(bytes),
            Self::Base64 => BASE64.encode(bytes),
            Self::Base64Url => BASE64URL_NOPAD.encode(bytes),
        }
    }

    fn reader(self, text: &[u8]) -> Option<(Alphabet, &[u8])> {
        Some(match self {
            Self::Hex => (HEXLOWER_PERMISSIVE, text),
            Self::Base64 => (BASE64_NOPAD, unpadded(text)?),
            Self::Base64Url => (BASE64URL_NOPAD, unpadded(text)?),
        })
    }
}

/// Cuts off padding that is right for the length. The padded decoders of the crate are not used: they read several
/// padded texts one after the other as one.
fn unpadded(text: &[u8]) -> Option<&[u8]> {
    let bare = match text {
        [bare @ .., b'=', b'='] | [bare @ .., b'='] => bare,
        bare => return Some(bare),
    };
    text.len().is_multiple_of(4).then_some(bare)
}

#[cfg(test)]
mod tests;
