//! What becomes of a command.

use serde::{Deserialize, Serialize};

use crate::{ClientId, ContentDigest, Revision, VfsPath, WorkspaceId};

/// The answer to a command: replicated knowledge, the same on every replica, and remembered for repeated commands.
pub type Response = Result<Applied, Refusal>;

/// What a command did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Applied {
    /// A session is open.
    SessionOpened {
        /// Its id.
        client: ClientId,
    },
    /// A workspace exists.
    WorkspaceCreated {
        /// Its id.
        workspace: WorkspaceId,
    },
    /// A workspace is gone.
    WorkspaceRemoved,
    /// All operations of a batch took effect.
    Batch {
        /// The revision since which they are visible: to read them, ask for at least this one.
        revision: Revision,
        /// How many operations changed something; the others found what they wanted.
        n_changed: u32,
    },
    /// The shard is in an epoch.
    Epoch {
        /// Which: at least the one asked for.
        epoch: u64,
    },
}

/// Why a command did nothing at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The session was never opened, or was not used for so long that others took its place.
    /// Whether this command took effect before that is unknown: open another session and look.
    #[error("session {client} is not open or was given up")]
    NoSuchSession {
        /// The session.
        client: ClientId,
    },
    /// The command is so old that its answer was given up. Whether it took effect is unknown.
    #[error("the answer to this command was given up; those behind sequence {forgotten} are known")]
    AnswerForgotten {
        /// The youngest sequence of the session that is given up.
        forgotten: u64,
    },
    /// A workspace of this name exists.
    #[error("workspace {workspace} has this name")]
    WorkspaceExists {
        /// Which.
        workspace: WorkspaceId,
    },
    /// There is no such workspace.
    #[error("there is no workspace {workspace}")]
    NoSuchWorkspace {
        /// The one asked for.
        workspace: WorkspaceId,
    },
    /// There are [`crate::N_WORKSPACES_MAX`] workspaces, or no id is left.
    #[error("there are too many workspaces")]
    TooManyWorkspaces,
    /// An operation of a batch found something else than it expected. It is the first of the batch that did.
    #[error("operation {operation_idx} on {path:?}: {conflict}")]
    Conflict {
        /// Its place in the batch, from 0.
        operation_idx: u32,
        /// The path where something else was found.
        path: VfsPath,
        /// What was found.
        conflict: Conflict,
    },
    /// The workspace to adopt is here, by another name.
    #[error("workspace {workspace} is here by another name")]
    OtherName {
        /// Its id.
        workspace: WorkspaceId,
    },
    /// The id of the workspace to adopt was in use here, or cannot be used.
    #[error("the id {workspace} was the one of a workspace that was removed, and is not given out a second time")]
    WorkspaceIdUsed {
        /// The id.
        workspace: WorkspaceId,
    },
    /// The proposer looked up in another epoch which paths are this shard's: it has to look again.
    #[error("the shard is in epoch {current} by now")]
    WrongEpoch {
        /// The epoch of the shard.
        current: u64,
    },
}

/// What an operation found instead of what it expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum Conflict {
    /// There is no file.
    #[error("there is no such file")]
    Missing,
    /// There is a file with other contents than expected, or where none is expected.
    #[error("there is a file with contents {current}")]
    Differs {
        /// The contents that are there.
        current: ContentDigest,
    },
    /// There is a directory.
    #[error("there is a directory")]
    IsDirectory,
    /// What the path calls a directory is a file.
    #[error("{file:?} is a file")]
    InsideFile {
        /// The file.
        file: VfsPath,
    },
}

/// What has to be done with contents because of a command. Not replicated: each replica does it for itself.
///
/// A replica must do it before it records durably that the command is applied. All effects may be done again.
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// A file has these contents: keep them. They may be kept already.
    Store {
        /// The digest of `bytes`.
        digest: ContentDigest,
        /// The contents.
        bytes: Vec<u8>,
    },
    /// No file has these contents any more. They may go some time later, unless a file has them again by then
    /// ([`crate::State::n_references`]) or somebody still reads an older [`crate::Snapshot`].
    Release {
        /// The contents.
        digest: ContentDigest,
    },
}

impl std::fmt::Debug for Effect {
    /// Without the bytes: source text belongs into no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store { digest, bytes } => write!(f, "Store({digest:?}, {} bytes)", bytes.len()),
            Self::Release { digest } => write!(f, "Release({digest:?})"),
        }
    }
}
