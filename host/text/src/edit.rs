//! Replacements in a text.

use crate::Span;
use serde::{Deserialize, Serialize};

/// One replacement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TextEdit {
    /// What is replaced.
    pub span: Span,
    /// What comes instead.
    pub new_text: String,
}

/// Why edits cannot be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditError {
    /// The span is not in the text, or not on character boundaries.
    DoesNotFit(Span),
    /// Two edits replace the same bytes, or one inserts inside what the other replaces.
    Overlap(Span, Span),
}

impl std::fmt::Display for EditError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DoesNotFit(span) => write!(f, "bytes {}..{} do not fit the text", span.start(), span.end()),
            Self::Overlap(a, b) => {
                write!(f, "edits of bytes {}..{} and {}..{} overlap", a.start(), a.end(), b.start(), b.end())
            }
        }
    }
}

impl std::error::Error for EditError {}

/// The text after all `edits`, whose spans speak of the text before any of them, in any order.
///
/// Insertions at the same place come in the order given, and before what replaces bytes from there on (LSP 3.17, `TextEdit[]`).
pub fn apply_edits(text: &str, edits: &[TextEdit]) -> Result<String, EditError> {
    let mut sorted: Vec<&TextEdit> = edits.iter().collect();
    // Stable, and an insertion ends where it starts: that is the order promised.
    sorted.sort_by_key(|edit| (edit.span.start(), edit.span.end()));
    if let Some(edit) = sorted.iter().find(|edit| !edit.span.fits(text)) {
        return Err(EditError::DoesNotFit(edit.span));
    }
    if let Some(pair) = sorted.windows(2).find(|pair| pair[1].span.start() < pair[0].span.end()) {
        return Err(EditError::Overlap(pair[0].span, pair[1].span));
    }
    let n_inserted: usize = edits.iter().map(|edit| edit.new_text.len()).sum();
    let mut result = String::with_capacity(text.len() + n_inserted);
    let mut copied = 0;
    for edit in sorted {
        result.push_str(&text[copied..edit.span.start() as usize]);
        result.push_str(&edit.new_text);
        copied = edit.span.end() as usize;
    }
    result.push_str(&text[copied..]);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: u32, end: u32, new_text: &str) -> TextEdit {
        TextEdit { span: Span::new(start, end).unwrap(), new_text: new_text.to_owned() }
    }

    #[test]
    fn edits_apply_in_any_order() {
        let edits = [edit(4, 7, "two"), edit(0, 3, "one"), edit(7, 7, "!")];
        assert_eq!(apply_edits("1__ 2__", &edits).as_deref(), Ok("one two!"));
        assert_eq!(apply_edits("", &[edit(0, 0, "x")]).as_deref(), Ok("x"));
        assert_eq!(apply_edits("same", &[]).as_deref(), Ok("same"));
    }

    #[test]
    fn insertions_at_one_place_keep_their_order_and_precede_a_replacement() {
        let edits = [edit(1, 2, "R"), edit(1, 1, "b"), edit(1, 1, "a"), edit(2, 2, "z")];
        assert_eq!(apply_edits("0123", &edits).as_deref(), Ok("0baRz23"));
    }

    #[test]
    fn edits_that_overlap_or_do_not_fit_are_refused() {
        let span = |start, end| Span::new(start, end).unwrap();
        let overlap = |a, b| Err(EditError::Overlap(a, b));
        assert_eq!(apply_edits("abc", &[edit(1, 3, ""), edit(0, 2, "")]), overlap(span(0, 2), span(1, 3)));
        assert_eq!(apply_edits("abc", &[edit(0, 2, ""), edit(0, 3, "")]), overlap(span(0, 2), span(0, 3)));
        assert_eq!(apply_edits("abc", &[edit(1, 1, "x"), edit(0, 2, "")]), overlap(span(0, 2), span(1, 1)));
        assert_eq!(apply_edits("abc", &[edit(3, 4, "")]), Err(EditError::DoesNotFit(span(3, 4))));
        assert_eq!(apply_edits("é", &[edit(1, 1, "x")]), Err(EditError::DoesNotFit(span(1, 1))));
    }
}
