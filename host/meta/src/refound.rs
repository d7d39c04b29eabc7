//! A new cluster that has what another one had: what a backup is restored to.

use std::collections::{BTreeMap, BTreeSet};

use crate::nodes::{FIRST_TOKEN, bounded, node_id_in_bounds};
use crate::state::{Cluster, Node, REPLICATION_MAX};
use crate::{Bounded, ClusterId, NodeId, Refusal, Registration, State, TokenHash, Word};

impl State {
    /// The metadata of a cluster with another id and one node, which has the only replica of every group; no changes are under way.
    /// Workspaces, plugins, settings and the shard map are as they were. So are the tokens, unless one takes the place of all.
    ///
    /// The nodes of the old cluster are forgotten, and with them the ids that may not be given out again: none of them can speak with a
    /// node of another cluster.
    ///
    /// # Errors
    /// [`Refusal`]: there is no cluster, or a number is out of bounds.
    pub fn refounded(
        &self,
        cluster: ClusterId,
        replication: Option<u8>,
        node: NodeId,
        registration: Registration,
        token: Option<TokenHash>,
    ) -> Result<Self, Refusal> {
        let old = self.cluster().ok_or(Refusal::NoCluster)?;
        let replication = replication.unwrap_or(old.replication);
        bounded(Bounded::Replication, replication.into(), 1, REPLICATION_MAX.into())?;
        node_id_in_bounds(node)?;
        let mut new = self.clone();
        new.tables.cluster = Some(Cluster { id: cluster, replication });
        new.tables.nodes = BTreeMap::from([(node, Node { registration, draining: false })]);
        new.tables.retired.clear();
        for group in new.tables.groups.values_mut() {
            group.replicas = BTreeSet::from([node]);
            group.epoch = group.epoch.next();
            group.change = None;
        }
        if let Some(token) = token {
            new.tables.tokens = BTreeMap::from([(Word::new(FIRST_TOKEN).expect("it is a word"), token)]);
        }
        Ok(new)
    }
}
