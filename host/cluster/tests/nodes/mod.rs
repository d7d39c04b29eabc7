//! Nodes of a cluster in this process: real sockets, real logs, files in memory.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vraftls_cluster::{CONTROL, Cluster, ClusterConfig, Contacts, DataMachines, Membership, Timing};
use vraftls_meta::{Address, Applied as MetaApplied, ClusterId, Incarnation, NodeKind, Registration, Request, State};
use vraftls_raft::codec::{Codec, DecodeError, decode_exact, encode_versioned, split_version};
use vraftls_raft::error::StorageError;
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_raft::machine::{Applied, SnapshotView, StateMachine};
use vraftls_raft::network::BoxFuture;
use vraftls_transport::{
    Identity, Local, Method, Peers, PeersConfig, Service, ServiceError, TcpDialer, serve, websocket,
};
use vraftls_vfs::{Command, Response, Revision, State as Files};

pub(crate) const CLUSTER: ClusterId = ClusterId::from_bytes([7; 16]);

/// The files without their contents, in a file of their own.
pub(crate) struct Machines;

pub(crate) struct FilesMachine {
    state: Files,
    applied: Applied,
    file: std::path::PathBuf,
    published: watch::Sender<Files>,
}

impl DataMachines for Machines {
    type Machine = FilesMachine;

    fn open(&self, _: GroupId, directory: &Path) -> Result<(FilesMachine, watch::Receiver<Files>), StorageError> {
        std::fs::create_dir_all(directory).map_err(|error| StorageError::io("making a directory", error))?;
        let file = directory.join("state");
        let (applied, state) = match std::fs::read(&file) {
            Ok(bytes) => {
                let (head, body) = bytes.split_at(8);
                let length = u64::from_le_bytes(head.try_into().expect("eight bytes")) as usize;
                (Applied::decode(&body[..length])?, Files::decode(&body[length..]).expect("a state"))
            }
            Err(_) => (Applied::default(), Files::new()),
        };
        let (published, receiver) = watch::channel(state.clone());
        Ok((FilesMachine { state, applied, file, published }, receiver))
    }

    fn started(&self, _: GroupId, _: std::sync::Arc<dyn Fn() -> u64 + Send + Sync>) {}

    fn recovered(&self, _: GroupId) {}

    fn closing(&self, _: GroupId) {}

    fn closed(&self, _: GroupId) {}

    fn erased(&self, _: GroupId) {}
}

impl StateMachine for FilesMachine {
    type Command = Command;
    type Response = Response;
    type Codec = FilesCodec;
    type Snapshot = FilesSnapshot;

    fn applied(&mut self) -> Result<Applied, StorageError> {
        Ok(self.applied.clone())
    }

    fn apply(&mut self, log_index: u64, command: Command) -> Response {
        self.state.apply(Revision(log_index), command).0
    }

    fn commit(&mut self, applied: &Applied) -> Result<(), StorageError> {
        self.applied = applied.clone();
        self.published.send_replace(self.state.clone());
        Ok(())
    }

    fn snapshot(&mut self) -> Result<FilesSnapshot, StorageError> {
        Ok(FilesSnapshot { state: self.state.clone(), applied: self.applied.clone(), file: self.file.clone() })
    }

    fn install(&mut self, applied: &Applied, snapshot: &mut dyn Read) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        snapshot.read_to_end(&mut bytes).map_err(|error| StorageError::io("reading a snapshot", error))?;
        self.state = Files::decode(&bytes).map_err(|error| StorageError::corrupt("state", error.to_string()))?;
        self.applied = applied.clone();
        self.published.send_replace(self.state.clone());
        self.snapshot()?.persist()
    }
}

pub(crate) struct FilesSnapshot {
    state: Files,
    applied: Applied,
    file: std::path::PathBuf,
}

impl SnapshotView for FilesSnapshot {
    fn persist(&self) -> Result<(), StorageError> {
        let applied = self.applied.encode();
        let bytes = [&(applied.len() as u64).to_le_bytes()[..], &applied, &self.state.encode()].concat();
        std::fs::write(&self.file, bytes).map_err(|error| StorageError::io("writing a state", error))
    }

    fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError> {
        out.write_all(&self.state.encode()).map_err(|error| StorageError::io("sending a state", error))
    }
}

pub(crate) struct FilesCodec;

impl Codec<Command> for FilesCodec {
    fn encode(value: &Command, out: &mut Vec<u8>) {
        out.extend(value.encode());
    }

    fn decode(bytes: &[u8]) -> Result<Command, DecodeError> {
        Command::decode(bytes).map_err(|error| DecodeError::malformed("command", error.to_string()))
    }
}

impl Codec<Response> for FilesCodec {
    fn encode(value: &Response, out: &mut Vec<u8>) {
        encode_versioned(1, value, out);
    }

    fn decode(bytes: &[u8]) -> Result<Response, DecodeError> {
        decode_exact("response", split_version("response", 1, bytes)?.1)
    }
}

/// Answers other nodes with the cluster, once there is one.
struct Control(watch::Receiver<Option<Arc<Cluster<Machines>>>>);

impl Service for Control {
    fn answer(&self, _: Identity, method: Method, question: Bytes) -> BoxFuture<'static, Result<Bytes, ServiceError>> {
        let cluster = self.0.borrow().clone();
        Box::pin(async move {
            match cluster {
                Some(cluster) if method == CONTROL => cluster.answer(question).await,
                _ => Err(ServiceError("not yet".to_owned())),
            }
        })
    }
}

pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) cluster: Arc<Cluster<Machines>>,
    pub(crate) directory: Arc<tempfile::TempDir>,
    log: LogStore,
    listening: JoinHandle<()>,
    address: Address,
}

/// A socket and a directory that a node will have.
pub(crate) struct Place {
    listener: TcpListener,
    address: Address,
    directory: Arc<tempfile::TempDir>,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = Address::new(&listener.local_addr().expect("bound").to_string()).expect("an address");
        Self { listener, address, directory: Arc::new(tempfile::tempdir().expect("a directory")) }
    }

    pub(crate) fn registration(&self, incarnation: u8) -> Registration {
        let incarnation = Incarnation::from_bytes([incarnation; 16]);
        Registration { incarnation, address: self.address.clone(), kind: NodeKind::Full }
    }
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn timing() -> Timing {
    Timing {
        heartbeat: Duration::from_millis(60),
        election: (Duration::from_millis(250), Duration::from_millis(500)),
        look: Duration::from_millis(100),
        suspect_after: Duration::from_millis(600),
        dead_after: Duration::from_secs(2),
    }
}

impl Node {
    pub(crate) async fn start(place: Place, id: NodeId, membership: Membership, contacts: Contacts) -> Self {
        let Place { listener, address, directory } = place;
        let incarnation = Incarnation::from_bytes([id.0 as u8; 16]);
        let identity = Identity { cluster: CLUSTER, node: id, incarnation };
        let (ready, control) = watch::channel(None);
        let local = Arc::new(Local::new(identity, Arc::new(Control(control))));
        let served = Arc::clone(&local);
        let listening = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                connections.spawn(async move {
                    if let Ok(agreed) = tokio_tungstenite::accept_async(stream).await {
                        drop(serve(served, websocket(agreed.into_inner()).await).await);
                    }
                });
            }
        });
        let log = LogStore::open(&directory.path().join("log"), LogStoreConfig::default()).expect("a log");
        let config = ClusterConfig {
            directory: directory.path().join("groups"),
            address: address.clone(),
            is_witness: false,
            contacts,
            timing: timing(),
        };
        let peers = Peers::new(identity, Arc::new(TcpDialer), PeersConfig::default());
        let cluster =
            Cluster::start(config, id, membership, log.clone(), peers, local, Machines).await.expect("starts");
        ready.send_replace(Some(Arc::clone(&cluster)));
        Self { id, cluster, directory, log, listening, address }
    }

    /// The first node of a cluster with four groups of files, three replicas each.
    pub(crate) async fn found() -> Self {
        let place = Place::new().await;
        let registration = place.registration(1);
        let founding =
            Membership::Found { cluster: CLUSTER, replication: 3, n_data_groups: 4, registration, token: None };
        Self::start(place, NodeId(1), founding, Contacts::new()).await
    }

    /// Another node, which this one lets in.
    pub(crate) async fn let_in(&self, incarnation: u8) -> Self {
        let place = Place::new().await;
        let request = Request::RegisterNode { node: None, registration: place.registration(incarnation) };
        let applied = self.cluster.change(request, soon()).await.expect("let in");
        let MetaApplied::NodeRegistered { node } = applied else { panic!("{applied:?}") };
        let contacts = BTreeMap::from([(vraftls_meta::NodeId(self.id.0), self.address.clone())]);
        Self::start(place, NodeId(node.0), Membership::Member, contacts).await
    }

    /// Ends it; its directory and its address are there to start again.
    pub(crate) async fn end(self) -> (Place, NodeId) {
        self.listening.abort();
        drop(self.listening.await);
        self.cluster.shutdown().await;
        self.log.close().await.expect("closed");
        let listener = TcpListener::bind(self.address.as_str()).await.expect("the same port");
        (Place { listener, address: self.address, directory: self.directory }, self.id)
    }

    /// Returns when the metadata, as it is known here, is as wanted.
    pub(crate) async fn metadata_until(&self, what: &str, is_so: impl Fn(&State) -> bool) -> Arc<State> {
        let mut metadata = self.cluster.metadata();
        let waited = tokio::time::timeout(Duration::from_secs(30), metadata.wait_for(|state| is_so(state))).await;
        match waited {
            Ok(state) => state.expect("the node lives").clone(),
            Err(_) => panic!("{what}: {:?} {:?}", self.cluster.metadata().borrow().groups(), self.cluster.report()),
        }
    }
}
