//! The log of one group, as consensus uses it.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openraft::entry::RaftEntry as _;
use openraft::storage::{LogState, RaftLogReader, RaftLogStorage};
use openraft::{OptionalSend, RaftTypeConfig};
use tokio::sync::oneshot;

use super::memory::{LogMemory, ReadPlan};
use super::pending::Operation;
use super::{Shared, keys, recover};
use crate::blocking;
use crate::error::StorageError;
use crate::ids::GroupId;
use crate::types::{Callback, Entry, LogId, Types, Vote};
use crate::wire;

/// Bytes of entries in one message to a follower. An entry that is longer travels alone.
const REPLICATION_BYTES_MAX: usize = 1 << 20;

/// One group's log between its handles and the writer.
pub(crate) struct GroupShared {
    pub(super) group: GroupId,
    memory: Mutex<LogMemory>,
    /// The last operation that is durable.
    flushed_sequence: AtomicU64,
    tail_bytes_max: usize,
    /// The group was shut down; handles that linger in its tasks may not write any more.
    is_released: AtomicBool,
}

impl GroupShared {
    pub(super) fn new(group: GroupId, memory: LogMemory, tail_bytes_max: usize) -> Self {
        Self {
            group,
            memory: Mutex::new(memory),
            flushed_sequence: AtomicU64::new(0),
            tail_bytes_max,
            is_released: AtomicBool::new(false),
        }
    }

    /// Every change under this lock is complete before it is released, panic or not.
    fn memory(&self) -> MutexGuard<'_, LogMemory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_flushed(&self, sequence: u64) {
        self.flushed_sequence.store(sequence, Ordering::Release);
    }

    /// The committed position, if it changed since this was last asked.
    pub(super) fn take_dirty_committed(&self) -> Option<LogId> {
        let mut memory = self.memory();
        if std::mem::take(&mut memory.committed_is_dirty) { memory.committed } else { None }
    }
}

/// A handle to one group's log: the one writer consensus has, and any number of readers.
#[derive(Clone)]
pub(crate) struct GroupLog {
    store: Arc<Shared>,
    log: Arc<GroupShared>,
}

impl GroupLog {
    pub(super) fn new(store: Arc<Shared>, log: Arc<GroupShared>) -> Self {
        Self { store, log }
    }

    /// The last entry, durable or not.
    pub(crate) fn last(&self) -> Option<LogId> {
        self.log.memory().last
    }

    /// Makes everything durable and lets the group be opened again, although tasks may still hold handles.
    pub(crate) async fn release(&self) {
        self.log.is_released.store(true, Ordering::Release);
        let (done, flushed) = oneshot::channel();
        let flush = Operation::Flush { done };
        // A store that has failed or was closed has nothing to make durable.
        if self.store.queue.send(flush).await.is_ok()
            && let Ok(Err(error)) = flushed.await
        {
            tracing::warn!(group = %self.log.group, error = %error.chain(), "the log could not be flushed at the end");
        }
        self.store.registry.forget(&self.log);
    }

    async fn submit(&self, operation: Operation) -> Result<(), StorageError> {
        self.store.health.check()?;
        if self.log.is_released.load(Ordering::Acquire) {
            return Err(StorageError::Stopped { reason: "the group was shut down".into() });
        }
        match self.store.queue.send(operation).await {
            Ok(()) => Ok(()),
            Err(_) => Err(match self.store.health.check() {
                Err(stopped) => stopped,
                Ok(()) => StorageError::Stopped { reason: "the log's thread has ended".into() },
            }),
        }
    }

    /// Reads `from..to`. With a limit, possibly fewer, but at least one entry if there is any.
    async fn read(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<Entry>, StorageError> {
        let ReadPlan { cold, hot } = self.log.memory().plan_read(from..to, bytes_max);
        if cold.is_empty() {
            return Ok(hot);
        }
        let (kv, group, range) = (self.store.kv()?, self.log.group, cold.clone());
        let read = move || recover::read_entries(&*kv, group, range.start, range.end, bytes_max);
        let mut entries = blocking::spawn(read)
            .await
            .map_err(|error| StorageError::io("read the log", io::Error::other(error)))??;
        // The log may have been cut at either end meanwhile, and the disk may show it in parts.
        let (purged, last) = {
            let memory = self.log.memory();
            (memory.purged, memory.last)
        };
        let is_current = |index| {
            purged.as_ref().is_none_or(|purged| index > purged.index) && last.as_ref().is_some_and(|l| index <= l.index)
        };
        entries.retain(|entry| is_current(entry.index()));
        let is_cut_by_limit =
            bytes_max < usize::MAX && entries.last().is_some_and(|entry| entry.index() + 1 < cold.end);
        if !is_cut_by_limit {
            entries.extend(hot.into_iter().filter(|entry| is_current(entry.index())));
        }
        let end = if is_cut_by_limit { cold.start + 1 } else { cold.end };
        check_complete(self.log.group, &entries, (cold.start..end).filter(|&index| is_current(index)))?;
        Ok(entries)
    }
}

/// What is missing although it lies inside the log's bounds was lost by the disk.
fn check_complete(group: GroupId, entries: &[Entry], expected: impl Iterator<Item = u64>) -> Result<(), StorageError> {
    let lost = |index| Err(StorageError::corrupt("log", format!("group {group}: entry {index} is missing")));
    if let Some(index) = expected
        .zip(entries.iter().map(|entry| Some(entry.index())).chain(std::iter::repeat(None)))
        .find_map(|(expected, found)| (found != Some(expected)).then_some(expected))
    {
        return lost(index);
    }
    match entries.windows(2).find(|pair| pair[0].index() + 1 != pair[1].index()) {
        None => Ok(()),
        Some(pair) => lost(pair[0].index() + 1),
    }
}

fn to_half_open(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let from = match range.start_bound() {
        Bound::Included(&index) => index,
        Bound::Excluded(&index) => index.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let to = match range.end_bound() {
        Bound::Included(&index) => index.saturating_add(1),
        Bound::Excluded(&index) => index,
        Bound::Unbounded => u64::MAX,
    };
    (from, to)
}

impl RaftLogReader<Types> for GroupLog {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, io::Error> {
        let (from, to) = to_half_open(&range);
        Ok(self.read(from, to, usize::MAX).await?)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        Ok(self.read(start, end, REPLICATION_BYTES_MAX).await?)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.log.memory().vote)
    }
}

impl RaftLogStorage<Types> for GroupLog {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<Types>, io::Error> {
        let memory = self.log.memory();
        Ok(LogState { last_purged_log_id: memory.purged, last_log_id: memory.last })
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    /// Returns after the vote is durable, with everything that was written before it.
    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let (done, saved) = oneshot::channel();
        // Readers see the vote first: it makes them stop earlier, never later.
        self.log.memory().vote = Some(*vote);
        let encoded = wire::encode_vote(vote);
        self.submit(Operation::Vote { log: Arc::clone(&self.log), encoded, done }).await?;
        match saved.await {
            Ok(result) => Ok(result?),
            Err(_) => Err(StorageError::Stopped { reason: "the log's thread has ended".into() }.into()),
        }
    }

    /// Kept in memory until something else of the group is written: a lost position only makes a restart ask the
    /// leader, while a write for each commit would halve the throughput.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        let mut memory = self.log.memory();
        memory.committed = committed;
        memory.committed_is_dirty = true;
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        let memory = self.log.memory();
        // The position was saved with earlier entries than those it names, if the crash came between.
        Ok(memory.committed.filter(|committed| Some(*committed) <= memory.last))
    }

    /// Returns when the entries can be read; `callback` comes when they are durable.
    async fn append<I>(&mut self, entries: I, callback: Callback) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = <Types as RaftTypeConfig>::Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut held = Vec::new();
        let mut encoded = Vec::new();
        for entry in entries {
            let mut bytes = Vec::new();
            wire::encode_entry(&entry, &mut bytes);
            if bytes.len() > keys::ENTRY_BYTES_MAX {
                return Err(io::Error::other(format!("entry {} is too long: {} bytes", entry.index(), bytes.len())));
            }
            held.push((entry.clone(), bytes.len()));
            encoded.push((entry.index(), bytes));
        }
        let sequence = {
            let mut memory = self.log.memory();
            memory.evict(self.log.flushed_sequence.load(Ordering::Acquire), self.log.tail_bytes_max);
            let sequence = memory.next_sequence();
            memory.append(held, sequence).map_err(io::Error::other)?;
            sequence
        };
        let log = Arc::clone(&self.log);
        Ok(self.submit(Operation::Append { log, entries: encoded, sequence, callback }).await?)
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> Result<(), io::Error> {
        self.log.memory().truncate_after(last_log_id);
        let first_index = last_log_id.map_or(0, |last| last.index + 1);
        Ok(self.submit(Operation::Truncate { log: Arc::clone(&self.log), first_index }).await?)
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), io::Error> {
        self.log.memory().purge(log_id);
        Ok(self.submit(Operation::Purge { log: Arc::clone(&self.log), upto: log_id }).await?)
    }
}
