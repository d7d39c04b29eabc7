//! The whole state as bytes: what a replica that fell behind is sent, and what is kept in place of a purged log.
//!
//! ```text
//! version byte
//! State      { revision, last_workspace, epoch, n_passed_over, n_workspaces, n_sessions }
//!   Run        { first, last }                                       ascending
//!   Workspace  { id, name, changed, last_version, n_files }          ascending by id
//!     File       { path, entry }                                     ascending by path
//!   Session    { client, last_used, forgotten, n_responses }         ascending by client
//!     Answer     { sequence, response }                              ascending by sequence
//! BLAKE3 of all that, 32 bytes
//! ```
//!
//! Version 1 has neither `epoch` nor runs; it is still read. Records are in the postcard format. A state has one encoding only, so the hash at its end is the state's digest. Decoding believes
//! nothing: order, bounds and everything that [`State`] promises are checked, and memory is taken in proportion to the bytes.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::session::{self, N_SESSIONS_MAX, SESSION_WINDOW};
use crate::state::{N_PASSED_OVER_MAX, N_WORKSPACES_MAX, State, Workspace};
use crate::{
    ClientId, ContentDigest, FileEntry, FileVersion, Response, Revision, Sequence, VfsPath, WorkspaceId, WorkspaceName,
};

const VERSION: u8 = 2;

/// Without an epoch and without ids that were passed over.
const VERSION_WITHOUT_EPOCH: u8 = 1;

const HASH_BYTES: usize = 32;

/// Why bytes are no state.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeStateError {
    /// They are too few for any state.
    #[error("{0} bytes are too few for a state")]
    TooShort(usize),
    /// A newer release wrote them.
    #[error("states of format version {0} are unknown here")]
    UnknownVersion(u8),
    /// They are not what was written: their hash differs.
    #[error("the hash of the bytes differs")]
    HashDiffers,
    /// A record ends early, or says something that no such record says.
    #[error("malformed record")]
    Malformed(#[source] postcard::Error),
    /// They go on behind the last record.
    #[error("{0} bytes behind the last record")]
    TrailingBytes(usize),
    /// The records contradict each other or a promise of the state.
    #[error("inconsistent state: {0}")]
    Inconsistent(&'static str),
}

#[derive(Serialize, Deserialize)]
struct StateRecord {
    revision: Revision,
    last_workspace: WorkspaceId,
    epoch: u64,
    n_passed_over: u64,
    n_workspaces: u64,
    n_sessions: u64,
}

/// As version 1 has it.
#[derive(Deserialize)]
struct StateRecordWithoutEpoch {
    revision: Revision,
    last_workspace: WorkspaceId,
    n_workspaces: u64,
    n_sessions: u64,
}

/// Ids that were passed over.
#[derive(Serialize, Deserialize)]
struct RunRecord {
    first: WorkspaceId,
    last: WorkspaceId,
}

#[derive(Serialize, Deserialize)]
struct WorkspaceRecord {
    id: WorkspaceId,
    name: WorkspaceName,
    changed: Revision,
    last_version: FileVersion,
    n_files: u64,
}

#[derive(Serialize, Deserialize)]
struct FileRecord {
    path: VfsPath,
    entry: FileEntry,
}

#[derive(Serialize, Deserialize)]
struct SessionRecord {
    client: ClientId,
    last_used: Revision,
    forgotten: Sequence,
    n_responses: u64,
}

#[derive(Serialize, Deserialize)]
struct AnswerRecord {
    sequence: Sequence,
    response: Response,
}

impl State {
    /// The state as bytes. Takes time and memory in the number of files.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer { bytes: vec![VERSION] };
        writer.write(&StateRecord {
            revision: self.revision,
            last_workspace: self.last_workspace,
            epoch: self.epoch,
            n_passed_over: self.passed_over.len() as u64,
            n_workspaces: self.workspaces.len() as u64,
            n_sessions: self.sessions.records().len() as u64,
        });
        for (first, last) in &self.passed_over {
            writer.write(&RunRecord { first: *first, last: *last });
        }
        for (id, workspace) in &self.workspaces {
            writer.write(&WorkspaceRecord {
                id: *id,
                name: workspace.name.clone(),
                changed: workspace.changed,
                last_version: workspace.last_version,
                n_files: workspace.files.len() as u64,
            });
            for (path, entry) in &workspace.files {
                writer.write(&FileRecord { path: path.clone(), entry: *entry });
            }
        }
        for session::SessionRecord { client, last_used, forgotten, answers } in self.sessions.records() {
            writer.write(&SessionRecord { client, last_used, forgotten, n_responses: answers.len() as u64 });
            for (sequence, response) in answers {
                writer.write(&AnswerRecord { sequence, response });
            }
        }
        let hash = blake3::hash(&writer.bytes);
        writer.bytes.extend_from_slice(hash.as_bytes());
        writer.bytes
    }

    /// The digest of the whole state: equal on all replicas at equal revisions. Takes as long as [`State::encode`].
    pub fn digest(&self) -> ContentDigest {
        let bytes = self.encode();
        let (_, hash) = bytes.split_last_chunk::<HASH_BYTES>().expect("an encoded state ends with its hash");
        ContentDigest::from_bytes(*hash)
    }

    /// Reads what [`State::encode`] wrote, or wrote in the release before.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeStateError> {
        let (body, hash) = bytes.split_last_chunk::<HASH_BYTES>().ok_or(DecodeStateError::TooShort(bytes.len()))?;
        let (&version, records) = body.split_first().ok_or(DecodeStateError::TooShort(bytes.len()))?;
        if version != VERSION && version != VERSION_WITHOUT_EPOCH {
            return Err(DecodeStateError::UnknownVersion(version));
        }
        if blake3::hash(body).as_bytes() != hash {
            return Err(DecodeStateError::HashDiffers);
        }
        let mut reader = Reader { rest: records };
        let record = if version == VERSION { reader.read()? } else { read_record_without_epoch(&mut reader)? };
        let state = read_state(record, &mut reader)?;
        match reader.rest.len() {
            0 => Ok(state),
            n => Err(DecodeStateError::TrailingBytes(n)),
        }
    }
}

fn read_record_without_epoch(reader: &mut Reader<'_>) -> Result<StateRecord, DecodeStateError> {
    let StateRecordWithoutEpoch { revision, last_workspace, n_workspaces, n_sessions } = reader.read()?;
    Ok(StateRecord { revision, last_workspace, epoch: 0, n_passed_over: 0, n_workspaces, n_sessions })
}

fn read_state(record: StateRecord, reader: &mut Reader<'_>) -> Result<State, DecodeStateError> {
    require(record.n_passed_over <= N_PASSED_OVER_MAX as u64, "too many ids passed over")?;
    require(record.n_workspaces <= N_WORKSPACES_MAX as u64, "too many workspaces")?;
    require(record.n_sessions <= N_SESSIONS_MAX as u64, "too many sessions")?;
    let StateRecord { revision, last_workspace, epoch, .. } = record;
    let mut state = State { revision, last_workspace, epoch, ..State::default() };
    for _ in 0..record.n_passed_over {
        let RunRecord { first, last } = reader.read()?;
        require(state.passed_over.get_max().is_none_or(|(before, _)| *before < first), "ids out of order")?;
        state.passed_over.insert(first, last);
    }
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..record.n_workspaces {
        let (id, workspace) = read_workspace(reader, &state)?;
        require(id > WorkspaceId(0) && id <= state.last_workspace, "a workspace id that was not given out")?;
        require(state.workspaces.get_max().is_none_or(|(last, _)| *last < id), "workspaces out of order")?;
        require(names.insert(workspace.name.clone()), "two workspaces of one name")?;
        for (_, entry) in &workspace.files {
            *state.references.entry(entry.digest).or_insert(0) += 1;
        }
        state.workspaces.insert(id, workspace);
    }
    require(state.has_sound_runs(), "ids passed over that were not")?;
    for _ in 0..record.n_sessions {
        let session = read_session(reader)?;
        state.sessions.restore(session, state.revision).map_err(DecodeStateError::Inconsistent)?;
    }
    Ok(state)
}

fn read_workspace(reader: &mut Reader<'_>, state: &State) -> Result<(WorkspaceId, Workspace), DecodeStateError> {
    let WorkspaceRecord { id, name, changed, last_version, n_files } = reader.read()?;
    require(changed <= state.revision, "a workspace changed in the future")?;
    let mut files: OrdMap<VfsPath, FileEntry> = OrdMap::new();
    for _ in 0..n_files {
        let FileRecord { path, entry } = reader.read()?;
        require(!path.is_root(), "a workspace that is a file")?;
        require(files.get_max().is_none_or(|(last, _)| *last < path), "files out of order")?;
        require(entry.revision <= changed, "a file written in the future")?;
        require(entry.version > FileVersion(0) && entry.version <= last_version, "a version that was not given out")?;
        // Paths ascend, so a file that others lie in has come before them.
        require(!path.ancestors().any(|ancestor| files.contains_key(ancestor)), "a file inside a file")?;
        files.insert(path, entry);
    }
    Ok((id, Workspace { name, changed, last_version, files }))
}

fn read_session(reader: &mut Reader<'_>) -> Result<session::SessionRecord<Response>, DecodeStateError> {
    let SessionRecord { client, last_used, forgotten, n_responses } = reader.read()?;
    require(n_responses <= SESSION_WINDOW as u64, "a session with too many answers")?;
    let mut answers = Vec::new();
    for _ in 0..n_responses {
        let AnswerRecord { sequence, response } = reader.read()?;
        answers.push((sequence, response));
    }
    Ok(session::SessionRecord { client, last_used, forgotten, answers })
}

fn require(holds: bool, what: &'static str) -> Result<(), DecodeStateError> {
    if holds { Ok(()) } else { Err(DecodeStateError::Inconsistent(what)) }
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn write(&mut self, record: &impl Serialize) {
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = postcard::to_extend(record, bytes).expect("records have known lengths and memory does not end");
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn read<T: Deserialize<'a>>(&mut self) -> Result<T, DecodeStateError> {
        let (record, rest) = postcard::take_from_bytes(self.rest).map_err(DecodeStateError::Malformed)?;
        self.rest = rest;
        Ok(record)
    }
}
