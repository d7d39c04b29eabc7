//! What a cluster's groups need of the node they run on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use vraftls_meta::{Address, NodeId};
use vraftls_raft::error::StorageError;
use vraftls_raft::ids::GroupId;
use vraftls_raft::machine::StateMachine;

/// Makes the state machines of data groups.
pub trait DataMachines: Send + Sync + 'static {
    /// The files of one shard.
    type Machine: StateMachine<Command = vraftls_vfs::Command, Response = vraftls_vfs::Response>;

    /// Opens the machine of a group whose state lies in `directory`; the receiver sees the state after every commit. Blocks on the disk.
    ///
    /// # Errors
    /// [`StorageError`].
    fn open(
        &self,
        group: GroupId,
        directory: &Path,
    ) -> Result<(Self::Machine, watch::Receiver<vraftls_vfs::State>), StorageError>;

    /// Says that a group runs, and whom to ask for the index of the last entry of its log.
    fn started(&self, group: GroupId, log_end: Arc<dyn Fn() -> u64 + Send + Sync>);

    /// Says that a group has again everything that it had before the node started, and knows what became of what its log had beyond that.
    fn recovered(&self, group: GroupId);

    /// Says that a group is to stop: what its machine waits for is not worth it any more.
    fn closing(&self, group: GroupId);

    /// Says that a group does not run here any more. What the disk has of it stays.
    fn closed(&self, group: GroupId);

    /// Says that the disk has nothing of a group any more.
    fn erased(&self, group: GroupId);
}

/// Nodes that are known from elsewhere than the metadata, which a node that just joined has none of.
pub type Contacts = BTreeMap<NodeId, Address>;

/// What is told to a cluster when it starts.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// Where states and snapshots lie, a directory for each group.
    pub directory: PathBuf,
    /// Where others reach this node.
    pub address: Address,
    /// Whether this node votes without keeping contents and never leads.
    pub is_witness: bool,
    /// Nodes that know the metadata.
    pub contacts: Contacts,
    /// How patient everything is.
    pub timing: Timing,
}

/// How patient a cluster is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// How often a leader shows that it lives.
    pub heartbeat: Duration,
    /// The shortest and the longest silence after which another stands for election.
    pub election: (Duration, Duration),
    /// How often whoever leads the metadata looks at every node.
    pub look: Duration,
    /// A node that did not answer for so long leads nothing, if another can.
    pub suspect_after: Duration,
    /// A node that did not answer for so long is replaced, if another can take over.
    pub dead_after: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_millis(150),
            election: (Duration::from_millis(500), Duration::from_millis(800)),
            look: Duration::from_millis(500),
            suspect_after: Duration::from_secs(2),
            dead_after: Duration::from_secs(300),
        }
    }
}
