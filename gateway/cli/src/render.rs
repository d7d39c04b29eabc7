//! Diagnostics for people: the line, what is wrong with it, and colors where there is a terminal.

use std::io::IsTerminal;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use vraftls_index::Diagnostic;

/// The words for a severity of the Language Server Protocol.
pub(crate) fn severity_name(severity: u8) -> &'static str {
    match severity {
        1 => "error",
        2 => "warning",
        3 => "information",
        _ => "hint",
    }
}

/// A diagnostic with its source lines.
pub(crate) fn diagnostic(path: &str, text: &str, found: &Diagnostic) -> String {
    let level = match found.severity {
        1 => Level::ERROR,
        2 => Level::WARNING,
        3 => Level::INFO,
        _ => Level::HELP,
    };
    let (start, end) = (found.span.start() as usize, found.span.end() as usize);
    let snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(start..end));
    let title = level.primary_title(&*found.message);
    let title = if found.code.is_empty() { title } else { title.id(&*found.code) };
    let renderer = if std::io::stdout().is_terminal() { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[title.element(snippet)]).to_string()
}
