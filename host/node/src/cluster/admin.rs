//! What the server's admins can have done, by the node that does it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::Instant;
use vraftls_cluster::AskError;
use vraftls_meta::{Applied, GroupId, NodeId, Refusal, Request, State, plan_moves};
use vraftls_raft::ids::GroupId as RaftGroupId;
use vraftls_raft::status::GroupStatus;
use vraftls_transport::Local;

use super::node::ClusterNode;
use crate::plugins::Accepted;
use crate::server::admin::{Admin, Answering, ChangeError, LocalStatus, Pieces, PushError, Pushed, lanes};
use crate::server::report::{ClusterStatus, NodeStatus, NotReady};
use crate::server::{Upload, kind_info};

/// How long a change is pursued before its outcome is reported as unknown.
pub(super) const CHANGE: Duration = Duration::from_secs(15);

/// How long a node may take to say how it is.
const REPORT: Duration = Duration::from_secs(2);

/// When a group without a leader is worth another try.
const NO_LEADER: Duration = Duration::from_millis(500);

impl ClusterNode {
    fn group_statuses(&self) -> Vec<GroupStatus> {
        let data = self.cluster.shards().into_iter().map(|shard| shard.group);
        std::iter::once(RaftGroupId(GroupId::METADATA.0)).chain(data).filter_map(|id| self.cluster.status(id)).collect()
    }

    fn not_ready(&self) -> Vec<NotReady> {
        let metadata = self.cluster.metadata().borrow().clone();
        let mut reasons = Vec::new();
        if metadata.cluster().is_none() {
            reasons.push(NotReady::Starting);
        }
        let me = NodeId(self.node().0);
        let draining = metadata.nodes().get(&me).is_some_and(|about| about.draining);
        if draining || self.stopper.is_stopped() {
            reasons.push(NotReady::Draining);
        }
        let statuses = self.group_statuses();
        let leaderless: Vec<u32> =
            statuses.iter().filter(|status| status.leader.is_none()).map(|status| status.group.0).collect();
        if !leaderless.is_empty() {
            reasons.push(NotReady::NoLeader { groups: leaderless });
        }
        if let Some(why) = statuses.into_iter().find_map(|status| status.stopped) {
            reasons.push(NotReady::Disk { why });
        }
        reasons
    }

    async fn node_status(&self, node: NodeId, about: &vraftls_meta::Node) -> NodeStatus {
        let report = self.cluster.report_of(vraftls_raft::ids::NodeId(node.0), REPORT).await;
        NodeStatus {
            node: node.0,
            address: about.registration.address.to_string(),
            kind: kind_info(about.registration.kind),
            draining: about.draining,
            error: report.is_none().then(|| format!("no answer in {REPORT:?}")),
            report,
        }
    }
}

fn change_error(error: vraftls_cluster::ChangeError<Refusal>) -> ChangeError {
    match error {
        vraftls_cluster::ChangeError::Refused(refusal) => ChangeError::Refused(refusal),
        vraftls_cluster::ChangeError::Ask(error) => ask_error(error),
        error @ vraftls_cluster::ChangeError::WrongAnswer { .. } => ChangeError::Unknown { why: error.to_string() },
    }
}

pub(super) fn ask_error(error: AskError) -> ChangeError {
    match error {
        AskError::NoLeader { group, .. } => ChangeError::NoLeader { group: GroupId(group.0), retry_after: NO_LEADER },
        AskError::Busy { retry_after, .. } => ChangeError::Busy { retry_after },
        AskError::Refused { reason, .. } => ChangeError::Impossible { why: reason },
        AskError::Unknown { reason, .. } => ChangeError::Unknown { why: reason },
    }
}

impl Admin for ClusterNode {
    fn metadata(&self) -> Arc<State> {
        self.cluster.metadata().borrow().clone()
    }

    fn change(&self, request: Request) -> Answering<'_, Result<Applied, ChangeError>> {
        Box::pin(async move {
            if self.stopper.is_stopped() {
                return Err(ChangeError::Stopping);
            }
            self.cluster.change(request, Instant::now() + CHANGE).await.map_err(change_error)
        })
    }

    fn transfer_leader(&self, group: GroupId, to: NodeId) -> Answering<'_, Result<(), ChangeError>> {
        Box::pin(async move {
            let (group, to) = (RaftGroupId(group.0), vraftls_raft::ids::NodeId(to.0));
            self.cluster.transfer_leader(group, to, Instant::now() + CHANGE).await.map_err(ask_error)
        })
    }

    fn rebalance(&self) -> Answering<'_, Result<usize, ChangeError>> {
        Box::pin(async move {
            // Whoever leads the metadata looks twice a second anyway: what is planned now is what it begins with.
            let state = self.cluster.newest_metadata(Instant::now() + CHANGE).await.map_err(ask_error)?;
            let asked = state.nodes().keys().map(|node| async move {
                let report = self.cluster.report_of(vraftls_raft::ids::NodeId(node.0), REPORT).await;
                report.map(|_| *node)
            });
            let alive = join_all(asked).await.into_iter().flatten().collect();
            Ok(plan_moves(&state, &alive, usize::MAX).len())
        })
    }

    fn push_plugin(&self, upload: Upload) -> Answering<'_, Result<Pushed, PushError>> {
        Box::pin(async move {
            let bytes = Bytes::from(upload.collect().await?);
            let accepted = self.plugins.accept(bytes.clone()).await;
            let Accepted { plugin, component, .. } =
                accepted.map_err(|error| PushError::Unsound { why: crate::chain(&error) })?;
            let kept = self.answering.blobs.put(component.digest, bytes, self.other_full_nodes()).await;
            kept.map_err(|error| PushError::NotDurable { why: error.to_string() })?;
            let request = Request::PushPlugin { plugin: plugin.clone(), component: component.clone() };
            Admin::change(self, request).await?;
            Ok(Pushed { plugin, component })
        })
    }

    fn backup(&self, group: GroupId) -> Answering<'_, Result<Pieces, ChangeError>> {
        Box::pin(async move {
            if self.stopper.is_stopped() {
                return Err(ChangeError::Stopping);
            }
            self.backup_of(group).await
        })
    }

    fn status(&self) -> LocalStatus {
        LocalStatus {
            node: NodeId(self.node().0),
            groups: self.group_statuses(),
            log: self.log.stats(),
            sent: lanes(self.peers.stats()),
            answered: lanes(self.local.stats()),
            caches: Some(self.answering.queries.cache_stats()),
            sandbox: Some(self.plugins.runtime().counters()),
        }
    }

    fn cluster_status(&self) -> Answering<'_, ClusterStatus> {
        Box::pin(async move {
            let metadata = Admin::metadata(self);
            let asked = metadata.nodes().iter().map(|(node, about)| self.node_status(*node, about));
            ClusterStatus { nodes: join_all(asked).await }
        })
    }

    fn readiness(&self) -> Vec<NotReady> {
        self.not_ready()
    }

    fn peer_local(&self) -> Option<Arc<Local>> {
        Some(self.local())
    }
}
