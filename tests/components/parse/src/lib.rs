//! The Python parser alone: `index` parses and keeps nothing but the number of tokens.
//!
//! The bench measures it beside the same parser run natively, which tells what the sandbox costs from what the analyzer's own
//! walks cost. It is no analyzer for anybody.

use ruff_python_ast::PySourceType;
use ruff_python_parser::parse_unchecked_source;
use vraftls_guest_sdk::{Description, Document, Facts, Failure, Features, Indexer, Language, export_indexer};

/// As the Python analyzer has it, so that both are measured with the same one.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: vraftls_guest_sdk::ComponentAllocator = vraftls_guest_sdk::ComponentAllocator::new();

/// The analyzer.
#[derive(Debug)]
pub struct Parse;

export_indexer!(Parse);

impl Indexer for Parse {
    fn describe() -> Description {
        Description {
            id: "parse".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Python's parser alone".to_owned(),
            languages: vec![Language { id: "python".to_owned(), suffixes: vec!["py".to_owned()] }],
            project_files: Vec::new(),
            features: Features::empty(),
            completion_triggers: Vec::new(),
            signature_triggers: Vec::new(),
            on_type_triggers: Vec::new(),
            token_types: Vec::new(),
            token_modifiers: Vec::new(),
        }
    }

    fn index(document: &Document) -> Result<Facts, Failure> {
        let parsed = parse_unchecked_source(&document.text, PySourceType::Python);
        Ok(Facts {
            symbols: Vec::new(),
            names: Vec::new(),
            occurrences: Vec::new(),
            imports: Vec::new(),
            folds: Vec::new(),
            diagnostics: Vec::new(),
            // What depends on all of the parse, so that none of it can be left out.
            interface_hash: parsed.tokens().len() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_are_counted() {
        let document = |text: &str| Document { path: "a.py".into(), language: "python".into(), text: text.into() };
        let count = |text: &str| Parse::index(&document(text)).map(|facts| facts.interface_hash);
        assert_eq!(count("x = 1\n"), Ok(4));
        assert!(matches!(count("def ("), Ok(2..)));
    }
}
