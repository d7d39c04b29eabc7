//! `vraftls cluster status`.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use vraftls_node::server::report::{MoveStatus, NodeStatus};
use vraftls_proto::rpc::NodeKindInfo;

use super::shown::{Shown, raw};
use crate::admin_arguments::Asker;
use crate::exit::Exit;

/// How often it is looked before a group is said to have no leader, and how long between.
const N_LOOKS_MAX: u32 = 4;
const PAUSE: Duration = Duration::from_millis(400);

/// Shows how a cluster is.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn run(asker: &Asker, as_json: bool) -> anyhow::Result<Exit> {
    let (as_it_is, shown, groups) = look(asker).await?;
    if as_json {
        println!("{as_it_is}");
    } else {
        let id = shown.cluster.as_ref().map_or("not known yet", |cluster| cluster.cluster.as_str());
        println!("cluster {id}, as node {} sees it\n", shown.node);
        print_table(&["NODE", "ADDRESS", "KIND", "STATE", "VERSION"], shown.status.nodes.iter().map(node_row));
        println!();
        let head = ["GROUP", "LEADER", "TERM", "VOTERS", "LEARNERS", "COMMITTED", "APPLIED", "LAG", "MOVE"];
        print_table(&head, groups.iter().map(|group| group.row(&shown)));
    }
    let is_whole = shown.status.nodes.iter().all(|node| node.report.is_some());
    Ok(if is_whole && are_led(&groups) && shown.cluster.is_some() { Exit::Done } else { Exit::Found })
}

/// Asks how it is, and again where a group seems to have no leader: nodes do not speak at the same moment, and a leader that changes
/// between two of them is none.
async fn look(asker: &Asker) -> anyhow::Result<(String, Shown, Vec<Group>)> {
    let mut n_looks = 0;
    loop {
        let raw = raw(asker).await?;
        let as_it_is = serde_json::to_string_pretty(&raw)?;
        let shown: Shown = serde_json::from_value(raw).context("what the node says is no status")?;
        let groups = groups(&shown);
        n_looks += 1;
        if are_led(&groups) || n_looks == N_LOOKS_MAX {
            return Ok((as_it_is, shown, groups));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn are_led(groups: &[Group]) -> bool {
    groups.iter().all(|group| group.leader.is_some())
}

fn node_row(node: &NodeStatus) -> Vec<String> {
    let kind = match node.kind {
        NodeKindInfo::Full => "full",
        NodeKindInfo::Witness => "witness",
    };
    let stopped = node.report.iter().flat_map(|report| &report.groups).filter(|group| group.stopped.is_some()).count();
    let state = match (&node.report, &node.error) {
        (None, error) => error.clone().unwrap_or_else(|| "no answer".to_owned()),
        (Some(_), _) if stopped > 0 => format!("{stopped} groups stopped"),
        (Some(_), _) if node.draining => "draining".to_owned(),
        (Some(_), _) => "up".to_owned(),
    };
    let version = node.report.as_ref().map_or("-", |report| report.version.as_str());
    vec![node.node.to_string(), node.address.clone(), kind.to_owned(), state, version.to_owned()]
}

/// A group, as whoever leads it says, or else as the replica of the highest term does.
#[derive(Debug, PartialEq, Eq, Default)]
struct Group {
    id: u32,
    leader: Option<u64>,
    term: u64,
    voters: Vec<u64>,
    learners: Vec<u64>,
    committed: u64,
    applied: u64,
    /// How many entries each other replica lacks, as the leader knows it.
    lags: Vec<(u64, Option<u64>)>,
}

impl Group {
    fn row(&self, shown: &Shown) -> Vec<String> {
        let lag = |(node, lag): &(u64, Option<u64>)| match lag {
            Some(lag) => format!("{node}:{lag}"),
            None => format!("{node}:?"),
        };
        vec![
            self.id.to_string(),
            self.leader.map_or("none".to_owned(), |leader| leader.to_string()),
            self.term.to_string(),
            list(self.voters.iter().map(ToString::to_string)),
            list(self.learners.iter().map(ToString::to_string)),
            self.committed.to_string(),
            self.applied.to_string(),
            list(self.lags.iter().map(lag)),
            shown.change(self.id).map_or("-".to_owned(), in_words),
        ]
    }
}

/// Every group that anybody knows of.
fn groups(shown: &Shown) -> Vec<Group> {
    let reports = || shown.status.nodes.iter().filter_map(|node| node.report.as_ref());
    let known = shown.cluster.iter().flat_map(|cluster| &cluster.groups).map(|group| group.id);
    let ids: BTreeSet<u32> =
        known.chain(reports().flat_map(|report| &report.groups).map(|group| group.group)).collect();
    let group = |id: u32| {
        let replicas = reports().flat_map(|report| report.groups.iter().map(move |group| (report.node, group)));
        let best =
            replicas.filter(|(_, group)| group.group == id).max_by_key(|(_, group)| (group.term, group.is_leader));
        let Some((node, group)) = best else { return Group { id, ..Group::default() } };
        Group {
            id,
            // Who is said to lead may be gone: only itself knows.
            leader: group.is_leader.then_some(node),
            term: group.term,
            voters: group.voters.clone(),
            learners: group.learners.clone(),
            committed: group.committed,
            applied: group.applied,
            lags: if group.is_leader { group.lags.clone() } else { Vec::new() },
        }
    };
    ids.into_iter().map(group).collect()
}

/// A change of replicas that is under way.
pub(super) fn in_words(change: &MoveStatus) -> String {
    let what = match (change.add, change.remove) {
        (Some(add), Some(remove)) => format!("{remove} -> {add}"),
        (Some(add), None) => format!("+{add}"),
        (None, Some(remove)) => format!("-{remove}"),
        (None, None) => String::new(),
    };
    format!("{what} ({})", change.step)
}

fn list(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "-".to_owned() } else { words.join(" ") }
}

/// Columns as wide as what is in them.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn print_table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    for row in &rows {
        let cells =
            row.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column).unwrap_or_default()));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn replica(group: u32, term: u64, is_leader: bool, lags: serde_json::Value) -> serde_json::Value {
        json!({
            "group": group, "is_leader": is_leader, "term": term, "leader": 1, "last_log": 9, "committed": 9, "applied": 8,
            "snapshot": 0, "purged": 0, "voters": [1, 2, 3], "learners": [], "is_joint": false, "lags": lags, "stopped": null
        })
    }

    fn node(id: u64, groups: serde_json::Value) -> serde_json::Value {
        let report = json!({"node": id, "version": "1", "metadata_revision": 1, "groups": groups});
        let report = if groups.is_null() { json!(null) } else { report };
        json!({"node": id, "address": "a:1", "kind": "full", "draining": false, "report": report, "error": null})
    }

    #[test]
    fn a_group_is_as_its_leader_says_and_has_none_when_that_is_gone() {
        let nodes = json!([
            node(1, json!(null)),
            node(2, json!([replica(1, 5, true, json!([[1, null], [3, 2]])), replica(2, 4, false, json!([]))])),
            node(3, json!([replica(1, 5, false, json!([])), replica(2, 3, true, json!([]))])),
        ]);
        let shown: Shown =
            serde_json::from_value(json!({"node": 2, "cluster": null, "nodes": nodes})).expect("a status");
        let groups = groups(&shown);
        assert_eq!(
            groups.iter().map(|group| (group.id, group.leader, group.term)).collect::<Vec<_>>(),
            [(1, Some(2), 5), (2, None, 4)]
        );
        assert_eq!(groups[0].row(&shown), ["1", "2", "5", "1 2 3", "-", "9", "8", "1:? 3:2", "-"]);
        assert_eq!(node_row(&shown.status.nodes[0])[3], "no answer");
    }
}
