//! A small key-value register with expiry: the reference state machine.
//!
//! Shows how each duty of [`StateMachine`] is met, and is what the room's own tests run. Time is part of the commands:
//! the machine's clock is the greatest time any command carried, so all replicas expire a key at the same entry.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::codec::{Codec, DecodeError, decode_exact, encode_versioned, split_version};
use crate::error::StorageError;
use crate::machine::{Applied, SnapshotView, StateMachine};
use crate::state_store::{StateChanges, StateStore, StateSync};

const VERSION: u8 = 1;

/// A request to the register, at a time that the proposer read off its clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Milliseconds since the epoch, by the proposer's clock. May run backwards; the machine's clock does not.
    pub now_ms: u64,
    /// What is asked for.
    pub operation: Operation,
}

/// What is asked of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Sets a key, until `expires_ms` if given.
    Set {
        /// The key.
        key: Vec<u8>,
        /// Its new value.
        value: Vec<u8>,
        /// The first millisecond at which the key is gone.
        expires_ms: Option<u64>,
    },
    /// Sets a key without expiry if its value is `expected`; `None` expects the key to be absent.
    CompareAndSet {
        /// The key.
        key: Vec<u8>,
        /// The value it must have.
        expected: Option<Vec<u8>>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Reads a key through the log.
    Get {
        /// The key.
        key: Vec<u8>,
    },
}

/// The register's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// The value before the operation.
    Value(Option<Vec<u8>>),
    /// The comparison failed; nothing changed. Carries the value found.
    Mismatch(Option<Vec<u8>>),
}

/// Encodes commands and responses, version 1: postcard behind the version byte.
#[derive(Debug)]
pub struct RegisterCodec;

impl Codec<Command> for RegisterCodec {
    fn encode(command: &Command, out: &mut Vec<u8>) {
        encode_versioned(VERSION, command, out);
    }

    fn decode(bytes: &[u8]) -> Result<Command, DecodeError> {
        let (_, body) = split_version("register command", VERSION, bytes)?;
        decode_exact("register command", body)
    }
}

impl Codec<Response> for RegisterCodec {
    fn encode(response: &Response, out: &mut Vec<u8>) {
        encode_versioned(VERSION, response, out);
    }

    fn decode(bytes: &[u8]) -> Result<Response, DecodeError> {
        let (_, body) = split_version("register response", VERSION, bytes)?;
        decode_exact("register response", body)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cell {
    value: Vec<u8>,
    expires_ms: Option<u64>,
}

/// The whole state. Cloned for a snapshot: a machine of any size would use a persistent map instead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    clock_ms: u64,
    cells: BTreeMap<Vec<u8>, Cell>,
}

const CLOCK_KEY: &[u8] = b"clock";

fn cell_key(key: &[u8]) -> Vec<u8> {
    [b"cell/", key].concat()
}

/// The machine.
pub struct Register {
    state: Arc<State>,
    store: StateStore,
    changes: StateChanges,
}

impl Register {
    /// Loads the state that `store` holds.
    ///
    /// # Errors
    /// [`StorageError`] when the store cannot be read.
    pub fn open(store: StateStore) -> Result<Self, StorageError> {
        let mut state = State::default();
        store.load(|key, value| {
            if key == CLOCK_KEY {
                state.clock_ms = decode_exact("register clock", &value)?;
            } else if let Some(key) = key.strip_prefix(b"cell/") {
                state.cells.insert(key.to_vec(), decode_exact("register cell", &value)?);
            } else {
                return Err(StorageError::corrupt("register key", format!("{key:02x?}")));
            }
            Ok(())
        })?;
        Ok(Self { state: Arc::new(state), store, changes: StateChanges::default() })
    }

    /// The value of a key as of the machine's clock.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.state.get(key)
    }

    fn set(&mut self, key: Vec<u8>, cell: Cell) {
        self.changes.put(cell_key(&key), encode(&cell));
        Arc::make_mut(&mut self.state).cells.insert(key, cell);
    }

    fn advance_clock(&mut self, now_ms: u64) {
        if now_ms <= self.state.clock_ms {
            return;
        }
        let state = Arc::make_mut(&mut self.state);
        state.clock_ms = now_ms;
        self.changes.put(CLOCK_KEY, encode(&now_ms));
        let changes = &mut self.changes;
        state.cells.retain(|key, cell| {
            let is_alive = cell.expires_ms.is_none_or(|expires_ms| now_ms < expires_ms);
            if !is_alive {
                changes.remove(cell_key(key));
            }
            is_alive
        });
    }
}

impl State {
    fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.cells.get(key).map(|cell| cell.value.as_slice())
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("postcard into memory fails only for unsized sequences")
}

impl StateMachine for Register {
    type Command = Command;
    type Response = Response;
    type Codec = RegisterCodec;
    type Snapshot = RegisterView;

    fn applied(&mut self) -> Result<Applied, StorageError> {
        Ok(self.store.applied().clone())
    }

    fn apply(&mut self, _log_index: u64, command: Command) -> Response {
        self.advance_clock(command.now_ms);
        match command.operation {
            Operation::Get { key } => Response::Value(self.get(&key).map(<[u8]>::to_vec)),
            Operation::Set { key, value, expires_ms } => {
                let before = self.get(&key).map(<[u8]>::to_vec);
                self.set(key, Cell { value, expires_ms });
                Response::Value(before)
            }
            Operation::CompareAndSet { key, expected, value } => {
                let before = self.get(&key).map(<[u8]>::to_vec);
                if before != expected {
                    return Response::Mismatch(before);
                }
                self.set(key, Cell { value, expires_ms: None });
                Response::Value(before)
            }
        }
    }

    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError> {
        self.store.commit(std::mem::take(&mut self.changes), applied)
    }

    fn snapshot(&mut self) -> Result<RegisterView, StorageError> {
        Ok(RegisterView { state: Arc::clone(&self.state), sync: self.store.sync_handle() })
    }

    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).map_err(|error| StorageError::io("read a snapshot", error))?;
        let (_, body) = split_version("register snapshot", VERSION, &bytes)?;
        let state: State = decode_exact("register snapshot", body)?;
        let clock = std::iter::once((CLOCK_KEY.to_vec(), encode(&state.clock_ms)));
        let cells = state.cells.iter().map(|(key, cell)| (cell_key(key), encode(cell)));
        self.store.replace(clock.chain(cells).map(Ok), applied)?;
        self.state = Arc::new(state);
        self.changes = StateChanges::default();
        Ok(())
    }
}

/// The register at one log position.
pub struct RegisterView {
    state: Arc<State>,
    sync: StateSync,
}

impl SnapshotView for RegisterView {
    fn persist(&self) -> Result<(), StorageError> {
        self.sync.persist()
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        encode_versioned(VERSION, &*self.state, &mut bytes);
        out.write_all(&bytes).map_err(|error| StorageError::io("write a snapshot", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::MemoryKv;

    fn register() -> Register {
        Register::open(StateStore::open_on(Arc::new(MemoryKv::default())).expect("opens")).expect("opens")
    }

    fn set(now_ms: u64, key: &str, value: &str, expires_ms: Option<u64>) -> Command {
        Command { now_ms, operation: Operation::Set { key: key.into(), value: value.into(), expires_ms } }
    }

    fn get(now_ms: u64, key: &str) -> Command {
        Command { now_ms, operation: Operation::Get { key: key.into() } }
    }

    #[test]
    fn a_key_expires_by_the_time_that_commands_carry() {
        let mut register = register();
        register.apply(0, set(100, "a", "1", Some(200)));
        assert_eq!(register.apply(1, get(199, "a")), Response::Value(Some(b"1".to_vec())));
        assert_eq!(register.apply(2, get(200, "a")), Response::Value(None));
        assert_eq!(register.apply(3, get(150, "a")), Response::Value(None), "time does not run backwards");
    }

    #[test]
    fn a_reopened_register_is_the_same() {
        let kv = Arc::new(MemoryKv::default());
        let open = || Register::open(StateStore::open_on(kv.clone()).expect("opens")).expect("opens");
        let mut before = open();
        before.apply(0, set(100, "a", "1", Some(200)));
        before.apply(1, set(120, "b", "2", None));
        before.apply(2, set(250, "c", "3", None));
        before.commit(&Applied::default()).expect("commits");
        assert_eq!(open().state, before.state);
        assert_eq!(open().get(b"a"), None);
    }

    #[test]
    fn version_1_is_written_as_it_always_was() {
        let mut bytes = Vec::new();
        let operation = Operation::CompareAndSet { key: b"k".to_vec(), expected: None, value: b"v".to_vec() };
        RegisterCodec::encode(&Command { now_ms: 300, operation }, &mut bytes);
        assert_eq!(bytes, b"\x01\xac\x02\x01\x01k\x00\x01v");
        bytes.clear();
        RegisterCodec::encode(&Response::Mismatch(Some(b"v".to_vec())), &mut bytes);
        assert_eq!(bytes, b"\x01\x01\x01\x01v");
    }
}
