//! From a request to its answer.

mod call;
mod file_operations;
mod files;
mod hierarchy;
mod interfaces;
mod named;
mod pin;
mod question;
mod references;
mod rename;
mod stamps;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use vraftls_cache::{Cache, Made, MemoryTier, Offload, Tier, TierStats};
use vraftls_index::Description;
use vraftls_proto::{Answered, Query, QueryError, Request};
use vraftls_vfs::WorkspaceId;

use crate::analyzers::Analyzers;
use crate::answers::CachedAnswer;
use crate::bundled::BundledText;
use crate::facts_source::FactsSource;
use crate::failure::Failure;
use crate::service::pin::{Pin, Pinned};
use crate::{Analyzer, IndexKeeper, QueryConfig, Scope, Workspaces};

/// No asker waits longer, whatever it says.
const DEADLINE_MAX: Duration = Duration::from_secs(3600);

/// Answers requests. One for a process; every method may be called from any task.
pub struct QueryService {
    workspaces: Arc<dyn Workspaces>,
    threads: Arc<dyn Offload>,
    config: QueryConfig,
    analyzers: watch::Sender<Arc<Analyzers>>,
    /// Grows whenever the same question may get another answer though no file changed.
    changes: watch::Sender<u64>,
    facts: Arc<FactsSource>,
    answers: Cache<CachedAnswer, Failure>,
    bundled: Cache<BundledText, Failure>,
    // Held for a look into the map, never across an await.
    keepers: Mutex<FxHashMap<WorkspaceId, Arc<IndexKeeper>>>,
}

/// What the caches did so far, and what they hold now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheStats {
    /// Facts in memory.
    pub facts_in_memory: TierStats,
    /// Facts in the tiers below, by the name of the tier.
    pub facts_below: Vec<(&'static str, TierStats)>,
    /// Answers in memory.
    pub answers_in_memory: TierStats,
    /// What facts and answers take of the memory now, in bytes, as the tiers weigh them.
    pub held_bytes: u64,
}

impl QueryService {
    /// A service without analyzers. `lower` are the tiers below memory for facts, the faster first; `threads` wait for
    /// disks.
    pub fn new(
        workspaces: Arc<dyn Workspaces>,
        lower: Vec<Arc<dyn Tier>>,
        threads: Arc<dyn Offload>,
        config: QueryConfig,
    ) -> Self {
        let facts = Cache::new(MemoryTier::new(config.facts_memory_bytes), lower, Arc::clone(&threads));
        // Answers name a generation of this process, so they die with it.
        let answers = Cache::new(MemoryTier::new(config.answers_memory_bytes), Vec::new(), Arc::clone(&threads));
        let bundled = Cache::new(MemoryTier::new(config.bundled_memory_bytes), Vec::new(), Arc::clone(&threads));
        Self {
            workspaces,
            config,
            analyzers: watch::Sender::new(Arc::new(Analyzers::new(Vec::new(), 0))),
            changes: watch::Sender::new(0),
            facts: Arc::new(FactsSource::new(facts, Arc::clone(&threads))),
            answers,
            bundled,
            keepers: Mutex::default(),
            threads,
        }
    }

    /// Replaces the analyzers. Of several that serve a file the first is asked. Requests under way end with those they
    /// began with; indexes are made anew from what the new ones say of files that were not theirs. Where they are versions of the same
    /// analyzers, questions that need the index of a workspace go to the versions that it is by until the new one is there, so that
    /// nobody waits for it. No answer is of both.
    pub fn set_analyzers(&self, list: Vec<Arc<dyn Analyzer>>) {
        self.analyzers.send_modify(|analyzers| {
            let generation = analyzers.generation + 1;
            *analyzers = Arc::new(Analyzers::new(list, generation));
        });
        self.changes.send_modify(|n_changes| *n_changes += 1);
    }

    /// Changes whenever the same question may get another answer though no file changed: when analyzers were replaced, and when what
    /// the new ones say of a workspace's files is known.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Says of a path whether some analyzer reads it: at each time those that are loaded then. It keeps nothing of the service alive but
    /// them, and goes on with the last ones after its end.
    pub fn reader(&self) -> Arc<dyn Fn(&str) -> bool + Send + Sync> {
        let analyzers = self.analyzers.subscribe();
        Arc::new(move |path| {
            let now = Arc::clone(&analyzers.borrow());
            now.reads(path)
        })
    }

    /// Who analyzes now.
    pub fn descriptions(&self) -> Vec<Arc<Description>> {
        let analyzers = Arc::clone(&self.analyzers.borrow());
        analyzers.iter().map(|analyzer| Arc::new(analyzer.description().clone())).collect()
    }

    /// The keeper of a workspace's index. The first call makes it; whoever calls first runs it ([`IndexKeeper::run`]),
    /// and offers it bases, so that indexing begins before anybody asks.
    pub fn keeper(&self, workspace: WorkspaceId) -> Arc<IndexKeeper> {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (facts, threads) = (Arc::clone(&self.facts), Arc::clone(&self.threads));
            let (analyzers, changes) = (self.analyzers.subscribe(), self.changes.clone());
            Arc::new(IndexKeeper::new(facts, threads, analyzers, self.config.n_index_parallel, changes))
        };
        Arc::clone(keepers.entry(workspace).or_insert_with(new))
    }

    /// Forgets the index of a workspace that is closed. Whoever runs its keeper stops doing so.
    pub fn forget_workspace(&self, workspace: WorkspaceId) {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
    }

    /// Answers a request. Dropping the future cancels what is done for it, unless others wait for the same.
    pub async fn answer(&self, request: Request) -> Result<Answered, QueryError> {
        self.answer_in(request, None).await
    }

    /// The same, where a search over the whole workspace looks at a part of it only.
    pub async fn answer_in(&self, request: Request, scope: Option<Scope>) -> Result<Answered, QueryError> {
        let deadline = Instant::now() + request.deadline.min(DEADLINE_MAX);
        match timeout_at(deadline, self.answer_by(&request, scope.as_ref(), deadline)).await {
            Ok(Ok(answered)) => Ok(Arc::unwrap_or_clone(answered).0),
            Ok(Err(failure)) => Err(failure.into_query_error(self.config.busy_retry_after)),
            Err(_) => Err(QueryError::DeadlineExceeded(request.deadline)),
        }
    }

    /// What the caches did so far, and what they hold now.
    pub fn cache_stats(&self) -> CacheStats {
        let facts = self.facts.cache();
        CacheStats {
            facts_in_memory: facts.memory().counters().stats(),
            facts_below: facts.lower().iter().map(|tier| (tier.name(), tier.counters().stats())).collect(),
            answers_in_memory: self.answers.memory().counters().stats(),
            held_bytes: facts.memory().held_bytes() + self.answers.memory().held_bytes(),
        }
    }

    async fn answer_by(
        &self,
        request: &Request,
        scope: Option<&Scope>,
        deadline: Instant,
    ) -> Result<Arc<CachedAnswer>, Failure> {
        let mut pin = Pin::first(&request.query);
        for _ in 0..self.config.n_attempts {
            match self.attempt(request, scope, deadline, pin).await {
                Err(Failure::IndexWanted) => pin = Pin::Indexed,
                Err(Failure::Outdated) => {}
                result => return result,
            }
        }
        Err(Failure::Busy)
    }

    async fn attempt(
        &self,
        request: &Request,
        scope: Option<&Scope>,
        deadline: Instant,
        pin: Pin,
    ) -> Result<Arc<CachedAnswer>, Failure> {
        let pinned = Pinned { scope: scope.cloned(), ..self.pin(request, pin).await? };
        match (&request.query, request.query.path()) {
            (Query::WorkspaceSymbols { query, limit }, _) => {
                Ok(Arc::new(self.workspace_symbols(request.workspace, pinned, query, *limit).await?))
            }
            (Query::WillRename { moves }, _) => Ok(Arc::new(self.will_rename(request, deadline, pinned, moves).await?)),
            (Query::DocumentSymbols { path }, _) => Ok(Arc::new(self.document_symbols(&pinned, path).await?)),
            (_, Some(path)) => {
                let call = self.call(request, deadline, pinned, path).await?;
                let Some(key) = call.cache_key() else { return Ok(Arc::new(self.ask(&call).await?)) };
                if interfaces::is_by_interfaces(&request.query) {
                    return self.findings(&call, key).await;
                }
                self.answers.get_or_make(key.into(), async || Ok(Made::Whole(self.ask(&call).await?))).await
            }
            (_, None) => Ok(Arc::new(self.files(pinned).await?)),
        }
    }
}

#[cfg(test)]
mod tests;
