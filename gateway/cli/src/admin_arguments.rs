//! Whose admin a command is: the nodes that it asks by HTTP, and the token that it shows them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde::de::DeserializeOwned;
use vraftls_client::{Cluster, Options};
use vraftls_node::server::client::{AskError, Client, Method, Sent};

use crate::tls::{CLUSTER, TlsFileArguments};

/// Where the token is looked for when no file is given.
const TOKEN: &str = "VRAFTLS_TOKEN";

/// How long a node may take for a change: it pursues one for less.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a node may take to say something: it waits two seconds for the others. Then the next is asked.
const LOOK_PATIENCE: Duration = Duration::from_secs(6);

/// The cluster of a command that is nothing without one.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct AdminArguments {
    /// Nodes of the cluster, each given as HOST:PORT; the first that can be reached is asked
    #[arg(
        long,
        required = true,
        value_name = "ADDR,..",
        value_delimiter = ',',
        env = "VRAFTLS_CLUSTER",
        help_heading = CLUSTER
    )]
    pub(crate) cluster: Vec<String>,

    #[command(flatten)]
    pub(crate) credentials: CredentialArguments,
}

/// By what an admin and the nodes know each other.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CredentialArguments {
    /// A file with the token of an admin [default: what VRAFTLS_TOKEN says]
    #[arg(long, value_name = "FILE", help_heading = CLUSTER)]
    pub(crate) token_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) tls: TlsFileArguments,
}

/// Asks nodes as an admin.
pub(crate) struct Asker {
    client: Client,
    addresses: Vec<String>,
}

impl AdminArguments {
    /// The cluster, for a guest.
    pub(crate) async fn connect(&self) -> anyhow::Result<Cluster> {
        let options = Options { tls: self.credentials.tls.guest()?, ..Options::default() };
        Ok(Cluster::connect(self.cluster.clone(), options).await?)
    }

    /// The nodes' servers, for an admin.
    pub(crate) fn asker(&self) -> anyhow::Result<Asker> {
        Ok(Asker { client: self.credentials.client()?, addresses: self.cluster.clone() })
    }
}

impl CredentialArguments {
    /// Asks one server at a time.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Ok(Client { tls: self.tls.guest()?, token: self.token()? })
    }

    fn token(&self) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.token_file else {
            return Ok(std::env::var(TOKEN).ok().filter(|token| !token.is_empty()));
        };
        let token = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Some(token.trim().to_owned()))
    }
}

impl Asker {
    /// Asks the first node that can be reached. Nothing is asked twice of those that may have heard it: see `is_safe`.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, sent: Sent) -> Result<T, AskError> {
        let is_safe = method == Method::GET;
        let patience = if is_safe { LOOK_PATIENCE } else { PATIENCE };
        let mut failed = None;
        for address in &self.addresses {
            match self.client.ask(address, method.clone(), path, sent.clone(), patience).await {
                Err(error) if may_be_tried_elsewhere(&error, is_safe) => failed = Some(error),
                answered => return answered,
            }
        }
        Err(failed
            .unwrap_or_else(|| AskError::OtherAnswer { address: "--cluster".to_owned(), why: "no address".into() }))
    }

    /// A change that says nothing but that it is done.
    pub(crate) async fn change(&self, method: Method, path: &str, sent: Sent) -> Result<(), AskError> {
        self.ask::<serde::de::IgnoredAny>(method, path, sent).await.map(drop)
    }
}

/// Whether another node can be asked the same without doing it twice.
fn may_be_tried_elsewhere(error: &AskError, is_safe: bool) -> bool {
    match error {
        AskError::Unreachable { source, .. } => is_safe || source.kind() == std::io::ErrorKind::ConnectionRefused,
        AskError::Deadline { .. } | AskError::OtherAnswer { .. } => is_safe,
        AskError::Refused { code, .. } => code == "starting" || code == "stopping",
    }
}

/// What an admin is told who may not do what was asked.
pub(crate) fn explained(error: AskError) -> anyhow::Error {
    let is_unknown = matches!(&error, AskError::Refused { status: 401, .. });
    let error = anyhow::Error::new(error);
    if is_unknown {
        error.context(format!("a token of the cluster is needed: --token-file, or {TOKEN}"))
    } else {
        error
    }
}
