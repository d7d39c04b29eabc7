//! Layout of documents and parts of them, by ruff's formatter with the project's settings.
//!
//! What is handed out are the smallest edits, so that cursors and marks in an editor survive. Broken code is left alone.

mod configuration;
mod difference;
mod notebook;

use ruff_python_formatter::{FormatModuleError, format_module_source, format_range};
use ruff_text_size::{TextRange, TextSize};
use vraftls_guest_sdk::{Failure, FormattingOptions, Span, TextEdit};

use crate::project::{PythonProject, Source, span};
use configuration::Style;
use difference::edits;
pub(crate) use difference::edits as differences;

/// The mark that some editors put at the beginning of a file.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The edits that lay out the document, or the part of it that the span touches.
pub(crate) fn format(
    project: &PythonProject,
    path: &str,
    part: Option<Span>,
    options: FormattingOptions,
) -> Result<Vec<TextEdit>, Failure> {
    let source = project.source(path)?;
    if path.starts_with('@') {
        // Libraries are read-only.
        return Ok(Vec::new());
    }
    if let Some(cells) = source.cells() {
        return notebook::format(project, path, &source, &cells, part, options);
    }
    // A tree with errors is not the tree that was meant.
    if !source.parsed.errors().is_empty() {
        return Ok(Vec::new());
    }
    let style = Style::of(project.workspace(), path, &options);
    let text: &str = &source.text;
    let marked = text.strip_prefix(BYTE_ORDER_MARK).map_or(0, |_| BYTE_ORDER_MARK.len());
    let body = &text[marked..];
    let settings = style.options(
        source.file.source_type(project.db()),
        source.model.program_environment().python_version(project.db()),
        body,
    );
    let (range, formatted) = match part {
        None => {
            let formatted = format_module_source(body, settings);
            (TextRange::new(TextSize::new(0), size(body.len())), formatted.map(|printed| printed.into_code()))
        }
        Some(part) => {
            let range = part_range(&source, part, marked)?;
            match format_range(body, range, settings) {
                Ok(printed) => (printed.source_range(), Ok(printed.into_code())),
                Err(error) => (range, Err(error)),
            }
        }
    };
    let Some(formatted) = accept(formatted)? else { return Ok(Vec::new()) };
    let before = body.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
    let start = range.start() + size(marked);
    Ok(edits(before, &formatted)
        .into_iter()
        .map(|(range, new_text)| TextEdit { span: span(range + start), new_text })
        .collect())
}

/// The part in the text behind the mark.
fn part_range(source: &Source<'_>, part: Span, marked: usize) -> Result<TextRange, Failure> {
    let (start, end) = (source.offset(part.start)?, source.offset(part.end)?);
    if start > end {
        return Err(Failure::InvalidInput(format!("the span {}..{} is reversed", part.start, part.end)));
    }
    let shift = |offset: TextSize| offset.checked_sub(size(marked)).unwrap_or_default();
    Ok(TextRange::new(shift(start), shift(end)))
}

/// The text, or none where the syntax is broken.
fn accept(formatted: Result<String, FormatModuleError>) -> Result<Option<String>, Failure> {
    match formatted {
        Ok(formatted) => Ok(Some(formatted)),
        Err(FormatModuleError::ParseError(_)) => Ok(None),
        Err(error) => Err(Failure::Internal(format!("the formatter failed: {error}"))),
    }
}

/// A length in a text; texts are shorter than 4 GiB by contract.
fn size(length: usize) -> TextSize {
    TextSize::new(u32::try_from(length).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
