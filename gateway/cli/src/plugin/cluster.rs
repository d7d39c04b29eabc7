//! The plugins of a running cluster: what `vraftls plugin` asks of the servers of its nodes.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use vraftls_node::server::Bounds;
use vraftls_node::server::client::{AskError, Client, Method, Sent};

use crate::admin_arguments::explained;
use crate::cluster_arguments::ClusterArguments;
use crate::exit::Exit;
use crate::progress;
use crate::tls::{CLUSTER, TlsFileArguments};

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a cluster may take to check a component and to keep it: it is compiled, and goes to most nodes.
const PUSH_PATIENCE: Duration = Duration::from_secs(300);

/// How many digits of a digest must be given at least.
const DIGITS_MIN: usize = 4;

/// Who asks a cluster to change.
#[derive(Args)]
pub(super) struct AdminArguments {
    /// Ask the cluster that these nodes belong to, each given as HOST:PORT
    #[arg(
        long,
        required = true,
        value_name = "ADDR,..",
        value_delimiter = ',',
        env = "VRAFTLS_CLUSTER",
        help_heading = CLUSTER
    )]
    cluster: Vec<String>,
    #[command(flatten)]
    tls: TlsFileArguments,
    #[command(flatten)]
    token: TokenArguments,
}

/// The token of an admin.
#[derive(Args)]
pub(super) struct TokenArguments {
    /// A file with the token of an admin, such as the one that the first node of a cluster writes
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The token of an admin; in the environment, because others see the arguments of a process
    #[arg(long, env = "VRAFTLS_TOKEN", hide_env_values = true, hide = true, value_name = "TOKEN")]
    token: Option<String>,
}

/// A plugin as a server tells of it.
#[derive(Deserialize)]
struct Known {
    plugin: String,
    active: Option<String>,
    previous: Vec<String>,
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    digest: String,
    size_bytes: u64,
    version: String,
}

#[derive(Deserialize)]
struct Pushed {
    plugin: String,
    #[serde(flatten)]
    component: Component,
}

#[derive(Deserialize)]
struct Active {
    active: Option<String>,
}

impl TokenArguments {
    fn read(&self) -> anyhow::Result<Option<String>> {
        let Some(file) = &self.token_file else { return Ok(self.token.clone()) };
        let token =
            std::fs::read_to_string(file).with_context(|| format!("cannot read the token in {}", file.display()))?;
        Ok(Some(token.trim().to_owned()))
    }
}

/// The server of a node that answers.
struct Server {
    client: Client,
    address: String,
}

impl Server {
    /// The first that an admin may ask and that answers, and the plugins that it knows.
    async fn find_as(admin: &AdminArguments) -> anyhow::Result<(Self, serde_json::Value)> {
        Self::find(&admin.cluster, &admin.tls, &admin.token).await
    }

    async fn find(
        addresses: &[String],
        tls: &TlsFileArguments,
        token: &TokenArguments,
    ) -> anyhow::Result<(Self, serde_json::Value)> {
        let client = Client { tls: tls.guest()?, token: token.read()? };
        let mut unreachable = None;
        for address in addresses {
            match client.ask(address, Method::GET, "/v1/plugins", Sent::Nothing, PATIENCE).await {
                Ok(plugins) => return Ok((Self { client, address: address.clone() }, plugins)),
                Err(error @ (AskError::Unreachable { .. } | AskError::Deadline { .. })) => unreachable = Some(error),
                Err(error) => return Err(explained(error)),
            }
        }
        match unreachable {
            Some(error) => Err(error).context("no node answers"),
            None => bail!("say with --cluster which nodes to ask"),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, sent: Sent) -> Result<T, AskError> {
        self.client.ask(&self.address, method, path, sent, PATIENCE).await
    }

    async fn activate(&self, plugin: &str, digest: &str) -> anyhow::Result<Exit> {
        let sent = Sent::json(&serde_json::json!({ "digest": digest }))?;
        let active: Active = self.ask(Method::POST, &path_of(plugin, "/activate")?, sent).await?;
        Ok(say_active(plugin, &active))
    }
}

/// The path of something of a plugin. What is no identifier would be another path.
fn path_of(plugin: &str, what: &str) -> anyhow::Result<String> {
    let is_word = plugin.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    match is_word && plugin.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        true => Ok(format!("/v1/plugins/{plugin}{what}")),
        false => bail!("{plugin:?} is no identifier of a plugin"),
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say_active(plugin: &str, active: &Active) -> Exit {
    match &active.active {
        Some(digest) => println!("{plugin} is {digest} now"),
        None => println!("{plugin} is not active now"),
    }
    Exit::Done
}

fn run<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(command)
}

/// Hands a component to the cluster.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) fn push(admin: &AdminArguments, component: &Path, activate: bool) -> anyhow::Result<Exit> {
    let bytes = read_component(component)?;
    run(async {
        let (server, _) = Server::find_as(admin).await?;
        let n_bytes = bytes.len() as u64;
        let (sent, taken) = Sent::watched(bytes);
        let pushing = server.client.ask(&server.address, Method::POST, "/v1/plugins", sent, PUSH_PATIENCE);
        let pushed: Result<Pushed, AskError> = progress::show_sending(n_bytes, taken, pushing).await;
        let Pushed { plugin, component: Component { digest, version, .. } } =
            pushed.with_context(|| format!("{} was not taken", component.display()))?;
        println!("{plugin} {version} {digest}");
        if activate { server.activate(&plugin, &digest).await } else { Ok(Exit::Done) }
    })
}

/// The bytes of a component. Of what is too large for one no more is read.
fn read_component(file: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes_max = Bounds::default().component_bytes as u64;
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(bytes_max + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(bytes.len() as u64 <= bytes_max, "{} has more bytes than a component may: {bytes_max}", file.display());
    Ok(bytes)
}

/// Lets all nodes use a component.
pub(super) fn activate(admin: &AdminArguments, plugin: &str, digest: &str) -> anyhow::Result<Exit> {
    run(async {
        let (server, plugins) = Server::find_as(admin).await?;
        let plugins: Vec<Known> = serde_json::from_value(plugins)?;
        let digest = whole_digest(&plugins, plugin, digest)?;
        server.activate(plugin, &digest).await
    })
}

/// The digest of the one component of a plugin that begins so.
fn whole_digest(plugins: &[Known], plugin: &str, beginning: &str) -> anyhow::Result<String> {
    let beginning = beginning.to_ascii_lowercase();
    if beginning.len() < DIGITS_MIN {
        bail!("give at least {DIGITS_MIN} digits of the digest");
    }
    let Some(known) = plugins.iter().find(|known| known.plugin == plugin) else {
        bail!("the cluster has no plugin {plugin}");
    };
    let mut found = known.components.iter().filter(|component| component.digest.starts_with(&beginning));
    match (found.next(), found.next()) {
        (Some(component), None) => Ok(component.digest.clone()),
        (None, _) => bail!("{plugin} has no component {beginning}; `vraftls plugin push` hands one in"),
        (Some(_), Some(_)) => bail!("several components of {plugin} begin with {beginning}"),
    }
}

/// Lets all nodes use what was active before.
pub(super) fn roll_back(admin: &AdminArguments, plugin: &str) -> anyhow::Result<Exit> {
    run(async {
        let (server, _) = Server::find_as(admin).await?;
        // Asked of one node, and once: a second time would go back one further.
        let active: Active = server.ask(Method::POST, &path_of(plugin, "/rollback")?, Sent::Nothing).await?;
        Ok(say_active(plugin, &active))
    })
}

/// Lets the cluster forget a plugin.
pub(super) fn remove(admin: &AdminArguments, plugin: &str) -> anyhow::Result<Exit> {
    run(async {
        let (server, _) = Server::find_as(admin).await?;
        server.ask::<()>(Method::DELETE, &path_of(plugin, "")?, Sent::Nothing).await?;
        Ok(Exit::Done)
    })
}

/// Lists what was pushed.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub(super) fn list(cluster: &ClusterArguments, token: &TokenArguments, json: bool) -> anyhow::Result<Exit> {
    let (_, plugins) = run(Server::find(&cluster.cluster, &cluster.tls, token))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&plugins)?);
        return Ok(Exit::Done);
    }
    let plugins: Vec<Known> = serde_json::from_value(plugins)?;
    for known in &plugins {
        println!("{}", known.plugin);
        known.components.iter().for_each(|component| println!("  {}", shown(known, component)));
    }
    Ok(Exit::Done)
}

/// A component in one line, for people.
fn shown(known: &Known, component: &Component) -> String {
    let Component { digest, size_bytes, version } = component;
    let mark = match known.previous.iter().rev().position(|previous| previous == digest) {
        _ if known.active.as_ref() == Some(digest) => "active",
        Some(0) => "before",
        _ => "",
    };
    format!("{mark:<7}{version:<10} {:>6} KiB  {digest}", size_bytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugins() -> Vec<Known> {
        let listed = serde_json::json!([{
            "plugin": "python", "active": "abcd12", "previous": ["ffff00", "abff34"],
            "components": [
                {"digest": "ffff00", "size_bytes": 2048, "version": "0.1.0"},
                {"digest": "abff34", "size_bytes": 4096, "version": "0.2.0"},
                {"digest": "abcd12", "size_bytes": 4096, "version": "0.3.0"},
            ],
        }]);
        serde_json::from_value(listed).unwrap()
    }

    #[test]
    fn a_digest_is_known_by_its_beginning() {
        let digest = |plugin: &str, beginning: &str| whole_digest(&plugins(), plugin, beginning);
        assert_eq!(digest("python", "ABCD").unwrap(), "abcd12");
        assert_eq!(digest("python", "abff34").unwrap(), "abff34");
        for (plugin, beginning) in [("python", "ab"), ("python", "0000"), ("python", "abcd123"), ("ruby", "abcd")] {
            assert!(digest(plugin, beginning).is_err(), "{plugin} {beginning}");
        }
    }

    #[test]
    fn a_list_says_what_is_active_and_what_a_rollback_leads_to() {
        let known = &plugins()[0];
        let lines: Vec<String> = known.components.iter().map(|component| shown(known, component)).collect();
        assert_eq!(lines[0], "       0.1.0           2 KiB  ffff00");
        assert_eq!(lines[1], "before 0.2.0           4 KiB  abff34");
        assert_eq!(lines[2], "active 0.3.0           4 KiB  abcd12");
    }

    #[test]
    fn what_is_no_identifier_leads_to_no_other_path() {
        assert_eq!(path_of("python", "/activate").unwrap(), "/v1/plugins/python/activate");
        for plugin in ["", "../nodes", "a/b", "a?b", ".."] {
            assert!(path_of(plugin, "").is_err(), "{plugin}");
        }
    }
}
