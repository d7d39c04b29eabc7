//! Questions that several nodes answer, each for the files of some groups: all are asked at once, and who does not answer is replaced
//! by another node that has the group, until the deadline.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use vraftls_proto::{Answered, QueryError, Request, Revisions};
use vraftls_raft::ids::NodeId;
use vraftls_vfs::VfsPath;

use crate::asking::{Reply, Terms};
use crate::cluster::Inner;
use crate::fail_over::left;
use crate::merge::{Merge, Part};
use crate::routes::Target;
use crate::{CallError, ReachError, Routes};

/// Who is asked for each group next.
struct Deal {
    /// By group: those who have it and were not asked for it, the best one last.
    owners: BTreeMap<u32, Vec<Target>>,
    /// Groups that nobody is left for.
    lost: Vec<u32>,
}

impl Deal {
    /// Gives each of these groups to the next node that has it. Groups of one node come together.
    fn deal(&mut self, groups: impl IntoIterator<Item = u32>) -> Vec<(Target, Vec<u32>)> {
        let mut dealt: BTreeMap<NodeId, (Target, Vec<u32>)> = BTreeMap::new();
        for group in groups {
            match self.owners.get_mut(&group).and_then(Vec::pop) {
                Some(target) => dealt.entry(target.node).or_insert((target, Vec::new())).1.push(group),
                None => self.lost.push(group),
            }
        }
        dealt.into_values().collect()
    }
}

impl Inner {
    /// Asks the nodes that have the files, each for its own, and puts their answers together.
    pub(crate) async fn scatter(
        self: &Arc<Self>,
        request: &Request,
        at_least: &Revisions,
        merge: Merge,
    ) -> Result<Answered, CallError<QueryError>> {
        let (started, routes) = (Instant::now(), self.routes());
        let groups = routes.data_groups();
        if groups.is_empty() {
            return self.ask_engine(request, at_least).await;
        }
        let mut deal = self.deal_of(&routes, request, &groups);
        let ask = |(target, groups): (Target, Vec<u32>)| async {
            let reply = self.ask_for(&target, request, at_least, &groups, started).await;
            (target, groups, reply)
        };
        let mut asked: FuturesUnordered<_> = deal.deal(groups).into_iter().map(ask).collect();
        let (mut parts, mut failure) = (Vec::new(), None);
        while let Some((target, groups, reply)) = asked.next().await {
            let error = match reply {
                Ok(Ok(answered)) => {
                    parts.push(Part { groups, answered });
                    continue;
                }
                Ok(Err(error)) => CallError::Said(error),
                Err(error) => CallError::Reach(error),
            };
            if !is_out_of_reach(&error) {
                return Err(error);
            }
            // The routes may be what is wrong; the next question has new ones.
            self.refresh_soon();
            tracing::debug!(node = %target.node, ?groups, %error, "a node does not answer for its groups");
            failure = Some(error);
            asked.extend(deal.deal(groups).into_iter().map(ask));
        }
        let group_of = |path: &VfsPath| routes.group_of(request.workspace, path);
        gathered(merge, parts, deal.lost, failure, group_of)
    }

    fn deal_of(&self, routes: &Routes, request: &Request, groups: &[u32]) -> Deal {
        let owners = groups.iter().map(|group| {
            let mut owners = self.suspects_last(routes.owners(request.workspace, *group));
            owners.reverse();
            (*group, owners)
        });
        Deal { owners: owners.collect(), lost: Vec::new() }
    }

    async fn ask_for(
        &self,
        target: &Target,
        request: &Request,
        at_least: &Revisions,
        groups: &[u32],
        started: Instant,
    ) -> Result<Reply, ReachError> {
        let left: Duration = left(started, request.deadline)?;
        self.ask_node(target, request, Terms { at_least, scope: Some(groups.to_vec()) }, left).await
    }
}

/// The answer out of what came. Where groups are lost, or a node did not see all of its own, it is partial or none.
fn gathered(
    merge: Merge,
    parts: Vec<Part>,
    lost: Vec<u32>,
    failure: Option<CallError<QueryError>>,
    group_of: impl Fn(&VfsPath) -> Option<u32>,
) -> Result<Answered, CallError<QueryError>> {
    if !lost.is_empty() && (merge.is_all_or_nothing() || parts.is_empty()) {
        let nobody = || ReachError::Unreachable(format!("nobody has the groups {lost:?}"));
        return Err(failure.unwrap_or_else(|| nobody().into()));
    }
    let unable = |why: &str| CallError::Said(QueryError::Unavailable(why.to_owned()));
    let merged = merge.put_together(parts, group_of);
    let mut merged = merged.map_err(|_| unable("a node answered another question"))?;
    merged.partial |= !lost.is_empty();
    if merged.partial && merge.is_all_or_nothing() {
        return Err(unable("a node did not see all files"));
    }
    Ok(merged)
}

/// Whether an error says nothing of the question, so that another node may answer it and the others' answers count.
fn is_out_of_reach(error: &CallError<QueryError>) -> bool {
    match error {
        CallError::Reach(ReachError::TooLong(_)) => false,
        CallError::Reach(_) => true,
        CallError::Said(error) => {
            matches!(error, QueryError::Unavailable(_) | QueryError::Busy { .. } | QueryError::DeadlineExceeded(_))
        }
    }
}

#[cfg(test)]
mod tests {
    use vraftls_raft::ids::Peer;

    use super::*;

    fn target(node: u64) -> Target {
        Target { node: NodeId(node), peer: Peer::new(format!("node-{node}")) }
    }

    #[test]
    fn every_group_goes_to_the_next_node_that_has_it_until_nobody_is_left() {
        let owners = [(1, vec![target(2), target(1)]), (2, vec![target(3), target(1)]), (3, Vec::new())];
        let mut deal = Deal { owners: owners.into_iter().collect(), lost: Vec::new() };
        assert_eq!(deal.deal([1, 2, 3]), [(target(1), vec![1, 2])]);
        assert_eq!(deal.lost, [3]);
        assert_eq!(deal.deal([1, 2]), [(target(2), vec![1]), (target(3), vec![2])]);
        assert_eq!(deal.deal([2]), []);
        assert_eq!(deal.lost, [3, 2]);
    }
}
