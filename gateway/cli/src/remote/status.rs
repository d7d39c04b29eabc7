//! How a gateway of a cluster stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vraftls_client::Cluster;
use vraftls_gateway::{ClusterStatus, FolderPhase, FolderStatus, PhaseStatus, Status};

use super::folder::RemoteFolder;

/// Counts a question as long as it lives.
pub(super) struct Asked<'a>(&'a AtomicU64);

impl<'a> Asked<'a> {
    pub(super) fn new(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How it stands. What nodes do is for them to say.
pub(super) fn status(cluster: &Cluster, folders: &[Arc<RemoteFolder>], n_sessions: usize, n_asked: u64) -> Status {
    let routes = cluster.routes();
    let info = routes.info();
    let mut folders: Vec<FolderStatus> = folders.iter().map(|folder| folder_status(folder)).collect();
    folders.sort_unstable_by(|a, b| a.root.cmp(&b.root));
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sessions: n_sessions as u64,
        questions: n_asked,
        folders,
        cluster: Some(ClusterStatus {
            id: info.cluster.clone(),
            nodes: info.nodes.iter().map(|node| node.address.clone()).collect(),
            workspaces: info.workspaces.iter().map(|workspace| workspace.name.clone()).collect(),
        }),
        ..Status::default()
    }
}

fn folder_status(folder: &RemoteFolder) -> FolderStatus {
    let state = folder.state_now();
    let (phase, done, files) = match state.phase {
        FolderPhase::Ingesting { n_done, n_total } => (PhaseStatus::Reading, n_done, n_total),
        FolderPhase::Indexing { n_done, n_total } => (PhaseStatus::Indexing, n_done, n_total),
        FolderPhase::Ready => {
            let n_files = folder.view().base.files.len() as u64;
            (PhaseStatus::Ready, n_files, n_files)
        }
    };
    let (root, workspace) = (folder.root.display().to_string(), Some(folder.name.to_string()));
    FolderStatus { root, revision: state.revision.0, phase, done, files, workspace }
}
