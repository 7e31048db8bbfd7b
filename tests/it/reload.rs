//! Reloading while serving: never lost, never half, never judged by what is no longer so.

mod inputs;
mod kept;
mod networks;
mod swaps;
