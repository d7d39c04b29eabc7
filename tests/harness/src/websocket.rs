//! A WebSocket that looks like the stream inside it, so that one client speaks over all transports.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::take_content;

/// What lies between the client and the socket.
const PIPE_BYTES: usize = 64 * 1024;

/// How messages lie in those of a WebSocket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// Each is a JSON text.
    Bare,
    /// The stream, cut anywhere.
    Tunnel,
}

/// Connects to a WebSocket, and gives the stream that goes through it. It ends when either end does.
pub async fn websocket(address: &str, framing: Framing) -> DuplexStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (socket, _) = client_async(format!("ws://{address}/"), stream).await.unwrap();
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    tokio::spawn(pump(socket, far, framing));
    near
}

async fn pump(socket: WebSocketStream<TcpStream>, client: DuplexStream, framing: Framing) {
    let (mut sink, mut stream) = socket.split();
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let sending = async {
        let mut buffer = Vec::new();
        while matches!(from_client.read_buf(&mut buffer).await, Ok(1..)) {
            while let Some(message) = take_piece(&mut buffer, framing) {
                if sink.send(message).await.is_err() {
                    return;
                }
            }
        }
    };
    let receiving = async {
        while let Some(Ok(message)) = stream.next().await {
            let bytes = match (framing, message) {
                (Framing::Bare, Message::Text(text)) => format!("Content-Length: {}\r\n\r\n{text}", text.len()).into(),
                (Framing::Tunnel, Message::Binary(bytes)) => bytes,
                (_, Message::Ping(_) | Message::Pong(_)) => continue,
                (_, Message::Close(_)) => return,
                (framing, message) => panic!("{message:?} came to a client that speaks {framing:?}"),
            };
            if to_client.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = sending => {}
        () = receiving => {}
    }
}

/// What is sent next of the bytes that the client wrote, if there is enough of them.
fn take_piece(buffer: &mut Vec<u8>, framing: Framing) -> Option<Message> {
    match framing {
        Framing::Bare => take_content(buffer).map(|content| Message::text(String::from_utf8(content).unwrap())),
        // The cuts lie inside headers and contents, and sometimes there is none at all.
        Framing::Tunnel if buffer.is_empty() => None,
        Framing::Tunnel => {
            let n_bytes = buffer.len().min(1 + buffer.len() % 700);
            Some(Message::Binary(buffer.drain(..n_bytes).collect::<Bytes>()))
        }
    }
}
