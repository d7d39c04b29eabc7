//! What can be asked of the state machine: the content of a log entry.

use serde::{Deserialize, Serialize};

use crate::{ClientId, ContentDigest, Sequence, VfsPath, WorkspaceId, WorkspaceName};

/// What a log entry says.
///
/// Checked with [`Command::check`] and stored and sent with [`Command::encode`]; variants and fields are only ever appended, because old logs must stay readable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Opens a session. Whoever proposes requests opens one first. Repeating this opens another, which harms nobody.
    OpenSession,
    /// Does something once, however often it is proposed.
    ///
    /// Proposers must number their requests from 1, must not reuse a number for another request, and must not send a request
    /// while one that is [`crate::SESSION_WINDOW`] numbers older has no answer.
    Once {
        /// The session.
        client: ClientId,
        /// Which request of the session.
        sequence: Sequence,
        /// What to do.
        request: Request,
    },
}

/// What can be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Makes an empty workspace.
    CreateWorkspace {
        /// Not the name of another workspace.
        name: WorkspaceName,
    },
    /// Removes a workspace with all its files.
    RemoveWorkspace {
        /// Which.
        workspace: WorkspaceId,
    },
    /// Changes files of one workspace: all operations take effect in their order, or none does.
    Batch {
        /// In which workspace.
        workspace: WorkspaceId,
        /// What to change. Each operation sees what those before it did.
        operations: Vec<FileOperation>,
    },
    /// Takes in an empty workspace whose id and name were given elsewhere, for all shards. Harmless where it was done before.
    AdoptWorkspace {
        /// Its id, that no workspace ever had here.
        workspace: WorkspaceId,
        /// Not the name of another workspace.
        name: WorkspaceName,
    },
    /// Says which epoch the assignment of paths to shards is in, as far as this shard is concerned. It only grows: a smaller one
    /// changes nothing.
    SetEpoch {
        /// The epoch; 0 is that of a shard which nobody told.
        epoch: u64,
    },
    /// As [`Request::Batch`], if the shard still has the paths that the proposer thinks it has.
    ShardBatch {
        /// In which workspace.
        workspace: WorkspaceId,
        /// The epoch in which the proposer looked up that the paths are this shard's.
        epoch: u64,
        /// What to change. Each operation sees what those before it did.
        operations: Vec<FileOperation>,
    },
}

/// A change of one file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FileOperation {
    /// Gives a file new contents.
    Write {
        /// Which file.
        path: VfsPath,
        /// What must be there now.
        expected: Expected,
        /// What comes there. Contents that are there already change nothing, the version included.
        contents: Contents,
    },
    /// Makes a file go.
    Delete {
        /// Which file.
        path: VfsPath,
        /// The contents that must be there now. Without it whatever is there goes, and nothing to go is fine.
        expected: Option<ContentDigest>,
    },
    /// Gives a file another path.
    Rename {
        /// Which file.
        from: VfsPath,
        /// Its new path, where nothing may be.
        to: VfsPath,
        /// The contents that it must have; without it any.
        expected: Option<ContentDigest>,
    },
}

/// What a write expects to find.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Expected {
    /// A file, or none.
    Anything,
    /// No file.
    Nothing,
    /// A file with these contents.
    Digest(ContentDigest),
}

/// The contents of a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contents {
    /// The bytes themselves, at most [`crate::INLINE_BYTES_MAX`] of them.
    Inline(#[serde(with = "bytes")] Vec<u8>),
    /// Bytes that are durable in the blob store of a quorum. Proposers must see to that first: the state machine cannot look.
    Stored {
        /// Which.
        digest: ContentDigest,
        /// How many bytes they are.
        size_bytes: u64,
    },
}

impl Contents {
    /// The digest of the bytes.
    pub fn digest(&self) -> ContentDigest {
        match self {
            Self::Inline(bytes) => ContentDigest::of(bytes),
            Self::Stored { digest, .. } => *digest,
        }
    }

    /// How many bytes they are.
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Stored { size_bytes, .. } => *size_bytes,
        }
    }
}

impl std::fmt::Debug for Contents {
    /// Without the bytes: source text belongs into no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Inline(_) => "Inline",
            Self::Stored { .. } => "Stored",
        };
        write!(f, "{name}({:?}, {} bytes)", self.digest(), self.size_bytes())
    }
}

impl FileOperation {
    /// Writes a file that must not exist.
    pub fn create(path: VfsPath, contents: Contents) -> Self {
        Self::Write { path, expected: Expected::Nothing, contents }
    }

    /// Writes a file that must have certain contents.
    pub fn update(path: VfsPath, expected: ContentDigest, contents: Contents) -> Self {
        Self::Write { path, expected: Expected::Digest(expected), contents }
    }

    /// Writes a file, whatever was there.
    pub fn put(path: VfsPath, contents: Contents) -> Self {
        Self::Write { path, expected: Expected::Anything, contents }
    }

    /// Makes a file go.
    pub fn delete(path: VfsPath, expected: Option<ContentDigest>) -> Self {
        Self::Delete { path, expected }
    }

    /// Gives a file another path.
    pub fn rename(from: VfsPath, to: VfsPath, expected: Option<ContentDigest>) -> Self {
        Self::Rename { from, to, expected }
    }
}

/// Bytes as one piece: derived code would hand them over one by one.
mod bytes {
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }

        deserializer.deserialize_bytes(Visitor)
    }
}
