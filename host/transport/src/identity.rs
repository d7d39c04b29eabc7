//! Who a node is.

use vraftls_meta::{ClusterId, Incarnation};
use vraftls_raft::ids::NodeId;

/// What a node says of itself to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Its cluster.
    pub cluster: ClusterId,
    /// Its id.
    pub node: NodeId,
    /// Its data directory.
    pub incarnation: Incarnation,
}

impl Identity {
    /// Whether it is no node, but somebody who asks nodes: a gateway, or the command line. Node 0 is nobody.
    pub fn is_guest(&self) -> bool {
        self.node == NodeId(0)
    }
}
