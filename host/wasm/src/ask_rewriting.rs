//! The questions of the interface `rewriting`.

use vraftls_proto::Expansion;
use vraftls_query::Reply;
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use crate::ask::{Asking, Returned, Unchecked, returned, unsupported};
use crate::check_reply;
use crate::import_workspace::span;

impl Asking<'_> {
    /// Asks for the lines of spans on one.
    pub(crate) fn join_lines<'q>(&mut self, path: &'q VfsPath, spans: &[Span]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.rewriting else { return unsupported() };
        let spans: Vec<_> = spans.iter().copied().map(span).collect();
        let edits = interface.call_join_lines(&mut *self.store, self.project, path.as_str(), &spans)?;
        returned(edits, move |check, edits| check_reply::text_edits(check, path, edits).map(Reply::TextEdits))
    }

    /// Asks what the code at a place stands for.
    pub(crate) fn expand<'q>(&mut self, path: &VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.rewriting else { return unsupported() };
        let found = interface.call_expand(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(found, |check, found| {
            let checked = found.map(|found| {
                // People read it; nobody writes it into a document.
                Ok(Expansion { name: check.line(found.name)?, text: check.prose(found.text)? })
            });
            checked.transpose().map(Reply::Expansion)
        })
    }
}
