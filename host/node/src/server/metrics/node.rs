//! Which numbers of a node there are.

use std::fmt;

use vraftls_cache::TierStats;
use vraftls_meta::State;
use vraftls_query::CacheStats;
use vraftls_raft::ids::LogId;
use vraftls_raft::log::{LATENCY_BUCKETS, LogStatsSnapshot};
use vraftls_raft::status::{GroupStatus, Role};
use vraftls_transport::{Lane, LaneStats};
use vraftls_wasm::Counters;

use super::page::{Labels, Page};
use crate::server::admin::LocalStatus;

pub(super) fn metadata(page: &mut Page<'_>, state: &State) -> fmt::Result {
    let one = |n: usize| [(vec![], n as u64)];
    page.gauge("metadata_revision", "The log index that the metadata here is of", [(vec![], state.revision().0)])?;
    page.gauge("nodes", "Nodes of the cluster", one(state.nodes().len()))?;
    page.gauge("nodes_draining", "Nodes that are being drained", {
        one(state.nodes().values().filter(|node| node.draining).count())
    })?;
    page.gauge("moves", "Groups whose replicas are changing", {
        one(state.groups().values().filter(|group| group.change.is_some()).count())
    })?;
    page.gauge("workspaces", "Workspaces of the cluster", one(state.workspaces().len()))?;
    let active = state.plugins().iter().filter_map(|(plugin, known)| {
        let component = known.active_component()?;
        let labels = [("plugin", plugin.to_string()), ("version", component.version.to_string())];
        Some((labels.into_iter().chain([("digest", component.digest.to_string())]).collect(), 1_u64))
    });
    page.gauge("plugin_active", "Which component of a plugin all nodes shall use", active)
}

pub(super) fn groups(page: &mut Page<'_>, status: &LocalStatus) -> fmt::Result {
    let groups = &status.groups;
    let labels = |group: &GroupStatus| vec![("group", group.group.to_string())];
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&GroupStatus) -> Option<u64>| {
        page.gauge(name, help, groups.iter().filter_map(|group| Some((labels(group), value(group)?))))
    };
    let index = |id: &Option<LogId>| id.as_ref().map(|id| id.index);
    gauge("group_term", "The current term", &|group| Some(group.term))?;
    gauge("group_is_leader", "Whether this node leads", &|group| Some(u64::from(group.role == Role::Leader)))?;
    gauge("group_is_voter", "Whether this node votes", &|group| {
        Some(u64::from(group.membership.voters().contains(&group.node)))
    })?;
    gauge("group_is_stopped", "Whether the replica here stopped", &|group| Some(u64::from(group.stopped.is_some())))?;
    gauge("group_leader", "The leader as far as this node knows", &|group| group.leader.map(|node| node.0))?;
    gauge("group_last_log_index", "The last entry of the log here", &|group| group.last_log_index)?;
    gauge("group_commit_index", "The last entry known to be committed", &|group| index(&group.committed))?;
    gauge("group_applied_index", "The last entry applied here", &|group| index(&group.applied))?;
    gauge("group_snapshot_index", "The last entry that the snapshot here has", &|group| index(&group.snapshot))?;
    gauge("group_purged_index", "The last entry that is gone from the log here", &|group| index(&group.purged))?;
    let acked = groups.iter().filter_map(|group| Some((labels(group), group.quorum_acked_ms_ago? as f64 / 1e3)));
    page.gauge("group_quorum_acked_seconds_ago", "On a leader: since a quorum last answered", acked)?;
    let lags = groups.iter().flat_map(|group| {
        let followers = group.matched.keys().filter(|node| **node != group.node);
        followers.filter_map(|node| {
            let labels = vec![("group", group.group.to_string()), ("node", node.to_string())];
            Some((labels, group.lag_entries(*node)?))
        })
    });
    page.gauge("group_lag_entries", "On a leader: how many entries another replica is behind", lags)
}

pub(super) fn transport(page: &mut Page<'_>, status: &LocalStatus) -> fmt::Result {
    type Read = fn(&LaneStats) -> u64;
    let carried: [(&str, &str, Read); 5] = [
        ("transport_records", "Requests, replies and pieces", |lane| lane.n_records),
        ("transport_messages", "Batches of records", |lane| lane.n_messages),
        ("transport_bytes", "Bytes of them", |lane| lane.n_bytes),
        ("transport_dialed", "Connections made", |lane| lane.n_dialed),
        ("transport_failures", "Connections that could not be made", |lane| lane.n_failures),
    ];
    for (name, help, read) in carried {
        let sides = [("asked", &status.sent), ("answered", &status.answered)];
        let rows = sides.into_iter().flat_map(|(side, lanes)| {
            lanes.iter().map(move |(lane, stats)| {
                (vec![("side", side.to_owned()), ("lane", lane_name(*lane).to_owned())], read(stats))
            })
        });
        page.counter(name, help, rows)?;
    }
    Ok(())
}

fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Control => "control",
        Lane::Append => "append",
        Lane::Snapshot => "snapshot",
        Lane::Service => "service",
        Lane::Blob => "blob",
    }
}

pub(super) fn log(page: &mut Page<'_>, log: &LogStatsSnapshot) -> fmt::Result {
    page.counter("log_entries", "Entries made durable", [(vec![], log.entries)])?;
    page.counter("log_bytes", "Bytes written to the log", [(vec![], log.bytes)])?;
    page.gauge("log_sync_seconds_max", "The slowest write and sync", [(vec![], log.latency_us_max as f64 / 1e6)])?;
    let bound = |i: usize| if i + 1 == LATENCY_BUCKETS { f64::INFINITY } else { (1_u64 << i) as f64 / 1e6 };
    let buckets: Vec<(f64, u64)> = log.latency_buckets.iter().enumerate().map(|(i, n)| (bound(i), *n)).collect();
    let sum = log.latency_us_sum as f64 / 1e6;
    page.histogram("log_sync_seconds", "How long writing and syncing a batch took", sum, &buckets)
}

pub(super) fn caches(page: &mut Page<'_>, caches: &CacheStats) -> fmt::Result {
    let below = caches.facts_below.iter().map(|(tier, stats)| ("facts", *tier, stats));
    let tiers = [("facts", "memory", &caches.facts_in_memory), ("answers", "memory", &caches.answers_in_memory)];
    let tiers: Vec<(Labels, &TierStats)> = tiers
        .into_iter()
        .chain(below)
        .map(|(what, tier, stats)| (vec![("what", what.to_owned()), ("tier", tier.to_owned())], stats))
        .collect();
    type Read = fn(&TierStats) -> u64;
    let counted: [(&str, &str, Read); 7] = [
        ("cache_hits", "Questions that the tier had the answer to", |tier| tier.n_hits),
        ("cache_misses", "Questions that it had not", |tier| tier.n_misses),
        ("cache_fills", "Values that it took in", |tier| tier.n_fills),
        ("cache_refused", "Values that it did not take in", |tier| tier.n_refused),
        ("cache_corrupt", "Entries that were damaged or of another version", |tier| tier.n_corrupt),
        ("cache_out_bytes", "Bytes that it handed out", |tier| tier.bytes_out),
        ("cache_in_bytes", "Bytes that it took in", |tier| tier.bytes_in),
    ];
    for (name, help, read) in counted {
        page.counter(name, help, tiers.iter().map(|(labels, stats)| (labels.clone(), read(stats))))?;
    }
    let seconds = tiers.iter().map(|(labels, stats)| (labels.clone(), stats.time.as_secs_f64()));
    page.counter("cache_lookup_seconds", "Time that looking up took", seconds)?;
    page.gauge("cache_held_bytes", "What facts and answers take of the memory", [(vec![], caches.held_bytes)])
}

pub(super) fn sandbox(page: &mut Page<'_>, sandbox: &Counters) -> fmt::Result {
    let by = |key: &'static str, value: &str| vec![(key, value.to_owned())];
    let calls = [("index", sandbox.index_calls), ("engine", sandbox.engine_calls)];
    page.counter("plugin_calls", "Calls of plugins that ran", calls.map(|(kind, n)| (by("kind", kind), n)))?;
    let seconds = [("index", sandbox.index_time), ("engine", sandbox.engine_time)];
    let seconds = seconds.map(|(kind, time)| (by("kind", kind), time.as_secs_f64()));
    page.counter("plugin_call_seconds", "Time that calls of plugins ran", seconds)?;
    let refused = [
        ("busy", sandbox.refused_busy - sandbox.refused_flooding.min(sandbox.refused_busy)),
        ("flooding", sandbox.refused_flooding),
        ("quarantined", sandbox.refused_quarantined),
        ("skipped", sandbox.skipped),
    ];
    page.counter("plugin_calls_refused", "Calls that did not run", refused.map(|(why, n)| (by("why", why), n)))?;
    page.counter("plugin_calls_preempted", "Calls that stopped for a more urgent one", [(vec![], sandbox.preempted)])?;
    page.counter("plugin_calls_overtaking", "Calls that went before a less urgent one", {
        [(vec![], sandbox.overtakings)]
    })?;
    page.counter("plugin_traps", "Instances that were lost", [(vec![], sandbox.traps)])?;
    page.counter("plugin_interrupted", "Calls ended after their deadline", [(vec![], sandbox.interrupted)])?;
    page.counter("plugin_bad_replies", "Replies that broke the contract", [(vec![], sandbox.bad_replies)])?;
    page.counter("plugin_log_lines_dropped", "Lines of plugins' logs that were dropped", {
        [(vec![], sandbox.log_lines_dropped)]
    })?;
    let limits = sandbox.limit_hits.iter().map(|(limit, n)| (by("limit", limit), *n));
    page.counter("plugin_limit_hits", "How often a limit was reached", limits)?;
    page.counter("plugin_engines_started", "Engines started", [(vec![], sandbox.engines_started)])?;
    page.counter(
        "plugin_engines_rested",
        "Times that an engine did what could wait",
        [(vec![], sandbox.engines_rested)],
    )?;
    page.counter("plugin_engines_kept", "Engines kept for a later start", [(vec![], sandbox.engines_kept)])?;
    page.counter("plugin_engines_taken_up", "Engines started from kept ones", [(vec![], sandbox.engines_taken_up)])?;
    page.counter("plugin_engines_dropped", "Engines dropped", [(vec![], sandbox.engines_dropped)])?;
    let made = [
        ("compiled", sandbox.components_compiled),
        ("loaded", sandbox.artifacts_loaded),
        ("rejected", sandbox.artifacts_rejected),
    ];
    page.counter("plugin_components", "Components made ready", made.map(|(how, n)| (by("how", how), n)))?;
    page.gauge("plugin_engines", "Engines alive", [(vec![], sandbox.engines)])?;
    page.gauge("plugin_engines_memory_bytes", "Memory of all engines", [(vec![], sandbox.engines_memory_bytes)])
}
