//! Editors and commands that ask a cluster.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use vraftls_harness::{LspClient, Project, Ran, TestCluster};

/// How many nodes there are.
const N_NODES: u64 = 3;

/// Three nodes that have all files each, with the shipped Python analyzer.
pub(crate) async fn cluster() -> TestCluster {
    TestCluster::start(&["python"], N_NODES, 2).await
}

/// A small project in Python.
pub(crate) fn orders() -> Project {
    Project::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../projects/orders"))
}

/// Brings a workspace in step with a folder.
pub(crate) async fn push(cluster: &TestCluster, workspace: &str, project: &Project) {
    let pushed = cluster.run(project.root(), &["workspace", "push", "--workspace", workspace]).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");
}

/// Starts a gateway for one editor, and initializes it for a project.
pub(crate) async fn open(cluster: &TestCluster, project: &Project, capabilities: Value) -> LspClient {
    open_with(cluster, project, &[], capabilities).await
}

/// The same, with more arguments.
pub(crate) async fn open_with(
    cluster: &TestCluster,
    project: &Project,
    arguments: &[&str],
    capabilities: Value,
) -> LspClient {
    let mut command = cluster.command(&["lsp"]);
    command.args(arguments);
    // Files that analyzers carry themselves are written there.
    command.env("XDG_CACHE_HOME", cluster.data_of(0)).stdin(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut client = LspClient::new(Box::new(stdout), Box::new(stdin), Some(child));
    client.initialize(project, capabilities).await;
    client
}

/// Checks a folder.
pub(crate) async fn check(cluster: &TestCluster, project: &Project, arguments: &[&str]) -> Ran {
    let arguments: Vec<&str> = ["check"].iter().chain(arguments).copied().collect();
    cluster.run(project.root(), &arguments).await
}

/// How many questions of guests and nodes each node has answered, by id.
pub(crate) async fn answered(cluster: &TestCluster) -> Vec<(u64, u64)> {
    const COUNTER: &str = "vraftls_transport_messages_total{side=\"answered\",lane=\"service\"}";
    let mut counts = Vec::new();
    for node in 1..=N_NODES {
        counts.push((node, cluster.number(node, COUNTER).await));
    }
    counts
}
