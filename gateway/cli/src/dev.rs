//! `vraftls dev`: a whole cluster in one process, for trying it: three nodes, a gateway, and a folder that is pushed and watched.
//!
//! Everything is on loopback. The data stays, so that the next start on the same folder goes on where this one ends.

mod live;
mod nodes;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use vraftls_vfs::WorkspaceName;

use self::nodes::Nodes;
use crate::admin_arguments::{AdminArguments, CredentialArguments};
use crate::cluster_arguments::ClusterArguments;
use crate::entrance::EntranceArguments;
use crate::exit::Exit;
use crate::folder::{FolderArguments, cache_directory, canonical, data_directory};
use crate::gateway;
use crate::listen_address::ListenAddress;
use crate::tls::TlsFileArguments;
use crate::workspace::{self, PushArguments};

#[derive(Args)]
pub(crate) struct DevArguments {
    /// The folder to serve
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// Where editors connect; port 0 takes a free one and prints it. Can be given several times
    #[arg(
        long,
        value_name = "tcp://ADDR | ws://ADDR",
        value_parser = ListenAddress::local,
        default_values = ["tcp://127.0.0.1:9257", "ws://127.0.0.1:9258"]
    )]
    listen: Vec<ListenAddress>,

    /// How many nodes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=7))]
    nodes: u8,

    /// How many groups share the files; counts when the cluster is made
    #[arg(long, value_name = "N", default_value_t = 8)]
    data_groups: u32,

    #[command(flatten)]
    folder: FolderArguments,
}

pub(crate) fn run(arguments: &DevArguments) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let ran = runtime.block_on(serve(arguments));
    runtime.shutdown_background();
    ran
}

async fn serve(arguments: &DevArguments) -> anyhow::Result<Exit> {
    let root = canonical(&arguments.directory)?;
    let data = data_directory(&arguments.folder, &root)?.join("dev");
    let nodes = Nodes::start(arguments, &data).await?;
    nodes.announce();
    let ended = serve_cluster(arguments, &root, &nodes).await;
    nodes.shutdown().await;
    ended
}

async fn serve_cluster(arguments: &DevArguments, root: &std::path::Path, nodes: &Nodes) -> anyhow::Result<Exit> {
    let credentials = CredentialArguments { token_file: Some(nodes.token_file()), tls: TlsFileArguments::default() };
    let admin = AdminArguments { cluster: nodes.addresses(), credentials };
    let name = workspace_of(root)?;
    let push = PushArguments::quiet(root.to_owned(), name.clone(), admin);
    workspace::push(&push).await?;
    let cluster =
        ClusterArguments { cluster: nodes.addresses(), workspace: Some(name), tls: TlsFileArguments::default() };
    let (live, entrance) = (live::show(nodes.first()), EntranceArguments::default());
    let ended = tokio::select! {
        ended = gateway::serve(&cluster, &arguments.listen, &entrance, &[]) => ended,
        ended = workspace::watch(&push) => ended,
    };
    live.abort();
    ended
}

/// What the folder's workspace is called.
fn workspace_of(root: &std::path::Path) -> anyhow::Result<WorkspaceName> {
    let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(WorkspaceName::new(&name).unwrap_or(WorkspaceName::new("folder")?))
}

/// Where compiled analyzers are kept for all processes of this user.
pub(super) fn artifacts() -> anyhow::Result<PathBuf> {
    Ok(cache_directory()?.join("artifacts"))
}
