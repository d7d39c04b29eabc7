//! How a workspace stands, as it changes: a question that is answered when there is something to say.

use std::time::Duration;

use vraftls_proto::QueryError;
use vraftls_proto::rpc::{Watch, Watched};
use vraftls_raft::ids::NodeId;
use vraftls_vfs::WorkspaceId;

use crate::fail_over::Tries;
use crate::routes::Target;
use crate::{CallError, Cluster, ReachError};

/// How long a node waits for something to say.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much longer the answer may take on its way.
const SLACK: Duration = Duration::from_secs(5);

/// Looks how a workspace stands, at the node that answers questions about it.
pub struct Watcher {
    cluster: Cluster,
    workspace: WorkspaceId,
    /// The node that was asked last, and what it said.
    known: Option<(NodeId, u64)>,
}

impl Watcher {
    pub(crate) fn new(cluster: Cluster, workspace: WorkspaceId) -> Self {
        Self { cluster, workspace, known: None }
    }

    /// How the workspace stands: the first time at once, then when it is different or another node says it. May be dropped and called again;
    /// nothing is missed by it but what was replaced by something newer.
    ///
    /// # Errors
    /// What the node that answers says, or why none does. The next call tries anew, and it is for the caller to wait before that.
    pub async fn next(&mut self) -> Result<Watched, CallError<QueryError>> {
        loop {
            let (node, watched) = self.ask().await?;
            let known = self.known.replace((node, watched.generation));
            if known != self.known {
                return Ok(watched);
            }
        }
    }

    async fn ask(&mut self) -> Result<(NodeId, Watched), CallError<QueryError>> {
        let cluster = self.cluster.clone();
        let mut tries = Tries::new(&cluster.inner, self.workspace, PATIENCE + SLACK);
        let mut unable = None;
        loop {
            let (target, left) = match tries.next().await {
                Ok(next) => next,
                Err(error) => return Err(unable.map_or(CallError::Reach(error), CallError::Said)),
            };
            match self.ask_node(&target, left).await {
                Ok(Ok(watched)) => return Ok((target.node, watched)),
                Ok(Err(error @ QueryError::Unavailable(_))) => {
                    unable = Some(error);
                    tries.was_answered();
                }
                Ok(Err(error)) => return Err(CallError::Said(error)),
                Err(error) => {
                    // When it answers again it may have started anew, and count from anywhere.
                    self.known = None;
                    tries.failed(error);
                }
            }
        }
    }

    async fn ask_node(&self, target: &Target, left: Duration) -> Result<Result<Watched, QueryError>, ReachError> {
        let inner = &self.cluster.inner;
        // Another node counts differently, and is to answer at once.
        let known = self.known.filter(|(node, _)| *node == target.node);
        let generation = known.map_or(0, |(_, generation)| generation);
        let question = Watch { workspace: self.workspace, generation, patience: PATIENCE };
        match generation {
            0 => inner.call_if_there(target, &question, left).await,
            // The connection sees by itself when the node is gone, and nobody waits for this answer.
            _ => inner.call(target, &question, left).await,
        }
    }
}
