//! Shards that have no replica on this node, followed from one that has: names and digests here, contents when somebody reads them.
//!
//! So every node can answer for a whole workspace, wherever its files are.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vraftls_cluster::Cluster;
use vraftls_meta::{GroupId as MetaGroupId, State as Metadata};
use vraftls_query::ReadError;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_transport::{Lane, Peers};
use vraftls_vfs::{ContentDigest, Difference, Revision, State};

use super::machines::SharedMachines;
use super::questions::{self, FOLLOW, Follow, Followed, OFFER, OfferQuestion, WireOffer};
use crate::references::Offer;

/// How many differences one answer has.
const PAGE_MAX: usize = 50_000;

/// How many states of each shard are remembered for those who follow it.
const HISTORY_MAX: usize = 64;

/// How long a question for something new waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the way there and back may take beside it.
const WAY: Duration = Duration::from_secs(10);

/// When no replica answers, the next round comes after so long.
const PAUSE: Duration = Duration::from_millis(300);

/// How long one replica may take to hand out contents that somebody waits for.
const READ: Duration = Duration::from_secs(5);

/// How many bytes of contents from elsewhere are kept.
const CONTENTS_BYTES_MAX: u64 = 64 << 20;

/// The shards that are followed.
pub(super) struct Mirrors {
    cluster: Arc<Cluster<SharedMachines>>,
    peers: Peers,
    contents: Cache<ContentDigest, Arc<[u8]>>,
    runtime: Handle,
    following: Mutex<BTreeMap<GroupId, Following>>,
    /// Grows when a shard begins or ends to be followed.
    changed: watch::Sender<u64>,
    /// What others may follow from here.
    histories: Mutex<BTreeMap<GroupId, VecDeque<State>>>,
}

struct Following {
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Mirrors {
    pub(super) fn new(cluster: Arc<Cluster<SharedMachines>>, peers: Peers) -> Self {
        let weigh = |_: &ContentDigest, bytes: &Arc<[u8]>| u32::try_from(bytes.len() + 64).unwrap_or(u32::MAX);
        let contents = Cache::builder().max_capacity(CONTENTS_BYTES_MAX).weigher(weigh).build();
        let (following, changed, histories) = (Mutex::default(), watch::Sender::new(0), Mutex::default());
        Self { cluster, peers, contents, runtime: Handle::current(), following, changed, histories }
    }

    fn following(&self) -> MutexGuard<'_, BTreeMap<GroupId, Following>> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shards that are followed, with what is known of them.
    pub(super) fn all(&self) -> Vec<(GroupId, watch::Receiver<State>)> {
        self.following().iter().map(|(group, following)| (*group, following.state.clone())).collect()
    }

    /// Counts the changes of [`Self::all`].
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Follows every shard that has no replica here, until the node ends.
    pub(super) async fn run(self: Arc<Self>) {
        let (mut metadata, mut hosted) = (self.cluster.metadata(), self.cluster.shards_changed());
        loop {
            let known = metadata.borrow_and_update().clone();
            hosted.borrow_and_update();
            self.reconcile(&known);
            tokio::select! {
                changed = metadata.changed() => if changed.is_err() { break },
                changed = hosted.changed() => if changed.is_err() { break },
            }
        }
    }

    fn reconcile(self: &Arc<Self>, metadata: &Metadata) {
        let here: Vec<GroupId> = self.cluster.shards().into_iter().map(|shard| shard.group).collect();
        let groups = metadata.groups().keys().filter(|group| **group != MetaGroupId::METADATA);
        let wanted: Vec<GroupId> = groups.map(|group| GroupId(group.0)).filter(|group| !here.contains(group)).collect();
        let mut following = self.following();
        let n_before = following.len();
        following.retain(|group, known| {
            let stays = wanted.contains(group);
            if !stays {
                known.task.abort();
            }
            stays
        });
        let mut is_other = following.len() != n_before;
        for group in wanted {
            following.entry(group).or_insert_with(|| {
                is_other = true;
                let (sender, state) = watch::channel(State::new());
                Following { state, task: tokio::spawn(Arc::clone(self).follow(group, sender)) }
            });
        }
        drop(following);
        if is_other {
            self.changed.send_modify(|n| *n += 1);
        }
    }

    /// The replicas of a group that keep contents, this node left out.
    fn replicas(&self, group: GroupId) -> Vec<(NodeId, Peer)> {
        let metadata = self.cluster.metadata().borrow().clone();
        let Some(known) = metadata.groups().get(&MetaGroupId(group.0)) else { return Vec::new() };
        let full = known.replicas.iter().filter_map(|node| {
            let about = metadata.nodes().get(node).filter(|about| about.is_full())?;
            Some((NodeId(node.0), Peer::new(about.registration.address.as_str())))
        });
        full.filter(|(node, _)| *node != self.cluster.node()).collect()
    }

    async fn follow(self: Arc<Self>, group: GroupId, mirror: watch::Sender<State>) {
        loop {
            for (node, peer) in self.replicas(group) {
                // One replica is followed as long as it answers: another may be behind it.
                while let Some(news) = self.ask(group, node, &peer, &mirror).await {
                    if let Some(state) = news
                        && state.revision() >= mirror.borrow().revision()
                    {
                        mirror.send_replace(state);
                    }
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks a replica for what is new; nothing where it is of no use, an inner nothing where there is nothing new.
    async fn ask(
        &self,
        group: GroupId,
        node: NodeId,
        peer: &Peer,
        mirror: &watch::Sender<State>,
    ) -> Option<Option<State>> {
        let mut state = mirror.borrow().clone();
        let mut towards = None;
        loop {
            let patience_ms = u32::try_from(PATIENCE.as_millis()).unwrap_or(u32::MAX);
            let known = if towards.is_some() { mirror.borrow().revision() } else { state.revision() };
            let question = Follow { group: group.0, known, towards, patience_ms };
            let question = questions::encode(&question);
            let asked = self.peers.ask(node, peer, Lane::Blob, FOLLOW, question, PATIENCE + WAY).await.ok()?;
            match questions::decode(&asked).ok()? {
                Followed::Same => return Some(None),
                Followed::NotHere => return None,
                Followed::Forgotten if state.revision() == Revision(0) => return None,
                Followed::Forgotten => {
                    // Readers keep the older state until the newer one is whole.
                    state = State::new();
                    towards = None;
                }
                Followed::Difference { difference, has_more } => {
                    let n_known = towards.map_or(0, |(_, n)| n) + difference.files.len() as u64;
                    towards = Some((difference.revision, n_known));
                    state.mirror(difference);
                    if !has_more {
                        return Some(Some(state));
                    }
                }
            }
        }
    }

    /// Remembers a state of a shard that has a replica here, for those who follow it.
    fn remember(&self, group: GroupId, state: &State) {
        let mut histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        let history = histories.entry(group).or_default();
        if history.back().is_some_and(|last| last.revision() >= state.revision()) {
            return;
        }
        history.push_back(state.clone());
        if history.len() > HISTORY_MAX {
            history.pop_front();
        }
    }

    /// Answers who follows a shard from here.
    pub(super) async fn followed(&self, asked: Follow) -> Followed {
        let group = GroupId(asked.group);
        let shard = self.cluster.shards().into_iter().find(|shard| shard.group == group);
        let Some(shard) = shard else { return Followed::NotHere };
        let mut state = shard.state;
        if asked.towards.is_some() {
            let now = state.borrow().clone();
            return self.difference(group, &asked, now);
        }
        let patience = Duration::from_millis(asked.patience_ms.into()).min(PATIENCE);
        let is_newer = state.wait_for(|state| state.revision() > asked.known);
        let now = match tokio::time::timeout(patience, is_newer).await {
            Ok(Ok(newer)) => newer.clone(),
            Ok(Err(_)) => return Followed::NotHere,
            Err(_) => return Followed::Same,
        };
        // The next question is what came after it.
        self.remember(group, &now);
        self.difference(group, &asked, now)
    }

    fn difference(&self, group: GroupId, asked: &Follow, now: State) -> Followed {
        let histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        let at = |revision: Revision| {
            let history = histories.get(&group).into_iter().flatten();
            history.rev().find(|state| state.revision() == revision).cloned()
        };
        let older = if asked.known == Revision(0) { Some(State::new()) } else { at(asked.known) };
        let (newer, n_known) = match asked.towards {
            None => (Some(now), 0),
            Some((revision, n_known)) => (at(revision), n_known),
        };
        let (Some(older), Some(newer)) = (older, newer) else { return Followed::Forgotten };
        drop(histories);
        let Difference { revision, epoch, workspaces, mut files } = newer.difference(&older);
        let rest = files.split_off(usize::try_from(n_known).unwrap_or(usize::MAX).min(files.len()));
        let mut page = rest;
        let has_more = page.len() > PAGE_MAX;
        page.truncate(PAGE_MAX);
        Followed::Difference { difference: Difference { revision, epoch, workspaces, files: page }, has_more }
    }

    /// The bytes of contents of a shard that has no replica here. Blocks on other nodes; never called on the async runtime.
    pub(super) fn read(&self, group: GroupId, digest: ContentDigest) -> Result<Arc<[u8]>, ReadError> {
        if let Some(bytes) = self.contents.get(&digest) {
            return Ok(bytes);
        }
        let question = questions::encode(&OfferQuestion { group: group.0, digests: vec![digest] });
        let mut last = format!("no replica of group {group} can be reached");
        for (node, peer) in self.replicas(group) {
            let asked = self.peers.ask(node, &peer, Lane::Service, OFFER, question.clone(), READ);
            match self.runtime.block_on(asked) {
                Ok(answer) => match offered(&answer) {
                    Some(bytes) if ContentDigest::of(&bytes) == digest => {
                        let bytes: Arc<[u8]> = bytes.into();
                        self.contents.insert(digest, Arc::clone(&bytes));
                        return Ok(bytes);
                    }
                    _ => last = format!("node {node} does not have contents {digest}"),
                },
                Err(error) => last = error.to_string(),
            }
        }
        Err(ReadError::Unavailable(last))
    }

    /// Ends everything.
    pub(super) fn end(&self) {
        self.following().retain(|_, known| {
            known.task.abort();
            false
        });
    }
}

fn offered(answer: &[u8]) -> Option<Vec<u8>> {
    let offers: Vec<WireOffer> = questions::decode(answer).ok()?;
    match Offer::from(offers.into_iter().next()?) {
        Offer::Contents(bytes) => Some(bytes),
        _ => None,
    }
}
