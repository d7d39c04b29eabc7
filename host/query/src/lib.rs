//! Answers a request at a revision: plan, cache, analyze, resolve, merge.
//!
//! A [`View`] is what one request sees: a pinned [`Base`] with the session's overlays above. What runs analyzers is behind
//! [`Analyzer`], what holds files is behind [`Base`]; this room can be tested without WebAssembly and without consensus.
//! It has no branch on any language.

mod analyzer;
mod base;
mod cancel;
mod view;

pub use analyzer::{Analyzer, BoxFuture, EngineCall, Fault, IndexDocument, Library, ProjectSpec, Question, Reply};
pub use base::{Base, BaseFile, Change, Changes, DirEntry, NodeKind, ReadError};
pub use cancel::{CancelFlag, CancelOnDrop};
pub use view::{Lookup, View};
