//! Serving connections, however their bytes come.

mod door;
mod websocket;

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tower_lsp_server::LspService;
use tower_lsp_server::ls_types::request::Request;
use tracing::{Instrument, debug, error, info, info_span, warn};

use crate::server::Server;
use crate::session::Session;
use crate::transport::{FrameReader, LoopEnd, MainLoop, Outbox, write_outbox};
use crate::{
    Backend, BoxFuture, CatchUpRequest, ExpandMacroRequest, FilesRequest, FrameError, JoinLinesRequest,
    OccurrencesRequest, Options, StatusRequest,
};

use door::Admitted;

pub use door::{Admits, ByteStream, Door, Encrypt, Encrypted, Speech, TokenCheck};
pub use websocket::{UpgradeError, serve_websocket_connection};

/// How long to wait before the next connection is accepted after one could not be.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// How often in a row accepting may fail.
const N_ACCEPT_RETRIES: u32 = 100;

/// Why a session ended.
#[derive(Debug)]
pub enum SessionEnd {
    /// The editor said `exit`.
    Exited {
        /// Whether it said `shutdown` before, as it should.
        after_shutdown: bool,
    },
    /// The editor's end of the connection is closed.
    Disconnected,
    /// The editor did not read what was sent, and [`Limits::outbox_bytes_max`](crate::Limits::outbox_bytes_max) was reached.
    SlowConsumer,
    /// The editor connected and said nothing within [`Timing::first_message_deadline`](crate::Timing::first_message_deadline).
    Silent,
    /// The editor sent what is no message, so that where the next one begins is unknown.
    Broken(FrameError),
    /// A defect of the server ended this session, and no other.
    Panicked,
}

impl SessionEnd {
    /// The exit code of a process that served only this session: 0 only after `shutdown` and `exit` (LSP 3.17, "Exit").
    pub fn exit_code(&self) -> u8 {
        u8::from(!matches!(self, Self::Exited { after_shutdown: true }))
    }
}

/// Serves one connection until it ends, however it ends. A panic ends this session and is told as its end.
///
/// Dropping the future ends the session too.
pub async fn serve_connection<R, W>(backend: Arc<dyn Backend>, reader: R, writer: W, options: Options) -> SessionEnd
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let outbox = Arc::new(Outbox::new(options.limits.outbox_bytes_max));
    let drain_deadline = options.timing.drain_deadline;
    let frames = FrameReader::new(reader, options.limits);
    let session = Arc::new(Session::new(backend, options, outbox.clone()));
    let end_session = EndOnDrop(session.clone());
    // The library's own channel to the editor stays unused, see `client`.
    let service = LspService::build(|_| Server::new(session.clone()));
    let service = service
        .custom_method("$/setTrace", Server::set_trace)
        .custom_method(StatusRequest::METHOD, Server::status)
        .custom_method(CatchUpRequest::METHOD, Server::catch_up)
        .custom_method(FilesRequest::METHOD, Server::files)
        .custom_method(OccurrencesRequest::METHOD, Server::occurrences)
        .custom_method(JoinLinesRequest::METHOD, Server::join_lines)
        .custom_method(ExpandMacroRequest::METHOD, Server::expand_macro);
    let (service, _) = service.finish();
    let mut writer = AbortOnDrop(tokio::spawn(write_outbox(outbox.clone(), writer)));
    let mut main_loop = MainLoop { service, session: session.clone(), frames, tasks: JoinSet::new() };

    let end = AssertUnwindSafe(main_loop.run(&mut writer.0)).catch_unwind().await;
    let end = match end {
        Ok(end) => told(end, session.is_shut_down()),
        Err(_) => SessionEnd::Panicked,
    };
    drop(main_loop);
    drop(end_session);
    outbox.close();
    if !matches!(end, SessionEnd::SlowConsumer) && !writer.0.is_finished() {
        // What was answered before the end is still written, if the editor reads it soon.
        drop(tokio::time::timeout(drain_deadline, &mut writer.0).await);
    }
    debug!(?end, "a session ended");
    end
}

fn told(end: LoopEnd, after_shutdown: bool) -> SessionEnd {
    match end {
        LoopEnd::Exit => SessionEnd::Exited { after_shutdown },
        LoopEnd::Disconnected => SessionEnd::Disconnected,
        LoopEnd::Overflow => SessionEnd::SlowConsumer,
        LoopEnd::Silent => SessionEnd::Silent,
        LoopEnd::Broken(error) => SessionEnd::Broken(error),
        LoopEnd::Panicked => SessionEnd::Panicked,
    }
}

struct EndOnDrop(Arc<Session>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves connections over TCP, many at once on one backend, until the listener fails for good. Dropping the future ends every session.
pub async fn serve_tcp(listener: TcpListener, backend: Arc<dyn Backend>, options: Options) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(options.limits.n_sessions_max));
    accept_all(listener, options.clone(), places, move |stream, place| {
        let (reader, writer) = stream.into_split();
        let session = serve_connection(backend.clone(), reader, writer, options.clone());
        session.map(|end| info!(?end, "disconnected")).map(|()| place).boxed()
    })
    .await
}

/// Serves connections over WebSocket, as [`serve_tcp`] does over TCP.
pub async fn serve_websocket(listener: TcpListener, backend: Arc<dyn Backend>, options: Options) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(options.limits.n_sessions_max));
    accept_all(listener, options.clone(), places, move |stream, place| {
        let session = serve_websocket_connection(backend.clone(), stream, options.clone());
        let told = session.map(|end| match end {
            Ok(end) => info!(?end, "disconnected"),
            Err(error) => warn!(%error, "a connection was refused"),
        });
        told.map(|()| place).boxed()
    })
    .await
}

/// Serves whoever a door lets in, as [`serve_tcp`] and [`serve_websocket`] serve everybody.
pub async fn serve_guarded(
    listener: TcpListener,
    backend: Arc<dyn Backend>,
    options: Options,
    speech: Speech,
    door: Door,
) -> io::Result<()> {
    let strangers = Arc::new(Semaphore::new(options.limits.n_handshakes_max));
    let places = Arc::new(Semaphore::new(options.limits.n_sessions_max));
    let limits = options.clone();
    accept_all(listener, limits, strangers, move |stream, stranger| {
        let (backend, options, door, places) = (backend.clone(), options.clone(), door.clone(), places.clone());
        let serving = async move {
            let admitted = match door.admit(stream, speech, &options).await {
                Ok(admitted) => admitted,
                Err(error) => {
                    warn!(%error, "a connection was refused");
                    return stranger;
                }
            };
            let Ok(place) = places.try_acquire_owned() else {
                warn!("a connection was refused: too many sessions");
                return stranger;
            };
            drop(stranger);
            let end = match admitted {
                Admitted::Stream(stream) => {
                    let (reader, writer) = tokio::io::split(stream);
                    serve_connection(backend, reader, writer, options).await
                }
                Admitted::WebSocket(socket) => websocket::serve_socket(backend, *socket, options).await,
            };
            info!(?end, "disconnected");
            place
        };
        serving.boxed()
    })
    .await
}

/// Accepts connections, and serves each in a task of its own that has one of `room`'s places. What `serve` gives back is the place that
/// the connection has until it is closed.
async fn accept_all(
    listener: TcpListener,
    options: Options,
    room: Arc<Semaphore>,
    serve: impl Fn(TcpStream, OwnedSemaphorePermit) -> BoxFuture<'static, OwnedSemaphorePermit>,
) -> io::Result<()> {
    let mut sessions = JoinSet::new();
    let mut n_failures = 0;
    loop {
        let accepted = tokio::select! {
            Some(ended) = sessions.join_next() => {
                if let Err(error) = ended {
                    error!(%error, "a session's task failed");
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // Out of file descriptors, mostly, which passes when sessions end.
            Err(error) if n_failures < N_ACCEPT_RETRIES => {
                warn!(%error, "a connection could not be accepted");
                n_failures += 1;
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        n_failures = 0;
        let Ok(place) = room.clone().try_acquire_owned() else {
            warn!(%peer, "a connection was refused: too many at once");
            continue;
        };
        prepare(&stream, options.timing.tcp_keepalive);
        let ending = second_handle(&stream);
        let session = serve(stream, place);
        let drain_deadline = options.timing.drain_deadline;
        let session = async move {
            let place = session.await;
            if let Some(ending) = ending {
                drop(tokio::time::timeout(drain_deadline, hang_up(ending)).await);
            }
            drop(place);
        };
        sessions.spawn(session.instrument(info_span!("session", %peer)));
    }
}

/// Another handle of a connection, which keeps it open when the session lets go of it; none where there are no more.
fn second_handle(stream: &TcpStream) -> Option<TcpStream> {
    let second = socket2::SockRef::from(stream).try_clone().and_then(|socket| TcpStream::from_std(socket.into()));
    second.inspect_err(|error| debug!(%error, "a connection has no second handle")).ok()
}

/// Ends a connection when the editor has read what was said last: closing one on which unread bytes wait resets it, and a reset
/// takes back what was sent (RFC 1122, section 4.2.2.13). What the editor still sends is read and forgotten.
async fn hang_up(mut stream: TcpStream) {
    let mut forgotten = [0; 4096];
    if stream.shutdown().await.is_ok() {
        while matches!(stream.read(&mut forgotten).await, Ok(1..)) {}
    }
}

/// Answers are small and wanted at once; and an editor whose machine is gone says nothing, so it is asked.
fn prepare(stream: &TcpStream, keepalive: Duration) {
    let keepalive = socket2::TcpKeepalive::new().with_time(keepalive).with_interval(keepalive);
    let set = stream.set_nodelay(true).and_then(|()| socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = set {
        debug!(%error, "an option of a connection could not be set");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_asked_whether_its_other_end_is_there() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (near, far) = tokio::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
        let (_near, (far, _)) = (near?, far?);
        prepare(&far, Duration::from_secs(30));
        assert!(far.nodelay()?);
        let socket = socket2::SockRef::from(&far);
        assert!(socket.keepalive()?);
        assert_eq!(socket.tcp_keepalive_time()?, Duration::from_secs(30));
        assert_eq!(socket.tcp_keepalive_interval()?, Duration::from_secs(30));
        Ok(())
    }
}
