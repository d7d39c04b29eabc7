//! All ways by which bytes get to a session, for tests that hold on each of them.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use vraftls_gateway::{Options, serve_tcp, serve_websocket};
use vraftls_harness::{Framing, websocket};

use super::backend::FakeBackend;
use super::client::{DEADLINE, Editor};

/// How bytes get to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    /// A stream of its own, as a process has at its standard input and output.
    Stream,
    Tcp,
    /// A WebSocket, each message a bare JSON text.
    Bare,
    /// A WebSocket through which the stream goes, cut anywhere.
    Tunnel,
}

impl Transport {
    pub(crate) const ALL: [Self; 4] = [Self::Stream, Self::Tcp, Self::Bare, Self::Tunnel];
}

/// A node that serves many editors by one transport; it ends with the test's runtime.
pub(crate) struct Node {
    pub(crate) backend: Arc<FakeBackend>,
    pub(crate) transport: Transport,
    options: Options,
    address: Option<String>,
}

impl Node {
    pub(crate) async fn start(transport: Transport, backend: Arc<FakeBackend>, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        match transport {
            Transport::Stream => {}
            Transport::Tcp => drop(tokio::spawn(serve_tcp(listener, backend.clone(), options.clone()))),
            Transport::Bare | Transport::Tunnel => {
                drop(tokio::spawn(serve_websocket(listener, backend.clone(), options.clone())));
            }
        }
        Self { backend, transport, options, address: (transport != Transport::Stream).then_some(address) }
    }

    /// An editor that is connected and said nothing.
    pub(crate) async fn connect(&self) -> Editor {
        let Some(address) = &self.address else { return Editor::connect(&self.backend, self.options.clone()) };
        match self.transport {
            Transport::Stream | Transport::Tcp => Editor::over(TcpStream::connect(address).await.unwrap()),
            Transport::Bare => Editor::through(websocket(address, Framing::Bare).await),
            Transport::Tunnel => Editor::through(websocket(address, Framing::Tunnel).await),
        }
    }

    /// An editor that is initialized with the folder `/w`.
    pub(crate) async fn editor(&self) -> Editor {
        self.editor_that_can(json!({})).await
    }

    /// One that can more than pull diagnostics.
    pub(crate) async fn editor_that_can(&self, mut capabilities: Value) -> Editor {
        capabilities["textDocument"] = json!({"diagnostic": {}});
        let mut editor = self.connect().await;
        editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
        editor
    }

    pub(crate) async fn editors(&self, n: usize) -> Vec<Editor> {
        let mut editors = Vec::new();
        for _ in 0..n {
            editors.push(self.editor().await);
        }
        editors
    }

    /// Waits until so many sessions ended.
    pub(crate) async fn until_ended(&self, n: usize) {
        let mut ended = self.backend.ended.subscribe();
        let ended = tokio::time::timeout(DEADLINE, ended.wait_for(|ended| ended.len() >= n)).await;
        drop(ended.unwrap_or_else(|_| panic!("{n} sessions should end over {:?}", self.transport)).unwrap());
    }
}
