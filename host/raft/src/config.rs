//! Settings of one group, with the reasons for their defaults.
//!
//! Durations are checked against each other when the group starts, not here.

use std::path::PathBuf;
use std::time::Duration;

use crate::ids::{GroupId, NodeId};
use crate::pulse::Pulse;

/// Settings of one group on one node. All replicas of a group should use the same timings.
#[derive(Debug, Clone)]
pub struct GroupConfig {
    /// Which group.
    pub group: GroupId,
    /// This node.
    pub node: NodeId,
    /// Where snapshots that are being received are spooled. Created if absent; must belong to this group alone, since
    /// whatever an earlier run left there is deleted.
    pub spool_dir: PathBuf,
    /// How often a leader shows that it lives.
    pub heartbeat_interval: Duration,
    /// On which beat, together with other groups; its interval is this group's then. Without one, whenever the group's own clock says.
    pub pulse: Option<Pulse>,
    /// Shortest silence after which a follower stands for election. At least three heartbeats.
    pub election_timeout_min: Duration,
    /// Longest such silence; also the leader's lease. A failed leader is replaced within about twice this.
    pub election_timeout_max: Duration,
    /// A snapshot point is taken after so many entries. It costs one fsync of the state, not a copy of it.
    pub snapshot_after_entries: u64,
    /// One is also taken when commands of so many bytes were applied since the last: what lies in the log is bounded whatever entries are like.
    pub snapshot_after_bytes: u64,
    /// So many entries below a snapshot point are kept, for followers that are only a little behind.
    pub entries_kept: u64,
    /// How long sending one whole snapshot may take. openraft's default of 200 ms makes big ones loop for ever.
    pub snapshot_timeout: Duration,
    /// Proposals that may wait at once; beyond it they get `Busy`.
    pub proposals_in_flight_max: usize,
    /// Sum of the sizes of the commands that may wait at once, in bytes.
    pub proposal_bytes_in_flight_max: usize,
    /// Size of one encoded command, in bytes.
    pub command_bytes_max: usize,
    /// Whether this replica may ever lead. One that may not still votes and counts for every majority; somebody who may must be
    /// among the voters. To hand over to it is refused by it, and costs the group an election.
    pub may_lead: bool,
}

impl GroupConfig {
    /// The defaults for `group` on `node`.
    pub fn new(group: GroupId, node: NodeId, spool_dir: impl Into<PathBuf>) -> Self {
        Self {
            group,
            node,
            spool_dir: spool_dir.into(),
            heartbeat_interval: Duration::from_millis(200),
            pulse: None,
            election_timeout_min: Duration::from_millis(600),
            election_timeout_max: Duration::from_millis(1200),
            snapshot_after_entries: 10_000,
            snapshot_after_bytes: 64 << 20,
            entries_kept: 2_000,
            snapshot_timeout: Duration::from_secs(120),
            proposals_in_flight_max: 4096,
            proposal_bytes_in_flight_max: 64 << 20,
            command_bytes_max: 4 << 20,
            may_lead: true,
        }
    }
}
