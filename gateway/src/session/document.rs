//! An open document, and what edits make of it.

use std::sync::Arc;

use tower_lsp_server::ls_types::{TextDocumentContentChangeEvent, Uri};
use vraftls_proto::OverlayFile;
use vraftls_text::{LineIndex, Position, PositionEncoding, PositionError, Span};
use vraftls_vfs::ContentDigest;

use super::Place;
use crate::convert::from_lsp;

/// An open document as of one edit.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// As the editor spells it.
    pub(crate) uri: Uri,
    /// The editor's number of its state.
    pub(crate) version: i32,
    /// Unique among all states of all documents of the session, and growing.
    pub(crate) stamp: u64,
    /// Its text, digest and language.
    pub(crate) file: OverlayFile,
    /// Of the text.
    pub(crate) lines: Arc<LineIndex>,
    /// Where it is in a view; none while that is not known, or if it is in none.
    pub(crate) place: Option<Place>,
    /// Why the text is not what the editor has any more.
    pub(crate) poison: Option<Arc<str>>,
}

/// Why edits do not fit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum EditError {
    #[error("an edit did not fit it: {0}")]
    Position(#[from] PositionError),
    #[error("it became longer than {0} bytes")]
    TooLong(usize),
}

impl Document {
    pub(crate) fn text(&self) -> &str {
        &self.file.text
    }

    /// The file of a text.
    pub(crate) fn file_of(text: String, language: Arc<str>) -> (OverlayFile, Arc<LineIndex>) {
        let lines = Arc::new(LineIndex::new(&text));
        (OverlayFile { digest: ContentDigest::of(text.as_bytes()), text: text.into(), language }, lines)
    }
}

/// The text after edits, each of which speaks of the text after those before it.
///
/// Editors send the edits of many cursors from the last to the first, so that each lies before the one before it. As long as that
/// holds, the lines of the text at the start are good for finding the next edit; they are read anew only where it does not.
pub(crate) fn apply_changes(
    document: &Document,
    changes: Vec<TextDocumentContentChangeEvent>,
    encoding: PositionEncoding,
    bytes_max: usize,
) -> Result<String, EditError> {
    let mut text = document.text().to_owned();
    let mut lines = document.lines.clone();
    // Before this offset `lines` still fits `text`.
    let mut n_valid = u32::MAX;
    for change in changes {
        match change.range {
            None => {
                text = change.text;
                lines = Arc::new(LineIndex::new(&text));
                n_valid = u32::MAX;
            }
            Some(range) => {
                let mut found = edited_span(&lines, range, encoding);
                if n_valid != u32::MAX && !found.as_ref().is_ok_and(|span| span.end() <= n_valid) {
                    lines = Arc::new(LineIndex::new(&text));
                    found = edited_span(&lines, range, encoding);
                }
                let span = found?;
                text.replace_range(span.start() as usize..span.end() as usize, &change.text);
                n_valid = span.start();
            }
        }
        if text.len() > bytes_max {
            return Err(EditError::TooLong(bytes_max));
        }
    }
    Ok(text)
}

/// The span of a range, whose ends may be the start of the line after the last one: editors that see every line as ended (Neovim)
/// say so even where the last one is not, and mean the end of the text.
fn edited_span(
    lines: &LineIndex,
    range: tower_lsp_server::ls_types::Range,
    encoding: PositionEncoding,
) -> Result<Span, PositionError> {
    let range = from_lsp::range(range);
    let offset = |at: Position| match at {
        Position { line, character: 0 } if line == lines.n_lines() => Ok(lines.len_bytes()),
        at => lines.offset(at, encoding),
    };
    Span::new(offset(range.start)?, offset(range.end)?).ok_or(PositionError::Inverted(range))
}
