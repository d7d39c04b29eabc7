//! A connection that another node made: answers what it asks.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use vraftls_raft::ids::GroupId;
use vraftls_raft::network::{APPEND_WINDOW, Chunk, Endpoint, Frame, SNAPSHOT_WINDOW};

use crate::hello::{self, Caller};
use crate::link::REST;
use crate::outbox::{Outbox, outbox};
use crate::record::{self, Kind, Record};
use crate::wire::Wire;
use crate::{HandshakeError, Identity, Method, Service, Stats};

/// What one connection may have under way.
const N_TASKS_MAX: usize = 1024;

/// A node that says nothing for so long is gone: it speaks every [`REST`] at least.
const SILENCE_MAX: Duration = Duration::from_secs(3 * REST.as_secs());

/// What others can ask of this node.
pub struct Local {
    identity: Identity,
    endpoints: RwLock<HashMap<GroupId, Arc<dyn Endpoint>>>,
    service: Arc<dyn Service>,
    stats: Arc<Stats>,
}

impl Local {
    /// A node without groups.
    pub fn new(identity: Identity, service: Arc<dyn Service>) -> Self {
        Self { identity, endpoints: RwLock::default(), service, stats: Arc::default() }
    }

    /// Delivers messages for a group to `endpoint` from now on.
    pub fn attach(&self, group: GroupId, endpoint: Arc<dyn Endpoint>) {
        self.endpoints.write().unwrap_or_else(PoisonError::into_inner).insert(group, endpoint);
    }

    /// Refuses messages for a group from now on.
    pub fn detach(&self, group: GroupId) {
        self.endpoints.write().unwrap_or_else(PoisonError::into_inner).remove(&group);
    }

    /// What was answered, by lanes.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    fn endpoint(&self, group: u32) -> Option<Arc<dyn Endpoint>> {
        self.endpoints.read().unwrap_or_else(PoisonError::into_inner).get(&GroupId(group)).cloned()
    }
}

/// Answers one connection until it ends. What it had under way then is dropped.
///
/// # Errors
/// [`HandshakeError`]: nothing was carried.
pub async fn serve(local: Arc<Local>, mut wire: Wire) -> Result<(), HandshakeError> {
    let caller = hello::answer(&mut wire, local.identity).await?;
    let Wire { incoming, outgoing: sink } = wire;
    let (outbox, outgoing) = outbox();
    let stats = Arc::clone(&local.stats);
    let mut session =
        Session { local, caller, outbox, tasks: JoinSet::new(), calls: HashMap::new(), streams: HashMap::new() };
    tokio::select! {
        () = outgoing.run(sink, caller.lane, None, stats) => {}
        () = session.read(incoming) => {}
    }
    Ok(())
}

struct Session {
    local: Arc<Local>,
    caller: Caller,
    outbox: Outbox,
    /// Each ends with the number of what it was for.
    tasks: JoinSet<u64>,
    /// What can be called off.
    calls: HashMap<u64, AbortHandle>,
    /// Where what belongs to a stream goes: append requests, or pieces of a snapshot.
    streams: HashMap<u64, mpsc::Sender<Bytes>>,
}

impl Session {
    async fn read(&mut self, mut stream: impl Stream<Item = std::io::Result<Bytes>> + Unpin) {
        loop {
            let message = tokio::select! {
                message = tokio::time::timeout(SILENCE_MAX, stream.next()) => message,
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    if let Ok(id) = ended {
                        self.calls.remove(&id);
                        self.streams.remove(&id);
                    }
                    continue;
                }
            };
            let Ok(Some(Ok(mut message))) = message else { return };
            loop {
                match record::take(&mut message) {
                    Ok(Some(record)) => self.take(record),
                    Ok(None) => break,
                    Err(error) => return tracing::warn!(node = %self.caller.identity.node, %error, "a bad message"),
                }
            }
        }
    }

    /// Begins what a record asks for. It never waits: what takes time is a task.
    fn take(&mut self, record: Record) {
        let Record { kind, id, group, payload } = record;
        match kind {
            Kind::Call => self.call(id, group, payload.into()),
            Kind::Ask => self.ask(id, Method(group), payload),
            Kind::OpenAppend => self.open_append(id, group),
            Kind::OpenSnapshot => self.open_snapshot(id, group, payload.into()),
            Kind::Append | Kind::Chunk => self.pass_on(id, payload),
            Kind::Close | Kind::EndChunks => drop(self.streams.remove(&id)),
            Kind::Cancel => {
                self.streams.remove(&id);
                if let Some(call) = self.calls.remove(&id) {
                    call.abort();
                }
            }
            Kind::Ping => drop(self.outbox.try_send(Record::bare(Kind::Pong, id))),
            // Only who was asked says these.
            Kind::Reply | Kind::Failed | Kind::ChunkTaken | Kind::Pong => {}
        }
    }

    fn call(&mut self, id: u64, group: u32, request: Frame) {
        let Some(endpoint) = self.endpoint(id, group) else { return };
        let outbox = self.outbox.clone();
        self.spawn(id, async move {
            let answer = endpoint.handle(request).await;
            answered(&outbox, id, answer.map(Bytes::from).map_err(|error| error.to_string())).await;
        });
    }

    fn ask(&mut self, id: u64, method: Method, question: Bytes) {
        let outbox = self.outbox.clone();
        let (service, from) = (Arc::clone(&self.local.service), self.caller.identity);
        self.spawn(id, async move {
            let answer = service.answer(from, method, question).await;
            answered(&outbox, id, answer.map_err(|error| error.to_string())).await;
        });
    }

    fn open_append(&mut self, id: u64, group: u32) {
        let Some(endpoint) = self.endpoint(id, group) else { return };
        let (sender, mut arriving) = mpsc::channel::<Bytes>(APPEND_WINDOW);
        let (requests, served) = mpsc::channel::<Frame>(1);
        let (replies, mut replied) = mpsc::channel::<Frame>(APPEND_WINDOW);
        let outbox = self.outbox.clone();
        self.streams.insert(id, sender);
        self.spawn(id, async move {
            let passing = async move {
                while let Some(request) = arriving.recv().await {
                    if requests.send(request.into()).await.is_err() {
                        break;
                    }
                }
                drop(requests);
                std::future::pending::<()>().await;
            };
            let answering = async {
                while let Some(reply) = replied.recv().await {
                    if outbox.send(Record::with(Kind::Append, id, reply)).await.is_err() {
                        return;
                    }
                }
            };
            // The group says when the stream ends; until then it gets what arrives.
            let serving = async {
                tokio::select! {
                    ended = endpoint.serve_append(served, replies) => ended,
                    () = passing => Ok(()),
                }
            };
            let ((), ended) = tokio::join!(answering, serving);
            let reason = ended.err().map(|error| error.to_string()).unwrap_or_default();
            drop(outbox.send(Record::with(Kind::Close, id, reason.into_bytes())).await);
        });
    }

    fn open_snapshot(&mut self, id: u64, group: u32, header: Frame) {
        let Some(endpoint) = self.endpoint(id, group) else { return };
        let (sender, mut arriving) = mpsc::channel::<Bytes>(SNAPSHOT_WINDOW);
        let (chunks, received) = mpsc::channel::<Chunk>(1);
        let outbox = self.outbox.clone();
        self.streams.insert(id, sender);
        self.spawn(id, async move {
            let taking = async {
                while let Some(chunk) = arriving.recv().await {
                    if chunks.send(chunk.into()).await.is_err()
                        || outbox.send(Record::bare(Kind::ChunkTaken, id)).await.is_err()
                    {
                        break;
                    }
                }
                drop(chunks);
            };
            let ((), answer) = tokio::join!(taking, endpoint.receive_snapshot(header, received));
            answered(&outbox, id, answer.map(Bytes::from).map_err(|error| error.to_string())).await;
        });
    }

    /// Hands something to the stream that it belongs to. One that sends more than there was room for is ended.
    fn pass_on(&mut self, id: u64, payload: Bytes) {
        if self.streams.get(&id).is_some_and(|stream| stream.try_send(payload).is_err()) {
            self.streams.remove(&id);
        }
    }

    fn endpoint(&self, id: u64, group: u32) -> Option<Arc<dyn Endpoint>> {
        if self.caller.identity.is_guest() {
            self.refuse(id, "a guest has no part in groups");
            return None;
        }
        let endpoint = self.local.endpoint(group);
        if endpoint.is_none() {
            self.refuse(id, &format!("group {group} has no replica here"));
        }
        endpoint
    }

    fn spawn(&mut self, id: u64, task: impl Future<Output = ()> + Send + 'static) {
        if self.tasks.len() >= N_TASKS_MAX {
            self.streams.remove(&id);
            return self.refuse(id, "the node has too much to do");
        }
        let task = self.tasks.spawn(async move {
            task.await;
            id
        });
        self.calls.insert(id, task);
    }

    fn refuse(&self, id: u64, why: &str) {
        let refusal = Record::with(Kind::Failed, id, why.to_owned());
        // Without room the other side waits until its deadline.
        drop(self.outbox.try_send(refusal));
    }
}

async fn answered(outbox: &Outbox, id: u64, answer: Result<Bytes, String>) {
    let record = match answer {
        Ok(reply) => Record::with(Kind::Reply, id, reply),
        Err(why) => Record::with(Kind::Failed, id, why),
    };
    if outbox.send(record).await.is_err() {
        drop(outbox.send(Record::with(Kind::Failed, id, "the answer is too large")).await);
    }
}
