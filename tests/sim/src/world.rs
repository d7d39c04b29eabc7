//! What drivers and clients of one simulation share.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_vfs::ContentDigest;

use crate::history::Operation;
use crate::ledger::Ledger;
use crate::network::SimNetwork;
use crate::node::Running;

/// How many of the last lines of a trace are told when something is wrong.
const TRACE_LINES_MAX: usize = 120;

/// One simulation.
pub(crate) struct World {
    pub(crate) network: SimNetwork,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) groups: Vec<GroupId>,
    pub(crate) nodes: Vec<NodeId>,
    running: Mutex<BTreeMap<NodeId, Running>>,
    history: Mutex<Vec<Operation>>,
    /// Contents of files by the digests that stand for them.
    contents: Mutex<BTreeMap<String, String>>,
    trace: Mutex<Trace>,
    events: AtomicU64,
    values: AtomicU64,
    began: Instant,
}

struct Trace {
    lines: Vec<String>,
    hasher: DefaultHasher,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A world without nodes that run. Its clock begins now.
    pub(crate) fn new(network: SimNetwork, n_groups: u32, n_nodes: u64) -> Self {
        Self {
            network,
            ledger: Arc::default(),
            groups: (0..n_groups).map(GroupId).collect(),
            nodes: (1..=n_nodes).map(NodeId).collect(),
            running: Mutex::default(),
            history: Mutex::default(),
            contents: Mutex::default(),
            trace: Mutex::new(Trace { lines: Vec::new(), hasher: DefaultHasher::new() }),
            events: AtomicU64::new(0),
            values: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// The nodes that run.
    pub(crate) fn running(&self) -> MutexGuard<'_, BTreeMap<NodeId, Running>> {
        lock(&self.running)
    }

    /// A handle to a node, if it runs.
    pub(crate) fn node(&self, node: NodeId) -> Option<Running> {
        self.running().get(&node).cloned()
    }

    pub(crate) fn record(&self, operation: Operation) {
        lock(&self.history).push(operation);
    }

    pub(crate) fn history(&self) -> Vec<Operation> {
        lock(&self.history).clone()
    }

    /// The number of the next event: what has the smaller one came first.
    pub(crate) fn next_event(&self) -> u64 {
        self.events.fetch_add(1, Ordering::Relaxed)
    }

    /// A value that nobody else writes.
    pub(crate) fn next_value(&self) -> String {
        let value = format!("v{}", self.values.fetch_add(1, Ordering::Relaxed));
        let digest = ContentDigest::of(value.as_bytes()).to_string();
        lock(&self.contents).insert(digest, value.clone());
        value
    }

    /// The contents that a digest stands for; what is no digest of ours is itself.
    pub(crate) fn contents_of(&self, digest: String) -> String {
        lock(&self.contents).get(&digest).cloned().unwrap_or(digest)
    }

    /// Milliseconds since the beginning.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes what happens.
    pub(crate) fn tell(&self, line: impl FnOnce() -> String) {
        let mut trace = lock(&self.trace);
        let line = format!("{:>9} us  {}", self.began.elapsed().as_micros(), line());
        line.hash(&mut trace.hasher);
        trace.lines.push(line);
        if trace.lines.len() >= 2 * TRACE_LINES_MAX {
            trace.lines.drain(..TRACE_LINES_MAX);
        }
    }

    /// Of all that was told so far, and its last lines.
    pub(crate) fn trace(&self) -> (u64, Vec<String>) {
        let trace = lock(&self.trace);
        let from = trace.lines.len().saturating_sub(TRACE_LINES_MAX);
        (trace.hasher.finish(), trace.lines[from..].to_vec())
    }
}
