//! Somebody who asks a cluster: by its client, which finds a node that answers, or one certain node.

use std::sync::Arc;
use std::time::Duration;

use vraftls_client::{Cluster, Options};
use vraftls_meta::Incarnation;
use vraftls_proto::Revisions;
use vraftls_proto::rpc::{Current, FileText, Question, TreePage, TreePageAnswer, Watch, Watched};
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_transport::{Identity, Lane, Method, Peers, PeersConfig, TcpDialer};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

/// More files than any of these workspaces has.
const N_FILES_MAX: u32 = 1000;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Whoever the client finds.
    Anybody,
    /// This node, and nobody else.
    Node(u64),
}

/// Somebody with connections of its own.
pub struct Guest {
    pub(crate) cluster: Cluster,
    pub(crate) workspace: WorkspaceId,
    peers: Peers,
}

impl Guest {
    /// Finds the cluster that these nodes belong to, and the workspace that was made first.
    pub async fn new(seeds: &[String]) -> Self {
        let cluster = Cluster::connect(seeds.to_vec(), Options::default()).await.unwrap();
        let workspaces = cluster.workspaces(vraftls_harness::DEADLINE).await.unwrap();
        let workspace = workspaces.iter().map(|(workspace, _)| *workspace).min().expect("there is a workspace");
        let mut incarnation = [0; 16];
        getrandom::fill(&mut incarnation).unwrap();
        let identity = Identity {
            cluster: cluster.routes().cluster(),
            node: NodeId(0),
            incarnation: Incarnation::from_bytes(incarnation),
        };
        Self { cluster, workspace, peers: Peers::new(identity, Arc::new(TcpDialer), PeersConfig::default()) }
    }

    /// Its client.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The group that has a file.
    pub fn group_of(&self, path: &VfsPath) -> u32 {
        self.cluster.routes().group_of(self.workspace, path).expect("there are groups")
    }

    async fn ask_node<Q: Question>(&self, node: u64, question: &Q, patience: Duration) -> Result<Q::Answer, String> {
        let routes = self.cluster.routes();
        let peer = Peer::new(&routes.info().node(node).expect("it is known").address);
        let bytes = question.encode().unwrap().into();
        let asked = self.peers.ask(NodeId(node), &peer, Lane::Service, Method(Q::METHOD), bytes, patience).await;
        Q::decode_answer(&asked.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }

    /// What all groups have by now: the first half of a read that sees what was acknowledged before.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn current(&self, whom: Whom, patience: Duration) -> Result<Revisions, String> {
        match whom {
            Whom::Anybody => self.cluster.current(self.workspace, patience).await.map_err(|error| error.to_string()),
            Whom::Node(node) => self.ask_node(node, &Current, patience).await?.map_err(|error| error.to_string()),
        }
    }

    /// The files, at least as new as said: the second half.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn files(&self, whom: Whom, at_least: Revisions, patience: Duration) -> Result<TreePageAnswer, String> {
        let page = TreePage { workspace: self.workspace, at_least, after: None, n_max: N_FILES_MAX };
        match whom {
            Whom::Anybody => self.cluster.tree_page(&page, patience).await.map_err(|error| error.to_string()),
            Whom::Node(node) => self.ask_node(node, &page, patience).await?.map_err(|error| error.to_string()),
        }
    }

    /// How the workspace stands at a node, which indexes it from the first time on that it is asked.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn standing(&self, node: u64, patience: Duration) -> Result<Watched, String> {
        let question = Watch { workspace: self.workspace, generation: 0, patience };
        self.ask_node(node, &question, patience).await?.map_err(|error| error.to_string())
    }

    /// The text of a file at a node.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn text(
        &self,
        node: u64,
        path: &VfsPath,
        digest: ContentDigest,
        patience: Duration,
    ) -> Result<String, String> {
        let question = FileText { workspace: self.workspace, path: path.clone(), digest };
        self.ask_node(node, &question, patience).await?.map_err(|error| error.to_string())
    }
}
