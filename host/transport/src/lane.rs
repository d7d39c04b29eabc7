//! Which traffic a message belongs to.

use serde::{Deserialize, Serialize};

/// A connection of its own for each kind of traffic, so that none waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Lane {
    /// Heartbeats, votes, transfers of leadership: small and urgent.
    Control,
    /// Log entries.
    Append,
    /// Snapshots: big and patient.
    Snapshot,
    /// Questions of one node to another.
    Service,
    /// Contents of files and components: big and patient.
    Blob,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Control, Self::Append, Self::Snapshot, Self::Service, Self::Blob];
}

impl From<vraftls_raft::network::Lane> for Lane {
    fn from(lane: vraftls_raft::network::Lane) -> Self {
        match lane {
            vraftls_raft::network::Lane::Control => Self::Control,
            vraftls_raft::network::Lane::Append => Self::Append,
            vraftls_raft::network::Lane::Snapshot => Self::Snapshot,
        }
    }
}
