//! The loop that reads a connection. It replaces `tower_lsp_server::Server::serve`, whose single task and four lazily polled slots
//! apply edits out of order, hear no cancel under load and stop reading for ever when handlers wait for the editor.
//!
//! One task reads, and never waits for an answer:
//! - A reply goes to whoever waits for it.
//! - A notification is called and polled once before the next message is read. Document synchronization is complete by then, since
//!   its handlers have no await before they are done; what is left of others runs beside.
//! - A request gets the [`World`] of this moment and runs beside; `initialize` alone is awaited.
//! - `$/cancelRequest` is a notification; polled inline it aborts its request at once. `exit` ends the loop.

use std::any::Any;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::{FutureExt, poll};
use tokio::io::AsyncRead;
use tokio::task::{JoinHandle, JoinSet};
use tower_lsp_server::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp_server::{ExitedError, LspService};
use tower_service::Service;
use tracing::{debug, error, warn};

use super::message::{Incoming, parse};
use super::{Frame, FrameError, FrameReader, Outbox};
use crate::error::REQUEST_FAILED;
use crate::handlers::capabilities::complete;
use crate::server::Server;
use crate::session::{Session, World};

tokio::task_local! {
    /// What the request that runs in this task sees.
    static WORLD: Arc<World>;
}

/// What the request that runs in this task sees: the world of the moment at which it was read.
pub(crate) fn current_world() -> Option<Arc<World>> {
    WORLD.try_with(Arc::clone).ok()
}

/// Why the loop ended.
#[derive(Debug)]
pub(crate) enum LoopEnd {
    /// The editor said `exit`.
    Exit,
    /// The editor is gone.
    Disconnected,
    /// The editor does not read what is sent.
    Overflow,
    /// The editor said nothing for too long after it connected.
    Silent,
    /// The editor sends what is no message.
    Broken(FrameError),
    /// A handler that changes the session panicked.
    Panicked,
}

pub(crate) struct MainLoop<R> {
    pub(crate) service: LspService<Server>,
    pub(crate) session: Arc<Session>,
    pub(crate) frames: FrameReader<R>,
    /// Requests that run, and what is left of notifications. All of them end with the loop.
    pub(crate) tasks: JoinSet<()>,
}

impl<R: AsyncRead + Unpin> MainLoop<R> {
    pub(crate) async fn run(&mut self, writer: &mut JoinHandle<io::Result<()>>) -> LoopEnd {
        let session = self.session.clone();
        let outbox = session.outbox().clone();
        // Whoever connects takes a place that an editor could have.
        let mut silence = pin!(tokio::time::sleep(self.session.options().timing.first_message_deadline));
        let mut is_silent = true;
        loop {
            let frame = tokio::select! {
                biased;
                () = outbox.overflowed() => return LoopEnd::Overflow,
                () = session.broke() => return LoopEnd::Panicked,
                // It ends by itself only when it cannot write.
                _ = &mut *writer => return LoopEnd::Disconnected,
                frame = self.frames.next() => frame,
                () = &mut silence, if is_silent => return LoopEnd::Silent,
            };
            is_silent = false;
            let incoming = match frame {
                Ok(Some(Frame::Utf8(content))) => parse(&content),
                Ok(Some(Frame::Foreign)) => foreign_charset(),
                Ok(None) | Err(FrameError::Io(_) | FrameError::Truncated) => return LoopEnd::Disconnected,
                Err(error) => {
                    let said = Error { message: error.to_string().into(), ..Error::parse_error() };
                    send(&outbox, &Response::from_error(Id::Null, said));
                    return LoopEnd::Broken(error);
                }
            };
            if let Err(end) = self.dispatch(incoming).await {
                return end;
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    async fn dispatch(&mut self, incoming: Incoming) -> Result<(), LoopEnd> {
        match incoming {
            Incoming::Reply(id, result) => self.session.client().resolve(&id, result),
            Incoming::Notification(request) if request.method() == "exit" => return Err(LoopEnd::Exit),
            Incoming::Notification(request) => self.notify(request).await?,
            Incoming::Request(id, request) if request.method() == "initialize" => {
                let answer = AssertUnwindSafe(self.service.call(request)).catch_unwind().await;
                let response = response_of(id, answer).map_err(|Panicked| LoopEnd::Panicked)?;
                let response = complete(&self.session, response);
                send(self.session.outbox(), &response);
            }
            // `exit` is a notification. As a request it is answered, so it cannot be obeyed.
            Incoming::Request(id, request) if request.method() == "exit" => {
                send(self.session.outbox(), &Response::from_error(id, Error::invalid_request()));
            }
            Incoming::Request(id, request) if request.method() != "shutdown" && self.is_full() => {
                send(self.session.outbox(), &Response::from_error(id, too_many_requests()));
            }
            Incoming::Request(id, request) => self.start(id, request),
            Incoming::Invalid(response) => send(self.session.outbox(), &response),
            Incoming::Meaningless(why) => debug!(why, "ignored a message"),
        }
        Ok(())
    }

    async fn notify(&mut self, notification: Request) -> Result<(), LoopEnd> {
        let sync = SyncCheck::before(&self.session, &notification);
        let mut call = AssertUnwindSafe(self.service.call(notification)).catch_unwind().boxed();
        match poll!(&mut call) {
            std::task::Poll::Ready(Ok(_)) => {}
            // Half of an edit may be applied: nothing that this session says can be trusted any more.
            std::task::Poll::Ready(Err(panic)) => {
                error!(panic = panic_message(&*panic), "a notification's handler panicked");
                return Err(LoopEnd::Panicked);
            }
            std::task::Poll::Pending => drop(self.tasks.spawn(call.map(|_| ()))),
        }
        sync.after(&self.session);
        Ok(())
    }

    fn is_full(&mut self) -> bool {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.len() >= self.session.options().limits.n_pending_requests_max
    }

    fn start(&mut self, id: Id, request: Request) {
        let outbox = self.session.outbox().clone();
        // Called here, so that a cancel which comes next already finds it; it runs only when it is polled.
        let call = self.service.call(request);
        self.tasks.spawn(WORLD.scope(self.session.world(), async move {
            let answer = AssertUnwindSafe(call).catch_unwind().await;
            let response = response_of(id.clone(), answer)
                .unwrap_or_else(|Panicked| Response::from_error(id, Error::internal_error()));
            send(&outbox, &response);
        }));
    }
}

fn too_many_requests() -> Error {
    let message = "too many requests are under way".into();
    Error { code: ErrorCode::ServerError(REQUEST_FAILED), message, data: None }
}

struct Panicked;

type Answer = Result<Result<Option<Response>, ExitedError>, Box<dyn Any + Send>>;

/// The one response of a request.
fn response_of(id: Id, answer: Answer) -> Result<Response, Panicked> {
    match answer {
        Ok(Ok(Some(response))) => Ok(response),
        // `LspService` swallows unknown requests whose method begins with `$/`. Notifications of that kind may be ignored, but
        // a request must be answered (LSP 3.17, "$ Notifications and Requests").
        Ok(Ok(None)) => Ok(Response::from_error(id, Error::method_not_found())),
        Ok(Err(ExitedError { .. })) => Ok(Response::from_error(id, Error::invalid_request())),
        Err(panic) => {
            error!(panic = panic_message(&*panic), %id, "a request's handler panicked");
            Err(Panicked)
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("of another type than text")
}

fn foreign_charset() -> Incoming {
    let message = "the only charset is UTF-8".into();
    Incoming::Invalid(Response::from_error(Id::Null, Error { message, ..Error::parse_error() }))
}

fn send(outbox: &Outbox, response: &Response) {
    match serde_json::to_vec(response) {
        Ok(content) => outbox.push(content),
        Err(error) => error!(%error, "a response cannot be written as JSON"),
    }
}

/// Notices an edit that `LspService` drops without a word, because its parameters do not have the protocol's shape: the buffer that
/// it speaks of is not what the editor has any more.
struct SyncCheck {
    n_before: u64,
    uri: Option<String>,
}

impl SyncCheck {
    fn before(session: &Session, notification: &Request) -> Self {
        let edited = match notification.method() {
            "textDocument/didOpen" | "textDocument/didChange" => Some("textDocument"),
            "notebookDocument/didOpen" | "notebookDocument/didChange" => Some("notebookDocument"),
            _ => None,
        };
        let uri = |of: &str| notification.params()?.get(of)?.get("uri")?.as_str().map(str::to_owned);
        Self { n_before: session.n_sync_calls(), uri: edited.and_then(uri) }
    }

    fn after(self, session: &Session) {
        if let Some(uri) = self.uri
            && session.n_sync_calls() == self.n_before
        {
            warn!("an edit with malformed parameters was refused");
            session.poison_uri(&uri, "an edit of it was malformed");
        }
    }
}
