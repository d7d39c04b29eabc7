//! What a Python file says by itself: outline, identifiers, imports, folds, syntax errors, and a hash of what others see.
//!
//! A pure function of the text. It refuses to know types, other files and the engine: no salsa, no workspace. Scopes are
//! resolved only as far as the grammar decides them, so a doubtful name counts as visible everywhere.

mod exports;
mod flow;
mod folds;
mod interface;
mod names;
mod nesting;
mod outline;
mod scopes;
mod strings;
mod walker;

use ruff_python_ast::{ModModule, PySourceType};
use ruff_python_parser::{ParseError, Parsed, parse_unchecked_source};
use ruff_text_size::{TextRange, TextSize};
use vraftls_guest_sdk::{Diagnostic, Document, Facts, Failure, Span, roles};

use crate::notebook;

pub(crate) use flow::is_too_branched;
pub(crate) use interface::for_each_block;
pub(crate) use nesting::is_too_deep;
pub(crate) use outline::{symbol_kind_of_class, symbol_kind_of_function, symbol_kind_of_variable};

/// Syntax errors that are listed one by one. A file that is no Python at all has one every few bytes: nobody reads so many, and
/// the host refuses lists beyond measure.
const SYNTAX_ERRORS_MAX: usize = 1000;
/// The largest text whose offsets fit the contract.
const TEXT_BYTES_MAX: usize = u32::MAX as usize;

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
    if notebook::is_notebook(&document.path) {
        let readable = notebook::readable(text);
        return Ok(facts(&readable, &notebook::parse(&readable)));
    }
    let parsed = parse_unchecked_source(text, source_type(&document.path));
    Ok(facts(text, &parsed))
}

/// The facts of a parsed module.
fn facts(text: &str, parsed: &Parsed<ModModule>) -> Facts {
    let suite = parsed.suite();
    let walked = walker::walk(text, parsed.tokens(), suite);
    Facts {
        symbols: outline::symbols(text, suite),
        names: walked.names,
        occurrences: walked.occurrences,
        imports: walked.imports,
        folds: folds::folds(text, parsed.tokens()),
        diagnostics: syntax_errors(text, parsed),
        interface_hash: interface::hash(text, parsed.tokens(), suite),
    }
}

/// Where names stand in strings that are read as code.
pub(crate) fn names_in_strings(text: &str, parsed: &Parsed<ModModule>) -> Vec<TextRange> {
    let occurrences = walker::walk(text, parsed.tokens(), parsed.suite()).occurrences;
    let (groups, _) = occurrences.as_chunks::<4>();
    let in_strings = groups.iter().filter(|[.., has]| has & roles::IN_STRING != 0);
    in_strings.map(|[start, length, ..]| TextRange::at(TextSize::new(*start), TextSize::new(*length))).collect()
}

/// Every identifier of a parsed module, packed as in its facts.
pub(crate) fn occurrences(text: &str, parsed: &Parsed<ModModule>) -> Vec<u32> {
    if is_too_deep(text) {
        return Vec::new();
    }
    walker::walk(text, parsed.tokens(), parsed.suite()).occurrences
}

/// Stubs differ from modules in what the grammar forgives, and cells of notebooks have magics.
fn source_type(path: &str) -> PySourceType {
    if path.ends_with(".pyi") {
        return PySourceType::Stub;
    }
    if notebook::is_notebook(path) { PySourceType::Ipynb } else { PySourceType::Python }
}

fn syntax_errors(text: &str, parsed: &Parsed<ModModule>) -> Vec<Diagnostic> {
    // Errors of unsupported versions are left out: the version is a setting of the project, which is not known here.
    let mut errors: Vec<&ParseError> = parsed.errors().iter().collect();
    errors.sort_by_key(|error| (error.location.start(), error.location.end()));
    let (shown, more) = errors.split_at(errors.len().min(SYNTAX_ERRORS_MAX));
    let mut diagnostics: Vec<Diagnostic> =
        shown.iter().map(|error| syntax_error(text, error.location, error.error.to_string())).collect();
    if let Some(first) = more.first() {
        diagnostics.push(syntax_error(text, first.location, format!("{} more syntax errors from here on", more.len())));
    }
    diagnostics
}

fn syntax_error(text: &str, range: TextRange, message: String) -> Diagnostic {
    let start = floor_boundary(text, range.start().to_usize());
    let end = floor_boundary(text, range.end().to_usize()).max(start);
    Diagnostic {
        span: Span { start: start as u32, end: end as u32 },
        severity: 1,
        code: "invalid-syntax".to_owned(),
        code_url: String::new(),
        message,
        tags: 0,
        related: Vec::new(),
    }
}

/// Facts of a text whose nesting would exhaust the stack: nothing but the reason.
fn too_deep_facts(text: &str) -> Facts {
    let message = "the code is nested too deeply to be analyzed".to_owned();
    Facts {
        symbols: Vec::new(),
        names: Vec::new(),
        occurrences: Vec::new(),
        imports: Vec::new(),
        folds: Vec::new(),
        diagnostics: vec![syntax_error(text, TextRange::default(), message)],
        interface_hash: interface::hash_text(text),
    }
}

/// The last character boundary at or before `offset`.
fn floor_boundary(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset.min(text.len()))
}

fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

#[cfg(test)]
mod tests;
