//! How files get into a cluster: ask which contents are missing, send them, open a session, commit.
//!
//! Contents are told by their digests, and sent before the commit that speaks of them. A commit carries the number of a session, so
//! that it takes effect once however often it is sent; a commit whose outcome is unknown is sent again with the same number.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ClientId, ContentDigest, FileOperation, Response, Sequence, WorkspaceId};

use super::{BULK_BYTES_MAX, Question, method};

/// Which of these contents the replicas of a group do not hold, on a quorum of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Missing {
    /// The group.
    pub group: u32,
    /// The contents.
    pub digests: Vec<ContentDigest>,
}

impl Question for Missing {
    const METHOD: u32 = method::MISSING;
    /// In the order of the question.
    type Answer = Result<Vec<ContentDigest>, GroupError>;
}

/// Keeps contents on a quorum of the replicas of a group. Repeating it harms nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    /// The group.
    pub group: u32,
    /// The contents. Whoever gets them works their digests out.
    pub contents: Vec<Blob>,
}

/// Bytes, encoded as one piece.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl fmt::Debug for Blob {
    /// Without the bytes: source text belongs into no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Put(group {}, {:?})", self.group, self.contents)
    }
}

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(Visitor)
    }
}

impl Question for Put {
    const METHOD: u32 = method::PUT;
    const IS_BULK: bool = true;
    const BYTES_MAX: usize = BULK_BYTES_MAX;
    /// Once it is answered, the contents are durable on a quorum.
    type Answer = Result<(), GroupError>;
}

/// Why contents are not known, or not kept.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum GroupError {
    /// The cluster has no such group.
    #[error("there is no group {0}")]
    NoSuchGroup(u32),
    /// Too much is under way; ask again later.
    #[error("busy, try again in {retry_after:?}")]
    Busy {
        /// When it is worth it.
        retry_after: Duration,
    },
    /// Too few replicas could be reached.
    #[error("not available: {0}")]
    Unavailable(String),
}

/// Opens a session for commits to a group. Repeating it opens another, which harms nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenSession {
    /// The group.
    pub group: u32,
}

impl Question for OpenSession {
    const METHOD: u32 = method::OPEN_SESSION;
    type Answer = Result<ClientId, CommitError>;
}

/// Changes files of one workspace in one group: all operations take effect, or none does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Commit {
    /// The group.
    pub group: u32,
    /// The epoch in which it was looked up that the files are the group's.
    pub epoch: u64,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The session of this group.
    pub client: ClientId,
    /// Which commit of the session; the first is 1.
    pub sequence: Sequence,
    /// The changes, in the limits of a log entry.
    pub operations: Vec<FileOperation>,
}

impl Question for Commit {
    const METHOD: u32 = method::COMMIT;
    /// A log entry has about 1 MiB at most, and some stands around it.
    const BYTES_MAX: usize = 2 << 20;
    /// What the state machine said, or why it was not reached.
    type Answer = Result<Response, CommitError>;
}

/// Why a commit has no response of the state machine.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum CommitError {
    /// The node cannot propose to the group, and did not. Another may.
    #[error("the group is led by {leader:?}")]
    NotLeader {
        /// The node that leads it, as far as is known.
        leader: Option<u64>,
    },
    /// The files are not the group's in this epoch; nothing was changed.
    #[error("the group is in epoch {current}")]
    WrongEpoch {
        /// The epoch of the group.
        current: u64,
    },
    /// Too much is under way, and nothing was changed; ask again later.
    #[error("busy, try again in {retry_after:?}")]
    Busy {
        /// When it is worth it.
        retry_after: Duration,
    },
    /// Whether it took effect is not known. Send it again with the same number.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// It can never be: it is larger than a log entry may be, or the group does not exist. Nothing was changed.
    #[error("refused: {0}")]
    Refused(String),
}
