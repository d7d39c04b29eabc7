//! Durable storage for a state machine that keeps its state in memory.
//!
//! Implements the storage half of [`StateMachine`](crate::machine::StateMachine): atomic commits with the position they
//! stand at, values of any length, atomic replacement of the whole state. Nothing here waits for the disk but
//! [`StateSync::persist`] and [`StateStore::replace`]: the log has what a crash takes.
//!
//! Keys in the store:
//!
//! ```text
//! 'm'                                                                  generation: u64 LE | applied position
//! 'd' | generation: u64 BE | key length: u16 BE | key | piece: u16 BE   a piece of a value
//! ```
//!
//! One generation is in force. A replacement is written beside it and takes over with one record; what other
//! generations left is removed at the next opening.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::error::StorageError;
use crate::kv::{Batch, OrderedKv, SledKv, VALUE_BYTES_MAX, prefix_end};
use crate::machine::Applied;

/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 8 << 10;

/// The longest value, in bytes.
pub const STATE_VALUE_BYTES_MAX: usize = PIECE_BYTES_MAX * (u16::MAX as usize);

const PIECE_BYTES_MAX: usize = VALUE_BYTES_MAX - 1;

/// A replacement is written in batches of about this many bytes.
const REPLACE_BATCH_BYTES: usize = 4 << 20;

/// Old keys removed with one batch.
const CLEANUP_KEYS: usize = 4096;

const META_KEY: &[u8] = b"m";
const DATA: u8 = b'd';

/// The storage of one machine.
pub struct StateStore {
    kv: Arc<dyn OrderedKv>,
    generation: u64,
    applied: Applied,
}

/// Makes a state durable; independent of the store, so that commits go on meanwhile.
#[derive(Clone)]
pub struct StateSync {
    kv: Arc<dyn OrderedKv>,
}

/// Changes for one commit. The last change of a key wins.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct StateChanges {
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl StateChanges {
    /// Sets a key of at most [`KEY_BYTES_MAX`] bytes to a value of at most [`STATE_VALUE_BYTES_MAX`] bytes.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), Some(value.into()));
    }

    /// Removes a key; nothing happens if it is absent.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.changes.insert(key.into(), None);
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl StateStore {
    /// Opens or creates a store in `dir`, holding at most `cache_bytes` of pages in memory. Blocks on the disk.
    ///
    /// # Errors
    /// [`StorageError`] when the directory is in use or unreadable.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StorageError> {
        Self::open_on(Arc::new(SledKv::open(dir, cache_bytes)?))
    }

    /// Opens a store on any ordered map, for tests.
    ///
    /// # Errors
    /// [`StorageError`] when what it holds cannot be read.
    pub fn open_on(kv: Arc<dyn OrderedKv>) -> Result<Self, StorageError> {
        let mut meta = None;
        kv.scan(META_KEY, &prefix_end(META_KEY), &mut |_, value| {
            meta = Some(value.to_vec());
            ControlFlow::Break(())
        })?;
        let (generation, applied) = match &meta {
            None => (0, Applied::default()),
            Some(meta) => {
                let (generation, applied) = meta
                    .split_first_chunk::<8>()
                    .ok_or_else(|| StorageError::corrupt("state record", "it is too short"))?;
                (u64::from_le_bytes(*generation), Applied::decode(applied)?)
            }
        };
        let store = Self { kv, generation, applied };
        store.clean_up()?;
        Ok(store)
    }

    /// Where the state stands.
    pub fn applied(&self) -> &Applied {
        &self.applied
    }

    /// Hands every pair of the state to `visit`, in no useful order.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot be read, or what `visit` returns.
    pub fn load(&self, mut visit: impl FnMut(&[u8], Vec<u8>) -> Result<(), StorageError>) -> Result<(), StorageError> {
        let prefix = generation_prefix(self.generation);
        let mut failure = None;
        let mut partial: Option<(Vec<u8>, Vec<u8>)> = None;
        self.kv.scan(&prefix, &prefix_end(&prefix), &mut |stored, piece| {
            let step = assemble(&mut partial, stored, piece).and_then(|complete| match complete {
                Some((key, value)) => visit(&key, value),
                None => Ok(()),
            });
            match step {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match (failure, partial) {
            (Some(error), _) => Err(error),
            (None, Some(_)) => Err(StorageError::corrupt("state value", "the last one is incomplete")),
            (None, None) => Ok(()),
        }
    }

    /// Applies changes and moves to `applied`, atomically. Does not wait for the disk.
    ///
    /// # Errors
    /// [`StorageError`]; the store must not be used any more.
    pub fn commit(&mut self, changes: StateChanges, applied: &Applied) -> Result<(), StorageError> {
        let mut batch = Batch::default();
        for (key, value) in changes.changes {
            self.remove_pieces(&key, &mut batch)?;
            if let Some(value) = value {
                put_pieces(&mut batch, self.generation, &key, &value)?;
            }
        }
        batch.put(META_KEY.to_vec(), meta_record(self.generation, applied));
        self.kv.write(batch)?;
        self.applied = applied.clone();
        Ok(())
    }

    /// Replaces the whole state by `pairs`, atomically, and durably on return.
    ///
    /// # Errors
    /// [`StorageError`] of the store or of `pairs`. The old state is in force then, here and after a restart.
    pub fn replace(
        &mut self,
        pairs: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StorageError>>,
        applied: &Applied,
    ) -> Result<(), StorageError> {
        // An interrupted replacement may have left pairs of this generation.
        self.clean_up()?;
        let generation = self.generation + 1;
        let mut batch = Batch::default();
        for pair in pairs {
            let (key, value) = pair?;
            put_pieces(&mut batch, generation, &key, &value)?;
            if batch.bytes() >= REPLACE_BATCH_BYTES {
                self.kv.write(std::mem::take(&mut batch))?;
            }
        }
        self.kv.write(batch)?;
        self.kv.barrier()?;
        let mut takeover = Batch::default();
        takeover.put(META_KEY.to_vec(), meta_record(generation, applied));
        self.kv.write(takeover)?;
        self.kv.barrier()?;
        self.generation = generation;
        self.applied = applied.clone();
        self.clean_up()
    }

    /// A handle that makes this state durable.
    pub fn sync_handle(&self) -> StateSync {
        StateSync { kv: Arc::clone(&self.kv) }
    }

    /// Removes the pairs of all generations that are not in force.
    fn clean_up(&self) -> Result<(), StorageError> {
        let current = generation_prefix(self.generation);
        self.remove_range(&[DATA], &current)?;
        self.remove_range(&prefix_end(&current), &prefix_end(&[DATA]))
    }

    fn remove_range(&self, from: &[u8], to: &[u8]) -> Result<(), StorageError> {
        loop {
            let mut batch = Batch::default();
            self.kv.scan(from, to, &mut |key, _| {
                batch.remove(key.to_vec());
                if batch.len() < CLEANUP_KEYS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if batch.is_empty() {
                return Ok(());
            }
            self.kv.write(batch)?;
        }
    }

    /// A shorter value must not leave pieces of a longer one behind.
    fn remove_pieces(&self, key: &[u8], batch: &mut Batch) -> Result<(), StorageError> {
        let prefix = value_prefix(self.generation, key)?;
        self.kv.scan(&prefix, &prefix_end(&prefix), &mut |stored, _| {
            batch.remove(stored.to_vec());
            ControlFlow::Continue(())
        })
    }
}

impl StateSync {
    /// Returns once everything committed before the call survives a loss of power.
    ///
    /// # Errors
    /// [`StorageError`]; the store must not be used any more.
    pub fn persist(&self) -> Result<(), StorageError> {
        self.kv.barrier()
    }
}

fn meta_record(generation: u64, applied: &Applied) -> Vec<u8> {
    let mut record = generation.to_le_bytes().to_vec();
    record.extend_from_slice(&applied.encode());
    record
}

fn generation_prefix(generation: u64) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(9);
    prefix.push(DATA);
    prefix.extend_from_slice(&generation.to_be_bytes());
    prefix
}

/// What the pieces of a value have in common. The length before the key keeps them together in the order of keys.
fn value_prefix(generation: u64, key: &[u8]) -> Result<Vec<u8>, StorageError> {
    if key.len() > KEY_BYTES_MAX {
        return Err(StorageError::corrupt("state key", format!("{} bytes are too long", key.len())));
    }
    let mut prefix = generation_prefix(generation);
    let key_len = u16::try_from(key.len()).expect("KEY_BYTES_MAX fits");
    prefix.extend_from_slice(&key_len.to_be_bytes());
    prefix.extend_from_slice(key);
    Ok(prefix)
}

/// Each piece starts with 1 if another follows, else 0.
fn put_pieces(batch: &mut Batch, generation: u64, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
    if value.len() > STATE_VALUE_BYTES_MAX {
        return Err(StorageError::corrupt("state value", format!("{} bytes are too long", value.len())));
    }
    let prefix = value_prefix(generation, key)?;
    let n_pieces = value.len().div_ceil(PIECE_BYTES_MAX).max(1);
    for number in 0..n_pieces {
        let end = value.len().min((number + 1) * PIECE_BYTES_MAX);
        let body = &value[number * PIECE_BYTES_MAX..end];
        let mut stored = prefix.clone();
        stored.extend_from_slice(&u16::try_from(number).expect("bounded by the longest value").to_be_bytes());
        let mut piece = Vec::with_capacity(body.len() + 1);
        piece.push(u8::from(number + 1 < n_pieces));
        piece.extend_from_slice(body);
        batch.put(stored, piece);
    }
    Ok(())
}

type Pair = (Vec<u8>, Vec<u8>);

fn assemble(partial: &mut Option<Pair>, stored: &[u8], piece: &[u8]) -> Result<Option<Pair>, StorageError> {
    let bad = |detail: &str| StorageError::corrupt("state value", detail.to_owned());
    let body = stored.get(9..).ok_or_else(|| bad("short key"))?;
    let (key_len, body) = body.split_first_chunk::<2>().ok_or_else(|| bad("short key"))?;
    let (key, number) = body
        .split_at_checked(usize::from(u16::from_be_bytes(*key_len)))
        .ok_or_else(|| bad("the key's length is wrong"))?;
    let number = <[u8; 2]>::try_from(number).map_err(|_| bad("the key's length is wrong"))?;
    let (&flag, bytes) = piece.split_first().ok_or_else(|| bad("empty piece"))?;
    let mut value = match (partial.take(), u16::from_be_bytes(number)) {
        (None, 0) => Vec::new(),
        (Some((begun, value)), number) if begun == key && value.len() == usize::from(number) * PIECE_BYTES_MAX => value,
        _ => return Err(bad("pieces out of sequence")),
    };
    value.extend_from_slice(bytes);
    match flag {
        0 => Ok(Some((key.to_vec(), value))),
        1 => {
            *partial = Some((key.to_vec(), value));
            Ok(None)
        }
        _ => Err(bad("bad flag")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{LogId, NodeId};
    use crate::kv::MemoryKv;

    fn at(index: u64) -> Applied {
        Applied { last: Some(LogId { term: 1, leader: NodeId(1), index }), ..Applied::default() }
    }

    fn contents(store: &StateStore) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut pairs = BTreeMap::new();
        store
            .load(|key, value| {
                assert!(pairs.insert(key.to_vec(), value).is_none(), "each key once");
                Ok(())
            })
            .expect("readable");
        pairs
    }

    fn put(key: &[u8], value: Vec<u8>) -> StateChanges {
        let mut changes = StateChanges::default();
        changes.put(key, value);
        changes
    }

    #[test]
    fn values_of_any_length_replace_each_other_cleanly() {
        let mut store = StateStore::open_on(Arc::new(MemoryKv::default())).expect("opens");
        let lengths = [3 * PIECE_BYTES_MAX, 0, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, 1];
        for (index, len) in lengths.into_iter().enumerate() {
            store.commit(put(b"a", vec![index as u8; len]), &at(index as u64)).expect("commits");
            store.commit(put(b"a\0", vec![9; 5]), &at(index as u64)).expect("commits");
            let expected = BTreeMap::from([(b"a".to_vec(), vec![index as u8; len]), (b"a\0".to_vec(), vec![9; 5])]);
            assert_eq!(contents(&store), expected);
        }
    }

    #[test]
    fn a_loss_of_power_leaves_a_state_that_its_position_describes() {
        let kv = Arc::new(MemoryKv::default());
        let mut store = StateStore::open_on(Arc::clone(&kv) as Arc<dyn OrderedKv>).expect("opens");
        for index in 0..6 {
            store.commit(put(b"k", vec![index; 10]), &at(u64::from(index))).expect("commits");
            if index == 2 {
                store.sync_handle().persist().expect("syncs");
            }
        }
        for n_kept in 0..=kv.n_unsynced() {
            let found = StateStore::open_on(Arc::new(kv.after_power_loss(n_kept))).expect("opens");
            let index = found.applied().last.expect("was synced").index;
            assert_eq!(index, 2 + n_kept as u64);
            assert_eq!(contents(&found), BTreeMap::from([(b"k".to_vec(), vec![index as u8; 10])]));
        }
    }

    #[test]
    fn a_replacement_is_all_or_nothing() {
        let kv = Arc::new(MemoryKv::default());
        let mut store = StateStore::open_on(Arc::clone(&kv) as Arc<dyn OrderedKv>).expect("opens");
        store.commit(put(b"old", b"1".to_vec()), &at(1)).expect("commits");
        store.sync_handle().persist().expect("syncs");
        let old = contents(&store);

        let broken = [Ok((b"new".to_vec(), b"2".to_vec())), Err(StorageError::corrupt("test", "breaks off"))];
        store.replace(broken.into_iter(), &at(9)).expect_err("breaks off");
        for n_kept in 0..=kv.n_unsynced() {
            let found = StateStore::open_on(Arc::new(kv.after_power_loss(n_kept))).expect("opens");
            assert_eq!((contents(&found), found.applied()), (old.clone(), &at(1)));
        }

        let pairs = [Ok((b"new".to_vec(), vec![3; PIECE_BYTES_MAX * 2]))];
        store.replace(pairs.into_iter(), &at(9)).expect("replaces");
        let new = BTreeMap::from([(b"new".to_vec(), vec![3; PIECE_BYTES_MAX * 2])]);
        let found = StateStore::open_on(Arc::new(kv.after_power_loss(0))).expect("opens");
        assert_eq!((contents(&found), found.applied()), (new.clone(), &at(9)));
        store.commit(StateChanges::default(), &at(10)).expect("commits");
        assert_eq!(contents(&store), new);
    }
}
