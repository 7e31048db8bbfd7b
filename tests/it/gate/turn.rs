//! Who may run at the same time: ordinary tests share the machine, heavy ones have it alone.

use std::cell::RefCell;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static MACHINE: RwLock<()> = RwLock::new(());

thread_local! {
    static HELD: RefCell<(usize, Option<RwLockReadGuard<'static, ()>>)> = const { RefCell::new((0, None)) };
    static ALONE: RefCell<bool> = const { RefCell::new(false) };
}

/// A share of the machine, taken by every gate; nests within one thread.
#[derive(Debug)]
pub(crate) struct Turn {
    counted: bool,
}

/// The whole machine, for tests that measure or press hard.
#[derive(Debug)]
pub(crate) struct Alone {
    _guard: RwLockWriteGuard<'static, ()>,
}

/// Waits until every other test is between gates, and keeps it so.
pub(crate) fn alone() -> Alone {
    let guard = MACHINE.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    ALONE.with(|alone| *alone.borrow_mut() = true);
    Alone { _guard: guard }
}

impl Turn {
    pub(super) fn take() -> Self {
        if ALONE.with(|alone| *alone.borrow()) {
            return Self { counted: false };
        }
        HELD.with(|held| {
            let mut held = held.borrow_mut();
            if held.0 == 0 {
                held.1 = Some(MACHINE.read().unwrap_or_else(std::sync::PoisonError::into_inner));
            }
            held.0 += 1;
        });
        Self { counted: true }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.counted {
            HELD.with(|held| {
                let mut held = held.borrow_mut();
                held.0 -= 1;
                if held.0 == 0 {
                    held.1 = None;
                }
            });
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        ALONE.with(|alone| *alone.borrow_mut() = false);
    }
}
