//! A network inside one process, for tests: nodes can be cut off, and messages are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{
    APPEND_WINDOW, AppendChannel, BoxFuture, Chunk, Destination, Endpoint, Frame, Lane, Network, NetworkError,
};
use crate::ids::{GroupId, NodeId};

/// Connects the nodes of a test. Clones share the network.
#[derive(Clone, Default)]
pub struct MemoryNetwork {
    hub: Arc<Hub>,
}

#[derive(Default)]
struct Hub {
    state: Mutex<State>,
    /// Counts changes of who is cut off, so that open channels notice.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    endpoints: BTreeMap<(NodeId, GroupId), Arc<dyn Endpoint>>,
    cut_off: BTreeSet<NodeId>,
    sent: BTreeMap<Lane, u64>,
}

/// One node's access to a [`MemoryNetwork`].
struct Access {
    hub: Arc<Hub>,
    from: NodeId,
}

impl MemoryNetwork {
    /// A network of nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// What `node` sends with.
    pub fn access(&self, node: NodeId) -> Arc<dyn Network> {
        Arc::new(Access { hub: Arc::clone(&self.hub), from: node })
    }

    /// Delivers messages for `group` on `node` to `endpoint` from now on.
    pub fn attach(&self, node: NodeId, group: GroupId, endpoint: Arc<dyn Endpoint>) {
        self.hub.lock().endpoints.insert((node, group), endpoint);
    }

    /// Delivers nothing for `node` any more, as if its process had ended.
    pub fn detach(&self, node: NodeId) {
        self.hub.lock().endpoints.retain(|(at, _), _| *at != node);
        self.hub.changed.send_modify(|changes| *changes += 1);
    }

    /// Cuts `node` off from all others, both ways.
    pub fn cut_off(&self, node: NodeId) {
        self.hub.lock().cut_off.insert(node);
        self.hub.changed.send_modify(|changes| *changes += 1);
    }

    /// Connects everybody again.
    pub fn heal(&self) {
        self.hub.lock().cut_off.clear();
        self.hub.changed.send_modify(|changes| *changes += 1);
    }

    /// Messages sent so far over `lane`: calls, requests of append channels, and whole snapshots.
    pub fn n_sent(&self, lane: Lane) -> u64 {
        self.hub.lock().sent.get(&lane).copied().unwrap_or(0)
    }
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, from: NodeId, to: &Destination) -> Result<Arc<dyn Endpoint>, NetworkError> {
        let state = self.lock();
        let is_cut = [from, to.node].iter().any(|node| state.cut_off.contains(node));
        match state.endpoints.get(&(to.node, to.group)) {
            Some(endpoint) if !is_cut => Ok(Arc::clone(endpoint)),
            _ => Err(NetworkError::Unreachable { node: to.node, detail: "cut off or not running".to_owned() }),
        }
    }

    fn count(&self, lane: Lane) {
        *self.lock().sent.entry(lane).or_default() += 1;
    }

    /// Returns when the way between the two is cut.
    async fn until_cut(&self, from: NodeId, to: &Destination) {
        let mut changed = self.changed.subscribe();
        while self.reach(from, to).is_ok() {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }
}

fn refused(node: NodeId, error: &super::EndpointError) -> NetworkError {
    NetworkError::Refused { node, detail: error.to_string() }
}

impl Network for Access {
    fn call(
        &self,
        to: Destination,
        lane: Lane,
        request: Frame,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        let (hub, from) = (Arc::clone(&self.hub), self.from);
        Box::pin(async move {
            let endpoint = hub.reach(from, &to)?;
            hub.count(lane);
            match tokio::time::timeout(deadline, endpoint.handle(request)).await {
                Err(_) => Err(NetworkError::Deadline { node: to.node, deadline }),
                Ok(Err(error)) => Err(refused(to.node, &error)),
                // The answer is lost if the way was cut meanwhile.
                Ok(Ok(reply)) => hub.reach(from, &to).map(|_| reply),
            }
        })
    }

    fn open_append(&self, to: Destination) -> BoxFuture<'static, Result<AppendChannel, NetworkError>> {
        let (hub, from) = (Arc::clone(&self.hub), self.from);
        Box::pin(async move {
            let endpoint = hub.reach(from, &to)?;
            let (requests, mut outgoing) = mpsc::channel::<Frame>(APPEND_WINDOW);
            let (incoming, served) = mpsc::channel(APPEND_WINDOW);
            let (answers, replies) = mpsc::channel(APPEND_WINDOW);
            tokio::spawn(async move {
                let carry = async {
                    while let Some(frame) = outgoing.recv().await {
                        hub.count(Lane::Append);
                        if incoming.send(frame).await.is_err() {
                            break;
                        }
                    }
                    drop(incoming);
                };
                let serve = endpoint.serve_append(served, answers);
                tokio::select! {
                    ((), served) = async { tokio::join!(carry, serve) } => {
                        if let Err(error) = served {
                            tracing::debug!(%error, "an append channel ended");
                        }
                    }
                    () = hub.until_cut(from, &to) => {}
                }
            });
            Ok(AppendChannel { requests, replies })
        })
    }

    fn send_snapshot(
        &self,
        to: Destination,
        header: Frame,
        chunks: mpsc::Receiver<Chunk>,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        let (hub, from) = (Arc::clone(&self.hub), self.from);
        Box::pin(async move {
            let endpoint = hub.reach(from, &to)?;
            hub.count(Lane::Snapshot);
            tokio::select! {
                result = tokio::time::timeout(deadline, endpoint.receive_snapshot(header, chunks)) => match result {
                    Err(_) => Err(NetworkError::Deadline { node: to.node, deadline }),
                    Ok(result) => result.map_err(|error| refused(to.node, &error)),
                },
                () = hub.until_cut(from, &to) => {
                    Err(NetworkError::Unreachable { node: to.node, detail: "cut off".to_owned() })
                }
            }
        })
    }
}
