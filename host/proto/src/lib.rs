//! What gateways and nodes say to each other: a [`Request`] goes in, an [`Answered`] or a [`QueryError`] comes out.
//!
//! Places are UTF-8 byte offsets here; line and character exist only at the gateway's edge. An answer names the
//! revision it was computed at and the digest of every file it speaks of, so that whoever converts or merges it works
//! on the very same text.
//!
//! Inside a process these are values. Between a gateway and a node of a cluster they are bytes with a version: see [`rpc`].
//!
//! This room has no behavior, no sockets, and no invariants of the domain beyond the shapes.

mod fingerprint;
mod overlay;
pub mod rendezvous;
mod revisions;
mod settings;

mod request;

mod action;
mod answer;
mod decoration;
mod error;
mod hierarchy;
mod resolved;
mod save;

pub mod rpc;

pub use action::Action;
pub use answer::{
    Answer, Answered, CompletionDetails, CompletionItem, CompletionItems, Creation, DocumentEdit, DocumentSymbols,
    Expansion, FileChange, Highlight, Hover, Parameter, RenameTarget, SearchPlan, Signature, SignatureHelp, Targets,
};
pub use decoration::{
    HintPart, InlayHint, Lens, LensKind, Link, LinkTarget, SemanticToken, SemanticTokens, TokenWords,
};
pub use error::QueryError;
pub use fingerprint::Fingerprint;
pub use hierarchy::{Call, HierarchyItem};
pub use overlay::{Overlaid, OverlayFile, OverlaySet};
pub use request::{At, FileMove, FormattingOptions, Query, Request, SessionId};
pub use resolved::{Resolved, ResolvedName, Target, TargetDescription};
pub use revisions::{N_GROUPS_MAX, Revisions, RevisionsError};
pub use save::{Author, Loss, Save, SaveBase, SaveOutcome, Standing};
pub use settings::SessionSettings;
// What is found in files is merged by the index's algebra, and so is the index's; it crosses nodes as it is.
pub use vraftls_index::{Candidate, FileReferences, Reference, SymbolMatch};
