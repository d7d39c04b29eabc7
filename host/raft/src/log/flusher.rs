//! The one thread that writes the log of all groups of a process.
//!
//! It takes whatever waits, writes it as one batch, makes it durable with one barrier, and tells everybody in order:
//! group commit. While the disk works on one batch the next one gathers, so a slow disk makes batches bigger.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tokio::sync::mpsc;

use super::pending::{Operation, Pending, PurgeBacklog};
use super::stats::LogStats;
use super::{GroupRegistry, Health};
use crate::error::StorageError;
use crate::kv::OrderedKv;

/// Bytes after which a batch is written although more is waiting.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// Operations that may wait before the groups' own tasks have to.
pub(super) const QUEUE_LEN_MAX: usize = 1024;

/// What the thread works with.
pub(super) struct Flusher {
    pub(super) kv: Arc<dyn OrderedKv>,
    pub(super) queue: mpsc::Receiver<Operation>,
    pub(super) backlog: PurgeBacklog,
    pub(super) registry: Arc<GroupRegistry>,
    pub(super) health: Arc<Health>,
    pub(super) stats: Arc<LogStats>,
}

impl Flusher {
    /// Starts the thread. It ends when it is told to close, or when nobody is left to give it work.
    pub(super) fn spawn(self) -> Result<thread::JoinHandle<()>, StorageError> {
        thread::Builder::new()
            .name("raft-log".to_owned())
            .spawn(move || self.run())
            .map_err(|error| StorageError::io("start the log's thread", error))
    }

    fn run(mut self) {
        loop {
            let mut pending = Pending::default();
            let result = match self.next_operation() {
                Some(operation) => self.collect(&mut pending, operation).and_then(|()| self.flush(&mut pending)),
                None => return self.finish(),
            };
            let closing = pending.is_closing();
            match result {
                Ok(()) => pending.complete(),
                Err(error) => return self.stop(pending, &error),
            }
            if closing {
                return self.reject_rest("the log store was closed");
            }
        }
    }

    /// Waits for work. While there is none, purged entries are removed.
    fn next_operation(&mut self) -> Option<Operation> {
        while !self.backlog.is_empty() {
            match self.queue.try_recv() {
                Ok(operation) => return Some(operation),
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
                Err(mpsc::error::TryRecvError::Empty) => {
                    let mut pending = Pending::default();
                    let result =
                        self.backlog.drain_into(&*self.kv, pending.batch_mut()).and_then(|()| self.flush(&mut pending));
                    if let Err(error) = result {
                        // The next operation finds the store stopped.
                        self.health.stop(&error);
                        break;
                    }
                }
            }
        }
        self.queue.blocking_recv()
    }

    fn collect(&mut self, pending: &mut Pending, first: Operation) -> Result<(), StorageError> {
        self.health.check()?;
        pending.add(first, &*self.kv, &mut self.backlog)?;
        while pending.bytes() < BATCH_BYTES_MAX
            && !pending.is_closing()
            && let Ok(operation) = self.queue.try_recv()
        {
            pending.add(operation, &*self.kv, &mut self.backlog)?;
        }
        if pending.is_closing() {
            self.add_quiet_groups(pending);
        }
        Ok(())
    }

    fn flush(&self, pending: &mut Pending) -> Result<(), StorageError> {
        let n_entries = pending.n_entries();
        let batch = pending.take_batch();
        let bytes = batch.bytes();
        let start = Instant::now();
        if !batch.is_empty() {
            self.kv.write(batch)?;
        }
        if pending.needs_barrier() {
            self.kv.barrier()?;
            self.stats.record_barrier(n_entries, bytes as u64, start.elapsed());
        }
        Ok(())
    }

    fn add_quiet_groups(&self, pending: &mut Pending) {
        for log in self.registry.open_groups() {
            if let Some(committed) = log.take_dirty_committed() {
                pending.add_committed(log.group, &committed);
            }
        }
    }

    /// All handles are gone: writes down what was only kept in memory because nobody waited for it.
    fn finish(self) {
        let mut pending = Pending::default();
        self.add_quiet_groups(&mut pending);
        if let Err(error) = self.flush(&mut pending) {
            tracing::warn!(error = %error.chain(), "the committed positions could not be saved at the end");
        }
    }

    /// The disk failed: nothing more is written, ever.
    fn stop(self, pending: Pending, error: &StorageError) {
        tracing::error!(error = %error.chain(), "the log store failed; all its groups stop");
        let reason = self.health.stop(error);
        pending.fail(&reason);
        self.reject_rest(&reason);
    }

    /// Fails what is queued, and all that may still come.
    fn reject_rest(mut self, reason: &str) {
        let reason: Arc<str> = self.health.stop(&StorageError::Stopped { reason: reason.into() });
        self.queue.close();
        while let Some(operation) = self.queue.blocking_recv() {
            let mut pending = Pending::default();
            // Only whom to tell matters here; the batch is thrown away.
            drop(pending.add(operation, &*self.kv, &mut self.backlog));
            pending.fail(&reason);
        }
    }
}
