//! An index-only analyzer: the headings of `.outline` files, `*` for a section, `**` for one inside it, and so on.
//!
//! Tests of the host use it to see that a component of world `indexer`, without a project, is served.

use std::collections::BTreeMap;

use vraftls_guest_sdk::{
    Description, Document, Facts, Failure, Features, Indexer, Language, Span, Symbol, SymbolFlags, export_indexer,
    roles,
};

/// The analyzer.
#[derive(Debug)]
pub struct Outline;

export_indexer!(Outline);

/// SymbolKind `String`, as editors show headings.
const HEADING: u32 = 15;
/// The parent of an entry at the top of an outline.
const TOP: u32 = u32::MAX;

impl Indexer for Outline {
    fn describe() -> Description {
        Description {
            id: "outline".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Outline".to_owned(),
            languages: vec![Language { id: "outline".to_owned(), suffixes: vec!["outline".to_owned()] }],
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
        let mut facts = Facts {
            symbols: Vec::new(),
            names: Vec::new(),
            occurrences: Vec::new(),
            imports: Vec::new(),
            folds: Vec::new(),
            diagnostics: Vec::new(),
            interface_hash: 0,
        };
        // Where each name stands in `names`.
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        // The headings that enclose the current line, with their depth.
        let mut enclosing: Vec<(usize, u32)> = Vec::new();
        // A byte-order mark is no part of the first line.
        let mut start = document.text.len() - document.text.trim_start_matches('\u{feff}').len();
        for line in document.text[start..].split_inclusive('\n') {
            let name = line.trim_start_matches('*').trim();
            let depth = line.len() - line.trim_start_matches('*').len();
            if depth > 0 && !name.is_empty() {
                enclosing.retain(|(outer, _)| *outer < depth);
                let parent = enclosing.last().map_or(TOP, |(_, symbol)| *symbol);
                enclosing.push((depth, facts.symbols.len() as u32));
                // The name is a part of the line, so looking for it finds it.
                let name_start = (start + line.find(name).unwrap_or(0)) as u32;
                let index = *known.entry(name).or_insert_with(|| {
                    facts.names.push(name.to_owned());
                    facts.names.len() as u32 - 1
                });
                push_heading(
                    &mut facts,
                    index,
                    Span { start: name_start, end: name_start + name.len() as u32 },
                    parent,
                );
            }
            start += line.len();
        }
        Ok(facts)
    }
}

/// Adds a heading by the index of its name.
fn push_heading(facts: &mut Facts, index: u32, span: Span, parent: u32) {
    let name = facts.names[index as usize].clone();
    facts.occurrences.extend([span.start, span.end - span.start, index, roles::DEFINES]);
    facts.symbols.push(Symbol {
        name,
        detail: String::new(),
        kind: HEADING,
        parent,
        full: span,
        span,
        traits: SymbolFlags::EXPORTED,
    });
}
