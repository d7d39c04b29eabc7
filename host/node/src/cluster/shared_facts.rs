//! The third tier of the cache: what other nodes computed already.
//!
//! Every key has an owner among the live nodes, by rendezvous hash. Whoever misses a value asks its owner; the owner has it, or tells the
//! asker to compute it, or, when it told somebody else just before, waits a moment for what that one brings. So a value is computed once
//! in the cluster, as long as nobody is in a hurry: every wait is short, and after it the value is computed here. An owner that lacks
//! a value asks whoever owned it before: a node that joins computes little that the others had.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use vraftls_cache::{Counters, DiskTier, Key, Tier};
use vraftls_cluster::Cluster;
use vraftls_proto::rendezvous::rank;
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_transport::{Lane, Peers};

use super::machines::SharedMachines;
use super::questions::{self, FACTS, KEEP_FACTS};

/// How long an owner may take to answer, its waiting included.
const ASK: Duration = Duration::from_millis(400);

/// How long somebody waits for what another node is computing.
const WAIT: Duration = Duration::from_millis(150);

/// How long whoever was told to compute a value has for it before the next one is told.
const CLAIM: Duration = Duration::from_secs(2);

/// How many keys are remembered that somebody is computing.
const CLAIMS_MAX: usize = 65_536;

/// How many values are on their way to their owners at once; further ones stay where they are.
const SENDING_MAX: usize = 64;

/// What is larger stays where it was computed.
const VALUE_BYTES_MAX: usize = 4 << 20;

/// What an owner says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FactsAnswer {
    /// Here it is.
    Hit(Vec<u8>),
    /// Nobody has it: the asker computes it.
    Compute,
}

/// A value for its owner.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeepFacts {
    pub(super) key: [u8; 32],
    pub(super) value: Vec<u8>,
}

/// The values that this node owns, and who computes which.
pub(super) struct OwnFacts {
    disk: Arc<DiskTier>,
    claims: Claims,
}

/// What somebody is computing.
#[derive(Default)]
struct Claims {
    until: Mutex<BTreeMap<Key, Instant>>,
    fulfilled: Condvar,
}

/// What becomes of somebody who wants a value that is not there.
#[derive(Debug, PartialEq, Eq)]
enum Claimed {
    /// It is its turn to compute it.
    Own,
    /// Another one brought it, or took too long.
    Waited,
}

impl Claims {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the turn to compute a value, or waits for whoever has it. Blocks.
    fn claim_or_wait(&self, key: &Key, wait: Duration) -> Claimed {
        let deadline = Instant::now() + wait;
        let mut until = self.lock();
        loop {
            let now = Instant::now();
            match until.get(key).filter(|until| **until > now).copied() {
                None => {
                    if until.len() >= CLAIMS_MAX {
                        until.retain(|_, until| *until > now);
                    }
                    if until.len() < CLAIMS_MAX {
                        until.insert(*key, now + CLAIM);
                    }
                    return Claimed::Own;
                }
                Some(_) if now >= deadline => return Claimed::Waited,
                Some(_) => {
                    let waited = self.fulfilled.wait_timeout(until, deadline - now);
                    until = waited.unwrap_or_else(PoisonError::into_inner).0;
                    if !until.contains_key(key) {
                        return Claimed::Waited;
                    }
                }
            }
        }
    }

    fn fulfil(&self, key: &Key) {
        if self.lock().remove(key).is_some() {
            self.fulfilled.notify_all();
        }
    }
}

impl OwnFacts {
    pub(super) fn new(disk: Arc<DiskTier>) -> Self {
        Self { disk, claims: Claims::default() }
    }

    /// Answers another node. Blocks on the disk, and for a moment on others.
    pub(super) fn answer(&self, key: &Key) -> FactsAnswer {
        if let Some(value) = self.disk.get(key) {
            return FactsAnswer::Hit(value);
        }
        match self.claims.claim_or_wait(key, WAIT) {
            Claimed::Own => FactsAnswer::Compute,
            Claimed::Waited => self.disk.get(key).map_or(FactsAnswer::Compute, FactsAnswer::Hit),
        }
    }

    /// Takes what another node computed. Blocks on the disk.
    pub(super) fn keep(&self, key: &Key, value: &[u8]) {
        if value.len() <= VALUE_BYTES_MAX {
            self.disk.put(key, value);
        }
        self.claims.fulfil(key);
    }
}

/// The tier, as the cache knows it.
pub(super) struct SharedFacts {
    pub(super) own: Arc<OwnFacts>,
    pub(super) cluster: Arc<Cluster<SharedMachines>>,
    pub(super) peers: Peers,
    pub(super) runtime: Handle,
    pub(super) counters: Counters,
    pub(super) sending: Arc<Semaphore>,
}

impl SharedFacts {
    pub(super) fn new(own: Arc<OwnFacts>, cluster: Arc<Cluster<SharedMachines>>, peers: Peers) -> Self {
        let (runtime, counters, sending) =
            (Handle::current(), Counters::default(), Arc::new(Semaphore::new(SENDING_MAX)));
        Self { own, cluster, peers, runtime, counters, sending }
    }

    /// The owner of a key, and whoever owns it when that one is not there: so it was before the owner came.
    fn owners(&self, key: &Key) -> [Option<(NodeId, Peer)>; 2] {
        let metadata = self.cluster.metadata().borrow().clone();
        let live = metadata.nodes().iter().filter(|(_, about)| about.is_full() && !about.draining);
        let mut live: Vec<_> = live.collect();
        rank("vraftls facts 1", key.as_bytes(), &mut live, |(node, _)| node.0);
        [0, 1].map(|nth| {
            let (node, about) = live.get(nth)?;
            Some((NodeId(node.0), Peer::new(about.registration.address.as_str())))
        })
    }

    /// The owner of a key, none where it is this node.
    fn other_owner(&self, key: &Key) -> Option<(NodeId, Peer)> {
        let [owner, _] = self.owners(key);
        owner.filter(|(node, _)| *node != self.cluster.node())
    }

    fn fetch(&self, key: &Key) -> Option<Vec<u8>> {
        let [owner, before] = self.owners(key);
        if let Some(owner) = owner.filter(|(node, _)| *node != self.cluster.node()) {
            return self.ask(owner, key);
        }
        match self.own.claims.claim_or_wait(key, WAIT) {
            Claimed::Waited => self.own.disk.get(key),
            // A node that just came owns much that was brought to another.
            Claimed::Own => before.and_then(|before| self.ask(before, key)).inspect(|value| self.own.keep(key, value)),
        }
    }

    fn ask(&self, (node, peer): (NodeId, Peer), key: &Key) -> Option<Vec<u8>> {
        let question = questions::encode(key.as_bytes());
        let asked = self.peers.ask(node, &peer, Lane::Service, FACTS, question, ASK);
        // A node that is gone costs nothing: the connection is known to be down.
        let answer = self.runtime.block_on(asked).ok()?;
        match questions::decode(&answer).ok()? {
            FactsAnswer::Hit(value) => Some(value),
            FactsAnswer::Compute => None,
        }
    }
}

impl Tier for SharedFacts {
    fn name(&self) -> &'static str {
        "cluster"
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let since = Instant::now();
        let found = self.fetch(key);
        self.counters.looked_up(since, found.as_ref().map(Vec::len));
        found
    }

    fn put(&self, key: &Key, bytes: &[u8]) {
        let Some((node, peer)) = self.other_owner(key) else {
            // The disk's own tier has it already.
            return self.own.claims.fulfil(key);
        };
        let permit = Arc::clone(&self.sending).try_acquire_owned().ok().filter(|_| bytes.len() <= VALUE_BYTES_MAX);
        let Some(permit) = permit else { return self.counters.refused() };
        self.counters.filled(bytes.len());
        let question = questions::encode(&KeepFacts { key: *key.as_bytes(), value: bytes.to_vec() });
        let peers = self.peers.clone();
        self.runtime.spawn(async move {
            // What does not arrive is computed again by whoever wants it.
            drop(peers.ask(node, &peer, Lane::Service, KEEP_FACTS, question, Duration::from_secs(5)).await);
            drop(permit);
        });
    }

    fn reject(&self, _: &Key) {}

    fn counters(&self) -> &Counters {
        &self.counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_computes_and_the_others_wait_for_it() {
        let (claims, key) = (Claims::default(), Key::from_bytes([7; 32]));
        assert_eq!(claims.claim_or_wait(&key, Duration::ZERO), Claimed::Own);
        assert_eq!(
            claims.claim_or_wait(&key, Duration::ZERO),
            Claimed::Waited,
            "it is not there, and nobody waits long"
        );
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| claims.claim_or_wait(&key, Duration::from_secs(30)));
            claims.fulfil(&key);
            let waited = waiting.join().expect("no panic");
            // Who comes after the value was brought has nobody to wait for.
            assert!(matches!(waited, Claimed::Waited | Claimed::Own));
        });
        assert!(claims.lock().len() <= 1);
    }
}
