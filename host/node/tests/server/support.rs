//! A server to ask, and ways to ask it.

use std::sync::Arc;

use axum::http::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vraftls_node::server::client::{AskError, Client, Sent};
use vraftls_node::server::{Bounds, Server, ServerConfig};

use super::fake::{Fake, SOON, TOKEN};

/// A server of a fake node, without TLS.
pub(crate) struct Served {
    pub(crate) fake: Arc<Fake>,
    pub(crate) server: Server,
}

impl Served {
    pub(crate) async fn new() -> Self {
        Self::with(Bounds::default(), Fake::new()).await
    }

    pub(crate) async fn with(bounds: Bounds, fake: Arc<Fake>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = ServerConfig { bounds, ..ServerConfig::default() };
        let server = Server::start(listener, config, fake.clone()).unwrap();
        Self { fake, server }
    }

    pub(crate) fn address(&self) -> String {
        self.server.address().to_string()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address()).await.unwrap()
    }

    /// What is answered to some bytes, until the server ends the connection.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        rest(&mut stream).await
    }

    /// What a GET is answered, head and all.
    pub(crate) async fn get(&self, path: &str) -> String {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
    }

    /// Asks as an admin.
    pub(crate) async fn admin(&self, method: Method, path: &str, sent: Value) -> Result<Value, AskError> {
        let client = Client { token: Some(TOKEN.to_owned()), tls: None };
        client.ask(&self.address(), method, path, body(&sent), SOON).await
    }

    /// Asks as anybody.
    pub(crate) async fn anybody(&self, method: Method, path: &str, sent: Value) -> Result<Value, AskError> {
        Client::default().ask(&self.address(), method, path, body(&sent), SOON).await
    }
}

fn body(sent: &Value) -> Sent {
    if sent.is_null() { Sent::Nothing } else { Sent::json(sent).unwrap() }
}

/// What comes until the connection ends.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await;
    read.expect("the connection ends").unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The status and the word of a refusal.
#[track_caller]
pub(crate) fn refused(answer: Result<Value, AskError>) -> (u16, String) {
    match answer {
        Err(AskError::Refused { status, code, message, .. }) => {
            assert!(!message.is_empty());
            (status, code)
        }
        other => panic!("{other:?}"),
    }
}

/// The status of an answer.
#[track_caller]
pub(crate) fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// What is behind the head of an answer.
pub(crate) fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}
