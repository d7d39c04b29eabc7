//! The Rust analyzer: rust-analyzer's IDE layer behind the contract of `wit/analyzer.wit`.
//!
//! What is not here: a type checker (that is `ra_ap_ide` and what it stands on), files (they come through the `workspace`
//! import), positions in lines and columns (offsets are UTF-8 bytes), cargo itself, build scripts and procedural macros (nothing
//! of a workspace runs), and any state beyond one project in memory.
//!
//! Invariants: broken source is answered, never refused; no input reaches a panic, because a panic costs the host the whole
//! warm instance; no question leaves a snapshot of the database behind, because the next change would wait for it forever.

mod actions;
mod bundled;
mod cargo;
mod completion;
mod diagnostics;
mod edits;
mod graph;
mod hierarchy;
mod hints;
mod hover;
mod index;
mod json_project;
mod kinds;
mod layout;
mod lenses;
mod loose;
mod navigation;
mod on_type;
mod packages;
mod project;
mod references;
mod rename;
mod resolving;
mod rewriting;
mod selection;
mod settings;
mod signature;
mod tokens;
mod tree;
mod world;

use std::sync::Arc;

pub use project::RustProject;
use vraftls_guest_sdk::{Analyzer, Config, Description, Document, Facts, Failure, Features, Language, Workspace};

/// Syntax trees and inference are millions of small blocks.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: vraftls_guest_sdk::ComponentAllocator = vraftls_guest_sdk::ComponentAllocator::new();

/// The analyzer.
pub struct Rust;

impl Analyzer for Rust {
    type Project = RustProject;

    fn describe() -> Description {
        let project_files =
            ["Cargo.toml", "Cargo.lock", "rust-project.json", ".rust-project.json", ".cargo-checksum.json"];
        Description {
            id: "rust".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Rust (rust-analyzer 0.0.347)".to_owned(),
            languages: vec![Language { id: "rust".to_owned(), suffixes: vec!["rs".to_owned()] }],
            project_files: project_files.map(str::to_owned).to_vec(),
            features: Features::DIAGNOSTICS
                | Features::DEFINITION
                | Features::DECLARATION
                | Features::TYPE_DEFINITION
                | Features::IMPLEMENTATION
                | Features::REFERENCES
                | Features::HIGHLIGHT
                | Features::HOVER
                | Features::COMPLETION
                | Features::SIGNATURE_HELP
                | Features::RENAME
                | Features::ON_TYPE_FORMATTING
                | Features::CALL_HIERARCHY
                | Features::SEMANTIC_TOKENS
                | Features::INLAY_HINTS
                | Features::SELECTION_RANGES
                | Features::CODE_ACTIONS
                | Features::CODE_LENS
                | Features::FILE_OPERATIONS,
            completion_triggers: completion::TRIGGERS.map(str::to_owned).to_vec(),
            signature_triggers: signature::TRIGGERS.map(str::to_owned).to_vec(),
            on_type_triggers: on_type::TRIGGERS.map(str::to_owned).to_vec(),
            token_types: tokens::TYPES.map(str::to_owned).to_vec(),
            token_modifiers: tokens::MODIFIERS.map(str::to_owned).to_vec(),
        }
    }

    fn index(document: &Document) -> Result<Facts, Failure> {
        index::index(document)
    }

    fn open(config: Config, workspace: Arc<dyn Workspace>) -> Result<RustProject, Failure> {
        Ok(RustProject::open(config, workspace))
    }
}

vraftls_guest_sdk::export_analyzer!(Rust);
vraftls_guest_sdk::keep_projects!();
