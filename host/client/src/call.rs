//! Asks one node one question.

use std::time::Duration;

use bytes::Bytes;
use vraftls_proto::rpc::{Question, Workspaces};
use vraftls_raft::network::NetworkError;
use vraftls_transport::{Lane, Method};

use crate::ReachError;
use crate::cluster::Inner;
use crate::routes::Target;

impl Inner {
    /// Asks a node something, and waits for the answer as long as the connection lives.
    pub(crate) async fn call<Q: Question>(
        &self,
        target: &Target,
        question: &Q,
        deadline: Duration,
    ) -> Result<Q::Answer, ReachError> {
        let bytes = question.encode()?;
        self.call_bytes::<Q>(target, bytes.into(), deadline).await
    }

    /// As [`Inner::call`], but asks meanwhile whether the node is still there: one that answers nothing is given up long before the
    /// connection is. A node that takes its time is waited for.
    pub(crate) async fn call_if_there<Q: Question>(
        &self,
        target: &Target,
        question: &Q,
        deadline: Duration,
    ) -> Result<Q::Answer, ReachError> {
        tokio::select! {
            answer = self.call(target, question, deadline) => answer,
            () = self.silence_of(target) => {
                self.health().suspect(target.node, tokio::time::Instant::now());
                Err(ReachError::Unreachable(format!("node {} says nothing", target.node)))
            }
        }
    }

    async fn call_bytes<Q: Question>(
        &self,
        target: &Target,
        question: Bytes,
        deadline: Duration,
    ) -> Result<Q::Answer, ReachError> {
        let lane = if Q::IS_BULK { Lane::Blob } else { Lane::Service };
        let node = target.node;
        let asked = self.peers.ask(node, &target.peer, lane, Method(Q::METHOD), question, deadline).await;
        let bytes = asked.map_err(reach_error)?;
        self.health().trust(node);
        Q::decode_answer(&bytes).map_err(|error| ReachError::OtherAnswer { node, why: error.to_string() })
    }

    /// Returns when a node does not say in time that it is there.
    async fn silence_of(&self, target: &Target) {
        let Ok(probe) = Workspaces.encode() else { return std::future::pending().await };
        let (probe, patience) = (Bytes::from(probe), self.options.probe_patience);
        loop {
            tokio::time::sleep(self.options.probe_after).await;
            let method = Method(Workspaces::METHOD);
            let asked = self.peers.ask(target.node, &target.peer, Lane::Service, method, probe.clone(), patience);
            // Whatever it says, it is there.
            if let Err(NetworkError::Deadline { .. } | NetworkError::Unreachable { .. }) = asked.await {
                return;
            }
        }
    }
}

fn reach_error(error: NetworkError) -> ReachError {
    match error {
        NetworkError::Unreachable { .. } => ReachError::Unreachable(error.to_string()),
        NetworkError::Deadline { deadline, .. } => ReachError::Deadline(deadline),
        NetworkError::Refused { node, detail } => ReachError::Refused { node, why: detail },
    }
}
