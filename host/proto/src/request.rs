//! What is asked.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vraftls_index::Diagnostic;
use vraftls_text::Span;
use vraftls_vfs::{Revision, VfsPath, WorkspaceId};

use crate::{HierarchyItem, OverlaySet, SessionSettings};

/// One editor connection, unique in a gateway's life. A node uses it to send a session to the engine that served it
/// last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct At {
    /// The file.
    pub path: VfsPath,
    /// The byte offset.
    pub offset: u32,
}

/// What is asked. Each variant names the [`Answer`](crate::Answer) that it gets.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
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
    /// The edits of a renaming, all or nothing: `Edits`, or `Change` where files move with it.
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
    /// The layout after a character was typed: `TextEdits`.
    FormatOnType {
        /// The place behind the character.
        at: At,
        /// The character.
        typed: String,
        /// What the editor wishes.
        options: FormattingOptions,
    },
    /// The functions at a place: `HierarchyItems`.
    PrepareCalls(At),
    /// Who calls an item: `Calls`.
    IncomingCalls {
        /// The item.
        item: HierarchyItem,
    },
    /// What an item calls: `Calls`.
    OutgoingCalls {
        /// The item.
        item: HierarchyItem,
    },
    /// The types at a place: `HierarchyItems`.
    PrepareTypes(At),
    /// What a type extends: `HierarchyItems`.
    Supertypes {
        /// The type.
        item: HierarchyItem,
    },
    /// What extends a type: `HierarchyItems`.
    Subtypes {
        /// The type.
        item: HierarchyItem,
    },
    /// What each piece of a document is: `SemanticTokens`.
    SemanticTokens {
        /// The file.
        path: VfsPath,
        /// The part.
        span: Option<Span>,
    },
    /// What could be shown between the characters of a part: `InlayHints`.
    InlayHints {
        /// The file.
        path: VfsPath,
        /// The part.
        span: Span,
    },
    /// What encloses each of several places: `SelectionRanges`.
    SelectionRanges {
        /// The file.
        path: VfsPath,
        /// The places, as byte offsets.
        offsets: Vec<u32>,
    },
    /// What could be shown above constructs: `Lenses`.
    Lenses {
        /// The file.
        path: VfsPath,
    },
    /// What leads out of a document: `Links`.
    Links {
        /// The file.
        path: VfsPath,
    },
    /// What is edited together with a place: `LinkedRanges`.
    LinkedRanges(At),
    /// The changes that are offered for a part: `Actions`.
    Actions {
        /// The file.
        path: VfsPath,
        /// The part.
        span: Span,
        /// The findings that the editor shows there.
        diagnostics: Vec<Diagnostic>,
        /// The kinds that are wanted, as prefixes; none for all.
        kinds: Vec<String>,
    },
    /// What an offered change does: `Edits`, or `Change` where files come to be or move with it.
    ResolveAction {
        /// The file in which it was offered.
        path: VfsPath,
        /// Its token.
        token: Vec<u8>,
    },
    /// The edits that keep files right when others move, all or nothing: `Edits`.
    WillRename {
        /// The files and directories that move.
        moves: Vec<FileMove>,
    },
    /// What all names of a file lead to: `Resolved`.
    ResolveAll {
        /// The file.
        path: VfsPath,
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
    /// Putting the lines of spans onto one: `TextEdits`.
    JoinLines {
        /// The file.
        path: VfsPath,
        /// Each by itself; an empty one takes the line behind its own.
        spans: Vec<Span>,
    },
    /// What the code at a place stands for: `Expansion`.
    Expand(At),
}

/// A file or directory that moves.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FileMove {
    /// From where.
    pub old: VfsPath,
    /// To where.
    pub new: VfsPath,
}

/// What the editor wishes of layout.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FormattingOptions {
    /// The width of a tab.
    pub tab_size: u32,
    /// Whether to indent by spaces.
    pub insert_spaces: bool,
}
