//! A connection to a server: requests and their responses, many at once, and answers to what the server asks.
//!
//! Two tasks, a reader and a writer, live as long as the connection. Everything that may wait is bounded: requests under way by a
//! semaphore, what is to be written by its queue, a message by [`wire`](super::wire).

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use vraftls_gateway::ls_types::notification::Notification;
use vraftls_gateway::ls_types::request::Request;

use super::error::AskError;
use super::progress::Work;
use super::requests;
use super::wire::{MessageReader, framed};

/// Requests that wait for their responses at once; further ones wait for their turn.
const N_REQUESTS_MAX: usize = 32;

/// Messages that wait to be written. Who adds one more waits.
const N_UNWRITTEN_MAX: usize = 64;

/// How often a question is asked while the files change under it.
const N_ATTEMPTS_MAX: u32 = 3;

/// How long the writer may still write when the connection is let go.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// A connection to a server.
pub(super) struct Connection {
    shared: Arc<Shared>,
    unwritten: mpsc::Sender<Vec<u8>>,
    work: watch::Receiver<Option<Work>>,
    turns: Semaphore,
    reader: JoinHandle<()>,
    writer: JoinHandle<()>,
}

struct Shared {
    next_id: AtomicI64,
    /// Requests without a response; none when no more can come.
    waiting: Mutex<Option<HashMap<i64, oneshot::Sender<Reply>>>>,
    /// Why no more can come.
    ended: OnceLock<String>,
    /// How often the server said that an answer is incomplete.
    n_partial: AtomicU64,
}

type Reply = Result<Value, AskError>;

impl Connection {
    /// Speaks through a stream.
    pub(super) fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (from_server, to_server) = tokio::io::split(stream);
        let (unwritten, queue) = mpsc::channel(N_UNWRITTEN_MAX);
        let (work_in, work) = watch::channel(None);
        let shared = Arc::new(Shared {
            next_id: AtomicI64::new(1),
            waiting: Mutex::new(Some(HashMap::new())),
            ended: OnceLock::new(),
            n_partial: AtomicU64::new(0),
        });
        let reading = Reading { shared: shared.clone(), unwritten: unwritten.clone(), work: work_in };
        let reader = tokio::spawn(reading.run(from_server));
        let writer = tokio::spawn(write(queue, to_server));
        Self { shared, unwritten, work, turns: Semaphore::new(N_REQUESTS_MAX), reader, writer }
    }

    /// What the server is working on.
    pub(super) fn work(&self) -> watch::Receiver<Option<Work>> {
        self.work.clone()
    }

    /// How often the server said that an answer is incomplete.
    pub(super) fn n_partial(&self) -> u64 {
        self.shared.n_partial.load(Ordering::Acquire)
    }

    /// Asks, and waits for the answer. Dropping the future cancels the request.
    ///
    /// Where the files changed while the question was answered it is asked again, as the protocol wants it of clients.
    pub(super) async fn ask<R: Request>(&self, params: R::Params, deadline: Duration) -> Result<R::Result, AskError> {
        let params = serde_json::to_value(params).map_err(AskError::Shape)?;
        let asked = async {
            for _ in 1..N_ATTEMPTS_MAX {
                match self.ask_value(R::METHOD, params.clone()).await {
                    Err(error) if error.is_content_modified() => tracing::debug!(%error, "asked again"),
                    answered => return answered,
                }
            }
            self.ask_value(R::METHOD, params).await
        };
        let asked = tokio::time::timeout(deadline, asked).await;
        let result = asked.map_err(|_| AskError::Deadline(deadline))??;
        serde_json::from_value(result).map_err(AskError::Shape)
    }

    async fn ask_value(&self, method: &str, params: Value) -> Reply {
        let _turn = self.turns.acquire().await.map_err(|_| self.shared.ended())?;
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        match self.shared.lock().as_mut() {
            Some(waiting) => drop(waiting.insert(id, sender)),
            None => return Err(self.shared.ended()),
        }
        let mut forget = Forget { connection: self, id, is_asked: false };
        let mut request = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if !params.is_null() {
            request["params"] = params;
        }
        self.send(&request).await?;
        forget.is_asked = true;
        let reply = receiver.await;
        forget.is_asked = false;
        reply.map_err(|_| self.shared.ended())?
    }

    /// Tells.
    pub(super) async fn notify<N: Notification>(&self, params: N::Params) -> Result<(), AskError> {
        let params = serde_json::to_value(params).map_err(AskError::Shape)?;
        let mut notification = json!({"jsonrpc": "2.0", "method": N::METHOD});
        if !params.is_null() {
            notification["params"] = params;
        }
        self.send(&notification).await
    }

    async fn send(&self, message: &Value) -> Result<(), AskError> {
        self.unwritten.send(framed(message)).await.map_err(|_| self.shared.ended())
    }

    /// Writes what is to be written, and lets go of the stream.
    pub(super) async fn close(mut self) {
        // The reader has a sender too, and the writer ends when there is none.
        self.reader.abort();
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.unwritten, closed));
        drop(tokio::time::timeout(DRAIN_DEADLINE, &mut self.writer).await);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
        self.writer.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<i64, oneshot::Sender<Reply>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> AskError {
        AskError::Ended(self.ended.get().cloned().unwrap_or_else(|| "the connection is closed".to_owned()))
    }
}

/// Forgets a request however its future ends, and cancels it if it has no response yet.
struct Forget<'a> {
    connection: &'a Connection,
    id: i64,
    is_asked: bool,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.connection.shared.lock().as_mut() {
            waiting.remove(&self.id);
        }
        if self.is_asked {
            let cancel = json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": self.id}});
            // Where the queue is full the server works in vain, and nobody waits for it.
            drop(self.connection.unwritten.try_send(framed(&cancel)));
        }
    }
}

async fn write(mut queue: mpsc::Receiver<Vec<u8>>, mut stream: impl AsyncWrite + Unpin) {
    while let Some(message) = queue.recv().await {
        if stream.write_all(&message).await.is_err() {
            // The reader finds out why.
            return;
        }
        if queue.is_empty() && stream.flush().await.is_err() {
            return;
        }
    }
    drop(stream.shutdown().await);
}

/// What the reader has.
struct Reading {
    shared: Arc<Shared>,
    unwritten: mpsc::Sender<Vec<u8>>,
    work: watch::Sender<Option<Work>>,
}

impl Reading {
    async fn run(self, stream: impl AsyncRead + Unpin) {
        let mut messages = MessageReader::new(stream);
        let why = loop {
            match messages.next().await {
                Ok(Some(message)) => self.take(message).await,
                Ok(None) => break "the server closed the connection".to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        drop(self.shared.ended.set(why));
        // Whoever waits sees that nothing comes.
        drop(self.shared.lock().take());
    }

    async fn take(&self, mut message: Value) {
        let method = message.get("method").and_then(Value::as_str);
        match (method, message.get("id")) {
            (None, Some(id)) => {
                let Some(id) = id.as_i64() else { return tracing::debug!(%message, "a response to nothing") };
                self.reply(id, &mut message);
            }
            (Some(method), Some(id)) => {
                // The server reads at any time, so this waits for no answer.
                let reply = requests::reply(method, id, &message["params"]);
                drop(self.unwritten.send(framed(&reply)).await);
            }
            (Some(method), None) => self.told(method, &message["params"]),
            (None, None) => tracing::debug!(%message, "no message of the protocol"),
        }
    }

    fn reply(&self, id: i64, message: &mut Value) {
        let waiter = self.shared.lock().as_mut().and_then(|waiting| waiting.remove(&id));
        let Some(waiter) = waiter else { return tracing::debug!(id, "a response that nobody waits for") };
        let reply = match message.get("error") {
            Some(error) => Err(AskError::Refused {
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or("the server gives no reason").to_owned(),
            }),
            None => Ok(message["result"].take()),
        };
        // It may have stopped waiting just now.
        drop(waiter.send(reply));
    }

    fn told(&self, method: &str, params: &Value) {
        match method {
            "$/progress" => {
                let told = Work::told(params, self.work.borrow().as_ref());
                if let Some(work) = told {
                    self.work.send_replace(work);
                }
            }
            "$/vraftls/partial" => {
                self.shared.n_partial.fetch_add(1, Ordering::AcqRel);
            }
            "window/showMessage" => {
                let text = params["message"].as_str().unwrap_or_default();
                match params["type"].as_u64() {
                    Some(1) => tracing::error!("{text}"),
                    Some(2) => tracing::warn!("{text}"),
                    _ => tracing::info!("{text}"),
                }
            }
            "window/logMessage" => tracing::info!("{}", params["message"].as_str().unwrap_or_default()),
            _ => tracing::debug!(method, "a notification that a command has no use for"),
        }
    }
}
