//! The files' state machine as the consensus room runs it: `vraftls_vfs::State` in memory, snapshots of it on disk, file contents in the
//! store that all groups of the node share.
//!
//! Durability (see `StateMachine`): the state in memory is ahead of the disk. A snapshot file holds the state as of a log position, and
//! contents are synced before it is written; what came after the snapshot is replayed from the log, which is purged only below it.
//!
//! Snapshots and log entries may speak of contents by digest. What is not here is fetched before the state is published or written down
//! (see [`crate::fetch`]): a state that anybody sees has its contents, but for those that are nowhere to be had. A witness keeps no
//! contents, and fetches none.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use vraftls_raft::codec::{Codec, DecodeError, decode_exact, encode_versioned, split_version};
use vraftls_raft::error::StorageError;
use vraftls_raft::ids::{GroupId, Membership};
use vraftls_raft::machine::{Applied, SnapshotView, StateMachine};
use vraftls_vfs::{Command, ContentDigest, Contents, Effect, FileOperation, Request, Response, Revision, State};

use crate::contents::{ContentError, ContentStore, Pin};
use crate::data_dir::{create_private_dir, write_durably};
use crate::fetch::{FetchContents, FetchError, fetch_missing};
use crate::references::{ALWAYS_DURABLE, Hold, References};

/// The first byte of a snapshot file.
const SNAPSHOT_VERSION: u8 = 1;

/// The snapshot file in a machine's directory.
const STATE_FILE: &str = "state";

/// The first byte of an encoded response.
const RESPONSE_VERSION: u8 = 1;

/// What is light (see `StateMachine::is_light`): so many changes of a command, and bytes of all commands together.
const LIGHT_OPERATIONS_MAX: usize = 8;
const LIGHT_BYTES_MAX: usize = 32 << 10;

/// After so many light commits one comes that writes what is staged, and lets go what was released.
const LIGHT_COMMITS_MAX: u32 = 32;

/// The files of one shard, replicated.
pub(crate) struct VfsMachine {
    state: State,
    applied: Applied,
    keeping: Keeping,
    file: Arc<StateFile>,
    /// What was stored since the last commit: the state that is published does not speak of it yet.
    stored: Vec<Pin>,
    /// What entries since the last commit speak of by digest, with the index of the last that does.
    spoken_of: BTreeMap<ContentDigest, u64>,
    published: watch::Sender<State>,
    /// What went wrong in an apply, which itself cannot fail; the commit behind it does.
    broken: Option<ContentError>,
    /// Commits since the last one that could block.
    n_light: u32,
}

/// What a replica does with contents.
#[derive(Clone)]
pub(crate) enum Keeping {
    /// It has them all, and hands them out.
    Contents(Kept),
    /// It is a witness: it has paths and digests.
    Names,
}

/// Where the contents of a group are.
#[derive(Clone)]
pub(crate) struct Kept {
    group: GroupId,
    contents: ContentStore,
    references: References,
    /// None where there is no other replica.
    others: Option<Arc<dyn FetchContents>>,
}

impl Keeping {
    /// For a group whose only replica is here, for ever.
    pub(crate) fn alone(group: GroupId, contents: ContentStore, references: References) -> Self {
        Self::Contents(Kept { group, contents, references, others: None })
    }

    /// For a group with other replicas.
    pub(crate) fn among(
        group: GroupId,
        contents: ContentStore,
        references: References,
        others: Arc<dyn FetchContents>,
    ) -> Self {
        Self::Contents(Kept { group, contents, references, others: Some(others) })
    }
}

/// A machine and what its surroundings hold of it.
pub(crate) struct Opened {
    pub(crate) machine: VfsMachine,
    /// The state after every commit.
    pub(crate) state: watch::Receiver<State>,
    /// To be dropped when the group has read its log again; until then no contents go.
    pub(crate) recovering: Option<Hold>,
}

impl VfsMachine {
    /// Opens the machine whose snapshots lie in `directory`, which must be this group's alone.
    pub(crate) fn open(directory: &Path, keeping: Keeping) -> Result<Opened, StorageError> {
        create_private_dir(directory).map_err(|error| StorageError::io("making the snapshot directory", error))?;
        let path = directory.join(STATE_FILE);
        let (applied, mut state) = match fs::read(&path) {
            Ok(bytes) => decode_snapshot(&bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Applied::default(), State::new()),
            Err(error) => return Err(StorageError::io("reading the snapshot", error)),
        };
        advance(&mut state, &applied);
        let (published, receiver) = watch::channel(state.clone());
        let recovering = match &keeping {
            Keeping::Contents(kept) => {
                let durable = if kept.others.is_some() { index_of(&applied) } else { ALWAYS_DURABLE };
                Some(kept.references.register(kept.group, receiver.clone(), durable))
            }
            Keeping::Names => None,
        };
        let file = Arc::new(StateFile { path, index: Mutex::new(index_of(&applied)) });
        let (stored, spoken_of) = (Vec::new(), BTreeMap::new());
        let machine = Self { state, applied, keeping, file, stored, spoken_of, published, broken: None, n_light: 0 };
        Ok(Opened { machine, state: receiver, recovering })
    }

    fn perform(&mut self, index: u64, effect: Effect) {
        let Keeping::Contents(kept) = &self.keeping else { return };
        match effect {
            Effect::Store { digest, bytes } => match kept.contents.stage_pinned(digest, bytes) {
                Ok(pin) => self.stored.push(pin),
                Err(error) => self.broken = Some(error),
            },
            Effect::Release { digest } => kept.references.release(kept.group, digest, index, Instant::now()),
        }
    }

    /// Shows the state to everybody. Its contents are here.
    fn publish(&mut self, applied: &Applied) {
        self.applied = applied.clone();
        self.published.send_replace(self.state.clone());
        self.stored.clear();
        if let Keeping::Contents(kept) = &self.keeping {
            kept.references.set_incoming(kept.group, None);
        }
    }
}

impl Kept {
    /// Fetches the contents of a state that are missing here, each with the index that needs it. They stay until the state is published.
    fn bring_in(
        &self,
        state: &State,
        membership: &Membership,
        needed: impl Iterator<Item = (ContentDigest, u64)>,
    ) -> Result<(), StorageError> {
        // A lone replica has what it ever had. What its log speaks of, and is not here, is let go later in the log.
        let Some(others) = self.others.as_deref() else { return Ok(()) };
        self.references.set_incoming(self.group, Some(state.clone()));
        self.contents.await_removals();
        let mut missing = BTreeMap::new();
        for (digest, index) in needed {
            if !self.contents.has(&digest).map_err(|error| content_error("looking for contents", error))? {
                missing.insert(digest, index);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        fetch_missing(others, &self.contents, membership, missing).map_err(|error| match error {
            FetchError::Stopped => StorageError::Stopped { reason: error.to_string().into() },
            FetchError::Contents(error) => content_error("storing contents", error),
        })
    }
}

impl StateMachine for VfsMachine {
    type Command = Command;
    type Response = Response;
    type Codec = VfsCodec;
    type Snapshot = VfsSnapshot;

    fn applied(&mut self) -> Result<Applied, StorageError> {
        Ok(self.applied.clone())
    }

    fn apply(&mut self, log_index: u64, command: Command) -> Response {
        self.spoken_of.extend(stored_elsewhere(&command).map(|digest| (digest, log_index)));
        let (response, effects) = self.state.apply(Revision(log_index), command);
        effects.into_iter().for_each(|effect| self.perform(log_index, effect));
        response
    }

    fn is_light(&self, commands: &[&Command]) -> bool {
        let mut n_bytes = 0;
        let are_light = commands.iter().all(|command| {
            n_bytes += inline_bytes(command);
            n_operations(command) <= LIGHT_OPERATIONS_MAX && stored_elsewhere(command).next().is_none()
        });
        let may_stage = match &self.keeping {
            Keeping::Contents(kept) => kept.contents.may_stage(n_bytes),
            Keeping::Names => true,
        };
        are_light && n_bytes <= LIGHT_BYTES_MAX && may_stage && self.n_light < LIGHT_COMMITS_MAX
    }

    fn commit_light(&mut self, applied: &Applied) -> Result<(), StorageError> {
        self.n_light += 1;
        if let Some(error) = self.broken.take() {
            return Err(content_error("storing contents", error));
        }
        advance(&mut self.state, applied);
        self.publish(applied);
        Ok(())
    }

    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError> {
        self.n_light = 0;
        if let Some(error) = self.broken.take() {
            return Err(content_error("storing contents", error));
        }
        if let Keeping::Contents(kept) = &self.keeping {
            kept.contents.write_staged().map_err(|error| content_error("storing contents", error))?;
        }
        advance(&mut self.state, applied);
        let spoken_of = std::mem::take(&mut self.spoken_of);
        if let Keeping::Contents(kept) = &self.keeping
            && !spoken_of.is_empty()
        {
            // Some are gone again, or came with an operation that was refused.
            let needed = spoken_of.into_iter().filter(|(digest, _)| self.state.n_references(digest) > 0);
            kept.bring_in(&self.state, &applied.membership, needed)?;
        }
        self.publish(applied);
        if let Keeping::Contents(kept) = &self.keeping {
            kept.references
                .let_go(&kept.contents, Instant::now())
                .map_err(|error| content_error("removing contents", error))?;
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<VfsSnapshot, StorageError> {
        Ok(self.snapshot_of(&self.applied))
    }

    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).map_err(|error| StorageError::io("reading a received snapshot", error))?;
        let mut state = decode_state(&bytes)?;
        advance(&mut state, applied);
        if let Keeping::Contents(kept) = &self.keeping {
            let index = index_of(applied);
            kept.bring_in(&state, &applied.membership, state.contents().map(|digest| (digest, index)))?;
        }
        // What the snapshot passed over was let go somewhere in between; whoever sees the older state still has the usual time.
        if let Keeping::Contents(kept) = &self.keeping {
            let now = Instant::now();
            let gone = self.state.contents().filter(|digest| state.n_references(digest) == 0);
            gone.for_each(|digest| kept.references.release(kept.group, digest, index_of(applied), now));
        }
        self.state = state;
        self.spoken_of.clear();
        let view = self.snapshot_of(applied);
        view.persist()?;
        self.publish(applied);
        Ok(())
    }
}

impl VfsMachine {
    fn snapshot_of(&self, applied: &Applied) -> VfsSnapshot {
        let (state, applied, keeping) = (self.state.clone(), applied.clone(), self.keeping.clone());
        VfsSnapshot { state, applied, keeping, file: self.file.clone() }
    }
}

/// What a command does to files.
fn operations(command: &Command) -> &[FileOperation] {
    match command {
        Command::Once {
            request: Request::Batch { operations, .. } | Request::ShardBatch { operations, .. }, ..
        } => operations.as_slice(),
        _ => &[],
    }
}

/// How many bytes of contents a command brings.
fn inline_bytes(command: &Command) -> usize {
    let bytes = operations(command).iter().map(|operation| match operation {
        FileOperation::Write { contents: Contents::Inline(bytes), .. } => bytes.len(),
        _ => 0,
    });
    bytes.sum()
}

/// How many changes a command makes; removing a workspace makes any number.
fn n_operations(command: &Command) -> usize {
    match command {
        Command::Once { request: Request::RemoveWorkspace { .. }, .. } => usize::MAX,
        _ => operations(command).len(),
    }
}

/// The digests that a command speaks of without bringing their bytes.
fn stored_elsewhere(command: &Command) -> impl Iterator<Item = ContentDigest> {
    operations(command).iter().filter_map(|operation| match operation {
        FileOperation::Write { contents: Contents::Stored { digest, .. }, .. } => Some(*digest),
        _ => None,
    })
}

fn index_of(applied: &Applied) -> u64 {
    applied.last.map_or(0, |last| last.index)
}

/// Entries that say nothing to the files move the revision too: who waits for a log index finds it.
fn advance(state: &mut State, applied: &Applied) {
    let reached = Revision(index_of(applied));
    if reached > state.revision() {
        state.advance(reached);
    }
}

/// The files at one log position.
pub(crate) struct VfsSnapshot {
    state: State,
    applied: Applied,
    keeping: Keeping,
    file: Arc<StateFile>,
}

/// Where the state lies on disk.
struct StateFile {
    path: PathBuf,
    /// The index of what it says. Held while it is written: a view that was taken earlier must not replace a later one.
    index: Mutex<u64>,
}

impl SnapshotView for VfsSnapshot {
    fn persist(&self) -> Result<(), StorageError> {
        if let Keeping::Contents(kept) = &self.keeping {
            kept.contents.sync().map_err(|error| content_error("syncing contents", error))?;
        }
        let index = index_of(&self.applied);
        let mut on_disk = self.file.index.lock().unwrap_or_else(PoisonError::into_inner);
        if *on_disk > index {
            return Ok(());
        }
        write_durably(&self.file.path, &encode_snapshot(&self.applied, &self.state))
            .map_err(|error| StorageError::io("writing a snapshot", error))?;
        *on_disk = index;
        if let Keeping::Contents(kept) = &self.keeping {
            kept.references.persisted(kept.group, index);
        }
        Ok(())
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError> {
        out.write_all(&self.state.encode()).map_err(|error| StorageError::io("sending a snapshot", error))
    }
}

/// Writes the state of a machine that does not run, durably. The directory is made.
pub(crate) fn write_state_file(directory: &Path, applied: &Applied, state: &State) -> Result<(), StorageError> {
    create_private_dir(directory).map_err(|error| StorageError::io("making the snapshot directory", error))?;
    write_durably(&directory.join(STATE_FILE), &encode_snapshot(applied, state))
        .map_err(|error| StorageError::io("writing a snapshot", error))
}

/// How commands and responses become bytes.
pub(crate) struct VfsCodec;

impl Codec<Command> for VfsCodec {
    fn encode(value: &Command, out: &mut Vec<u8>) {
        out.extend(value.encode());
    }

    fn decode(bytes: &[u8]) -> Result<Command, DecodeError> {
        Command::decode(bytes).map_err(|error| DecodeError::malformed("command", error.to_string()))
    }
}

impl Codec<Response> for VfsCodec {
    fn encode(value: &Response, out: &mut Vec<u8>) {
        encode_versioned(RESPONSE_VERSION, value, out);
    }

    fn decode(bytes: &[u8]) -> Result<Response, DecodeError> {
        let (_, body) = split_version("response", RESPONSE_VERSION, bytes)?;
        decode_exact("response", body)
    }
}

fn encode_snapshot(applied: &Applied, state: &State) -> Vec<u8> {
    applied.frame(SNAPSHOT_VERSION, &state.encode())
}

fn decode_snapshot(bytes: &[u8]) -> Result<(Applied, State), StorageError> {
    let (applied, state) = Applied::unframe("snapshot of the files", SNAPSHOT_VERSION, bytes)?;
    Ok((applied, decode_state(state)?))
}

fn decode_state(bytes: &[u8]) -> Result<State, StorageError> {
    State::decode(bytes).map_err(|error| StorageError::corrupt("state of the files", error.to_string()))
}

fn content_error(operation: &'static str, error: ContentError) -> StorageError {
    StorageError::io(operation, std::io::Error::other(error))
}

#[cfg(test)]
mod tests;
