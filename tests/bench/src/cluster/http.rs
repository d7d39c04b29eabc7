//! Questions to a node over HTTP, as an admin or a monitor asks them. Each has a connection of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Asks for a document.
pub(super) fn get(address: &str, path: &str, token: &str) -> Result<String> {
    ask("GET", address, path, token, "")
}

/// Asks for a document that is JSON.
pub(super) fn get_json(address: &str, path: &str, token: &str) -> Result<Value> {
    let text = get(address, path, token)?;
    serde_json::from_str(&text).with_context(|| format!("{path} is no JSON"))
}

/// Sends a document; the answer's.
pub(super) fn post(address: &str, path: &str, token: &str, body: &Value) -> Result<String> {
    ask("POST", address, path, token, &body.to_string())
}

fn ask(method: &str, address: &str, path: &str, token: &str, body: &str) -> Result<String> {
    let socket: SocketAddr = address.parse()?;
    let mut stream = TcpStream::connect_timeout(&socket, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    let head = [
        format!("{method} {path} HTTP/1.1"),
        format!("Host: {address}"),
        format!("Authorization: Bearer {token}"),
        "Content-Type: application/json".to_owned(),
        format!("Content-Length: {}", body.len()),
        "Connection: close".to_owned(),
    ];
    stream.write_all(format!("{}\r\n\r\n{body}", head.join("\r\n")).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer without a head")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(status.starts_with('2'), "{method} {path}: {status} {body}");
    Ok(body.to_owned())
}
