//! What needs no engine: outlines, symbols and the list of files.

use std::sync::Arc;

use vraftls_cache::offload;
use vraftls_index::Facts;
use vraftls_proto::{Answer, Answered, DocumentSymbols, Overlaid, QueryError};
use vraftls_vfs::{VfsPath, WorkspaceId};

use crate::answers::CachedAnswer;
use crate::facts_source::{Document, Text};
use crate::failure::Failure;
use crate::service::pin::Pinned;
use crate::view::file_in;
use crate::{QueryService, ReadError, is_outside};

impl QueryService {
    /// The outline of a file, whether or not an engine runs.
    pub(super) async fn document_symbols(&self, pinned: &Pinned, path: &VfsPath) -> Result<CachedAnswer, Failure> {
        let document = self.document(pinned, path).await?;
        let digest = document.digest;
        let facts = self.facts.facts(document).await?;
        Ok(CachedAnswer(Answered {
            revision: pinned.base.revision(),
            revisions: pinned.base.revisions(),
            digests: vec![(path.clone(), digest)],
            partial: false,
            answer: Answer::DocumentSymbols(DocumentSymbols { facts }),
        }))
    }

    /// The best symbols of the whole workspace, of all analyzers.
    pub(super) async fn workspace_symbols(
        &self,
        workspace: WorkspaceId,
        pinned: Pinned,
        typed: &str,
        limit: u32,
    ) -> Result<CachedAnswer, Failure> {
        let index = self.view_index(&pinned).await?.ok_or(Failure::IndexWanted)?;
        let (typed, revision, revisions) = (typed.to_owned(), pinned.base.revision(), pinned.base.revisions());
        let scope = pinned.scope.clone();
        let search = move || {
            let found = match &scope {
                None => index.symbols(&typed, false, limit),
                // What is not looked at takes no place among the best.
                Some(scope) => {
                    let mut found = index.symbols(&typed, false, u32::MAX);
                    found.retain(|symbol| scope.holds(workspace, &symbol.location.path));
                    found.truncate(limit as usize);
                    found
                }
            };
            // Symbols come from indexed files, which the index knows the contents of.
            let digest = |path: &VfsPath| Some((path.clone(), index.index.digest(path)?));
            let mut digests: Vec<_> = found.iter().filter_map(|symbol| digest(&symbol.location.path)).collect();
            digests.sort_unstable();
            digests.dedup();
            // Of a file without facts no symbol is known.
            let partial = index.index.n_unindexed() > 0;
            CachedAnswer(Answered { revision, revisions, digests, partial, answer: Answer::Symbols(found) })
        };
        Ok(offload(&*self.threads, search).await?)
    }

    /// The files that an analyzer would check, by path: the workspace's and the session's new ones.
    pub(super) async fn files(&self, pinned: Pinned) -> Result<CachedAnswer, Failure> {
        let list = move || {
            let own = pinned.overlays.iter().map(|(path, _)| path).filter(|path| !is_outside(path)).cloned();
            let base = pinned.base.files().into_iter().map(|(path, _)| path);
            let left = base.filter(|path| pinned.overlays.of(path) != Overlaid::Removed);
            let mut files: Vec<VfsPath> = left.chain(own).collect();
            files.sort_unstable();
            files.dedup();
            files.retain(|path| pinned.analyzers.in_session(path, &pinned.overlays).is_some());
            let (revision, answer) = (pinned.base.revision(), Answer::Files(files));
            CachedAnswer(Answered {
                revision,
                revisions: pinned.base.revisions(),
                digests: Vec::new(),
                partial: false,
                answer,
            })
        };
        Ok(offload(&*self.threads, list).await?)
    }

    /// The facts of a file.
    pub(super) async fn facts_of(&self, pinned: &Pinned, path: &VfsPath) -> Result<Arc<Facts>, Failure> {
        self.facts.facts(self.document(pinned, path).await?).await
    }

    /// A file as a request sees it, ready for indexing.
    pub(super) async fn document(&self, pinned: &Pinned, path: &VfsPath) -> Result<Document, Failure> {
        let served = pinned.analyzers.in_session(path, &pinned.overlays);
        let served = served.ok_or_else(|| QueryError::NoAnalyzer(path.clone()))?;
        let (base, overlays, wanted) = (Arc::clone(&pinned.base), Arc::clone(&pinned.overlays), path.clone());
        let file = offload(&*self.threads, move || file_in(&*base, &overlays, &wanted)).await?;
        let file = file.ok_or_else(|| Failure::Read(path.clone(), ReadError::NotFound))?;
        let text = match pinned.overlays.get(path) {
            Some(overlay) => Text::Here(Arc::clone(&overlay.text)),
            None => Text::In(Arc::clone(&pinned.base)),
        };
        Ok(Document { path: path.clone(), digest: file.digest, text, served })
    }
}
