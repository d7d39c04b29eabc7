//! The Python analyzer: ty's inference behind the contract of `wit/analyzer.wit`.
//!
//! What is not here: a type checker (that is `ty_python_semantic`), files (they come through the `workspace` import),
//! positions in lines and columns (offsets are UTF-8 bytes), and any state beyond one project in memory.
//!
//! Linked editing is not announced: no two places of Python's syntax have to say the same, and a name is renamed everywhere
//! rather than typed along.
//!
//! Invariants: broken source is answered, never refused; no input reaches a panic, because a panic costs the host the whole
//! warm instance; the same view gives the same answer.

mod actions;
mod annotation;
mod call;
mod completion;
mod db;
mod definition;
mod diagnostics;
mod docstring;
mod family;
mod foreign;
mod format;
mod hierarchy;
mod hints;
mod hover;
mod implementation;
mod imports;
mod index;
mod inferred;
mod inheritance;
mod lenses;
mod links;
mod moves;
mod notebook;
mod occurrence;
mod on_type;
mod paths;
mod project;
mod reach;
mod references;
mod rename;
mod resolve;
mod resolving;
mod roots;
mod ruff_settings;
mod scopes;
mod selection;
mod signature;
mod system;
mod tokens;
mod written;

use std::sync::Arc;

pub use project::PythonProject;
use vraftls_guest_sdk::{Analyzer, Config, Description, Document, Facts, Failure, Features, Language, Workspace};

/// Syntax trees and inference are millions of small blocks.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: vraftls_guest_sdk::ComponentAllocator = vraftls_guest_sdk::ComponentAllocator::new();

/// The analyzer.
pub struct Python;

impl Analyzer for Python {
    type Project = PythonProject;

    fn describe() -> Description {
        Description {
            id: "python".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Python (ty 0.0.10)".to_owned(),
            languages: vec![Language { id: "python".to_owned(), suffixes: vec!["py".to_owned(), "pyi".to_owned()] }],
            project_files: roots::CONFIGURATION_FILES.map(str::to_owned).to_vec(),
            features: Features::DIAGNOSTICS
                | Features::DEFINITION
                | Features::DECLARATION
                | Features::TYPE_DEFINITION
                | Features::IMPLEMENTATION
                | Features::REFERENCES
                | Features::HIGHLIGHT
                | Features::HOVER
                | Features::RENAME
                | Features::COMPLETION
                | Features::SIGNATURE_HELP
                | Features::FORMATTING
                | Features::RANGE_FORMATTING
                | Features::SEMANTIC_TOKENS
                | Features::CALL_HIERARCHY
                | Features::TYPE_HIERARCHY
                | Features::INLAY_HINTS
                | Features::SELECTION_RANGES
                | Features::DOCUMENT_LINKS
                | Features::CODE_LENS
                | Features::CODE_ACTIONS
                | Features::FILE_OPERATIONS
                | Features::ON_TYPE_FORMATTING,
            completion_triggers: completion::TRIGGERS.map(str::to_owned).to_vec(),
            signature_triggers: signature::TRIGGERS.map(str::to_owned).to_vec(),
            on_type_triggers: on_type::TRIGGERS.map(str::to_owned).to_vec(),
            token_types: tokens::type_names(),
            token_modifiers: tokens::MODIFIERS.map(str::to_owned).to_vec(),
        }
    }

    fn index(document: &Document) -> Result<Facts, Failure> {
        index::index(document)
    }

    fn open(config: Config, workspace: Arc<dyn Workspace>) -> Result<PythonProject, Failure> {
        Ok(PythonProject::open(config, workspace))
    }
}

vraftls_guest_sdk::export_analyzer!(Python);
vraftls_guest_sdk::keep_projects!();
