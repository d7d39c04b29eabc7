//! The workspaces of the cluster as questions find them on this node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use vraftls_cluster::Cluster;
use vraftls_index::Description;
use vraftls_meta::State as Metadata;
use vraftls_proto::rpc::{FolderPhase, Watched};
use vraftls_proto::{QueryError, Request, Revisions};
use vraftls_query::{Base, BoxFuture, IndexKeeper, IndexProgress, Library, ProjectSpec, QueryService, Workspaces};
use vraftls_raft::ids::GroupId;
use vraftls_vfs::{ContentDigest, Revision, Snapshot, VfsPath, WorkspaceId};

use super::base::{Contents, ShardedBase};
use super::machines::SharedMachines;
use crate::folders::settings_of;
use crate::libraries::{Environment, PushedLibraries, is_for};
use crate::tree::ingest::blocking;

/// How many projects are remembered.
const PROJECTS_MAX: usize = 256;

/// How many lists of library roots are remembered.
const PUSHED_MAX: u64 = 64;

/// The workspaces.
pub(super) struct Bases {
    cluster: Arc<Cluster<SharedMachines>>,
    contents: Contents,
    current: Mutex<BTreeMap<WorkspaceId, Arc<ShardedBase>>>,
    /// Each project once, so that equal ones are the same value.
    projects: Mutex<BTreeSet<Arc<ProjectSpec>>>,
    /// Lists of library roots, by their contents.
    pushed: Cache<ContentDigest, Arc<PushedLibraries>>,
    /// Grows when any shard's files, or the shards themselves, change.
    bumped: watch::Sender<u64>,
}

impl Bases {
    pub(super) fn new(cluster: Arc<Cluster<SharedMachines>>, contents: Contents) -> Self {
        let bumped = watch::Sender::new(0);
        let pushed = Cache::new(PUSHED_MAX);
        Self { cluster, contents, current: Mutex::default(), projects: Mutex::default(), pushed, bumped }
    }

    fn current(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, Arc<ShardedBase>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a shard may have changed, whenever one does; until the node ends.
    pub(super) async fn follow(self: Arc<Self>) {
        let (mut shards, mut metadata) = (self.cluster.shards_changed(), self.cluster.metadata());
        let mut mirrors = self.contents.mirrors.changed();
        loop {
            shards.borrow_and_update();
            mirrors.borrow_and_update();
            metadata.borrow_and_update();
            self.bumped.send_modify(|n| *n += 1);
            let mut following = JoinSet::new();
            for shard in self.cluster.shards() {
                let (mut state, bumped) = (shard.state, self.bumped.clone());
                following.spawn(async move {
                    while state.changed().await.is_ok() {
                        bumped.send_modify(|n| *n += 1);
                    }
                });
            }
            for (_, mut state) in self.contents.mirrors.all() {
                let bumped = self.bumped.clone();
                following.spawn(async move {
                    while state.changed().await.is_ok() {
                        bumped.send_modify(|n| *n += 1);
                    }
                });
            }
            tokio::select! {
                changed = shards.changed() => if changed.is_err() { return },
                changed = mirrors.changed() => if changed.is_err() { return },
                changed = metadata.changed() => if changed.is_err() { return },
            }
        }
    }

    /// The newest that this node knows of a workspace, with its libraries as far as those are known.
    pub(super) fn newest(&self, workspace: WorkspaceId) -> Result<Arc<ShardedBase>, QueryError> {
        let metadata = self.cluster.metadata().borrow().clone();
        let beside = metadata.workspaces().get(&workspace).and_then(|name| name.of_libraries().ok());
        let libraries = beside.and_then(|name| metadata.workspace(&name));
        // They may have been made just now, and be known to no shard yet.
        let libraries = libraries.and_then(|libraries| self.newest_of(&metadata, libraries, None).ok());
        self.newest_of(&metadata, workspace, libraries)
    }

    fn newest_of(
        &self,
        metadata: &Metadata,
        workspace: WorkspaceId,
        libraries: Option<Arc<ShardedBase>>,
    ) -> Result<Arc<ShardedBase>, QueryError> {
        let shards = self.snapshots(metadata, workspace)?;
        let mut current = self.current();
        let known = current.get(&workspace);
        if let Some(known) = known.filter(|known| known.is_of(&shards, metadata.slots(), libraries.as_ref())) {
            return Ok(Arc::clone(known));
        }
        let slots = Arc::new(metadata.slots().clone());
        let older = known.map(|known| &**known);
        let base = ShardedBase::new(workspace, shards, slots, self.contents.clone(), libraries, older);
        let base = Arc::new(base);
        current.insert(workspace, Arc::clone(&base));
        Ok(base)
    }

    /// What was pushed of the libraries that a base sees; nothing as long as it is not whole.
    async fn pushed(&self, base: &dyn Base) -> Result<Arc<PushedLibraries>, QueryError> {
        let path = VfsPath::new(PushedLibraries::FILE).expect("a name");
        let libraries = base.as_any().downcast_ref::<ShardedBase>().and_then(ShardedBase::libraries);
        let Some((libraries, file)) = libraries.and_then(|base| Some((Arc::clone(base), base.file(&path)?))) else {
            return Ok(Arc::default());
        };
        if let Some(known) = self.pushed.get(&file.digest) {
            return Ok(known);
        }
        let unreadable = |error: String| QueryError::Unavailable(format!("the workspace's libraries: {error}"));
        let text = blocking(move || libraries.read(&path)).await.map_err(|error| unreadable(error.to_string()))?;
        let list = PushedLibraries::decode(text.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
        let list = Arc::new(list);
        self.pushed.insert(file.digest, Arc::clone(&list));
        Ok(list)
    }

    /// Every shard's part of a workspace.
    fn snapshots(
        &self,
        metadata: &Metadata,
        workspace: WorkspaceId,
    ) -> Result<BTreeMap<GroupId, Snapshot>, QueryError> {
        if !metadata.workspaces().contains_key(&workspace) {
            return Err(QueryError::Unavailable(format!("there is no workspace {workspace}")));
        }
        let mut shards = BTreeMap::new();
        for shard in self.cluster.shards() {
            // One that has not adopted the workspace yet has no file of it.
            let snapshot = shard.state.borrow().snapshot(workspace);
            shards.insert(shard.group, snapshot);
        }
        for (group, state) in self.contents.mirrors.all() {
            let snapshot = state.borrow().snapshot(workspace);
            shards.entry(group).or_insert(snapshot);
        }
        let groups = metadata.groups().keys().filter(|group| **group != vraftls_meta::GroupId::METADATA);
        groups
            .map(|group| {
                let group = GroupId(group.0);
                let missing = || QueryError::Unavailable(format!("this node does not know group {group} yet"));
                let found = shards.remove(&group).ok_or_else(missing)?;
                let young = || QueryError::Unavailable(format!("group {group} does not know the workspace yet"));
                Ok((group, found.ok_or_else(young)?))
            })
            .collect()
    }

    /// The newest base, as soon as every group has at least what is asked for.
    pub(super) async fn at_least(
        &self,
        workspace: WorkspaceId,
        at_least: &Revisions,
        deadline: Instant,
    ) -> Result<Arc<ShardedBase>, QueryError> {
        for (group, revision) in at_least.iter() {
            // A shard that is followed from elsewhere comes below.
            if self.cluster.status(GroupId(group)).is_some() {
                let waited = self.cluster.wait_applied(GroupId(group), revision.0, deadline).await;
                waited.map_err(|error| QueryError::Unavailable(error.to_string()))?;
            }
        }
        let mut bumped = self.bumped.subscribe();
        loop {
            bumped.borrow_and_update();
            match self.newest(workspace) {
                Ok(base) if base.revisions().covers(at_least) => return Ok(base),
                Ok(_) => {}
                // A workspace that was just made, or a node that just came.
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => {}
            }
            if tokio::time::timeout_at(deadline, bumped.changed()).await.is_err() {
                let base = self.newest(workspace)?;
                let behind = "this node is behind what was asked for".to_owned();
                return if base.revisions().covers(at_least) { Ok(base) } else { Err(QueryError::Unavailable(behind)) };
            }
        }
    }

    /// Grows whenever a base may have changed.
    pub(super) fn bumped(&self) -> watch::Receiver<u64> {
        self.bumped.subscribe()
    }
}

/// Where files change all the time, indexes and watchers follow in steps of this length. A question that needs more does not wait for it.
const STEP: Duration = Duration::from_millis(20);

/// How long a question waits for a workspace that is just being made known.
const YOUNG: Duration = Duration::from_secs(5);

impl Workspaces for Bases {
    fn base(&self, workspace: WorkspaceId, _: Revision) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>> {
        Box::pin(async move {
            if let Ok(base) = self.newest(workspace) {
                return Ok(base as Arc<dyn Base>);
            }
            let base = self.at_least(workspace, &Revisions::new(), Instant::now() + YOUNG).await?;
            Ok(base as Arc<dyn Base>)
        })
    }

    fn whole_base(
        &self,
        workspace: WorkspaceId,
        at_least: Revision,
    ) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>> {
        self.base(workspace, at_least)
    }

    fn project<'a>(
        &'a self,
        request: &'a Request,
        base: &'a Arc<dyn Base>,
        analyzer: &'a Description,
    ) -> BoxFuture<'a, Result<Arc<ProjectSpec>, QueryError>> {
        Box::pin(async move {
            let pushed = self.pushed(&**base).await?;
            let languages: Vec<&str> = analyzer.languages.iter().map(|language| language.id.as_str()).collect();
            let roots = pushed.roots.iter().filter(|root| is_for(&root.kind, &languages));
            let libraries = roots.map(|root| Library { path: root.path.clone(), kind: root.kind.clone() });
            let environment = Environment { mounts: Vec::new(), settings: pushed.settings.clone() };
            let spec = ProjectSpec {
                workspace: request.workspace,
                root: String::new(),
                libraries: libraries.collect(),
                settings: settings_of(&environment, &request.settings, analyzer),
            };
            Ok(self.only(spec))
        })
    }
}

impl Bases {
    /// The project that is equal to this one.
    fn only(&self, spec: ProjectSpec) -> Arc<ProjectSpec> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = projects.get(&spec) {
            return Arc::clone(known);
        }
        if projects.len() >= PROJECTS_MAX {
            projects.clear();
        }
        let spec = Arc::new(spec);
        projects.insert(Arc::clone(&spec));
        spec
    }
}

/// Keeps the indexes of workspaces in step, and says how each stands.
pub(super) struct Standings {
    bases: Arc<Bases>,
    service: Arc<QueryService>,
    watched: Mutex<BTreeMap<WorkspaceId, Standing>>,
}

struct Standing {
    state: watch::Receiver<Watched>,
    tasks: Vec<JoinHandle<()>>,
}

impl Standings {
    pub(super) fn new(bases: Arc<Bases>, service: Arc<QueryService>) -> Self {
        Self { bases, service, watched: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, Standing>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a workspace stands, now and from now on. The first call begins to index it.
    pub(super) fn of(&self, workspace: WorkspaceId) -> watch::Receiver<Watched> {
        let mut watched = self.lock();
        if let Some(known) = watched.get(&workspace) {
            return known.state.clone();
        }
        // Whoever watched this node before it was started anew must not take what it counts now for what it counted then. Where the system
        // has no randomness, the clock tells the two apart.
        let drawn = getrandom::u64().unwrap_or_else(|_| {
            let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        });
        let first = Watched { generation: (drawn >> 1).max(1), revisions: Revisions::new(), phase: FolderPhase::Ready };
        let (sender, state) = watch::channel(first);
        let keeper = self.service.keeper(workspace);
        let follow = follow(workspace, Arc::clone(&self.bases), Arc::clone(&keeper), self.service.changes(), sender);
        let tasks = vec![tokio::spawn(async move { keeper.run().await }), tokio::spawn(follow)];
        watched.insert(workspace, Standing { state: state.clone(), tasks });
        state
    }

    /// Forgets workspaces that the cluster has no more.
    pub(super) fn retain(&self, is_there: impl Fn(WorkspaceId) -> bool) {
        self.lock().retain(|workspace, standing| {
            let stays = is_there(*workspace);
            if !stays {
                standing.tasks.iter().for_each(JoinHandle::abort);
                self.service.forget_workspace(*workspace);
            }
            stays
        });
    }

    /// Ends everything.
    pub(super) fn end(&self) {
        self.retain(|_| false);
    }
}

async fn follow(
    workspace: WorkspaceId,
    bases: Arc<Bases>,
    keeper: Arc<IndexKeeper>,
    mut changes: watch::Receiver<u64>,
    watched: watch::Sender<Watched>,
) {
    let (mut bumped, mut progress) = (bases.bumped(), keeper.progress());
    let mut known: (u64, u64) = (0, 0);
    loop {
        let stepped = Instant::now();
        bumped.borrow_and_update();
        let n_changes = *changes.borrow_and_update();
        let IndexProgress { n_done, n_total, .. } = *progress.borrow_and_update();
        if let Ok(base) = bases.newest(workspace) {
            let offered: Arc<dyn Base> = base.clone();
            keeper.offer(&offered);
            let phase = match n_done < n_total {
                true => FolderPhase::Indexing { n_done, n_total },
                false => FolderPhase::Ready,
            };
            let is_other = std::mem::replace(&mut known, (base.generation(), n_changes)) != known;
            watched.send_if_modified(|now| {
                let differs = is_other || now.phase != phase;
                if differs {
                    now.generation += 1;
                    now.revisions = base.revisions();
                    now.phase = phase;
                }
                differs
            });
        }
        let ended = tokio::select! {
            changed = bumped.changed() => changed.is_err(),
            changed = progress.changed() => changed.is_err(),
            changed = changes.changed() => changed.is_err(),
        };
        if ended {
            return;
        }
        tokio::time::sleep_until(stepped + STEP).await;
    }
}
