//! Serving a connection over WebSocket (RFC 6455): one message of the socket is one JSON text, or a piece of the framed stream.
//!
//! Editors in browsers send each message of the protocol as one bare JSON text. Others tunnel the stream of the base protocol,
//! header lines included, through the socket, and cut it anywhere. The first message shows which of the two an editor does, and it
//! is answered in the same way. Inside, both become the stream that every other connection is, so that limits, order and endings
//! are the same; nothing here knows what a message says.

pub(super) mod upgrade;

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::future::{Fuse, FusedFuture};
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as SocketError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Utf8Bytes, error::ProtocolError};
use tracing::debug;

use super::{SessionEnd, serve_connection};
use crate::transport::{Frame, FrameReader};
use crate::{Backend, Limits, Options};

pub use upgrade::UpgradeError;

/// What lies between the socket and the session in each direction. More than that waits in the socket or in the session's outbox.
const PIPE_BYTES: usize = 64 * 1024;

/// The socket's own buffers; most messages are small.
const SOCKET_BUFFER_BYTES: usize = 8 * 1024;

/// How an editor's messages lie in those of the socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Framing {
    /// A message is one JSON text.
    Bare,
    /// The payloads, one after the other, are the stream of the base protocol. As texts or as bytes, as the editor sends them.
    Tunnel { as_text: bool },
}

/// Upgrades a connection and serves it until it ends, however it ends.
///
/// # Errors
/// The editor, or whoever it is, did not ask for a WebSocket as it should, or may not have one. Nothing was served then.
pub async fn serve_websocket_connection<S>(
    backend: Arc<dyn Backend>,
    stream: S,
    options: Options,
) -> Result<SessionEnd, UpgradeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket = upgrade::accept(stream, &options, &upgrade::Terms::default()).await?;
    Ok(serve_socket(backend, socket, options).await)
}

/// Serves a connection that is a WebSocket until it ends, however it ends.
pub(super) async fn serve_socket<S>(
    backend: Arc<dyn Backend>,
    socket: WebSocketStream<S>,
    options: Options,
) -> SessionEnd
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sink, stream) = socket.split();
    let (to_session, session_reads) = tokio::io::duplex(PIPE_BYTES);
    let (session_writes, from_session) = tokio::io::duplex(PIPE_BYTES);
    let framing = OnceLock::new();
    let heard = AtomicBool::new(true);
    let frames = FrameReader::new(from_session, unlimited());
    let drain_deadline = options.timing.drain_deadline;

    let mut sending = pin!(send(sink, frames, &framing, &heard, &options).fuse());
    let mut receiving = pin!(receive(stream, to_session, &framing, &heard).fuse());
    let mut session = pin!(serve_connection(backend, session_reads, session_writes, options.clone()));
    let end = loop {
        tokio::select! {
            end = &mut session => break end,
            () = &mut receiving => {}
            // Nothing can be sent any more, so nothing more is read: the session comes to the end of its stream.
            () = &mut sending => receiving.set(Fuse::terminated()),
        }
    };
    if !sending.is_terminated() && !matches!(end, SessionEnd::SlowConsumer) {
        drop(tokio::time::timeout(drain_deadline, sending).await);
    }
    end
}

fn socket_config(limits: &Limits) -> WebSocketConfig {
    // A tunnelled message has its header lines too.
    let bytes_max = limits.message_bytes_max.saturating_add(limits.header_bytes_max);
    let mut config = WebSocketConfig::default();
    config.read_buffer_size = SOCKET_BUFFER_BYTES;
    config.write_buffer_size = SOCKET_BUFFER_BYTES;
    config.max_message_size = Some(bytes_max);
    config.max_frame_size = Some(bytes_max);
    config
}

/// The limits of what the session itself writes: it is bounded where it is made.
fn unlimited() -> Limits {
    Limits { message_bytes_max: usize::MAX, ..Limits::default() }
}

/// Hands on what the editor sends, until it sends no more or the session reads no more. What was handed on by then is whole.
async fn receive(
    mut socket: impl Stream<Item = Result<Message, SocketError>> + Unpin,
    mut session: DuplexStream,
    framing: &OnceLock<Framing>,
    heard: &AtomicBool,
) {
    loop {
        let message = socket.next().await;
        heard.store(true, Ordering::Relaxed);
        let (payload, is_text) = match message {
            Some(Ok(Message::Text(text))) => (Bytes::from(text), true),
            Some(Ok(Message::Binary(bytes))) => (bytes, false),
            // Pings are answered by the library.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Close(_))) | None => return,
            Some(Err(SocketError::Capacity(CapacityError::MessageTooLong { size, max_size }))) => {
                // As a header announces it, so that the session ends with the reason.
                debug!(max_size, "a message of the socket is too long");
                drop(session.write_all(header(size.max(max_size.saturating_add(1))).as_bytes()).await);
                return;
            }
            Some(Err(error)) => {
                report(&error);
                return;
            }
        };
        let Some(shown) = framing.get().copied().or_else(|| framing_of(&payload, is_text)) else { continue };
        let how = *framing.get_or_init(|| shown);
        let handed_on = match how {
            Framing::Bare => match session.write_all(header(payload.len()).as_bytes()).await {
                Ok(()) => session.write_all(&payload).await,
                failed => failed,
            },
            Framing::Tunnel { .. } => session.write_all(&payload).await,
        };
        if handed_on.is_err() {
            return;
        }
    }
}

fn report(error: &SocketError) {
    let usual = matches!(
        error,
        SocketError::ConnectionClosed | SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake)
    );
    if !usual {
        debug!(%error, "a WebSocket failed");
    }
}

/// What the first payload shows; nothing for one that is blank. JSON-RPC's messages are objects, and its batches arrays.
fn framing_of(payload: &[u8], as_text: bool) -> Option<Framing> {
    match payload.trim_ascii_start().first()? {
        b'{' | b'[' => Some(Framing::Bare),
        _ => Some(Framing::Tunnel { as_text }),
    }
}

fn header(content_bytes: usize) -> String {
    format!("Content-Length: {content_bytes}\r\n\r\n")
}

/// Sends what the session writes, and asks an editor that says nothing whether it is there, until either is at its end.
async fn send<S>(
    mut socket: S,
    mut frames: FrameReader<DuplexStream>,
    framing: &OnceLock<Framing>,
    heard: &AtomicBool,
    options: &Options,
) where
    S: Sink<Message, Error = SocketError> + Unpin,
{
    let mut pings = tokio::time::interval(options.timing.websocket_ping_interval);
    pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let sent = tokio::select! {
            frame = frames.next() => match frame {
                Ok(Some(Frame::Utf8(content))) => match message_of(content, framing.get().copied()) {
                    Some(message) => socket.send(message).await,
                    None => return,
                },
                _ => {
                    let close = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
                    drop(socket.send(Message::Close(Some(close))).await);
                    return;
                }
            },
            _ = pings.tick() => {
                if !heard.swap(false, Ordering::Relaxed) {
                    debug!("an editor does not answer pings");
                    return;
                }
                socket.send(Message::Ping(Bytes::new())).await
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// A message of the protocol as the editor wants it; nothing if it is no text, which is never written.
fn message_of(content: Bytes, framing: Option<Framing>) -> Option<Message> {
    let as_text = |bytes: Bytes| Utf8Bytes::try_from(bytes).ok().map(Message::Text);
    match framing.unwrap_or(Framing::Bare) {
        Framing::Bare => as_text(content),
        Framing::Tunnel { as_text: is_text } => {
            let framed = Bytes::from([header(content.len()).as_bytes(), &content].concat());
            if is_text { as_text(framed) } else { Some(Message::Binary(framed)) }
        }
    }
}
