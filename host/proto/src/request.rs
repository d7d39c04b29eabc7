//! What is asked.

use std::sync::Arc;
use std::time::Duration;

use vraftls_text::Span;
use vraftls_vfs::{Revision, VfsPath, WorkspaceId};

use crate::{OverlaySet, SessionSettings};

/// One editor connection, unique in a gateway's life. A node uses it to send a session to the engine that served it
/// last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub u64);

/// A question about a workspace.
#[derive(Clone, Debug)]
pub struct Request {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Who asks.
    pub session: SessionId,
    /// The unsaved buffers of the session, pinned when the request was read.
    pub overlays: Arc<OverlaySet>,
    /// What the session wants of analyzers.
    pub settings: Arc<SessionSettings>,
    /// The base that the answer sees is at least this one: read your writes. 0 for any.
    pub at_least: Revision,
    /// How long the asker waits.
    pub deadline: Duration,
    /// What is asked.
    pub query: Query,
}

/// A place in a document.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct At {
    /// The file.
    pub path: VfsPath,
    /// The byte offset.
    pub offset: u32,
}

/// What is asked. Each variant names the [`Answer`](crate::Answer) that it gets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Query {
    /// Where a name is defined: `Targets`.
    Definition(At),
    /// Where it is declared: `Targets`.
    Declaration(At),
    /// Where its type is defined: `Targets`.
    TypeDefinition(At),
    /// What implements it: `Targets`.
    Implementation(At),
    /// Where it is used: `References`.
    References {
        /// The name.
        at: At,
        /// Whether its definitions are wanted too.
        include_declaration: bool,
    },
    /// Its occurrences in the same document: `Highlights`.
    Highlights(At),
    /// What is known of it: `Hover`.
    Hover(At),
    /// What could be written there: `Completion`.
    Complete {
        /// The cursor.
        at: At,
        /// The character that was typed, if one asked for it.
        trigger: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// The rest of a proposal: `CompletionDetails`.
    ResolveCompletion {
        /// The file in which it was proposed.
        path: VfsPath,
        /// Its token.
        token: Vec<u8>,
    },
    /// The call around a place: `SignatureHelp`.
    SignatureHelp(At),
    /// Whether a name can be renamed: `RenameTarget`.
    PrepareRename(At),
    /// The edits of a renaming, all or nothing: `Edits`.
    Rename {
        /// The name.
        at: At,
        /// What it becomes.
        new_name: String,
    },
    /// The layout of a document or of a part of it: `TextEdits`.
    Format {
        /// The file.
        path: VfsPath,
        /// The part.
        span: Option<Span>,
        /// What the editor wishes.
        options: FormattingOptions,
    },
    /// The outline: `DocumentSymbols`.
    DocumentSymbols {
        /// The file.
        path: VfsPath,
    },
    /// Symbols of the whole workspace: `Symbols`.
    WorkspaceSymbols {
        /// As a person types it.
        query: String,
        /// At most so many.
        limit: u32,
    },
    /// Findings of a file: `Diagnostics`.
    Diagnostics {
        /// The file.
        path: VfsPath,
    },
    /// The files that an analyzer would check: `Files`.
    Files,
}

/// What the editor wishes of layout.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FormattingOptions {
    /// The width of a tab.
    pub tab_size: u32,
    /// Whether to indent by spaces.
    pub insert_spaces: bool,
}
