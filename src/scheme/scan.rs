//! How far a text goes on before a byte that means something, for what reads JSON and forms: bodies are mostly long
//! runs of bytes that mean nothing to either. Decides nothing about what a byte means.

/// Looked at byte by byte first: in texts full of meaning the next stop is near.
const NEAR: usize = 16;
/// Looked at together behind that, in a way compilers turn into a few wide comparisons.
const BLOCK: usize = 32;

/// How many bytes of `text` come before the first that `stops` is true for; all of them when there is none.
pub(super) fn until(text: &[u8], stops: impl Fn(u8) -> bool) -> usize {
    let (near, far) = text.split_at_checked(NEAR).unwrap_or((text, &[]));
    if let Some(at) = near.iter().position(|byte| stops(*byte)) {
        return at;
    }
    let is_clear = |block: &&[u8]| !block.iter().fold(false, |any, byte| any | stops(*byte));
    let blocks = far.chunks_exact(BLOCK).take_while(is_clear).count();
    let clear = blocks.saturating_mul(BLOCK);
    let rest = far.get(clear..).unwrap_or(&[]);
    let more = rest.iter().position(|byte| stops(*byte)).unwrap_or(rest.len());
    near.len().saturating_add(clear).saturating_add(more)
}

#[cfg(test)]
mod tests;
