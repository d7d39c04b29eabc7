//! What happened so far, as plain numbers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use vraftls_query::Fault;

use crate::LimitName;

/// What happened in a [`Runtime`](crate::Runtime) since it was made. All but the last two only grow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Pure calls that ran.
    pub index_calls: u64,
    /// Engine calls that ran.
    pub engine_calls: u64,
    /// Time that pure calls ran, waiting left out.
    pub index_time: Duration,
    /// Time that engine calls ran, waiting left out.
    pub engine_time: Duration,
    /// Calls that went before a less urgent one.
    pub overtakings: u64,
    /// Calls that stopped for a more urgent one, to be run again. One that does so twice counts twice.
    pub preempted: u64,
    /// Calls skipped because nobody waited any more before their turn came.
    pub skipped: u64,
    /// Calls refused because too many wait.
    pub refused_busy: u64,
    /// Of those, the ones whose own session has too many.
    pub refused_flooding: u64,
    /// Calls refused because their project is in quarantine.
    pub refused_quarantined: u64,
    /// Instances that were lost by a trap, limits and deadlines included.
    pub traps: u64,
    /// Calls that were trapped because they went on after their deadline or without anybody waiting.
    pub interrupted: u64,
    /// Replies that broke the contract.
    pub bad_replies: u64,
    /// Lines of guests' logs that were dropped or cut.
    pub log_lines_dropped: u64,
    /// How often each limit was reached.
    pub limit_hits: BTreeMap<&'static str, u64>,
    /// Engines that were started.
    pub engines_started: u64,
    /// Engines that were dropped: idle, evicted or lost.
    pub engines_dropped: u64,
    /// Engines whose memory was kept for a later process.
    pub engines_kept: u64,
    /// How often an engine did what could wait.
    pub engines_rested: u64,
    /// Engines that started from memory that was kept.
    pub engines_taken_up: u64,
    /// Components that were compiled.
    pub components_compiled: u64,
    /// Components that were mapped from an artifact.
    pub artifacts_loaded: u64,
    /// Artifacts that were not what they claim to be.
    pub artifacts_rejected: u64,
    /// Engines alive now.
    pub engines: u64,
    /// Linear memory of all engines now, in bytes.
    pub engines_memory_bytes: u64,
}

/// One number, raised from any thread.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn add_time(&self, time: Duration) {
        self.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The numbers behind [`Counters`].
#[derive(Debug, Default)]
pub(crate) struct CounterCells {
    pub(crate) index_calls: Counter,
    pub(crate) engine_calls: Counter,
    pub(crate) index_time_ns: Counter,
    pub(crate) engine_time_ns: Counter,
    pub(crate) overtakings: Counter,
    pub(crate) preempted: Counter,
    pub(crate) skipped: Counter,
    pub(crate) refused_busy: Counter,
    pub(crate) refused_flooding: Counter,
    pub(crate) refused_quarantined: Counter,
    pub(crate) traps: Counter,
    pub(crate) interrupted: Counter,
    pub(crate) bad_replies: Counter,
    pub(crate) log_lines_dropped: Counter,
    limit_hits: [Counter; LimitName::ALL.len()],
    pub(crate) engines_started: Counter,
    pub(crate) engines_dropped: Counter,
    pub(crate) engines_kept: Counter,
    pub(crate) engines_rested: Counter,
    pub(crate) engines_taken_up: Counter,
    pub(crate) components_compiled: Counter,
    pub(crate) artifacts_loaded: Counter,
    pub(crate) artifacts_rejected: Counter,
}

impl CounterCells {
    pub(crate) fn limit_hit(&self, name: LimitName) {
        self.limit_hits[name as usize].increment();
    }

    /// Counts the faults that are not counted where they arise.
    pub(crate) fn fault(&self, fault: &Fault) {
        match fault {
            Fault::BadReply(_) => self.bad_replies.increment(),
            Fault::Busy => self.refused_busy.increment(),
            _ => {}
        }
    }

    pub(crate) fn read(&self, engines: u64, engines_memory_bytes: u64) -> Counters {
        Counters {
            index_calls: self.index_calls.get(),
            engine_calls: self.engine_calls.get(),
            index_time: Duration::from_nanos(self.index_time_ns.get()),
            engine_time: Duration::from_nanos(self.engine_time_ns.get()),
            overtakings: self.overtakings.get(),
            preempted: self.preempted.get(),
            skipped: self.skipped.get(),
            refused_busy: self.refused_busy.get(),
            refused_flooding: self.refused_flooding.get(),
            refused_quarantined: self.refused_quarantined.get(),
            traps: self.traps.get(),
            interrupted: self.interrupted.get(),
            bad_replies: self.bad_replies.get(),
            log_lines_dropped: self.log_lines_dropped.get(),
            limit_hits: LimitName::ALL
                .into_iter()
                .map(|name| (name.as_str(), self.limit_hits[name as usize].get()))
                .filter(|(_, hits)| *hits > 0)
                .collect(),
            engines_started: self.engines_started.get(),
            engines_dropped: self.engines_dropped.get(),
            engines_kept: self.engines_kept.get(),
            engines_rested: self.engines_rested.get(),
            engines_taken_up: self.engines_taken_up.get(),
            components_compiled: self.components_compiled.get(),
            artifacts_loaded: self.artifacts_loaded.get(),
            artifacts_rejected: self.artifacts_rejected.get(),
            engines,
            engines_memory_bytes,
        }
    }
}
