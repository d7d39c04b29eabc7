//! What a file says by itself: outline, names, imports, folds, syntax errors, and a hash of what others see.

mod folds;
mod interface;
mod outline;

use std::rc::Rc;

use rustc_hash::FxHashMap;
use vraftls_guest_sdk::{Diagnostic, Document, Facts, Failure, ImportRef, Span};

use crate::lower;
use crate::module::{Module, Occ, Range};
use crate::syntax;

pub(crate) use outline::symbol_kind;

/// What the document says by itself.
///
/// # Errors
/// [`Failure::Limited`] for a text whose offsets do not fit 32 bits. Broken code is no error.
pub(crate) fn index(document: &Document) -> Result<Facts, Failure> {
    if document.text.len() >= u32::MAX as usize {
        return Err(Failure::Limited(format!("{} bytes do not fit the offsets", document.text.len())));
    }
    let text: Rc<str> = Rc::from(document.text.as_str());
    if crate::store::is_data(&document.path) {
        return Ok(facts(&Module { text, ..Module::default() }, Vec::new()));
    }
    let lowered = syntax::with_tree(&document.path, &text, |tree| {
        let folds = folds::folds(&text, tree.program);
        (lower::lower_tree(&document.path, &text, tree), folds)
    });
    let (module, folds) = lowered.unwrap_or_else(|errors| {
        (Module { text: Rc::clone(&text), syntax_errors: errors, ..Module::default() }, Vec::new())
    });
    Ok(facts(&module, folds))
}

fn facts(module: &Module, folds: Vec<u32>) -> Facts {
    let (names, occurrences) = occurrences(module);
    Facts {
        symbols: outline::symbols(module),
        names,
        occurrences,
        imports: imports(module),
        folds,
        diagnostics: module.syntax_errors.iter().map(|(range, message)| syntax_error(*range, message)).collect(),
        interface_hash: interface::hash(module),
    }
}

/// Every name with its roles, packed as in the contract.
pub(crate) fn occurrences(module: &Module) -> (Vec<String>, Vec<u32>) {
    let mut names: Vec<String> = Vec::new();
    let mut known: FxHashMap<&str, u32> = FxHashMap::default();
    let mut packed = Vec::with_capacity(module.occurrences.len() * 4);
    let mut last = None;
    for occurrence in &module.occurrences {
        let text = module.slice(occurrence.span);
        if text.is_empty() || last == Some(occurrence.span.start) || matches!(occurrence.occ, Occ::Spec(_)) {
            continue;
        }
        last = Some(occurrence.span.start);
        let number = *known.entry(text).or_insert_with(|| {
            names.push(text.to_owned());
            names.len() as u32 - 1
        });
        let span = occurrence.span;
        packed.extend([span.start, span.end - span.start, number, occurrence.roles]);
    }
    (names, packed)
}

fn imports(module: &Module) -> Vec<ImportRef> {
    let mut found: Vec<ImportRef> = module
        .specs
        .iter()
        .map(|spec| ImportRef {
            module: spec.text.to_string(),
            span: spec.span.span(),
            names: spec.names.iter().map(ToString::to_string).collect(),
        })
        .collect();
    found.sort_by_key(|import| import.span.start);
    found
}

/// A syntax error as a finding.
pub(crate) fn syntax_error(range: Range, message: &str) -> Diagnostic {
    Diagnostic {
        span: Span { start: range.start, end: range.end },
        severity: 1,
        code: "invalid-syntax".to_owned(),
        code_url: String::new(),
        message: message.to_owned(),
        tags: 0,
        related: Vec::new(),
    }
}
