//! The list of a workspace's files as a cluster has it.

use std::collections::BTreeMap;
use std::time::Duration;

use vraftls_client::Cluster;
use vraftls_proto::rpc::TreePage;
use vraftls_proto::{QueryError, Revisions};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

/// How many files are asked for at once.
const PAGE_FILES: u32 = 10_000;

/// How long one part of the list may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often the list is begun again because the base moved on between two parts of it.
const N_ATTEMPTS_MAX: usize = 8;

/// The files of a workspace at one base.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct BaseList {
    /// Which base.
    pub(super) revisions: Revisions,
    /// The contents of each file.
    pub(super) files: BTreeMap<VfsPath, ContentDigest>,
}

/// Asks for the whole list, at a base that is at least the one given.
///
/// # Errors
/// What the cluster says, or why it does not; [`QueryError::Busy`] where the base never stands still.
pub(super) async fn fetch(
    cluster: &Cluster,
    workspace: WorkspaceId,
    at_least: &Revisions,
) -> Result<BaseList, QueryError> {
    let mut at_least = at_least.clone();
    for _ in 0..N_ATTEMPTS_MAX {
        match fetch_once(cluster, workspace, &at_least).await? {
            Ok(list) => return Ok(list),
            Err(moved_on) => at_least.raise_all(&moved_on),
        }
    }
    Err(QueryError::Busy { retry_after: Duration::from_secs(1) })
}

/// The list, or the base that it moved on to.
async fn fetch_once(
    cluster: &Cluster,
    workspace: WorkspaceId,
    at_least: &Revisions,
) -> Result<Result<BaseList, Revisions>, QueryError> {
    let mut list: Option<BaseList> = None;
    loop {
        let after = list.as_ref().and_then(|list| list.files.last_key_value()).map(|(path, _)| path.clone());
        let question = TreePage { workspace, at_least: at_least.clone(), after: after.clone(), n_max: PAGE_FILES };
        let page = cluster.tree_page(&question, PATIENCE).await?;
        let list = list.get_or_insert_with(|| BaseList { revisions: page.revisions.clone(), ..BaseList::default() });
        if list.revisions != page.revisions {
            return Ok(Err(page.revisions));
        }
        // A part that does not go on would be asked for again without end.
        if page.files.first().is_some_and(|first| after.as_ref().is_some_and(|after| first.path <= *after))
            || (page.files.is_empty() && page.has_more)
        {
            return Err(QueryError::Unavailable("the list of files does not go on".to_owned()));
        }
        list.files.extend(page.files.into_iter().map(|file| (file.path, file.digest)));
        if !page.has_more {
            return Ok(Ok(std::mem::take(list)));
        }
    }
}
