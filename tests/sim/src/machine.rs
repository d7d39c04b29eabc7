//! The state machines that are simulated: the key-value register of the consensus room, and the files of a shard.
//!
//! Both behind one type, so that all groups are of one kind; what each replica applies goes to the ledger. Contents of files are
//! not kept anywhere: a test knows them by their digests.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use vraftls_raft::codec::{Codec, DecodeError, decode_exact, encode_versioned, split_version};
use vraftls_raft::error::StorageError;
use vraftls_raft::ids::GroupId;
use vraftls_raft::machine::{Applied, SnapshotView, StateMachine};
use vraftls_raft::register::{self, Register, RegisterView};
use vraftls_raft::state_store::{StateChanges, StateStore, StateSync};
use vraftls_vfs::{self as vfs, FileOperation, Request, Revision, VfsPath, WorkspaceId};

use crate::ledger::{AppliedCommand, Ledger, digest};
use crate::network::Life;

/// The only workspace there is.
pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(1);

/// Which machine a group runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Register,
    Files,
}

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Register(register::Command),
    Files(vfs::Command),
}

#[derive(Debug, Clone)]
pub(crate) enum Response {
    Register(register::Response),
    Files(vfs::Response),
}

/// The first byte of an encoding says which machine's it is; the rest is as that machine's own.
pub(crate) struct MachineCodec;

const REGISTER: u8 = 1;
const FILES: u8 = 2;

fn split(bytes: &[u8]) -> Result<(u8, &[u8]), DecodeError> {
    split_version("command of the simulation", FILES, bytes)
}

impl Codec<Command> for MachineCodec {
    fn encode(command: &Command, out: &mut Vec<u8>) {
        match command {
            Command::Register(command) => {
                let mut encoded = Vec::new();
                register::RegisterCodec::encode(command, &mut encoded);
                out.push(REGISTER);
                out.extend(encoded);
            }
            Command::Files(command) => {
                out.push(FILES);
                out.extend(command.encode());
            }
        }
    }

    fn decode(bytes: &[u8]) -> Result<Command, DecodeError> {
        match split(bytes)? {
            (REGISTER, body) => Ok(Command::Register(register::RegisterCodec::decode(body)?)),
            (_, body) => vfs::Command::decode(body)
                .map(Command::Files)
                .map_err(|error| DecodeError::malformed("command", error.to_string())),
        }
    }
}

impl Codec<Response> for MachineCodec {
    fn encode(response: &Response, out: &mut Vec<u8>) {
        match response {
            Response::Register(response) => {
                let mut encoded = Vec::new();
                register::RegisterCodec::encode(response, &mut encoded);
                out.push(REGISTER);
                out.extend(encoded);
            }
            Response::Files(response) => encode_versioned(FILES, response, out),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Response, DecodeError> {
        match split(bytes)? {
            (REGISTER, body) => Ok(Response::Register(register::RegisterCodec::decode(body)?)),
            (_, body) => decode_exact("response", body).map(Response::Files),
        }
    }
}

/// Whether a key is judged: the others expire, and are not there for readers to wonder about.
pub(crate) fn is_judged(key: &str) -> bool {
    !key.starts_with("lease")
}

/// A replica's machine.
pub(crate) struct Machine {
    inner: Inner,
    witness: Witness,
}

enum Inner {
    Register(Register),
    Files(Files),
}

/// Tells the ledger what a replica does, while it lives.
pub(crate) struct Witness {
    pub(crate) group: GroupId,
    pub(crate) life: Life,
    /// False once the node has crashed: what its tasks still do is nobody's any more.
    pub(crate) lives: Arc<AtomicBool>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
}

impl Witness {
    fn tell(&self, tell: impl FnOnce(&mut Ledger)) {
        if self.lives.load(Ordering::Relaxed) {
            tell(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Machine {
    pub(crate) fn open(kind: Kind, store: StateStore, witness: Witness) -> Result<Self, StorageError> {
        let inner = match kind {
            Kind::Register => Inner::Register(Register::open(store)?),
            Kind::Files => Inner::Files(Files::open(store)?),
        };
        Ok(Self { inner, witness })
    }

    /// What is at a key: a value of the register, or the digest of a file's contents.
    pub(crate) fn get(&self, key: &str) -> Option<String> {
        match &self.inner {
            Inner::Register(register) => {
                register.get(key.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
            }
            Inner::Files(files) => files.get(key),
        }
    }

    fn state_digest(&mut self) -> Result<u64, StorageError> {
        let mut bytes = Vec::new();
        match &mut self.inner {
            Inner::Register(register) => register.snapshot()?.write_to(&mut bytes)?,
            Inner::Files(files) => bytes = files.state.encode(),
        }
        Ok(digest(&bytes))
    }
}

/// The key that a command is about.
fn key_of(command: &Command) -> Option<String> {
    match command {
        Command::Register(command) => {
            let (register::Operation::Set { key, .. }
            | register::Operation::CompareAndSet { key, .. }
            | register::Operation::Get { key }) = &command.operation;
            Some(String::from_utf8_lossy(key).into_owned())
        }
        Command::Files(vfs::Command::Once { request: Request::Batch { operations, .. }, .. }) => {
            operations.first().map(|operation| match operation {
                FileOperation::Write { path, .. }
                | FileOperation::Delete { path, .. }
                | FileOperation::Rename { from: path, .. } => path.as_str().to_owned(),
            })
        }
        Command::Files(_) => None,
    }
}

impl StateMachine for Machine {
    type Command = Command;
    type Response = Response;
    type Codec = MachineCodec;
    type Snapshot = View;

    fn applied(&mut self) -> Result<Applied, StorageError> {
        match &mut self.inner {
            Inner::Register(register) => register.applied(),
            Inner::Files(files) => Ok(files.store.applied().clone()),
        }
    }

    fn apply(&mut self, log_index: u64, command: Command) -> Response {
        let mut encoded = Vec::new();
        MachineCodec::encode(&command, &mut encoded);
        let key = key_of(&command).filter(|key| is_judged(key));
        let session = match &command {
            Command::Files(vfs::Command::Once { client, sequence, .. }) => Some((client.0, sequence.0)),
            _ => None,
        };
        let (response, changed) = match (&mut self.inner, command) {
            (Inner::Register(register), Command::Register(command)) => {
                (Response::Register(register.apply(log_index, command)), true)
            }
            (Inner::Files(files), Command::Files(command)) => {
                let response = files.state.apply(Revision(log_index), command).0;
                (Response::Files(response), files.changed() == Some(log_index))
            }
            // Total, as it has to be; the test proposes nothing of the kind.
            (Inner::Register(_), Command::Files(_)) => (Response::Register(register::Response::Value(None)), false),
            (Inner::Files(_), Command::Register(_)) => {
                (Response::Files(Err(vfs::Refusal::NoSuchSession { client: vfs::ClientId(0) })), false)
            }
        };
        let value = key.map(|key| {
            let value = self.get(&key);
            (key, value)
        });
        match self.state_digest() {
            Ok(state) => {
                let took_effect = session.filter(|_| changed);
                let applied = AppliedCommand { command: digest(&encoded), state, value, took_effect };
                let Witness { group, life, .. } = self.witness;
                self.witness.tell(|ledger| ledger.applied(group, life, log_index, applied));
            }
            Err(error) => self.witness.tell(|ledger| ledger.violate(|| format!("a state has no digest: {error}"))),
        }
        response
    }

    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError> {
        if let Some(position) = applied.last {
            let Witness { group, life, .. } = self.witness;
            self.witness.tell(|ledger| ledger.committed(group, life, position));
        }
        match &mut self.inner {
            Inner::Register(register) => register.commit(applied),
            Inner::Files(files) => files.commit(applied),
        }
    }

    fn snapshot(&mut self) -> Result<View, StorageError> {
        Ok(match &mut self.inner {
            Inner::Register(register) => View::Register(register.snapshot()?),
            Inner::Files(files) => View::Files(files.state.clone(), files.store.sync_handle()),
        })
    }

    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError> {
        match &mut self.inner {
            Inner::Register(register) => register.install(applied, snapshot),
            Inner::Files(files) => files.install(applied, snapshot),
        }
    }
}

/// A machine's state at one position.
pub(crate) enum View {
    Register(RegisterView),
    Files(vfs::State, StateSync),
}

impl SnapshotView for View {
    fn persist(&self) -> Result<(), StorageError> {
        match self {
            Self::Register(view) => view.persist(),
            Self::Files(_, sync) => sync.persist(),
        }
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError> {
        match self {
            Self::Register(view) => view.write_to(out),
            Self::Files(state, _) => {
                out.write_all(&state.encode()).map_err(|error| StorageError::io("write a snapshot", error))
            }
        }
    }
}

/// The files of a shard, written down as a whole with each commit.
struct Files {
    state: vfs::State,
    store: StateStore,
}

const STATE_KEY: &[u8] = b"state";

impl Files {
    fn open(store: StateStore) -> Result<Self, StorageError> {
        let mut state = vfs::State::new();
        store.load(|_, value| {
            state = decode_files(&value)?;
            Ok(())
        })?;
        Ok(Self { state, store })
    }

    fn get(&self, path: &str) -> Option<String> {
        let path = VfsPath::new(path).ok()?;
        Some(self.state.snapshot(WORKSPACE)?.get(&path)?.digest.to_string())
    }

    /// The entry that last changed a file.
    fn changed(&self) -> Option<u64> {
        Some(self.state.snapshot(WORKSPACE)?.changed().0)
    }

    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError> {
        let mut changes = StateChanges::default();
        changes.put(STATE_KEY, self.state.encode());
        self.store.commit(changes, applied)
    }

    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).map_err(|error| StorageError::io("read a snapshot", error))?;
        let state = decode_files(&bytes)?;
        self.store.replace(std::iter::once(Ok((STATE_KEY.to_vec(), bytes))), applied)?;
        self.state = state;
        Ok(())
    }
}

fn decode_files(bytes: &[u8]) -> Result<vfs::State, StorageError> {
    vfs::State::decode(bytes).map_err(|error| StorageError::corrupt("state of the files", error.to_string()))
}
