//! The folders that are open, as questions find them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vraftls_index::Description;
use vraftls_proto::{QueryError, Request, SessionSettings};
use vraftls_query::{Base, BoxFuture, Library, ProjectSpec, Workspaces};
use vraftls_vfs::{Revision, WorkspaceId};

use crate::folder::FolderHandle;
use crate::libraries::{Environment, mounts_for, python};
use crate::stats::FolderStats;
use crate::tree::base::TreeBase;
use crate::tree::ingest::Hint;

/// How many projects are remembered; their libraries and settings seldom change.
const PROJECTS_MAX: usize = 256;

/// The folders that are open.
#[derive(Default)]
pub(crate) struct Folders {
    open: Mutex<BTreeMap<PathBuf, Arc<FolderHandle>>>,
    /// Each project once, so that equal ones are the same value.
    projects: Mutex<BTreeSet<Arc<ProjectSpec>>>,
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

    /// Has all trees looked at again.
    pub(crate) fn hint_all(&self) {
        self.open().values().for_each(|folder| folder.hint(Hint::Everything));
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

    fn project_of(
        &self,
        base: &TreeBase,
        request: &Request,
        analyzer: &Description,
    ) -> Result<Arc<ProjectSpec>, QueryError> {
        let environment = base.libraries.environments().of(request.settings.get(python::INTERPRETER));
        // It is mounted before the question is asked, and stays as long as questions last.
        let environment =
            environment.ok_or_else(|| QueryError::Unavailable("the interpreter is not read".to_owned()))?;
        let languages: Vec<&str> = analyzer.languages.iter().map(|language| language.id.as_str()).collect();
        let mounts = mounts_for(&languages, environment, &base.libraries.environments().own);
        let library =
            |mount: &crate::libraries::Mount| Library { path: mount.prefix.clone(), kind: mount.kind.clone() };
        let spec = ProjectSpec {
            workspace: request.workspace,
            root: String::new(),
            libraries: mounts.map(library).collect(),
            settings: settings_of(environment, &request.settings, analyzer),
        };
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = projects.get(&spec) {
            return Ok(known.clone());
        }
        if projects.len() >= PROJECTS_MAX {
            projects.clear();
        }
        let spec = Arc::new(spec);
        projects.insert(spec.clone());
        Ok(spec)
    }
}

/// What the environment says, and above it what the session wants, as far as it is meant for this analyzer.
pub(crate) fn settings_of(
    environment: &Environment,
    wanted: &SessionSettings,
    analyzer: &Description,
) -> Vec<(String, String)> {
    let is_for = |name: &str| {
        let language = name.split_once('.').map(|(language, _)| language);
        name != python::INTERPRETER && analyzer.languages.iter().any(|known| language == Some(known.id.as_str()))
    };
    let mut settings: BTreeMap<String, String> = environment.settings.iter().cloned().collect();
    let wanted = wanted.iter().filter(|(name, _)| is_for(name));
    settings.extend(wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    settings.into_iter().collect()
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
        request: &'a Request,
        _base: &'a Arc<dyn Base>,
        analyzer: &'a Description,
    ) -> BoxFuture<'a, Result<Arc<ProjectSpec>, QueryError>> {
        Box::pin(async move {
            let folder = self.by_id(request.workspace).ok_or_else(|| not_open(request.workspace))?;
            let base = folder.base.borrow().clone();
            self.project_of(&base, request, analyzer)
        })
    }
}
