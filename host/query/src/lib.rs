//! Answers a request at a revision: plan, cache, analyze, resolve, merge.
//!
//! A [`QueryService`] answers. Whoever owns it runs the [`IndexKeeper`] of each workspace and puts analyzers in.
//!
//! A [`View`] is what one request sees: a pinned [`Base`] with the session's overlays above. What runs analyzers is
//! behind [`Analyzer`], what holds files is behind [`Base`]; this room can be tested without WebAssembly and without
//! consensus. It has no branch on any language.

mod base;
mod scope;
mod view;

mod analyzer;
mod cancel;
mod urgency;
mod workspaces;

mod config;
mod failure;

mod analyzers;
mod answers;
mod bundled;
mod facts_source;
mod text_search;

mod index_keeper;
mod view_index;

mod service;

#[cfg(test)]
mod fake;

pub use analyzer::{Analyzer, BoxFuture, EngineCall, Fault, IndexDocument, Library, ProjectSpec, Question, Reply};
pub use base::{Base, BaseFile, Change, Changes, DirEntry, NodeKind, ReadError, is_bundled, is_outside};
pub use bundled::BundledFile;
pub use cancel::{CancelFlag, CancelOnDrop};
pub use config::QueryConfig;
pub use index_keeper::{IndexKeeper, IndexProgress};
pub use scope::Scope;
pub use service::{CacheStats, QueryService};
pub use urgency::Urgency;
pub use view::{Lookup, View};
pub use workspaces::Workspaces;
