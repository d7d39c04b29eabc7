//! A client of the protocol as editors are.

use std::collections::VecDeque;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::Child;

/// How long anything is waited for. Generous: a loaded machine is no failure, and a test that passes waits for nothing.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// Notifications that may come at any time and say nothing about an answer.
const UNASKED: [&str; 2] = ["$/progress", "window/logMessage"];

/// A client of the protocol.
///
/// Requests of the server are answered at once, with `null` unless the test says how. Notifications wait until the test asks for them; one that nobody asked
/// for fails the test in [`LspClient::finish`], or when this is dropped, unless [`LspClient::allow`] let it pass.
pub struct LspClient {
    reader: Box<dyn AsyncRead + Unpin + Send>,
    writer: Box<dyn AsyncWrite + Unpin + Send>,
    process: Option<Child>,
    buffer: Vec<u8>,
    /// What was read and not asked for.
    unread: VecDeque<Value>,
    allowed: Vec<String>,
    /// The methods of the server's requests so far.
    served: Vec<String>,
    /// How its requests are answered.
    answers: Box<Answers>,
    /// What was said since somebody wanted to know.
    record: Option<Vec<(Side, Value)>>,
    n_requests: i64,
}

/// How an editor answers a request: by a result, or by the code of an error.
type Answers = dyn FnMut(&Value) -> Result<Value, i64> + Send;

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The client.
    Editor,
    /// The other end.
    Server,
}

impl LspClient {
    /// Speaks through these streams, to this process if it is one.
    pub fn new(
        reader: Box<dyn AsyncRead + Unpin + Send>,
        writer: Box<dyn AsyncWrite + Unpin + Send>,
        process: Option<Child>,
    ) -> Self {
        let allowed = UNASKED.map(str::to_owned).to_vec();
        let (buffer, unread, served) = Default::default();
        let answers: Box<Answers> = Box::new(|_| Ok(Value::Null));
        Self { reader, writer, process, buffer, unread, allowed, served, answers, record: None, n_requests: 0 }
    }

    /// Answers the server's requests in another way than with `null`.
    pub fn answer_with(&mut self, answers: impl FnMut(&Value) -> Result<Value, i64> + Send + 'static) {
        self.answers = Box::new(answers);
    }

    /// Keeps every message of both sides from now on.
    pub fn record(&mut self) {
        self.record.get_or_insert_default();
    }

    /// What was said since [`LspClient::record`], in the order in which this end sent and read it.
    pub fn recorded(&self) -> &[(Side, Value)] {
        self.record.as_deref().unwrap_or_default()
    }

    /// Lets notifications of this method pass without being looked at, those that came already too.
    pub fn allow(&mut self, method: &str) {
        self.unread.retain(|message| message["method"] != method);
        self.allowed.push(method.to_owned());
    }

    /// The methods of the server's requests so far.
    pub fn served(&self) -> &[String] {
        &self.served
    }

    /// Sends bytes as they are.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        let content = message.to_string();
        if let Some(record) = &mut self.record {
            record.push((Side::Editor, message));
        }
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{content}", content.len()).as_bytes()).await;
    }

    /// Sends a notification.
    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Sends a request and gives its id.
    pub async fn request(&mut self, method: &str, params: Value) -> i64 {
        self.n_requests += 1;
        self.send(json!({"jsonrpc": "2.0", "id": self.n_requests, "method": method, "params": params})).await;
        self.n_requests
    }

    /// Waits for the response of a request.
    pub async fn response(&mut self, id: i64) -> Value {
        self.wait_for(&format!("the response of request {id}"), |message| {
            message["id"] == id && message.get("method").is_none()
        })
        .await
    }

    /// Sends a request and waits for its result.
    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        let mut response = self.response(id).await;
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].take()
    }

    /// Sends a request and waits for the code of its error.
    pub async fn ask_in_vain(&mut self, method: &str, params: Value) -> i64 {
        let id = self.request(method, params).await;
        let response = self.response(id).await;
        response["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method}: {response}"))
    }

    /// Waits for a notification of this method, and gives its parameters.
    pub async fn notification(&mut self, method: &str) -> Value {
        self.wait_for(method, |message| message["method"] == method).await["params"].take()
    }

    /// Waits for the first message that is `wanted`; others stay unread, in their order.
    pub async fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(idx) = self.unread.iter().position(&wanted) {
            return self.unread.remove(idx).unwrap();
        }
        let found = tokio::time::timeout(DEADLINE, async {
            loop {
                let Some(message) = self.read().await else { panic!("the server ended before {what}") };
                if wanted(&message) {
                    return message;
                }
                self.keep(message);
            }
        });
        match found.await {
            Ok(message) => message,
            Err(_) => panic!("{what} did not come within {DEADLINE:?}; unread: {:?}", self.unread),
        }
    }

    /// Asks again and again until the result is `wanted`, for what becomes true some time after it was caused. Each answer is
    /// awaited, so this is no busy loop.
    pub async fn ask_until(&mut self, method: &str, params: Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = tokio::time::Instant::now() + DEADLINE;
        loop {
            let result = self.ask(method, params.clone()).await;
            if wanted(&result) {
                return result;
            }
            assert!(tokio::time::Instant::now() < until, "{method} never gave what was waited for, last {result}");
        }
    }

    /// `shutdown`, `exit`, and the process's end with success. Nothing may be unread.
    pub async fn finish(mut self) {
        self.ask("shutdown", Value::Null).await;
        self.notify("exit", Value::Null).await;
        let status = self.end().await;
        assert!(status.is_none_or(|status| status.success()), "{status:?}");
    }

    /// `exit` alone, or nothing more: waits for the stream's and the process's end. Nothing may be unread.
    pub async fn end(&mut self) -> Option<ExitStatus> {
        let ended = tokio::time::timeout(DEADLINE, async {
            while let Some(message) = self.read().await {
                self.keep(message);
            }
            match &mut self.process {
                Some(process) => Some(process.wait().await.unwrap()),
                None => None,
            }
        });
        ended.await.expect("the server should end")
    }

    /// Kills the process, as a crash does.
    pub async fn kill(mut self) {
        self.unread.clear();
        if let Some(process) = &mut self.process {
            process.kill().await.unwrap();
        }
    }

    /// The process's id, if there is a process.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    fn keep(&mut self, message: Value) {
        let is_allowed = |allowed: &String| message["method"] == **allowed;
        if !self.allowed.iter().any(is_allowed) {
            self.unread.push_back(message);
        }
    }

    /// The next message that is no request; those are answered.
    async fn read(&mut self) -> Option<Value> {
        loop {
            let message = self.read_message().await?;
            if let Some(record) = &mut self.record {
                record.push((Side::Server, message.clone()));
            }
            if message.get("method").is_none() || message.get("id").is_none() {
                return Some(message);
            }
            self.served.push(message["method"].as_str().unwrap().to_owned());
            let reply = match (self.answers)(&message) {
                Ok(result) => json!({"jsonrpc": "2.0", "id": message["id"], "result": result}),
                Err(code) => {
                    json!({"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": "refused"}})
                }
            };
            self.send(reply).await;
        }
    }

    async fn read_message(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.take_message() {
                return Some(message);
            }
            if !matches!(self.reader.read_buf(&mut self.buffer).await, Ok(1..)) {
                assert!(self.buffer.is_empty(), "the stream ended inside a message");
                return None;
            }
        }
    }

    fn take_message(&mut self) -> Option<Value> {
        take_content(&mut self.buffer).map(|content| serde_json::from_slice(&content).unwrap())
    }
}

/// Takes the content of the first message out of a buffer, if it is there as a whole.
pub(crate) fn take_content(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let header_end = buffer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let header = std::str::from_utf8(&buffer[..header_end]).unwrap();
    let length = header.strip_prefix("Content-Length: ").unwrap_or_else(|| panic!("{header:?}"));
    let end = header_end + 4 + length.parse::<usize>().unwrap();
    (buffer.len() >= end).then(|| buffer.drain(..end).skip(header_end + 4).collect())
}

impl Drop for LspClient {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.unread.is_empty(), "nobody looked at {:?}", self.unread);
        }
    }
}

/// The parameters of a request about a place.
pub fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
}

/// A range, from and to (line, character).
pub fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    let position = |(line, character): (u32, u32)| json!({"line": line, "character": character});
    json!({"start": position(start), "end": position(end)})
}

/// An edit of a range.
pub fn edit(start: (u32, u32), end: (u32, u32), text: &str) -> Value {
    json!({"range": range(start, end), "text": text})
}

impl LspClient {
    /// `textDocument/didOpen`, as version 1.
    pub async fn open_document(&mut self, uri: &str, language: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
    }

    /// `textDocument/didChange`
    pub async fn change_document(&mut self, uri: &str, version: i64, changes: Value) {
        let document = json!({"uri": uri, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes})).await;
    }

    /// `textDocument/didSave`
    pub async fn save_document(&mut self, uri: &str) {
        self.notify("textDocument/didSave", json!({"textDocument": {"uri": uri}})).await;
    }

    /// `textDocument/didClose`
    pub async fn close_document(&mut self, uri: &str) {
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}})).await;
    }

    /// Waits for the diagnostics of a document that are `wanted`; those before are passed over.
    pub async fn diagnostics(&mut self, uri: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        loop {
            let is_of_it = |message: &Value| {
                message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
            };
            let message = self.wait_for(&format!("diagnostics of {uri}"), is_of_it).await;
            let found = message["params"]["diagnostics"].as_array().unwrap().clone();
            if wanted(&found) {
                return found;
            }
        }
    }
}
