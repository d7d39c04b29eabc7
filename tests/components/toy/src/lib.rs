//! A tiny language with a whole analyzer: what tests of the host run where Python would be too heavy.
//!
//! It behaves: deterministic, asks whether it is cancelled, keeps parsed files warm between calls and forgets exactly those
//! that [`Project::update`](vraftls_guest_sdk::Project::update) names, so that a host that forgets to say so is found out.

mod actions;
mod decorations;
mod hierarchy;
mod project;
mod resolving;
mod rewriting;
pub mod syntax;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use vraftls_guest_sdk::{
    Analyzer, Config, Description, Diagnostic, Document, Facts, Failure, Features, ImportRef, Language, Span, Symbol,
    SymbolFlags, Workspace, export_analyzer,
};

pub use project::ToyProject;

/// The analyzer.
#[derive(Debug)]
pub struct Toy;

export_analyzer!(Toy);
vraftls_guest_sdk::keep_projects!();

/// SymbolKind `Function`.
const FUNCTION: u32 = 12;
/// The parent of an entry at the top of an outline.
const TOP: u32 = u32::MAX;

impl Analyzer for Toy {
    type Project = ToyProject;

    fn describe() -> Description {
        Description {
            id: "toy".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Toy".to_owned(),
            languages: vec![Language { id: "toy".to_owned(), suffixes: vec!["toy".to_owned()] }],
            project_files: vec!["toy.project".to_owned()],
            features: Features::DIAGNOSTICS
                | Features::DEFINITION
                | Features::DECLARATION
                | Features::REFERENCES
                | Features::HIGHLIGHT
                | Features::HOVER
                | Features::COMPLETION
                | Features::RENAME
                | Features::FORMATTING
                | Features::ON_TYPE_FORMATTING
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
            completion_triggers: vec![" ".to_owned()],
            signature_triggers: Vec::new(),
            on_type_triggers: vec!["\n".to_owned()],
            token_types: decorations::TOKEN_TYPES.map(str::to_owned).to_vec(),
            token_modifiers: decorations::TOKEN_MODIFIERS.map(str::to_owned).to_vec(),
        }
    }

    fn index(document: &Document) -> Result<Facts, Failure> {
        let file = syntax::parse(&document.text);
        let mut names: Vec<String> = file.occurrences().iter().map(|(word, _)| word.text.clone()).collect();
        names.sort();
        names.dedup();
        let occurrence = |(word, roles): (&syntax::Word, u32)| {
            let name = names.binary_search(&word.text).expect("every occurrence was collected above");
            [word.span.start, word.span.end - word.span.start, name as u32, roles]
        };
        let occurrences = file.occurrences().into_iter().flat_map(occurrence).collect();
        Ok(Facts {
            symbols: symbols(&file),
            occurrences,
            imports: file.imports.iter().map(import).collect(),
            folds: folds(&file),
            diagnostics: syntax_errors(&file),
            interface_hash: interface_hash(&file),
            names,
        })
    }

    fn open(_config: Config, workspace: Arc<dyn Workspace>) -> Result<ToyProject, Failure> {
        Ok(ToyProject::new(workspace))
    }
}

fn symbols(file: &syntax::File) -> Vec<Symbol> {
    let symbol = |(definition, end): (&syntax::Definition, u32)| Symbol {
        name: definition.name.text.clone(),
        detail: String::new(),
        kind: FUNCTION,
        parent: definition.parent.map_or(TOP, |parent| parent as u32),
        full: Span { start: definition.line.start, end },
        span: definition.name.span,
        traits: if definition.name.text.starts_with('_') { SymbolFlags::PRIVATE } else { SymbolFlags::EXPORTED },
    };
    file.definitions.iter().zip(file.ends()).map(symbol).collect()
}

/// One fold for each definition that others lie in, to the end of the last of them.
fn folds(file: &syntax::File) -> Vec<u32> {
    let has_inner = |(definition, end): &(&syntax::Definition, u32)| *end > definition.line.end;
    let fold = |(definition, end): (&syntax::Definition, u32)| [definition.line.start, end, 0];
    file.definitions.iter().zip(file.ends()).filter(has_inner).flat_map(fold).collect()
}

fn import(word: &syntax::Word) -> ImportRef {
    ImportRef { module: word.text.clone(), span: word.span, names: vec!["*".to_owned()] }
}

fn syntax_errors(file: &syntax::File) -> Vec<Diagnostic> {
    file.errors.iter().map(|span| diagnostic(*span, 1, "syntax", "neither `def`, `use` nor `import`")).collect()
}

fn diagnostic(span: Span, severity: u32, code: &str, message: &str) -> Diagnostic {
    Diagnostic {
        span,
        severity,
        code: code.to_owned(),
        code_url: String::new(),
        message: message.to_owned(),
        tags: 0,
        related: Vec::new(),
    }
}

fn interface_hash(file: &syntax::File) -> u64 {
    // `DefaultHasher::new` has fixed keys: the same answer in every instance.
    let mut hasher = DefaultHasher::new();
    for definition in &file.definitions {
        (&definition.name.text, &definition.documentation).hash(&mut hasher);
    }
    hasher.finish()
}
