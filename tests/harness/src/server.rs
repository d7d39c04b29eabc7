//! The `vraftls` binary as a process.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::websocket::{Framing, websocket};
use crate::{DEADLINE, LspClient, Project, binaries};

/// How bytes get to a server and back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// A process of its own, by its standard streams.
    Stdio,
    /// A socket of a server that listens.
    Tcp,
    /// A WebSocket, each message a bare JSON text.
    WebSocketBare,
    /// A WebSocket through which the stream goes, cut anywhere.
    WebSocketTunnel,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Stdio, Self::Tcp, Self::WebSocketBare, Self::WebSocketTunnel];
}

/// How to start the binary: which analyzers it has, and where it keeps its data.
pub struct Server {
    plugins: TempDir,
    data: TempDir,
    variables: Vec<(String, PathBuf)>,
}

impl Server {
    /// With these analyzers, and a data directory that is empty and gone in the end.
    pub fn with_plugins(names: &[&str]) -> Self {
        let plugins = TempDir::with_prefix("vraftls-plugins-").unwrap();
        for name in names {
            let component = binaries::plugin(name);
            std::fs::copy(&component, plugins.path().join(component.file_name().unwrap())).unwrap();
        }
        Self { plugins, data: TempDir::with_prefix("vraftls-data-").unwrap(), variables: Vec::new() }
    }

    /// The same with a variable in its environment that leads to a folder of the test, instead of wherever it leads on this machine.
    pub fn with_variable(mut self, name: &str, folder: PathBuf) -> Self {
        self.variables.push((name.to_owned(), folder));
        self
    }

    /// What its environment has beside what the test's own has.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.variables.iter().map(|(name, folder)| (name.as_str(), folder.as_path()))
    }

    /// Where it keeps its data.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// The command line of a server for an editor to start.
    pub fn command_line(&self) -> Vec<PathBuf> {
        let data_dir = self.data_dir().to_owned();
        let plugin_dir = self.plugins.path().to_owned();
        vec![binaries::vraftls(), "lsp".into(), "--data-dir".into(), data_dir, "--plugin-dir".into(), plugin_dir]
    }

    fn command(&self) -> Command {
        let line = self.command_line();
        let mut command = Command::new(&line[0]);
        command
            .args(&line[1..])
            .envs(self.variables())
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        command
    }

    /// Starts one that speaks over its standard streams.
    pub fn start(&self) -> LspClient {
        let mut child = self.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        LspClient::new(Box::new(stdout), Box::new(stdin), Some(child))
    }

    /// Starts one that speaks over its standard streams, and initializes it for a project.
    pub async fn open(&self, project: &Project, capabilities: Value) -> LspClient {
        let mut client = self.start();
        client.initialize(project, capabilities).await;
        client
    }

    /// Starts one that listens on a free port for TCP.
    pub async fn listen(&self, project: &Project) -> Listening {
        self.listen_for(Transport::Tcp, project).await
    }

    /// Starts one that listens on a free port.
    ///
    /// # Panics
    /// If it is to listen at its standard input.
    pub async fn listen_for(&self, transport: Transport, project: &Project) -> Listening {
        let scheme = match transport {
            Transport::Stdio => panic!("nobody listens at a standard input"),
            Transport::Tcp => "tcp",
            Transport::WebSocketBare | Transport::WebSocketTunnel => "ws",
        };
        let mut command = self.command();
        command.args(["--listen", &format!("{scheme}://127.0.0.1:0"), "--root"]);
        command.arg(project.root()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await;
        let line = line.expect("the server should say where it listens").unwrap().expect("the server should start");
        let prefix = format!("listening on {scheme}://");
        let address = line.strip_prefix(&prefix).unwrap_or_else(|| panic!("{line}")).to_owned();
        Listening { transport, address, process }
    }
}

/// A server that listens; it is killed when this is dropped.
pub struct Listening {
    transport: Transport,
    address: String,
    process: Child,
}

impl Listening {
    /// Connects as one more editor.
    pub async fn connect(&self) -> LspClient {
        let framing = match self.transport {
            Transport::WebSocketBare => Framing::Bare,
            Transport::WebSocketTunnel => Framing::Tunnel,
            Transport::Stdio | Transport::Tcp => {
                let stream = TcpStream::connect(&self.address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (reader, writer) = stream.into_split();
                return LspClient::new(Box::new(reader), Box::new(writer), None);
            }
        };
        let (reader, writer) = tokio::io::split(websocket(&self.address, framing).await);
        LspClient::new(Box::new(reader), Box::new(writer), None)
    }

    /// Connects as one more editor and initializes for a project.
    pub async fn open(&self, project: &Project, capabilities: Value) -> LspClient {
        let mut client = self.connect().await;
        client.initialize(project, capabilities).await;
        client
    }

    /// The process.
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }
}

impl LspClient {
    /// `initialize` for a project, and `initialized`. Gives what the server can.
    pub async fn initialize(&mut self, project: &Project, capabilities: Value) -> Value {
        let params = json!({
            "processId": std::process::id(),
            "capabilities": capabilities,
            "rootUri": project.root_uri(),
            "workspaceFolders": [{"uri": project.root_uri(), "name": "project"}],
        });
        let result = self.ask("initialize", params).await;
        self.notify("initialized", json!({})).await;
        result["capabilities"].clone()
    }
}
