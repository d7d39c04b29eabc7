//! Puts a [`StateMachine`] under the consensus core.
//!
//! Runs everything of the machine one call at a time, on the blocking pool but for what the machine says is light; decodes commands, encodes responses, keeps
//! the position, and answers proposers after the commit.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{Stream, StreamExt as _};
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine, Snapshot};
use openraft::{EntryPayload, OptionalSend};
use tokio::sync::Notify;

use crate::blocking;
use crate::codec::Codec;
use crate::error::StorageError;
use crate::ids;
use crate::machine::{Applied, SnapshotView, StateMachine};
use crate::snapshot::SnapshotData;
use crate::types::{self, LogId, ResponseBytes, SnapshotMeta, StoredMembership, Types};

/// Entries applied with one commit, at most.
const APPLY_ENTRIES_MAX: usize = 1024;

/// A batch of more entries is never light.
const LIGHT_ENTRIES_MAX: usize = 4;

/// A state and where it stands.
type View = (Applied, Arc<dyn SnapshotView>);

type SnapshotOf = openraft::alias::SnapshotOf<Types, SnapshotData>;

/// The machine and the position it stands at.
struct Running<M> {
    machine: M,
    applied: Applied,
}

/// Waited for only on blocking threads. Empty after the release.
type Slot<M> = Arc<Mutex<Option<Running<M>>>>;

/// A handle to a machine; clones share it.
pub(crate) struct MachineAdapter<M: StateMachine> {
    slot: Slot<M>,
    /// The state is known to be durable at least up to here.
    persisted: Arc<Mutex<Option<ids::LogId>>>,
    growth: Arc<Growth>,
}

/// How much was applied since a snapshot point was last asked for.
pub(crate) struct Growth {
    bytes: AtomicU64,
    bytes_max: u64,
    enough: Notify,
}

impl Growth {
    fn add(&self, bytes: usize) {
        let sum = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if sum >= self.bytes_max {
            self.bytes.store(0, Ordering::Relaxed);
            self.enough.notify_one();
        }
    }

    /// Returns when a snapshot point is to be taken.
    pub(crate) async fn is_enough(&self) {
        self.enough.notified().await;
    }
}

impl<M: StateMachine> Clone for MachineAdapter<M> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot), persisted: Arc::clone(&self.persisted), growth: Arc::clone(&self.growth) }
    }
}

impl<M: StateMachine> MachineAdapter<M> {
    /// Asks the machine where it stands. A snapshot point is wanted after so many bytes of commands. Blocks.
    pub(crate) fn open(mut machine: M, snapshot_after_bytes: u64) -> Result<Self, StorageError> {
        let applied = machine.applied()?;
        let persisted = Arc::new(Mutex::new(applied.last));
        let growth = Growth { bytes: AtomicU64::new(0), bytes_max: snapshot_after_bytes, enough: Notify::new() };
        Ok(Self { slot: Arc::new(Mutex::new(Some(Running { machine, applied }))), persisted, growth: Arc::new(growth) })
    }

    pub(crate) fn growth(&self) -> Arc<Growth> {
        Arc::clone(&self.growth)
    }

    /// Runs `call` with the machine on the blocking pool.
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Running<M>) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let slot = Arc::clone(&self.slot);
        let task = blocking::spawn(move || {
            let stopped = |reason: &str| StorageError::Stopped { reason: reason.into() };
            let mut slot = slot.lock().map_err(|_| stopped("the state machine panicked; its memory is not trusted"))?;
            call(slot.as_mut().ok_or_else(|| stopped("the group was shut down"))?)
        });
        match task.await {
            Ok(result) => result,
            Err(error) => Err(StorageError::io("run the state machine", io::Error::other(error))),
        }
    }

    /// Applies a batch at once, if that is light and nobody else has the machine.
    fn try_light(&self, batch: Vec<Todo<M>>) -> Result<Result<Vec<ResponseBytes>, Vec<Todo<M>>>, StorageError> {
        if batch.len() > LIGHT_ENTRIES_MAX {
            return Ok(Err(batch));
        }
        let Ok(mut slot) = self.slot.try_lock() else { return Ok(Err(batch)) };
        match slot.as_mut() {
            Some(running) => running.apply_light(batch),
            None => Ok(Err(batch)),
        }
    }

    /// Drops the machine, and with it what it holds on the disk, after the call it may be in.
    pub(crate) async fn release(&self) {
        let slot = Arc::clone(&self.slot);
        let task = blocking::spawn(move || {
            drop(slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        });
        if let Err(error) = task.await {
            tracing::error!(%error, "the state machine panicked when it was dropped");
        }
    }

    /// Looks at the machine, between batches.
    pub(crate) async fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&M, &Applied) -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        self.call(|running| Ok(look(&running.machine, &running.applied))).await
    }

    /// A view of the state, and where it stands.
    pub(crate) async fn view(&self) -> Result<View, StorageError> {
        self.call(|running| {
            let view: Arc<dyn SnapshotView> = Arc::new(running.machine.snapshot()?);
            Ok((running.applied.clone(), view))
        })
        .await
    }
}

/// Makes the state durable in the machine's own storage: the log below the view may go then. Works without the
/// machine's lock, so that applies go on while the disk works.
async fn persist(
    applied: &Applied,
    view: &Arc<dyn SnapshotView>,
    persisted: &Mutex<Option<ids::LogId>>,
) -> Result<(), StorageError> {
    if applied.last <= *persisted.lock().unwrap_or_else(PoisonError::into_inner) {
        return Ok(());
    }
    let view = Arc::clone(view);
    blocking::spawn(move || view.persist())
        .await
        .map_err(|error| StorageError::io("persist the state", io::Error::other(error)))??;
    let mut persisted = persisted.lock().unwrap_or_else(PoisonError::into_inner);
    *persisted = applied.last.max(*persisted);
    Ok(())
}

fn to_snapshot(applied: &Applied, view: Arc<dyn SnapshotView>) -> Result<SnapshotOf, StorageError> {
    Ok(Snapshot { meta: to_meta(applied)?, snapshot: SnapshotData::View(view) })
}

/// An entry that is to be applied, decoded, and whether somebody waits for its response.
struct Todo<M: StateMachine> {
    log_id: types::LogId,
    what: What<M::Command>,
    is_awaited: bool,
}

enum What<C> {
    Nothing,
    Command(C),
    Membership(types::Membership),
}

impl<M: StateMachine> Todo<M> {
    fn decode(entry: types::Entry, is_awaited: bool) -> Result<Self, StorageError> {
        let what = match entry.payload {
            EntryPayload::Blank => What::Nothing,
            // A committed command that cannot be read must stop this replica: skipping it would diverge.
            EntryPayload::Normal(command) => What::Command(M::Codec::decode(&command.0)?),
            EntryPayload::Membership(membership) => What::Membership(membership),
        };
        Ok(Self { log_id: entry.log_id, what, is_awaited })
    }
}

impl<M: StateMachine> Running<M> {
    /// Applies a batch and commits it; returns the encoded responses of those entries that somebody waits for.
    fn apply(&mut self, batch: Vec<Todo<M>>) -> Result<Vec<ResponseBytes>, StorageError> {
        let responses = self.apply_all(batch);
        self.machine.commit(&self.applied)?;
        Ok(responses)
    }

    /// The same at once, if the machine says that it may be done so; otherwise it gives the batch back.
    fn apply_light(&mut self, batch: Vec<Todo<M>>) -> Result<Result<Vec<ResponseBytes>, Vec<Todo<M>>>, StorageError> {
        let commands = batch.iter().filter_map(|todo| match &todo.what {
            What::Command(command) => Some(command),
            _ => None,
        });
        if !self.machine.is_light(&commands.collect::<Vec<_>>()) {
            return Ok(Err(batch));
        }
        let responses = self.apply_all(batch);
        self.machine.commit_light(&self.applied)?;
        Ok(Ok(responses))
    }

    fn apply_all(&mut self, batch: Vec<Todo<M>>) -> Vec<ResponseBytes> {
        let mut responses = Vec::with_capacity(batch.len());
        for Todo { log_id, what, is_awaited } in batch {
            let mut response = ResponseBytes::new();
            match what {
                What::Nothing => {}
                What::Command(command) => {
                    let typed = self.machine.apply(log_id.index, command);
                    if is_awaited {
                        M::Codec::encode(&typed, &mut response);
                    }
                }
                What::Membership(membership) => {
                    self.applied.membership = types::membership_out(&membership);
                    self.applied.membership_at = Some(types::log_id_out(&log_id));
                }
            }
            debug_assert!(
                self.applied.last.is_none_or(|last| last.index < log_id.index),
                "entries are applied in log order"
            );
            self.applied.last = Some(types::log_id_out(&log_id));
            responses.push(response);
        }
        responses
    }

    fn install(&mut self, applied: Applied, data: SnapshotData) -> Result<(), StorageError> {
        match data {
            SnapshotData::Spooled(spooled) => self.machine.install(&applied, &mut spooled.reader()?)?,
            SnapshotData::View(view) => {
                let mut state = Vec::new();
                view.write_to(&mut state)?;
                self.machine.install(&applied, &mut state.as_slice())?;
            }
        }
        self.applied = applied;
        Ok(())
    }
}

fn to_meta(applied: &Applied) -> Result<SnapshotMeta, StorageError> {
    let (last_log_id, last_membership) =
        types::applied_in(applied).map_err(|detail| StorageError::corrupt("membership", detail))?;
    Ok(SnapshotMeta { last_log_id, last_membership })
}

impl<M: StateMachine> RaftStateMachine<Types> for MachineAdapter<M> {
    type SnapshotData = SnapshotData;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        let applied = self.call(|running| Ok(running.applied.clone())).await?;
        let meta = to_meta(&applied)?;
        Ok((meta.last_log_id, meta.last_membership))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<Types>, io::Error>> + Unpin + OptionalSend,
    {
        loop {
            let mut batch = Vec::new();
            let mut responders = Vec::new();
            while batch.len() < APPLY_ENTRIES_MAX
                && let Some(item) = entries.next().await
            {
                let (entry, responder) = item?;
                if let EntryPayload::Normal(command) = &entry.payload {
                    self.growth.add(command.0.len());
                }
                batch.push(Todo::<M>::decode(entry, responder.is_some())?);
                responders.push(responder);
            }
            if batch.is_empty() {
                return Ok(());
            }
            let responses = match self.try_light(batch)? {
                Ok(responses) => responses,
                Err(batch) => self.call(|running| running.apply(batch)).await?,
            };
            for (responder, response) in responders.into_iter().zip(responses) {
                if let Some(responder) = responder {
                    responder.send(response);
                }
            }
        }
    }

    async fn get_snapshot_builder(&mut self) -> Self::SnapshotBuilder {
        // The view is taken here, in turn with the applies: taken later, it could be ahead of what the core knows to
        // be applied.
        Builder { view: Some(self.view().await), persisted: Arc::clone(&self.persisted) }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, data: SnapshotData) -> Result<(), io::Error> {
        let applied = types::applied_out(meta.last_log_id.as_ref(), &meta.last_membership);
        let last = applied.last;
        self.call(move |running| running.install(applied, data)).await?;
        // An installed state is durable, whatever was before.
        *self.persisted.lock().unwrap_or_else(PoisonError::into_inner) = last;
        Ok(())
    }

    /// The machine keeps its state durable itself, so its current state *is* the current snapshot. It is made durable
    /// before it is shown, because the log below it may be purged on the strength of it.
    async fn get_current_snapshot(&mut self) -> Result<Option<SnapshotOf>, io::Error> {
        let (applied, view) = self.view().await?;
        if applied.last.is_none() {
            return Ok(None);
        }
        persist(&applied, &view, &self.persisted).await?;
        Ok(Some(to_snapshot(&applied, view)?))
    }
}

/// Takes a snapshot point.
pub(crate) struct Builder {
    /// Used up by the one build that a builder is made for.
    view: Option<Result<View, StorageError>>,
    persisted: Arc<Mutex<Option<ids::LogId>>>,
}

impl RaftSnapshotBuilder<Types> for Builder {
    type SnapshotData = SnapshotData;

    async fn build_snapshot(&mut self) -> Result<SnapshotOf, io::Error> {
        let (applied, view) = self.view.take().ok_or_else(|| io::Error::other("a builder builds once"))??;
        persist(&applied, &view, &self.persisted).await?;
        Ok(to_snapshot(&applied, view)?)
    }
}
