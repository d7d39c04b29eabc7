//! The files that an answer has places in: their URIs, and the lines of the very content that the answer speaks of.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use tower_lsp_server::ls_types as lsp;
use vraftls_index::Location;
use vraftls_proto::{Answered, OverlaySet};
use vraftls_text::{LineIndex, PositionEncoding, Span};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::{Context, Located};
use crate::Folder;
use crate::convert::{FilePath, to_lsp};
use crate::error::RequestError;
use crate::session::FolderSlot;

/// How many line indexes are asked for at once.
const N_FETCHES: usize = 16;

/// The files that an answer has places in, sorted by path.
pub(crate) struct AnswerFiles {
    encoding: PositionEncoding,
    files: Vec<(VfsPath, AnswerFile)>,
}

/// A file that an answer has places in.
pub(crate) struct AnswerFile {
    uri: Option<lsp::Uri>,
    /// The document's version, if it is open.
    pub(crate) version: Option<i32>,
    lines: Arc<LineIndex>,
    encoding: PositionEncoding,
}

impl AnswerFiles {
    /// Prepares what an answer about a document needs. The document itself is always among them.
    pub(crate) async fn load(cx: &Context, located: &Located, answered: &Answered) -> Result<Self, RequestError> {
        let mut files = Self::load_in(cx, &located.slot, &located.folder, &located.overlays, answered).await?;
        if let Err(idx) = files.files.binary_search_by(|(path, _)| path.cmp(&located.path)) {
            let uri = uri_of(cx, &located.slot, &located.folder, &located.path).await;
            let (uri, version) = match &located.document {
                Some(document) => (Some(document.uri.clone()), Some(document.version)),
                None => (uri, None),
            };
            let file = AnswerFile { uri, version, lines: located.lines.clone(), encoding: files.encoding };
            files.files.insert(idx, (located.path.clone(), file));
        }
        Ok(files)
    }

    /// Prepares what an answer about a folder needs.
    pub(crate) async fn load_in(
        cx: &Context,
        slot: &Arc<FolderSlot>,
        folder: &Folder,
        overlays: &OverlaySet,
        answered: &Answered,
    ) -> Result<Self, RequestError> {
        let load = |(path, digest): &(VfsPath, ContentDigest)| {
            let (path, digest) = (path.clone(), *digest);
            async move {
                let file = load_file(cx, slot, folder, overlays, &path, digest).await?;
                Ok::<_, RequestError>((path, file))
            }
        };
        let mut files: Vec<_> =
            stream::iter(answered.digests.iter().map(load)).buffer_unordered(N_FETCHES).try_collect().await?;
        files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { encoding: cx.encoding(), files })
    }

    /// A file of the answer.
    pub(crate) fn get(&self, path: &VfsPath) -> Result<&AnswerFile, RequestError> {
        match self.files.binary_search_by(|(named, _)| named.cmp(path)) {
            Ok(idx) => Ok(&self.files[idx].1),
            Err(_) => Err(RequestError::BadAnswer),
        }
    }

    /// The place of a location's name.
    pub(crate) fn location(&self, location: &Location) -> Result<lsp::Location, RequestError> {
        let file = self.get(&location.path)?;
        Ok(lsp::Location { uri: file.uri(&location.path)?.clone(), range: file.range(location.span) })
    }

    /// A location, with the name that led there.
    pub(crate) fn link(&self, origin: lsp::Range, location: &Location) -> Result<lsp::LocationLink, RequestError> {
        let file = self.get(&location.path)?;
        Ok(lsp::LocationLink {
            origin_selection_range: Some(origin),
            target_uri: file.uri(&location.path)?.clone(),
            target_range: file.range(location.full),
            target_selection_range: file.range(location.span),
        })
    }
}

impl AnswerFile {
    /// The document that a request is about, for answers that have places only in it.
    pub(crate) fn of(cx: &Context, located: &Located) -> Self {
        let document = located.document.as_deref();
        Self {
            uri: document.map(|document| document.uri.clone()),
            version: document.map(|document| document.version),
            lines: located.lines.clone(),
            encoding: cx.encoding(),
        }
    }

    pub(crate) fn position(&self, offset: u32) -> lsp::Position {
        self.range(Span::empty(offset)).start
    }

    pub(crate) fn range(&self, span: Span) -> lsp::Range {
        to_lsp::range(&self.lines, span, self.encoding)
    }

    pub(crate) fn edit(&self, edit: vraftls_text::TextEdit) -> lsp::TextEdit {
        lsp::TextEdit { range: self.range(edit.span), new_text: edit.new_text }
    }

    pub(crate) fn edits(&self, edits: Vec<vraftls_text::TextEdit>) -> Vec<lsp::TextEdit> {
        edits.into_iter().map(|edit| self.edit(edit)).collect()
    }

    /// Where an editor finds it.
    pub(crate) fn uri(&self, path: &VfsPath) -> Result<&lsp::Uri, RequestError> {
        self.uri.as_ref().ok_or_else(|| RequestError::NoPlace(path.clone()))
    }
}

async fn load_file(
    cx: &Context,
    slot: &Arc<FolderSlot>,
    folder: &Folder,
    overlays: &OverlaySet,
    path: &VfsPath,
    digest: ContentDigest,
) -> Result<AnswerFile, RequestError> {
    let encoding = cx.encoding();
    let Some(overlay) = overlays.get(path) else {
        let lines = cx.line_index(folder, path, digest).await?;
        return Ok(AnswerFile { uri: uri_of(cx, slot, folder, path).await, version: None, lines, encoding });
    };
    // Converting places of another text would give an answer that is wrong and looks right.
    let Some((file, document)) = cx.world().document_at(slot, path) else {
        return Err(RequestError::WrongContent(path.clone()));
    };
    if overlay.digest != digest || document.file.digest != digest {
        return Err(RequestError::WrongContent(path.clone()));
    }
    if let Some(reason) = &document.poison {
        return Err(RequestError::Poisoned { path: file.to_string(), reason: reason.to_string() });
    }
    let (uri, version) = (Some(document.uri.clone()), Some(document.version));
    Ok(AnswerFile { uri, version, lines: document.lines.clone(), encoding })
}

/// Where an editor finds a file that is not open.
pub(crate) async fn uri_of(cx: &Context, slot: &FolderSlot, folder: &Folder, path: &VfsPath) -> Option<lsp::Uri> {
    let is_outside = ["@lib/", "@bundled/"].iter().any(|prefix| path.as_str().starts_with(prefix));
    if !is_outside {
        return Some(slot.root.join(path.as_str()).to_uri());
    }
    let path = cx.backend().outside_path(folder.workspace, path.clone()).await?;
    Some(FilePath::from_path(&path)?.to_uri())
}
