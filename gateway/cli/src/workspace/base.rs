//! What a cluster has of a workspace, for whoever writes to it.
//!
//! The parts of the list may come from different bases. That harms no writer: each file is told as it was at some moment, and a write
//! expects to find it so.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use vraftls_client::Cluster;
use vraftls_proto::Revisions;
use vraftls_proto::rpc::TreePage;
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

/// How many files are asked for at once.
const PAGE_FILES: u32 = 10_000;

/// How long one part of the list may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The files of a workspace.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Base {
    /// The base of the last part of the list.
    pub(super) revisions: Revisions,
    /// The contents of each file.
    pub(super) files: BTreeMap<VfsPath, ContentDigest>,
}

/// Reads the whole list: all that was acknowledged to anybody before this was called is in it.
pub(super) async fn read(cluster: &Cluster, workspace: WorkspaceId) -> anyhow::Result<Base> {
    let at_least = cluster.current(workspace, PATIENCE).await.context("the cluster does not say how far it is")?;
    let mut base = Base { revisions: at_least, files: BTreeMap::new() };
    loop {
        let after = base.files.last_key_value().map(|(path, _)| path.clone());
        let question =
            TreePage { workspace, at_least: base.revisions.clone(), after: after.clone(), n_max: PAGE_FILES };
        let page = cluster.tree_page(&question, PATIENCE).await.context("the list of files cannot be read")?;
        // A part that does not go on would be asked for again without end.
        let goes_back =
            page.files.first().is_some_and(|first| after.as_ref().is_some_and(|after| first.path <= *after));
        if goes_back || (page.files.is_empty() && page.has_more) {
            bail!("the list of files does not go on");
        }
        base.revisions = page.revisions;
        base.files.extend(page.files.into_iter().map(|file| (file.path, file.digest)));
        if !page.has_more {
            return Ok(base);
        }
    }
}
