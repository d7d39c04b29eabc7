//! A disk that forgets what was not synced when the power fails, and that can be made to lie about it.
//!
//! What is written is read at once; it survives a loss of power after the next barrier, or by luck. The flaws are bugs planted
//! on purpose: a simulation that does not find them proves nothing.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Mutex, MutexGuard, PoisonError};

use vraftls_raft::error::StorageError;
use vraftls_raft::kv::{Batch, OrderedKv, Visitor};

/// What is wrong with a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A barrier reports success and syncs nothing that was written since the one before it: what was acknowledged last is lost.
    AcknowledgesBeforeSync,
    /// Votes never become durable, everything else does.
    ForgetsVotes,
}

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// An ordered map in memory that tells written from durable.
#[derive(Debug, Default)]
pub(crate) struct SimDisk {
    state: Mutex<State>,
    flaw: Option<Flaw>,
}

#[derive(Debug, Default)]
struct State {
    /// What survives a loss of power.
    durable: Pairs,
    /// Written since, in order.
    unsynced: Vec<Batch>,
    /// How many of the unsynced batches a barrier has been reported for; only with a flaw.
    n_promised: usize,
    /// What is read: all of the above.
    visible: Pairs,
}

impl SimDisk {
    pub(crate) fn new(flaw: Option<Flaw>) -> Self {
        Self { state: Mutex::default(), flaw }
    }

    /// Batches that a loss of power may take.
    pub(crate) fn n_unsynced(&self) -> usize {
        self.lock().unsynced.len()
    }

    /// What a loss of power leaves: what was synced, and the first `n_lucky` of the batches that were not.
    pub(crate) fn after_power_loss(&self, n_lucky: usize) -> Self {
        let state = self.lock();
        let mut durable = state.durable.clone();
        for batch in state.unsynced.iter().take(n_lucky) {
            write_to(&mut durable, batch.clone());
        }
        if self.flaw == Some(Flaw::ForgetsVotes) {
            durable.retain(|key, _| !is_vote(key));
        }
        let state = State { visible: durable.clone(), durable, ..State::default() };
        Self { state: Mutex::new(state), flaw: self.flaw }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the log keeps a vote there: the group in four bytes, and a `v`.
fn is_vote(key: &[u8]) -> bool {
    key.len() == 5 && key[4] == b'v'
}

fn write_to(pairs: &mut Pairs, batch: Batch) {
    for (key, value) in batch.into_writes() {
        match value {
            Some(value) => drop(pairs.insert(key, value)),
            None => drop(pairs.remove(&key)),
        }
    }
}

impl OrderedKv for SimDisk {
    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        let mut state = self.lock();
        write_to(&mut state.visible, batch.clone());
        state.unsynced.push(batch);
        Ok(())
    }

    fn barrier(&self) -> Result<(), StorageError> {
        let mut state = self.lock();
        let State { durable, unsynced, n_promised, .. } = &mut *state;
        let n_synced = match self.flaw {
            Some(Flaw::AcknowledgesBeforeSync) => *n_promised,
            Some(Flaw::ForgetsVotes) | None => unsynced.len(),
        };
        for batch in unsynced.drain(..n_synced) {
            write_to(durable, batch);
        }
        *n_promised = unsynced.len();
        Ok(())
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visitor<'_>) -> Result<(), StorageError> {
        // The visitor runs outside of the lock: it may look at the disk itself.
        let found: Vec<(Vec<u8>, Vec<u8>)> = {
            let state = self.lock();
            let bounds = (Bound::Included(from), Bound::Excluded(to));
            if from >= to {
                return Ok(());
            }
            state.visible.range::<[u8], _>(bounds).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        for (key, value) in found {
            if let ControlFlow::Break(()) = visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    fn last_key(&self, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        if from >= to {
            return Ok(None);
        }
        let bounds = (Bound::Included(from), Bound::Excluded(to));
        Ok(self.lock().visible.range::<[u8], _>(bounds).next_back().map(|(key, _)| key.clone()))
    }
}
