//! Turns queued operations into one atomic batch.
//!
//! Operations of all groups that wait together become durable together, with one barrier. Their order is kept: within
//! the batch a later operation overrides an earlier one, and between batches the store keeps the order. So a vote and
//! the entries after it can be lost together or kept together, but never the vote alone.

use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::group::GroupShared;
use super::keys;
use crate::error::StorageError;
use crate::ids::GroupId;
use crate::kv::{Batch, OrderedKv};
use crate::types::{Callback, LogId};
use crate::wire;

/// Keys of purged entries that are removed with one batch. Purging is no hurry; a batch that removes thousands of
/// entries would make every group wait.
const PURGED_KEYS_PER_BATCH: usize = 1024;

/// A change to one group's log, in the order in which the group made it.
pub(super) enum Operation {
    /// Durable before `done` is told.
    Vote { log: Arc<GroupShared>, encoded: Vec<u8>, done: oneshot::Sender<Result<(), StorageError>> },
    /// Durable before `callback` is told.
    Append { log: Arc<GroupShared>, entries: Vec<(u64, Vec<u8>)>, sequence: u64, callback: Callback },
    /// Takes its place in the order; nobody waits for it.
    Truncate { log: Arc<GroupShared>, first_index: u64 },
    /// Takes its place in the order; nobody waits for it.
    Purge { log: Arc<GroupShared>, upto: LogId },
    /// Tells `done` when everything before it is durable.
    Flush { done: oneshot::Sender<Result<(), StorageError>> },
    /// Ends the flusher after everything before it is durable.
    Close { done: oneshot::Sender<Result<(), StorageError>> },
}

impl Operation {
    fn log(&self) -> Option<&Arc<GroupShared>> {
        match self {
            Self::Vote { log, .. }
            | Self::Append { log, .. }
            | Self::Truncate { log, .. }
            | Self::Purge { log, .. } => Some(log),
            Self::Flush { .. } | Self::Close { .. } => None,
        }
    }
}

/// Whom to tell when a batch is durable, in the order of the operations.
enum Waiter {
    Done(oneshot::Sender<Result<(), StorageError>>),
    Append { log: Arc<GroupShared>, sequence: u64, callback: Callback },
}

/// Operations collected for one write.
#[derive(Default)]
pub(super) struct Pending {
    batch: Batch,
    waiters: Vec<Waiter>,
    close: Option<oneshot::Sender<Result<(), StorageError>>>,
    n_entries: u64,
}

/// Purged entries whose keys are still to be removed.
#[derive(Debug, Default)]
pub(super) struct PurgeBacklog {
    /// Per group: remove entries up to this index.
    upto: std::collections::BTreeMap<GroupId, u64>,
}

impl PurgeBacklog {
    /// Adds the entries of `group` up to `upto`, inclusive.
    pub(super) fn add(&mut self, group: GroupId, upto: u64) {
        let known = self.upto.entry(group).or_insert(upto);
        *known = upto.max(*known);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.upto.is_empty()
    }

    /// Moves some removals into `batch`.
    pub(super) fn drain_into(&mut self, kv: &dyn OrderedKv, batch: &mut Batch) -> Result<(), StorageError> {
        let mut left = PURGED_KEYS_PER_BATCH;
        while left > 0
            && let Some((&group, &upto)) = self.upto.first_key_value()
        {
            let mut found = Vec::new();
            kv.scan(&keys::entries_from(group, 0), &keys::entry_end(group, upto), &mut |key, _| {
                found.push(key.to_vec());
                if found.len() < left { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if found.len() < left {
                self.upto.remove(&group);
            }
            left -= found.len();
            for key in found {
                batch.remove(key);
            }
        }
        Ok(())
    }
}

impl Pending {
    /// Adds an operation. `kv` is asked for the keys that a truncation has to remove.
    pub(super) fn add(
        &mut self,
        operation: Operation,
        kv: &dyn OrderedKv,
        backlog: &mut PurgeBacklog,
    ) -> Result<(), StorageError> {
        if let Some(log) = operation.log()
            && let Some(committed) = log.take_dirty_committed()
        {
            self.batch.put(keys::committed(log.group), wire::encode_log_id(&committed));
        }
        match operation {
            Operation::Vote { log, encoded, done } => {
                self.batch.put(keys::vote(log.group), encoded);
                self.waiters.push(Waiter::Done(done));
            }
            Operation::Append { log, entries, sequence, callback } => {
                self.n_entries += entries.len() as u64;
                for (index, encoded) in entries {
                    keys::put_entry(&mut self.batch, log.group, index, &encoded);
                }
                self.waiters.push(Waiter::Append { log, sequence, callback });
            }
            Operation::Truncate { log, first_index } => self.truncate(log.group, first_index, kv)?,
            Operation::Purge { log, upto } => {
                self.batch.put(keys::purged(log.group), wire::encode_log_id(&upto));
                backlog.add(log.group, upto.index);
            }
            Operation::Flush { done } => self.waiters.push(Waiter::Done(done)),
            Operation::Close { done } => self.close = Some(done),
        }
        Ok(())
    }

    fn truncate(&mut self, group: GroupId, first_index: u64, kv: &dyn OrderedKv) -> Result<(), StorageError> {
        let (from, to) = (keys::entries_from(group, first_index), keys::entries_end(group));
        self.batch.remove_pending(&from, &to);
        let batch = &mut self.batch;
        kv.scan(&from, &to, &mut |key, _| {
            batch.remove(key.to_vec());
            ControlFlow::Continue(())
        })
    }

    /// Adds the committed position of a group that has been quiet since it changed.
    pub(super) fn add_committed(&mut self, group: GroupId, committed: &LogId) {
        self.batch.put(keys::committed(group), wire::encode_log_id(committed));
    }

    pub(super) fn bytes(&self) -> usize {
        self.batch.bytes()
    }

    pub(super) fn n_entries(&self) -> u64 {
        self.n_entries
    }

    pub(super) fn take_batch(&mut self) -> Batch {
        std::mem::take(&mut self.batch)
    }

    pub(super) fn batch_mut(&mut self) -> &mut Batch {
        &mut self.batch
    }

    pub(super) fn is_closing(&self) -> bool {
        self.close.is_some()
    }

    /// Whether anybody waits for durability.
    pub(super) fn needs_barrier(&self) -> bool {
        !self.waiters.is_empty() || self.close.is_some()
    }

    /// Tells all waiters, in order, that their operation is durable.
    pub(super) fn complete(self) {
        for waiter in self.waiters {
            match waiter {
                // A receiver that is gone belongs to a group that was shut down meanwhile.
                Waiter::Done(done) => drop(done.send(Ok(()))),
                Waiter::Append { log, sequence, callback } => {
                    log.set_flushed(sequence);
                    callback.io_completed(Ok(()));
                }
            }
        }
        if let Some(done) = self.close {
            drop(done.send(Ok(())));
        }
    }

    /// Tells all waiters that the store failed.
    pub(super) fn fail(self, reason: &Arc<str>) {
        let stopped = || StorageError::Stopped { reason: Arc::clone(reason) };
        for waiter in self.waiters {
            match waiter {
                Waiter::Done(done) => drop(done.send(Err(stopped()))),
                Waiter::Append { callback, .. } => callback.io_completed(Err(stopped().into())),
            }
        }
        if let Some(done) = self.close {
            drop(done.send(Err(stopped())));
        }
    }
}
