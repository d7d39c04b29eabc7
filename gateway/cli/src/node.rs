//! `vraftls node`: a node of a cluster, until it is told to end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use vraftls_meta::{Address, NodeId, NodeKind};
use vraftls_node::SweepConfig;
use vraftls_node::cluster::{ClusterNode, ClusterNodeConfig, Entry, Timing};
use vraftls_node::server::{Server, ServerConfig};

use crate::exit::Exit;
use crate::folder::{FolderArguments, cache_directory, plugin_directories};
use crate::serving::asked_to_end;
use crate::tls::TlsArguments;

const COMMAND: &str = "vraftls node";

/// How long requests under way may take when the node ends.
const DRAIN: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(crate) struct NodeArguments {
    /// The node's id; without it the cluster gives the next one, and a cluster that is made begins with 1
    #[arg(long, value_name = "N")]
    node_id: Option<u64>,

    /// Where the node listens: for other nodes, gateways, admins and monitoring alike. Port 0 takes a free one and prints it
    #[arg(long, value_name = "IP:PORT", env = "VRAFTLS_LISTEN")]
    listen: SocketAddr,

    /// Where others reach it, if that is another address than where it listens
    #[arg(long, value_name = "HOST:PORT", env = "VRAFTLS_ADVERTISE")]
    advertise: Option<String>,

    /// The directory that the node owns
    #[arg(long, value_name = "DIR", env = "VRAFTLS_DATA_DIR")]
    data_dir: PathBuf,

    /// Make a new cluster; on a directory that is a node's already this changes nothing
    #[arg(long, conflicts_with = "join")]
    init: bool,

    /// Come into the cluster that these nodes belong to
    #[arg(long, value_name = "ADDR,..", value_delimiter = ',', env = "VRAFTLS_JOIN")]
    join: Vec<String>,

    /// Only vote: keep paths and digests, no contents; never lead and never answer
    #[arg(long, conflicts_with = "init")]
    witness: bool,

    /// With --init: how many replicas each group shall have
    #[arg(long, value_name = "N", default_value_t = 3, requires = "init")]
    replication: u8,

    /// With --init: how many groups share the files
    #[arg(long, value_name = "N", default_value_t = 8, requires = "init")]
    data_groups: u32,

    /// A directory with analyzers (`*.wasm`), may be given more than once [default: beside this binary]
    #[arg(long, value_name = "DIR", env = "VRAFTLS_PLUGIN_DIR", value_delimiter = ':')]
    plugin_dir: Vec<PathBuf>,

    /// A TOML file with options by their names; the command line and the environment go first
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    tls: TlsArguments,
}

pub(crate) fn run(arguments: NodeArguments) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: NodeArguments) -> anyhow::Result<Exit> {
    debug_assert!(arguments.config.is_none(), "it is put among the arguments before they are read");
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let socket = listener.local_addr()?;
    let advertised = arguments.advertise.clone().unwrap_or_else(|| socket.to_string());
    let address = Address::new(&advertised)?;
    let server = ServerConfig {
        tls: arguments.tls.server(&advertised)?,
        is_insecure: arguments.tls.insecure,
        names: advertised.rsplit_once(':').map(|(name, _)| name.to_owned()).into_iter().collect(),
        ..ServerConfig::default()
    };
    // Before anything is begun.
    server.may_listen(socket, true)?;
    let config = ClusterNodeConfig {
        data_directory: std::path::absolute(&arguments.data_dir)?,
        address,
        command: COMMAND.to_owned(),
        plugin_directories: plugins(&arguments)?,
        artifact_directory: Some(cache_directory()?.join("artifacts")),
        entry: entry(&arguments),
        dialer: arguments.tls.dialer()?,
        client: arguments.tls.client(None)?,
        timing: Timing::default(),
        sweep: SweepConfig::default(),
    };
    let node = ClusterNode::start(config).await?;
    let server = Server::start(listener, server, node.clone())?;
    announce(&node, server.address(), arguments.init);
    asked_to_end().await;
    tracing::info!("the node ends");
    node.drain().await;
    server.shutdown(DRAIN).await;
    node.shutdown().await;
    Ok(Exit::Done)
}

fn entry(arguments: &NodeArguments) -> Entry {
    let node = arguments.node_id.map(NodeId);
    if arguments.init {
        let (replication, n_data_groups) = (arguments.replication, arguments.data_groups);
        return Entry::Found { node: node.unwrap_or(NodeId(1)), replication, n_data_groups };
    }
    if arguments.join.is_empty() {
        return Entry::Return;
    }
    let kind = if arguments.witness { NodeKind::Witness } else { NodeKind::Full };
    Entry::Join { node, seeds: arguments.join.clone(), kind }
}

/// A witness answers nothing, and needs no analyzers.
fn plugins(arguments: &NodeArguments) -> anyhow::Result<Vec<PathBuf>> {
    if arguments.witness {
        return Ok(Vec::new());
    }
    plugin_directories(&FolderArguments { plugin_dir: arguments.plugin_dir.clone(), ..FolderArguments::default() })
}

#[expect(clippy::print_stdout, reason = "scripts read where a node listens here; its log is on standard error")]
fn announce(node: &Arc<ClusterNode>, address: SocketAddr, init: bool) {
    println!("node {} listening on {address}", node.node());
    if init && node.token_file().exists() {
        println!("token of the first admin in {}", node.token_file().display());
    }
}
