//! The small part of a storage engine that the log and the states stand on.
//!
//! One trait with three duties: write a batch atomically, make everything written durable, read in key order. It keeps
//! the engine replaceable, and lets tests put a disk under the log that forgets or refuses.

mod convert;
mod journal;
mod memory;
mod sled;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

pub use self::convert::sled_to_journal;
pub use self::journal::JournalKv;
pub use self::memory::{Failure, MemoryKv};
pub use self::sled::SledKv;
use crate::error::StorageError;

/// The longest value that may be written, in bytes. sled moves values of 128 KiB and more into files of their own that
/// it never syncs, so longer records are cut into pieces by the layers above.
pub const VALUE_BYTES_MAX: usize = 96 << 10;

/// An ordered map of byte strings on a disk. Opening one makes its content durable: bytes of a killed process that only
/// the page cache holds must not be counted on.
pub trait OrderedKv: Send + Sync + 'static {
    /// Applies a batch. After a crash either all of it is there or none, and never without the batches before it.
    /// Durable only after the next [`barrier`](Self::barrier).
    ///
    /// # Errors
    /// Any error is final: what the disk holds is not known any more, and callers must stop.
    fn write(&self, batch: Batch) -> Result<(), StorageError>;

    /// Returns once everything written before the call survives a loss of power.
    ///
    /// # Errors
    /// Any error is final. It must not be retried: the kernel may have dropped the pages and report success next time.
    fn barrier(&self) -> Result<(), StorageError>;

    /// Visits the pairs with `from <= key < to` in ascending order until the visitor breaks. Sees every batch that was
    /// written before the call; of batches written meanwhile it may see parts.
    ///
    /// # Errors
    /// [`StorageError`] when the disk cannot be read.
    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visitor<'_>) -> Result<(), StorageError>;

    /// The greatest key in `from..to`.
    ///
    /// # Errors
    /// [`StorageError`] when the disk cannot be read.
    fn last_key(&self, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;
}

/// Looks at one pair of a scan.
pub type Visitor<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Writes that become visible and durable together. The last write to a key wins.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Batch {
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
}

impl Batch {
    /// Sets `key` to `value`, which is at most [`VALUE_BYTES_MAX`] long.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        debug_assert!(value.len() <= VALUE_BYTES_MAX, "long values must be cut before they are written");
        self.bytes += key.len() + value.len();
        self.writes.insert(key, Some(value));
    }

    /// Removes `key`; nothing happens if it is absent.
    pub fn remove(&mut self, key: Vec<u8>) {
        self.bytes += key.len();
        self.writes.insert(key, None);
    }

    /// Turns the puts with `from <= key < to` into removals.
    pub(crate) fn remove_pending(&mut self, from: &[u8], to: &[u8]) {
        for (_, value) in
            self.writes.range_mut::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)))
        {
            *value = None;
        }
    }

    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Number of keys touched.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// About how many bytes the batch puts on the disk.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The writes in key order; `None` removes.
    pub fn into_writes(self) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
        self.writes.into_iter()
    }
}

/// The first key after all keys that start with `prefix`. `prefix` must not be all `0xff`.
pub(crate) fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.last_mut() {
        if *last < u8::MAX {
            *last += 1;
            return end;
        }
        end.pop();
    }
    end
}
