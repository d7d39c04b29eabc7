//! What an editor saved, and what became of it.
//!
//! The same types serve both ways of saving. Where the editor writes the disk itself (an embedded node), the write has happened when it is
//! told of, and the node says what it met. Where a save goes through the replicated state, it is a compare-and-set on `base`:
//! what does not match is not committed and is a [`SaveOutcome::Conflict`], and [`SaveOutcome::Replaced`] never happens.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

use crate::SessionId;

/// A save of an open document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Save {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Who saves.
    pub session: SessionId,
    /// The file.
    pub path: VfsPath,
    /// What the editor has seen of the file before: the buffer grew from it.
    pub base: SaveBase,
    /// The text that was saved.
    pub text: Arc<str>,
    /// Other contents that the buffer had since it grew from its base: a person may type while an editor writes.
    pub recent: Vec<ContentDigest>,
}

/// What an editor has seen of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SaveBase {
    /// Nobody knows: whatever is there is taken to be seen.
    Unknown,
    /// That there is none.
    Nothing,
    /// These contents.
    Contents(ContentDigest),
}

impl SaveBase {
    /// Whether these contents, or none, are what the editor has seen.
    pub fn is(self, contents: Option<ContentDigest>) -> bool {
        match self {
            Self::Unknown => true,
            Self::Nothing => contents.is_none(),
            Self::Contents(digest) => contents == Some(digest),
        }
    }

    /// Whether the editor is known to have seen exactly these contents.
    pub fn is_exactly(self, contents: ContentDigest) -> bool {
        self == Self::Contents(contents)
    }
}

impl From<Option<ContentDigest>> for SaveBase {
    fn from(contents: Option<ContentDigest>) -> Self {
        contents.map_or(Self::Nothing, Self::Contents)
    }
}

/// Who wrote a file, as far as can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Author {
    /// The session that asks.
    Asker,
    /// Another editor.
    Editor,
    /// Some program that does not say.
    Program,
}

/// What became of a save.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SaveOutcome {
    /// The file has what was saved, and had what the editor had seen before. These contents are the buffer's base now.
    Saved(ContentDigest),
    /// The file has what was saved; what the editor had not seen was replaced. These contents are the buffer's base now.
    Replaced {
        /// What the file has now.
        now: ContentDigest,
        /// Who wrote what was replaced.
        author: Author,
    },
    /// The file has something else than what was saved: somebody wrote it in the same moment, or the save was not committed because the
    /// file was not what the editor had seen.
    Conflict {
        /// What the file has now.
        now: ContentDigest,
        /// Who wrote it.
        author: Author,
    },
    /// The file has what it had before the save: the write did not reach it.
    NotWritten {
        /// What the file has now.
        now: ContentDigest,
    },
    /// There is no file.
    Gone,
    /// What is there cannot be read as text, for this reason.
    Unreadable(String),
    /// The outcome is not known, for this reason. The save may have taken effect, or may still.
    Unknown(String),
}

/// How a file stands, as a session sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// What the base has; none where there is no file.
    pub contents: Option<ContentDigest>,
    /// Who wrote it.
    pub author: Author,
    /// What happened to a save of the session that it was not told yet. Each is told once.
    pub loss: Option<Loss>,
}

/// What happened to a save after its outcome was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Loss {
    /// The save was replaced by one of another editor that had not seen it.
    Lost,
    /// The save turned out to have replaced one of another editor.
    Replaced,
}
