//! `vraftls gateway`: serves editors with a cluster behind them. It keeps nothing but its sessions: any gateway of a cluster is as good
//! as any other.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use vraftls_gateway::{Backend, Options};

use crate::cluster_arguments::ClusterArguments;
use crate::entrance::EntranceArguments;
use crate::exit::Exit;
use crate::listen_address::ListenAddress;
use crate::remote::{Disk, Remote};
use crate::serving::{asked_to_end, options};

#[derive(Args)]
pub(crate) struct GatewayArguments {
    /// Where editors connect: on this machine for example `tcp://127.0.0.1:9257` or `ws://127.0.0.1:9258`, from elsewhere
    /// `tls://0.0.0.0:9260` or `wss://0.0.0.0:9261`; port 0 takes a free one and prints it. Can be given several times
    #[arg(long, required = true, value_name = "tcp://ADDR | ws://ADDR | tls://ADDR | wss://ADDR")]
    listen: Vec<ListenAddress>,

    #[command(flatten)]
    entrance: EntranceArguments,

    /// With ws:// and wss://: pages of this origin may connect, beside those of this machine; for example `https://ide.example`
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
    serve(&cluster, &arguments.listen, &arguments.entrance, &arguments.allow_origin).await
}

/// Serves whoever connects, until the process is told to end.
pub(crate) async fn serve(
    cluster: &ClusterArguments,
    listen: &[ListenAddress],
    entrance: &EntranceArguments,
    allow_origin: &[String],
) -> anyhow::Result<Exit> {
    // Before anything is begun.
    let doors = listen.iter().map(|address| entrance.door(address)).collect::<anyhow::Result<Vec<_>>>()?;
    // Whoever connects from elsewhere speaks of folders of another machine, and may not read this one's.
    let disk = if listen.iter().all(ListenAddress::is_local) { Disk::OfEditors } else { Disk::OfNobody };
    let backend: Arc<dyn Backend> = Remote::connect(cluster, disk).await?;
    let mut serving = tokio::task::JoinSet::new();
    for (address, door) in listen.iter().zip(doors) {
        let listener = TcpListener::bind(address.socket).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        announce(ListenAddress { socket: listener.local_addr()?, ..*address });
        let any_host = !address.is_local();
        let options = Options { websocket_origins: allow_origin.to_vec(), any_host, ..options() };
        serving.spawn(address.serve(listener, backend.clone(), options, door));
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
