//! `vraftls lsp`: serves editors, over standard input and output or over TCP, with a node embedded.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;
use vraftls_gateway::{Backend, Options, serve_connection, serve_tcp};
use vraftls_node::{DataDirError, Holder, Node, NodeConfig, OpenError};

use crate::attach::{self, FirstMessage, HOLDER_PATIENCE};
use crate::embedded::{Embedded, node_config};
use crate::exit::Exit;
use crate::folder::{FolderArguments, canonical};

const COMMAND: &str = "vraftls lsp";

/// How often a holder that is just starting or ending is looked at again.
const HOLDER_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(crate) struct LspArguments {
    /// Speak over standard input and output; the default
    #[arg(long, conflicts_with = "listen")]
    stdio: bool,

    /// Listen for editors instead, for example on `tcp://127.0.0.1:9257`; port 0 takes a free one and prints it
    #[arg(long, value_name = "tcp://ADDR")]
    listen: Option<ListenAddress>,

    /// With --listen: the folder whose data directory is used
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,

    #[command(flatten)]
    folder: FolderArguments,
}

/// Where to listen.
#[derive(Clone, Copy, Debug)]
struct ListenAddress(SocketAddr);

impl std::str::FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.strip_prefix("tcp://").ok_or("an address begins with tcp://")?;
        let address: SocketAddr = address.parse().map_err(|_| format!("`{address}` is not IP:PORT"))?;
        // Whoever connects can read the sources: without encryption and tokens that stays on this machine.
        if address.ip().is_loopback() { Ok(Self(address)) } else { Err(format!("{address} is not a loopback address")) }
    }
}

pub(crate) fn run(arguments: LspArguments) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let ran = runtime.block_on(async {
        match arguments.listen {
            Some(address) => listen(address.0, &arguments).await,
            None => serve_stdio(&arguments).await,
        }
    });
    // A read of standard input that waits cannot be called off: without this the process would live until the editor's next byte.
    runtime.shutdown_background();
    ran
}

async fn listen(address: SocketAddr, arguments: &LspArguments) -> anyhow::Result<Exit> {
    let root = canonical(&arguments.root)?;
    let node = Node::open(node_config(COMMAND, &root, &arguments.folder)?).await?;
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    announce_address(listener.local_addr()?);
    let backend: Arc<dyn Backend> = Arc::new(Embedded(node.clone()));
    let attached = AttachedSessions::start(&node, backend.clone(), options())?;
    tokio::select! {
        ended = serve_tcp(listener, backend, options()) => ended?,
        () = asked_to_end() => {}
    }
    drop(attached);
    node.shutdown().await?;
    Ok(Exit::Done)
}

#[expect(
    clippy::print_stdout,
    reason = "with --listen standard output is not the protocol; scripts read the address here"
)]
fn announce_address(address: SocketAddr) {
    println!("listening on tcp://{address}");
}

async fn serve_stdio(arguments: &LspArguments) -> anyhow::Result<Exit> {
    let mut input = tokio::io::stdin();
    let first = attach::read_first_message(&mut input).await.context("cannot read from the editor")?;
    if first.bytes.is_empty() {
        return Ok(Exit::Done);
    }
    let folder = first.message.as_ref().and_then(attach::folder_of).filter(|folder| folder.is_dir());
    let root = canonical(&folder.unwrap_or_else(|| PathBuf::from(".")))?;
    match open_or_find(node_config(COMMAND, &root, &arguments.folder)?).await? {
        Opened::Here(node) => serve_here(node, first, input).await,
        #[cfg(unix)]
        Opened::Elsewhere(socket) => {
            attach::pass_on(&socket, &first).await?;
            Ok(Exit::Done)
        }
    }
}

enum Opened {
    Here(Arc<Node>),
    #[cfg(unix)]
    Elsewhere(PathBuf),
}

/// Opens the node, or finds the process that holds it. One that is just starting or ending is waited for.
async fn open_or_find(config: NodeConfig) -> anyhow::Result<Opened> {
    let since = Instant::now();
    loop {
        match Node::open(config.clone()).await {
            Ok(node) => return Ok(Opened::Here(node)),
            #[cfg(unix)]
            Err(OpenError::DataDir(DataDirError::Held {
                holder: Some(Holder { attach: Some(socket), .. }), ..
            })) if tokio::net::UnixStream::connect(&socket).await.is_ok() => {
                return Ok(Opened::Elsewhere(socket));
            }
            Err(OpenError::DataDir(DataDirError::Held { .. })) if since.elapsed() < HOLDER_PATIENCE => {
                tokio::time::sleep(HOLDER_INTERVAL).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn serve_here(node: Arc<Node>, first: FirstMessage, input: tokio::io::Stdin) -> anyhow::Result<Exit> {
    let backend: Arc<dyn Backend> = Arc::new(Embedded(node.clone()));
    let attached = AttachedSessions::start(&node, backend.clone(), options())?;
    let reader = std::io::Cursor::new(first.bytes).chain(input);
    let ended = tokio::select! {
        ended = serve_connection(backend, reader, tokio::io::stdout(), options()) => Some(ended),
        () = asked_to_end() => None,
    };
    // Sessions of other processes go on as long as they last.
    if ended.is_some() {
        tokio::select! {
            () = attached.all_ended() => {}
            () = asked_to_end() => {}
        }
    }
    drop(attached);
    node.shutdown().await?;
    Ok(if ended.is_some_and(|ended| ended.exit_code() != 0) { Exit::Found } else { Exit::Done })
}

fn options() -> Options {
    Options { server_version: env!("CARGO_PKG_VERSION").to_owned(), ..Options::default() }
}

/// Returns when the process is told to end.
async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    drop(tokio::signal::ctrl_c().await);
}

/// Sessions that other processes pass on to this one's node.
struct AttachedSessions {
    counter: Arc<Counter>,
    socket: Option<PathBuf>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Counter {
    n_sessions: AtomicUsize,
    ended: Notify,
}

impl AttachedSessions {
    /// Takes further sessions from now on, and says where.
    #[cfg(unix)]
    fn start(node: &Arc<Node>, backend: Arc<dyn Backend>, options: Options) -> anyhow::Result<Self> {
        let socket = attach::socket_path(node.data_dir().attach_socket(), &node.data_dir().identity().incarnation);
        // What is left of a process that was killed: the lock on the directory says that nobody uses it.
        drop(std::fs::remove_file(&socket));
        let listener = tokio::net::UnixListener::bind(&socket);
        let listener = listener.with_context(|| format!("cannot listen on {}", socket.display()))?;
        node.data_dir().announce(COMMAND, Some(socket.clone()))?;
        let counter = Arc::new(Counter::default());
        let accepted = counter.clone();
        let sessions_max = options.limits.n_sessions_max;
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if accepted.n_sessions.load(Ordering::Acquire) >= sessions_max {
                    tracing::warn!(sessions_max, "too many sessions; one was turned away");
                    continue;
                }
                let session = SessionGuard::new(accepted.clone());
                let (backend, options) = (backend.clone(), options.clone());
                tokio::spawn(async move {
                    let (reader, writer) = stream.into_split();
                    serve_connection(backend, reader, writer, options).await;
                    drop(session);
                });
            }
        });
        Ok(Self { counter, socket: Some(socket), accepting })
    }

    #[cfg(not(unix))]
    fn start(_node: &Arc<Node>, _backend: Arc<dyn Backend>, _options: Options) -> anyhow::Result<Self> {
        Ok(Self { counter: Arc::default(), socket: None, accepting: tokio::spawn(async {}) })
    }

    /// Returns when no session is left.
    async fn all_ended(&self) {
        loop {
            let ended = self.counter.ended.notified();
            if self.counter.n_sessions.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for AttachedSessions {
    fn drop(&mut self) {
        self.accepting.abort();
        if let Some(socket) = &self.socket {
            drop(std::fs::remove_file(socket));
        }
    }
}

/// Counts a session as long as it lives, also if it ends by a panic.
struct SessionGuard(Arc<Counter>);

impl SessionGuard {
    fn new(counter: Arc<Counter>) -> Self {
        counter.n_sessions.fetch_add(1, Ordering::AcqRel);
        Self(counter)
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.0.n_sessions.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}
