//! Commands and the whole state as bytes.
//!
//! Both begin with a version byte and go on in the postcard format. A state ends with the BLAKE3 hash of all before it, which is the
//! state's digest: maps are written in their order, so a state has one encoding only. Reading believes nothing: what [`State`]
//! promises is checked, and memory is taken in proportion to the bytes.

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ContentDigest, Revision, SessionRecord, SessionTable, WorkspaceId};

use crate::state::{Group, N_WORKSPACES_MAX, REPLICATION_MAX, Tables};
use crate::{Command, Epoch, GroupId, MoveStep, Response, State};

const COMMAND_VERSION: u8 = 1;
const STATE_VERSION: u8 = 1;
const HASH_BYTES: usize = 32;

/// How many bytes an encoded command has at most.
pub const COMMAND_BYTES_MAX: usize = 8 << 10;

/// Why bytes are no command, or no state.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// They are too few.
    #[error("{0} bytes are too few")]
    TooShort(usize),
    /// A newer release wrote them.
    #[error("format version {0} is unknown here")]
    UnknownVersion(u8),
    /// They are not what was written: their hash differs.
    #[error("the hash of the bytes differs")]
    HashDiffers,
    /// They end early, or say something that cannot be said.
    #[error("malformed bytes")]
    Malformed(#[source] postcard::Error),
    /// They go on behind the end.
    #[error("{0} bytes behind the end")]
    TrailingBytes(usize),
    /// They contradict themselves or a promise of the state.
    #[error("inconsistent metadata: {0}")]
    Inconsistent(&'static str),
}

#[derive(Serialize, Deserialize)]
struct StateRecord {
    revision: Revision,
    tables: Tables,
    sessions: Vec<SessionRecord<Response>>,
}

impl Command {
    /// The bytes of a log entry.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![COMMAND_VERSION]).expect("all lengths are known and a vector takes any bytes")
    }

    /// Reads the bytes of a log entry.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (&version, body) = bytes.split_first().ok_or(DecodeError::TooShort(0))?;
        if version != COMMAND_VERSION {
            return Err(DecodeError::UnknownVersion(version));
        }
        exactly(body)
    }
}

impl State {
    /// The state as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let record = StateRecord {
            revision: self.revision,
            tables: self.tables.clone(),
            sessions: self.sessions.records().collect(),
        };
        let mut bytes = postcard::to_extend(&record, vec![STATE_VERSION])
            .expect("all lengths are known and a vector takes any bytes");
        let hash = blake3::hash(&bytes);
        bytes.extend_from_slice(hash.as_bytes());
        bytes
    }

    /// The digest of the whole state: equal on all replicas at equal revisions.
    pub fn digest(&self) -> ContentDigest {
        let bytes = self.encode();
        let (_, hash) = bytes.split_last_chunk::<HASH_BYTES>().expect("an encoded state ends with its hash");
        ContentDigest::from_bytes(*hash)
    }

    /// Reads what [`State::encode`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (body, hash) = bytes.split_last_chunk::<HASH_BYTES>().ok_or(DecodeError::TooShort(bytes.len()))?;
        let (&version, record) = body.split_first().ok_or(DecodeError::TooShort(bytes.len()))?;
        if version != STATE_VERSION {
            return Err(DecodeError::UnknownVersion(version));
        }
        if blake3::hash(body).as_bytes() != hash {
            return Err(DecodeError::HashDiffers);
        }
        let StateRecord { revision, mut tables, sessions: records } = exactly(record)?;
        tables.named = tables.workspaces.iter().map(|(id, name)| (name.clone(), *id)).collect();
        tables.check(revision).map_err(DecodeError::Inconsistent)?;
        let mut sessions = SessionTable::default();
        for record in records {
            sessions.restore(record, revision).map_err(DecodeError::Inconsistent)?;
        }
        Ok(Self { revision, tables, sessions })
    }
}

fn exactly<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(bytes).map_err(DecodeError::Malformed)? {
        (value, []) => Ok(value),
        (_, rest) => Err(DecodeError::TrailingBytes(rest.len())),
    }
}

impl Tables {
    /// Whether everything holds that the requests keep up.
    pub(crate) fn check(&self, revision: Revision) -> Result<(), &'static str> {
        let require = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
        let is_made = self.cluster.is_some();
        require(is_made || *self == Self::default(), "something before there is a cluster")?;
        require(is_made == self.groups.contains_key(&GroupId::METADATA), "a cluster without metadata")?;
        require(self.nodes.keys().all(|node| !self.retired.contains_key(node)), "a node that was removed")?;
        require(self.groups.values().all(|group| self.is_sound(group, revision)), "replicas that cannot be")?;
        let is_data_group = |group: GroupId| group != GroupId::METADATA && self.groups.contains_key(&group);
        require(self.slots.is_sound(is_data_group), "slots of no group")?;
        require(self.workspaces.len() <= N_WORKSPACES_MAX, "too many workspaces")?;
        require(self.named.len() == self.workspaces.len(), "two workspaces of one name")?;
        let is_given = |id: &WorkspaceId| *id > WorkspaceId(0) && *id <= self.last_workspace;
        require(self.workspaces.keys().all(is_given), "a workspace id that was not given out")?;
        require(self.plugins.values().all(|plugin| plugin.is_sound() && plugin.changed <= revision), "plugins")
    }

    fn is_sound(&self, group: &Group, revision: Revision) -> bool {
        let has_change = group.change.is_none_or(|change| {
            let is_later = change.step == MoveStep::Cleaning;
            let added = change.add.is_none_or(|node| group.replicas.contains(&node) == is_later);
            let removed = change.remove.is_none_or(|node| group.replicas.contains(&node) != is_later);
            let are_nodes = change.add.iter().chain(&change.remove).all(|node| self.nodes.contains_key(node));
            change.id.0 <= revision.0 && change.step != MoveStep::Done && added && removed && are_nodes
        });
        let n_replicas = group.replicas.len();
        let is_node = |node| self.nodes.contains_key(node);
        let in_bounds = n_replicas >= 1 && n_replicas <= usize::from(REPLICATION_MAX);
        in_bounds && group.epoch > Epoch(0) && group.replicas.iter().all(is_node) && has_change
    }
}
