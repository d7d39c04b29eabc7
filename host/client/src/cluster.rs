//! A cluster as a guest sees it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use vraftls_index::Description;
use vraftls_meta::Incarnation;
use vraftls_proto::rpc::{
    Analyzers, Current, CurrentByLease, FileText, SessionEnded, TreePage, TreePageAnswer, Workspaces,
};
use vraftls_proto::{Answered, QueryError, Request, Revisions, SessionId};
use vraftls_raft::ids::NodeId;
use vraftls_transport::{Dial, Identity, Peers, TcpDialer, TlsDialer};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId, WorkspaceName};

use crate::health::Health;
use crate::merge::Merge;
use crate::refresh::Refreshing;
use crate::routes::Target;
use crate::sent::Sent;
use crate::{CallError, ConnectError, Options, ReachError, Routes, Spread, Watcher};

/// How long those may take who are told that a session ended.
const FAREWELL: Duration = Duration::from_secs(5);

/// A cluster. Clones share connections and routes; when the last is gone, the connections end.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) options: Options,
    /// Where nodes were when the client was made: asked for routes when all others fail.
    pub(crate) seeds: Vec<String>,
    pub(crate) peers: Peers,
    pub(crate) routes: watch::Sender<Arc<Routes>>,
    pub(crate) refreshing: Mutex<Refreshing>,
    pub(crate) health: Mutex<Health>,
    /// What each node was sent.
    pub(crate) sent: Mutex<HashMap<NodeId, Sent>>,
}

impl Cluster {
    /// Asks the seeds, each given as `host:port`, who the cluster is, and makes a client with the answer of the first that says so.
    ///
    /// # Errors
    /// [`ConnectError`], if none of them does.
    pub async fn connect(seeds: Vec<String>, options: Options) -> Result<Self, ConnectError> {
        let routes = crate::refresh::first_routes(&seeds, &options).await?;
        let mut incarnation = [0; 16];
        getrandom::fill(&mut incarnation).map_err(|error| ConnectError::NoIdentity(error.to_string()))?;
        let identity =
            Identity { cluster: routes.cluster(), node: NodeId(0), incarnation: Incarnation::from_bytes(incarnation) };
        let dialer: Arc<dyn Dial> = match &options.tls {
            None => Arc::new(TcpDialer),
            Some(tls) => Arc::new(TlsDialer::new(tls.clone())),
        };
        let inner = Arc::new(Inner {
            peers: Peers::new(identity, dialer, options.peers),
            options,
            seeds,
            routes: watch::Sender::new(Arc::new(routes)),
            refreshing: Mutex::default(),
            health: Mutex::default(),
            sent: Mutex::default(),
        });
        tokio::spawn(crate::refresh::keep_fresh(Arc::downgrade(&inner)));
        Ok(Self { inner })
    }

    /// The routes, as they are known now.
    pub fn routes(&self) -> Arc<Routes> {
        self.inner.routes()
    }

    /// The routes, now and as they change.
    pub fn watch_routes(&self) -> watch::Receiver<Arc<Routes>> {
        self.inner.routes.subscribe()
    }

    /// Asks for routes now; done when those are in use that some node has by now.
    ///
    /// # Errors
    /// [`ConnectError`]: the routes are as they were.
    pub async fn refresh(&self) -> Result<(), ConnectError> {
        self.inner.refresh().await
    }

    /// Who analyzes.
    ///
    /// # Errors
    /// [`ReachError`].
    pub async fn analyzers(&self, patience: Duration) -> Result<Vec<Arc<Description>>, ReachError> {
        self.inner.ask_any(WorkspaceId(0), &Analyzers, patience, |_| true).await
    }

    /// Which workspaces there are, by id.
    ///
    /// # Errors
    /// [`ReachError`].
    pub async fn workspaces(&self, patience: Duration) -> Result<Vec<(WorkspaceId, WorkspaceName)>, ReachError> {
        self.inner.ask_any(WorkspaceId(0), &Workspaces, patience, |_| true).await
    }

    /// Answers a question about source code at a base that is at least `at_least`. `request.at_least` is not looked at.
    ///
    /// # Errors
    /// What the node that answers says, or why none does. Renames, definitions and hovers are whole or fail; what can be
    /// [partial](Answered::partial) says so.
    pub async fn ask(&self, request: &Request, at_least: &Revisions) -> Result<Answered, CallError<QueryError>> {
        match (self.inner.options.spread, Merge::of(&request.query)) {
            (Spread::Owners, Some(merge)) => self.inner.scatter(request, at_least, merge).await,
            _ => self.inner.ask_engine(request, at_least).await,
        }
    }

    /// The text of a file at exactly these contents.
    ///
    /// # Errors
    /// What the node that answers says, or why none does.
    pub async fn file_text(
        &self,
        workspace: WorkspaceId,
        path: VfsPath,
        digest: ContentDigest,
        patience: Duration,
    ) -> Result<String, CallError<QueryError>> {
        let question = FileText { workspace, path, digest };
        let text: String = self.inner.ask_whoever_can(workspace, &question, patience).await?;
        // What the text is for are offsets into exactly these contents.
        if ContentDigest::of(text.as_bytes()) == digest {
            return Ok(text);
        }
        Err(CallError::Said(QueryError::Unavailable(format!("{} came with other contents", question.path))))
    }

    /// A part of the list of a workspace's files.
    ///
    /// # Errors
    /// What the node that answers says, or why none does.
    pub async fn tree_page(
        &self,
        question: &TreePage,
        patience: Duration,
    ) -> Result<TreePageAnswer, CallError<QueryError>> {
        self.inner.ask_whoever_can(question.workspace, question, patience).await
    }

    /// A base that has all that was acknowledged before this was called.
    ///
    /// # Errors
    /// What the node that answers says, or why none does.
    pub async fn current(
        &self,
        workspace: WorkspaceId,
        patience: Duration,
    ) -> Result<Revisions, CallError<QueryError>> {
        self.inner.ask_whoever_can(workspace, &Current, patience).await
    }

    /// The same by the leaders' leases, which takes a message less and trusts clocks: see [`CurrentByLease`].
    ///
    /// # Errors
    /// What the node that answers says, or why none does.
    pub async fn current_by_lease(
        &self,
        workspace: WorkspaceId,
        patience: Duration,
    ) -> Result<Revisions, CallError<QueryError>> {
        self.inner.ask_whoever_can(workspace, &CurrentByLease, patience).await
    }

    /// Looks how a workspace stands, again and again.
    pub fn watch(&self, workspace: WorkspaceId) -> Watcher {
        Watcher::new(self.clone(), workspace)
    }

    /// Tells the nodes that a session ended, those of them that can be reached. Returns at once.
    pub fn session_ended(&self, session: SessionId) {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            let routes = inner.routes();
            let question = SessionEnded { session };
            let told = routes.engines(WorkspaceId(0)).into_iter().map(|target| {
                let (inner, question) = (&inner, &question);
                async move {
                    let told = inner.call(&target, question, FAREWELL).await;
                    // A node that is gone keeps nothing of the session either.
                    if let Err(error) = told {
                        tracing::debug!(node = %target.node, %error, "a node was not told that a session ended");
                    }
                }
            });
            futures_util::future::join_all(told).await;
        });
    }
}

impl Inner {
    pub(crate) fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.borrow())
    }

    pub(crate) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sent(&self) -> MutexGuard<'_, HashMap<NodeId, Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same nodes, those that said nothing lately last.
    pub(crate) fn suspects_last(&self, mut targets: Vec<Target>) -> Vec<Target> {
        let (health, now) = (self.health(), Instant::now());
        targets.sort_by_key(|target| health.is_suspect(target.node, now));
        targets
    }
}
