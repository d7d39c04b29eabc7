//! Every fault once; and a node that dies, and leaders that are handed over, while somebody asks.

use vraftls_cluster_tests::{Fault, Outages, Plan, chaos, outages};

#[tokio::test]
async fn files_are_linearizable_and_nothing_acknowledged_is_lost_whatever_happens_to_one_node() {
    let plan = Plan::new(1, 1);
    assert_eq!(plan.faults.len(), Fault::ALL.len(), "every fault comes once");
    let outcome = chaos(&plan).await.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(outcome.n_operations > 100, "faults must leave something to judge: {outcome:?}");
}

#[tokio::test]
async fn answers_come_again_when_a_node_is_killed_and_when_leaders_are_handed_over() {
    let figures = outages(&Outages { n_nodes: 1, all_ways: false }).await;
    assert!(figures.0.len() > 5, "{figures}");
}
