//! What the log's writer has done, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets of the latency histogram; bucket `i` counts barriers shorter than `2^i` microseconds.
pub const LATENCY_BUCKETS: usize = 24;

/// Counters of one log store. Relaxed: they are read for display only.
#[derive(Debug, Default)]
pub(super) struct LogStats {
    barriers: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    latency_us_sum: AtomicU64,
    latency_us_max: AtomicU64,
    latency_buckets: [AtomicU64; LATENCY_BUCKETS],
}

/// A reading of the counters of a log store since it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogStatsSnapshot {
    /// Barriers completed: each made one batch of writes of any number of groups durable.
    pub barriers: u64,
    /// Entries made durable.
    pub entries: u64,
    /// Bytes written, keys included.
    pub bytes: u64,
    /// Time spent writing and syncing, in microseconds.
    pub latency_us_sum: u64,
    /// The slowest write and sync, in microseconds.
    pub latency_us_max: u64,
    /// How many took less than `2^i` microseconds and not less than `2^(i-1)`; the last bucket has the rest.
    pub latency_buckets: [u64; LATENCY_BUCKETS],
}

impl LogStats {
    pub(super) fn record_barrier(&self, entries: u64, bytes: u64, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - us.leading_zeros()).min(LATENCY_BUCKETS as u32 - 1);
        self.barriers.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.latency_us_sum.fetch_add(us, Ordering::Relaxed);
        self.latency_us_max.fetch_max(us, Ordering::Relaxed);
        self.latency_buckets[bucket as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> LogStatsSnapshot {
        LogStatsSnapshot {
            barriers: self.barriers.load(Ordering::Relaxed),
            entries: self.entries.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            latency_us_sum: self.latency_us_sum.load(Ordering::Relaxed),
            latency_us_max: self.latency_us_max.load(Ordering::Relaxed),
            latency_buckets: std::array::from_fn(|i| self.latency_buckets[i].load(Ordering::Relaxed)),
        }
    }
}
