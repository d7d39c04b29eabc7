//! How the cluster stands, in the terminal, as it changes.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use vraftls_node::cluster::ClusterNode;
use vraftls_node::server::admin::Admin;
use vraftls_node::server::report::{ClusterStatus, NodeStatus};

/// How often it is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// Shows it until the task is ended; nothing where nobody looks.
pub(super) fn show(node: Arc<ClusterNode>) -> JoinHandle<()> {
    tokio::spawn(async move {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let shown = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            shown.set_style(style);
        }
        loop {
            shown.set_message(text(&node.cluster_status().await));
            tokio::time::sleep(INTERVAL).await;
        }
    })
}

/// A line for each node.
fn text(status: &ClusterStatus) -> String {
    let lines: Vec<String> = status.nodes.iter().map(line).collect();
    lines.join("\n")
}

fn line(node: &NodeStatus) -> String {
    let NodeStatus { node, address, report, .. } = node;
    let Some(report) = report else { return format!("node {node}  {address}  does not answer") };
    let n_led = report.groups.iter().filter(|group| group.is_leader).count();
    let applied: u64 = report.groups.iter().map(|group| group.applied).sum();
    let lag = report.groups.iter().flat_map(|group| &group.lags).filter_map(|(_, lag)| *lag).max().unwrap_or(0);
    format!(
        "node {node}  {address}  leads {n_led} of {} groups, {applied} entries applied, followers lack at most {lag}",
        report.groups.len()
    )
}

#[cfg(test)]
mod tests {
    use vraftls_proto::rpc::NodeKindInfo;

    use super::*;

    #[test]
    fn a_node_that_is_silent_is_shown_as_such() {
        let node = NodeStatus {
            node: 2,
            address: "127.0.0.1:1".to_owned(),
            kind: NodeKindInfo::Full,
            draining: false,
            report: None,
            error: None,
        };
        assert_eq!(text(&ClusterStatus { nodes: vec![node] }), "node 2  127.0.0.1:1  does not answer");
    }
}
