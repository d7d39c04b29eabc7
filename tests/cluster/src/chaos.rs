//! One run: clients work, faults follow each other, and then it is judged.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use vraftls_harness::{Network, Random, TestCluster};

use crate::load::Load;
use crate::nemesis::{Fault, Nemesis};
use crate::world::World;

const N_NODES: u64 = 3;
const N_GROUPS: u32 = 4;

/// The files of a run: more than there are groups, so that most groups have some.
const KEYS: [&str; 6] = ["a.toy", "b.toy", "c.toy", "pkg/d.toy", "pkg/e.toy", "pkg/f.toy"];

/// What is tried.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What decides what each client tries, and what is done to which node.
    pub seed: u64,
    /// How many clients work at the same time.
    pub n_clients: u32,
    /// What goes wrong, one after the other.
    pub faults: Vec<Fault>,
}

impl Plan {
    /// Every fault so many times, in an order that the seed decides.
    pub fn new(seed: u64, n_rounds: usize) -> Self {
        let mut random = Random::new(seed);
        let mut faults = Vec::new();
        for _ in 0..n_rounds {
            let mut left = Fault::ALL.to_vec();
            while !left.is_empty() {
                faults.push(left.remove(random.below(left.len())));
            }
        }
        Self { seed, n_clients: 4, faults }
    }
}

/// What a run did that found nothing wrong.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What was judged.
    pub n_operations: usize,
    /// Those of them of which nobody knows how they went.
    pub n_unknown: usize,
    /// How long each fault lasted, until the others had gone on in spite of it and behind it.
    pub faults: Vec<(Fault, Duration)>,
    /// How long it took from the last until all was whole.
    pub whole_after: Duration,
}

/// What is wrong.
#[derive(Debug)]
pub struct Failure {
    /// Of the plan.
    pub seed: u64,
    /// What it is.
    pub what: String,
    /// Where the history is.
    pub history: PathBuf,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {}; the history is in {}", self.seed, self.what, self.history.display())
    }
}

/// Does what is planned on a cluster of its own.
///
/// # Errors
/// What is wrong with what was seen.
pub async fn chaos(plan: &Plan) -> Result<Outcome, Failure> {
    let world = Arc::new(World::new(&KEYS));
    let run = AssertUnwindSafe(run(plan, &world)).catch_unwind().await;
    let judged = run.unwrap_or_else(|panic| Err(said(&*panic)));
    judged.map_err(|what| Failure { seed: plan.seed, what, history: world.keep_history(plan.seed) })
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

async fn run(plan: &Plan, world: &Arc<World>) -> Result<Outcome, String> {
    let network = Network::new(N_NODES).await;
    let mut cluster = TestCluster::start_behind(network.clone(), &["toy"], N_NODES, N_GROUPS).await;
    let created = cluster.run(Path::new("."), &["workspace", "create", "chaos"]).await;
    assert_eq!(created.code, 0, "{created:?}");
    let seeds: Vec<String> = (1..=N_NODES).map(|node| network.address(node)).collect();
    let load = Load::start(Arc::clone(world), seeds, plan.n_clients, plan.seed).await?;
    let random = Random::new(plan.seed);
    let (n_nodes, n_groups) = (N_NODES, N_GROUPS);
    let mut nemesis = Nemesis { cluster: &mut cluster, network: &network, world, random, n_nodes, n_groups };
    let mut outcome = Outcome::default();
    for fault in &plan.faults {
        let began = Instant::now();
        nemesis.hit(*fault).await?;
        outcome.faults.push((*fault, began.elapsed()));
        if let Some(violation) = world.violation() {
            return Err(violation);
        }
    }
    let began = Instant::now();
    cluster.until_whole().await;
    outcome.whole_after = began.elapsed();
    let judged = load.end().await?;
    Ok(Outcome { n_operations: judged.n_operations, n_unknown: judged.n_unknown, ..outcome })
}
