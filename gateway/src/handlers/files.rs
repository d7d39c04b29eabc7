//! The files that an answer has places in: their URIs, and the lines of the very content that the answer speaks of.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use tower_lsp_server::ls_types as lsp;
use vraftls_index::Location;
use vraftls_proto::{Answered, OverlaySet};
use vraftls_text::{PositionEncoding, Span};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::{Context, Located};
use crate::Folder;
use crate::convert::{Across, FilePath, Part, PartEdits, Parts};
use crate::error::RequestError;
use crate::session::FolderSlot;

/// How many line indexes are asked for at once.
const N_FETCHES: usize = 16;

/// The files that an answer has places in, sorted by path.
pub(crate) struct AnswerFiles {
    files: Vec<(VfsPath, AnswerFile)>,
}

/// A file that an answer has places in.
pub(crate) struct AnswerFile {
    parts: Parts,
    /// Which of its documents the request is about; the first, if it is about another file.
    here: usize,
    encoding: PositionEncoding,
}

/// The edits of one document.
pub(crate) struct FileEdits {
    pub(crate) uri: lsp::Uri,
    /// The version that they are for, if it is open.
    pub(crate) version: Option<i32>,
    pub(crate) edits: Vec<lsp::TextEdit>,
}

impl AnswerFiles {
    /// Prepares what an answer about a document needs. The document itself is always among them.
    pub(crate) async fn load(cx: &Context, located: &Located, answered: &Answered) -> Result<Self, RequestError> {
        let mut files = Self::load_in(cx, &located.slot, &located.folder, &located.overlays, answered).await?;
        match files.files.binary_search_by(|(path, _)| path.cmp(&located.path)) {
            Ok(idx) => files.files[idx].1.here = located.here,
            Err(idx) => files.files.insert(idx, (located.path.clone(), AnswerFile::of(cx, located))),
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
        Ok(Self { files })
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
        self.get(&location.path)?.place(&location.path, location.span)
    }

    /// The place of a location's name, and the range of the whole construct in the same document.
    pub(crate) fn construct(&self, location: &Location) -> Result<(lsp::Location, lsp::Range), RequestError> {
        let file = self.get(&location.path)?;
        let place = file.place(&location.path, location.span)?;
        let full = file.parts.at(location.span.start()).range(location.full, file.encoding);
        let full = full.unwrap_or(place.range);
        Ok((place, full))
    }

    /// A location, with the name that led there.
    pub(crate) fn link(&self, origin: lsp::Range, location: &Location) -> Result<lsp::LocationLink, RequestError> {
        let (place, target_range) = self.construct(location)?;
        Ok(lsp::LocationLink {
            origin_selection_range: Some(origin),
            target_uri: place.uri,
            target_range,
            target_selection_range: place.range,
        })
    }
}

impl AnswerFile {
    /// The document that a request is about, for answers that have places only in it.
    pub(crate) fn of(cx: &Context, located: &Located) -> Self {
        Self { parts: located.parts.clone(), here: located.here, encoding: cx.encoding() }
    }

    fn part(&self) -> &Part {
        self.parts.get(self.here)
    }

    /// The range of what begins in the request's document, to its end at most.
    pub(crate) fn here(&self, span: Span) -> Option<lsp::Range> {
        (self.parts.idx_at(span.start()) == self.here).then(|| self.range_in(self.part(), span))
    }

    /// The range of what of a span lies in the request's document.
    pub(crate) fn within(&self, span: Span) -> Option<lsp::Range> {
        self.part().range(span, self.encoding)
    }

    /// The range of what must lie in the request's document, because it was asked about there.
    pub(crate) fn range(&self, span: Span) -> Result<lsp::Range, RequestError> {
        self.here(span).ok_or(RequestError::BadAnswer)
    }

    /// Where a span begins, in whichever document of the file that is.
    pub(crate) fn place(&self, path: &VfsPath, span: Span) -> Result<lsp::Location, RequestError> {
        let part = self.parts.at(span.start());
        Ok(lsp::Location { uri: uri_in(part, path)?.clone(), range: self.range_in(part, span) })
    }

    /// Each document of the file, by its place in the order, with what belongs to it.
    pub(crate) fn by_part<T>(
        &self,
        all: impl IntoIterator<Item = T>,
        span_of: impl Fn(&T) -> Span,
    ) -> Vec<(&Part, Vec<T>)> {
        let mut parts: Vec<(&Part, Vec<T>)> = self.parts.iter().map(|part| (part, Vec::new())).collect();
        for one in all {
            let idx = self.parts.idx_at(span_of(&one).start());
            if let Some((_, found)) = parts.get_mut(idx) {
                found.push(one);
            }
        }
        parts
    }

    /// The same file, seen from one of its documents.
    pub(crate) fn seen_from(&self, offset: u32) -> Self {
        Self { parts: self.parts.clone(), here: self.parts.idx_at(offset), encoding: self.encoding }
    }

    /// Edits of the request's document. They are made for it alone: one of another document is an error.
    pub(crate) fn edits_here(
        &self,
        path: &VfsPath,
        edits: Vec<vraftls_text::TextEdit>,
    ) -> Result<Vec<lsp::TextEdit>, RequestError> {
        if edits.iter().any(|edit| self.parts.idx_at(edit.span.start()) != self.here) {
            return Err(RequestError::OtherCell(path.clone()));
        }
        let edits = self.by_document(path, edits)?;
        Ok(edits.into_iter().flat_map(|(_, edits)| edits).collect())
    }

    /// Edits of the file, for each of its documents that has some.
    pub(crate) fn edits(
        &self,
        path: &VfsPath,
        edits: Vec<vraftls_text::TextEdit>,
    ) -> Result<Vec<FileEdits>, RequestError> {
        let edits = self.by_document(path, edits)?.into_iter();
        edits
            .map(|(part, edits)| Ok(FileEdits { uri: uri_in(part, path)?.clone(), version: part.version, edits }))
            .collect()
    }

    fn by_document(
        &self,
        path: &VfsPath,
        edits: Vec<vraftls_text::TextEdit>,
    ) -> Result<Vec<(&Part, Vec<lsp::TextEdit>)>, RequestError> {
        let edits = self.parts.edits(edits, self.encoding).map_err(|Across| RequestError::OtherCell(path.clone()))?;
        Ok(edits.into_iter().map(|PartEdits { part, edits }| (part, edits)).collect())
    }

    /// The range of a span that begins in a document or right behind it.
    fn range_in(&self, part: &Part, span: Span) -> lsp::Range {
        let end = part.span().end();
        let span = Span::new(span.start().min(end), span.end().min(end)).unwrap_or_default();
        part.range(span, self.encoding).unwrap_or_default()
    }
}

/// Where an editor finds a document of a file.
fn uri_in<'a>(part: &'a Part, path: &VfsPath) -> Result<&'a lsp::Uri, RequestError> {
    if let Some(reason) = &part.poison {
        let document = part.uri.as_ref().map_or_else(|| path.to_string(), |uri| uri.as_str().to_owned());
        return Err(RequestError::Poisoned { path: document, reason: reason.to_string() });
    }
    part.uri.as_ref().ok_or_else(|| RequestError::NoPlace(path.clone()))
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
        let part = Part::whole(uri_of(cx, slot, folder, path).await, None, lines);
        return Ok(AnswerFile { parts: Parts::one(part), here: 0, encoding });
    };
    if let Some((file, notebook, module)) = cx.world().module_at(slot, path) {
        if overlay.digest != digest || module.file.digest != digest {
            return Err(RequestError::WrongContent(path.clone()));
        }
        if let Some(reason) = &notebook.poison {
            return Err(RequestError::Poisoned { path: file.to_string(), reason: reason.to_string() });
        }
        return Ok(AnswerFile { parts: module.parts.clone(), here: 0, encoding });
    }
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
    Ok(AnswerFile { parts: Parts::one(document.part()), here: 0, encoding })
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
