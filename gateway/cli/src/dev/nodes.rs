//! The nodes of a cluster in one process.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::try_join_all;
use tokio::net::TcpListener;
use vraftls_meta::{Address, NodeId, NodeKind};
use vraftls_node::SweepConfig;
use vraftls_node::cluster::{ClusterNode, ClusterNodeConfig, Entry, Timing};
use vraftls_node::server::client::Client;
use vraftls_node::server::{Server, ServerConfig};
use vraftls_transport::TcpDialer;

use super::{DevArguments, artifacts};
use crate::folder::plugin_directories;

/// How long requests under way may take at the end.
const DRAIN: Duration = Duration::from_secs(2);

/// Where the nodes' addresses are kept: they know each other by them.
const ADDRESSES: &str = "addresses.json";

/// The nodes.
pub(super) struct Nodes {
    nodes: Vec<(Arc<ClusterNode>, Server)>,
}

impl Nodes {
    /// Starts them, and makes the cluster where there is none.
    pub(super) async fn start(arguments: &DevArguments, data: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
        let listeners = listeners(&data.join(ADDRESSES), usize::from(arguments.nodes)).await?;
        let addresses: Vec<SocketAddr> = listeners.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
        let plugins = plugin_directories(&arguments.folder)?;
        let config = |idx: usize| -> anyhow::Result<ClusterNodeConfig> {
            let n = idx as u64 + 1;
            let entry = match n {
                1 => Entry::Found {
                    node: NodeId(1),
                    replication: arguments.nodes.min(3),
                    n_data_groups: arguments.data_groups,
                },
                // Each has its number, whoever comes first.
                _ => Entry::Join { node: Some(NodeId(n)), seeds: vec![addresses[0].to_string()], kind: NodeKind::Full },
            };
            Ok(ClusterNodeConfig {
                data_directory: data.join(format!("node-{n}")),
                address: Address::new(&addresses[idx].to_string())?,
                command: "vraftls dev".to_owned(),
                plugin_directories: plugins.clone(),
                artifact_directory: Some(artifacts()?),
                entry,
                dialer: Arc::new(TcpDialer),
                client: Client::default(),
                timing: Timing::default(),
                sweep: SweepConfig::default(),
            })
        };
        // The others ask the first one to be let in, so it answers before they start.
        let mut listeners = listeners.into_iter().enumerate();
        let (idx, listener) = listeners.next().context("a cluster has at least one node")?;
        let first = start(config(idx)?, listener).await?;
        let others = listeners.map(|(idx, listener)| {
            let config = config(idx);
            async move { start(config?, listener).await }
        });
        let others = try_join_all(others).await?;
        Ok(Self { nodes: std::iter::once(first).chain(others).collect() })
    }

    /// The node that the cluster began with.
    pub(super) fn first(&self) -> Arc<ClusterNode> {
        Arc::clone(&self.nodes[0].0)
    }

    /// Where they listen.
    pub(super) fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(|(_, server)| server.address().to_string()).collect()
    }

    /// Where the token of admins is.
    pub(super) fn token_file(&self) -> PathBuf {
        self.nodes[0].0.token_file()
    }

    /// Says where they listen.
    #[expect(clippy::print_stdout, reason = "people and scripts read where things listen here")]
    pub(super) fn announce(&self) {
        for (node, server) in &self.nodes {
            println!("node {} listening on {}", node.node(), server.address());
        }
        println!("token of the first admin in {}", self.token_file().display());
    }

    /// Ends them all at once: whoever goes first hands over to those that go next, which is of no use.
    pub(super) async fn shutdown(self) {
        let ended = self.nodes.into_iter().map(|(node, server)| async move {
            server.shutdown(DRAIN).await;
            node.shutdown().await;
        });
        futures_util::future::join_all(ended).await;
    }
}

async fn start(config: ClusterNodeConfig, listener: TcpListener) -> anyhow::Result<(Arc<ClusterNode>, Server)> {
    let node = ClusterNode::start(config).await?;
    let server = Server::start(listener, ServerConfig::default(), node.clone())?;
    Ok((node, server))
}

/// Listeners at the addresses of the last start, or at free ones.
async fn listeners(file: &Path, n: usize) -> anyhow::Result<Vec<TcpListener>> {
    let known: Vec<SocketAddr> = match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("cannot read {}", file.display()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    anyhow::ensure!(
        known.is_empty() || known.len() == n,
        "this folder's cluster has {} nodes; remove {} for another one",
        known.len(),
        file.parent().unwrap_or(file).display()
    );
    let any = || SocketAddr::from(([127, 0, 0, 1], 0));
    let wanted = if known.is_empty() { (0..n).map(|_| any()).collect() } else { known.clone() };
    let mut listeners = Vec::new();
    for address in wanted {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.with_context(|| format!("cannot listen on {address}"))?);
    }
    if known.is_empty() {
        let addresses: Vec<SocketAddr> = listeners.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
        fs::write(file, serde_json::to_vec(&addresses)?).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(listeners)
}
