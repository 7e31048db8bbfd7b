//! Rate limits: hard sliding windows and smoothing, many at once, in tables of bounded size.
//!
//! Decides whether a request is within its limits and counts it; knows neither routes nor answers. Called by the quota
//! check, after authentication. Memory: 64 bytes an entry (a seventh more for free slots), 256 bytes more for every
//! sixteenth that is busy, 2 MiB of shared cells at most: 96 bytes an entry, whatever the limits.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::shard::{Place, Shard};
use self::slot::{Pool, Word};
use super::keyed;
use crate::base::clock::Mono;
use crate::base::name::KeyId;
use crate::config::settings::Budget;

mod shard;
pub(in crate::state) mod slot;

/// Most limits asked for one request. More are refused: they could not be charged together.
pub const MOST_ASKS: usize = 16;

const MOST_SHARDS: usize = 64;
/// Every sixteenth key may be busy in more buckets than fit inline.
const BUSY: usize = 16;

/// One limit of one scope with one budget; equal over reloads while these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitId(u64);

impl LimitId {
    /// The id of the limit `name` of `scope` (a route's name, or a word for a global one).
    pub fn of(scope: &str, name: &str, budget: &Budget) -> Self {
        let mut hasher = DefaultHasher::new();
        (scope, name).hash(&mut hasher);
        match budget {
            Budget::Window { limit, window } => (0, *limit, *window).hash(&mut hasher),
            Budget::Smooth { interval, burst } => (1, *burst, *interval).hash(&mut hasher),
        }
        Self(hasher.finish())
    }
}

/// What the limits know an API key by; made once, when the key is read. 64 bits of SipHash under a key drawn at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyMark(u64);

impl KeyMark {
    /// The mark of the key with this id; the same until the process ends, so that counts outlive a reload.
    pub fn of(id: &KeyId) -> Self {
        Self(keyed::hash(&("key", id.as_str())) as u64)
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitKey {
    /// Hash of the one counted.
    fine: u128,
    /// Whom it shares with when there is no room.
    coarse: u128,
}

impl LimitKey {
    /// One client: an IPv4 address, or the /64 of an IPv6 address. Without room: the /24 or /48.
    pub fn client(ip: IpAddr) -> Self {
        let (fine, coarse) = match ip.to_canonical() {
            IpAddr::V4(ip) => ((4_u8, u64::from(u32::from(ip))), 4 << 64 | u128::from(u32::from(ip) >> 8)),
            IpAddr::V6(ip) => {
                let network = (u128::from(ip) >> 64) as u64;
                ((6, network), 6 << 64 | u128::from(network >> 16))
            }
        };
        Self { fine: keyed::hash(&fine), coarse }
    }

    /// One API key.
    pub fn key(mark: KeyMark) -> Self {
        let fine = mixed(u128::from(mark.0), 1);
        Self { fine, coarse: fine }
    }

    /// All requests together.
    pub fn route() -> Self {
        Self { fine: 1, coarse: 1 }
    }

    /// Counted by both: one bucket for each pair.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { fine: mixed(self.fine, other.fine), coarse: mixed(self.coarse, other.coarse) }
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

impl Ask {
    /// The entry's key in the tables; never 0.
    fn place(&self) -> u128 {
        mixed(self.key.fine, u128::from(self.limit.0)).max(1)
    }
}

/// How far the tightest limit of an admitted request is from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Index of the tightest limit among the asks; no ask has it when there were none.
    pub index: usize,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until more are admitted, rounded up.
    pub reset_s: u32,
}

/// A limit is used up. Nothing was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Index of the limit among the asks; the one with the longest wait.
    pub index: usize,
    /// Seconds until a request could pass, rounded up, at least 1.
    pub retry_after_s: u32,
}

/// The counters of every limit.
#[derive(Debug)]
pub struct LimitTables {
    shards: Vec<Mutex<Shard>>,
    /// Entries one shard may hold.
    most: AtomicUsize,
    pool: Arc<Pool>,
    overflows: AtomicU64,
}

/// The shards of one request, locked in ascending order so that no two requests wait for each other.
type Held<'a> = [Option<(usize, MutexGuard<'a, Shard>)>; MOST_ASKS];

impl LimitTables {
    /// Empty tables for about `entries` keys over all limits.
    pub fn new(entries: usize) -> Self {
        let shards = (entries / 64).clamp(1, MOST_SHARDS);
        let tables = Self {
            shards: std::iter::repeat_with(|| Mutex::new(Shard::new())).take(shards).collect(),
            most: AtomicUsize::new(0),
            pool: Pool::new((entries / BUSY).max(BUSY)),
            overflows: AtomicU64::new(0),
        };
        tables.set_entries(entries);
        tables
    }

    /// Changes the bound for keys to come; keys already counted stay until their time is over.
    pub fn set_entries(&self, entries: usize) {
        self.most.store(entries.div_ceil(self.shards.len()).max(1), Ordering::Relaxed);
    }

    /// Counts one request against all of `asks`, or against none when one is used up.
    ///
    /// # Errors
    /// [`Refused`] by the limit with the longest wait; also when there are more than [`MOST_ASKS`], and when a key
    /// finds no place in a table full of others: a request that cannot be counted is not admitted.
    pub fn admit(&self, asks: &[Ask], now: Mono) -> Result<Standing, Refused> {
        if let [ask] = asks {
            return self.admit_one(ask, now);
        }
        if asks.len() > MOST_ASKS {
            return Err(Refused { index: MOST_ASKS, retry_after_s: 1 });
        }
        let most = self.most.load(Ordering::Relaxed);
        let mut held = self.lock(asks);
        let mut tightest = Standing { index: usize::MAX, remaining: u32::MAX, reset_s: 0 };
        let mut longest: Option<Refused> = None;
        for (index, ask) in asks.iter().enumerate() {
            let told = self.held(&mut held, ask).and_then(|shard| shard.ask(ask, now, most));
            if told.is_none_or(|(_, place)| place == Place::Shared) {
                self.overflows.fetch_add(1, Ordering::Relaxed);
            }
            match told.map_or(Word::No { until: now.0 }, |(word, _)| word) {
                Word::Yes { remaining, more_at }
                    if tightest.index == usize::MAX || remaining < tightest.remaining =>
                {
                    tightest = Standing { index, remaining, reset_s: seconds(now, more_at) };
                }
                Word::Yes { .. } => {}
                Word::No { until } => {
                    let retry_after_s = seconds(now, until).max(1);
                    if longest.is_none_or(|longest| longest.retry_after_s < retry_after_s) {
                        longest = Some(Refused { index, retry_after_s });
                    }
                }
            }
        }
        if let Some(refused) = longest {
            return Err(refused);
        }
        for ask in asks {
            if let Some(shard) = self.held(&mut held, ask) {
                shard.take(ask, (now, most), &self.pool);
            }
        }
        Ok(tightest)
    }

    /// One limit alone, as most routes have it: nothing else can refuse, so it is asked and charged in one go.
    fn admit_one(&self, ask: &Ask, now: Mono) -> Result<Standing, Refused> {
        let most = self.most.load(Ordering::Relaxed);
        let told = self.shards.get(self.shard_of(ask)).and_then(|shard| {
            shard.lock().unwrap_or_else(PoisonError::into_inner).admit(ask, (now, most), &self.pool)
        });
        if told.is_none_or(|(_, place)| place == Place::Shared) {
            self.overflows.fetch_add(1, Ordering::Relaxed);
        }
        match told.map_or(Word::No { until: now.0 }, |(word, _)| word) {
            Word::Yes { remaining, more_at } => {
                Ok(Standing { index: 0, remaining, reset_s: seconds(now, more_at) })
            }
            Word::No { until } => Err(Refused { index: 0, retry_after_s: seconds(now, until).max(1) }),
        }
    }

    /// How often since start a key had no entry of its own, because the table was full of others.
    pub fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }

    fn lock(&self, asks: &[Ask]) -> Held<'_> {
        let mut held: Held<'_> = std::array::from_fn(|_| None);
        let mut from = 0;
        for slot in &mut held {
            let next = asks.iter().map(|ask| self.shard_of(ask)).filter(|shard| *shard >= from).min();
            let Some((index, shard)) = next.and_then(|index| Some((index, self.shards.get(index)?))) else {
                break;
            };
            *slot = Some((index, shard.lock().unwrap_or_else(PoisonError::into_inner)));
            from = index + 1;
        }
        held
    }

    fn held<'a>(&self, held: &'a mut Held<'_>, ask: &Ask) -> Option<&'a mut Shard> {
        let wanted = self.shard_of(ask);
        held.iter_mut().flatten().find(|(index, _)| *index == wanted).map(|(_, shard)| &mut **shard)
    }

    fn shard_of(&self, ask: &Ask) -> usize {
        keyed::part(ask.place(), self.shards.len())
    }
}

/// Two hashes as one; the order counts and equal ones do not cancel.
fn mixed(a: u128, b: u128) -> u128 {
    (a ^ b.rotate_left(17).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
        .wrapping_mul(0xD6E8_FEB8_6659_FD93_2545_F491_4F6C_DD1D)
        .rotate_left(59)
}

/// Whole seconds from `now` until `then`, rounded up.
fn seconds(now: Mono, then: u64) -> u32 {
    u32::try_from(then.saturating_sub(now.0).div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
