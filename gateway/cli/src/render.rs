//! Diagnostics for people: the line, what is wrong with it, and colors where there is a terminal.

use std::io::IsTerminal;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use vraftls_text::LineIndex;

use crate::finding::Finding;

/// The words for a severity of the Language Server Protocol.
pub(crate) fn severity_name(severity: u8) -> &'static str {
    match severity {
        1 => "error",
        2 => "warning",
        3 => "information",
        _ => "hint",
    }
}

/// A finding with its source lines; without them where the text does not have it any more.
pub(crate) fn finding(path: &str, text: &str, found: &Finding) -> String {
    let level = match found.severity {
        1 => Level::ERROR,
        2 => Level::WARNING,
        3 => Level::INFO,
        _ => Level::HELP,
    };
    let title = level.primary_title(&*found.message);
    let title = if found.code.is_empty() { title } else { title.id(&*found.code) };
    let renderer = if std::io::stdout().is_terminal() { Renderer::styled() } else { Renderer::plain() };
    let group = match found.region.span(&LineIndex::new(text)) {
        Some(span) => {
            let annotation = AnnotationKind::Primary.span(span.start() as usize..span.end() as usize);
            title.element(Snippet::source(text).path(path).annotation(annotation))
        }
        None => {
            let (line, column) = (found.region.line as usize, found.region.column as usize);
            title.element(Origin::path(path).line(line).char_column(column))
        }
    };
    renderer.render(&[group]).to_string()
}
