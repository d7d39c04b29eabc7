//! Parsing, so that broken code has a tree too, and code that would exhaust the stack has none.
//!
//! oxc's parser gives up at some errors and has no tree then. What it stumbled over is blanked, a little at first and more
//! when that does not help, and the rest is parsed again. Offsets stay as they are.

mod nesting;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Scoping, SemanticBuilder};
use oxc_span::SourceType;

use crate::module::Range;
pub(crate) use nesting::{closing, is_too_deep};

/// So often is a text mended before the rest of it is given up.
const MENDS_MAX: usize = 24;
/// So many errors are listed.
const ERRORS_MAX: usize = 200;
/// A tree and the scopes in it.
pub(crate) struct Tree<'t, 'a> {
    pub(crate) program: &'t Program<'a>,
    pub(crate) scoping: &'t Scoping,
    pub(crate) is_js: bool,
    pub(crate) errors: Vec<(Range, String)>,
}

/// How the file at a path is to be read.
pub(crate) fn source_type(path: &str) -> SourceType {
    let name = path.rsplit('/').next().unwrap_or(path);
    let found = SourceType::from_path(name).unwrap_or_else(|_| SourceType::ts());
    // Most JavaScript is written for tools that allow JSX in it, and both kinds of modules.
    if found.is_javascript() { SourceType::unambiguous().with_jsx(true) } else { found }
}

/// Whether a file declares without code.
pub(crate) fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|suffix| path.ends_with(suffix))
        || (path.ends_with(".ts") && path.rsplit('/').next().is_some_and(|name| name.contains(".d.")))
}

/// Parses a text and runs with its tree.
///
/// # Errors
/// What is wrong with a text that has no tree at all.
pub(crate) fn with_tree<R>(
    path: &str,
    text: &str,
    run: impl FnOnce(Tree<'_, '_>) -> R,
) -> Result<R, Vec<(Range, String)>> {
    if is_too_deep(text) {
        return Err(vec![(Range::default(), "the code is nested too deeply to be analyzed".to_owned())]);
    }
    let source_type = source_type(path);
    let mut mended: Option<String> = None;
    let mut errors = Vec::new();
    for attempt in 0..=MENDS_MAX {
        let allocator = Allocator::default();
        let source = mended.as_deref().unwrap_or(text);
        let options =
            ParseOptions { allow_return_outside_function: true, preserve_parens: true, ..ParseOptions::default() };
        let parsed = Parser::new(&allocator, source, source_type).with_options(options).parse();
        let new: Vec<(Range, String)> = parsed
            .diagnostics
            .iter()
            .map(|error| {
                let label = error.labels.iter().next();
                let place = label.map_or((0, 0), |label| (label.offset() as usize, label.len() as usize));
                about(place, error.message.to_string(), text)
            })
            .collect();
        if !parsed.panicked {
            if attempt == 0 {
                errors = new;
            }
            errors.truncate(ERRORS_MAX);
            let semantic = SemanticBuilder::new().build(&parsed.program).semantic;
            let tree = Tree {
                program: &parsed.program,
                scoping: semantic.scoping(),
                is_js: source_type.is_javascript(),
                errors,
            };
            return Ok(run(tree));
        }
        let place = new.last().map_or(0, |(range, _)| range.start);
        if errors.len() < ERRORS_MAX {
            errors.extend(new.into_iter().last());
        }
        mended = Some(mend(source, place as usize, attempt));
    }
    Err(errors)
}

fn about((start, length): (usize, usize), message: String, text: &str) -> (Range, String) {
    let (start, end) = (floor(text, start), floor(text, start.saturating_add(length)));
    (Range { start: start as u32, end: end.max(start) as u32 }, message)
}

/// The last character boundary at or before an offset.
pub(crate) fn floor(text: &str, mut offset: usize) -> usize {
    offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Blanks what a parser stumbled over at a place.
fn mend(source: &str, place: usize, attempt: usize) -> String {
    let mut bytes = source.as_bytes().to_vec();
    let place = floor(source, place);
    let before = source[..place].trim_end();
    // `a.` and `a?.` at the end of what was typed: the dot goes.
    if before.ends_with('.') && attempt < MENDS_MAX / 2 {
        let dots = before.len() - before.trim_end_matches(['.', '?']).len();
        blank(&mut bytes, before.len() - dots, before.len());
        return String::from_utf8(bytes).unwrap_or_default();
    }
    let line_start = source[..place].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    // `a.` on the line before, which takes the first word of this one for its member.
    let above = source[..line_start].trim_end();
    if above.ends_with('.') && !above.ends_with("..") && attempt < MENDS_MAX / 2 {
        blank(&mut bytes, above.len() - 1, above.len());
        return String::from_utf8(bytes).unwrap_or_default();
    }
    let line_end = source[place..].find(['\n', '\r']).map_or(source.len(), |end| place + end);
    let is_blank = source[line_start..line_end].trim().is_empty();
    let (start, end) = if is_blank || place >= source.len() {
        // Something before is unfinished, most often a bracket: the last line that has any text goes.
        let end = before.len();
        (source[..end].rfind(['\n', '\r']).map_or(0, |end| end + 1), end.max(place))
    } else if attempt < MENDS_MAX * 2 / 3 {
        (line_start, line_end)
    } else {
        (line_start, source.len())
    };
    blank(&mut bytes, start, end);
    String::from_utf8(bytes).unwrap_or_default()
}

fn blank(bytes: &mut [u8], start: usize, end: usize) {
    let end = end.min(bytes.len());
    for byte in bytes.get_mut(start..end).into_iter().flatten() {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}
