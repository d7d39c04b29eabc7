//! An analyzer that says it answers questions and only indexes: it exports nothing that could answer.
//!
//! Tests of the host use it to see that a description is held against what a component has.

use vraftls_guest_sdk::{Description, Document, Facts, Failure, Features, Indexer, Language, export_indexer};

/// The analyzer.
#[derive(Debug)]
pub struct Liar;

export_indexer!(Liar);

impl Indexer for Liar {
    fn describe() -> Description {
        Description {
            id: "liar".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Liar".to_owned(),
            languages: vec![Language { id: "liar".to_owned(), suffixes: vec!["liar".to_owned()] }],
            project_files: Vec::new(),
            features: Features::HOVER,
            completion_triggers: Vec::new(),
            signature_triggers: Vec::new(),
            on_type_triggers: Vec::new(),
            token_types: Vec::new(),
            token_modifiers: Vec::new(),
        }
    }

    fn index(_: &Document) -> Result<Facts, Failure> {
        Ok(Facts {
            symbols: Vec::new(),
            names: Vec::new(),
            occurrences: Vec::new(),
            imports: Vec::new(),
            folds: Vec::new(),
            diagnostics: Vec::new(),
            interface_hash: 0,
        })
    }
}
