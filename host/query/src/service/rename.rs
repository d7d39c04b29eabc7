//! Another name for the same thing: all edits or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_cache::offload;
use vraftls_proto::{At, DocumentEdit, FileChange, QueryError};
use vraftls_text::TextEdit;
use vraftls_vfs::VfsPath;

use crate::failure::Failure;
use crate::service::call::Call;
use crate::{QueryService, Question, Reply, is_outside};

impl QueryService {
    /// The edits of a renaming, by path, each file's by place, none overlapping another; and the files that move with it.
    pub(super) async fn rename(&self, call: &Call<'_>, at: &At, new_name: &str) -> Result<FileChange, Failure> {
        let index = self.whole_index(call).await?;
        let new_name = new_name.to_owned();
        let question = Question::PlanRename { path: at.path.clone(), offset: at.offset, new_name: new_name.clone() };
        let Reply::Plan(plan) = self.ask_engine(call, Some(Arc::clone(&index)), question).await? else {
            return Err(call.bad_reply("no plan"));
        };
        let Some(plan) = plan else { return Ok(FileChange::default()) };
        let edit = |files| Question::RenameEdits { plan: plan.clone(), new_name: new_name.clone(), files };
        let replies = self.ask_of_candidates(call, &index, &plan, edit).await?;
        let mut files: BTreeMap<VfsPath, Vec<TextEdit>> = BTreeMap::new();
        for reply in replies {
            let Reply::Edits(part) = reply else { return Err(call.bad_reply("no edits")) };
            part.into_iter().for_each(|file| files.entry(file.path).or_default().extend(file.edits));
        }
        let moves = Question::RenameMoves { plan, new_name };
        let Reply::Moves(moves) = self.ask_engine(call, Some(index), moves).await? else {
            return Err(call.bad_reply("no moves"));
        };
        Ok(FileChange { edits: self.settle_all(call, files).await?, creations: Vec::new(), moves })
    }

    /// The edits of many files, each file's in order: none of a file outside the workspace, and all of them for what the
    /// files hold now.
    pub(super) async fn settle_all(
        &self,
        call: &Call<'_>,
        files: BTreeMap<VfsPath, Vec<TextEdit>>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        if let Some(path) = files.keys().find(|path| is_outside(path)) {
            return Err(
                QueryError::InvalidInput(format!("{path} is not part of the workspace and stays as it is")).into()
            );
        }
        let settled = files.into_iter().map(|(path, edits)| settle(path, edits));
        let edits: Option<Vec<DocumentEdit>> = settled.collect();
        let edits = edits.ok_or_else(|| call.bad_reply("edits overlap"))?;
        if self.is_still_so(call, &edits).await? { Ok(edits) } else { Err(Failure::Outdated) }
    }

    /// Whether the files that a renaming edits, and did not take from unsaved buffers, are still what it saw.
    async fn is_still_so(&self, call: &Call<'_>, edits: &[DocumentEdit]) -> Result<bool, Failure> {
        let seen = Arc::clone(&call.pinned.base);
        let newest = self.workspaces.base(call.request.workspace, seen.revision()).await?;
        if newest.generation() == seen.generation() {
            return Ok(true);
        }
        let saved = edits.iter().filter(|file| call.pinned.overlays.get(&file.path).is_none());
        let saved: Vec<VfsPath> = saved.map(|file| file.path.clone()).collect();
        let same = move || {
            let digest = |base: &dyn crate::Base, path| base.file(path).map(|file| file.digest);
            saved.iter().all(|path| digest(&*seen, path) == digest(&*newest, path))
        };
        Ok(offload(&*self.threads, same).await?)
    }
}

/// The edits of a file by place; nothing where two that are not equal touch the same bytes.
fn settle(path: VfsPath, mut edits: Vec<TextEdit>) -> Option<DocumentEdit> {
    edits.sort_by_key(|edit| edit.span);
    edits.dedup();
    let apart = edits.windows(2).all(|pair| pair[0].span.end() <= pair[1].span.start() && pair[0].span != pair[1].span);
    apart.then_some(DocumentEdit { path, edits })
}

#[cfg(test)]
mod tests {
    use vraftls_text::Span;

    use super::*;

    #[test]
    fn edits_are_sorted_and_never_overlap() {
        let edit = |start, end, new: &str| TextEdit {
            span: Span::new(start, end).expect("ascending"),
            new_text: new.to_owned(),
        };
        let path = || VfsPath::new("a.py").expect("a path");
        let settled = settle(path(), vec![edit(5, 8, "x"), edit(0, 3, "x"), edit(5, 8, "x")]);
        assert_eq!(settled, Some(DocumentEdit { path: path(), edits: vec![edit(0, 3, "x"), edit(5, 8, "x")] }));
        assert_eq!(settle(path(), vec![edit(0, 3, "x"), edit(2, 4, "x")]), None);
        assert_eq!(settle(path(), vec![edit(0, 3, "x"), edit(0, 3, "y")]), None);
    }
}
