//! The receiving side of a group: turns frames into calls of the consensus core.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use openraft::Raft;
use openraft::errors::{Fatal, RaftError};
use openraft::storage::Snapshot;
use tokio::sync::mpsc;
use tokio::task::JoinError;

use super::{BoxFuture, Chunk, Endpoint, EndpointError, Frame};
use crate::adapter::MachineAdapter;
use crate::blocking;
use crate::codec::DecodeError;
use crate::machine::StateMachine;
use crate::snapshot::{SnapshotData, Spool, SpooledSnapshot};
use crate::types::{self, SnapshotMeta, TransferRequest, TransferResponse, Types};
use crate::wire::{self, Reply, Request};

/// How long a snapshot's sender may be silent.
const CHUNK_PATIENCE: Duration = Duration::from_secs(10);

/// One group's receiving side.
pub(crate) struct GroupEndpoint<M: StateMachine> {
    pub(crate) raft: Raft<Types, MachineAdapter<M>>,
    pub(crate) spool: Arc<Spool>,
    pub(crate) may_lead: bool,
}

impl<M: StateMachine> Clone for GroupEndpoint<M> {
    fn clone(&self) -> Self {
        Self { raft: self.raft.clone(), spool: Arc::clone(&self.spool), may_lead: self.may_lead }
    }
}

fn stopped(fatal: &Fatal<Types>) -> EndpointError {
    EndpointError::Stopped { reason: fatal.to_string() }
}

fn stopped_call(error: RaftError<Types>) -> EndpointError {
    match error {
        RaftError::Fatal(fatal) => stopped(&fatal),
        RaftError::APIError(impossible) => match impossible {},
    }
}

impl<M: StateMachine> GroupEndpoint<M> {
    async fn answer(&self, request: Frame) -> Result<Frame, EndpointError> {
        let reply = match wire::decode_request(&request)? {
            Request::Append(append) => Reply::Append(self.raft.append_entries(append).await.map_err(stopped_call)?),
            Request::Vote(vote) => Reply::Vote(self.raft.vote(vote).await.map_err(stopped_call)?),
            Request::PreVote(vote) => Reply::Vote(self.raft.pre_vote(vote).await.map_err(stopped_call)?),
            Request::TransferLeader(transfer) => Reply::TransferLeader(self.hand_over(transfer).await?),
        };
        Ok(wire::encode_reply(&reply))
    }

    /// A replica that may not lead hears that the leader hands over, and so may vote for another; that it is the one it does not hear.
    async fn hand_over(&self, transfer: TransferRequest) -> Result<TransferResponse, EndpointError> {
        let is_refused = !self.may_lead && transfer.to_node_id() == self.raft.node_id();
        let heard = if is_refused {
            let leader = transfer.from_leader().leader_id.node_id;
            TransferRequest::new(*transfer.from_leader(), leader, transfer.last_log_id().cloned())
        } else {
            transfer
        };
        let response = self.raft.handle_transfer_leader(heard).await.map_err(|fatal| stopped(&fatal))?;
        if is_refused { Err(EndpointError::MayNotLead) } else { Ok(response) }
    }

    async fn append(&self, requests: mpsc::Receiver<Frame>, replies: mpsc::Sender<Frame>) -> Result<(), EndpointError> {
        let (malformed, was_malformed) = tokio::sync::oneshot::channel::<DecodeError>();
        // Ends at the first frame that cannot be read; what came before it is still answered.
        let input = stream::unfold((requests, Some(malformed)), |(mut requests, mut malformed)| async move {
            match wire::decode_append_request(&requests.recv().await?) {
                Ok(request) => Some((request, (requests, malformed))),
                Err(error) => {
                    if let Some(malformed) = malformed.take() {
                        drop(malformed.send(error));
                    }
                    None
                }
            }
        });
        let mut outcomes = std::pin::pin!(self.raft.stream_append(input));
        while let Some(outcome) = outcomes.next().await {
            let outcome = outcome.map_err(|fatal| stopped(&fatal))?;
            if replies.send(wire::encode_append_reply(&outcome)).await.is_err() {
                return Ok(());
            }
        }
        match was_malformed.await {
            Ok(error) => Err(error.into()),
            Err(_) => Ok(()),
        }
    }

    async fn snapshot(&self, header: Frame, chunks: mpsc::Receiver<Chunk>) -> Result<Frame, EndpointError> {
        let header = wire::decode_snapshot_header(&header)?;
        let Some(spooled) = self.spool_chunks(chunks).await? else {
            return Err(EndpointError::Transfer { detail: "the stream is incomplete or damaged".to_owned() });
        };
        let (last_log_id, last_membership) = types::applied_in(&header.applied)
            .map_err(|detail| EndpointError::Malformed(DecodeError::malformed("snapshot header", detail)))?;
        let meta = SnapshotMeta { last_log_id, last_membership };
        let snapshot = Snapshot { meta, snapshot: SnapshotData::Spooled(spooled) };
        let response = self.raft.install_full_snapshot(header.vote, snapshot).await.map_err(|fatal| stopped(&fatal))?;
        Ok(wire::encode_reply(&Reply::Snapshot(response)))
    }

    /// Writes chunks into a file, giving up on a sender that fell silent. `None` if the stream broke off.
    async fn spool_chunks(&self, mut chunks: mpsc::Receiver<Chunk>) -> Result<Option<SpooledSnapshot>, EndpointError> {
        let interrupted = |error: JoinError| EndpointError::Transfer { detail: error.to_string() };
        let spool = Arc::clone(&self.spool);
        let mut incoming = blocking::spawn(move || spool.begin()).await.map_err(interrupted)??;
        loop {
            match tokio::time::timeout(CHUNK_PATIENCE, chunks.recv()).await {
                Err(_) => {
                    return Err(EndpointError::Transfer { detail: format!("no chunk for {CHUNK_PATIENCE:?}") });
                }
                Ok(None) => return Ok(incoming.finish()),
                Ok(Some(chunk)) => {
                    let write = move || incoming.write(&chunk).map(|()| incoming);
                    incoming = blocking::spawn(write).await.map_err(interrupted)??;
                }
            }
        }
    }
}

impl<M: StateMachine> Endpoint for GroupEndpoint<M> {
    fn handle(&self, request: Frame) -> BoxFuture<'static, Result<Frame, EndpointError>> {
        let this = self.clone();
        Box::pin(async move { this.answer(request).await })
    }

    fn serve_append(
        &self,
        requests: mpsc::Receiver<Frame>,
        replies: mpsc::Sender<Frame>,
    ) -> BoxFuture<'static, Result<(), EndpointError>> {
        let this = self.clone();
        Box::pin(async move { this.append(requests, replies).await })
    }

    fn receive_snapshot(
        &self,
        header: Frame,
        chunks: mpsc::Receiver<Chunk>,
    ) -> BoxFuture<'static, Result<Frame, EndpointError>> {
        let this = self.clone();
        Box::pin(async move { this.snapshot(header, chunks).await })
    }
}
