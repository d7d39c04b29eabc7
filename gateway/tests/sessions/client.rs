//! An editor of a few lines, over an in-memory stream.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use vraftls_gateway::{Options, SessionEnd, serve_connection};

use super::backend::FakeBackend;

/// After how long a test gives up on something that should happen at once.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// How many bytes the stream holds before its writer waits.
const PIPE_BYTES: usize = 1 << 20;

pub(crate) struct Editor {
    reader: Box<dyn AsyncRead + Unpin + Send>,
    writer: Box<dyn AsyncWrite + Unpin + Send>,
    read: Vec<u8>,
    /// The session, if it runs in this process by itself.
    session: Option<JoinHandle<SessionEnd>>,
    next_id: i64,
}

impl Editor {
    /// Connects; nothing is said yet.
    pub(crate) fn connect(backend: &Arc<FakeBackend>, options: Options) -> Self {
        Self::connect_through(backend, options, PIPE_BYTES)
    }

    pub(crate) fn connect_through(backend: &Arc<FakeBackend>, options: Options, pipe_bytes: usize) -> Self {
        let (near, far) = tokio::io::duplex(pipe_bytes);
        let (far_reader, far_writer) = tokio::io::split(far);
        let session = tokio::spawn(serve_connection(backend.clone(), far_reader, far_writer, options));
        let (reader, writer) = tokio::io::split(near);
        let (reader, writer) = (Box::new(reader), Box::new(writer));
        Self { reader, writer, read: Vec::new(), session: Some(session), next_id: 1 }
    }

    /// An editor over TCP.
    pub(crate) fn over(stream: TcpStream) -> Self {
        // As editors do: else the kernel holds small messages back until others are acknowledged.
        stream.set_nodelay(true).unwrap();
        Self::through(stream)
    }

    /// An editor whose session runs elsewhere.
    pub(crate) fn through(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let (reader, writer) = (Box::new(reader), Box::new(writer));
        Self { reader, writer, read: Vec::new(), session: None, next_id: 1 }
    }

    /// Connects and initializes with the folder `/w`. Diagnostics are pulled, so that none come unasked.
    pub(crate) async fn start(backend: &Arc<FakeBackend>) -> Self {
        Self::start_with(backend, json!({"textDocument": {"diagnostic": {}}})).await
    }

    pub(crate) async fn start_with(backend: &Arc<FakeBackend>, capabilities: Value) -> Self {
        let mut editor = Self::connect(backend, Options::default());
        editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
        editor
    }

    pub(crate) async fn initialize(&mut self, params: Value) -> Value {
        let result = self.ask("initialize", params).await;
        self.notify("initialized", json!({})).await;
        result
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
    }

    /// Sends bytes if the session still reads.
    pub(crate) async fn try_send_bytes(&mut self, bytes: &[u8]) -> bool {
        let sent = tokio::time::timeout(DEADLINE, self.writer.write_all(bytes)).await;
        sent.expect("the session should read or end").is_ok()
    }

    /// Sends a request if the session still reads.
    pub(crate) async fn try_send_request(&mut self, method: &str, params: Value) -> bool {
        let id = self.next_id;
        self.next_id += 1;
        let content = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        self.try_send_bytes(format!("Content-Length: {}\r\n\r\n{content}", content.len()).as_bytes()).await
    }

    pub(crate) async fn send(&mut self, message: Value) {
        let content = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{content}", content.len());
        self.send_bytes(frame.as_bytes()).await;
    }

    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Sends a request; its id is given back.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        id
    }

    /// Sends a request that has no parameters; its id is given back.
    pub(crate) async fn request_without_params(&mut self, method: &str) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method})).await;
        id
    }

    /// Sends a request and waits for its result.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut response = self.call(method, params).await;
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].take()
    }

    /// Sends a request and waits for its error's code.
    pub(crate) async fn ask_in_vain(&mut self, method: &str, params: Value) -> i64 {
        let response = self.call(method, params).await;
        response["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method}: {response}"))
    }

    /// Sends a request and waits for its response, which is the next message.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        let response = self.next().await;
        assert_eq!(response["id"], id, "{method}: {response}");
        response
    }

    /// The next message, or nothing at the stream's end.
    pub(crate) async fn try_next(&mut self) -> Option<Value> {
        tokio::time::timeout(DEADLINE, self.read_message()).await.expect("a message should have come")
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.try_next().await.expect("the session should be alive")
    }

    /// The next message, which must be of this method.
    pub(crate) async fn next_of(&mut self, method: &str) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["method"], method, "{message}");
        message["params"].take()
    }

    async fn read_message(&mut self) -> Option<Value> {
        loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let header = std::str::from_utf8(&self.read[..at]).unwrap();
                let length: usize = header.strip_prefix("Content-Length: ").unwrap().parse().unwrap();
                if self.read.len() >= at + 4 + length {
                    let content: Vec<u8> = self.read.drain(..at + 4 + length).skip(at + 4).collect();
                    return Some(serde_json::from_slice(&content).unwrap());
                }
            }
            if !matches!(self.reader.read_buf(&mut self.read).await, Ok(1..)) {
                assert!(self.read.is_empty(), "the stream ended inside a message");
                return None;
            }
        }
    }

    /// Closes both directions at once, as a killed editor does, and waits for the session's end.
    pub(crate) async fn vanish(self) -> SessionEnd {
        let Self { reader, writer, session, .. } = self;
        drop((reader, writer));
        ended(session).await
    }

    /// Waits for the session's end without reading anything.
    pub(crate) async fn end_unread(self) -> SessionEnd {
        ended(self.session).await
    }

    /// Waits for the session's end; everything that is still unread is dropped.
    pub(crate) async fn end(mut self) -> SessionEnd {
        while self.try_next().await.is_some() {}
        ended(self.session).await
    }

    /// `shutdown` and `exit`; nothing may be unread.
    pub(crate) async fn finish(mut self) {
        self.ask("shutdown", Value::Null).await;
        self.notify("exit", Value::Null).await;
        assert_eq!(self.try_next().await, None, "something is unread");
        let end = self.end().await;
        assert_eq!(end.exit_code(), 0, "{end:?}");
    }

    pub(crate) async fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "words", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    pub(crate) async fn change(&mut self, uri: &str, version: i64, changes: Value) {
        let document = json!({"uri": uri, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes})).await;
    }

    pub(crate) async fn close(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}})).await;
    }

    /// The text that a request sees now.
    pub(crate) async fn text(&mut self, uri: &str) -> String {
        text_of(&self.ask("textDocument/hover", at(uri, 0, 0)).await)
    }
}

async fn ended(session: Option<JoinHandle<SessionEnd>>) -> SessionEnd {
    tokio::time::timeout(DEADLINE, session.unwrap()).await.expect("the session should end").unwrap()
}

/// The text that a hover's request saw.
pub(crate) fn text_of(hover: &Value) -> String {
    let value = hover["contents"]["value"].as_str().unwrap();
    value.split_once("\n\n").map_or("", |(_, text)| text).to_owned()
}

/// The parameters of a request about a place.
pub(crate) fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
}

/// A range as the protocol writes it.
pub(crate) fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    let position = |(line, character): (u32, u32)| json!({"line": line, "character": character});
    json!({"start": position(start), "end": position(end)})
}

/// An edit of a range.
pub(crate) fn edit(start: (u32, u32), end: (u32, u32), text: &str) -> Value {
    json!({"range": range(start, end), "text": text})
}
