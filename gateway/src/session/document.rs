//! An open document, and what edits make of it.

use std::sync::Arc;

use tower_lsp_server::ls_types::{TextDocumentContentChangeEvent, Uri};
use vraftls_proto::OverlayFile;
use vraftls_text::{ChangeError, ContentChange, LineIndex, PositionEncoding, apply_change};
use vraftls_vfs::ContentDigest;

use super::Place;
use crate::convert::{Part, from_lsp};

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

impl Document {
    pub(crate) fn text(&self) -> &str {
        &self.file.text
    }

    /// As what makes up its file.
    pub(crate) fn part(&self) -> Part {
        Part::whole(Some(self.uri.clone()), Some(self.version), self.lines.clone())
    }

    /// The file of a text.
    pub(crate) fn file_of(text: String, language: Arc<str>) -> OverlayFile {
        OverlayFile { digest: ContentDigest::of(text.as_bytes()), text: text.into(), language }
    }

    /// The document after edits, each of which speaks of the text after those before it.
    pub(crate) fn edited(
        &self,
        changes: &[TextDocumentContentChangeEvent],
        encoding: PositionEncoding,
        bytes_max: usize,
    ) -> Result<(OverlayFile, Arc<LineIndex>), ChangeError> {
        let (text, lines) = edited_text(self.text(), &self.lines, changes, encoding, bytes_max)?;
        Ok((Self::file_of(text, self.file.language.clone()), Arc::new(lines)))
    }
}

/// A text after edits, each of which speaks of the text after those before it.
pub(crate) fn edited_text(
    text: &str,
    lines: &LineIndex,
    changes: &[TextDocumentContentChangeEvent],
    encoding: PositionEncoding,
    bytes_max: usize,
) -> Result<(String, LineIndex), ChangeError> {
    let (mut text, mut lines) = (text.to_owned(), lines.clone());
    for change in changes {
        let change = ContentChange { range: change.range.map(from_lsp::range), new_text: &change.text };
        apply_change(&mut text, &mut lines, change, encoding, bytes_max)?;
    }
    Ok((text, lines))
}
