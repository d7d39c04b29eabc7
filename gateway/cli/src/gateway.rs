//! `vraftls gateway`: serves editors with a cluster behind them. It keeps nothing but its sessions: any gateway of a cluster is as good
//! as any other.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use vraftls_gateway::{Backend, Options};

use crate::cluster_arguments::ClusterArguments;
use crate::exit::Exit;
use crate::listen_address::ListenAddress;
use crate::remote::Remote;
use crate::serving::{asked_to_end, options};

#[derive(Args)]
pub(crate) struct GatewayArguments {
    /// Where editors connect, for example `tcp://127.0.0.1:9257` or `ws://127.0.0.1:9258`; port 0 takes a free one and prints it. Can
    /// be given several times
    #[arg(long, required = true, value_name = "tcp://ADDR | ws://ADDR")]
    listen: Vec<ListenAddress>,

    /// With ws://: pages of this origin may connect, beside those of this machine; for example `https://ide.example`
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,

    /// A TOML file with options by their names; the command line and the environment go first
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,

    #[command(flatten)]
    cluster: GatewayCluster,
}

/// A gateway is nothing without a cluster.
#[derive(Args)]
struct GatewayCluster {
    /// Nodes of the cluster, each given as HOST:PORT
    #[arg(long, required = true, value_name = "ADDR,..", value_delimiter = ',', env = "VRAFTLS_CLUSTER")]
    cluster: Vec<String>,

    /// The workspace that every folder is [default: the only one there is, or the one named like the folder]
    #[arg(long, value_name = "NAME", value_parser = crate::cluster_arguments::workspace_name)]
    workspace: Option<vraftls_vfs::WorkspaceName>,

    #[command(flatten)]
    tls: crate::tls::TlsFileArguments,
}

#[tokio::main]
pub(crate) async fn run(arguments: &GatewayArguments) -> anyhow::Result<Exit> {
    debug_assert!(arguments.config.is_none(), "it is put among the arguments before they are read");
    let GatewayCluster { cluster, workspace, tls } = &arguments.cluster;
    let cluster = ClusterArguments { cluster: cluster.clone(), workspace: workspace.clone(), tls: tls.clone() };
    serve(&cluster, &arguments.listen, &arguments.allow_origin).await
}

/// Serves whoever connects, until the process is told to end.
pub(crate) async fn serve(
    cluster: &ClusterArguments,
    listen: &[ListenAddress],
    allow_origin: &[String],
) -> anyhow::Result<Exit> {
    let backend: Arc<dyn Backend> = Remote::connect(cluster).await?;
    let options = Options { websocket_origins: allow_origin.to_vec(), ..options() };
    let mut serving = tokio::task::JoinSet::new();
    for address in listen {
        let listener = TcpListener::bind(address.socket).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        announce(ListenAddress { socket: listener.local_addr()?, ..*address });
        serving.spawn(address.transport.serve(listener, backend.clone(), options.clone()));
    }
    tokio::select! {
        Some(ended) = serving.join_next() => ended.context("a listener failed")??,
        () = asked_to_end() => {}
    }
    Ok(Exit::Done)
}

#[expect(clippy::print_stdout, reason = "standard output is not the protocol here; scripts read the addresses")]
fn announce(address: ListenAddress) {
    println!("listening on {address}");
}
