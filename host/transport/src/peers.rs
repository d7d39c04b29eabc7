//! The connections that this node made to others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::mpsc;
use tokio::time::Instant;
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_raft::network::{self, AppendChannel, Chunk, Destination, Frame, Network, NetworkError};

use crate::breaker::Breaker;
use crate::limiter::Limiter;
use crate::link::{Link, LinkError};
use crate::record::Kind;
use crate::{Dial, Identity, Lane, Method, Stats, hello};

/// What this node allows itself.
#[derive(Debug, Clone, Copy)]
pub struct PeersConfig {
    /// Bytes of snapshots in a second, to all nodes together.
    pub snapshot_bytes_per_second: u64,
    /// Bytes of blobs in a second, to all nodes together.
    pub blob_bytes_per_second: u64,
}

impl Default for PeersConfig {
    fn default() -> Self {
        Self { snapshot_bytes_per_second: 64 << 20, blob_bytes_per_second: 64 << 20 }
    }
}

/// The other nodes, as this one reaches them. Clones share the connections.
#[derive(Clone)]
pub struct Peers {
    inner: Arc<Inner>,
}

struct Inner {
    identity: Identity,
    dialer: Arc<dyn Dial>,
    slots: Mutex<HashMap<(NodeId, Lane), Slot>>,
    snapshots: Arc<Limiter>,
    blobs: Arc<Limiter>,
    stats: Arc<Stats>,
}

type Dialing = Shared<BoxFuture<'static, Result<Arc<Link>, NetworkError>>>;

/// The connection to a node for one lane.
struct Slot {
    peer: Peer,
    breaker: Breaker,
    state: SlotState,
}

enum SlotState {
    Down,
    Dialing(Dialing),
    Up(Arc<Link>),
}

impl Peers {
    /// Nobody is connected yet.
    pub fn new(identity: Identity, dialer: Arc<dyn Dial>, config: PeersConfig) -> Self {
        let PeersConfig { snapshot_bytes_per_second, blob_bytes_per_second } = config;
        Self {
            inner: Arc::new(Inner {
                identity,
                dialer,
                slots: Mutex::default(),
                snapshots: Arc::new(Limiter::new(snapshot_bytes_per_second)),
                blobs: Arc::new(Limiter::new(blob_bytes_per_second)),
                stats: Arc::default(),
            }),
        }
    }

    /// What was sent, by lanes.
    pub fn stats(&self) -> &Stats {
        &self.inner.stats
    }

    /// Asks a node something.
    ///
    /// # Errors
    /// [`NetworkError`]. After [`NetworkError::Deadline`] it is unknown whether the node did what it was asked.
    pub async fn ask(
        &self,
        node: NodeId,
        peer: &Peer,
        lane: Lane,
        method: Method,
        question: Bytes,
        deadline: Duration,
    ) -> Result<Bytes, NetworkError> {
        let started = Instant::now();
        let link = self.link(node, peer, lane);
        let link =
            tokio::time::timeout(deadline, link).await.unwrap_or(Err(NetworkError::Deadline { node, deadline }))?;
        let left = deadline.saturating_sub(started.elapsed());
        link.call(Kind::Ask, method.0, question, left).await.map_err(|error| network_error(node, deadline, error))
    }

    /// Ends the connections to a node that is no part of the cluster any more.
    pub fn forget(&self, node: NodeId) {
        self.inner.lock().retain(|(other, _), _| *other != node);
    }

    /// The connection to a node, made if there is none.
    async fn link(&self, node: NodeId, peer: &Peer, lane: Lane) -> Result<Arc<Link>, NetworkError> {
        let dialing = {
            let mut slots = self.inner.lock();
            let slot = slots.entry((node, lane)).or_insert_with(|| Slot::new(peer));
            if slot.peer != *peer {
                *slot = Slot::new(peer);
            }
            match &slot.state {
                SlotState::Up(link) if !link.is_closed() => return Ok(Arc::clone(link)),
                SlotState::Dialing(dialing) => dialing.clone(),
                SlotState::Up(_) | SlotState::Down => {
                    if let Some(wait) = slot.breaker.wait(Instant::now()) {
                        let detail = format!("it could not be reached, and is tried again in {} ms", wait.as_millis());
                        return Err(NetworkError::Unreachable { node, detail });
                    }
                    let dialing = Inner::dial(Arc::clone(&self.inner), node, peer.clone(), lane).boxed().shared();
                    slot.state = SlotState::Dialing(dialing.clone());
                    // It goes on when nobody waits for it any more.
                    tokio::spawn(dialing.clone());
                    dialing
                }
            }
        };
        dialing.await
    }
}

impl Slot {
    fn new(peer: &Peer) -> Self {
        Self { peer: peer.clone(), breaker: Breaker::default(), state: SlotState::Down }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, HashMap<(NodeId, Lane), Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn dial(self: Arc<Self>, node: NodeId, peer: Peer, lane: Lane) -> Result<Arc<Link>, NetworkError> {
        let dialed = self.connect(node, &peer, lane).await;
        self.stats.dialed(lane, dialed.is_ok());
        if let Err(error) = &dialed {
            tracing::debug!(%node, address = %peer, ?lane, %error, "a node cannot be reached");
        }
        let mut slots = self.lock();
        // The node may have moved meanwhile, or be none any more.
        if let Some(slot) = slots.get_mut(&(node, lane)).filter(|slot| slot.peer == peer) {
            match &dialed {
                Ok(link) => {
                    slot.breaker.succeeded();
                    slot.state = SlotState::Up(Arc::clone(link));
                }
                Err(_) => {
                    slot.breaker.failed(Instant::now());
                    slot.state = SlotState::Down;
                }
            }
        }
        dialed
    }

    async fn connect(&self, node: NodeId, peer: &Peer, lane: Lane) -> Result<Arc<Link>, NetworkError> {
        let unreachable = |detail: String| NetworkError::Unreachable { node, detail };
        let mut wire = self.dialer.dial(peer.clone()).await.map_err(|error| unreachable(error.to_string()))?;
        let greeted = hello::greet(&mut wire, self.identity, node, lane).await;
        greeted.map_err(|error| unreachable(error.to_string()))?;
        let limiter = match lane {
            Lane::Snapshot => Some(Arc::clone(&self.snapshots)),
            Lane::Blob => Some(Arc::clone(&self.blobs)),
            Lane::Control | Lane::Append | Lane::Service => None,
        };
        Ok(Arc::new(Link::start(wire, lane, limiter, Arc::clone(&self.stats))))
    }
}

fn network_error(node: NodeId, deadline: Duration, error: LinkError) -> NetworkError {
    match error {
        LinkError::Closed => NetworkError::Unreachable { node, detail: "the connection ended".to_owned() },
        LinkError::Deadline => NetworkError::Deadline { node, deadline },
        LinkError::Failed(detail) => NetworkError::Refused { node, detail },
    }
}

impl Network for Peers {
    fn call(
        &self,
        to: Destination,
        lane: network::Lane,
        request: Frame,
        deadline: Duration,
    ) -> network::BoxFuture<'static, Result<Frame, NetworkError>> {
        let this = self.clone();
        Box::pin(async move {
            let node = to.node;
            let called = async {
                let link = this.link(node, &to.peer, lane.into()).await?;
                let called = link.call(Kind::Call, to.group.0, request.into(), deadline).await;
                called.map(Frame::from).map_err(|error| network_error(node, deadline, error))
            };
            tokio::time::timeout(deadline, called).await.unwrap_or(Err(NetworkError::Deadline { node, deadline }))
        })
    }

    fn open_append(&self, to: Destination) -> network::BoxFuture<'static, Result<AppendChannel, NetworkError>> {
        let this = self.clone();
        Box::pin(async move {
            let link = this.link(to.node, &to.peer, Lane::Append).await?;
            link.open_append(to.group.0).await.map_err(|error| network_error(to.node, Duration::ZERO, error))
        })
    }

    fn send_snapshot(
        &self,
        to: Destination,
        header: Frame,
        chunks: mpsc::Receiver<Chunk>,
        deadline: Duration,
    ) -> network::BoxFuture<'static, Result<Frame, NetworkError>> {
        let this = self.clone();
        Box::pin(async move {
            let node = to.node;
            let link = this.link(node, &to.peer, Lane::Snapshot).await?;
            let sent = link.send_snapshot(to.group.0, header, chunks, deadline).await;
            sent.map(Frame::from).map_err(|error| network_error(node, deadline, error))
        })
    }
}
