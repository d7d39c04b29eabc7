//! `vraftls lsp`: serves editors, over standard input and output, TCP or WebSocket, with a node embedded or a cluster behind it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use vraftls_gateway::{Backend, Options, serve_connection};
use vraftls_node::Node;

use crate::attach::{self, FirstMessage};
use crate::cluster_arguments::ClusterArguments;
use crate::embedded::{Embedded, node_config};
use crate::exit::Exit;
use crate::folder::{FolderArguments, canonical};
use crate::gateway;
use crate::listen_address::ListenAddress;
use crate::remote::{Disk, Remote};
use crate::serving::{AttachedSessions, Opened, Stay, asked_to_end, open_or_find, options};

const COMMAND: &str = "vraftls lsp";

/// How often another process may end between being found and being spoken to.
const N_ATTEMPTS_MAX: u32 = 5;

#[derive(Args)]
pub(crate) struct LspArguments {
    /// Speak over standard input and output; the default
    #[arg(long, conflicts_with = "listen")]
    stdio: bool,

    /// Listen for editors instead, for example on `tcp://127.0.0.1:9257` or `ws://127.0.0.1:9258`; port 0 takes a free one and
    /// prints it. Can be given several times
    #[arg(long, value_name = "tcp://ADDR | ws://ADDR", value_parser = ListenAddress::local)]
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
        let cluster = &arguments.folder.cluster;
        match (cluster.is_given(), arguments.listen.is_empty()) {
            (false, true) => serve_stdio(&arguments).await,
            (false, false) => listen(&arguments).await,
            (true, true) => serve_stdio_of(cluster).await,
            (true, false) => {
                gateway::serve(cluster, &arguments.listen, &Default::default(), &arguments.allow_origin).await
            }
        }
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
        serving.spawn(address.serve(listener, backend.clone(), options.clone(), None));
    }
    let attached = AttachedSessions::start(COMMAND, &node, backend, options)?;
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
    let config = node_config(COMMAND, &root, &arguments.folder)?;
    let mut n_attempts = 0;
    loop {
        n_attempts += 1;
        match open_or_find(config.clone(), Stay::Long).await? {
            Opened::Here(node) => return serve_here(node, first, input).await,
            Opened::Elsewhere(socket) => match attach::connect(&socket).await {
                Ok(stream) => {
                    attach::pass_on(stream, &first).await?;
                    return Ok(Exit::Done);
                }
                // It ended just now; the next look finds who comes after it, or nobody.
                Err(error) if n_attempts < N_ATTEMPTS_MAX => tracing::debug!(%error, "looked for the node again"),
                Err(error) => return Err(error),
            },
        }
    }
}

/// Serves one editor with a cluster behind it.
async fn serve_stdio_of(cluster: &ClusterArguments) -> anyhow::Result<Exit> {
    let backend: Arc<dyn Backend> = Remote::connect(cluster, Disk::OfEditors).await?;
    let ended = tokio::select! {
        ended = serve_connection(backend, tokio::io::stdin(), tokio::io::stdout(), options()) => Some(ended),
        () = asked_to_end() => None,
    };
    Ok(if ended.is_some_and(|ended| ended.exit_code() != 0) { Exit::Found } else { Exit::Done })
}

async fn serve_here(node: Arc<Node>, first: FirstMessage, input: tokio::io::Stdin) -> anyhow::Result<Exit> {
    let backend: Arc<dyn Backend> = Arc::new(Embedded(node.clone()));
    let attached = AttachedSessions::start(COMMAND, &node, backend.clone(), options())?;
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
