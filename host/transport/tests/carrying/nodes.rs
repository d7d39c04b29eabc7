//! Nodes in this process, connected by channels instead of sockets, so that time can be paused and connections cut.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, sink, stream};
use tokio::sync::{mpsc, watch};
use vraftls_meta::{ClusterId, Incarnation};
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::network::{BoxFuture, Chunk, Destination, Endpoint, EndpointError, Frame};
use vraftls_transport::{
    Dial, Dialed, Identity, Local, Method, Peers, PeersConfig, Service, ServiceError, Wire, serve,
};

/// How long anything may take that is not meant to fail.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// The wires of a test: who listens where, and how often somebody tried.
#[derive(Clone, Default)]
pub(crate) struct Wires {
    listeners: Arc<Mutex<HashMap<String, Arc<Local>>>>,
    tries: Arc<AtomicUsize>,
    /// Counts cuts of everything that is connected.
    cuts: watch::Sender<u64>,
    /// Connections that are made take messages and never say anything after the handshake.
    is_deaf: watch::Sender<bool>,
}

pub(crate) fn identity(node: u64) -> Identity {
    let cluster = ClusterId::from_bytes([1; 16]);
    Identity { cluster, node: NodeId(node), incarnation: Incarnation::from_bytes([node as u8; 16]) }
}

pub(crate) fn peer(node: u64) -> Peer {
    Peer::new(format!("node-{node}"))
}

pub(crate) fn to(node: u64, group: u32) -> Destination {
    Destination { group: GroupId(group), node: NodeId(node), peer: peer(node) }
}

impl Wires {
    /// A node that listens under its name.
    pub(crate) fn listen(&self, node: u64, service: impl Service) -> Arc<Local> {
        let local = Arc::new(Local::new(identity(node), Arc::new(service)));
        self.listeners.lock().unwrap().insert(peer(node).address, Arc::clone(&local));
        local
    }

    /// Nobody listens there any more.
    pub(crate) fn close(&self, node: u64) {
        self.listeners.lock().unwrap().remove(&peer(node).address);
        self.cut();
    }

    pub(crate) fn peers(&self, identity: Identity) -> Peers {
        Peers::new(identity, Arc::new(self.clone()), PeersConfig::default())
    }

    pub(crate) fn n_tries(&self) -> usize {
        self.tries.load(Ordering::SeqCst)
    }

    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub(crate) fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.send_replace(is_deaf);
    }
}

impl Dial for Wires {
    fn dial(&self, peer: Peer) -> Dialed {
        self.tries.fetch_add(1, Ordering::SeqCst);
        let this = self.clone();
        Box::pin(async move {
            let local = this.listeners.lock().unwrap().get(&peer.address).cloned();
            let local = local.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (here, there) = (mpsc::channel(8), mpsc::channel(8));
            let mut cuts = this.cuts.subscribe();
            let mut deaf = this.is_deaf.subscribe();
            let (towards, mut from_there) = (wire(here.0.clone(), there.1), here.1);
            // What comes back is held while the connection is deaf.
            let (back, backwards) = mpsc::channel(8);
            tokio::spawn(async move {
                let mut n_handed = 0;
                while let Some(message) = from_there.recv().await {
                    if n_handed > 0 && deaf.wait_for(|is_deaf| !is_deaf).await.is_err() {
                        return;
                    }
                    n_handed += 1;
                    if back.send(message).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move {
                tokio::select! {
                    _ = serve(local, towards) => {}
                    _ = cuts.changed() => {}
                }
            });
            Ok(wire(there.0, backwards))
        })
    }
}

fn wire(outgoing: mpsc::Sender<Bytes>, incoming: mpsc::Receiver<Bytes>) -> Wire {
    let outgoing = sink::unfold(outgoing, |outgoing, message: Bytes| async move {
        outgoing.send(message).await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(outgoing)
    });
    let incoming = stream::unfold(incoming, |mut incoming| {
        async move { incoming.recv().await.map(|message| (Ok(message), incoming)) }.boxed()
    });
    Wire { incoming: Box::pin(incoming), outgoing: Box::pin(outgoing) }
}

/// Answers with what it was asked, or does what the method says.
#[derive(Clone, Default)]
pub(crate) struct Echo {
    /// How many questions are being held.
    pub(crate) held: Arc<AtomicUsize>,
}

/// Never answers.
pub(crate) const HOLD: Method = Method(1);

/// Refuses.
pub(crate) const REFUSE: Method = Method(2);

/// Answers with more than any message holds.
pub(crate) const TOO_MUCH: Method = Method(3);

struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service for Echo {
    fn answer(
        &self,
        from: Identity,
        method: Method,
        question: Bytes,
    ) -> BoxFuture<'static, Result<Bytes, ServiceError>> {
        let held = Arc::clone(&self.held);
        Box::pin(async move {
            match method {
                HOLD => {
                    held.fetch_add(1, Ordering::SeqCst);
                    let _held = Held(held);
                    std::future::pending().await
                }
                REFUSE => Err(ServiceError(format!("not for node {}", from.node))),
                TOO_MUCH => Ok(vec![0; 17 << 20].into()),
                _ => Ok(question),
            }
        })
    }
}

/// A group that keeps what it gets.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    pub(crate) appended: Arc<Mutex<Vec<Frame>>>,
    pub(crate) chunks: Arc<Mutex<Vec<Chunk>>>,
    /// Append requests and chunks are taken while this is open.
    pub(crate) is_held: watch::Sender<bool>,
}

impl Recorder {
    async fn until_open(&self) {
        drop(self.is_held.subscribe().wait_for(|is_held| !is_held).await);
    }
}

impl Endpoint for Recorder {
    fn handle(&self, request: Frame) -> BoxFuture<'static, Result<Frame, EndpointError>> {
        Box::pin(std::future::ready(match request.as_slice() {
            b"stop" => Err(EndpointError::Stopped { reason: "asked to".to_owned() }),
            _ => Ok(request.iter().rev().copied().collect()),
        }))
    }

    fn serve_append(
        &self,
        mut requests: mpsc::Receiver<Frame>,
        replies: mpsc::Sender<Frame>,
    ) -> BoxFuture<'static, Result<(), EndpointError>> {
        let this = self.clone();
        Box::pin(async move {
            while let Some(request) = requests.recv().await {
                this.until_open().await;
                this.appended.lock().unwrap().push(request.clone());
                if request == b"stop" || replies.send(request).await.is_err() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn receive_snapshot(
        &self,
        header: Frame,
        mut chunks: mpsc::Receiver<Chunk>,
    ) -> BoxFuture<'static, Result<Frame, EndpointError>> {
        let this = self.clone();
        Box::pin(async move {
            while let Some(chunk) = chunks.recv().await {
                this.until_open().await;
                if chunk == b"bad" {
                    return Err(EndpointError::Transfer { detail: "a bad piece".to_owned() });
                }
                this.chunks.lock().unwrap().push(chunk);
            }
            Ok(header)
        })
    }
}
