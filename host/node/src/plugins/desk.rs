//! Which analyzer is at work for which plugin, what is being loaded, and what failed. The time is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;
use vraftls_query::Analyzer;
use vraftls_vfs::ContentDigest;

use super::{ActivePlugin, Origin, PluginFailure, PluginState, PluginStatus, PluginStatuses, Wanted};

/// When what failed and may go better is tried again; each time after twice as long.
const RETRY_MIN: Duration = Duration::from_secs(1);

/// It is never longer until then.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// What loading a component came to.
pub(super) type Done = Result<Arc<dyn Analyzer>, PluginFailure>;

/// Which analyzer is at work for which plugin, by identifiers.
pub(super) struct Desk {
    built_in: BTreeMap<String, Arc<dyn Analyzer>>,
    pushed: BTreeMap<String, Arc<dyn Analyzer>>,
    loading: BTreeMap<String, Loading>,
    failed: BTreeMap<String, Failed>,
    /// What was at work before and still has something to do: it need not be loaded to be used again.
    before: BTreeMap<ContentDigest, Weak<dyn Analyzer>>,
    tasks: JoinSet<Done>,
}

struct Loading {
    digest: ContentDigest,
    task: AbortHandle,
}

struct Failed {
    digest: ContentDigest,
    failure: PluginFailure,
    n_times: u32,
    /// When it is tried again, if that may help.
    retry: Option<Instant>,
}

impl Desk {
    pub(super) fn new(built_in: &[Arc<dyn Analyzer>]) -> Self {
        let by_id = |analyzer: &Arc<dyn Analyzer>| (analyzer.description().id.clone(), Arc::clone(analyzer));
        Self {
            built_in: built_in.iter().map(by_id).collect(),
            pushed: BTreeMap::new(),
            loading: BTreeMap::new(),
            failed: BTreeMap::new(),
            before: BTreeMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Brings what is at work as near to what is wanted as can be done at once; gives what has to be loaded for the rest.
    pub(super) fn reconcile(&mut self, wanted: &Wanted, now: Instant) -> Vec<(String, ContentDigest)> {
        self.forget_unwanted(wanted);
        let mut to_load = Vec::new();
        for (id, digest) in wanted {
            if self.loading.get(id).is_some_and(|loading| loading.digest != *digest) {
                self.stop_loading(id);
            }
            if self.put_to_work(id, *digest) {
                self.stop_loading(id);
                self.failed.remove(id);
                continue;
            }
            let failed = self.failed.get(id).filter(|failed| failed.digest == *digest);
            let rests = failed.is_some_and(|failed| failed.retry.is_none_or(|retry| retry > now));
            if !rests && !self.loading.contains_key(id) {
                to_load.push((id.clone(), *digest));
            }
        }
        to_load
    }

    /// Takes away what nobody wants any more; what is built in is at work again.
    fn forget_unwanted(&mut self, wanted: &Wanted) {
        let (gone, stay) = std::mem::take(&mut self.pushed).into_iter().partition(|(id, _)| !wanted.contains_key(id));
        self.pushed = stay;
        let gone: BTreeMap<String, Arc<dyn Analyzer>> = gone;
        gone.values().for_each(|analyzer| self.remember(analyzer));
        let unwanted: Vec<String> = self.loading.keys().filter(|id| !wanted.contains_key(*id)).cloned().collect();
        unwanted.iter().for_each(|id| self.stop_loading(id));
        self.failed.retain(|id, failed| wanted.get(id) == Some(&failed.digest));
        self.before.retain(|_, analyzer| analyzer.strong_count() > 0);
    }

    /// Whether a component is at work, or can be at once.
    fn put_to_work(&mut self, id: &str, digest: ContentDigest) -> bool {
        if self.pushed.get(id).is_some_and(|analyzer| analyzer.digest() == digest) {
            return true;
        }
        if self.built_in.get(id).is_some_and(|analyzer| analyzer.digest() == digest) {
            if let Some(replaced) = self.pushed.remove(id) {
                self.remember(&replaced);
            }
            return true;
        }
        let alive = self.before.get(&digest).and_then(Weak::upgrade).filter(|it| it.description().id == id);
        let Some(alive) = alive else { return false };
        self.replace(id, alive);
        true
    }

    fn replace(&mut self, id: &str, analyzer: Arc<dyn Analyzer>) {
        if let Some(replaced) = self.pushed.insert(id.to_owned(), analyzer) {
            self.remember(&replaced);
        }
    }

    fn remember(&mut self, analyzer: &Arc<dyn Analyzer>) {
        self.before.insert(analyzer.digest(), Arc::downgrade(analyzer));
    }

    fn stop_loading(&mut self, id: &str) {
        if let Some(loading) = self.loading.remove(id) {
            loading.task.abort();
        }
    }

    /// Loads a component meanwhile.
    pub(super) fn start(
        &mut self,
        id: String,
        digest: ContentDigest,
        load: impl Future<Output = Done> + Send + 'static,
    ) {
        let task = self.tasks.spawn(load);
        self.loading.insert(id, Loading { digest, task });
    }

    /// What is loaded next; never comes while nothing is being loaded.
    pub(super) async fn next_done(&mut self) -> (Id, Result<Done, JoinError>) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, done))) => (id, Ok(done)),
            Some(Err(error)) => (error.id(), Err(error)),
            None => std::future::pending().await,
        }
    }

    /// Takes on what was loaded. What nobody waits for any more is dropped.
    pub(super) fn finish(&mut self, (task, done): (Id, Result<Done, JoinError>), now: Instant) {
        let is_it = |(_, loading): &(&String, &Loading)| loading.task.id() == task;
        let Some(id) = self.loading.iter().find(is_it).map(|(id, _)| id.clone()) else { return };
        let Some(Loading { digest, .. }) = self.loading.remove(&id) else { return };
        match done.unwrap_or(Err(PluginFailure::Panicked)) {
            Ok(analyzer) => {
                self.failed.remove(&id);
                self.replace(&id, analyzer);
            }
            Err(failure) => self.fail(id, digest, failure, now),
        }
    }

    fn fail(&mut self, id: String, digest: ContentDigest, failure: PluginFailure, now: Instant) {
        let error = crate::chain(&failure);
        tracing::warn!(plugin = id, component = %digest, error, "what was activated cannot be used here");
        let before = self.failed.get(&id).filter(|failed| failed.digest == digest);
        let n_times = before.map_or(0, |failed| failed.n_times);
        let wait = RETRY_MIN.saturating_mul(1 << n_times.min(16)).min(RETRY_MAX);
        let retry = failure.is_passing().then(|| now + wait);
        self.failed.insert(id, Failed { digest, failure, n_times: n_times + 1, retry });
    }

    /// When something that failed is tried again.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        let resting = self.failed.iter().filter(|(id, _)| !self.loading.contains_key(*id));
        resting.filter_map(|(_, failed)| failed.retry).min()
    }

    /// What is at work, by identifiers.
    fn at_work(&self) -> BTreeMap<&String, (&Arc<dyn Analyzer>, Origin)> {
        let built_in = self.built_in.iter().map(|(id, analyzer)| (id, (analyzer, Origin::BuiltIn)));
        let pushed = self.pushed.iter().map(|(id, analyzer)| (id, (analyzer, Origin::Pushed)));
        built_in.chain(pushed).collect()
    }

    /// The analyzers to be asked, in the order of their identifiers.
    pub(super) fn analyzers(&self) -> Vec<Arc<dyn Analyzer>> {
        self.at_work().into_values().map(|(analyzer, _)| Arc::clone(analyzer)).collect()
    }

    /// Which components these are.
    pub(super) fn digests(&self) -> BTreeMap<String, ContentDigest> {
        self.at_work().into_iter().map(|(id, (analyzer, _))| (id.clone(), analyzer.digest())).collect()
    }

    /// How all plugins stand.
    pub(super) fn statuses(&self, wanted: &Wanted) -> PluginStatuses {
        let at_work = self.at_work();
        let mut ids: Vec<&String> = at_work.keys().copied().chain(wanted.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        let status = |id: &String| PluginStatus {
            wanted: wanted.get(id).copied(),
            active: at_work.get(id).map(|(analyzer, origin)| ActivePlugin {
                digest: analyzer.digest(),
                version: analyzer.description().version.clone(),
                origin: *origin,
            }),
            // What is tried again has failed until it does not.
            state: match self.failed.get(id) {
                Some(failed) => PluginState::Failed(failed.failure.clone()),
                None if self.loading.contains_key(id) => PluginState::Loading,
                None => PluginState::Settled,
            },
        };
        ids.into_iter().map(|id| (id.clone(), status(id))).collect()
    }
}

#[cfg(test)]
mod tests;
