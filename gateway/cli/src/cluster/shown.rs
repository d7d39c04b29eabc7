//! What a node says of its cluster, as admins are told it.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;
use vraftls_node::server::client::{Method, Sent};
use vraftls_node::server::report::{ClusterStatus, MoveStatus};
use vraftls_proto::rpc::{ClusterInfo, GroupInfo};

use crate::admin_arguments::{Asker, explained};
use crate::workspace::say;

/// How long to wait before it is looked again whether something is done.
const PAUSE: Duration = Duration::from_millis(500);

/// A cluster, as one of its nodes sees it.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    /// The node that was asked.
    pub(super) node: u64,
    /// What the metadata says; none before that node knows it.
    pub(super) cluster: Option<ClusterInfo>,
    /// Changes of replicas that are under way.
    #[serde(default)]
    pub(super) moves: Vec<MoveStatus>,
    /// What all say of themselves.
    #[serde(flatten)]
    pub(super) status: ClusterStatus,
}

impl Shown {
    /// Asks for it.
    pub(super) async fn ask(asker: &Asker) -> anyhow::Result<Self> {
        serde_json::from_value(raw(asker).await?).context("what the node says is no status")
    }

    fn group(&self, id: u32) -> Option<&GroupInfo> {
        self.cluster.as_ref()?.group(id)
    }

    /// The change of a group that is under way.
    pub(super) fn change(&self, group: u32) -> Option<&MoveStatus> {
        self.moves.iter().find(|change| change.group == group)
    }

    /// Whether a group has a replica on a node, as the metadata has it.
    pub(super) fn has_replica(&self, group: u32, node: u64) -> bool {
        self.group(group).is_some_and(|group| group.replicas.contains(&node))
    }

    /// The groups that have, or are about to have, something on a node.
    pub(super) fn groups_on(&self, node: u64) -> BTreeSet<u32> {
        let groups = self.cluster.iter().flat_map(|cluster| &cluster.groups);
        let there = groups.filter(|group| group.replicas.contains(&node)).map(|group| group.id);
        let moving = self.moves.iter().filter(|change| change.add == Some(node) || change.remove == Some(node));
        there.chain(moving.map(|change| change.group)).collect()
    }
}

/// All that the node says.
pub(super) async fn raw(asker: &Asker) -> anyhow::Result<Value> {
    asker.ask(Method::GET, "/v1/status", Sent::Nothing).await.map_err(explained)
}

/// Asks again and again until it is done, and tells a person how it is whenever that changes. `is_done` says what is left.
pub(super) async fn wait_until(
    asker: &Asker,
    mut is_done: impl FnMut(&Shown) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<()> {
    let mut told = String::new();
    loop {
        // A node that does not answer now may do so later; whoever waits can end it.
        let left = match Shown::ask(asker).await {
            Ok(shown) => match is_done(&shown)? {
                Some(left) => left,
                None => return Ok(()),
            },
            Err(error) => format!("{error:#}"),
        };
        if left != told {
            say(&left);
            told = left;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
