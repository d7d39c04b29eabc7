//! The metadata as the consensus room runs it: `vraftls_meta::State` in memory, snapshots of it on disk.
//!
//! The state in memory is ahead of the disk. A snapshot file holds it as of a log position; what came after is replayed from the log,
//! which is purged only below it. The metadata is small, so a snapshot is one file that is replaced whole.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use vraftls_meta::{Command, Response, State};
use vraftls_raft::codec::{Codec, DecodeError, decode_exact, encode_versioned, split_version};
use vraftls_raft::error::StorageError;
use vraftls_raft::machine::{Applied, SnapshotView, StateMachine};
use vraftls_vfs::Revision;

/// The first byte of a snapshot file.
const SNAPSHOT_VERSION: u8 = 1;

/// The snapshot file.
const STATE_FILE: &str = "state";

/// The first byte of an encoded response.
const RESPONSE_VERSION: u8 = 1;

/// The metadata, replicated.
pub(crate) struct MetaMachine {
    state: Arc<State>,
    applied: Applied,
    file: PathBuf,
    published: watch::Sender<Arc<State>>,
}

impl MetaMachine {
    /// Opens the machine whose snapshot lies in `directory`. The receiver sees the state after every commit. Blocks on the disk.
    pub(crate) fn open(directory: &Path) -> Result<(Self, watch::Receiver<Arc<State>>), StorageError> {
        fs::create_dir_all(directory).map_err(|error| StorageError::io("making the metadata's directory", error))?;
        let file = directory.join(STATE_FILE);
        let (state, applied) = read_metadata(directory)?;
        let state = Arc::new(state);
        let (published, receiver) = watch::channel(Arc::clone(&state));
        Ok((Self { state, applied, file, published }, receiver))
    }
}

impl StateMachine for MetaMachine {
    type Command = Command;
    type Response = Response;
    type Codec = MetaCodec;
    type Snapshot = MetaSnapshot;

    fn applied(&mut self) -> Result<Applied, StorageError> {
        Ok(self.applied.clone())
    }

    fn apply(&mut self, log_index: u64, command: Command) -> Response {
        Arc::make_mut(&mut self.state).apply(Revision(log_index), command)
    }

    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError> {
        self.applied = applied.clone();
        self.published.send_replace(Arc::clone(&self.state));
        Ok(())
    }

    fn snapshot(&mut self) -> Result<MetaSnapshot, StorageError> {
        Ok(MetaSnapshot { state: Arc::clone(&self.state), applied: self.applied.clone(), file: self.file.clone() })
    }

    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).map_err(|error| StorageError::io("reading received metadata", error))?;
        let state = decode_state(&bytes)?;
        replace(&self.file, &encode_snapshot(applied, &state))?;
        self.state = Arc::new(state);
        self.applied = applied.clone();
        self.published.send_replace(Arc::clone(&self.state));
        Ok(())
    }
}

/// The metadata at one log position.
pub(crate) struct MetaSnapshot {
    state: Arc<State>,
    applied: Applied,
    file: PathBuf,
}

impl SnapshotView for MetaSnapshot {
    fn persist(&self) -> Result<(), StorageError> {
        replace(&self.file, &encode_snapshot(&self.applied, &self.state))
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError> {
        out.write_all(&self.state.encode()).map_err(|error| StorageError::io("sending metadata", error))
    }
}

/// The metadata of a node as its snapshot has it, and where that stands; the empty one where there is none. Its log may go on from there.
/// `directory` is as for [`write_metadata`]. Blocks on the disk.
///
/// # Errors
/// [`StorageError`].
pub fn read_metadata(directory: &Path) -> Result<(State, Applied), StorageError> {
    match fs::read(directory.join(STATE_FILE)) {
        Ok(bytes) => decode_snapshot(&bytes).map(|(applied, state)| (state, applied)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((State::new(), Applied::default())),
        Err(error) => Err(StorageError::io("reading the metadata's snapshot", error)),
    }
}

/// Writes the metadata of a node that does not run, durably. `directory` is that of group 0 below [`crate::ClusterConfig::directory`], and is
/// made. Blocks on the disk.
///
/// # Errors
/// [`StorageError`].
pub fn write_metadata(directory: &Path, applied: &Applied, state: &State) -> Result<(), StorageError> {
    fs::create_dir_all(directory).map_err(|error| StorageError::io("making the metadata's directory", error))?;
    replace(&directory.join(STATE_FILE), &encode_snapshot(applied, state))?;
    let made = directory.parent().map_or(Ok(()), |parent| fs::File::open(parent)?.sync_all());
    made.map_err(|error: io::Error| StorageError::io("making the metadata's directory", error))
}

/// How commands and responses become bytes.
pub(crate) struct MetaCodec;

impl Codec<Command> for MetaCodec {
    fn encode(value: &Command, out: &mut Vec<u8>) {
        out.extend(value.encode());
    }

    fn decode(bytes: &[u8]) -> Result<Command, DecodeError> {
        Command::decode(bytes).map_err(|error| DecodeError::malformed("metadata command", error.to_string()))
    }
}

impl Codec<Response> for MetaCodec {
    fn encode(value: &Response, out: &mut Vec<u8>) {
        encode_versioned(RESPONSE_VERSION, value, out);
    }

    fn decode(bytes: &[u8]) -> Result<Response, DecodeError> {
        let (_, body) = split_version("metadata response", RESPONSE_VERSION, bytes)?;
        decode_exact("metadata response", body)
    }
}

fn encode_snapshot(applied: &Applied, state: &State) -> Vec<u8> {
    applied.frame(SNAPSHOT_VERSION, &state.encode())
}

fn decode_snapshot(bytes: &[u8]) -> Result<(Applied, State), StorageError> {
    let (applied, state) = Applied::unframe("snapshot of the metadata", SNAPSHOT_VERSION, bytes)?;
    Ok((applied, decode_state(state)?))
}

fn decode_state(bytes: &[u8]) -> Result<State, StorageError> {
    State::decode(bytes).map_err(|error| StorageError::corrupt("metadata", error.to_string()))
}

/// Replaces a file so that after a crash it is the old one or the whole new one. Whoever else writes it waits: views are persisted beside
/// installs.
fn replace(file: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let written = || {
        let temporary = file.with_extension("tmp");
        let mut out = fs::File::create(&temporary)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        fs::rename(&temporary, file)?;
        file.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
    };
    written().map_err(|error: io::Error| StorageError::io("writing the metadata's snapshot", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_file_gives_the_state_back_and_damage_is_seen() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let (mut machine, _) = MetaMachine::open(scratch.path()).expect("nothing is there");
        let opened = machine.apply(3, Command::OpenSession);
        assert!(opened.is_ok());
        let applied = Applied::default();
        machine.commit(&applied).expect("memory");
        machine.snapshot().expect("memory").persist().expect("a disk");
        let (again, published) = MetaMachine::open(scratch.path()).expect("it was written");
        assert_eq!((again.state.digest(), published.borrow().revision()), (machine.state.digest(), Revision(3)));
        let file = scratch.path().join("state");
        let mut bytes = fs::read(&file).expect("there");
        let last = bytes.len() - 40;
        bytes[last] ^= 1;
        fs::write(&file, bytes).expect("writable");
        assert!(MetaMachine::open(scratch.path()).is_err());
    }
}
