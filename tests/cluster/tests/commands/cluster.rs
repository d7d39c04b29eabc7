//! `vraftls cluster`: what it shows of nodes that live and die, and what it has them do.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use vraftls_harness::{DEADLINE, Ran, TestCluster};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Who leads a group, as whoever does says.
fn leader(status: &Value, group: u64) -> Option<u64> {
    let nodes = status["nodes"].as_array().unwrap();
    let leads = |node: &&Value| {
        let groups = node["report"]["groups"].as_array();
        groups.is_some_and(|groups| groups.iter().any(|known| known["group"] == group && known["is_leader"] == true))
    };
    nodes.iter().find(leads).and_then(|node| node["node"].as_u64())
}

/// What `status` says as soon as all is well: leaders are still dealt out when a cluster has just begun.
async fn well(cluster: &TestCluster) -> Ran {
    let (started, mut last) = (Instant::now(), None);
    while started.elapsed() < DEADLINE {
        let ran = cluster.run(here(), &["cluster", "status"]).await;
        if ran.code == 0 {
            return ran;
        }
        assert_eq!(ran.code, 1, "{ran:?}");
        last = Some(ran);
    }
    panic!("the cluster should be well: {last:?}")
}

#[tokio::test]
async fn status_says_who_does_not_answer_and_is_well_again_when_it_does() {
    let mut cluster = TestCluster::start(&["toy"], 3, 2).await;
    let whole = well(&cluster).await;
    for node in 1..=3 {
        assert!(whole.stdout.contains(cluster.address(node)), "{}", whole.stdout);
    }
    cluster.kill(3).await;
    cluster.until("other nodes lead", |status| (0..=2).all(|group| leader(status, group).is_some())).await;
    let broken = cluster.run(here(), &["cluster", "status", "--json"]).await;
    assert_eq!(broken.code, 1, "{broken:?}");
    let status = broken.json();
    assert_eq!((&status["nodes"][2]["node"], &status["nodes"][2]["report"]), (&json!(3), &json!(null)), "{status}");
    assert!(status["nodes"][2]["error"].is_string(), "{status}");
    cluster.restart(3).await;
    cluster.until("the node is back", |status| status["nodes"][2]["report"].is_object()).await;
    well(&cluster).await;
}

#[tokio::test]
async fn leaders_are_handed_over_and_replicas_moved() {
    let cluster = TestCluster::start(&["toy"], 4, 2).await;
    let before = cluster.until("group 1 is led", |status| leader(status, 1).is_some()).await;
    let replicas = |status: &Value, group: usize| -> Vec<u64> {
        let list = status["cluster"]["groups"][group]["replicas"].as_array().unwrap().clone();
        list.iter().map(|node| node.as_u64().unwrap()).collect()
    };
    let (has, leads) = (replicas(&before, 1), leader(&before, 1).unwrap());
    let next = has.iter().find(|node| **node != leads).unwrap().to_string();
    let handed_over = cluster.run(here(), &["cluster", "transfer-leader", "1", &next]).await;
    assert_eq!(handed_over.code, 0, "{handed_over:?}");

    let rebalanced = cluster.run(here(), &["cluster", "rebalance"]).await;
    assert_eq!(rebalanced.code, 0, "{rebalanced:?}");
    let node = (1..=4).find(|node| !has.contains(node)).unwrap().to_string();
    let moved = cluster.run(here(), &["cluster", "add", "1", &node, "--instead-of", &next, "--wait"]).await;
    assert_eq!(moved.code, 0, "{moved:?}");
    assert!(moved.stdout.contains("of group 1 begins"), "{moved:?}");

    let nobody = cluster.run(here(), &["cluster", "promote", "1", "9"]).await;
    assert_eq!(nobody.code, 2, "{nobody:?}");
    assert!(nobody.stderr.contains("neither has nor gets"), "{nobody:?}");

    let drained = cluster.run(here(), &["cluster", "drain", "4", "--wait"]).await;
    assert_eq!(drained.code, 0, "{drained:?}");
    let after = cluster.status().await.unwrap();
    for group in 0..3 {
        assert!(!replicas(&after, group).contains(&4), "{after}");
    }
    let removed = cluster.run(here(), &["cluster", "remove", "4"]).await;
    assert_eq!(removed.code, 0, "{removed:?}");
    cluster.until("it is gone", |status| status["nodes"].as_array().is_some_and(|nodes| nodes.len() == 3)).await;
}

#[tokio::test]
async fn a_node_whose_replicas_nobody_can_take_over_is_not_drained_unless_that_is_wanted() {
    let mut cluster = TestCluster::start(&["toy"], 3, 2).await;
    let n_replicas = |status: &Value| -> Vec<usize> {
        let groups = status["cluster"]["groups"].as_array().unwrap();
        groups.iter().map(|group| group["replicas"].as_array().unwrap().len()).collect()
    };
    let refused = cluster.run(here(), &["cluster", "drain", "3"]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("2 replicas of a group instead of 3"), "{refused:?}");
    assert!(refused.stderr.contains("--force"), "{refused:?}");
    let status = cluster.status().await.unwrap();
    assert_eq!((n_replicas(&status), &status["nodes"][2]["draining"]), (vec![3; 3], &json!(false)), "{status}");

    let forced = cluster.run(here(), &["cluster", "drain", "3", "--force", "--wait"]).await;
    assert_eq!(forced.code, 0, "{forced:?}");
    cluster.until("two replicas are left", |status| n_replicas(status) == [2; 3]).await;
    let undone = cluster.run(here(), &["cluster", "drain", "3", "--undo"]).await;
    assert_eq!(undone.code, 0, "{undone:?}");
    cluster.until_whole().await;

    // With a fourth node there is somebody to take over.
    cluster.join().await;
    let drained = cluster.run(here(), &["cluster", "drain", "3", "--wait"]).await;
    assert_eq!(drained.code, 0, "{drained:?}");
    cluster.until("nothing is lost by it", |status| n_replicas(status) == [3; 3]).await;
}

#[tokio::test]
async fn who_shows_no_token_is_told_what_is_needed() {
    let cluster = TestCluster::start(&["toy"], 1, 1).await;
    let output = cluster.command(&["cluster", "status"]).env_remove("VRAFTLS_TOKEN").output().await.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("--token-file"), "{told}");
}
