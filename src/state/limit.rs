//! Rate limits in bounded tables.

use std::net::IpAddr;

use crate::base::clock::Mono;
use crate::base::name::KeyId;
use crate::config::settings::Budget;

/// One limit of one scope with one budget; equal over reloads while these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitId(u64);

impl LimitId {
    /// The id of the limit `name` of `scope` (a route's name, or a word for a global one).
    pub fn of(_scope: &str, _name: &str, _budget: &Budget) -> Self {
        Self(0)
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitKey {
    fine: u128,
    coarse: u128,
}

impl LimitKey {
    /// One client: an IPv4 address, or the /64 of an IPv6 address.
    pub fn client(_ip: IpAddr) -> Self {
        Self { fine: 0, coarse: 0 }
    }

    /// One API key.
    pub fn key(_id: &KeyId) -> Self {
        Self { fine: 0, coarse: 0 }
    }

    /// All requests together.
    pub fn route() -> Self {
        Self { fine: 0, coarse: 0 }
    }

    /// Counted by both: one bucket for each pair.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { fine: self.fine ^ other.fine, coarse: self.coarse ^ other.coarse }
    }
}

/// One limit asked for one request.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Which limit.
    pub limit: LimitId,
    /// How much it admits.
    pub budget: Budget,
    /// Whose bucket.
    pub key: LimitKey,
}

/// How far the tightest limit of an admitted request is from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Index of the tightest limit among the asks; no ask has it when there were none.
    pub index: usize,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until more are admitted.
    pub reset_s: u32,
}

/// A limit is used up. Nothing was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Index of the limit among the asks; the one with the longest wait.
    pub index: usize,
    /// Seconds until a request could pass, at least 1.
    pub retry_after_s: u32,
}

/// The counters of every limit.
#[derive(Debug)]
pub struct LimitTables {}

impl LimitTables {
    /// Empty tables for at most `entries` keys.
    pub fn new(_entries: usize) -> Self {
        Self {}
    }

    /// Changes the bound for keys to come.
    pub fn set_entries(&self, _entries: usize) {}

    /// Counts one request against all of `asks`, or against none when one is used up.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn admit(&self, _asks: &[Ask], _now: Mono) -> Result<Standing, Refused> {
        Err(Refused { index: 0, retry_after_s: 1 })
    }

    /// How often a key found no entry of its own since start.
    pub fn overflows(&self) -> u64 {
        0
    }
}
