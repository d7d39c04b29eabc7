//! Where a name is used: candidates by the index, truth by the engine.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use vraftls_cache::offload;
use vraftls_index::{Candidate, FileReferences, ShardIndex, merge_references};
use vraftls_proto::{At, SearchPlan};
use vraftls_vfs::VfsPath;

use crate::failure::Failure;
use crate::service::call::Call;
use crate::view_index::ViewIndex;
use crate::{QueryService, Question, Reply};

impl QueryService {
    /// The confirmed occurrences by path and place.
    pub(super) async fn references(
        &self,
        call: &Call<'_>,
        at: &At,
        include_declaration: bool,
    ) -> Result<Vec<FileReferences>, Failure> {
        let index = self.whole_index(call).await?;
        let question = Question::Plan { path: at.path.clone(), offset: at.offset };
        let Reply::Plan(plan) = self.ask_engine(call, Some(Arc::clone(&index)), question).await? else {
            return Err(call.bad_reply("no plan"));
        };
        let Some(plan) = plan else { return Ok(Vec::new()) };
        let confirm = |files| Question::Confirm { plan: plan.clone(), files };
        let replies = self.ask_of_candidates(call, &index, &plan, confirm).await?;
        let parts = replies.into_iter().map(|reply| match reply {
            Reply::References(part) => Ok(part),
            _ => Err(call.bad_reply("no references")),
        });
        let mut found = merge_references(parts.collect::<Result<Vec<_>, _>>()?);
        if !include_declaration {
            remove_declarations(&mut found, &plan);
        }
        Ok(found)
    }

    /// The index of what a call sees, which its pin has made sure of.
    pub(super) async fn whole_index(&self, call: &Call<'_>) -> Result<Arc<ViewIndex>, Failure> {
        self.view_index(&call.pinned).await?.ok_or(Failure::IndexWanted)
    }

    /// Asks the engine about all candidates of a plan, so many files a call and so many calls at once; replies by path.
    pub(super) async fn ask_of_candidates(
        &self,
        call: &Call<'_>,
        index: &Arc<ViewIndex>,
        plan: &SearchPlan,
        question: impl Fn(Vec<Candidate>) -> Question,
    ) -> Result<Vec<Reply>, Failure> {
        let candidates = self.candidates(call, index, plan).await?;
        let chunks = candidates.chunks(self.config.confirm_files_per_call.max(1));
        let questions: Vec<Question> = chunks.map(|files| question(files.to_vec())).collect();
        let asked = questions.into_iter().map(|question| self.ask_engine(call, Some(Arc::clone(index)), question));
        // The first failure drops the other calls, which cancels them.
        stream::iter(asked).buffered(self.config.n_confirm_parallel.max(1)).try_collect().await
    }

    async fn candidates(
        &self,
        call: &Call<'_>,
        index: &Arc<ViewIndex>,
        plan: &SearchPlan,
    ) -> Result<Vec<Candidate>, Failure> {
        let index = match &plan.only {
            Some(path) => Arc::new(self.index_of_one(call, path).await?),
            None => Arc::clone(index),
        };
        let (analyzer, names, roles) = (Arc::clone(call.analyzer()), plan.names.clone(), plan.roles);
        let mut found = offload(&*self.threads, move || index.candidates(&*analyzer, &names, roles)).await??;
        if let Some(scope) = &call.pinned.scope {
            found.retain(|candidate| scope.holds(call.request.workspace, &candidate.path));
        }
        Ok(found)
    }

    /// The index of a single file, which may lie in a library and so in no index of a workspace.
    async fn index_of_one(&self, call: &Call<'_>, path: &VfsPath) -> Result<ViewIndex, Failure> {
        let mut index = ShardIndex::default();
        let document = self.document(&call.pinned, path).await?;
        let digest = document.digest;
        match self.facts.facts(document).await {
            Ok(facts) => index.insert(path, digest, &facts),
            Err(Failure::Analyzer(..)) => index.insert_unindexed(path, digest),
            Err(failure) => return Err(failure),
        }
        let (base, overlays) = (Arc::clone(&call.pinned.base), Arc::clone(&call.pinned.overlays));
        Ok(ViewIndex { base, overlays, index })
    }
}

fn remove_declarations(found: &mut Vec<FileReferences>, plan: &SearchPlan) {
    for file in found.iter_mut() {
        let declared = |span| plan.definitions.iter().any(|place| place.path == file.path && place.span == span);
        file.references.retain(|reference| !declared(reference.span));
    }
    found.retain(|file| !file.references.is_empty());
}
