//! The sending side of a group: turns the consensus core's calls into frames of a [`Network`].

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{AbortHandle, Abortable, Either, select};
use futures_util::{Stream, StreamExt as _, stream};
use openraft::errors::{
    NetworkError as CoreNetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable,
};
use openraft::network::{RPCOption, RPCTypes, stream_append_sequential};
use openraft::{OptionalSend, RaftNetworkFactory, RaftNetworkV2};
use tokio::sync::mpsc;

use super::{AppendChannel, Destination, Lane, Network, NetworkError, SNAPSHOT_WINDOW};
use crate::blocking;
use crate::ids::{GroupId, NodeId, Peer};
use crate::snapshot::{self, SnapshotData};
use crate::types::{
    self, AppendOutcome, AppendRequest, AppendResponse, SnapshotResponse, TransferRequest, TransferResponse, Types,
    Vote, VoteRequest, VoteResponse,
};
use crate::wire::{self, Reply, Request, SnapshotHeader};

type RpcError = RPCError<Types>;
type BoxStream<'s, T> = openraft::base::BoxStream<'s, T>;
type SnapshotOf = openraft::alias::SnapshotOf<Types, SnapshotData>;

/// Makes clients for the members of one group.
pub(crate) struct ClientFactory {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) group: GroupId,
    pub(crate) node: NodeId,
    /// How long a follower may leave an append unanswered.
    pub(crate) append_timeout: Duration,
}

impl ClientFactory {
    fn client(&self, target: NodeId, peer: &Peer, lane: Lane) -> Client {
        Client {
            network: Arc::clone(&self.network),
            from: self.node,
            to: Destination { group: self.group, node: target, peer: peer.clone() },
            lane,
            append_timeout: self.append_timeout,
        }
    }
}

impl RaftNetworkFactory<Types> for ClientFactory {
    type Network = Client;

    async fn new_client(&mut self, target: NodeId, node: &Peer) -> Client {
        self.client(target, node, Lane::Append)
    }

    async fn new_heartbeat_client(&mut self, target: NodeId, node: &Peer) -> Client {
        self.client(target, node, Lane::Control)
    }

    async fn new_snapshot_client(&mut self, target: NodeId, node: &Peer) -> Client {
        self.client(target, node, Lane::Snapshot)
    }
}

/// Talks to one member over one lane.
pub(crate) struct Client {
    network: Arc<dyn Network>,
    from: NodeId,
    to: Destination,
    lane: Lane,
    append_timeout: Duration,
}

impl Client {
    /// Votes and transfers are urgent whatever client they are sent with.
    async fn control(&self, request: Request, action: RPCTypes, option: &RPCOption) -> Result<Reply, RpcError> {
        let deadline = option.hard_ttl();
        let call = self.network.call(self.to.clone(), Lane::Control, wire::encode_request(&request), deadline);
        let frame = match tokio::time::timeout(deadline, call).await {
            Ok(result) => result.map_err(|error| self.error(error, action))?,
            Err(_) => return Err(self.timed_out(action, deadline)),
        };
        wire::decode_reply(&frame).map_err(|error| RPCError::Network(CoreNetworkError::new(&error)))
    }

    fn error(&self, error: NetworkError, action: RPCTypes) -> RpcError {
        match error {
            NetworkError::Unreachable { .. } => RPCError::Unreachable(Unreachable::new(&error)),
            NetworkError::Deadline { deadline, .. } => self.timed_out(action, deadline),
            NetworkError::Refused { .. } => RPCError::Network(CoreNetworkError::new(&error)),
        }
    }

    fn timed_out(&self, action: RPCTypes, timeout: Duration) -> RpcError {
        RPCError::Timeout(Timeout { action, id: self.from, target: self.to.node, timeout })
    }

    fn unexpected(&self, reply: &Reply) -> RpcError {
        let detail = format!("node {} answered with the wrong kind of reply: {reply:?}", self.to.node);
        RPCError::Network(CoreNetworkError::from_string(detail))
    }

    /// Opens the channel and keeps requests flowing into it while replies are taken out.
    ///
    /// Waits for the first request before it opens anything: the core pauses between attempts by holding a request back, and
    /// would try a node that is down again without any pause if it had the error before it was asked for one.
    async fn pipeline<S>(&mut self, mut input: S) -> Result<BoxStream<'_, Result<AppendOutcome, RpcError>>, RpcError>
    where
        S: Stream<Item = AppendRequest> + OptionalSend + Unpin + 'static,
    {
        let Some(first) = input.next().await else { return Ok(Box::pin(stream::empty())) };
        let input = stream::iter([first]).chain(input);
        let open = self.network.open_append(self.to.clone());
        let AppendChannel { requests, replies } = match tokio::time::timeout(self.append_timeout, open).await {
            Ok(result) => result.map_err(|error| self.error(error, RPCTypes::AppendEntries))?,
            Err(_) => return Err(self.timed_out(RPCTypes::AppendEntries, self.append_timeout)),
        };
        let flow = Arc::new(Flow::default());
        let (stop, stopped) = AbortHandle::new_pair();
        let feeder = tokio::spawn(Abortable::new(feed(input, requests, Arc::clone(&flow)), stopped));
        let state = Pipeline { client: self, replies, flow, feeder: Some(feeder), _stop: StopOnDrop(stop) };
        Ok(Box::pin(stream::unfold(Some(state), |state| async move {
            let mut state = state?;
            match state.next().await? {
                Ok(outcome @ Ok(_)) => Some((Ok(outcome), Some(state))),
                last => Some((last, None)),
            }
        })))
    }
}

/// What the feeder tells the taker of replies.
#[derive(Default)]
struct Flow {
    /// Requests sent and not answered.
    outstanding: AtomicUsize,
    /// The source of requests has ended.
    is_ended: AtomicBool,
}

impl Flow {
    fn is_done(&self) -> bool {
        self.is_ended.load(Ordering::Acquire) && self.outstanding.load(Ordering::Acquire) == 0
    }
}

/// Sends requests as they come, until they end or the channel breaks.
async fn feed<S>(mut input: S, requests: mpsc::Sender<super::Frame>, flow: Arc<Flow>)
where
    S: Stream<Item = AppendRequest> + Unpin,
{
    // The source is asked only when there is room, so that entries are batched while the follower is busy.
    while let Ok(room) = requests.reserve().await {
        let Some(request) = input.next().await else {
            flow.is_ended.store(true, Ordering::Release);
            return;
        };
        flow.outstanding.fetch_add(1, Ordering::Release);
        room.send(wire::encode_append_request(&request));
    }
}

struct StopOnDrop(AbortHandle);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The replies of an open channel.
struct Pipeline<'c> {
    client: &'c Client,
    replies: mpsc::Receiver<super::Frame>,
    flow: Arc<Flow>,
    /// Gone once it has ended.
    feeder: Option<tokio::task::JoinHandle<Result<(), futures_util::future::Aborted>>>,
    _stop: StopOnDrop,
}

impl Pipeline<'_> {
    /// The next reply; `None` after the requests ended and all were answered.
    ///
    /// A follower that owes an answer for longer than the patience, and up to twice that, is given up.
    async fn next(&mut self) -> Option<Result<AppendOutcome, RpcError>> {
        let patience = self.client.append_timeout;
        loop {
            if self.flow.is_done() {
                return None;
            }
            let owes = self.flow.outstanding.load(Ordering::Acquire) > 0;
            let reply = tokio::time::timeout(patience, self.replies.recv());
            let reply = match &mut self.feeder {
                Some(feeder) => match select(pin!(reply), feeder).await {
                    Either::Left((reply, _)) => reply,
                    Either::Right(_) => {
                        self.feeder = None;
                        continue;
                    }
                },
                None => reply.await,
            };
            return Some(match reply {
                Ok(Some(frame)) => {
                    self.flow.outstanding.fetch_sub(1, Ordering::Release);
                    wire::decode_append_reply(&frame).map_err(|error| RPCError::Network(CoreNetworkError::new(&error)))
                }
                Ok(None) if self.flow.is_done() => return None,
                Ok(None) => {
                    let detail = format!("the append channel to node {} broke", self.client.to.node);
                    Err(RPCError::Network(CoreNetworkError::from_string(detail)))
                }
                Err(_) if owes => Err(self.client.timed_out(RPCTypes::AppendEntries, patience)),
                // Nothing was asked of it: silence is no failure.
                Err(_) => continue,
            });
        }
    }
}

impl RaftNetworkV2<Types> for Client {
    type SnapshotData = SnapshotData;

    async fn append_entries(&mut self, rpc: AppendRequest, option: RPCOption) -> Result<AppendResponse, RpcError> {
        match self.control(Request::Append(rpc), RPCTypes::AppendEntries, &option).await? {
            Reply::Append(response) => Ok(response),
            other => Err(self.unexpected(&other)),
        }
    }

    fn stream_append<'s, S>(
        &'s mut self,
        input: S,
        option: RPCOption,
    ) -> openraft::base::BoxFuture<'s, Result<BoxStream<'s, Result<AppendOutcome, RpcError>>, RpcError>>
    where
        S: Stream<Item = AppendRequest> + OptionalSend + Unpin + 'static,
    {
        match self.lane {
            // A heartbeat is one request; a channel of its own would cost more than it carries.
            Lane::Control => stream_append_sequential(self, input, option),
            Lane::Append | Lane::Snapshot => Box::pin(self.pipeline(input)),
        }
    }

    async fn vote(&mut self, rpc: VoteRequest, option: RPCOption) -> Result<VoteResponse, RpcError> {
        match self.control(Request::Vote(rpc), RPCTypes::Vote, &option).await? {
            Reply::Vote(response) => Ok(response),
            other => Err(self.unexpected(&other)),
        }
    }

    async fn pre_vote(&mut self, rpc: VoteRequest, option: RPCOption) -> Result<VoteResponse, RpcError> {
        match self.control(Request::PreVote(rpc), RPCTypes::Vote, &option).await? {
            Reply::Vote(response) => Ok(response),
            other => Err(self.unexpected(&other)),
        }
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: SnapshotOf,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse, StreamingError<Types>> {
        let SnapshotData::View(view) = snapshot.snapshot else {
            let detail = "a received snapshot is not sent on before it is installed";
            return Err(StreamingError::Network(CoreNetworkError::from_string(detail)));
        };
        let applied = types::applied_out(snapshot.meta.last_log_id.as_ref(), &snapshot.meta.last_membership);
        let header = wire::encode_snapshot_header(&SnapshotHeader { vote, applied });
        let (sender, chunks) = mpsc::channel(SNAPSHOT_WINDOW);
        // Ends by itself when the transport drops the receiver; a failure shows at the other side as a missing trailer.
        let writing = blocking::spawn(move || snapshot::write_chunks(&*view, sender));
        let sending = self.network.send_snapshot(self.to.clone(), header, chunks, option.hard_ttl());
        let sending = tokio::time::timeout(option.hard_ttl(), sending);
        let result = match select(pin!(cancel), pin!(sending)).await {
            Either::Left((closed, _)) => return Err(StreamingError::Closed(closed)),
            Either::Right((result, _)) => result,
        };
        if let Ok(Err(error)) = writing.await {
            tracing::warn!(to = %self.to.node, error = %error.chain(), "a snapshot was not written to its end");
        }
        let frame = match result {
            Ok(result) => result.map_err(|error| StreamingError::from(self.error(error, RPCTypes::InstallSnapshot)))?,
            Err(_) => return Err(self.timed_out(RPCTypes::InstallSnapshot, option.hard_ttl()).into()),
        };
        match wire::decode_reply(&frame) {
            Ok(Reply::Snapshot(response)) => Ok(response),
            Ok(other) => Err(self.unexpected(&other).into()),
            Err(error) => Err(StreamingError::Network(CoreNetworkError::new(&error))),
        }
    }

    async fn transfer_leader(&mut self, req: TransferRequest, option: RPCOption) -> Result<TransferResponse, RpcError> {
        match self.control(Request::TransferLeader(req), RPCTypes::TransferLeader, &option).await? {
            Reply::TransferLeader(response) => Ok(response),
            other => Err(self.unexpected(&other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{BoxFuture, Chunk, Frame};

    /// A network whose other side takes requests and does with them what the test says.
    struct Scripted<F>(F);

    impl<F: Fn(AppendRequest) -> Option<AppendOutcome> + Clone + Send + Sync + 'static> Network for Scripted<F> {
        fn call(
            &self,
            to: Destination,
            _: Lane,
            _: Frame,
            deadline: Duration,
        ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
            Box::pin(std::future::ready(Err(NetworkError::Deadline { node: to.node, deadline })))
        }

        fn open_append(&self, _: Destination) -> BoxFuture<'static, Result<AppendChannel, NetworkError>> {
            let (requests, mut outgoing) = mpsc::channel::<Frame>(4);
            let (answers, replies) = mpsc::channel(4);
            let answer = self.0.clone();
            tokio::spawn(async move {
                while let Some(frame) = outgoing.recv().await {
                    let request = wire::decode_append_request(&frame).expect("well formed");
                    if let Some(outcome) = answer(request) {
                        answers.send(wire::encode_append_reply(&outcome)).await.expect("somebody listens");
                    }
                }
            });
            Box::pin(std::future::ready(Ok(AppendChannel { requests, replies })))
        }

        fn send_snapshot(
            &self,
            to: Destination,
            _: Frame,
            _: mpsc::Receiver<Chunk>,
            deadline: Duration,
        ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
            Box::pin(std::future::ready(Err(NetworkError::Deadline { node: to.node, deadline })))
        }
    }

    const PATIENCE: Duration = Duration::from_secs(1);

    fn client(answer: impl Fn(AppendRequest) -> Option<AppendOutcome> + Clone + Send + Sync + 'static) -> Client {
        Client {
            network: Arc::new(Scripted(answer)),
            from: NodeId(1),
            to: Destination { group: GroupId(0), node: NodeId(2), peer: Peer::default() },
            lane: Lane::Append,
            append_timeout: PATIENCE,
        }
    }

    fn request(index: u64) -> AppendRequest {
        let leader_id = types::LeaderId { term: 1, node_id: NodeId(1) };
        AppendRequest {
            vote: Vote { leader_id, committed: true },
            prev_log_id: Some(types::LogId::new(leader_id, index)),
            entries: vec![],
            leader_commit: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn replies_come_in_order_and_end_with_the_requests() {
        let mut client = client(|request| Some(Ok(request.prev_log_id)));
        let input = stream::iter((0..100).map(request));
        let outcomes: Vec<_> = client.pipeline(input).await.expect("opens").collect().await;
        let indices: Vec<_> =
            outcomes.into_iter().map(|o| o.expect("arrives").expect("matches").map(|id| id.index)).collect();
        assert_eq!(indices, (0..100).map(Some).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_that_owes_an_answer_is_given_up() {
        let mut client = client(|request| (request.prev_log_id.is_some_and(|id| id.index < 2)).then_some(Ok(None)));
        let start = tokio::time::Instant::now();
        let input = stream::iter((0..3).map(request)).chain(stream::pending());
        let outcomes: Vec<_> = client.pipeline(input).await.expect("opens").collect().await;
        assert_eq!(outcomes.len(), 3);
        assert!(matches!(outcomes.last(), Some(Err(RPCError::Timeout(_)))));
        assert!(start.elapsed() <= 2 * PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_that_owes_nothing_may_be_silent_for_long() {
        let mut client = client(|_| Some(Ok(None)));
        let late = stream::once(async {
            tokio::time::sleep(PATIENCE * 50).await;
            request(7)
        });
        let input = stream::iter([request(0)]).chain(Box::pin(late));
        let outcomes: Vec<_> = client.pipeline(input).await.expect("opens").collect().await;
        assert!(matches!(outcomes.as_slice(), [Ok(Ok(None)), Ok(Ok(None))]));
    }

    /// Nobody is there to open a channel to.
    struct Nobody;

    impl Network for Nobody {
        fn call(
            &self,
            to: Destination,
            _: Lane,
            _: Frame,
            deadline: Duration,
        ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
            Box::pin(std::future::ready(Err(NetworkError::Deadline { node: to.node, deadline })))
        }

        fn open_append(&self, to: Destination) -> BoxFuture<'static, Result<AppendChannel, NetworkError>> {
            let detail = "refused at once".to_owned();
            Box::pin(std::future::ready(Err(NetworkError::Unreachable { node: to.node, detail })))
        }

        fn send_snapshot(
            &self,
            to: Destination,
            _: Frame,
            _: mpsc::Receiver<Chunk>,
            deadline: Duration,
        ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
            Box::pin(std::future::ready(Err(NetworkError::Deadline { node: to.node, deadline })))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_that_is_down_is_tried_as_often_as_the_core_has_a_request_for_it() {
        let mut client = Client { network: Arc::new(Nobody), ..client(|_| None) };
        let start = tokio::time::Instant::now();
        let backed_off = stream::once(async {
            tokio::time::sleep(PATIENCE).await;
            request(0)
        });
        let refused = client.pipeline(Box::pin(backed_off)).await;
        assert!(matches!(refused, Err(RPCError::Unreachable(_))));
        assert_eq!(start.elapsed(), PATIENCE, "an error before that would be followed by the next attempt at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_ends_the_stream() {
        let mut client = client(|request| {
            let at = request.prev_log_id.expect("the test sets it");
            Some(Err(openraft::raft::StreamAppendError::Conflict(at)))
        });
        let input = stream::iter((0..9).map(request)).chain(stream::pending());
        let outcomes: Vec<_> = client.pipeline(input).await.expect("opens").collect().await;
        assert!(matches!(outcomes.as_slice(), [Ok(Err(_))]));
    }
}
