//! What a tier was asked and what it had.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Counts what a tier does. Only ever grows; read by [`Counters::stats`].
#[derive(Debug, Default)]
pub struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    fills: AtomicU64,
    refused: AtomicU64,
    corrupt: AtomicU64,
    bytes_out: AtomicU64,
    bytes_in: AtomicU64,
    nanoseconds: AtomicU64,
}

/// What a tier did so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TierStats {
    /// Questions it had the answer to.
    pub n_hits: u64,
    /// Questions it had not.
    pub n_misses: u64,
    /// Values it took in.
    pub n_fills: u64,
    /// Values it did not take in: too large, or too busy.
    pub n_refused: u64,
    /// Entries that were found damaged or of another version, and dropped.
    pub n_corrupt: u64,
    /// Bytes of the values it handed out, as it holds them.
    pub bytes_out: u64,
    /// Bytes of the values it took in, as it holds them.
    pub bytes_in: u64,
    /// Time it took to look things up.
    pub time: Duration,
}

impl Counters {
    /// Counts a look-up that began at `since`.
    pub fn looked_up(&self, since: Instant, found_bytes: Option<usize>) {
        match found_bytes {
            Some(bytes) => {
                self.hits.fetch_add(1, Relaxed);
                self.bytes_out.fetch_add(bytes as u64, Relaxed);
            }
            None => {
                self.misses.fetch_add(1, Relaxed);
            }
        }
        let nanoseconds = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }

    /// Counts a value that was taken in.
    pub fn filled(&self, bytes: usize) {
        self.fills.fetch_add(1, Relaxed);
        self.bytes_in.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts a value that was not taken in.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(crate) fn corrupt(&self) {
        self.corrupt.fetch_add(1, Relaxed);
    }

    /// What was counted so far.
    pub fn stats(&self) -> TierStats {
        TierStats {
            n_hits: self.hits.load(Relaxed),
            n_misses: self.misses.load(Relaxed),
            n_fills: self.fills.load(Relaxed),
            n_refused: self.refused.load(Relaxed),
            n_corrupt: self.corrupt.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            time: Duration::from_nanos(self.nanoseconds.load(Relaxed)),
        }
    }
}
