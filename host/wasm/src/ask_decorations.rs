//! The questions of the interface `decorations`.

use vraftls_query::{Question, Reply};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use crate::ask::{Asking, Returned, Unchecked, returned, unsupported};
use crate::check_decorations as check_reply;
use crate::import_workspace::span;

impl Asking<'_> {
    /// Asks about decorations.
    pub(crate) fn ask_decorations<'q>(&mut self, question: &'q Question) -> Returned<Unchecked<'q>> {
        match question {
            Question::SemanticTokens { path, span } => self.semantic_tokens(path, *span),
            Question::InlayHints { path, span } => self.inlay_hints(path, *span),
            Question::SelectionRanges { path, offsets } => self.selection_ranges(path, offsets),
            Question::Lenses { path } => self.lenses(path),
            Question::Links { path } => self.links(path),
            Question::LinkedRanges { path, offset } => self.linked_ranges(path, *offset),
            _ => unsupported(),
        }
    }

    fn semantic_tokens<'q>(&mut self, path: &'q VfsPath, part: Option<Span>) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.decorations else { return unsupported() };
        let legend = self.store.data().shared.legend;
        let packed = interface.call_semantic_tokens(&mut *self.store, self.project, path.as_str(), part.map(span))?;
        returned(packed, move |check, packed| {
            check_reply::semantic_tokens(check, path, part, legend, &packed).map(Reply::SemanticTokens)
        })
    }

    fn inlay_hints<'q>(&mut self, path: &'q VfsPath, part: Span) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.decorations else { return unsupported() };
        let hints = interface.call_inlay_hints(&mut *self.store, self.project, path.as_str(), span(part))?;
        returned(hints, move |check, hints| check_reply::inlay_hints(check, path, part, hints).map(Reply::InlayHints))
    }

    fn selection_ranges<'q>(&mut self, path: &'q VfsPath, offsets: &'q [u32]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.decorations else { return unsupported() };
        let lists = interface.call_selection_ranges(&mut *self.store, self.project, path.as_str(), offsets)?;
        returned(lists, move |check, lists| {
            check_reply::selection_ranges(check, path, offsets, lists).map(Reply::SelectionRanges)
        })
    }

    fn lenses<'q>(&mut self, path: &'q VfsPath) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.decorations else { return unsupported() };
        let lenses = interface.call_lenses(&mut *self.store, self.project, path.as_str())?;
        returned(lenses, move |check, lenses| check_reply::lenses(check, path, lenses).map(Reply::Lenses))
    }

    fn links<'q>(&mut self, path: &'q VfsPath) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.decorations else { return unsupported() };
        let links = interface.call_links(&mut *self.store, self.project, path.as_str())?;
        returned(links, move |check, links| check_reply::links(check, path, links).map(Reply::Links))
    }

    fn linked_ranges<'q>(&mut self, path: &'q VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.decorations else { return unsupported() };
        let spans = interface.call_linked_ranges(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(spans, move |check, spans| {
            check_reply::linked_ranges(check, path, offset, spans).map(Reply::LinkedRanges)
        })
    }
}
