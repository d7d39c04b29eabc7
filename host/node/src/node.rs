//! The node: everything started in order, held together, and ended in order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vraftls_cache::{DiskTierConfig, OffloadPool, Tier};
use vraftls_index::Description;
use vraftls_proto::{Answered, QueryError, Request, SessionId, SessionSettings};
use vraftls_query::{Base, IndexKeeper, QueryConfig, QueryService, ReadError, Workspaces, is_bundled};
use vraftls_raft::config::GroupConfig;
use vraftls_raft::error::{InitializeError, StartError, StorageError, WaitError};
use vraftls_raft::group::Group;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_vfs::{ContentDigest, Refusal, Revision, Snapshot, VfsPath, WorkspaceId};

use crate::bundled::BundledFiles;
use crate::config::NodeConfig;
use crate::contents::{ContentError, ContentStore};
use crate::data_dir::{DataDir, DataDirError};
use crate::folder::{FolderHandle, FolderProgress, OpenFolder, workspace_name};
use crate::folders::Folders;
use crate::libraries::{self, Configured, Environments, python};
use crate::machine::{Keeping, Opened, VfsMachine};
use crate::network::NoPeers;
use crate::plugins::{self, PluginError, PluginKeeper, Plugins};
use crate::references::{Hold, References};
use crate::replica::{Replica, ReplicaError};
use crate::saving::SharedSaves;
use crate::sessions::Sessions;
use crate::stats::NodeStats;
use crate::stop::Stopper;
use crate::sweep::Sweep;
use crate::tree::base::TreeBase;
use crate::tree::ingest::{HINTS_MAX, Hint, Ingest, Progress, blocking};
use crate::tree::libraries::Libraries;
use crate::tree::pending::text_of;
use crate::tree::watch::TreeWatcher;

/// The group that holds the files; there is one shard.
const FILES_GROUP: GroupId = GroupId(1);

/// An entry carries up to about 1 MiB: a snapshot point is taken, and the log below it dropped, after so many.
const SNAPSHOT_AFTER_ENTRIES: u64 = 128;

/// Nobody lags behind a group of one, so hardly any entry is kept below a snapshot point.
const ENTRIES_KEPT: u64 = 8;

/// Threads that wait for the disk on behalf of questions.
const DISK_THREADS: usize = 2;

/// Jobs that may wait for them.
const DISK_JOBS_MAX: usize = 4096;

/// How many bytes of facts the disk keeps.
const DISK_CACHE_BYTES: u64 = 256 << 20;

/// How long reading a bundled file may take: an analyzer may have to start for it.
const BUNDLED_DEADLINE: Duration = Duration::from_secs(30);

/// How long the group may take to lead after a start.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// How long a last snapshot may take when the node ends.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

/// A running node.
pub struct Node {
    data_dir: Arc<DataDir>,
    replica: Replica,
    log: LogStore,
    contents: ContentStore,
    plugins: Arc<PluginKeeper>,
    service: Arc<QueryService>,
    folders: Arc<Folders>,
    sessions: Sessions,
    config: NodeConfig,
    bundled: BundledFiles,
    stopper: Stopper,
    /// None after the end.
    tasks: Mutex<Option<Tasks>>,
}

/// What runs beside questions: for the open folders, and for the node itself.
struct Tasks {
    /// Write: they end by themselves when the node does, and are waited for.
    writers: Vec<JoinHandle<()>>,
    /// Only follow: they may end anywhere.
    followers: Vec<JoinHandle<()>>,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The analyzers cannot be loaded.
    #[error("the analyzers cannot be loaded")]
    Plugins(#[from] PluginError),
    /// The stores of the data directory cannot be opened.
    #[error("the log cannot be opened")]
    Storage(#[from] StorageError),
    /// The contents cannot be opened.
    #[error("the contents cannot be opened")]
    Contents(#[from] ContentError),
    /// The second tier of the cache cannot be opened.
    #[error("the cache cannot be opened")]
    Cache(#[from] vraftls_cache::OpenDiskTierError),
    /// A thread cannot be started.
    #[error("a thread cannot be started")]
    Thread(#[from] std::io::Error),
    /// The replica does not start.
    #[error("the replica does not start")]
    Start(#[from] StartError),
    /// The group cannot be formed.
    #[error("the group cannot be formed")]
    Initialize(#[from] InitializeError),
    /// The group does not lead in time.
    #[error("the replica does not become ready")]
    Wait(#[from] WaitError),
}

/// Why a node did not end well. Nothing that was acknowledged is lost: the next start replays more of the log.
#[derive(Debug, thiserror::Error)]
pub enum ShutdownError {
    /// The log could not be closed.
    #[error("the log could not be closed")]
    Log(#[from] StorageError),
}

/// What a folder needs from the file system before it starts.
struct Prepared {
    environments: Environments,
    wants: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    watcher: Option<TreeWatcher>,
    hints_in: mpsc::Sender<Hint>,
    hints: mpsc::Receiver<Hint>,
}

impl Prepared {
    /// Blocks on the disk.
    fn new(root: &Path, environments: Environments, wants: Arc<dyn Fn(&str) -> bool + Send + Sync>) -> Self {
        let (hints_in, hints) = mpsc::channel(HINTS_MAX);
        let watcher = TreeWatcher::new(root.to_owned(), wants.clone(), hints_in.clone());
        Self { environments, wants, watcher, hints_in, hints }
    }
}

/// What is opened before the replica, each on a thread that may block.
struct Stores {
    data_dir: Arc<DataDir>,
    contents: ContentStore,
    log: LogStore,
    machine: VfsMachine,
    state: watch::Receiver<vraftls_vfs::State>,
    references: References,
    recovering: Option<Hold>,
    plugins: Plugins,
    disk_tier: vraftls_cache::DiskTier,
}

impl Node {
    /// Starts a node on its data directory.
    pub async fn open(config: NodeConfig) -> Result<Arc<Self>, OpenError> {
        let asked = config.clone();
        let stores = blocking(move || open_stores(&asked)).await?;
        let group = start_group(&stores.data_dir, &stores.log, stores.machine).await?;
        // The group holds all of its log by now, so that the state speaks of everything that was committed.
        drop(stores.recovering);
        let sweep = Sweep::new(config.sweep, stores.contents.clone(), stores.references);
        let replica = Replica::new(group, stores.state);
        let stopper = Stopper::new();
        let sweeping = tokio::spawn(sweep.run(stopper.listener()));
        let folders = Arc::new(Folders::default());
        let lower: Vec<Arc<dyn Tier>> = vec![Arc::new(stores.disk_tier)];
        let threads = Arc::new(OffloadPool::new(DISK_THREADS, DISK_JOBS_MAX)?);
        let service = QueryService::new(folders.clone(), lower, threads, QueryConfig::default());
        let service = Arc::new(service);
        let plugins = PluginKeeper::new(stores.plugins, Arc::clone(&service));
        let walking = tokio::spawn(walk_for_other_analyzers(Arc::downgrade(&service), Arc::downgrade(&folders)));
        Ok(Arc::new(Self {
            bundled: BundledFiles::new(&stores.data_dir.bundled()),
            data_dir: stores.data_dir,
            replica,
            log: stores.log,
            contents: stores.contents,
            plugins,
            service,
            folders,
            sessions: Sessions::default(),
            config,
            stopper,
            tasks: Mutex::new(Some(Tasks { writers: vec![sweeping], followers: vec![walking] })),
        }))
    }

    /// The directory that it owns.
    pub fn data_dir(&self) -> &DataDir {
        &self.data_dir
    }

    /// Who analyzes.
    pub fn analyzers(&self) -> Vec<Arc<Description>> {
        self.service.descriptions()
    }

    /// Changes whenever the same question may get another answer though no file changed: the analyzers did.
    pub fn analyzers_changed(&self) -> watch::Receiver<u64> {
        self.service.changes()
    }

    /// What keeps the analyzers.
    pub fn plugins(&self) -> &Arc<PluginKeeper> {
        &self.plugins
    }

    /// Opens the workspace of a folder, and makes it where there is none. Returns at once; the tree is walked and taken in meanwhile.
    pub async fn open_folder(&self, root: &Path) -> Result<OpenFolder, QueryError> {
        let asked = root.to_owned();
        let canonical = blocking(move || asked.canonicalize().map_err(|error| (asked, error))).await;
        let canonical = canonical
            .map_err(|(path, error)| QueryError::InvalidInput(format!("cannot open {}: {error}", path.display())))?;
        if let Some(open) = self.folders.by_root(&canonical) {
            return Ok(opened(&open, root));
        }
        let workspace = self.workspace_of(&canonical).await.map_err(|error| {
            QueryError::Unavailable(format!("the workspace cannot be made: {}", crate::chain(&error)))
        })?;
        let snapshot = self.replica.state().snapshot(workspace);
        let snapshot = snapshot.ok_or_else(|| QueryError::Unavailable("the workspace was just removed".to_owned()))?;
        let (looked_at, wants, discover) = (canonical.clone(), self.wants(), self.discoverer(&canonical));
        let prepared = blocking(move || Prepared::new(&looked_at, discover(Vec::new()), wants)).await;
        // Two sessions may have come here at once: the first that registers starts the ingest.
        let handle = self.folders.register(canonical, |root| self.start_folder(workspace, root, snapshot, prepared));
        handle.map(|handle| opened(&handle, root)).ok_or_else(|| QueryError::Unavailable("the node ends".to_owned()))
    }

    async fn workspace_of(&self, root: &Path) -> Result<WorkspaceId, ReplicaError> {
        let name = workspace_name(root);
        if let Some(workspace) = self.replica.state().workspace(name.as_str()) {
            return Ok(workspace);
        }
        match self.replica.propose(vraftls_vfs::Request::CreateWorkspace { name }).await {
            Ok(vraftls_vfs::Applied::WorkspaceCreated { workspace }) => Ok(workspace),
            Ok(_) => Err(ReplicaError::WrongAnswer),
            Err(ReplicaError::Refused(Refusal::WorkspaceExists { workspace })) => Ok(workspace),
            Err(error) => Err(error),
        }
    }

    /// What finds the environments of a folder, with those of the interpreters that sessions configured. It blocks on the disk.
    fn discoverer(&self, root: &Path) -> impl Fn(Vec<String>) -> Environments + Send + Sync + 'static {
        let (root, python, rust) = (root.to_owned(), self.config.python.clone(), self.config.rust.clone());
        move |configured| libraries::discover(&root, &python, &rust, configured)
    }

    /// Which paths some analyzer reads: those that are loaded when that is asked.
    fn wants(&self) -> Arc<dyn Fn(&str) -> bool + Send + Sync> {
        self.service.reader()
    }

    /// Starts what runs for a folder; none when the node ends.
    fn start_folder(
        &self,
        workspace: WorkspaceId,
        root: &Path,
        snapshot: Snapshot,
        prepared: Prepared,
    ) -> Option<FolderHandle> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let tasks = tasks.as_mut()?;
        let Prepared { environments, wants, watcher, hints_in, hints } = prepared;
        let libraries = Arc::new(Libraries::new(root.to_owned(), environments));
        let base = Arc::new(TreeBase::new(snapshot, self.contents.clone(), libraries));
        let (base_in, base) = watch::channel(base);
        let (progress_in, ingest) = watch::channel(Progress::default());
        let (fulfilled_in, fulfilled) = watch::channel(0);
        let (configured, saves) = (Arc::new(Configured::default()), SharedSaves::new());
        let (discover, also) = (self.discoverer(root), configured.clone());
        let task = Ingest {
            workspace,
            root: root.to_owned(),
            manifests: self.data_dir.manifests(),
            replica: self.replica.clone(),
            contents: self.contents.clone(),
            wants,
            discover: Arc::new(move || discover(also.list())),
            base: base_in,
            saves: saves.clone(),
            progress: progress_in,
            hints,
            fulfilled: fulfilled_in,
            wished: 0,
            watcher,
            due: Instant::now(),
            stop: self.stopper.listener(),
        };
        let now = FolderProgress { revision: base.borrow().snapshot.changed(), ..FolderProgress::default() };
        let (progress_in, progress) = watch::channel(now);
        let keeper = self.service.keeper(workspace);
        let followed = follow(base.clone(), ingest.clone(), keeper.clone(), saves.n_losses(), progress_in);
        tasks.writers.push(tokio::spawn(task.run()));
        tasks.followers.extend([tokio::spawn(followed), tokio::spawn(async move { keeper.run().await })]);
        let (root, hints, wishes) = (root.to_owned(), hints_in, AtomicU64::new(0));
        Some(FolderHandle { workspace, root, base, ingest, hints, wishes, fulfilled, progress, saves, configured })
    }

    /// Answers a request. Dropping the future cancels the work.
    pub async fn answer(&self, request: Request) -> Result<Answered, QueryError> {
        let _asking = self.sessions.ask(request.session);
        if let (Some(interpreter), Some(folder)) =
            (request.settings.get(python::INTERPRETER), self.folders.by_id(request.workspace))
        {
            let mounted = tokio::time::timeout(request.deadline, folder.mount(interpreter)).await;
            mounted.map_err(|_| QueryError::DeadlineExceeded(request.deadline))??;
        }
        self.service.answer(request).await
    }

    /// Looks whether what a session wants for a workspace can be had, and gets it ready. Gives what cannot, by name, with the reason.
    pub async fn prepare_settings(&self, workspace: WorkspaceId, settings: &SessionSettings) -> Vec<(String, String)> {
        let (Some(interpreter), Some(folder)) = (settings.get(python::INTERPRETER), self.folders.by_id(workspace))
        else {
            return Vec::new();
        };
        let (root, asked) = (folder.root.clone(), interpreter.to_owned());
        let refused = match blocking(move || python::check(&root, &asked)).await {
            Err(error) => Some(error.to_string()),
            Ok(()) => folder.mount(interpreter).await.err().map(|error| error.to_string()),
        };
        refused.map(|reason| (python::INTERPRETER.to_owned(), reason)).into_iter().collect()
    }

    /// An open folder.
    pub(crate) fn folder(&self, workspace: WorkspaceId) -> Option<Arc<FolderHandle>> {
        self.folders.by_id(workspace)
    }

    /// The text of a file: library roots and bundled files included. With a digest, exactly that content or an error.
    pub async fn text(
        &self,
        workspace: WorkspaceId,
        path: &VfsPath,
        digest: Option<ContentDigest>,
    ) -> Result<Arc<str>, QueryError> {
        if is_bundled(path) {
            return self.service.bundled_text(workspace, path, digest, BUNDLED_DEADLINE).await;
        }
        let base = self.folders.base(workspace, Revision(0)).await?;
        let (contents, path) = (self.contents.clone(), path.clone());
        blocking(move || read_exactly(&*base, &contents, &path, digest)).await
    }

    /// What it did so far, and what it holds. Cheap enough to be asked every second.
    pub fn stats(&self) -> NodeStats {
        let (n_sessions, n_questions) = self.sessions.count();
        NodeStats {
            revision: self.replica.state().revision(),
            folders: self.folders.stats(),
            n_sessions,
            n_questions,
            caches: self.service.cache_stats(),
            sandbox: self.plugins.runtime().counters(),
        }
    }

    /// Says that these files may have changed on disk.
    pub fn files_changed(&self, workspace: WorkspaceId, paths: Vec<VfsPath>) {
        if let Some(folder) = self.folders.by_id(workspace) {
            folder.hint(if paths.is_empty() { Hint::Everything } else { Hint::Paths(paths) });
        }
    }

    /// Looks at a workspace's tree; returns when questions see the disk as it was when this was called, or newer.
    pub async fn catch_up(&self, workspace: WorkspaceId) -> Result<(), QueryError> {
        match self.folders.by_id(workspace) {
            Some(folder) => folder.catch_up().await,
            None => Err(QueryError::Unavailable(format!("workspace {workspace} is not open"))),
        }
    }

    /// Says that a session ended. Nothing is kept for a session beyond its requests yet, but that it is there.
    pub fn session_ended(&self, session: SessionId) {
        self.sessions.end(session);
        tracing::debug!(session = session.0, "a session ended");
    }

    /// Where an editor finds a file of the view that is not inside the folder. A bundled file is written out.
    pub async fn outside_path(&self, workspace: WorkspaceId, path: &VfsPath) -> Option<PathBuf> {
        if !is_bundled(path) {
            return self.folders.by_id(workspace)?.base.borrow().libraries.on_disk(path.as_str());
        }
        let file = self.service.bundled(workspace, path, BUNDLED_DEADLINE).await.ok()?;
        let (files, path) = (self.bundled.clone(), path.clone());
        blocking(move || match files.write(&file.component, &path, &file.text) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::warn!(%path, %error, "a bundled file cannot be written out");
                None
            }
        })
        .await
    }

    /// The view's path of a file outside the folder, if it lies in a library root or is a bundled file.
    pub fn inside_path(&self, workspace: WorkspaceId, file: &Path) -> Option<VfsPath> {
        if let Some(path) = self.bundled.in_view(file) {
            return Some(path);
        }
        let folder = self.folders.by_id(workspace)?;
        let base = folder.base.borrow().clone();
        let path = base.libraries.mounts().iter().find_map(|mount| mount.in_view(file))?;
        VfsPath::new(&path).ok()
    }

    /// Ends the node: what runs is stopped, the state is made durable so that the next start is quick, the log is closed. Does nothing
    /// the second time.
    pub async fn shutdown(&self) -> Result<(), ShutdownError> {
        self.stopper.stop();
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(tasks) = tasks else { return Ok(()) };
        tasks.followers.iter().for_each(JoinHandle::abort);
        for task in tasks.writers.into_iter().chain(tasks.followers) {
            let abort = task.abort_handle();
            if tokio::time::timeout(SHUTDOWN_DEADLINE, task).await.is_err() {
                tracing::warn!("a task does not end");
                abort.abort();
            }
        }
        let engines_closed = self.plugins.close();
        let group = self.replica.group();
        // What is applied after this was on its way when its asker left, and is in the log.
        let applied = group.status().applied;
        let is_behind = |status: &vraftls_raft::status::GroupStatus| status.snapshot < applied;
        if is_behind(&group.status()) && group.trigger_snapshot().await.is_ok() {
            let deadline = Instant::now() + SHUTDOWN_DEADLINE;
            // Without it the next start replays more of the log.
            if let Err(error) = group.wait_for("the last snapshot", deadline, |status| !is_behind(status)).await {
                tracing::warn!(%error, "no last snapshot");
            }
        }
        group.shutdown().await;
        self.log.close().await?;
        if let Err(error) = engines_closed.await {
            tracing::error!(%error, "the engines could not be closed");
        }
        Ok(())
    }
}

/// The text at a path, of exactly this content if there is a digest: the base may have moved on, its older contents are kept a while.
pub(crate) fn read_exactly(
    base: &dyn Base,
    contents: &ContentStore,
    path: &VfsPath,
    digest: Option<ContentDigest>,
) -> Result<Arc<str>, QueryError> {
    let unreadable = |reason: String| QueryError::Unavailable(format!("{path} cannot be read: {reason}"));
    if let Some(digest) = digest
        && base.file(path).is_none_or(|file| file.digest != digest)
    {
        let bytes = contents.get(&digest).map_err(|error| unreadable(crate::chain(&error)))?;
        return text_of(&bytes).map_err(|error| unreadable(error.to_string()));
    }
    base.read(path).map_err(|error| match error {
        ReadError::NotFound => QueryError::NotFound(path.clone()),
        error => unreadable(error.to_string()),
    })
}

fn opened(folder: &FolderHandle, root: &Path) -> OpenFolder {
    OpenFolder { workspace: folder.workspace, root: root.to_owned(), progress: folder.progress.clone() }
}

/// Opens what lies in the data directory and loads the analyzers, both at the same time.
fn open_stores(config: &NodeConfig) -> Result<Stores, OpenError> {
    let data_dir = Arc::new(DataDir::open(&config.data_directory, &config.command)?);
    let artifacts = config.artifact_directory.clone().unwrap_or_else(|| data_dir.artifacts());
    std::thread::scope(|scope| {
        let engines = data_dir.engines();
        let plugins = scope.spawn(move || plugins::load(&config.plugin_directories, &artifacts, Some(&engines)));
        let disk_tier = scope.spawn(|| {
            vraftls_cache::DiskTier::open(&data_dir.cache(), DiskTierConfig { budget_bytes: DISK_CACHE_BYTES })
        });
        let contents = ContentStore::of(&data_dir)?;
        let log = LogStore::open(&data_dir.log(), LogStoreConfig::default())?;
        let references = References::new();
        let keeping = Keeping::alone(FILES_GROUP, contents.clone(), references.clone());
        let Opened { machine, state, recovering } = VfsMachine::open(&data_dir.snapshots(), keeping)?;
        let joined = |_| std::io::Error::other("a thread that opens the stores panicked");
        let plugins = plugins.join().map_err(joined)??;
        let disk_tier = disk_tier.join().map_err(joined)??;
        let data_dir = data_dir.clone();
        Ok(Stores { data_dir, contents, log, machine, state, references, recovering, plugins, disk_tier })
    })
}

/// Starts the replica, forms the group on its first start, and waits until it leads and holds what it held before.
async fn start_group(data_dir: &DataDir, log: &LogStore, machine: VfsMachine) -> Result<Group<VfsMachine>, OpenError> {
    let node = NodeId(data_dir.identity().node);
    let config = GroupConfig {
        snapshot_after_entries: SNAPSHOT_AFTER_ENTRIES,
        entries_kept: ENTRIES_KEPT,
        ..GroupConfig::new(FILES_GROUP, node, data_dir.snapshots().join("received"))
    };
    let group = Group::start(config, log, machine, Arc::new(NoPeers)).await?;
    match group.initialize_single(Peer::new("embedded")).await {
        Ok(()) | Err(InitializeError::AlreadyFormed { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let deadline = Instant::now() + START_DEADLINE;
    group.wait_for("this node to lead", deadline, |status| status.leader == Some(node)).await?;
    group.wait_recovered(deadline).await?;
    Ok(group)
}

/// Has the trees looked at again when other analyzers read other files, for as long as there are questions: it keeps nobody alive.
async fn walk_for_other_analyzers(service: Weak<QueryService>, folders: Weak<Folders>) {
    let Some((mut changes, mut read)) = service.upgrade().map(|service| (service.changes(), files_read(&service)))
    else {
        return;
    };
    while changes.changed().await.is_ok() {
        let (Some(service), Some(folders)) = (service.upgrade(), folders.upgrade()) else { return };
        let now = files_read(&service);
        if read != now {
            folders.hint_all();
            read = now;
        }
    }
}

/// Which files analyzers read, as far as one set of them reads others than another.
fn files_read(service: &QueryService) -> BTreeSet<String> {
    let descriptions = service.descriptions();
    let of_one = descriptions.iter().flat_map(|it| {
        let suffixes = it.languages.iter().flat_map(|language| &language.suffixes).map(|suffix| format!(".{suffix}"));
        suffixes.chain(it.project_files.iter().cloned())
    });
    of_one.collect()
}

/// Puts together how far a folder is, and has the index follow its base.
async fn follow(
    mut base: watch::Receiver<Arc<TreeBase>>,
    mut ingest: watch::Receiver<Progress>,
    keeper: Arc<IndexKeeper>,
    mut n_losses: watch::Receiver<u64>,
    progress: watch::Sender<FolderProgress>,
) {
    let mut index = keeper.progress();
    loop {
        let taken = *ingest.borrow_and_update();
        let seen = base.borrow_and_update().clone();
        let changed = seen.snapshot.changed();
        let current: Arc<dyn Base> = seen;
        if taken.walked {
            keeper.offer(&current);
        }
        let indexed = *index.borrow_and_update();
        let next = FolderProgress {
            revision: changed,
            walked: taken.walked,
            n_taken: taken.n_done,
            n_to_take: taken.n_total,
            n_indexed: indexed.n_done,
            n_to_index: indexed.n_total,
            n_losses: *n_losses.borrow_and_update(),
        };
        progress.send_if_modified(|progress| std::mem::replace(progress, next) != next);
        let ended = tokio::select! {
            changed = base.changed() => changed.is_err(),
            changed = ingest.changed() => changed.is_err(),
            changed = index.changed() => changed.is_err(),
            changed = n_losses.changed() => changed.is_err(),
        };
        if ended {
            return;
        }
    }
}
