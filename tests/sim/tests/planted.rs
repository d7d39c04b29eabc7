//! Bugs planted on purpose, each of which the simulation must find soon, for the right reason: else its silence says nothing.

use vraftls_sim::{Flaw, Plan, Reads, run};

/// How many seeds a bug may survive.
const SEEDS_MAX: u64 = 24;

/// Three nodes that all are members, so that a crash always hits somebody who matters.
fn plan(seed: u64) -> Plan {
    Plan { n_nodes: 3, keeps_members: true, ..Plan::new(seed) }
}

/// Runs one seed after the other until one says `what`.
fn is_found(what: &str, plan: impl Fn(u64) -> Plan) {
    let mut others = Vec::new();
    for seed in 0..SEEDS_MAX {
        match run(&plan(seed)) {
            Err(failure) if failure.what.contains(what) => {
                assert_eq!(failure.seed, seed);
                assert!(failure.to_string().ends_with(&format!("seed {seed}: {}", failure.what)), "the seed is told");
                return;
            }
            Err(failure) => others.push(failure.what),
            Ok(_) => {}
        }
    }
    panic!("{SEEDS_MAX} seeds did not find it; {others:#?}");
}

#[test]
fn a_log_that_acknowledges_before_it_is_synced_is_found() {
    is_found("was committed", |seed| Plan { flaw: Some(Flaw::AcknowledgesBeforeSync), ..plan(seed) });
}

#[test]
fn votes_that_do_not_survive_a_crash_are_found() {
    is_found("led term", |seed| Plan { flaw: Some(Flaw::ForgetsVotes), ..plan(seed) });
}

#[test]
fn reads_of_a_replica_that_asks_nobody_are_found() {
    is_found("no single value could have had this history", |seed| Plan { reads: Reads::Stale, ..plan(seed) });
}
