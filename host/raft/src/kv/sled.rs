//! sled 0.34 with the durability that its documentation promises and its code does not give.
//!
//! `Db::flush` ends in `sync_file_range` on Linux, which neither flushes the device's cache nor the file's metadata
//! (sled issue 1452). A barrier here is `flush`, which hands all dirty buffers to the kernel, followed by `fdatasync`
//! on a descriptor of our own. The descriptor is opened with the store, because the kernel reports a failed writeback
//! once to each descriptor that was open when it failed: sled's own background sync logs such an error and goes on.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use super::{Batch, OrderedKv, Visitor};
use crate::error::StorageError;

/// How often sled looks for segments worth rewriting. Its flush has no part in our durability.
const HOUSEKEEPING_INTERVAL_MS: u64 = 500;

/// A sled database whose barrier is a real one.
pub struct SledKv {
    db: sled::Db,
    /// The data file, for `fdatasync`.
    file: File,
}

impl SledKv {
    /// Opens or creates the database in `dir`, holding at most `cache_bytes` of pages in memory.
    ///
    /// What is read afterwards is durable: bytes that a killed process left in the page cache are synced here, before
    /// anybody counts on them. Only one process can have a directory open.
    ///
    /// # Errors
    /// [`StorageError`] when the directory is in use or unreadable.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StorageError> {
        let is_new = !dir.join("db").exists();
        fs::create_dir_all(dir).map_err(|error| StorageError::io("create the store's directory", error))?;
        let db = sled::Config::new()
            .path(dir)
            .cache_capacity(cache_bytes)
            .flush_every_ms(Some(HOUSEKEEPING_INTERVAL_MS))
            .open()
            .map_err(|error| StorageError::io("open the store", to_io(error)))?;
        let file = File::open(dir.join("db")).map_err(|error| StorageError::io("open the data file", error))?;
        let store = Self { db, file };
        store.sync_everything(if is_new { Some(dir) } else { None })?;
        Ok(store)
    }

    /// What sled itself offers for durability. Survives the death of the process, not a loss of power; here to be
    /// measured against the barrier.
    ///
    /// # Errors
    /// Any error is final, as for the barrier.
    pub fn flush_without_sync(&self) -> Result<(), StorageError> {
        self.db.flush().map(drop).map_err(|error| StorageError::io("flush", to_io(error)))
    }

    /// Makes the data and, of a new store, the files themselves survive a loss of power, which sled leaves out.
    fn sync_everything(&self, new_dir: Option<&Path>) -> Result<(), StorageError> {
        let sync = || -> io::Result<()> {
            self.db.flush().map_err(to_io)?;
            self.file.sync_all()?;
            let Some(dir) = new_dir else { return Ok(()) };
            File::open(dir)?.sync_all()?;
            match dir.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
                _ => Ok(()),
            }
        };
        sync().map_err(|error| StorageError::io("sync the store after opening", error))
    }
}

impl OrderedKv for SledKv {
    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        let mut writes = sled::Batch::default();
        for (key, value) in batch.into_writes() {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.db.apply_batch(writes).map_err(|error| StorageError::io("write a batch", to_io(error)))
    }

    fn barrier(&self) -> Result<(), StorageError> {
        self.flush_without_sync()?;
        self.file.sync_data().map_err(|error| StorageError::io("fdatasync", error))
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visitor<'_>) -> Result<(), StorageError> {
        for pair in self.db.range(from..to) {
            let (key, value) = pair.map_err(|error| StorageError::io("read", to_io(error)))?;
            if let ControlFlow::Break(()) = visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    fn last_key(&self, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match self.db.range(from..to).next_back() {
            None => Ok(None),
            Some(Ok((key, _))) => Ok(Some(key.to_vec())),
            Some(Err(error)) => Err(StorageError::io("read", to_io(error))),
        }
    }
}

fn to_io(error: sled::Error) -> io::Error {
    match error {
        sled::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}
