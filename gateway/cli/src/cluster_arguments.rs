//! Which cluster answers a command, if one does.

use std::time::Duration;

use vraftls_client::{Cluster, Options};
use vraftls_vfs::WorkspaceName;

use crate::tls::{CLUSTER, TlsFileArguments};

/// How long the first questions to a cluster may take.
pub(crate) const FIRST_PATIENCE: Duration = Duration::from_secs(15);

/// The cluster that answers; without one, a node is embedded.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct ClusterArguments {
    /// Ask the cluster that these nodes belong to, each given as HOST:PORT, instead of embedding a node
    #[arg(
        long,
        global = true,
        value_name = "ADDR,..",
        value_delimiter = ',',
        conflicts_with = "data_dir",
        help_heading = CLUSTER
    )]
    pub(crate) cluster: Vec<String>,

    /// With --cluster: the workspace that the folder is [default: the only one there is, or the one named like the folder]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        value_parser = workspace_name,
        requires = "cluster",
        help_heading = CLUSTER
    )]
    pub(crate) workspace: Option<WorkspaceName>,

    #[command(flatten)]
    pub(crate) tls: TlsFileArguments,
}

/// Reads the name of a workspace.
pub(crate) fn workspace_name(name: &str) -> Result<WorkspaceName, String> {
    WorkspaceName::new(name).map_err(|error| error.to_string())
}

impl ClusterArguments {
    /// Whether a cluster is to be asked.
    pub(crate) fn is_given(&self) -> bool {
        !self.cluster.is_empty()
    }

    /// Finds the cluster.
    pub(crate) async fn connect(&self) -> anyhow::Result<Cluster> {
        let options = Options { tls: self.tls.guest()?, ..Options::default() };
        Ok(Cluster::connect(self.cluster.clone(), options).await?)
    }
}
