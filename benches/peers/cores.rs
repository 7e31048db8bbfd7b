//! Who runs on which core: load generator and origin share one, the proxy that is measured has another for itself.
//!
//! Every proxy is treated alike, so the ratios are fair; the absolute numbers are those of a proxy that does not share
//! its caches with the load. On a machine with one core all of them share it, and the report says so.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::trouble::{Tried, Trouble};

/// Two cores of those this process may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) load: usize,
    pub(crate) proxy: usize,
}

impl Cores {
    /// The first two cores allowed, and this thread put on the first: threads it starts inherit that.
    pub(crate) fn take() -> Tried<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut numbers = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let load = numbers.next().ok_or_else(|| Trouble::new("no core may be used"))?;
        let cores = Self { load, proxy: numbers.next().unwrap_or(load) };
        stand_on(cores.load)?;
        Ok(cores)
    }

    /// Does `work` on the proxy's core; processes started inside stay there.
    pub(crate) fn as_proxy<T>(self, work: impl FnOnce() -> Tried<T>) -> Tried<T> {
        stand_on(self.proxy)?;
        let done = work();
        stand_on(self.load)?;
        done
    }

    pub(crate) fn are_apart(self) -> bool {
        self.load != self.proxy
    }
}

fn stand_on(core: usize) -> Tried<()> {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only)?;
    Ok(())
}
