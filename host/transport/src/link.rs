//! One connection that this node made: what it asks, and what waits for an answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use vraftls_raft::network::{APPEND_WINDOW, AppendChannel, Chunk, Frame, SNAPSHOT_WINDOW};

use crate::limiter::Limiter;
use crate::outbox::{Outbox, outbox};
use crate::record::{self, Kind, Record};
use crate::wire::Wire;
use crate::{Lane, Stats};

/// What may wait for answers at once.
const N_WAITING_MAX: usize = 4096;

/// How often silence is looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);

/// After so much silence, while answers are waited for, the other side is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(1);

/// The same while nothing is waited for, so that the other side sees that this one is there.
pub(crate) const REST: Duration = Duration::from_secs(10);

/// After so much silence, while answers are waited for, the connection is given up.
const SILENCE_MAX: Duration = Duration::from_secs(4);

/// Why a request over a connection has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// The connection ended, or never took it.
    Closed,
    /// The time is over.
    Deadline,
    /// The other side says why.
    Failed(String),
}

/// A connection. Dropping it ends it.
pub(crate) struct Link {
    outbox: Outbox,
    shared: Arc<Shared>,
    next_id: AtomicU64,
    carrying: AbortHandle,
}

struct Shared {
    state: Mutex<State>,
}

struct State {
    is_closed: bool,
    heard: Instant,
    waiting: HashMap<u64, Waiting>,
}

/// What waits for something of the other side.
enum Waiting {
    Answer(oneshot::Sender<Result<Bytes, String>>),
    Append(mpsc::Sender<Bytes>),
    Snapshot { answer: oneshot::Sender<Result<Bytes, String>>, room: Arc<Semaphore> },
}

impl Link {
    /// Carries messages over a connection whose handshake is done.
    pub(crate) fn start(wire: Wire, lane: Lane, limiter: Option<Arc<Limiter>>, stats: Arc<Stats>) -> Self {
        let Wire { incoming, outgoing: sink } = wire;
        let (outbox, outgoing) = outbox();
        let state = State { is_closed: false, heard: Instant::now(), waiting: HashMap::new() };
        let shared = Arc::new(Shared { state: Mutex::new(state) });
        let (carried, pinging) = (Arc::clone(&shared), outbox.clone());
        let carrying = tokio::spawn(async move {
            tokio::select! {
                () = outgoing.run(sink, lane, limiter, stats) => {}
                () = carried.read(incoming) => {}
                () = carried.watch(pinging) => {}
            }
            carried.close();
        });
        Self { outbox, shared, next_id: AtomicU64::new(1), carrying: carrying.abort_handle() }
    }

    /// Whether it ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.lock().is_closed
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn call(
        &self,
        kind: Kind,
        group: u32,
        payload: Bytes,
        deadline: Duration,
    ) -> Result<Bytes, LinkError> {
        let (answer, answered) = oneshot::channel();
        let waiting = self.wait(Waiting::Answer(answer))?;
        let answered = async {
            let record = Record { kind, id: waiting.id, group, payload };
            self.outbox.send(record).await.map_err(|_| LinkError::Closed)?;
            answered.await.map_err(|_| LinkError::Closed)?.map_err(LinkError::Failed)
        };
        tokio::time::timeout(deadline, answered).await.unwrap_or(Err(LinkError::Deadline))
    }

    /// Opens a stream of append requests.
    pub(crate) async fn open_append(&self, group: u32) -> Result<AppendChannel, LinkError> {
        let (arrived, arriving) = mpsc::channel(APPEND_WINDOW);
        let waiting = self.wait(Waiting::Append(arrived))?;
        let record = Record { kind: Kind::OpenAppend, id: waiting.id, group, payload: Bytes::new() };
        self.outbox.send(record).await.map_err(|_| LinkError::Closed)?;
        let (requests, outgoing) = mpsc::channel(APPEND_WINDOW);
        let (answers, replies) = mpsc::channel(APPEND_WINDOW);
        tokio::spawn(pump(waiting, outgoing, arriving, answers));
        Ok(AppendChannel { requests, replies })
    }

    /// Sends a snapshot and waits until it is installed.
    pub(crate) async fn send_snapshot(
        &self,
        group: u32,
        header: Frame,
        mut chunks: mpsc::Receiver<Chunk>,
        deadline: Duration,
    ) -> Result<Bytes, LinkError> {
        let (answer, mut answered) = oneshot::channel();
        let room = Arc::new(Semaphore::new(SNAPSHOT_WINDOW));
        let waiting = self.wait(Waiting::Snapshot { answer, room: Arc::clone(&room) })?;
        let id = waiting.id;
        let sending = async {
            let open = Record { kind: Kind::OpenSnapshot, id, group, payload: header.into() };
            self.outbox.send(open).await.map_err(|_| LinkError::Closed)?;
            while let Some(chunk) = chunks.recv().await {
                room.acquire().await.map_err(|_| LinkError::Closed)?.forget();
                let chunk = Record::with(Kind::Chunk, id, chunk);
                self.outbox.send(chunk).await.map_err(|_| LinkError::Closed)?;
            }
            self.outbox.send(Record::bare(Kind::EndChunks, id)).await.map_err(|_| LinkError::Closed)
        };
        let whole = async {
            let early = tokio::select! {
                answer = &mut answered => Some(answer),
                sent = sending => { sent?; None }
            };
            let answer = match early {
                Some(answer) => answer,
                None => answered.await,
            };
            answer.map_err(|_| LinkError::Closed)?.map_err(LinkError::Failed)
        };
        tokio::time::timeout(deadline, whole).await.unwrap_or(Err(LinkError::Deadline))
    }

    fn wait(&self, what: Waiting) -> Result<WaitGuard, LinkError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut state = self.shared.lock();
        if state.is_closed {
            return Err(LinkError::Closed);
        }
        if state.waiting.len() >= N_WAITING_MAX {
            return Err(LinkError::Failed("too many requests wait for this node".to_owned()));
        }
        if state.waiting.is_empty() {
            // Silence while nobody asked means nothing.
            state.heard = Instant::now();
        }
        state.waiting.insert(id, what);
        Ok(WaitGuard { id, shared: Arc::clone(&self.shared), outbox: self.outbox.clone() })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.carrying.abort();
        self.shared.close();
    }
}

/// Something waits as long as this lives; if it was not answered by then, the other side is told that nobody waits any more.
struct WaitGuard {
    id: u64,
    shared: Arc<Shared>,
    outbox: Outbox,
}

impl Drop for WaitGuard {
    fn drop(&mut self) {
        let left = self.shared.lock().waiting.remove(&self.id);
        let kind = match left {
            None => return,
            Some(Waiting::Append(_)) => Kind::Close,
            Some(Waiting::Answer(_) | Waiting::Snapshot { .. }) => Kind::Cancel,
        };
        // Without room it is not told, and does for nobody what it was asked.
        drop(self.outbox.try_send(Record::bare(kind, self.id)));
    }
}

/// Carries one stream of append requests, at most [`APPEND_WINDOW`] of them unanswered.
async fn pump(
    waiting: WaitGuard,
    mut outgoing: mpsc::Receiver<Frame>,
    mut arriving: mpsc::Receiver<Bytes>,
    answers: mpsc::Sender<Frame>,
) {
    let room = Semaphore::new(APPEND_WINDOW);
    let sending = async {
        while let Some(frame) = outgoing.recv().await {
            match room.acquire().await {
                Ok(permit) => permit.forget(),
                Err(_) => return,
            }
            if waiting.outbox.send(Record::with(Kind::Append, waiting.id, frame)).await.is_err() {
                return;
            }
        }
        if waiting.outbox.send(Record::bare(Kind::Close, waiting.id)).await.is_ok() {
            // The other side answers what it got, and closes too.
            std::future::pending::<()>().await;
        }
    };
    let receiving = async {
        while let Some(reply) = arriving.recv().await {
            if answers.send(reply.into()).await.is_err() {
                return;
            }
            room.add_permits(1);
        }
    };
    tokio::select! {
        () = sending => {}
        () = receiving => {}
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        // Whoever waits sees that its sender is gone.
        state.waiting.clear();
    }

    /// Hands out what arrives, until the connection ends or says what it must not.
    async fn read(&self, mut stream: impl Stream<Item = std::io::Result<Bytes>> + Unpin) {
        while let Some(message) = stream.next().await {
            let Ok(mut message) = message else { return };
            self.lock().heard = Instant::now();
            loop {
                let may_be = match record::take(&mut message) {
                    Ok(None) => break,
                    Ok(Some(record)) => self.hand_out(record),
                    Err(_) => false,
                };
                if !may_be {
                    tracing::warn!("a node answers what was not asked; the connection is ended");
                    return;
                }
            }
        }
    }

    /// Hands a record to whoever waits for it; false if no such record may come. Answers that nobody waits for any more are fine.
    fn hand_out(&self, record: Record) -> bool {
        let mut state = self.lock();
        match record.kind {
            Kind::Reply | Kind::Failed => {
                let answer = match state.waiting.remove(&record.id) {
                    Some(Waiting::Answer(answer) | Waiting::Snapshot { answer, .. }) => answer,
                    // A stream that is refused ends; that it is answered like a call cannot be.
                    Some(Waiting::Append(_)) => return record.kind == Kind::Failed,
                    None => return true,
                };
                let is_failed = record.kind == Kind::Failed;
                let words = || String::from_utf8_lossy(&record.payload).into_owned();
                drop(answer.send(if is_failed { Err(words()) } else { Ok(record.payload.clone()) }));
                true
            }
            Kind::Append => match state.waiting.get(&record.id) {
                // There is room for as many replies as there are requests.
                Some(Waiting::Append(arrived)) => arrived.try_send(record.payload).is_ok() || arrived.is_closed(),
                Some(_) => false,
                None => true,
            },
            Kind::Close => {
                state.waiting.remove(&record.id);
                true
            }
            Kind::ChunkTaken => match state.waiting.get(&record.id) {
                Some(Waiting::Snapshot { room, .. }) => {
                    room.add_permits(usize::from(room.available_permits() < SNAPSHOT_WINDOW));
                    true
                }
                Some(_) => false,
                None => true,
            },
            Kind::Pong => true,
            _ => false,
        }
    }

    /// Returns when the other side is silent for too long.
    async fn watch(&self, outbox: Outbox) {
        loop {
            tokio::time::sleep(WATCH_INTERVAL).await;
            let (silence, is_waiting) = {
                let state = self.lock();
                (state.heard.elapsed(), !state.waiting.is_empty())
            };
            if is_waiting && silence >= SILENCE_MAX {
                return;
            }
            if silence >= if is_waiting { SILENCE } else { REST } {
                drop(outbox.try_send(Record::bare(Kind::Ping, 0)));
            }
        }
    }
}
