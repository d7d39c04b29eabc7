//! Asking the engine of a project.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::future::{Either, select};
use tokio::time::Instant;
use vraftls_cache::AnswerKey;
use vraftls_index::Description;
use vraftls_proto::{
    Answer, CompletionItems, FileChange, Fingerprint, Query, QueryError, Request, SemanticTokens, TokenWords,
};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::analyzers::Served;
use crate::answers::CachedAnswer;
use crate::failure::Failure;
use crate::service::pin::Pinned;
use crate::service::question::question_of;
use crate::service::stamps::stamped;
use crate::view_index::{CallLookup, LateIndex, ViewIndex, WithoutIndex};
use crate::{Analyzer, CancelFlag, CancelOnDrop, EngineCall, Fault, ProjectSpec, QueryService, Question, Reply, View};

/// A question about a file, with everything that it depends on.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) pinned: Pinned,
    pub(super) served: Served,
    pub(super) project: Arc<ProjectSpec>,
    deadline: Instant,
}

impl QueryService {
    pub(super) async fn call<'a>(
        &self,
        request: &'a Request,
        deadline: Instant,
        pinned: Pinned,
        path: &VfsPath,
    ) -> Result<Call<'a>, Failure> {
        let served = pinned.analyzers.in_session(path, &pinned.overlays);
        let served = served.ok_or_else(|| QueryError::NoAnalyzer(path.clone()))?;
        self.call_of(request, deadline, pinned, served).await
    }

    /// A question to a certain analyzer.
    pub(super) async fn call_of<'a>(
        &self,
        request: &'a Request,
        deadline: Instant,
        pinned: Pinned,
        served: Served,
    ) -> Result<Call<'a>, Failure> {
        let project = self.workspaces.project(request, &pinned.base, served.analyzer.description()).await?;
        Ok(Call { request, pinned, served, project, deadline })
    }

    /// Computes the answer to a question about a file.
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<CachedAnswer, Failure> {
        let answer = match &call.request.query {
            Query::References { at, include_declaration } => {
                Answer::References(self.references(call, at, *include_declaration).await?)
            }
            Query::Rename { at, new_name } => answer_of_change(self.rename(call, at, new_name).await?),
            Query::IncomingCalls { item } => Answer::Calls(self.incoming_calls(call, item).await?),
            Query::Subtypes { item } => Answer::HierarchyItems(self.subtypes(call, item).await?),
            Query::Diagnostics { path } if !call.analyzer().description().features.diagnostics => {
                Answer::Diagnostics(self.facts_of(&call.pinned, path).await?.diagnostics.clone().into())
            }
            query => {
                let Some(question) = question_of(query) else {
                    return Err(call.fault(Fault::Internal("a query without a question".to_owned())));
                };
                let must_index = !call.pinned.dirty.is_empty() && !call.pinned.wants_index;
                let reply = match question {
                    Question::Complete { .. } if must_index => self.ask_while_indexing(call, question).await?,
                    question => {
                        let index = self.index_for(call, &question).await?;
                        self.ask_engine(call, index, question).await?
                    }
                };
                call.answer_of(reply)?
            }
        };
        self.answered(call, answer).await
    }

    /// Asks the engine once. `index` is what it may look names up in.
    pub(super) async fn ask_engine(
        &self,
        call: &Call<'_>,
        index: Option<Arc<ViewIndex>>,
        question: Question,
    ) -> Result<Reply, Failure> {
        self.ask_engine_with(call, Arc::new(OnceLock::from(index)), question).await
    }

    /// Asks the engine while unsaved buffers are indexed, of which most proposals need nothing. A call that looks something up before
    /// the index is there is stopped, and asked again when it is.
    async fn ask_while_indexing(&self, call: &Call<'_>, question: Question) -> Result<Reply, Failure> {
        let late = LateIndex::default();
        let mut asking = pin!(self.ask_engine_with(call, Arc::clone(&late), question.clone()));
        let mut indexing = pin!(self.view_index(&call.pinned));
        let asked = match select(&mut asking, &mut indexing).await {
            Either::Left((asked, _)) => asked,
            Either::Right((index, _)) => {
                // Nobody else sets it.
                let _ = late.set(index?);
                asking.await
            }
        };
        if !matches!(asked, Err(Failure::IndexWanted)) {
            return asked;
        }
        let index = match late.get() {
            Some(index) => index.clone(),
            None => indexing.await?,
        };
        self.ask_engine(call, index, question).await
    }

    async fn ask_engine_with(&self, call: &Call<'_>, index: LateIndex, question: Question) -> Result<Reply, Failure> {
        let question = call.without_stamp(question)?;
        let cancel = CancelFlag::default();
        let _guard = CancelOnDrop(cancel.clone());
        let analyzer = Arc::clone(call.analyzer());
        let without_index = match question {
            Question::Complete { .. } => WithoutIndex::FindNothing,
            _ => WithoutIndex::Stop,
        };
        let (trouble, missed) = (OnceLock::new(), AtomicBool::new(false));
        let lookup = CallLookup { analyzer, index, cancel: cancel.clone(), trouble, without_index, missed };
        let lookup = Arc::new(lookup);
        let (base, overlays) = (Arc::clone(&call.pinned.base), Arc::clone(&call.pinned.overlays));
        let view = View { base, overlays, lookup: Arc::clone(&lookup) as _ };
        let reply = call.analyzer().ask(EngineCall {
            project: Arc::clone(&call.project),
            view,
            session: call.request.session,
            cancel,
            deadline: call.deadline.into_std(),
            question,
        });
        let reply = reply.await;
        // Whatever it made of a look-up that failed is worth nothing.
        match lookup.trouble.get() {
            Some(failure) => Err(failure.clone()),
            None => {
                let missed = lookup.missed.load(Ordering::Relaxed);
                let reply = reply.map_err(|fault| call.fault(fault))?;
                Ok(stamped(&call.analyzer().digest(), if missed { incomplete(reply) } else { reply }))
            }
        }
    }

    /// What a single question may look names up in. Where unsaved buffers differ from the base they are indexed first for questions
    /// that often look names up; another question is asked again if it turns out to need them, so that a keystroke costs no index.
    async fn index_for(&self, call: &Call<'_>, question: &Question) -> Result<Option<Arc<ViewIndex>>, Failure> {
        let often = matches!(question, Question::Implementation { .. } | Question::Actions { .. });
        if often || call.pinned.dirty.is_empty() || call.pinned.wants_index {
            self.view_index(&call.pinned).await
        } else {
            Ok(None)
        }
    }
}

impl Call<'_> {
    pub(super) fn analyzer(&self) -> &Arc<dyn Analyzer> {
        &self.served.analyzer
    }

    pub(super) fn fault(&self, fault: Fault) -> Failure {
        Failure::Analyzer(self.analyzer().description().id.clone(), fault)
    }

    pub(super) fn bad_reply(&self, what: &str) -> Failure {
        self.fault(Fault::BadReply(what.to_owned()))
    }

    /// Under what the answer is kept, if it is worth it: completions belong to a text that lives until the next key is
    /// struck, and what follows the cursor is asked once.
    pub(super) fn cache_key(&self) -> Option<AnswerKey> {
        let passing = matches!(
            self.request.query,
            Query::Complete { .. }
                | Query::ResolveCompletion { .. }
                | Query::SignatureHelp(_)
                | Query::Rename { .. }
                | Query::FormatOnType { .. }
                | Query::SelectionRanges { .. }
                | Query::LinkedRanges(_)
                | Query::JoinLines { .. }
                | Query::Actions { .. }
                | Query::ResolveAction { .. }
        );
        if passing || self.pinned.scope.is_some() {
            return None;
        }
        Some(AnswerKey {
            component: self.analyzer().digest(),
            settings: project_fingerprint(&self.project),
            request: self.request.query.fingerprint(),
            content: self.pinned.asked?,
            generation: self.pinned.base.generation(),
            overlays: dirty_fingerprint(&self.pinned),
        })
    }

    fn answer_of(&self, reply: Reply) -> Result<Answer, Failure> {
        use Query as Q;
        Ok(match (&self.request.query, reply) {
            (
                Q::Definition(_) | Q::Declaration(_) | Q::TypeDefinition(_) | Q::Implementation(_),
                Reply::Targets(it),
            ) => Answer::Targets(it),
            (Q::Highlights(_), Reply::Highlights(it)) => Answer::Highlights(it),
            (Q::Hover(_), Reply::Hover(it)) => Answer::Hover(it),
            (Q::Complete { .. }, Reply::Completion(it)) => Answer::Completion(it),
            (Q::ResolveCompletion { .. }, Reply::CompletionDetails(it)) => Answer::CompletionDetails(it),
            (Q::SignatureHelp(_), Reply::SignatureHelp(it)) => Answer::SignatureHelp(it),
            (Q::PrepareRename(_), Reply::RenameTarget(it)) => Answer::RenameTarget(it),
            (Q::Format { .. } | Q::FormatOnType { .. } | Q::JoinLines { .. }, Reply::TextEdits(it)) => {
                Answer::TextEdits(it)
            }
            (Q::PrepareCalls(_) | Q::PrepareTypes(_) | Q::Supertypes { .. }, Reply::HierarchyItems(it)) => {
                Answer::HierarchyItems(it)
            }
            (Q::OutgoingCalls { .. }, Reply::Calls(it)) => Answer::Calls(it),
            (Q::SemanticTokens { .. }, Reply::SemanticTokens(tokens)) => {
                let Description { token_types, token_modifiers, .. } = self.analyzer().description();
                let words = TokenWords { types: token_types.clone(), modifiers: token_modifiers.clone() };
                Answer::SemanticTokens(SemanticTokens { words: Arc::new(words), tokens })
            }
            (Q::InlayHints { .. }, Reply::InlayHints(it)) => Answer::InlayHints(it),
            (Q::SelectionRanges { .. }, Reply::SelectionRanges(it)) => Answer::SelectionRanges(it),
            (Q::Lenses { .. }, Reply::Lenses(it)) => Answer::Lenses(it),
            (Q::Links { .. }, Reply::Links(it)) => Answer::Links(it),
            (Q::LinkedRanges(_), Reply::LinkedRanges(it)) => Answer::LinkedRanges(it),
            (Q::Actions { .. }, Reply::Actions(it)) => Answer::Actions(it),
            (Q::ResolveAction { .. }, Reply::Change(it)) => answer_of_change(it),
            (Q::ResolveAll { .. }, Reply::Resolved(it)) => Answer::Resolved(it),
            (Q::Expand(_), Reply::Expansion(it)) => Answer::Expansion(it),
            (Q::Diagnostics { .. }, Reply::Diagnostics(it)) => Answer::Diagnostics(it.into()),
            _ => return Err(self.bad_reply("the reply to another question")),
        })
    }
}

/// Edits are told as such: whoever takes nothing else takes them.
fn answer_of_change(change: FileChange) -> Answer {
    match change.creations.is_empty() && change.moves.is_empty() {
        true => Answer::Edits(change.edits),
        false => Answer::Change(change),
    }
}

/// A reply that lacks what a look-up would have found.
fn incomplete(reply: Reply) -> Reply {
    match reply {
        Reply::Completion(items) => Reply::Completion(CompletionItems { incomplete: true, ..items }),
        other => other,
    }
}

fn project_fingerprint(project: &ProjectSpec) -> ContentDigest {
    let mut print = Fingerprint::new("vraftls project 1");
    print.number(project.workspace.0.into()).text(&project.root).number(project.libraries.len() as u64);
    for library in &project.libraries {
        print.text(&library.path).text(&library.kind);
    }
    print.number(project.settings.len() as u64);
    for (name, value) in &project.settings {
        print.text(name).text(value);
    }
    print.finish()
}

/// A buffer that is open and not changed makes no difference, so its session shares the answers of all others.
fn dirty_fingerprint(pinned: &Pinned) -> ContentDigest {
    pinned.overlays.only(&pinned.dirty).fingerprint()
}
