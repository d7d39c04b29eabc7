//! Layout of notebooks: each cell by itself, as a cell that is run by itself is read by itself.

use ruff_python_formatter::{format_module_source, format_range};
use ruff_text_size::{Ranged, TextRange};
use vraftls_guest_sdk::{Failure, FormattingOptions, Span, TextEdit};

use super::{Style, accept, edits};
use crate::project::{PythonProject, Source, span};

/// The edits that lay out the cells, or what the part touches of each. A cell that is broken is left alone.
pub(super) fn format(
    project: &PythonProject,
    path: &str,
    source: &Source<'_>,
    cells: &[TextRange],
    part: Option<Span>,
    options: FormattingOptions,
) -> Result<Vec<TextEdit>, Failure> {
    let style = Style::of(project.workspace(), path, &options);
    let part = part.map(|part| source.range(part)).transpose()?;
    let errors = source.parsed.errors();
    let mut all = Vec::new();
    for cell in cells {
        let touched = part.unwrap_or(*cell).intersect(*cell);
        let is_broken = errors.iter().any(|error| cell.contains_inclusive(error.range().start()));
        let text = source.slice(*cell);
        // A cell in another language is read as white space, and its text is not known here.
        let is_foreign = text.trim().is_empty();
        let Some(touched) = touched.filter(|_| !is_broken && !is_foreign) else { continue };
        let settings = style.options(
            source.file.source_type(project.db()),
            source.model.program_environment().python_version(project.db()),
            text,
        );
        let (range, formatted) = if touched == *cell {
            let formatted = format_module_source(text, settings).map(|printed| printed.into_code());
            // The last line of a cell has no end.
            (TextRange::up_to(cell.len()), formatted.map(|code| code.trim_end().to_owned()))
        } else {
            match format_range(text, touched - cell.start(), settings) {
                Ok(printed) => (printed.source_range(), Ok(printed.into_code())),
                Err(error) => (touched - cell.start(), Err(error)),
            }
        };
        let Some(formatted) = accept(formatted)? else { continue };
        let before = text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        let edits = edits(before, &formatted).into_iter();
        let start = cell.start() + range.start();
        all.extend(edits.map(|(range, new_text)| TextEdit { span: span(range + start), new_text }));
    }
    Ok(all)
}
