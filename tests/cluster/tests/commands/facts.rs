//! Facts of files are computed once in the cluster: who wants what another node has computed is given it.

use std::time::{Duration, Instant};

use vraftls_cluster_tests::Guest;
use vraftls_harness::{DEADLINE, Project, TestCluster};

const N_FILES: u64 = 300;
/// How soon numbers are looked at again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Waits until nodes have the facts of all files, and says how many of them each computed itself.
async fn computed(cluster: &TestCluster, nodes: &[u64]) -> Vec<u64> {
    let guest = Guest::new(&[cluster.address(1).to_owned()]).await;
    for node in nodes {
        let started = Instant::now();
        // One that came just now may not know the workspace yet.
        while let Err(error) = guest.standing(*node, DEADLINE).await {
            assert!(started.elapsed() < DEADLINE, "node {node} does not know the workspace: {error}");
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }
    let mut computed = Vec::new();
    for node in nodes {
        let started = Instant::now();
        loop {
            let n_has = cluster.number(*node, "vraftls_cache_fills_total{what=\"facts\",tier=\"memory\"}").await;
            if n_has >= N_FILES {
                break;
            }
            assert!(started.elapsed() < DEADLINE, "node {node} has the facts of {n_has} files");
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        computed.push(cluster.number(*node, "vraftls_plugin_calls_total{kind=\"index\"}").await);
    }
    computed
}

#[tokio::test]
async fn what_one_node_computed_others_are_given() {
    let mut cluster = TestCluster::start(&["toy"], 3, 4).await;
    let project = Project::new(&[]);
    for n in 0..N_FILES {
        project.write(&format!("pkg{}/file{n}.toy", n % 7), &format!("def name{n} # Number {n}.\n"));
    }
    let pushed = cluster.run(project.root(), &["workspace", "push", "--workspace", "things"]).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");

    // Three nodes that index the same files share the work. Now and then one waits too long for another.
    let each = computed(&cluster, &[1, 2, 3]).await;
    let all: u64 = each.iter().sum();
    assert!((N_FILES..=N_FILES + N_FILES / 10).contains(&all), "{all} computations of {N_FILES} files: {each:?}");

    // A node that comes later computes nothing, though it owns a part of the facts from then on.
    let fourth = cluster.join().await;
    cluster.until("the node is there", |status| status["nodes"][3]["report"].is_object()).await;
    let of_fourth = computed(&cluster, &[fourth]).await[0];
    let from_others = cluster.number(fourth, "vraftls_cache_hits_total{what=\"facts\",tier=\"cluster\"}").await;
    assert!(of_fourth <= N_FILES / 20 && from_others >= N_FILES - of_fourth, "{of_fourth} and {from_others}");
}
