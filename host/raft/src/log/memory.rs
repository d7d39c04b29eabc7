//! What a group's log looks like now: its bounds, and its newest entries.
//!
//! The truth is here from the moment an operation is accepted; the disk follows. Entries stay until they are on disk,
//! and beyond that up to a budget, so that replication and applying rarely read the disk. Pure: no disk, no threads.

use std::collections::VecDeque;
use std::ops::Range;

use openraft::entry::RaftEntry as _;

use crate::types::{Entry, LogId, Vote};

/// An entry in memory.
#[derive(Debug)]
struct Held {
    entry: Entry,
    /// Size of its encoding.
    bytes: usize,
    /// The operation that wrote it; on disk once this operation is.
    sequence: u64,
}

/// The bounds and the tail of one group's log.
#[derive(Debug, Default)]
pub(super) struct LogMemory {
    pub(super) vote: Option<Vote>,
    pub(super) committed: Option<LogId>,
    /// The committed position has changed since it was last written down.
    pub(super) committed_is_dirty: bool,
    /// Entries up to here, inclusive, are gone.
    pub(super) purged: Option<LogId>,
    /// The last entry, or `purged` if there is none after it.
    pub(super) last: Option<LogId>,
    /// Index of the first entry, if there is any.
    first_index: u64,
    /// Consecutive entries that end with `last`.
    tail: VecDeque<Held>,
    tail_bytes: usize,
    /// Counts operations.
    sequence: u64,
}

/// How a read is to be served.
#[derive(Debug, PartialEq)]
pub(super) struct ReadPlan {
    /// Indices to read from disk first.
    pub(super) cold: Range<u64>,
    /// Entries that follow those.
    pub(super) hot: Vec<Entry>,
}

/// An append that does not continue the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {found} does not follow {last:?}")]
pub(super) struct Hole {
    found: u64,
    last: Option<u64>,
}

impl LogMemory {
    /// A log as it was found on disk.
    pub(super) fn recovered(
        vote: Option<Vote>,
        committed: Option<LogId>,
        purged: Option<LogId>,
        last: Option<LogId>,
        first_index: u64,
    ) -> Self {
        Self { vote, committed, purged, last, first_index, ..Self::default() }
    }

    /// The number of the operation that comes next.
    pub(super) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// The first index that is in memory; one past the last entry if none is.
    fn tail_start(&self) -> u64 {
        match self.tail.front() {
            Some(held) => held.entry.index(),
            None => self.last.as_ref().map_or(0, |last| last.index + 1),
        }
    }

    /// Adds entries with the sizes of their encodings. Changes nothing on error.
    pub(super) fn append(&mut self, entries: Vec<(Entry, usize)>, sequence: u64) -> Result<(), Hole> {
        let mut last = self.last.as_ref().map(|last| last.index);
        for (entry, _) in &entries {
            let found = entry.index();
            // An empty log may start anywhere: after a snapshot it continues the leader's.
            if last.is_some_and(|last| last + 1 != found) {
                return Err(Hole { found, last });
            }
            last = Some(found);
        }
        for (entry, bytes) in entries {
            if self.last.is_none() {
                self.first_index = entry.index();
            }
            self.last = Some(entry.log_id());
            self.tail_bytes += bytes;
            self.tail.push_back(Held { entry, bytes, sequence });
        }
        Ok(())
    }

    /// Drops the entries after `keep`; all of them for `None`.
    pub(super) fn truncate_after(&mut self, keep: Option<LogId>) {
        while let Some(held) = self.tail.back()
            && keep.as_ref().is_none_or(|keep| held.entry.index() > keep.index)
        {
            self.tail_bytes -= held.bytes;
            self.tail.pop_back();
        }
        if self.last > keep {
            self.last = keep;
        }
        self.last = self.last.max(self.purged);
    }

    /// Drops the entries up to `upto`, which may lie beyond the end of the log.
    pub(super) fn purge(&mut self, upto: LogId) {
        while let Some(held) = self.tail.front()
            && held.entry.index() <= upto.index
        {
            self.tail_bytes -= held.bytes;
            self.tail.pop_front();
        }
        self.purged = self.purged.max(Some(upto));
        self.first_index = self.first_index.max(upto.index + 1);
        if self.last.as_ref().is_none_or(|last| last.index < upto.index) {
            self.last = Some(upto);
        }
    }

    /// Forgets the oldest entries in memory that are on disk, until `bytes_max` is kept or the rest is not on disk.
    pub(super) fn evict(&mut self, flushed_sequence: u64, bytes_max: usize) {
        while self.tail_bytes > bytes_max
            && let Some(held) = self.tail.front()
            && held.sequence <= flushed_sequence
        {
            self.tail_bytes -= held.bytes;
            self.tail.pop_front();
        }
    }

    /// Plans to read `range`, stopping once `bytes_max` of entries in memory are collected.
    pub(super) fn plan_read(&self, range: Range<u64>, bytes_max: usize) -> ReadPlan {
        let end = self.last.as_ref().map_or(0, |last| last.index + 1);
        let range = range.start.max(self.first_index)..range.end.min(end);
        if range.is_empty() {
            return ReadPlan { cold: 0..0, hot: Vec::new() };
        }
        let tail_start = self.tail_start();
        let hot_range = range.start.max(tail_start)..range.end;
        let mut hot = Vec::new();
        if !hot_range.is_empty() {
            let mut bytes = 0;
            let skip = usize::try_from(hot_range.start - tail_start).expect("the tail is in memory");
            let take = usize::try_from(hot_range.end - hot_range.start).expect("the tail is in memory");
            for held in self.tail.iter().skip(skip).take(take) {
                if bytes > 0 && bytes + held.bytes > bytes_max {
                    break;
                }
                bytes += held.bytes;
                hot.push(held.entry.clone());
            }
        }
        ReadPlan { cold: range.start..range.end.min(tail_start), hot }
    }

    /// Bytes of entries held.
    #[cfg(test)]
    pub(super) fn tail_bytes(&self) -> usize {
        self.tail_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::types::{LeaderId, Payload};

    fn id(term: u64, index: u64) -> LogId {
        LogId::new(LeaderId { term, node_id: NodeId(1) }, index)
    }

    fn entries(term: u64, indices: Range<u64>) -> Vec<(Entry, usize)> {
        indices.map(|index| (Entry::new(id(term, index), Payload::Blank), 10)).collect()
    }

    fn indices(plan: &ReadPlan) -> Vec<u64> {
        plan.hot.iter().map(|entry| entry.index()).collect()
    }

    #[test]
    fn an_append_that_leaves_a_hole_is_refused() {
        let mut memory = LogMemory::default();
        memory.append(entries(1, 0..3), 1).expect("starts the log");
        assert_eq!(memory.append(entries(1, 4..5), 2), Err(Hole { found: 4, last: Some(2) }));
        assert_eq!(memory.append(entries(1, 2..3), 2), Err(Hole { found: 2, last: Some(2) }));
        assert_eq!(memory.last, Some(id(1, 2)));
    }

    #[test]
    fn only_what_is_on_disk_is_evicted() {
        let mut memory = LogMemory::default();
        memory.append(entries(1, 0..3), 1).expect("appends");
        memory.append(entries(1, 3..6), 2).expect("appends");
        memory.evict(1, 0);
        assert_eq!(memory.tail_bytes(), 30);
        let plan = memory.plan_read(0..10, usize::MAX);
        assert_eq!(plan.cold, 0..3);
        assert_eq!(indices(&plan), [3, 4, 5]);
    }

    #[test]
    fn an_index_written_again_after_a_truncation_stays_until_its_own_write_is_on_disk() {
        let mut memory = LogMemory::default();
        memory.append(entries(1, 0..3), 1).expect("appends");
        memory.truncate_after(Some(id(1, 0)));
        memory.append(entries(2, 1..3), 3).expect("appends");
        memory.evict(1, 0);
        let plan = memory.plan_read(0..3, usize::MAX);
        assert_eq!((plan.cold.clone(), indices(&plan)), (0..1, vec![1, 2]));
        assert_eq!(memory.last, Some(id(2, 2)));
    }

    #[test]
    fn truncating_below_what_is_in_memory_leaves_the_disk_part_readable() {
        let mut memory = LogMemory::default();
        memory.append(entries(1, 0..6), 1).expect("appends");
        memory.evict(1, 20);
        memory.truncate_after(Some(id(1, 2)));
        assert_eq!(memory.plan_read(0..9, usize::MAX), ReadPlan { cold: 0..3, hot: vec![] });
        memory.append(entries(2, 3..4), 2).expect("appends");
        let plan = memory.plan_read(0..9, usize::MAX);
        assert_eq!((plan.cold.clone(), indices(&plan)), (0..3, vec![3]));
    }

    #[test]
    fn purging_beyond_the_end_moves_the_end() {
        let mut memory = LogMemory::default();
        memory.append(entries(1, 0..3), 1).expect("appends");
        memory.purge(id(2, 9));
        assert_eq!((memory.purged, memory.last), (Some(id(2, 9)), Some(id(2, 9))));
        assert_eq!(memory.tail_bytes(), 0);
        memory.append(entries(3, 10..11), 2).expect("continues after the purged part");
    }

    #[test]
    fn a_limited_read_returns_at_least_one_entry() {
        let mut memory = LogMemory::default();
        memory.append(entries(1, 0..6), 1).expect("appends");
        assert_eq!(indices(&memory.plan_read(2..6, 1)), [2]);
        assert_eq!(indices(&memory.plan_read(2..6, 25)), [2, 3]);
    }

    #[test]
    fn truncating_everything_after_a_purge_ends_at_the_purged_position() {
        let mut memory = LogMemory::default();
        memory.append(entries(1, 0..6), 1).expect("appends");
        memory.purge(id(1, 2));
        memory.truncate_after(None);
        assert_eq!(memory.last, Some(id(1, 2)));
    }
}
