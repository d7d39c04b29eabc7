//! The durable log of all groups of a process.
//!
//! One store, one key space, one writer thread: whatever the groups append while the disk is busy becomes durable
//! with the next barrier, all of it together. What the store promises to consensus:
//!
//! - entries can be read as soon as an append returns; its callback comes after they are durable, never before;
//! - writes of a group, votes included, reach the disk in the order they were made, and a crash keeps a prefix of
//!   that order;
//! - what is found at opening is durable before it is reported;
//! - after the first error of the disk nothing is written any more, and everybody is told.
//!
//! It refuses to know what an entry means.

mod flusher;
mod group;
mod keys;
mod memory;
mod pending;
mod recover;
mod stats;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use self::flusher::Flusher;
pub(crate) use self::group::GroupLog;
use self::group::GroupShared;
use self::pending::{Operation, PurgeBacklog};
use self::stats::LogStats;
pub use self::stats::{LATENCY_BUCKETS, LogStatsSnapshot};
use crate::error::StorageError;
use crate::ids::GroupId;
use crate::kv::{JournalKv, OrderedKv};
use crate::{blocking, simulation};

/// Settings of a log store.
#[derive(Debug, Clone)]
pub struct LogStoreConfig {
    /// Recent entries that each group holds in memory, in bytes of their encodings. Entries that are not yet on disk
    /// are held beyond it.
    pub tail_bytes_max: usize,
}

impl Default for LogStoreConfig {
    fn default() -> Self {
        Self { tail_bytes_max: 4 << 20 }
    }
}

/// A handle to the log store of a process. Clones share the store.
///
/// When the last handle, groups included, is dropped, the writer thread is joined: this may take as long as a barrier.
#[derive(Clone)]
pub struct LogStore {
    shared: Arc<Shared>,
}

/// Behind all handles of one store.
pub(crate) struct Shared {
    /// Gone once the store is closed.
    kv: RwLock<Option<Arc<dyn OrderedKv>>>,
    queue: mpsc::Sender<Operation>,
    health: Arc<Health>,
    stats: Arc<LogStats>,
    registry: Arc<GroupRegistry>,
    /// Gone once the store is closed, and never there in a simulation.
    writer: Mutex<Option<JoinHandle<()>>>,
    config: LogStoreConfig,
}

/// Whether the store may still be used.
#[derive(Debug, Default)]
pub(crate) struct Health {
    stopped: OnceLock<Arc<str>>,
}

impl Health {
    fn check(&self) -> Result<(), StorageError> {
        match self.stopped.get() {
            None => Ok(()),
            Some(reason) => Err(StorageError::Stopped { reason: Arc::clone(reason) }),
        }
    }

    /// Stops the store; returns the reason in force, which is the first one.
    fn stop(&self, error: &StorageError) -> Arc<str> {
        let reason = match error {
            StorageError::Stopped { reason } => Arc::clone(reason),
            other => other.chain().into(),
        };
        Arc::clone(self.stopped.get_or_init(|| reason))
    }
}

/// The groups that are open, so that none is opened twice.
#[derive(Default)]
pub(crate) struct GroupRegistry {
    open: Mutex<BTreeMap<GroupId, std::sync::Weak<GroupShared>>>,
}

impl GroupRegistry {
    fn open_groups(&self) -> Vec<Arc<GroupShared>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.values().filter_map(std::sync::Weak::upgrade).collect()
    }

    /// Lets the group be opened again.
    fn forget(&self, log: &Arc<GroupShared>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(&log.group).is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(log))) {
            open.remove(&log.group);
        }
    }
}

/// Why a group's log was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenGroupError {
    #[error("the group is open already")]
    AlreadyOpen,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl LogStore {
    /// Opens or creates the store in `dir`, which only one process can use at a time. Blocks on the disk.
    ///
    /// # Errors
    /// [`StorageError`] when the directory is in use, or what it holds cannot be read.
    pub fn open(dir: &Path, config: LogStoreConfig) -> Result<Self, StorageError> {
        Self::open_on(Arc::new(JournalKv::open(dir)?), config)
    }

    /// Opens a store on any ordered map, whose content must be durable already; for tests that put a disk under it
    /// which fails or forgets.
    ///
    /// # Errors
    /// [`StorageError`] when what it holds cannot be read.
    pub fn open_on(kv: Arc<dyn OrderedKv>, config: LogStoreConfig) -> Result<Self, StorageError> {
        let (queue, receiver) = mpsc::channel(flusher::QUEUE_LEN_MAX);
        let health = Arc::new(Health::default());
        let stats = Arc::new(LogStats::default());
        let registry = Arc::new(GroupRegistry::default());
        let flusher = Flusher {
            kv: Arc::clone(&kv),
            queue: receiver,
            backlog: PurgeBacklog::default(),
            registry: Arc::clone(&registry),
            health: Arc::clone(&health),
            stats: Arc::clone(&stats),
        };
        let writer = if simulation::is_on() {
            tokio::spawn(flusher.run_as_task());
            None
        } else {
            Some(flusher.spawn()?)
        };
        let kv = RwLock::new(Some(kv));
        Ok(Self { shared: Arc::new(Shared { kv, queue, health, stats, registry, writer: Mutex::new(writer), config }) })
    }

    /// Reads the log of `group` and hands it out, once at a time. Blocks on the disk.
    pub(crate) fn open_group(&self, group: GroupId) -> Result<GroupLog, OpenGroupError> {
        let mut open = self.shared.registry.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(&group).is_some_and(|log| log.strong_count() > 0) {
            return Err(OpenGroupError::AlreadyOpen);
        }
        self.shared.health.check()?;
        let memory = recover::recover(&*self.shared.kv()?, group)?;
        let log = Arc::new(GroupShared::new(group, memory, self.shared.config.tail_bytes_max));
        open.insert(group, Arc::downgrade(&log));
        Ok(GroupLog::new(Arc::clone(&self.shared), log))
    }

    /// The groups that have anything in the store, in ascending order. Blocks on the disk.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot be read or is closed.
    pub fn groups(&self) -> Result<Vec<GroupId>, StorageError> {
        recover::groups(&*self.shared.kv()?)
    }

    /// Removes everything of a group that is not open, durably: its vote with it, so that the replica it belonged to must never come back
    /// under this node's id as if nothing had happened. Blocks on the disk.
    ///
    /// # Errors
    /// [`StorageError`] when the group is open or the disk refuses.
    pub fn remove_group(&self, group: GroupId) -> Result<(), StorageError> {
        let open = self.shared.registry.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(&group).is_some_and(|log| log.strong_count() > 0) {
            return Err(StorageError::Stopped { reason: format!("group {group} is open").into() });
        }
        self.shared.health.check()?;
        recover::remove(&*self.shared.kv()?, group)
    }

    /// What the writer has done so far.
    pub fn stats(&self) -> LogStatsSnapshot {
        self.shared.stats.snapshot()
    }

    /// Makes everything durable and lets go of the files. Groups must have been shut down before: what they still
    /// write fails.
    ///
    /// # Errors
    /// [`StorageError`] when the last writes failed or the store had stopped already.
    pub async fn close(&self) -> Result<(), StorageError> {
        let (done, closed) = oneshot::channel();
        let sent = self.shared.queue.send(Operation::Close { done }).await;
        let result = match sent {
            Ok(()) => closed.await.unwrap_or_else(|_| self.shared.health.check()),
            Err(_) => self.shared.health.check(),
        };
        let shared = Arc::clone(&self.shared);
        // The files are let go of by whoever drops the last reference, which may block.
        let released = blocking::spawn(move || shared.release()).await;
        result.and(released.map_err(|error| StorageError::io("close the log store", std::io::Error::other(error))))
    }
}

impl Shared {
    fn kv(&self) -> Result<Arc<dyn OrderedKv>, StorageError> {
        let kv = self.kv.read().unwrap_or_else(PoisonError::into_inner);
        kv.as_ref().map(Arc::clone).ok_or_else(|| StorageError::Stopped { reason: "the log store was closed".into() })
    }

    /// Joins the writer and drops the files.
    fn release(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the log's thread panicked");
        }
        drop(self.kv.write().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The writer ends when the last sender is gone, and this is the last one.
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.queue, closed));
        self.release();
    }
}
