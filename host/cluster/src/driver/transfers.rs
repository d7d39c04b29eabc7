//! Leaders are spread evenly, and nobody leads who is to be relieved.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;
use vraftls_meta::{GroupId, NodeId, State, plan_transfers};

use crate::ask::Asker;
use crate::{DataMachines, NodeReport};

/// How long one may take: the next look comes back to what was not done.
const PATIENCE: Duration = Duration::from_secs(2);

/// Carries out the transfers that make the leaders more even.
pub(super) async fn step<D: DataMachines>(
    asker: &Asker<D>,
    state: &State,
    answering: &BTreeSet<NodeId>,
    reports: &BTreeMap<NodeId, NodeReport>,
) {
    // Leaders alone know for sure that they lead; of two that think so, the one of the later term does.
    let mut leaders: BTreeMap<GroupId, (u64, NodeId)> = BTreeMap::new();
    for (node, report) in reports {
        for about in report.groups.iter().filter(|about| about.is_leader) {
            let found = (about.term, *node);
            let known = leaders.entry(GroupId(about.group)).or_insert(found);
            *known = found.max(*known);
        }
    }
    let leaders: BTreeMap<GroupId, NodeId> = leaders.into_iter().map(|(group, (_, node))| (group, node)).collect();
    // Who is just not heard gets nothing, though it may come back.
    let answering = answering.iter().filter(|node| reports.contains_key(node)).copied().collect();
    for planned in plan_transfers(state, &answering, &leaders) {
        let (group, to) = (vraftls_raft::ids::GroupId(planned.group.0), vraftls_raft::ids::NodeId(planned.to.0));
        if let Err(error) = asker.transfer(group, to, Instant::now() + PATIENCE).await {
            // The rest of a chain makes no sense without its beginning.
            return tracing::warn!(%group, %to, %error, "a leader does not hand over");
        }
        tracing::info!(%group, from = %planned.from, %to, "a leader handed over");
    }
}
