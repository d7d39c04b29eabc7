//! Our settings in the consensus library's terms, and its metrics in ours.

use std::time::Duration;

use openraft::metrics::RaftServerMetrics;
use openraft::{Config, Instant as _, RaftMetrics, ServerState, SnapshotPolicy};

use crate::config::GroupConfig;
use crate::ids::GroupId;
use crate::status::{GroupStatus, Leadership, Role};
use crate::types::{self, Types};

/// Messages that may wait for the core before callers wait; proposals have their own, earlier bound.
const API_QUEUE_LEN: u64 = 4096;

/// The core's settings for `config`, or what is wrong with it.
pub(crate) fn core_config(config: &GroupConfig) -> Result<Config, String> {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let interval = config.heartbeat_interval;
    let core = Config {
        cluster_name: format!("group-{}", config.group),
        heartbeat_interval: ms(interval),
        enable_heartbeat: config.pulse.is_none(),
        // A follower that just acknowledged entries needs no heartbeat. Beats may come a little early, and none may be missed for it.
        heartbeat_min_interval: Some(ms(if config.pulse.is_none() { interval } else { interval * 3 / 4 })),
        election_timeout_min: ms(config.election_timeout_min),
        election_timeout_max: ms(config.election_timeout_max),
        // A node that was cut off must not depose a working leader when it returns.
        enable_pre_vote: Some(true),
        // A leader without a quorum falls silent now and then, so that the others can elect: without it a partial
        // partition can keep a dead lease alive for ever.
        quorum_loss_probe_interval: Some(2 * ms(config.election_timeout_max)),
        // Others may still ask this one for its vote.
        enable_elect: config.may_lead,
        // A restarted leader asks for votes again. Resuming at once would let it read a state that is behind what it
        // acknowledged before, since neither states nor committed positions are synced with each commit.
        enable_leader_restore: Some(false),
        install_snapshot_timeout: ms(config.snapshot_timeout),
        snapshot_policy: SnapshotPolicy::LogsSinceLast(config.snapshot_after_entries),
        max_in_snapshot_log_to_keep: config.entries_kept,
        // Beyond this a follower gets a snapshot; it must be more than one snapshot interval, or one never suffices.
        replication_lag_threshold: config.snapshot_after_entries.saturating_mul(2),
        // One purge marker for many entries, not one for each.
        purge_batch_size: 256,
        api_channel_size: Some(API_QUEUE_LEN),
        notification_channel_size: Some(API_QUEUE_LEN),
        state_machine_channel_size: Some(256),
        ..Config::default()
    };
    core.validate().map_err(|error| error.to_string())
}

fn role(state: ServerState) -> Role {
    match state {
        ServerState::Learner => Role::Learner,
        ServerState::Follower => Role::Follower,
        ServerState::Candidate => Role::Candidate,
        ServerState::Leader => Role::Leader,
        ServerState::Shutdown => Role::Stopped,
    }
}

/// What the core reports of who leads.
pub(crate) fn leadership(metrics: &RaftServerMetrics<Types>) -> Leadership {
    Leadership { role: role(metrics.state), leader: metrics.current_leader }
}

/// What the core reports, as a status.
pub(crate) fn status(group: GroupId, metrics: &RaftMetrics<Types>) -> GroupStatus {
    let membership = &metrics.membership_config;
    GroupStatus {
        group,
        node: metrics.id,
        role: role(metrics.state),
        term: metrics.current_term,
        leader: metrics.current_leader,
        last_log_index: metrics.last_log_index,
        committed: metrics.local_committed.as_ref().map(types::log_id_out),
        applied: metrics.last_applied.as_ref().map(types::log_id_out),
        snapshot: metrics.snapshot.as_ref().map(types::log_id_out),
        purged: metrics.purged.as_ref().map(types::log_id_out),
        membership: types::membership_out(membership.membership()),
        membership_at: membership.log_id().as_ref().map(types::log_id_out),
        matched: metrics
            .replication
            .iter()
            .flatten()
            .map(|(node, matched)| (*node, matched.as_ref().map(types::log_id_out)))
            .collect(),
        quorum_acked_ms_ago: metrics
            .last_quorum_acked
            .map(|acked| u64::try_from(acked.elapsed().as_millis()).unwrap_or(u64::MAX)),
        stopped: match &metrics.running_state {
            Err(fatal) => Some(fatal.to_string()),
            Ok(()) if metrics.state == ServerState::Shutdown => Some("shut down".to_owned()),
            Ok(()) => None,
        },
    }
}
