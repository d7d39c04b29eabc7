//! One editor connection: what it can, what it has open, what it sees.
//!
//! All that edits change is in one immutable [`World`] behind one lock, which is never held across an await. An edit replaces the
//! world; a request keeps the one it was read in. No session can reach another's.

pub(crate) mod configuration;
mod document;
mod folder;
mod notebook;
mod notebook_sync;
mod profile;
mod saves;
mod settings;
mod sync;
mod tokens;
mod trace;
mod world;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::FutureExt;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tower_lsp_server::ls_types::{MessageType, Uri};
use tracing::warn;
use vraftls_proto::SessionId;

use crate::client::Client;
use crate::convert::FilePath;
use crate::diagnostics::{Checks, WorkspaceReports};
use crate::transport::Outbox;
use crate::{Backend, Options, PartialAnswer, PartialAnswerParams};

use configuration::Configuration;
pub(crate) use document::Document;
pub(crate) use folder::FolderSlot;
pub(crate) use notebook::{CellPlace, Module, Notebook};
pub(crate) use profile::{CompletionProfile, Profile};
pub(crate) use saves::Saves;
pub(crate) use settings::DiagnosticMode;
pub(crate) use tokens::{Legend, TokenMemory};
pub(crate) use trace::Trace;
pub(crate) use world::{Mount, Place, World};

/// One editor connection.
pub(crate) struct Session {
    id: SessionId,
    backend: Arc<dyn Backend>,
    options: Options,
    outbox: Arc<Outbox>,
    client: Client,
    profile: OnceLock<Profile>,
    world: Mutex<Arc<World>>,
    configuration: Configuration,
    /// How often document synchronization was called.
    n_sync_calls: AtomicU64,
    /// Whether the person was told that answers may be incomplete.
    told_partial: AtomicBool,
    /// Whether the editor said `shutdown`.
    shut_down: AtomicBool,
    running: Arc<Semaphore>,
    checks: Checks,
    workspace_reports: WorkspaceReports,
    saves: Saves,
    tokens: TokenMemory,
    trace: Trace,
    /// What runs beside requests: opening folders, checking documents, telling of progress. All of it ends with the session.
    tasks: Mutex<JoinSet<()>>,
    /// One of them panicked.
    broken: Arc<Notify>,
}

impl Session {
    pub(crate) fn new(backend: Arc<dyn Backend>, options: Options, outbox: Arc<Outbox>) -> Self {
        static N_SESSIONS: AtomicU64 = AtomicU64::new(1);
        let Options { limits, timing, .. } = &options;
        Self {
            id: SessionId(N_SESSIONS.fetch_add(1, Ordering::Relaxed)),
            client: Client::new(outbox.clone(), limits.n_client_requests_max, timing.client_reply_deadline),
            running: Arc::new(Semaphore::new(limits.n_running_requests_max)),
            backend,
            options,
            outbox,
            profile: OnceLock::new(),
            world: Mutex::default(),
            configuration: Configuration::default(),
            n_sync_calls: AtomicU64::new(0),
            told_partial: AtomicBool::new(false),
            shut_down: AtomicBool::new(false),
            checks: Checks::default(),
            workspace_reports: WorkspaceReports::default(),
            saves: Saves::default(),
            tokens: TokenMemory::default(),
            trace: Trace::default(),
            tasks: Mutex::default(),
            broken: Arc::default(),
        }
    }

    pub(crate) fn id(&self) -> SessionId {
        self.id
    }

    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    pub(crate) fn checks(&self) -> &Checks {
        &self.checks
    }

    pub(crate) fn workspace_reports(&self) -> &WorkspaceReports {
        &self.workspace_reports
    }

    /// What the editor has seen of the files that it has open.
    pub(crate) fn saves(&self) -> &Saves {
        &self.saves
    }

    pub(crate) fn tokens(&self) -> &TokenMemory {
        &self.tokens
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Room for one more request that is worked on.
    pub(crate) fn running(&self) -> &Arc<Semaphore> {
        &self.running
    }

    /// What the editor can. Before it initialized, what the protocol's least editor can.
    pub(crate) fn profile(&self) -> &Profile {
        static LEAST: OnceLock<Profile> = OnceLock::new();
        self.profile.get().unwrap_or_else(|| LEAST.get_or_init(Profile::default))
    }

    pub(crate) fn set_profile(&self, profile: Profile) {
        if self.profile.set(profile).is_err() {
            warn!("an editor initialized twice");
        }
    }

    /// What the editor has told until now.
    pub(crate) fn world(&self) -> Arc<World> {
        self.lock_world().clone()
    }

    /// Replaces the world by a changed one. Requests that were read before keep theirs.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.lock_world();
        change(Arc::make_mut(&mut world))
    }

    /// Runs something while no edit can come in between. It must be short, and must not lock the world again.
    pub(crate) fn with_world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock_world())
    }

    fn lock_world(&self) -> MutexGuard<'_, Arc<World>> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a task until it is done or the session ends. If it panics, the session ends: the editor would wait for ever for what the
    /// task was to tell.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        let broken = self.broken.clone();
        tasks.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                broken.notify_one();
            }
        });
    }

    /// Waits until something that runs beside requests panicked.
    pub(crate) async fn broke(&self) {
        self.broken.notified().await;
    }

    /// Ends what runs beside requests, and lets go of what is kept for the session.
    pub(crate) fn end(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        self.update(|world| *world = World::default());
        self.backend.session_ended(self.id);
    }

    /// The editor said `shutdown`.
    pub(crate) fn shut_down(&self) {
        self.shut_down.store(true, Ordering::Relaxed);
    }

    /// Whether the editor said `shutdown`.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Relaxed)
    }

    pub(crate) fn n_sync_calls(&self) -> u64 {
        self.n_sync_calls.load(Ordering::Relaxed)
    }

    fn count_sync_call(&self) {
        self.n_sync_calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that an answer is incomplete: once in a session to the person, each time to a program that wants to know.
    pub(crate) fn tell_partial(&self, what: &str) {
        let message = format!("The {what} are incomplete: a part of the workspace could not be asked.");
        if !self.told_partial.swap(true, Ordering::Relaxed) {
            self.client.show(MessageType::WARNING, message.clone());
        }
        if self.profile().notes_partial_answers {
            self.client.notify::<PartialAnswer>(PartialAnswerParams { what: what.to_owned() });
        }
        self.client.log(MessageType::WARNING, message);
    }

    /// Declares a buffer unknown, by its URI.
    pub(crate) fn poison_uri(&self, uri: &str, reason: &str) {
        let Ok(uri) = uri.parse::<Uri>() else { return };
        if let Ok(file) = FilePath::from_uri(&uri) {
            self.poison(&file, reason);
        }
        if let Ok(file) = Notebook::key(&uri) {
            self.poison_notebook(&file, reason);
        }
    }
}
