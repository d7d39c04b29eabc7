//! Changes of an open document, one after another, as an editor reports them.

use crate::line_index::TEXT_BYTES_MAX;
use crate::{LineIndex, PositionEncoding, PositionError, PositionRange};

/// One change of a document (LSP 3.17, `TextDocumentContentChangeEvent`). It speaks of the document after all changes before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentChange<'a> {
    /// What is replaced; without it, everything.
    pub range: Option<PositionRange>,
    /// What comes instead.
    pub new_text: &'a str,
}

/// Why a change does not fit. The document is as it was before; but it is no longer what the editor has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeError {
    /// The range names no part of the document.
    Position(PositionError),
    /// The document would be longer than `bytes_max`.
    TooLong {
        /// How many bytes it would have.
        bytes: usize,
        /// How many it may have.
        bytes_max: usize,
    },
}

impl std::fmt::Display for ChangeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Position(_) => write!(f, "the range of the change is not in the document"),
            Self::TooLong { bytes, bytes_max } => {
                write!(f, "a document of {bytes} bytes; at most {bytes_max} are allowed")
            }
        }
    }
}

impl std::error::Error for ChangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Position(error) => Some(error),
            Self::TooLong { .. } => None,
        }
    }
}

/// Applies a change to a document and its index, which must be of this very text.
///
/// Only the lines that the change touches are read again. The document may grow to `bytes_max`, or to [`TEXT_BYTES_MAX`].
pub fn apply_change(
    text: &mut String,
    index: &mut LineIndex,
    change: ContentChange<'_>,
    encoding: PositionEncoding,
    bytes_max: usize,
) -> Result<(), ChangeError> {
    debug_assert_eq!(index.len_bytes() as usize, text.len(), "the index is of this text");
    let bytes_max = bytes_max.min(TEXT_BYTES_MAX);
    let check = |bytes| if bytes > bytes_max { Err(ChangeError::TooLong { bytes, bytes_max }) } else { Ok(()) };
    let Some(range) = change.range else {
        check(change.new_text.len())?;
        change.new_text.clone_into(text);
        *index = LineIndex::new(text);
        return Ok(());
    };
    let span = index.span(range, encoding).map_err(ChangeError::Position)?;
    check(text.len() - span.len() as usize + change.new_text.len())?;
    text.replace_range(span.start() as usize..span.end() as usize, change.new_text);
    index.replace(text, span, change.new_text.len() as u32);
    Ok(())
}
