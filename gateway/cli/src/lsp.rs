//! `vraftls lsp`: serves editors, over standard input and output, TCP or WebSocket, with a node embedded.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use vraftls_gateway::{Backend, Options, serve_connection};
use vraftls_node::{DataDirError, Holder, Node, NodeConfig, OpenError};

use crate::attach::{self, FirstMessage, HOLDER_PATIENCE};
use crate::embedded::{Embedded, node_config};
use crate::exit::Exit;
use crate::folder::{FolderArguments, canonical};
use crate::listen_address::ListenAddress;

const COMMAND: &str = "vraftls lsp";

/// How often a holder that is just starting or ending is looked at again.
const HOLDER_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(crate) struct LspArguments {
    /// Speak over standard input and output; the default
    #[arg(long, conflicts_with = "listen")]
    stdio: bool,

    /// Listen for editors instead, for example on `tcp://127.0.0.1:9257` or `ws://127.0.0.1:9258`; port 0 takes a free one and
    /// prints it. Can be given several times
    #[arg(long, value_name = "tcp://ADDR | ws://ADDR")]
    listen: Vec<ListenAddress>,

    /// With ws://: pages of this origin may connect, beside those of this machine; for example `https://ide.example`
    #[arg(long, value_name = "ORIGIN", requires = "listen")]
    allow_origin: Vec<String>,

    /// With --listen: the folder whose data directory is used
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,

    #[command(flatten)]
    folder: FolderArguments,
}

pub(crate) fn run(arguments: LspArguments) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let ran = runtime.block_on(async {
        if arguments.listen.is_empty() { serve_stdio(&arguments).await } else { listen(&arguments).await }
    });
    // A read of standard input that waits cannot be called off: without this the process would live until the editor's next byte.
    runtime.shutdown_background();
    ran
}

async fn listen(arguments: &LspArguments) -> anyhow::Result<Exit> {
    let root = canonical(&arguments.root)?;
    let node = Node::open(node_config(COMMAND, &root, &arguments.folder)?).await?;
    let backend: Arc<dyn Backend> = Arc::new(Embedded(node.clone()));
    let options = Options { websocket_origins: arguments.allow_origin.clone(), ..options() };
    let mut serving = tokio::task::JoinSet::new();
    for address in &arguments.listen {
        let listener = TcpListener::bind(address.socket).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        announce_address(ListenAddress { socket: listener.local_addr()?, ..*address });
        serving.spawn(address.transport.serve(listener, backend.clone(), options.clone()));
    }
    let attached = AttachedSessions::start(&node, backend, options)?;
    tokio::select! {
        Some(ended) = serving.join_next() => ended.context("a listener failed")??,
        () = asked_to_end() => {}
    }
    drop((attached, serving));
    node.shutdown().await?;
    Ok(Exit::Done)
}

#[expect(
    clippy::print_stdout,
    reason = "with --listen standard output is not the protocol; scripts read the addresses here"
)]
fn announce_address(address: ListenAddress) {
    println!("listening on {address}");
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
