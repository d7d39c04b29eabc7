//! A small client of the Language Server Protocol, over the standard streams of a server that it starts or over TCP.
//!
//! It asks one question after the other and knows no server in particular. Times are taken when the last byte of an answer
//! is here, before it is decoded.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::uri;

/// Messages that wait for us; a server that sends more meanwhile waits until we read.
const INBOX_MAX: usize = 4096;
/// How long a server may take to start and to end.
const START_MAX: Duration = Duration::from_secs(120);
const STOP_MAX: Duration = Duration::from_secs(20);

/// The thread that reads for a client needs little.
const READER_STACK_BYTES: usize = 128 * 1024;

/// How the editor is configured that we are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Editor {
    /// Sent when the server starts.
    pub(crate) options: Value,
    /// Told when the server asks: sections by their names. All others are not there.
    pub(crate) settings: Vec<(&'static str, Value)>,
}

/// Our connection with a server. Dropping it kills the server that it started, or hangs up.
pub(crate) struct Client {
    peer: Peer,
    writer: Box<dyn Write + Send>,
    inbox: Receiver<Message>,
    last_id: u64,
    root_uri: String,
    editor: Editor,
    /// What the server says that it can.
    capabilities: Value,
    /// Tokens of the work that the server says is under way.
    under_way: BTreeSet<String>,
    /// The last diagnostics that the server sent of each document, unasked.
    published: BTreeMap<String, Published>,
}

/// Who is at the other end.
enum Peer {
    Child(Child),
    Socket(TcpStream),
}

/// Diagnostics of one document that came unasked.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) arrived: Instant,
    /// Those of the protocol's `PublishDiagnosticsParams`.
    pub(crate) diagnostics: Value,
}

struct Message {
    arrived: Instant,
    body: Vec<u8>,
}

/// What became of a question.
pub(crate) struct Answer {
    /// The result, or the server's error or its absence in time, for people.
    pub(crate) result: std::result::Result<Value, String>,
    pub(crate) took: Duration,
}

impl Client {
    /// Starts the server on a folder and shakes hands.
    pub(crate) fn start(mut command: Command, editor: Editor, root: &Path) -> Result<Self> {
        command.current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        let writer = child.stdin.take().context("its input is piped")?;
        let output = child.stdout.take().context("its output is piped")?;
        Self::over(Peer::Child(child), output, Box::new(writer), (editor, root))
            .with_context(|| format!("{program} does not start as a language server"))
    }

    /// Connects to a server that listens and shakes hands about a folder.
    pub(crate) fn connect(address: &str, root: &Path) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("nobody listens on {address}"))?;
        stream.set_nodelay(true)?;
        let (reader, writer) = (stream.try_clone()?, stream.try_clone()?);
        Self::over(Peer::Socket(stream), reader, Box::new(writer), (Editor::default(), root))
            .with_context(|| format!("no language server answers on {address}"))
    }

    fn over(
        peer: Peer,
        output: impl Read + Send + 'static,
        writer: Box<dyn Write + Send>,
        (editor, root): (Editor, &Path),
    ) -> Result<Self> {
        let (sender, inbox) = sync_channel(INBOX_MAX);
        // Ends when the server closes its output, or when the client is gone.
        let reader = thread::Builder::new().stack_size(READER_STACK_BYTES);
        reader.spawn(move || pass_on(BufReader::new(output), &sender))?;
        let (root_uri, under_way, published) = (uri::of_path(root), BTreeSet::new(), BTreeMap::new());
        let mut client =
            Self { peer, writer, inbox, last_id: 0, root_uri, editor, capabilities: Value::Null, under_way, published };
        client.initialize()?;
        Ok(client)
    }

    fn initialize(&mut self) -> Result<()> {
        let folder = json!({ "uri": self.root_uri, "name": "tree" });
        let capabilities = json!({
            "general": { "positionEncodings": ["utf-16"] },
            "window": { "workDoneProgress": true },
            "workspace": {
                "configuration": true,
                "workspaceFolders": true,
                "didChangeWatchedFiles": { "dynamicRegistration": true },
            },
            "textDocument": {
                "definition": { "linkSupport": true },
                "references": {},
                "completion": { "contextSupport": true },
                "publishDiagnostics": { "versionSupport": true },
                "diagnostic": {},
            },
            "experimental": { "serverStatusNotification": true },
        });
        let parameters = json!({
            "processId": std::process::id(),
            "rootUri": self.root_uri,
            "workspaceFolders": [folder],
            "initializationOptions": self.editor.options,
            "capabilities": capabilities,
        });
        let answer = self.ask("initialize", &parameters, START_MAX)?;
        self.capabilities = answer.result.map_err(anyhow::Error::msg)?["capabilities"].take();
        self.notify("initialized", &json!({}))
    }

    /// The process of the server, if it is ours.
    pub(crate) fn process(&self) -> Option<u32> {
        match &self.peer {
            Peer::Child(child) => Some(child.id()),
            Peer::Socket(_) => None,
        }
    }

    /// Whether the server announces something.
    pub(crate) fn offers(&self, capability: &str) -> bool {
        self.capabilities.get(capability).is_some_and(|value| !value.is_null() && *value != false)
    }

    /// Forgets what came unasked about a document, to wait for what comes next.
    pub(crate) fn forget_published(&mut self, uri: &str) {
        self.published.remove(uri);
    }

    /// Waits for diagnostics of a document that come unasked and are `wanted`; none if they do not come in time.
    pub(crate) fn published(
        &mut self,
        uri: &str,
        until: Instant,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Option<Published>> {
        loop {
            if let Some(found) = self.published.get(uri).filter(|found| wanted(&found.diagnostics)) {
                return Ok(Some(found.clone()));
            }
            if self.receive(until)?.is_none() {
                return Ok(None);
            }
        }
    }

    /// Sends a notification.
    pub(crate) fn notify(&mut self, method: &str, parameters: &Value) -> Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }))
    }

    /// Asks and waits for the answer. Fails only if the connection does.
    pub(crate) fn ask(&mut self, method: &str, parameters: &Value, patience: Duration) -> Result<Answer> {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !parameters.is_null() {
            message["params"] = parameters.clone();
        }
        let asked = Instant::now();
        self.send(&message)?;
        while let Some((arrived, mut message)) = self.receive(asked + patience)? {
            if message["id"] != id || message.get("method").is_some() {
                continue;
            }
            let result = match message.get("error") {
                Some(error) => Err(format!("{method}: {error}")),
                None => Ok(message["result"].take()),
            };
            return Ok(Answer { result, took: arrived - asked });
        }
        Ok(Answer { result: Err(format!("{method}: no answer within {patience:?}")), took: asked.elapsed() })
    }

    /// Answers what the server asks, until then.
    pub(crate) fn listen(&mut self, until: Instant) -> Result<()> {
        while self.receive(until)?.is_some() {}
        Ok(())
    }

    /// Waits until the server said for so long that no work is under way.
    pub(crate) fn wait_until_idle(&mut self, quiet: Duration, patience: Duration) -> Result<()> {
        let gives_up = Instant::now() + patience;
        let mut idle_since = Instant::now();
        loop {
            let until = if self.under_way.is_empty() { gives_up.min(idle_since + quiet) } else { gives_up };
            let was_busy = !self.under_way.is_empty();
            if self.receive(until)?.is_none() {
                return Ok(());
            }
            if was_busy {
                idle_since = Instant::now();
            }
        }
    }

    /// Whether the server says of no work that it is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Ends the server as an editor does, so that it can keep what it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.ask("shutdown", &Value::Null, STOP_MAX)?;
        self.notify("exit", &Value::Null)?;
        // A server that ends closes its output; one that does not is killed when we are dropped.
        let gives_up = Instant::now() + STOP_MAX;
        while let Ok(Some(_)) = self.receive(gives_up) {}
        if let Peer::Child(child) = &mut self.peer
            && child.try_wait()?.is_none()
            && Instant::now() < gives_up
        {
            child.wait()?;
        }
        Ok(())
    }

    /// The next message before `until`, with what the server asks of us already answered.
    fn receive(&mut self, until: Instant) -> Result<Option<(Instant, Value)>> {
        let message = match self.inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("the server closed the connection"),
        };
        let value: Value = serde_json::from_slice(&message.body).context("the server sent what is no JSON")?;
        match (value["method"].as_str(), value.get("id")) {
            (Some("$/progress"), _) => self.note_progress(&value["params"]),
            (Some("experimental/serverStatus"), _) => self.note_status(&value["params"]),
            (Some("textDocument/publishDiagnostics"), _) => self.note_published(message.arrived, &value["params"]),
            (Some(method), Some(id)) => {
                let result = self.serve(method, &value["params"]);
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))?;
            }
            _ => {}
        }
        Ok(Some((message.arrived, value)))
    }

    fn note_progress(&mut self, parameters: &Value) {
        let token = parameters["token"].to_string();
        match parameters["value"]["kind"].as_str() {
            Some("begin") => drop(self.under_way.insert(token)),
            Some("end") => drop(self.under_way.remove(&token)),
            _ => {}
        }
    }

    /// Some servers say of all their work at once whether any is under way.
    fn note_status(&mut self, parameters: &Value) {
        let token = "server status".to_owned();
        match parameters["quiescent"].as_bool() {
            Some(true) => drop(self.under_way.remove(&token)),
            _ => drop(self.under_way.insert(token)),
        }
    }

    fn note_published(&mut self, arrived: Instant, parameters: &Value) {
        if let Some(uri) = parameters["uri"].as_str() {
            self.published
                .insert(uri.to_owned(), Published { arrived, diagnostics: parameters["diagnostics"].clone() });
        }
    }

    fn serve(&self, method: &str, parameters: &Value) -> Value {
        match method {
            "workspace/configuration" => {
                let setting = |item: &Value| {
                    let known = self.editor.settings.iter().find(|(section, _)| item["section"] == *section);
                    known.map_or(Value::Null, |(_, value)| value.clone())
                };
                Value::Array(parameters["items"].as_array().into_iter().flatten().map(setting).collect())
            }
            "workspace/workspaceFolders" => json!([{ "uri": self.root_uri, "name": "tree" }]),
            _ => Value::Null,
        }
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.writer
            .write_all(frame.as_bytes())
            .and_then(|()| self.writer.flush())
            .context("the server takes no messages")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Whether it still runs or not.
        match &mut self.peer {
            Peer::Child(child) => {
                drop(child.kill());
                drop(child.wait());
            }
            // The reading thread has the stream too.
            Peer::Socket(stream) => drop(stream.shutdown(Shutdown::Both)),
        }
    }
}

/// Passes messages on until there are no more.
fn pass_on(mut output: impl BufRead, sender: &SyncSender<Message>) {
    while let Some(body) = read(&mut output) {
        if sender.send(Message { arrived: Instant::now(), body }).is_err() {
            return;
        }
    }
}

/// The body of the next message.
fn read(output: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length?];
    output.read_exact(&mut body).ok()?;
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_lengths() {
        let bytes =
            "Content-Length: 2\r\n\r\n{}content-length:3\r\nContent-Type: x\r\n\r\n[1]Content-Length: 9\r\n\r\n[";
        let mut reader = bytes.as_bytes();
        assert_eq!(read(&mut reader).as_deref(), Some(&b"{}"[..]));
        assert_eq!(read(&mut reader).as_deref(), Some(&b"[1]"[..]));
        assert_eq!(read(&mut reader), None, "cut off");
    }
}
