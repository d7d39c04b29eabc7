//! The far end of a listener for WebSockets: the stream of the base protocol through a WebSocket, for whoever brings together an editor
//! that speaks over its standard streams and a gateway that is elsewhere.
//!
//! Nothing here knows what a message says, nor how the bytes get to the gateway.

use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error as SocketError;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// What lies between the editor and the socket in each direction, and how much goes into one message of the socket.
const PIECE_BYTES: usize = 64 * 1024;

/// Why there is no WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    /// The gateway says no.
    #[error("the gateway refuses: {status} {why}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// What else it says.
        why: String,
    },
    /// The host or the token cannot be put into a request.
    #[error("the request cannot be made: {0}")]
    Request(String),
    /// What is there speaks no WebSocket, or the connection failed.
    #[error("there is no WebSocket: {0}")]
    Failed(String),
}

/// Asks a gateway at the other end of a stream for a WebSocket, calling it `host`, and shows it a token if there is one. Gives the stream
/// of the base protocol, which goes on in a task of its own and ends when either end does.
///
/// # Errors
/// [`TunnelError`].
pub async fn tunnel<S>(stream: S, host: &str, token: Option<&str>) -> Result<DuplexStream, TunnelError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let unmade = |error: &dyn std::fmt::Display| TunnelError::Request(error.to_string());
    let mut request = format!("ws://{host}/").into_client_request().map_err(|error| unmade(&error))?;
    if let Some(token) = token {
        let mut shown = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|error| unmade(&error))?;
        shown.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, shown);
    }
    let (socket, _) = client_async(request, stream).await.map_err(|error| match error {
        SocketError::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            let why = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
            TunnelError::Refused { status: response.status().as_u16(), why }
        }
        error => TunnelError::Failed(error.to_string()),
    })?;
    let (near, far) = tokio::io::duplex(PIECE_BYTES);
    tokio::spawn(carry(socket, far));
    Ok(near)
}

/// Carries bytes both ways until the gateway ends, or until the editor does and the gateway has said what it had to say.
async fn carry<S>(socket: WebSocketStream<S>, far: DuplexStream)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, mut stream) = socket.split();
    let (mut from_editor, mut to_editor) = tokio::io::split(far);
    let sending = async {
        let mut buffer = BytesMut::with_capacity(PIECE_BYTES);
        while matches!(from_editor.read_buf(&mut buffer).await, Ok(1..)) {
            if sink.send(Message::Binary(buffer.split().freeze())).await.is_err() {
                return;
            }
        }
        // What else can be done about it: nothing.
        drop(sink.close().await);
    };
    let receiving = async {
        while let Some(Ok(message)) = stream.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Text(text) => text.into(),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
                Message::Close(_) => break,
            };
            if to_editor.write_all(&bytes).await.is_err() {
                return;
            }
        }
        drop(to_editor.shutdown().await);
    };
    let sending = async {
        sending.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = receiving => {}
        () = sending => {}
    }
}
