//! What a Rust file says by itself: outline, identifiers, imports, folds, syntax errors, and a hash of what others see.
//!
//! A pure function of the text. It refuses to know other files, macros' expansions and the engine's database: names are sorted
//! by the grammar alone, so that a doubtful one counts as visible everywhere.

mod folds;
mod interface;
mod nesting;
mod outline;
mod walker;

use ra_ap_ide::{Edition, TextRange};
use ra_ap_syntax::{AstNode as _, SourceFile};
use vraftls_guest_sdk::{Diagnostic, Document, Facts, Failure, Span};

pub(crate) use nesting::is_too_deep;
pub(crate) use outline::{entry, kind, symbols};

/// Syntax errors that are listed one by one. A file that is no Rust at all has one every few bytes, and nobody reads so many.
const SYNTAX_ERRORS_MAX: usize = 1000;
/// The largest text whose offsets fit the contract.
const TEXT_BYTES_MAX: usize = u32::MAX as usize;

/// Every identifier of a text with its roles, as the facts have them.
pub(crate) fn occurrences(text: &str) -> Vec<u32> {
    walker::walk(SourceFile::parse(text, Edition::CURRENT).tree().syntax()).occurrences
}

/// What the document says by itself.
///
/// # Errors
/// [`Failure::Limited`] for a text whose offsets do not fit 32 bits. Broken code is no error.
pub(crate) fn index(document: &Document) -> Result<Facts, Failure> {
    let text = document.text.as_str();
    if text.len() >= TEXT_BYTES_MAX {
        return Err(Failure::Limited(format!("{} bytes do not fit the offsets", text.len())));
    }
    if is_too_deep(text) {
        return Ok(too_deep_facts(text));
    }
    let parse = SourceFile::parse(text, Edition::CURRENT);
    let file = parse.tree();
    let walked = walker::walk(file.syntax());
    let mut errors: Vec<(TextRange, String)> =
        parse.errors().into_iter().map(|error| (error.range(), error.to_string())).collect();
    errors.sort_by_key(|(range, _)| (range.start(), range.end()));
    Ok(Facts {
        symbols: outline::symbols(&file),
        names: walked.names,
        occurrences: walked.occurrences,
        imports: walked.imports,
        folds: folds::folds(text, file.syntax()),
        diagnostics: listed(text, errors),
        interface_hash: interface::hash(file.syntax()),
    })
}

fn listed(text: &str, errors: Vec<(TextRange, String)>) -> Vec<Diagnostic> {
    let count = errors.len();
    let mut found = Vec::new();
    for (at, (range, message)) in errors.into_iter().enumerate() {
        if at == SYNTAX_ERRORS_MAX {
            let more = count - SYNTAX_ERRORS_MAX;
            found.push(syntax_error(text, range, format!("{more} more syntax errors from here on")));
            break;
        }
        found.push(syntax_error(text, range, message));
    }
    found
}

fn syntax_error(text: &str, range: TextRange, message: String) -> Diagnostic {
    let start = text.floor_char_boundary(usize::from(range.start()).min(text.len()));
    let end = text.floor_char_boundary(usize::from(range.end()).min(text.len())).max(start);
    Diagnostic {
        span: Span { start: start as u32, end: end as u32 },
        severity: 1,
        code: "syntax-error".to_owned(),
        code_url: String::new(),
        message,
        tags: 0,
        related: Vec::new(),
    }
}

/// Facts of a text whose nesting would exhaust the stack: nothing but the reason.
fn too_deep_facts(text: &str) -> Facts {
    Facts {
        symbols: Vec::new(),
        names: Vec::new(),
        occurrences: Vec::new(),
        imports: Vec::new(),
        folds: Vec::new(),
        diagnostics: vec![syntax_error(text, TextRange::default(), nesting::MESSAGE.to_owned())],
        interface_hash: interface::hash_text(text),
    }
}

/// A range in the contract's words.
fn span(range: TextRange) -> Span {
    Span { start: range.start().into(), end: range.end().into() }
}

#[cfg(test)]
mod tests;
