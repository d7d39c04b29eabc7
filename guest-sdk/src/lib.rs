//! What the author of an analyzer links: one trait for the analyzer, one for its projects, both with defaults, and one macro.
//!
//! ```ignore
//! struct Mine;
//! impl Analyzer for Mine { /* describe, index, open */ }
//! vraftls_guest_sdk::export_analyzer!(Mine);
//! ```
//!
//! The analyzer sees the workspace through [`Workspace`] alone. Natively, in tests, that is a [`MemoryWorkspace`]; inside a
//! component it is the host's import. Bindings generated from the contract stay inside: authors never name them.
//!
//! What needs no project implements [`Indexer`] and is exported by [`export_indexer!`]: a component without imports.

mod allocator;
mod analyzer;
#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod export;
#[cfg(feature = "fixture")]
pub mod fixture;
#[cfg(feature = "golden")]
pub mod golden;
mod host_workspace;
mod indexer;
#[doc(hidden)]
pub mod keeping;
mod memory_workspace;
pub mod roles;
mod workspace;

pub use allocator::ComponentAllocator;
pub use analyzer::{Analyzer, Project};
pub use bindings::engine::exports::vraftls::analyzer::actions::{Action, Move};
pub use bindings::engine::exports::vraftls::analyzer::completing::{
    Details, Item as CompletionItem, Items as CompletionItems,
};
pub use bindings::engine::exports::vraftls::analyzer::decorations::{HintPart, InlayHint, Lens, Link, Padding};
pub use bindings::engine::exports::vraftls::analyzer::formatting::Options as FormattingOptions;
pub use bindings::engine::exports::vraftls::analyzer::hierarchies::{Call, Item as HierarchyItem};
pub use bindings::engine::exports::vraftls::analyzer::hovering::HoverInfo;
pub use bindings::engine::exports::vraftls::analyzer::navigation::Targets;
pub use bindings::engine::exports::vraftls::analyzer::projects::{Change, Config, Library};
pub use bindings::engine::exports::vraftls::analyzer::references::{FileReferences, Highlight, Reference, SearchPlan};
pub use bindings::engine::exports::vraftls::analyzer::refiling::{Change as FileChange, Creation};
pub use bindings::engine::exports::vraftls::analyzer::renaming::Target as RenameTarget;
pub use bindings::engine::exports::vraftls::analyzer::resolving::{Description as TargetDescription, Resolved};
pub use bindings::engine::exports::vraftls::analyzer::rewriting::Expansion;
pub use bindings::engine::exports::vraftls::analyzer::signatures::{Parameter, Signature, SignatureHelp};
pub use bindings::engine::vraftls::analyzer::log::Level;
pub use bindings::engine::vraftls::analyzer::types::{
    Candidate, Diagnostic, DocumentEdit, Failure, Location, Related, Span, Symbol, SymbolFlags, TextEdit,
};
pub use bindings::engine::vraftls::analyzer::workspace::{Entry, Metadata, NodeKind, ReadError, WorkspaceSymbol};
pub use bindings::indexer::exports::vraftls::analyzer::indexing::{Document, Facts, ImportRef};
pub use bindings::indexer::exports::vraftls::analyzer::meta::{Description, Features, Language};
pub use indexer::{IndexOnly, Indexer, NoProject};
pub use memory_workspace::MemoryWorkspace;
pub use workspace::Workspace;
