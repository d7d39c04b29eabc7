//! Every node follows the metadata: those that do not vote on it are learners.

use std::collections::{BTreeMap, BTreeSet};

use vraftls_meta::{NodeId, State};

use super::soon;
use crate::ask::Asker;
use crate::hosted::METADATA;
use crate::rpc::Change;
use crate::{DataMachines, NodeReport};

/// Makes nodes that are new learners of the metadata, and forgets those that are none any more.
pub(super) async fn step<D: DataMachines>(asker: &Asker<D>, state: &State, reports: &BTreeMap<NodeId, NodeReport>) {
    if state.groups().get(&vraftls_meta::GroupId::METADATA).is_none_or(|group| group.change.is_some()) {
        // Whoever changes its replicas does it alone.
        return;
    }
    let membership = asker.hosted.meta.status().membership;
    let known: BTreeSet<NodeId> = membership.nodes.keys().map(|node| NodeId(node.0)).collect();
    for (node, about) in state.nodes().iter().filter(|(node, _)| !known.contains(node) && reports.contains_key(node)) {
        let address = about.registration.address.as_str().to_owned();
        change(asker, Change::AddLearner { node: node.0, address }).await;
    }
    for learner in membership.learners().into_iter().filter(|node| !state.nodes().contains_key(&NodeId(node.0))) {
        change(asker, Change::RemoveLearner { node: learner.0 }).await;
    }
}

async fn change<D: DataMachines>(asker: &Asker<D>, change: Change) {
    let what = format!("{change:?}");
    match asker.change(METADATA, change, soon()).await {
        Ok(()) => tracing::info!(change = what, "the metadata has other followers"),
        // The next look tries again.
        Err(error) => tracing::warn!(change = what, %error, "the followers of the metadata stay as they are"),
    }
}
