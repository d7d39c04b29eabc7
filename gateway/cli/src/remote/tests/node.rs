//! A node that says what a test has it say.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vraftls_client::{Cluster, Options};
use vraftls_index::{Description, Features, Language};
use vraftls_meta::{ClusterId, Incarnation};
use vraftls_proto::rpc::*;
use vraftls_proto::{Answer, Answered, Overlaid, Query, Revisions, SessionId};
use vraftls_raft::ids::NodeId;
use vraftls_transport::{Identity, Local, Method, Service, ServiceError, agree, serve, websocket};
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId, WorkspaceName};

pub(super) const CLUSTER: [u8; 16] = [7; 16];

pub(super) fn path(text: &str) -> VfsPath {
    VfsPath::new(text).expect("valid")
}

fn revisions(revision: u64) -> Revisions {
    [(1, Revision(revision))].into_iter().collect()
}

fn description(version: &str) -> Description {
    let none = Vec::new;
    Description {
        id: "python".to_owned(),
        version: version.to_owned(),
        title: String::new(),
        languages: vec![Language { id: "python".to_owned(), suffixes: vec!["py".to_owned()] }],
        project_files: none(),
        features: Features::default(),
        completion_triggers: none(),
        signature_triggers: none(),
        on_type_triggers: none(),
        token_types: none(),
        token_modifiers: none(),
    }
}

/// What the node has.
pub(super) struct World {
    pub(super) workspaces: Vec<&'static str>,
    pub(super) files: BTreeMap<VfsPath, String>,
    /// Of the base; whoever watches is told.
    revision: watch::Sender<u64>,
    analyzer: String,
    /// Every question about source code that it could answer, with its texts.
    pub(super) asked: Vec<Unpacked>,
    texts: BTreeMap<ContentDigest, Arc<str>>,
    pub(super) ended: Vec<SessionId>,
    /// Whether it is of a release that knows no files that are gone.
    pub(super) is_old: bool,
}

/// A cluster of one node.
#[derive(Clone)]
pub(super) struct FakeNode {
    pub(super) world: Arc<Mutex<World>>,
    address: String,
}

impl FakeNode {
    /// A node with these workspaces, each with the same files.
    pub(super) async fn start(workspaces: &[&'static str], files: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound").to_string();
        let files = files.iter().map(|(name, text)| (path(name), (*text).to_owned())).collect();
        let world = World {
            workspaces: workspaces.to_vec(),
            files,
            revision: watch::Sender::new(1),
            analyzer: "1.0.0".to_owned(),
            asked: Vec::new(),
            texts: BTreeMap::new(),
            ended: Vec::new(),
            is_old: false,
        };
        let node = Self { world: Arc::new(Mutex::new(world)), address };
        let identity = Identity {
            cluster: ClusterId::from_bytes(CLUSTER),
            node: NodeId(1),
            incarnation: Incarnation::from_bytes([1; 16]),
        };
        let local = Arc::new(Local::new(identity, Arc::new(node.clone())));
        let serving = node.clone();
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serving.clone().connection(stream, Arc::clone(&local)));
            }
        });
        node
    }

    /// A client of it.
    pub(super) async fn connect(&self) -> Cluster {
        Cluster::connect(vec![self.address.clone()], Options::default()).await.expect("it is a cluster")
    }

    /// Somebody pushes a file.
    pub(super) fn push(&self, name: &str, text: &str) {
        let mut world = self.lock();
        world.files.insert(path(name), text.to_owned());
        world.revision.send_modify(|revision| *revision += 1);
    }

    /// Somebody activates another version of the analyzer.
    pub(super) fn replace_analyzer(&self, version: &str) {
        let mut world = self.lock();
        world.analyzer = version.to_owned();
        world.revision.send_modify(|revision| *revision += 1);
    }

    /// The last question about source code.
    pub(super) fn asked_last(&self) -> Unpacked {
        self.lock().asked.last().cloned().expect("it was asked")
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().expect("no test panics with it")
    }

    fn info(&self) -> ClusterInfo {
        let node = NodeInfo { id: 1, address: self.address.clone(), kind: NodeKindInfo::Full, draining: false };
        let group = |id| GroupInfo { id, epoch: 1, replicas: vec![1], leader: Some(1) };
        ClusterInfo {
            cluster: ClusterId::from_bytes(CLUSTER).to_string(),
            revision: 1,
            nodes: vec![node],
            groups: vec![group(0), group(1)],
            slots: SlotsInfo { epoch: 1, groups: vec![1; N_SLOTS] },
            workspaces: Vec::new(),
        }
    }

    async fn connection(self, mut stream: TcpStream, local: Arc<Local>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        let head = String::from_utf8(head).expect("text");
        if head.starts_with("GET /v1/cluster ") {
            let body = serde_json::to_string(&self.info()).expect("JSON");
            let said = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(said.as_bytes()).await.expect("the client listens");
            return;
        }
        let mut request = hyper::Request::get("/v1/peer");
        for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
            request = request.header(name, value);
        }
        let response = agree(&request.body(()).expect("a request")).expect("it asks for a WebSocket");
        let mut said = "HTTP/1.1 101 Switching Protocols\r\n".to_owned();
        for (name, value) in response.headers() {
            said += &format!("{name}: {}\r\n", value.to_str().expect("text"));
        }
        said += "\r\n";
        stream.write_all(said.as_bytes()).await.expect("the client listens");
        // How it ends is the client's.
        drop(serve(local, websocket(stream).await).await);
    }

    fn ask(&self, asked: AskWithout) -> AskAnswer {
        let mut world = self.lock();
        let came = asked.ask.texts.iter().map(|text| (ContentDigest::of(text.as_bytes()), Arc::clone(text)));
        world.texts.extend(came);
        let unpacked = match asked.resolve(|digest| world.texts.get(digest).cloned()) {
            Resolution::Missing(missing) => return AskAnswer::MissingTexts(missing),
            Resolution::Whole(unpacked) => *unpacked,
        };
        let mut files: BTreeMap<VfsPath, ContentDigest> =
            world.files.iter().map(|(path, text)| (path.clone(), ContentDigest::of(text.as_bytes()))).collect();
        files.extend(unpacked.request.overlays.iter().map(|(path, file)| (path.clone(), file.digest)));
        files.retain(|path, _| unpacked.request.overlays.of(path) != Overlaid::Removed);
        assert_eq!(unpacked.request.query, Query::Files);
        let answered = Answered {
            revision: Revision(0),
            revisions: revisions(*world.revision.borrow()),
            answer: Answer::Files(files.keys().cloned().collect()),
            digests: files.into_iter().collect(),
            partial: false,
        };
        world.asked.push(unpacked);
        AskAnswer::Answered(answered)
    }

    fn page(&self) -> TreePageAnswer {
        let world = self.lock();
        let file = |(path, text): (&VfsPath, &String)| TreeFile {
            path: path.clone(),
            digest: ContentDigest::of(text.as_bytes()),
            size_bytes: text.len() as u64,
        };
        let files = world.files.iter().map(file).collect();
        TreePageAnswer { revisions: revisions(*world.revision.borrow()), files, has_more: false }
    }

    async fn watch(&self, watch: Watch) -> Watched {
        let mut revision = self.lock().revision.subscribe();
        let other = revision.wait_for(|revision| *revision != watch.generation);
        let generation = match tokio::time::timeout(watch.patience, other).await {
            Ok(other) => *other.expect("the world lasts"),
            Err(_) => watch.generation,
        };
        Watched { generation, revisions: revisions(generation), phase: FolderPhase::Ready }
    }

    fn text(&self, asked: &FileText) -> String {
        self.lock().files.get(&asked.path).cloned().unwrap_or_default()
    }

    async fn say(self, method: u32, question: Bytes) -> Result<Bytes, ServiceError> {
        let wrong = |error: DecodeError| ServiceError(error.to_string());
        let bytes = match method {
            Ask::METHOD => Ask::encode_answer(&self.ask(Ask::decode(&question).map_err(wrong)?.into())),
            AskWithout::METHOD if !self.lock().is_old => {
                AskWithout::encode_answer(&self.ask(AskWithout::decode(&question).map_err(wrong)?))
            }
            Analyzers::METHOD => Analyzers::encode_answer(&vec![Arc::new(description(&self.lock().analyzer))]),
            Workspaces::METHOD => {
                let name = |name: &&str| WorkspaceName::new(name).expect("a name");
                let names: Vec<_> = self.lock().workspaces.iter().map(name).collect();
                Workspaces::encode_answer(&(10..).map(WorkspaceId).zip(names).collect())
            }
            TreePage::METHOD => TreePage::encode_answer(&Ok(self.page())),
            Watch::METHOD => Watch::encode_answer(&Ok(self.watch(Watch::decode(&question).map_err(wrong)?).await)),
            Current::METHOD => Current::encode_answer(&Ok(revisions(*self.lock().revision.borrow()))),
            FileText::METHOD => FileText::encode_answer(&Ok(self.text(&FileText::decode(&question).map_err(wrong)?))),
            SessionEnded::METHOD => {
                let ended = SessionEnded::decode(&question).map_err(wrong)?;
                self.lock().ended.push(ended.session);
                SessionEnded::encode_answer(&())
            }
            other => return Err(ServiceError(format!("no question {other}"))),
        };
        bytes.map(Bytes::from).map_err(|error| ServiceError(error.to_string()))
    }
}

impl Service for FakeNode {
    fn answer(
        &self,
        _: Identity,
        method: Method,
        question: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, ServiceError>> + Send>> {
        Box::pin(self.clone().say(method.0, question))
    }
}
