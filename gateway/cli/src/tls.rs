//! Certificates on the command line.

use std::path::PathBuf;
use std::sync::Arc;

use vraftls_node::server::client::Client;
use vraftls_transport::{Dial, TcpDialer, TlsClient, TlsDialer, TlsFiles, TlsIdentity, TlsServer};

/// The files of whoever speaks to a cluster.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct TlsFileArguments {
    /// The certificate that this process shows, as PEM
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "VRAFTLS_TLS_CERT",
        requires = "tls_key",
        requires = "tls_ca",
        help_heading = CLUSTER
    )]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The key of that certificate
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "VRAFTLS_TLS_KEY",
        requires = "tls_cert",
        help_heading = CLUSTER
    )]
    pub(crate) tls_key: Option<PathBuf>,

    /// The certificates of the authorities that sign for the cluster
    #[arg(long, global = true, value_name = "FILE", env = "VRAFTLS_TLS_CA", help_heading = CLUSTER)]
    pub(crate) tls_ca: Option<PathBuf>,
}

/// What the options have in common, for people.
pub(crate) const CLUSTER: &str = "Cluster";

impl TlsFileArguments {
    fn files(&self) -> Option<TlsFiles> {
        let authorities = self.tls_ca.clone()?;
        let identity = self.tls_cert.clone().zip(self.tls_key.clone());
        let identity = identity.map(|(certificates, key)| TlsIdentity { certificates, key });
        Some(TlsFiles { authorities, identity })
    }

    /// What nodes are spoken to with; nothing where nothing is encrypted.
    pub(crate) fn guest(&self) -> anyhow::Result<Option<TlsClient>> {
        Ok(self.files().map(|files| files.client()).transpose()?)
    }
}

/// The same, and what a listener allows itself.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct TlsArguments {
    #[command(flatten)]
    pub(crate) files: TlsFileArguments,

    /// Listen beyond this machine without certificates: whoever reaches the address may read and change everything
    #[arg(long)]
    pub(crate) insecure: bool,
}

impl TlsArguments {
    /// What a listener needs that others reach at an address.
    pub(crate) fn server(&self, address: &str) -> anyhow::Result<Option<TlsServer>> {
        Ok(self.files.files().map(|files| files.server(address)).transpose()?)
    }

    /// How other nodes are connected to.
    pub(crate) fn dialer(&self) -> anyhow::Result<Arc<dyn Dial>> {
        match self.files.guest()? {
            Some(tls) => Ok(Arc::new(TlsDialer::new(tls))),
            None => Ok(Arc::new(TcpDialer)),
        }
    }

    /// How servers are asked, as an admin with a token or without.
    pub(crate) fn client(&self, token: Option<String>) -> anyhow::Result<Client> {
        Ok(Client { tls: self.files.guest()?, token })
    }
}
