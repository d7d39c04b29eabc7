//! Sends changes to the groups that they belong to: several groups at once, each batch after batch.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use vraftls_vfs::{VfsPath, WorkspaceId};

use super::changes::{Change, Changes, divide};
use super::shard::{Common, Shard};
use super::summary::Summary;

/// How many groups are sent to at once: each has a batch in memory.
const N_GROUPS_AT_ONCE: usize = 16;

/// How often files are divided again because groups exchanged them meanwhile.
const N_DIVISIONS_MAX: usize = 8;

/// Sends all changes.
pub(super) async fn send(common: &Arc<Common>, changes: Changes) -> Summary {
    let mut summary = Summary::default();
    let mut todo = changes;
    for _ in 0..N_DIVISIONS_MAX {
        if todo.is_empty() {
            return summary;
        }
        let again;
        (summary, again) = send_once(common, todo, summary).await;
        todo = again.into_iter().collect();
    }
    if !todo.is_empty() {
        summary.failed.push(format!("{} files belong to other groups again and again", todo.len()));
    }
    summary
}

async fn send_once(common: &Arc<Common>, todo: Changes, mut summary: Summary) -> (Summary, Vec<(VfsPath, Change)>) {
    let routes = common.cluster.routes();
    let Some(groups) = divide(todo, &routes, common.workspace) else {
        summary.failed.push("the cluster has no group for files yet".to_owned());
        return (summary, Vec::new());
    };
    let mut waiting = groups.into_iter();
    let start = |(group, changes)| Shard::new(Arc::clone(common), group, routes.epoch()).send(changes);
    let mut under_way: FuturesUnordered<_> = waiting.by_ref().take(N_GROUPS_AT_ONCE).map(start).collect();
    let mut again = Vec::new();
    while let Some((part, other)) = under_way.next().await {
        summary.add(part);
        again.extend(other);
        under_way.extend(waiting.next().map(start));
    }
    (summary, again)
}

/// What is sent with.
pub(super) fn common(
    cluster: &vraftls_client::Cluster,
    tree: Arc<vraftls_node::LocalTree>,
    workspace: WorkspaceId,
    is_forced: bool,
    n_changes: usize,
) -> Arc<Common> {
    let progress = super::progress::Progress::new(n_changes as u64);
    Arc::new(Common { cluster: cluster.clone(), tree, workspace, is_forced, progress })
}
