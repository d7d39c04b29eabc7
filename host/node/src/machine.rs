//! The files' state machine as the consensus room runs it: `vraftls_vfs::State` in memory, snapshots of it and file contents on disk.
//!
//! Durability (see `StateMachine`): the state in memory is ahead of the disk. A snapshot file holds the state as of a log position, and
//! contents are synced before it is written; what came after the snapshot is replayed from the log, which is purged only below it.

use std::collections::VecDeque;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use vraftls_raft::codec::{Codec, DecodeError, decode_exact, encode_versioned, split_version};
use vraftls_raft::error::StorageError;
use vraftls_raft::machine::{Applied, SnapshotView, StateMachine};
use vraftls_vfs::{Command, ContentDigest, Effect, Response, Revision, State};

use crate::contents::{ContentError, ContentStore, Pin};
use crate::data_dir::{create_private_dir, write_durably};

/// The first byte of a snapshot file.
const SNAPSHOT_VERSION: u8 = 1;

/// The first byte of an encoded response.
const RESPONSE_VERSION: u8 = 1;

/// Contents that no file has any more stay this long, for requests that still see an older state.
const RELEASE_DELAY: Duration = Duration::from_secs(120);

/// The files of one shard, replicated.
pub(crate) struct VfsMachine {
    state: State,
    applied: Applied,
    contents: ContentStore,
    snapshot_file: PathBuf,
    released: VecDeque<(Instant, ContentDigest)>,
    /// What was stored since the last commit: the state that is published does not speak of it yet.
    stored: Vec<Pin>,
    published: watch::Sender<State>,
    /// What went wrong in an apply, which itself cannot fail; the commit behind it does.
    broken: Option<ContentError>,
}

impl VfsMachine {
    /// Opens the machine whose snapshots lie in `directory`. The receiver sees the state after every commit.
    pub(crate) fn open(
        directory: &Path,
        contents: ContentStore,
    ) -> Result<(Self, watch::Receiver<State>), StorageError> {
        create_private_dir(directory).map_err(|error| StorageError::io("making the snapshot directory", error))?;
        let snapshot_file = directory.join("state");
        let (applied, state) = match fs::read(&snapshot_file) {
            Ok(bytes) => decode_snapshot(&bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Applied::default(), State::new()),
            Err(error) => return Err(StorageError::io("reading the snapshot", error)),
        };
        let (published, receiver) = watch::channel(state.clone());
        let (released, stored) = (VecDeque::new(), Vec::new());
        Ok((Self { state, applied, contents, snapshot_file, released, stored, published, broken: None }, receiver))
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Store { digest, bytes } => match self.contents.put_pinned(digest, &bytes) {
                Ok(pin) => self.stored.push(pin),
                Err(error) => self.broken = Some(error),
            },
            Effect::Release { digest } => self.released.push_back((Instant::now(), digest)),
        }
    }

    fn sweep(&mut self) -> Result<(), ContentError> {
        while let Some((since, digest)) = self.released.front().copied() {
            if since.elapsed() < RELEASE_DELAY {
                break;
            }
            self.released.pop_front();
            if self.state.n_references(&digest) == 0 && !self.contents.remove_unless_pinned(&digest)? {
                // Somebody is bringing them back; if that comes to nothing, they go the next time.
                self.released.push_back((Instant::now(), digest));
            }
        }
        Ok(())
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
        let (response, effects) = self.state.apply(Revision(log_index), command);
        effects.into_iter().for_each(|effect| self.perform(effect));
        response
    }

    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError> {
        if let Some(error) = self.broken.take() {
            return Err(content_error("storing contents", error));
        }
        self.applied = applied.clone();
        self.published.send_replace(self.state.clone());
        self.stored.clear();
        self.sweep().map_err(|error| content_error("removing contents", error))?;
        Ok(())
    }

    fn snapshot(&mut self) -> Result<VfsSnapshot, StorageError> {
        Ok(VfsSnapshot {
            state: self.state.clone(),
            applied: self.applied.clone(),
            contents: self.contents.clone(),
            file: self.snapshot_file.clone(),
        })
    }

    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).map_err(|error| StorageError::io("reading a received snapshot", error))?;
        let state = decode_state(&bytes)?;
        write_durably(&self.snapshot_file, &encode_snapshot(applied, &state))
            .map_err(|error| StorageError::io("writing a received snapshot", error))?;
        self.state = state;
        self.applied = applied.clone();
        self.published.send_replace(self.state.clone());
        Ok(())
    }
}

/// The files at one log position.
pub(crate) struct VfsSnapshot {
    state: State,
    applied: Applied,
    contents: ContentStore,
    file: PathBuf,
}

impl SnapshotView for VfsSnapshot {
    fn persist(&self) -> Result<(), StorageError> {
        self.contents.sync().map_err(|error| content_error("syncing contents", error))?;
        write_durably(&self.file, &encode_snapshot(&self.applied, &self.state))
            .map_err(|error| StorageError::io("writing a snapshot", error))
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError> {
        out.write_all(&self.state.encode()).map_err(|error| StorageError::io("sending a snapshot", error))
    }
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
    let applied = applied.encode();
    let length = u32::try_from(applied.len()).expect("a log position and a membership are far below 4 GiB");
    let mut bytes = vec![SNAPSHOT_VERSION];
    bytes.extend(length.to_le_bytes());
    bytes.extend(applied);
    bytes.extend(state.encode());
    bytes
}

fn decode_snapshot(bytes: &[u8]) -> Result<(Applied, State), StorageError> {
    let corrupt = |detail: &str| StorageError::corrupt("snapshot of the files", detail);
    let (_, body) = split_version("snapshot of the files", SNAPSHOT_VERSION, bytes)?;
    let (length, rest) = body.split_first_chunk::<4>().ok_or_else(|| corrupt("no length"))?;
    let length = u32::from_le_bytes(*length) as usize;
    let (applied, state) = rest.split_at_checked(length).ok_or_else(|| corrupt("cut short"))?;
    Ok((Applied::decode(applied)?, decode_state(state)?))
}

fn decode_state(bytes: &[u8]) -> Result<State, StorageError> {
    State::decode(bytes).map_err(|error| StorageError::corrupt("state of the files", error.to_string()))
}

fn content_error(operation: &'static str, error: ContentError) -> StorageError {
    StorageError::io(operation, std::io::Error::other(error))
}
