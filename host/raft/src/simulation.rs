//! One thread, one clock, one source of chance: what a simulation needs so that a run can be repeated.
//!
//! A running group otherwise uses three things that no seed decides: the thread that writes the log, the pool of threads
//! for work that blocks, and random numbers for election timeouts and the phases of timers. While a [`Simulated`] lives
//! on a thread, log stores that are opened there write in a task of the runtime, blocking work runs in tasks too, and
//! random numbers follow from the seed. Together with a single-threaded tokio runtime whose clock is paused nothing is
//! left that runs differently a second time.
//!
//! It refuses to know which faults there are: disks and networks that fail are handed in by whoever simulates.

use std::cell::Cell;
use std::marker::PhantomData;
use std::time::Duration;

thread_local! {
    /// Where the random numbers of this thread stand; `None` outside of a simulation.
    static CHANCE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The simulation of this thread; it ends when this is dropped.
#[derive(Debug)]
#[must_use = "the simulation ends when this is dropped"]
pub struct Simulated {
    /// Belongs to the thread that made it.
    thread: PhantomData<*const ()>,
}

/// Makes this thread a simulated one, for tests.
///
/// Groups and log stores must be opened, used and dropped on it, within a single-threaded runtime that it drives. States
/// must be small: a snapshot of more than about a MiB does not fit the window that nobody empties meanwhile, and panics.
///
/// # Panics
/// If the thread is simulated already.
pub fn enter(seed: u64) -> Simulated {
    assert!(!is_on(), "one simulation at a time on a thread");
    CHANCE.set(Some(seed));
    Simulated { thread: PhantomData }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        CHANCE.set(None);
    }
}

pub(crate) fn is_on() -> bool {
    CHANCE.get().is_some()
}

/// The next random number of the simulation, if there is one: SplitMix64.
pub(crate) fn next_number() -> Option<u64> {
    let state = CHANCE.get()?.wrapping_add(0x9e37_79b9_7f4a_7c15);
    CHANCE.set(Some(state));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Some(mixed ^ (mixed >> 31))
}

/// Lets the time pass that a disk takes to sync: a few milliseconds, and now and then much more.
pub(crate) async fn sync_takes() {
    let number = next_number().unwrap_or(0);
    let ms = if number.is_multiple_of(16) { (number >> 8) % 60 } else { (number >> 8) % 4 };
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Lets the time pass until a thread of the pool has done its work: mostly none.
pub(crate) async fn pool_takes() {
    let number = next_number().unwrap_or(0);
    if number.is_multiple_of(4) {
        tokio::time::sleep(Duration::from_millis((number >> 8) % 5)).await;
    } else {
        tokio::task::yield_now().await;
    }
}
