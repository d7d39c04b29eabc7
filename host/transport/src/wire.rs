//! What a connection is made of: messages in, messages out. In a cluster that is a WebSocket; tests may take anything.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt, future};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::http::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use vraftls_raft::ids::Peer;

use crate::record::MESSAGE_BYTES_MAX;

/// How long a connection may take to be made.
pub(crate) const DIAL_PATIENCE: Duration = Duration::from_secs(2);

/// How much is read at once. The library fills as much with zeros before each read, however little there is.
const READ_BYTES: usize = 16 << 10;

/// Where nodes listen for each other, on the port that everything else is on.
const PATH: &str = "/v1/peer";

/// Messages both ways.
pub struct Wire {
    /// What the other side sends; ends with the connection.
    pub incoming: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    /// What goes to the other side.
    pub outgoing: Pin<Box<dyn Sink<Bytes, Error = io::Error> + Send>>,
}

/// A connection that is being made.
pub type Dialed = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

/// Makes connections.
pub trait Dial: Send + Sync + 'static {
    /// Connects to whoever listens at an address.
    ///
    /// # Errors
    /// As the system or the other side says.
    fn dial(&self, peer: Peer) -> Dialed;
}

/// Connects by TCP, without encryption.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpDialer;

impl Dial for TcpDialer {
    fn dial(&self, peer: Peer) -> Dialed {
        Box::pin(async move {
            let dialed = tokio::time::timeout(DIAL_PATIENCE, async {
                let stream = TcpStream::connect(&peer.address).await?;
                // Records are batched here; the system would only hold the last of them back.
                stream.set_nodelay(true)?;
                upgrade(stream, &peer.address).await
            });
            dialed.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })
    }
}

/// Asks whoever is at the other end of a stream to speak WebSocket with this node.
pub(crate) async fn upgrade<S>(stream: S, host: &str) -> io::Result<Wire>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let request = format!("ws://{host}{PATH}");
    let upgraded = tokio_tungstenite::client_async_with_config(request, stream, Some(config())).await;
    let (socket, _) = upgraded.map_err(io_error)?;
    Ok(messages(socket))
}

/// Agrees to a request to speak WebSocket: the response that says so, after which the stream is one for [`websocket`].
///
/// # Errors
/// [`io::ErrorKind::InvalidData`]: it is no such request.
pub fn agree<B>(request: &Request<B>) -> io::Result<Response<()>> {
    let agreed = create_response_with_body(request, || ());
    agreed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

/// A connection out of a stream on which the other side already agreed to speak WebSocket.
pub async fn websocket<S>(stream: S) -> Wire
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    messages(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config())).await)
}

fn config() -> WebSocketConfig {
    let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
    config.max_message_size(Some(MESSAGE_BYTES_MAX)).max_frame_size(Some(MESSAGE_BYTES_MAX))
}

fn messages<S>(socket: WebSocketStream<S>) -> Wire
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sink, stream) = socket.split();
    let outgoing = sink.sink_map_err(io_error).with(|bytes: Bytes| future::ready(Ok(Message::Binary(bytes))));
    let incoming = stream.filter_map(|message: Result<Message, Error>| {
        future::ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(Message::Text(_)) => Some(Err(io::Error::new(io::ErrorKind::InvalidData, "a text message"))),
            // The library answers pings, and ends the stream behind a close.
            Ok(_) => None,
            Err(error) => Some(Err(io_error(error))),
        })
    });
    Wire { incoming: Box::pin(incoming), outgoing: Box::pin(outgoing) }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::other(other),
    }
}
