//! The one thread that writes the log of all groups of a process.
//!
//! It takes whatever waits, writes it as one batch, makes it durable with one barrier, and tells everybody in order:
//! group commit. While the disk works on one batch the next one gathers, so a slow disk makes batches bigger.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tokio::sync::mpsc::{self, error::TryRecvError};

use super::pending::{Operation, Pending, PurgeBacklog};
use super::stats::LogStats;
use super::{GroupRegistry, Health};
use crate::error::StorageError;
use crate::kv::OrderedKv;
use crate::simulation;

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
            let operation = match self.operation_at_once() {
                Err(TryRecvError::Empty) => self.queue.blocking_recv(),
                found => found.ok(),
            };
            let Some(operation) = operation else { return self.finish() };
            let mut pending = Pending::default();
            let result = self.collect(&mut pending, operation).and_then(|()| self.flush(&mut pending));
            if let Some(reason) = self.report(pending, result) {
                return self.reject_rest(&reason);
            }
        }
    }

    /// As the thread does, for a simulation: a crash may come between a write and its barrier.
    pub(super) async fn run_as_task(mut self) {
        loop {
            let operation = match self.operation_at_once() {
                Err(TryRecvError::Empty) => self.queue.recv().await,
                found => found.ok(),
            };
            let Some(operation) = operation else { return self.finish() };
            let mut pending = Pending::default();
            let mut result = self.collect(&mut pending, operation);
            if result.is_ok() {
                let batch = pending.take_batch();
                result = if batch.is_empty() { Ok(()) } else { self.kv.write(batch) };
            }
            if result.is_ok() && pending.needs_barrier() {
                simulation::sync_takes().await;
                result = self.kv.barrier();
            }
            if let Some(reason) = self.report(pending, result) {
                self.queue.close();
                while let Some(operation) = self.queue.recv().await {
                    self.reject(operation, &reason);
                }
                return;
            }
        }
    }

    /// The next operation, if it is there already. While there is none, purged entries are removed.
    fn operation_at_once(&mut self) -> Result<Operation, TryRecvError> {
        loop {
            let waiting = self.queue.try_recv();
            if self.backlog.is_empty() || !matches!(waiting, Err(TryRecvError::Empty)) {
                return waiting;
            }
            let mut pending = Pending::default();
            let result =
                self.backlog.drain_into(&*self.kv, pending.batch_mut()).and_then(|()| self.flush(&mut pending));
            if let Err(error) = result {
                // The next operation finds the store stopped.
                self.health.stop(&error);
                return waiting;
            }
        }
    }

    /// Tells who waits how it went. Returns why nothing more may be written, if so.
    fn report(&self, pending: Pending, result: Result<(), StorageError>) -> Option<Arc<str>> {
        let closing = pending.is_closing();
        match result {
            Ok(()) => pending.complete(),
            Err(error) => {
                tracing::error!(error = %error.chain(), "the log store failed; all its groups stop");
                let reason = self.health.stop(&error);
                pending.fail(&reason);
                return Some(reason);
            }
        }
        closing.then(|| self.health.stop(&StorageError::Stopped { reason: "the log store was closed".into() }))
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

    /// Fails what is queued, and all that may still come.
    fn reject_rest(mut self, reason: &Arc<str>) {
        self.queue.close();
        while let Some(operation) = self.queue.blocking_recv() {
            self.reject(operation, reason);
        }
    }

    fn reject(&mut self, operation: Operation, reason: &Arc<str>) {
        let mut pending = Pending::default();
        // Only whom to tell matters here; the batch is thrown away.
        drop(pending.add(operation, &*self.kv, &mut self.backlog));
        pending.fail(reason);
    }
}
