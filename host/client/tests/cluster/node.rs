//! Nodes of a cluster that do as a test tells them.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::Request as HttpRequest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vraftls_client::{Cluster, Options};
use vraftls_meta::{ClusterId, Incarnation};
use vraftls_proto::rpc::*;
use vraftls_proto::{Answer, Answered, Query, QueryError, Request, Revisions, SessionId};
use vraftls_raft::ids::NodeId;
use vraftls_transport::{Identity, Local, Method, Service, ServiceError, agree, serve, websocket};
use vraftls_vfs::{Applied, ClientId, ContentDigest, Revision, VfsPath, WorkspaceId};

/// How long anything may take that is not meant to fail.
pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(1);

pub(crate) fn path(text: &str) -> VfsPath {
    VfsPath::new(text).unwrap()
}

pub(crate) fn request(query: Query) -> Request {
    Request {
        workspace: WORKSPACE,
        session: SessionId(1),
        overlays: Arc::default(),
        settings: Arc::default(),
        at_least: Revision(0),
        deadline: SOON,
        query,
    }
}

/// An answer that says nothing but the node it comes from, as a revision.
pub(crate) fn answered(node: u64, answer: Answer) -> Answered {
    let revisions: Revisions = [(0, Revision(node))].into_iter().collect();
    Answered { revision: Revision(0), revisions, digests: Vec::new(), partial: false, answer }
}

/// The node that answered by [`answered`].
pub(crate) fn answerer(answered: &Answered) -> u64 {
    answered.revisions.get(0).unwrap().0
}

type Reply = dyn Fn(u64, &Unpacked) -> Result<Answered, QueryError> + Send + Sync;
type Committing = dyn Fn(u64, &Commit) -> Result<Result<Applied, vraftls_vfs::Refusal>, CommitError> + Send + Sync;

/// What nodes of a test say and were asked.
pub(crate) struct Script {
    reply: Box<Reply>,
    commit: Box<Committing>,
    /// Nodes that take questions and answer none.
    hanging: watch::Sender<BTreeSet<u64>>,
    /// Nodes that keep no text.
    pub(crate) forgetful: Mutex<BTreeSet<u64>>,
    /// Every [`Ask`], and the node that got it.
    pub(crate) asks: Mutex<Vec<(u64, Ask)>>,
    /// Every [`Commit`], and the node that got it.
    pub(crate) commits: Mutex<Vec<(u64, Commit)>>,
    /// What watchers are told.
    pub(crate) watched: watch::Sender<u64>,
    /// How often somebody asked who the cluster is.
    pub(crate) n_fetches: AtomicU32,
    texts: Mutex<BTreeMap<(u64, ContentDigest), Arc<str>>>,
}

impl Script {
    pub(crate) fn new(reply: impl Fn(u64, &Unpacked) -> Result<Answered, QueryError> + Send + Sync + 'static) -> Self {
        let batch = Applied::Batch { revision: Revision(1), n_changed: 1 };
        Self {
            reply: Box::new(reply),
            commit: Box::new(move |_, _| Ok(Ok(batch.clone()))),
            hanging: watch::Sender::default(),
            forgetful: Mutex::default(),
            asks: Mutex::default(),
            commits: Mutex::default(),
            watched: watch::Sender::new(1),
            n_fetches: AtomicU32::new(0),
            texts: Mutex::default(),
        }
    }

    /// Answers everything with a list of no files.
    pub(crate) fn plain() -> Self {
        Self::new(|node, _| Ok(answered(node, Answer::Files(Vec::new()))))
    }

    pub(crate) fn committing(
        commit: impl Fn(u64, &Commit) -> Result<Result<Applied, vraftls_vfs::Refusal>, CommitError> + Send + Sync + 'static,
    ) -> Self {
        Self { commit: Box::new(commit), ..Self::plain() }
    }

    /// Has a node take questions and answer none from now on, or no longer.
    pub(crate) fn set_hanging(&self, node: u64, is_hanging: bool) {
        self.hanging.send_modify(|nodes| {
            if is_hanging {
                nodes.insert(node)
            } else {
                nodes.remove(&node)
            };
        });
    }

    /// A node loses its texts.
    pub(crate) fn lose_texts(&self, node: u64) {
        self.texts.lock().unwrap().retain(|(other, _), _| *other != node);
    }

    /// The nodes that got questions, in their order.
    pub(crate) fn asked(&self) -> Vec<u64> {
        self.asks.lock().unwrap().iter().map(|(node, _)| *node).collect()
    }

    fn ask(&self, node: u64, ask: Ask) -> AskAnswer {
        self.asks.lock().unwrap().push((node, ask.clone()));
        let mut texts = self.texts.lock().unwrap();
        if !self.forgetful.lock().unwrap().contains(&node) {
            texts.extend(ask.texts.iter().map(|text| ((node, ContentDigest::of(text.as_bytes())), Arc::clone(text))));
        }
        match ask.resolve(|digest| texts.get(&(node, *digest)).cloned()) {
            Resolution::Missing(missing) => AskAnswer::MissingTexts(missing),
            Resolution::Whole(unpacked) => match (self.reply)(node, &unpacked) {
                Ok(answered) => AskAnswer::Answered(answered),
                Err(error) => AskAnswer::Failed(error),
            },
        }
    }

    async fn watch(&self, question: Watch) -> Watched {
        let mut watched = self.watched.subscribe();
        let changed = watched.wait_for(|generation| *generation != question.generation);
        let changed = tokio::time::timeout(question.patience, changed).await.map(|changed| *changed.unwrap());
        let generation = changed.unwrap_or(question.generation);
        Watched { generation, revisions: Revisions::new(), phase: FolderPhase::Ready }
    }

    async fn answer(&self, node: u64, method: u32, question: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let mut hanging = self.hanging.subscribe();
        hanging.wait_for(|nodes| !nodes.contains(&node)).await.unwrap();
        let bad = |error: DecodeError| ServiceError(error.to_string());
        let bytes = match method {
            Ask::METHOD => Ask::encode_answer(&self.ask(node, Ask::decode(question).map_err(bad)?)),
            Workspaces::METHOD => Workspaces::encode_answer(&Vec::new()),
            FileText::METHOD => FileText::encode_answer(&Ok("text\n".to_owned())),
            Watch::METHOD => Watch::encode_answer(&Ok(self.watch(Watch::decode(question).map_err(bad)?).await)),
            OpenSession::METHOD => OpenSession::encode_answer(&Ok(ClientId(7))),
            Missing::METHOD => Missing::encode_answer(&Ok(Missing::decode(question).map_err(bad)?.digests)),
            Commit::METHOD => {
                let commit = Commit::decode(question).map_err(bad)?;
                self.commits.lock().unwrap().push((node, commit.clone()));
                Commit::encode_answer(&(self.commit)(node, &commit))
            }
            other => return Err(ServiceError(format!("no method {other}"))),
        };
        bytes.map_err(|error| ServiceError(error.to_string()))
    }
}

struct ScriptedNode {
    node: u64,
    script: Arc<Script>,
}

impl Service for ScriptedNode {
    fn answer(
        &self,
        from: Identity,
        method: Method,
        question: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, ServiceError>> + Send>> {
        assert_eq!(from.node, NodeId(0), "a guest");
        let (node, script) = (self.node, Arc::clone(&self.script));
        Box::pin(async move { script.answer(node, method.0, &question).await.map(Bytes::from) })
    }
}

/// A cluster of such nodes. What they say of it is what the test says.
pub(crate) struct Nodes {
    pub(crate) info: Arc<Mutex<ClusterInfo>>,
    script: Arc<Script>,
    running: BTreeMap<u64, JoinSet<()>>,
}

pub(crate) fn cluster_id() -> ClusterId {
    ClusterId::from_bytes([1; 16])
}

impl Nodes {
    /// Nodes 1 to `n_nodes`, all of which have all of the groups 1 to `n_groups`.
    pub(crate) async fn start(n_nodes: u64, n_groups: u32, script: &Arc<Script>) -> Self {
        let group = |id| GroupInfo { id, epoch: 1, replicas: (1..=n_nodes).collect(), leader: None };
        let slot = |slot: usize| 1 + slot as u32 % n_groups;
        let info = ClusterInfo {
            cluster: cluster_id().to_string(),
            revision: 1,
            nodes: Vec::new(),
            groups: (0..=n_groups).map(group).collect(),
            slots: SlotsInfo { epoch: 1, groups: (0..N_SLOTS).map(slot).collect() },
            workspaces: Vec::new(),
        };
        let mut nodes = Self { info: Arc::new(Mutex::new(info)), script: Arc::clone(script), running: BTreeMap::new() };
        for node in 1..=n_nodes {
            nodes.run(node).await;
        }
        nodes
    }

    /// Starts a node, at an address of its own each time.
    pub(crate) async fn run(&mut self, node: u64) {
        self.run_at(node, "127.0.0.1:0").await;
    }

    /// Starts a node at an address.
    pub(crate) async fn run_at(&mut self, node: u64, address: &str) {
        let identity = Identity {
            cluster: cluster_id(),
            node: NodeId(node),
            incarnation: Incarnation::from_bytes([node as u8; 16]),
        };
        let service = Arc::new(ScriptedNode { node, script: Arc::clone(&self.script) });
        let local = Arc::new(Local::new(identity, service));
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (info, script) = (Arc::clone(&self.info), Arc::clone(&self.script));
        self.change(|info| {
            info.nodes.retain(|known| known.id != node);
            info.nodes.push(NodeInfo { id: node, address, kind: NodeKindInfo::Full, draining: false });
            info.nodes.sort_by_key(|node| node.id);
        });
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(connection(stream, Arc::clone(&local), Arc::clone(&info), Arc::clone(&script)));
            }
        });
        self.running.insert(node, running);
    }

    /// Ends a node and all its connections.
    pub(crate) async fn kill(&mut self, node: u64) {
        self.running.remove(&node).unwrap().shutdown().await;
    }

    /// Changes what nodes say of the cluster.
    pub(crate) fn change(&self, change: impl FnOnce(&mut ClusterInfo)) {
        let mut info = self.info.lock().unwrap();
        change(&mut info);
        info.revision += 1;
    }

    pub(crate) fn address(&self, node: u64) -> String {
        self.info.lock().unwrap().node(node).unwrap().address.clone()
    }

    /// A client that learned of the cluster from the first node that runs, and asks it for nothing while nothing fails.
    pub(crate) async fn connect(&self, options: Options) -> Cluster {
        let seed = self.address(*self.running.keys().next().unwrap());
        let options = Options { refresh_interval: Duration::from_secs(3600), ..options };
        Cluster::connect(vec![seed], options).await.unwrap()
    }
}

/// The head of a request, up to the empty line.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Answers with JSON, or with what should be.
pub(crate) async fn say(stream: &mut TcpStream, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

async fn connection(mut stream: TcpStream, local: Arc<Local>, info: Arc<Mutex<ClusterInfo>>, script: Arc<Script>) {
    let head = read_head(&mut stream).await;
    let mut lines = head.lines();
    let target = lines.next().unwrap().split(' ').nth(1).unwrap();
    if target == "/v1/cluster" {
        script.n_fetches.fetch_add(1, Ordering::SeqCst);
        let body = serde_json::to_string(&*info.lock().unwrap()).unwrap();
        return say(&mut stream, &body).await;
    }
    assert_eq!(target, "/v1/peer");
    let mut request = HttpRequest::get(target);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    let response = agree(&request.body(()).unwrap()).unwrap();
    let mut head = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
    for (name, value) in response.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    head += "\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // That a client which must not be talked to is refused is for the client to say.
    drop(serve(local, websocket(stream).await).await);
}
