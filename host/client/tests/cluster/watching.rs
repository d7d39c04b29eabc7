//! A workspace is watched, whichever node says how it stands.

use std::sync::Arc;

use vraftls_client::Options;
use vraftls_proto::Query;
use vraftls_proto::Revisions;

use super::node::{Nodes, SOON, Script, WORKSPACE, answerer, request};

#[tokio::test]
async fn changes_are_told_once_and_by_another_node_when_one_dies() {
    let script = Arc::new(Script::plain());
    let mut nodes = Nodes::start(2, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let mut watcher = cluster.watch(WORKSPACE);
    assert_eq!(watcher.next().await.unwrap().generation, 1);
    script.watched.send_replace(2);
    assert_eq!(watcher.next().await.unwrap().generation, 2);
    let engine = answerer(&cluster.ask(&request(Query::Files), &Revisions::new()).await.unwrap());
    let next = tokio::spawn(async move { watcher.next().await.unwrap().generation });
    nodes.kill(engine).await;
    // The other counts as it does, and says so at once.
    assert_eq!(tokio::time::timeout(SOON, next).await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn a_node_that_started_anew_says_again_how_the_workspace_stands() {
    let script = Arc::new(Script::plain());
    let mut nodes = Nodes::start(1, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let mut watcher = cluster.watch(WORKSPACE);
    assert_eq!(watcher.next().await.unwrap().generation, 1);
    let seed = nodes.address(1);
    let mut next = std::pin::pin!(watcher.next());
    // It waits for a change when the node dies.
    assert!(futures_util::poll!(next.as_mut()).is_pending());
    nodes.kill(1).await;
    nodes.run_at(1, &seed).await;
    // By chance it counts as it did before.
    assert_eq!(tokio::time::timeout(SOON, next).await.unwrap().unwrap().generation, 1);
}
