//! The same code in another shape: lines joined, macros written out.

use ra_ap_ide::JoinLinesConfig;
use vraftls_guest_sdk::{Expansion, Failure, Span, TextEdit};

use crate::edits::{in_document, is_read_only};
use crate::layout::spaced;
use crate::project::Source;

/// The engine compares each end of a line that goes with all before it, so a person who selects a large file waits in vain.
const LINES_MAX: usize = 20_000;

/// More than anybody reads.
const EXPANSION_BYTES_MAX: usize = 1 << 20;

/// What joining does beside taking ends of lines away: what rust-analyzer does where nobody set it otherwise.
const JOIN: JoinLinesConfig = JoinLinesConfig {
    join_else_if: true,
    remove_trailing_comma: true,
    unwrap_trivial_blocks: true,
    join_assignments: true,
};

/// The edits that put the lines of each span onto one; none in a library.
///
/// # Errors
/// [`Failure::InvalidInput`] for a span that does not fit the text, [`Failure::Limited`] for more than [`LINES_MAX`] lines.
pub(crate) fn join_lines(source: &Source<'_>, path: &str, spans: &[Span]) -> Result<Vec<TextEdit>, Failure> {
    let ranges = spans.iter().map(|span| source.range(*span)).collect::<Result<Vec<_>, _>>()?;
    let lines = ranges.iter().map(|asked| 1 + source.slice(asked.range).matches('\n').count());
    if lines.sum::<usize>() > LINES_MAX {
        return Err(Failure::Limited(format!("more than {LINES_MAX} lines are not joined at once")));
    }
    if is_read_only(path) {
        return Ok(Vec::new());
    }
    let mut edits: Vec<TextEdit> = Vec::new();
    for asked in ranges {
        let found = source.project.ask(|analysis| analysis.join_lines(&JOIN, asked))?;
        let found: Vec<TextEdit> =
            in_document(&found).into_iter().map(|edit| with_return(&source.text, edit)).collect();
        // Cursors in one line ask for the same, and selections may touch: the first has its way.
        let is_free = |edit: &TextEdit| edits.iter().all(|other| !overlap(edit.span, other.span));
        if found.iter().all(is_free) {
            edits.extend(found);
            edits.sort_by_key(|edit| edit.span.start);
        }
    }
    Ok(edits)
}

/// The engine knows ends of lines by their `\n` alone.
fn with_return(text: &str, mut edit: TextEdit) -> TextEdit {
    let start = edit.span.start as usize;
    if text.get(..start).is_some_and(|before| before.ends_with('\r')) && text[start..].starts_with('\n') {
        edit.span.start -= 1;
    }
    edit
}

fn overlap(one: Span, other: Span) -> bool {
    one == other || (one.start < other.end && other.start < one.end)
}

/// What the macro at the offset becomes.
///
/// # Errors
/// [`Failure::InvalidInput`] for an offset that does not fit the text, [`Failure::Limited`] for more than anybody reads.
pub(crate) fn expand(source: &Source<'_>, offset: u32) -> Result<Option<Expansion>, Failure> {
    let position = source.position(offset)?;
    let found = source.project.ask(|analysis| analysis.expand_macro(position))?;
    match found {
        Some(found) if found.expansion.len() > EXPANSION_BYTES_MAX => {
            Err(Failure::Limited(format!("`{}` becomes {} bytes", found.name, found.expansion.len())))
        }
        found => Ok(found.map(|found| Expansion { name: found.name, text: spaced(&found.expansion) })),
    }
}
