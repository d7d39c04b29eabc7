//! What the server says to the editor of its own accord. Sending never waits; a reply is awaited with a deadline, and only by
//! tasks that nothing else waits for.
//!
//! It takes the place of `tower_lsp_server::Client`, whose channel of one message makes senders wait for the editor, and which
//! never forgets a request that the editor does not answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp_server::jsonrpc::{self, Id};
use tower_lsp_server::ls_types::notification::{LogMessage, Notification, PublishDiagnostics, ShowMessage};
use tower_lsp_server::ls_types::request::Request;
use tower_lsp_server::ls_types::{LogMessageParams, MessageType, PublishDiagnosticsParams, ShowMessageParams};
use tracing::{debug, error};

use crate::transport::Outbox;

/// The editor at the other end.
pub(crate) struct Client {
    outbox: Arc<Outbox>,
    next_id: AtomicI64,
    n_waiting_max: usize,
    reply_deadline: Duration,
    waiting: Mutex<HashMap<i64, oneshot::Sender<Reply>>>,
}

type Reply = Result<Value, jsonrpc::Error>;

/// Why a request to the editor has no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("{0} requests wait for the editor already")]
    TooMany(usize),
    #[error("no reply within {0:?}")]
    Deadline(Duration),
    #[error("the session ended")]
    Gone,
    #[error("the editor refused")]
    Refused(#[source] jsonrpc::Error),
    #[error("the reply does not have the shape of the protocol, or the request cannot be written")]
    Shape(#[source] serde_json::Error),
}

#[derive(Serialize)]
struct Outgoing<'a, P> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    method: &'a str,
    params: P,
}

impl Client {
    pub(crate) fn new(outbox: Arc<Outbox>, n_waiting_max: usize, reply_deadline: Duration) -> Self {
        Self { outbox, next_id: AtomicI64::new(1), n_waiting_max, reply_deadline, waiting: Mutex::default() }
    }

    /// Sends a notification.
    pub(crate) fn notify<N: Notification>(&self, params: N::Params) {
        if let Some(content) = encode(None, N::METHOD, params) {
            self.outbox.push(content);
        }
    }

    /// Sends the diagnostics of a document, in place of others of it that are not yet sent.
    pub(crate) fn publish(&self, params: PublishDiagnosticsParams) {
        let key = params.uri.as_str().to_owned();
        if let Some(content) = encode(None, PublishDiagnostics::METHOD, params) {
            self.outbox.push_latest(key, content);
        }
    }

    /// Shows a message to the person at the editor.
    pub(crate) fn show(&self, typ: MessageType, message: String) {
        self.notify::<ShowMessage>(ShowMessageParams { typ, message });
    }

    /// Writes a message into the editor's log.
    pub(crate) fn log(&self, typ: MessageType, message: String) {
        self.notify::<LogMessage>(LogMessageParams { typ, message });
    }

    /// Sends a request and waits for its reply.
    pub(crate) async fn request<R: Request>(&self, params: R::Params) -> Result<R::Result, ClientError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        {
            let mut waiting = self.lock();
            if waiting.len() >= self.n_waiting_max {
                return Err(ClientError::TooMany(waiting.len()));
            }
            waiting.insert(id, sender);
        }
        // Forgets the request however this future ends; a reply that comes later is dropped.
        let _forget = Forget { client: self, id };
        let content = serde_json::to_vec(&Outgoing { jsonrpc: "2.0", id: Some(id), method: R::METHOD, params });
        self.outbox.push(content.map_err(ClientError::Shape)?);
        let reply = tokio::time::timeout(self.reply_deadline, receiver).await;
        let reply = reply.map_err(|_| ClientError::Deadline(self.reply_deadline))?.map_err(|_| ClientError::Gone)?;
        serde_json::from_value(reply.map_err(ClientError::Refused)?).map_err(ClientError::Shape)
    }

    /// Hands a reply to whoever waits for it.
    pub(crate) fn resolve(&self, id: &Id, reply: Reply) {
        let waiter = match id {
            Id::Number(id) => self.lock().remove(id),
            Id::String(_) | Id::Null => None,
        };
        match waiter {
            // It may have stopped waiting just now.
            Some(waiter) => drop(waiter.send(reply)),
            None => debug!(%id, "the editor answered a request that nobody waits for"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, oneshot::Sender<Reply>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Forget<'a> {
    client: &'a Client,
    id: i64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.client.lock().remove(&self.id);
    }
}

fn encode(id: Option<i64>, method: &str, params: impl Serialize) -> Option<Vec<u8>> {
    let content = serde_json::to_vec(&Outgoing { jsonrpc: "2.0", id, method, params });
    content.inspect_err(|error| error!(%error, method, "a message cannot be written as JSON")).ok()
}
