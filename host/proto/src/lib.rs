//! What gateways and nodes say to each other: a [`Request`] goes in, an [`Answered`] or a [`QueryError`] comes out.
//!
//! Places are UTF-8 byte offsets here; line and character exist only at the gateway's edge. An answer names the revision it was
//! computed at and the digest of every file it speaks of, so that whoever converts or merges it works on the very same text.
//!
//! This room has no behavior, no sockets, and no invariants of the domain beyond the shapes.

mod answer;
mod error;
mod overlay;
mod request;

pub use answer::{
    Answer, Answered, CompletionDetails, CompletionItem, CompletionItems, DocumentEdit, DocumentSymbols, FileReferences,
    Highlight, Hover, Parameter, Reference, RenameTarget, SearchPlan, Signature, SignatureHelp, SymbolMatch, Targets,
};
pub use error::QueryError;
pub use overlay::{OverlayFile, OverlaySet};
pub use request::{At, Candidate, FormattingOptions, Query, Request, SessionId};
