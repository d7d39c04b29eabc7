//! A disk for tests: it forgets what was not synced when the power fails, and fails when it is told to.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Batch, OrderedKv, Visitor};
use crate::error::StorageError;

/// An ordered map in memory that tells written from durable.
#[derive(Debug, Default)]
pub struct MemoryKv {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What survives a loss of power.
    durable: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Written since the last barrier, in order.
    unsynced: Vec<Batch>,
    /// What is read: all of the above.
    visible: BTreeMap<Vec<u8>, Vec<u8>>,
    barriers: u64,
    fail: Option<Failure>,
}

/// What [`MemoryKv::fail_at_next`] makes fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The next write, which has no effect.
    Write,
    /// The next barrier; like a failed fsync it loses what it should have synced.
    Barrier,
}

impl MemoryKv {
    /// What is left of the disk after a loss of power: what was synced, and the first `n_unsynced` of the batches that
    /// were not (a real disk may have written some of them).
    pub fn after_power_loss(&self, n_unsynced: usize) -> Self {
        let state = self.lock();
        let mut durable = state.durable.clone();
        for batch in state.unsynced.iter().take(n_unsynced) {
            apply(&mut durable, batch.clone());
        }
        Self { state: Mutex::new(State { visible: durable.clone(), durable, ..State::default() }) }
    }

    /// Batches that a loss of power may take.
    pub fn n_unsynced(&self) -> usize {
        self.lock().unsynced.len()
    }

    /// Barriers completed.
    pub fn n_barriers(&self) -> u64 {
        self.lock().barriers
    }

    /// Makes one operation fail.
    pub fn fail_at_next(&self, failure: Failure) {
        self.lock().fail = Some(failure);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn apply(map: &mut BTreeMap<Vec<u8>, Vec<u8>>, batch: Batch) {
    for (key, value) in batch.into_writes() {
        match value {
            Some(value) => drop(map.insert(key, value)),
            None => drop(map.remove(&key)),
        }
    }
}

fn refused(operation: &'static str) -> StorageError {
    StorageError::io(operation, io::Error::other("the test's disk refuses"))
}

impl OrderedKv for MemoryKv {
    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        let mut state = self.lock();
        if state.fail == Some(Failure::Write) {
            state.fail = None;
            return Err(refused("write a batch"));
        }
        apply(&mut state.visible, batch.clone());
        state.unsynced.push(batch);
        Ok(())
    }

    fn barrier(&self) -> Result<(), StorageError> {
        let mut state = self.lock();
        if state.fail == Some(Failure::Barrier) {
            state.fail = None;
            state.unsynced.clear();
            return Err(refused("barrier"));
        }
        let state = &mut *state;
        for batch in state.unsynced.drain(..) {
            apply(&mut state.durable, batch);
        }
        state.barriers += 1;
        Ok(())
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visitor<'_>) -> Result<(), StorageError> {
        // The visitor runs outside the lock, as it may with a real store.
        let mut from = std::ops::Bound::Included(from.to_vec());
        loop {
            let pair = {
                let state = self.lock();
                let to = std::ops::Bound::Excluded(to.to_vec());
                if matches!((&from, &to), (std::ops::Bound::Included(f), std::ops::Bound::Excluded(t)) if f >= t) {
                    return Ok(());
                }
                state.visible.range((from, to)).next().map(|(key, value)| (key.clone(), value.clone()))
            };
            let Some((key, value)) = pair else { return Ok(()) };
            if let ControlFlow::Break(()) = visit(&key, &value) {
                return Ok(());
            }
            let mut next = key;
            next.push(0);
            from = std::ops::Bound::Included(next);
        }
    }

    fn last_key(&self, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let state = self.lock();
        Ok(state.visible.range(from.to_vec()..to.to_vec()).next_back().map(|(key, _)| key.clone()))
    }
}
