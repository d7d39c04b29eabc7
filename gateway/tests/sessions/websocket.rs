//! Sessions over WebSocket, over real sockets.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use vraftls_gateway::{Options, serve_websocket};

use super::backend::FakeBackend;
use super::client::{DEADLINE, at, text_of};

const URI: &str = "file:///w/a.py";

/// A server; it ends with the test's runtime.
async fn serve(backend: &Arc<FakeBackend>, options: Options) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(serve_websocket(listener, backend.clone(), options));
    address
}

/// How an editor of the tests writes its messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Framing {
    Bare,
    TextTunnel,
    BinaryTunnel,
}

struct Editor {
    socket: WebSocketStream<TcpStream>,
    framing: Framing,
    next_id: i64,
}

impl Editor {
    async fn connect(address: &str, framing: Framing) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async(format!("ws://{address}/"), stream).await.unwrap();
        Self { socket, framing, next_id: 1 }
    }

    async fn start(address: &str, framing: Framing) -> Self {
        let mut editor = Self::connect(address, framing).await;
        let capabilities = json!({"textDocument": {"diagnostic": {}}});
        editor.ask("initialize", json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
        editor.notify("initialized", json!({})).await;
        editor
    }

    async fn send(&mut self, message: Value) {
        let content = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{content}", content.len());
        match self.framing {
            Framing::Bare => self.socket.send(Message::text(content)).await.unwrap(),
            // The cuts lie anywhere: here inside the header and inside the content.
            Framing::TextTunnel => {
                for piece in framed.as_bytes().chunks(7) {
                    self.socket.send(Message::text(std::str::from_utf8(piece).unwrap())).await.unwrap();
                }
            }
            Framing::BinaryTunnel => {
                for piece in framed.into_bytes().chunks(50) {
                    self.socket.send(Message::binary(Bytes::copy_from_slice(piece))).await.unwrap();
                }
            }
        }
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Sends a request and gives the response, which is the next message.
    async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        let response = self.next().await.expect("the session should be alive");
        assert_eq!(response["id"], id, "{method}: {response}");
        response
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut response = self.call(method, params).await;
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].take()
    }

    /// The next message of the protocol, or nothing when the socket is closed. Each must come in the editor's own framing.
    async fn next(&mut self) -> Option<Value> {
        let message = loop {
            match tokio::time::timeout(DEADLINE, self.socket.next()).await.expect("a message should have come") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(message)) => break message,
            }
        };
        let content = match (self.framing, &message) {
            (Framing::Bare, Message::Text(text)) => text.to_string(),
            (Framing::TextTunnel, Message::Text(text)) => unframed(text.as_bytes()),
            (Framing::BinaryTunnel, Message::Binary(bytes)) => unframed(bytes),
            (framing, message) => panic!("{message:?} came to an editor that speaks {framing:?}"),
        };
        Some(serde_json::from_str(&content).unwrap())
    }

    async fn open(&mut self, text: &str) {
        let document = json!({"uri": URI, "languageId": "words", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    async fn text(&mut self) -> String {
        text_of(&self.ask("textDocument/hover", at(URI, 0, 0)).await)
    }
}

fn unframed(message: &[u8]) -> String {
    let text = std::str::from_utf8(message).unwrap();
    let (header, content) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(header, format!("Content-Length: {}", content.len()));
    content.to_owned()
}

#[tokio::test]
async fn an_editor_is_answered_in_the_framing_it_speaks() {
    let backend = FakeBackend::with(&[]);
    let address = serve(&backend, Options::default()).await;
    for framing in [Framing::Bare, Framing::TextTunnel, Framing::BinaryTunnel] {
        let mut editor = Editor::start(&address, framing).await;
        editor.open("some text").await;
        assert_eq!(editor.text().await, "some text", "{framing:?}");
        editor.ask("shutdown", Value::Null).await;
        editor.notify("exit", Value::Null).await;
        assert_eq!(editor.next().await, None, "{framing:?}");
    }
}

#[tokio::test]
async fn sessions_are_apart_and_end_alone() {
    let backend = FakeBackend::with(&[]);
    let address = serve(&backend, Options::default()).await;
    let mut one = Editor::start(&address, Framing::Bare).await;
    let mut other = Editor::start(&address, Framing::BinaryTunnel).await;
    one.open("of one").await;
    other.open("of the other").await;
    assert_eq!(one.text().await, "of one");
    drop(one);
    assert_eq!(other.text().await, "of the other");
    let mut ended = backend.ended.subscribe();
    tokio::time::timeout(DEADLINE, ended.wait_for(|ended| ended.len() == 1)).await.unwrap().unwrap();
    assert_eq!(other.text().await, "of the other");
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_its_session_with_the_reason() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.limits.message_bytes_max = 10_000;
    let address = serve(&backend, options).await;
    let mut other = Editor::start(&address, Framing::Bare).await;
    // A little too long for the session, and too long for the socket.
    for n_bytes in [11_000, 100_000] {
        let mut editor = Editor::start(&address, Framing::Bare).await;
        editor.open(&"x".repeat(n_bytes)).await;
        let told = editor.next().await.expect("the reason should be told");
        assert_eq!(told["error"]["code"], -32700, "{told}");
        assert_eq!(editor.next().await, None);
    }
    other.open("fine").await;
    assert_eq!(other.text().await, "fine");
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_the_session_goes_on() {
    let backend = FakeBackend::with(&[]);
    let address = serve(&backend, Options::default()).await;
    let mut editor = Editor::start(&address, Framing::Bare).await;
    for content in ["", "  ", "{", "nonsense", "\u{e9}"] {
        editor.socket.send(Message::text(content)).await.unwrap();
        assert_eq!(editor.next().await.unwrap()["error"]["code"], -32700, "{content}");
    }
    editor.socket.send(Message::binary(&b"\xff\xfe"[..])).await.unwrap();
    assert_eq!(editor.next().await.unwrap()["error"]["code"], -32700);
    editor.open("fine").await;
    assert_eq!(editor.text().await, "fine");
}

#[tokio::test]
async fn pages_of_strangers_are_refused() {
    let backend = FakeBackend::with(&[]);
    let options = Options { websocket_origins: vec!["https://ide.example".to_owned()], ..Options::default() };
    let address = serve(&backend, options).await;
    for (origin, is_welcome) in
        [("https://evil.example", false), ("https://ide.example", true), ("http://localhost:8080", true)]
    {
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        let connected = client_async(request, TcpStream::connect(&address).await.unwrap()).await;
        match connected {
            Ok(_) => assert!(is_welcome, "{origin}"),
            Err(Error::Http(response)) => assert!(!is_welcome && response.status() == 403, "{origin}: {response:?}"),
            Err(error) => panic!("{origin}: {error}"),
        }
    }
}

#[tokio::test]
async fn who_says_nothing_loses_the_place() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.limits.n_sessions_max = 1;
    options.timing.first_message_deadline = Duration::from_millis(50);
    let address = serve(&backend, options).await;
    // Nothing at all, half of the request, and a socket on which nothing follows.
    for said in ["", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut silent = TcpStream::connect(&address).await.unwrap();
        silent.write_all(said.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(DEADLINE, silent.read_to_end(&mut rest)).await;
        drop(ended.expect("the connection should be closed"));
    }
    let mut silent = Editor::connect(&address, Framing::Bare).await;
    assert_eq!(silent.next().await, None);
}

#[tokio::test]
async fn a_request_for_a_socket_that_does_not_end_is_ended() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.timing.drain_deadline = Duration::from_millis(50);
    let address = serve(&backend, options).await;
    for header in ["X-Header: 1\r\n".to_owned(), format!("X-Header: {}\r\n", "1".repeat(10_000)), "x".repeat(10_000)] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
        // Closed when it is more than any editor sends, which is long before the deadline for a first message.
        let sending = async { while stream.write_all(header.as_bytes()).await.is_ok() {} };
        let closed = tokio::time::timeout(DEADLINE, sending).await;
        assert!(closed.is_ok(), "{header:.30}");
    }
    assert_eq!(Editor::start(&address, Framing::Bare).await.next_id, 2);
}

#[tokio::test]
async fn who_does_not_answer_pings_is_gone() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.timing.websocket_ping_interval = Duration::from_millis(50);
    let address = serve(&backend, options).await;
    let mut editor = Editor::start(&address, Framing::Bare).await;
    // Reading answers pings, so a session that only waits lives on.
    let mut alive = Editor::start(&address, Framing::Bare).await;
    let mut ended = backend.ended.subscribe();
    let one_ended = tokio::time::timeout(DEADLINE, ended.wait_for(|ended| !ended.is_empty()));
    tokio::select! {
        ended = one_ended => drop(ended.expect("a session without an editor should end")),
        message = alive.next() => panic!("{message:?} came unasked"),
    }
    assert_eq!(editor.next().await, None);
    alive.open("fine").await;
    assert_eq!(alive.text().await, "fine");
    assert_eq!(backend.ended.borrow().len(), 1);
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.limits.outbox_bytes_max = 200_000;
    let address = serve(&backend, options).await;
    let mut slow = Editor::start(&address, Framing::Bare).await;
    slow.open(&"x ".repeat(200_000)).await;
    let mut ended = backend.ended.subscribe();
    let flood = async {
        // Whatever sockets and pipes hold, at some time it is full.
        loop {
            let request = json!({"jsonrpc": "2.0", "id": 7, "method": "textDocument/hover", "params": at(URI, 0, 0)});
            if slow.socket.send(Message::text(request.to_string())).await.is_err() {
                return;
            }
        }
    };
    let cut_off = tokio::time::timeout(DEADLINE, ended.wait_for(|ended| ended.len() == 1));
    tokio::select! {
        cut_off = cut_off => drop(cut_off.expect("the session should have ended").unwrap()),
        () = flood => {}
    }
}
