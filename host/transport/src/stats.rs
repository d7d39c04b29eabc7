//! What was carried, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Lane;

/// What one lane carried from this node since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaneStats {
    /// Requests, replies and pieces.
    pub n_records: u64,
    /// Messages: batches of records.
    pub n_messages: u64,
    /// Their bytes.
    pub n_bytes: u64,
    /// Connections made to others.
    pub n_dialed: u64,
    /// Tries that failed.
    pub n_failures: u64,
}

#[derive(Debug, Default)]
struct Counters {
    records: AtomicU64,
    messages: AtomicU64,
    bytes: AtomicU64,
    dialed: AtomicU64,
    failures: AtomicU64,
}

/// Counts what is carried, by lanes.
#[derive(Debug, Default)]
pub struct Stats([Counters; Lane::ALL.len()]);

impl Stats {
    /// What a lane carried.
    pub fn lane(&self, lane: Lane) -> LaneStats {
        let counters = &self.0[lane as usize];
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LaneStats {
            n_records: read(&counters.records),
            n_messages: read(&counters.messages),
            n_bytes: read(&counters.bytes),
            n_dialed: read(&counters.dialed),
            n_failures: read(&counters.failures),
        }
    }

    pub(crate) fn sent(&self, lane: Lane, n_records: u64, n_bytes: usize) {
        let counters = &self.0[lane as usize];
        counters.records.fetch_add(n_records, Ordering::Relaxed);
        counters.messages.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn dialed(&self, lane: Lane, is_up: bool) {
        let counters = &self.0[lane as usize];
        let counter = if is_up { &counters.dialed } else { &counters.failures };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
