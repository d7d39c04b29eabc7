//! Keeps the analyzers of a node what they should be, while it answers.
//!
//! What lies in the plugin directories is built in. A plugin that was pushed takes the place of the built-in one of the same identifier.
//! It is fetched, compiled beside what answers, and put in its place at once: questions under way end with the version they began with,
//! whose engines go with the last of them. What cannot be loaded changes nothing but its status.
//!
//! Knows no metadata and no network: what is wanted is told, bytes are asked for by digest.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use vraftls_query::{Analyzer, QueryService};
use vraftls_vfs::ContentDigest;
use vraftls_wasm::{InvalidComponent, LoadError, Runtime};

use super::desk::{Desk, Done};
use super::{Accepted, ComponentSource, PluginFailure, PluginStatuses, Plugins, Wanted, accept};
use crate::tree::ingest::blocking;

/// How many components are compiled at once: a rollback does not wait for what it makes superfluous.
const N_LOADS_MAX: usize = 2;

/// Makes an analyzer of a component's bytes; blocks.
type Load = dyn Fn(&[u8]) -> Result<Arc<dyn Analyzer>, LoadError> + Send + Sync;

/// Keeps the analyzers of a node what they should be.
pub struct PluginKeeper {
    runtime: Arc<Runtime>,
    loader: Loader,
    built_in: Vec<Arc<dyn Analyzer>>,
    service: Arc<QueryService>,
    statuses: watch::Sender<Arc<PluginStatuses>>,
}

impl std::fmt::Debug for PluginKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginKeeper").field("statuses", &self.statuses.borrow()).finish_non_exhaustive()
    }
}

impl PluginKeeper {
    /// Puts the built-in analyzers to work. Whoever owns it runs it ([`PluginKeeper::run`]) where plugins may be pushed.
    pub fn new(plugins: Plugins, service: Arc<QueryService>) -> Arc<Self> {
        let Plugins { analyzers, runtime } = plugins;
        service.set_analyzers(analyzers.clone());
        let statuses = watch::Sender::new(Arc::new(Desk::new(&analyzers).statuses(&Wanted::new())));
        let loading = Arc::clone(&runtime);
        let load: Arc<Load> = Arc::new(move |bytes| Ok(loading.load(bytes)? as Arc<dyn Analyzer>));
        let loader = Loader { load, turns: Arc::new(Semaphore::new(N_LOADS_MAX)) };
        Arc::new(Self { runtime, loader, built_in: analyzers, service, statuses })
    }

    /// Ends all analyses, and waits for the engines that are kept for the next start. Dropping the handle waits for nothing.
    pub(crate) fn close(&self) -> JoinHandle<()> {
        let runtime = self.runtime.clone();
        tokio::task::spawn_blocking(move || runtime.close())
    }

    /// What runs the analyzers.
    pub fn runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    /// How the plugins stand, now and from now on.
    pub fn statuses(&self) -> watch::Receiver<Arc<PluginStatuses>> {
        self.statuses.subscribe()
    }

    /// Judges a component that somebody pushes. One that is accepted is activated quickly here.
    pub async fn accept(&self, bytes: bytes::Bytes) -> Result<Accepted, InvalidComponent> {
        let runtime = Arc::clone(&self.runtime);
        blocking(move || accept(&runtime, &bytes)).await
    }

    /// Follows what is wanted for as long as somebody may want something. To be run by one task.
    pub async fn run(&self, mut wanted: watch::Receiver<Arc<Wanted>>, source: Arc<dyn ComponentSource>) {
        let mut desk = Desk::new(&self.built_in);
        let mut at_work = desk.digests();
        loop {
            let now_wanted = Arc::clone(&wanted.borrow_and_update());
            for (id, digest) in desk.reconcile(&now_wanted, Instant::now()) {
                let (loader, source) = (self.loader.clone(), Arc::clone(&source));
                desk.start(id.clone(), digest, async move { loader.load(id, digest, &*source).await });
            }
            if at_work != desk.digests() {
                at_work = desk.digests();
                tracing::info!(analyzers = ?at_work, "the analyzers changed");
                self.service.set_analyzers(desk.analyzers());
            }
            self.statuses.send_replace(Arc::new(desk.statuses(&now_wanted)));
            let retry = desk.next_retry();
            tokio::select! {
                changed = wanted.changed() => if changed.is_err() { return },
                done = desk.next_done() => desk.finish(done, Instant::now()),
                () = until(retry) => {}
            }
        }
    }
}

/// Waits for a moment; for ever if there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Fetches components and makes analyzers of them.
#[derive(Clone)]
struct Loader {
    load: Arc<Load>,
    turns: Arc<Semaphore>,
}

impl Loader {
    async fn load(self, id: String, digest: ContentDigest, source: &dyn ComponentSource) -> Done {
        let bytes = source.component(digest).await?;
        let turn = self.turns.acquire_owned().await.expect("nobody closes it");
        let load = self.load;
        let loaded = blocking(move || {
            // Held by the thread: who gives up leaves it compiling.
            let _turn = turn;
            let found = ContentDigest::of(&bytes);
            if found != digest {
                return Err(PluginFailure::OtherBytes(found));
            }
            load(&bytes).map_err(|error| PluginFailure::Load(Arc::new(error)))
        });
        let analyzer = loaded.await?;
        match analyzer.description().id == id {
            true => Ok(analyzer),
            false => Err(PluginFailure::OtherPlugin(analyzer.description().id.clone())),
        }
    }
}
