//! Lines of a text, where edits put or take whole ones.

use ruff_python_ast::token::TokenKind;
use ruff_source_file::find_newline;
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::project::Source;

/// The line end that a text uses.
pub(crate) fn newline(text: &str) -> &'static str {
    find_newline(text).map_or("\n", |(_, ending)| ending.as_str())
}

/// Where the line of an offset begins.
pub(crate) fn line_start(text: &str, offset: TextSize) -> TextSize {
    let before = text.get(..offset.to_usize()).unwrap_or_default();
    size(before.rfind(['\n', '\r']).map_or(bom(text), |newline| newline + 1))
}

/// Where the line of an offset ends, before its line end.
pub(crate) fn line_end(text: &str, offset: TextSize) -> TextSize {
    let after = text.get(offset.to_usize()..).unwrap_or_default();
    offset + size(after.find(['\n', '\r']).unwrap_or(after.len()))
}

/// Where the line after that of an offset begins; the end of the text if there is none.
pub(crate) fn next_line(text: &str, offset: TextSize) -> TextSize {
    let end = line_end(text, offset);
    let after = text.get(end.to_usize()..).unwrap_or_default();
    let width = if after.starts_with("\r\n") { 2 } else { after.len().min(1) };
    end + size(width)
}

/// The line that begins at an offset, without its line end.
pub(crate) fn line_at(text: &str, start: TextSize) -> &str {
    text.get(start.to_usize()..line_end(text, start).to_usize()).unwrap_or_default()
}

/// Where the line before the one that begins at an offset begins.
pub(crate) fn previous_line(text: &str, start: TextSize) -> Option<TextSize> {
    let before = text.get(..start.to_usize())?;
    let before = before.strip_suffix("\r\n").or_else(|| before.strip_suffix(['\n', '\r']))?;
    Some(line_start(text, size(before.len())))
}

/// Whether nothing but white space stands before an offset on its line.
pub(crate) fn begins_line(text: &str, offset: TextSize) -> bool {
    let start = line_start(text, offset).to_usize();
    text.get(start..offset.to_usize()).is_some_and(|before| before.trim().is_empty())
}

/// How many blank lines follow from the beginning of a line on.
pub(crate) fn blank_lines(text: &str, start: TextSize) -> usize {
    let mut count = 0;
    let mut at = start;
    while at.to_usize() < text.len() && line_at(text, at).trim().is_empty() {
        count += 1;
        at = next_line(text, at);
    }
    count
}

/// Whether a comment stands within a range.
pub(crate) fn has_comment(source: &Source<'_>, range: TextRange) -> bool {
    let tokens = source.parsed.tokens();
    let first = tokens.partition_point(|token| token.start() < range.start());
    tokens[first..]
        .iter()
        .take_while(|token| token.end() <= range.end())
        .any(|token| token.kind() == TokenKind::Comment)
}

/// How many bytes a mark at the beginning of a text takes.
pub(crate) fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// A length in a text; texts are shorter than 4 GiB by contract.
pub(crate) fn size(length: usize) -> TextSize {
    TextSize::new(u32::try_from(length).unwrap_or(u32::MAX))
}
