//! The TypeScript and JavaScript analyzer: oxc's parser and scopes, oxc's module resolution, and on them a semantic layer of
//! our own, behind the contract of `wit/analyzer.wit`.
//!
//! What is not here: a type checker (types are found out as far as members need them, and nothing is checked against them),
//! files (they come through the `workspace` import), positions in lines and columns (offsets are UTF-8 bytes), and any state
//! beyond one project in memory.
//!
//! Invariants: broken source is answered, never refused; no input reaches a panic, because a panic costs the host the whole
//! warm instance; the same view gives the same answer, whatever was asked before.

mod actions;
mod completion;
mod definition;
mod diagnostics;
mod dom;
mod eval;
mod hierarchy;
mod hints;
mod hover;
mod implementation;
mod imports;
mod index;
mod lenses;
mod links;
mod lower;
mod module;
mod moves;
mod project;
mod references;
mod rename;
mod resolver;
mod resolving;
mod scratch;
mod selection;
mod signature;
mod source_map;
mod store;
mod syntax;
mod targets;
mod tokens;

use std::sync::Arc;

pub use project::TypeScriptProject;
use vraftls_guest_sdk::{Analyzer, Config, Description, Document, Facts, Failure, Features, Language, Workspace};

/// Syntax trees and lowered files are millions of small blocks.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: vraftls_guest_sdk::ComponentAllocator = vraftls_guest_sdk::ComponentAllocator::new();

/// The analyzer.
pub struct TypeScript;

/// Configurations, and what they are usually made of by `extends`: a file is read only if its name was said. The last are what
/// packages of shared configurations call theirs.
const PROJECT_FILES: [&str; 8] = [
    "package.json",
    "tsconfig*.json",
    "*tsconfig.json",
    "jsconfig*.json",
    "*jsconfig.json",
    "base.json",
    "nextjs.json",
    "react-library.json",
];

fn language(id: &str, suffixes: &[&str]) -> Language {
    Language { id: id.to_owned(), suffixes: suffixes.iter().map(|suffix| (*suffix).to_owned()).collect() }
}

impl Analyzer for TypeScript {
    type Project = TypeScriptProject;

    fn describe() -> Description {
        Description {
            id: "typescript".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "TypeScript and JavaScript (oxc 0.146)".to_owned(),
            languages: vec![
                language("typescript", &["ts", "mts", "cts"]),
                language("typescriptreact", &["tsx"]),
                language("javascript", &["js", "mjs", "cjs"]),
                language("javascriptreact", &["jsx"]),
                // Declaration maps, which lead from generated declarations to their sources.
                language("source-map", &["d.ts.map", "d.mts.map", "d.cts.map"]),
            ],
            project_files: PROJECT_FILES.map(str::to_owned).to_vec(),
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
                | Features::CALL_HIERARCHY
                | Features::TYPE_HIERARCHY
                | Features::SEMANTIC_TOKENS
                | Features::INLAY_HINTS
                | Features::SELECTION_RANGES
                | Features::CODE_ACTIONS
                | Features::CODE_LENS
                | Features::DOCUMENT_LINKS
                | Features::LINKED_EDITING
                | Features::FILE_OPERATIONS,
            completion_triggers: completion::TRIGGERS.map(str::to_owned).to_vec(),
            signature_triggers: signature::TRIGGERS.map(str::to_owned).to_vec(),
            on_type_triggers: Vec::new(),
            token_types: tokens::TYPES.map(str::to_owned).to_vec(),
            token_modifiers: tokens::MODIFIERS.map(str::to_owned).to_vec(),
        }
    }

    fn index(document: &Document) -> Result<Facts, Failure> {
        index::index(document)
    }

    fn open(config: Config, workspace: Arc<dyn Workspace>) -> Result<TypeScriptProject, Failure> {
        Ok(TypeScriptProject::open(&config, workspace))
    }
}

vraftls_guest_sdk::export_analyzer!(TypeScript);
vraftls_guest_sdk::keep_projects!();
