//! A small client of the Language Server Protocol: one question after the other over TCP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// How long an answer may take; an ingest may come before it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a server.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    last_id: u64,
    /// Is told of work-done progress: its message and percentage.
    on_progress: Box<dyn FnMut(&Value)>,
}

impl Client {
    pub(crate) fn connect(address: &str, on_progress: Box<dyn FnMut(&Value)>) -> Result<Self> {
        let writer = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        writer.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { reader: BufReader::new(writer.try_clone()?), writer, last_id: 0, on_progress })
    }

    /// Sends a notification.
    pub(crate) fn notify(&mut self, method: &str, params: &Value) -> Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Asks and waits for the answer; what the server asks in the meantime is answered with nothing.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let message = self.receive()?;
            if message.get("method").is_some() {
                self.serve(&message)?;
            } else if message["id"] == id {
                if let Some(error) = message.get("error") {
                    bail!("{method}: {error}");
                }
                return Ok(message["result"].clone());
            }
        }
    }

    fn serve(&mut self, message: &Value) -> Result<()> {
        if message["method"] == "$/progress" {
            (self.on_progress)(&message["params"]["value"]);
        }
        match message.get("id") {
            Some(id) if message.get("method").is_some() => {
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }))
            }
            _ => Ok(()),
        }
    }

    fn send(&mut self, message: &Value) -> Result<()> {
        let body = message.to_string();
        write!(self.writer, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        Ok(())
    }

    fn receive(&mut self) -> Result<Value> {
        let mut length = None;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                bail!("the server closed the connection");
            }
            match line.trim() {
                "" => break,
                header => {
                    let value = header.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                    length = value.map(|(_, value)| value.trim().parse::<u64>()).transpose()?.or(length);
                }
            }
        }
        let mut body = Vec::new();
        (&mut self.reader).take(length.context("a message without a length")?).read_to_end(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }
}
