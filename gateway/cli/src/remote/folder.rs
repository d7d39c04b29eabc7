//! An open folder: how its workspace stands, and what its files on this machine have beyond the base.
//!
//! Two tasks live as long as somebody has the folder: one hears how the workspace stands, one looks at the disk when it is told that
//! something changed, here or there.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use vraftls_client::{Cluster, Watcher};
use vraftls_gateway::{FolderPhase, FolderState};
use vraftls_node::LocalTree;
use vraftls_proto::rpc::{self, Watched};
use vraftls_proto::{OverlaySet, QueryError, Revisions};
use vraftls_vfs::{Revision, WorkspaceId, WorkspaceName};

use super::analyzers::Analyzers;
use super::base_list::{self, BaseList};
use super::differences::compare;
use super::texts::Texts;

/// How long to wait before the cluster is asked again that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How long to wait before the disk is looked at: what changes together is looked at together.
const SETTLE: Duration = Duration::from_millis(30);

/// What a folder needs of the gateway.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) cluster: Cluster,
    pub(super) analyzers: Arc<Analyzers>,
    pub(super) texts: Texts,
}

/// An open folder.
pub(super) struct RemoteFolder {
    /// What the gateway calls it: one workspace may be several folders here, each with files of its own.
    pub(super) id: WorkspaceId,
    /// The cluster's.
    pub(super) workspace: WorkspaceId,
    pub(super) name: WorkspaceName,
    pub(super) root: PathBuf,
    /// Whether its files lie on this machine.
    pub(super) is_here: bool,
    state: watch::Sender<FolderState>,
    view: watch::Sender<Arc<View>>,
    /// How often somebody wished that the disk is looked at.
    wishes: watch::Sender<u64>,
    /// The base that the workspace is known to have at least.
    heard: Mutex<Revisions>,
}

/// What the files have beyond the base, as far as somebody looked.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The last wish that it fulfils; 0 before the first look.
    fulfilled: u64,
    /// The base that was compared with.
    pub(super) base: Arc<BaseList>,
    /// What differs, or why nothing can be asked.
    pub(super) differences: Result<Arc<OverlaySet>, QueryError>,
}

impl RemoteFolder {
    /// Opens a folder, and follows it until nobody has it any more.
    pub(super) fn start(
        id: WorkspaceId,
        (workspace, name): (WorkspaceId, WorkspaceName),
        root: &Path,
        is_here: bool,
        around: Surroundings,
    ) -> Arc<Self> {
        let view = View { fulfilled: u64::from(!is_here), base: Arc::default(), differences: Ok(Arc::default()) };
        let state = FolderState { revision: Revision(0), phase: FolderPhase::Ready, n_losses: 0 };
        let folder = Arc::new(Self {
            id,
            workspace,
            name,
            root: root.to_owned(),
            is_here,
            state: watch::Sender::new(state),
            view: watch::Sender::new(Arc::new(view)),
            wishes: watch::Sender::new(1),
            heard: Mutex::default(),
        });
        let weak = Arc::downgrade(&folder);
        let watching = tokio::spawn(keep_watching(weak.clone(), around.clone()));
        if is_here {
            tokio::spawn(keep_looking(weak, LocalTree::new(root), around, watching));
        }
        folder
    }

    /// How it stands.
    pub(super) fn state(&self) -> watch::Receiver<FolderState> {
        self.state.subscribe()
    }

    /// How it stands now.
    pub(super) fn state_now(&self) -> FolderState {
        *self.state.borrow()
    }

    /// Whether anybody follows how it stands.
    pub(super) fn is_followed(&self) -> bool {
        self.state.receiver_count() > 0
    }

    /// What is known of its files.
    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// Notes that the workspace has a base; the next look compares with that one or a later one.
    pub(super) fn hear(&self, revisions: &Revisions) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).raise_all(revisions);
    }

    fn heard(&self) -> Revisions {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the disk looked at soon.
    pub(super) fn wish(&self) -> u64 {
        let mut wish = 0;
        self.wishes.send_modify(|n| {
            *n += 1;
            wish = *n;
        });
        wish
    }

    /// What is known of its files, once somebody looked for a wish.
    pub(super) async fn looked(&self, wish: u64) -> Result<Arc<View>, QueryError> {
        if !self.is_here {
            return Ok(self.view());
        }
        let mut view = self.view.subscribe();
        match view.wait_for(|view| view.fulfilled >= wish).await {
            Ok(view) => Ok(Arc::clone(&view)),
            Err(_) => Err(QueryError::Unavailable("the folder is not open any more".to_owned())),
        }
    }

    /// Notes how the workspace stands, and says what that means.
    fn stands(&self, watched: &Watched, known: &mut Option<Watched>) -> Moved {
        let before = known.replace(watched.clone());
        let moved = Moved::between(before.as_ref(), watched);
        self.hear(&watched.revisions);
        let phase = phase_of(watched.phase);
        self.state.send_if_modified(|state| {
            let moves = moved != Moved::Nothing;
            state.revision.0 += u64::from(moves);
            std::mem::replace(&mut state.phase, phase) != phase || moves
        });
        moved
    }

    /// Notes what a look found.
    fn found(&self, view: View) {
        let differs = self.view.send_replace(Arc::new(view)).differences != self.view.borrow().differences;
        if differs {
            self.state.send_modify(|state| state.revision.0 += 1);
        }
    }
}

/// What moved in a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Moved {
    /// Only how far the work on it is.
    Nothing,
    /// Its base.
    Base,
    /// Neither its base nor, as far as it looks, the work on it: what analyzes it.
    Analyzers,
}

impl Moved {
    fn between(before: Option<&Watched>, now: &Watched) -> Self {
        use rpc::FolderPhase::{Indexing, Ready};
        let Some(before) = before else { return Self::Base };
        match (before.phase, now.phase) {
            _ if before.revisions != now.revisions => Self::Base,
            // All is indexed again though no file changed. That it follows a change of the base costs a look too many.
            (Ready, Indexing { .. }) => Self::Analyzers,
            (before, now) if before == now => Self::Analyzers,
            _ => Self::Nothing,
        }
    }
}

fn phase_of(phase: rpc::FolderPhase) -> FolderPhase {
    match phase {
        rpc::FolderPhase::Ingesting { n_done, n_total } => FolderPhase::Ingesting { n_done, n_total },
        rpc::FolderPhase::Indexing { n_done, n_total } => FolderPhase::Indexing { n_done, n_total },
        rpc::FolderPhase::Ready => FolderPhase::Ready,
    }
}

/// Hears how the workspace stands.
async fn keep_watching(folder: Weak<RemoteFolder>, around: Surroundings) {
    let Some(workspace) = folder.upgrade().map(|folder| folder.workspace) else { return };
    let mut watcher: Watcher = around.cluster.watch(workspace);
    let mut known = None;
    loop {
        let heard = watcher.next().await;
        let Some(folder) = folder.upgrade() else { return };
        match heard {
            Ok(watched) => {
                let moved = folder.stands(&watched, &mut known);
                if moved != Moved::Nothing {
                    folder.wish();
                }
                drop(folder);
                match moved {
                    Moved::Nothing => {}
                    Moved::Base => around.analyzers.look(&around.cluster, false).await,
                    Moved::Analyzers => around.analyzers.look(&around.cluster, true).await,
                }
            }
            Err(error) => {
                tracing::debug!(%workspace, %error, "how the workspace stands is not known");
                drop(folder);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Looks at the disk whenever somebody wishes it.
async fn keep_looking(folder: Weak<RemoteFolder>, mut tree: LocalTree, around: Surroundings, watching: JoinHandle<()>) {
    let Some(mut wishes) = folder.upgrade().map(|folder| folder.wishes.subscribe()) else { return };
    wishes.mark_changed();
    while wishes.changed().await.is_ok() {
        tokio::time::sleep(SETTLE).await;
        let wish = *wishes.borrow_and_update();
        let Some(open) = folder.upgrade() else { break };
        let (view, looked) = look(&open, tree, &around, wish).await;
        tree = looked;
        match view {
            Ok(view) => open.found(view),
            Err(error) => {
                tracing::debug!(root = %open.root.display(), %error, "the folder could not be compared");
                // Who opens it has to hear why nothing comes of it.
                if open.view().fulfilled == 0 {
                    open.found(View { fulfilled: wish, base: Arc::default(), differences: Err(error) });
                }
                drop(open);
                tokio::time::sleep(PAUSE).await;
                wishes.mark_changed();
            }
        }
    }
    watching.abort();
}

/// Compares the disk with the base, and gives the tree back.
async fn look(
    folder: &RemoteFolder,
    mut tree: LocalTree,
    around: &Surroundings,
    wish: u64,
) -> (Result<View, QueryError>, LocalTree) {
    let (known, heard) = (folder.view().base.clone(), folder.heard());
    let base = if !known.revisions.is_empty() && known.revisions.covers(&heard) {
        known
    } else {
        match base_list::fetch(&around.cluster, folder.workspace, &heard).await {
            Ok(base) => Arc::new(base),
            Err(error) => return (Err(error), tree),
        }
    };
    let (compared, analyzers) = (Arc::clone(&base), around.analyzers.now());
    let comparing = tokio::task::spawn_blocking(move || {
        let differences = compare(&mut tree, &compared, &analyzers, &|| false);
        (differences, tree)
    });
    let (differences, tree) = match comparing.await {
        Ok(compared) => compared,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    };
    if let Ok(differences) = &differences {
        around.texts.keep(differences);
    }
    let differences = differences.map_err(|too_much| too_much.error(folder.name.as_str()));
    (Ok(View { fulfilled: wish, base, differences }), tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_is_told_by_what_did_not() {
        let watched = |revision: u64, phase| Watched {
            generation: 1,
            revisions: [(1, Revision(revision))].into_iter().collect(),
            phase,
        };
        let (ready, indexing) = (rpc::FolderPhase::Ready, |n_done| rpc::FolderPhase::Indexing { n_done, n_total: 9 });
        let moved = |before, now| Moved::between(Some(&before), &now);
        assert_eq!(Moved::between(None, &watched(1, ready)), Moved::Base);
        assert_eq!(moved(watched(1, ready), watched(2, indexing(0))), Moved::Base);
        assert_eq!(moved(watched(2, indexing(0)), watched(2, indexing(4))), Moved::Nothing);
        assert_eq!(moved(watched(2, indexing(4)), watched(2, ready)), Moved::Nothing);
        assert_eq!(moved(watched(2, ready), watched(2, ready)), Moved::Analyzers);
        assert_eq!(moved(watched(2, ready), watched(2, indexing(0))), Moved::Analyzers);
    }
}
