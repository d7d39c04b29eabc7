//! The folders that are open, as questions find them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vraftls_index::Description;
use vraftls_proto::QueryError;
use vraftls_query::{Base, BoxFuture, Library, ProjectSpec, Workspaces};
use vraftls_vfs::{Revision, VfsPath, WorkspaceId};

use crate::folder::FolderHandle;
use crate::stats::FolderStats;
use crate::tree::base::TreeBase;

/// How many projects are remembered; their libraries and settings seldom change.
const PROJECTS_MAX: usize = 256;

/// The folders that are open.
#[derive(Default)]
pub(crate) struct Folders {
    open: Mutex<BTreeMap<PathBuf, Arc<FolderHandle>>>,
    /// Each project once, so that equal ones are the same value.
    projects: Mutex<BTreeMap<(WorkspaceId, String), Arc<ProjectSpec>>>,
}

impl Folders {
    fn open(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Arc<FolderHandle>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn by_root(&self, root: &Path) -> Option<Arc<FolderHandle>> {
        self.open().get(root).cloned()
    }

    pub(crate) fn by_id(&self, workspace: WorkspaceId) -> Option<Arc<FolderHandle>> {
        self.open().values().find(|folder| folder.workspace == workspace).cloned()
    }

    /// How far each is, by their roots.
    pub(crate) fn stats(&self) -> Vec<FolderStats> {
        let of = |(root, folder): (&PathBuf, &Arc<FolderHandle>)| FolderStats {
            root: root.clone(),
            workspace: folder.workspace,
            progress: *folder.progress.borrow(),
        };
        self.open().iter().map(of).collect()
    }

    /// The folder of a root, started if nobody did before. `start` must not wait for anything: questions find no folder meanwhile.
    pub(crate) fn register(
        &self,
        root: PathBuf,
        start: impl FnOnce(&Path) -> Option<FolderHandle>,
    ) -> Option<Arc<FolderHandle>> {
        let mut open = self.open();
        if let Some(folder) = open.get(&root) {
            return Some(folder.clone());
        }
        let folder = Arc::new(start(&root)?);
        open.insert(root, folder.clone());
        Some(folder)
    }

    fn project_of(&self, base: &TreeBase, workspace: WorkspaceId, analyzer: &Description) -> Arc<ProjectSpec> {
        let environment = base.libraries.environment();
        let library =
            |mount: &crate::libraries::Mount| Library { path: mount.prefix.clone(), kind: mount.kind.clone() };
        let spec = ProjectSpec {
            workspace,
            root: String::new(),
            libraries: environment.mounts.iter().map(library).collect(),
            settings: environment.settings.clone(),
        };
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (workspace, analyzer.id.clone());
        match projects.get(&key) {
            Some(known) if **known == spec => known.clone(),
            _ => {
                if projects.len() >= PROJECTS_MAX {
                    projects.clear();
                }
                let spec = Arc::new(spec);
                projects.insert(key, spec.clone());
                spec
            }
        }
    }
}

fn not_open(workspace: WorkspaceId) -> QueryError {
    QueryError::Unavailable(format!("workspace {workspace} is not open"))
}

impl Workspaces for Folders {
    fn base(&self, workspace: WorkspaceId, at_least: Revision) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>> {
        Box::pin(async move {
            let folder = self.by_id(workspace).ok_or_else(|| not_open(workspace))?;
            let mut base = folder.walked_base().await.ok_or_else(|| not_open(workspace))?;
            let reached = base.wait_for(|base| base.revision() >= at_least).await;
            let base: Arc<dyn Base> = reached.map_err(|_| not_open(workspace))?.clone();
            Ok(base)
        })
    }

    /// The base after the walk has every file: what is not committed yet is read from the disk.
    fn whole_base(
        &self,
        workspace: WorkspaceId,
        at_least: Revision,
    ) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>> {
        self.base(workspace, at_least)
    }

    fn project<'a>(
        &'a self,
        workspace: WorkspaceId,
        _path: &'a VfsPath,
        analyzer: &'a Description,
    ) -> BoxFuture<'a, Result<Arc<ProjectSpec>, QueryError>> {
        Box::pin(async move {
            let folder = self.by_id(workspace).ok_or_else(|| not_open(workspace))?;
            let base = folder.base.borrow().clone();
            Ok(self.project_of(&base, workspace, analyzer))
        })
    }
}
