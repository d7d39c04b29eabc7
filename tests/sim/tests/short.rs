//! A few seeds of each kind; `cargo xtask sim` runs as many as one likes.

use vraftls_sim::{Outcome, Plan, Reads, run};

fn all_is_well(plan: &Plan) -> Outcome {
    let outcome = run(plan).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(outcome.n_operations > 20, "faults must leave something to judge: {outcome:?}");
    outcome
}

#[test]
fn nodes_under_all_faults_keep_what_they_promise() {
    for seed in 0..8 {
        all_is_well(&Plan::new(seed));
    }
}

#[test]
fn reads_by_lease_are_linearizable_while_clocks_agree() {
    for seed in 100..104 {
        all_is_well(&Plan { reads: Reads::Lease, ..Plan::new(seed) });
    }
}

#[test]
fn three_nodes_that_all_are_members_keep_what_they_promise() {
    for seed in 200..204 {
        all_is_well(&Plan { n_nodes: 3, keeps_members: true, ..Plan::new(seed) });
    }
}
