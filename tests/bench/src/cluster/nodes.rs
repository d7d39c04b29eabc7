//! Nodes of ours that form a cluster: real processes on loopback, whose data lie on one disk and go in the end.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use vraftls_client::{Cluster, Options};
use vraftls_vfs::WorkspaceId;

use super::http;
use crate::outside::Shelf;
use crate::{machine, memory};

/// How long a cluster may take until all its groups are whole, and how soon it is looked at again.
const WHOLE_MAX: Duration = Duration::from_secs(120);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// How often that is longer for a question that asks all nodes.
const STATUS_PAUSE: u32 = 10;

/// How a cluster is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) n_nodes: u64,
    pub(super) n_data_groups: u32,
}

/// A cluster. Its processes are killed when it is dropped.
pub(super) struct Nodes {
    binary: PathBuf,
    data: TempDir,
    plugins: PathBuf,
    token: String,
    /// By id, from 1.
    nodes: Vec<Node>,
}

struct Node {
    address: String,
    process: Process,
}

/// A process that ends with us.
pub(super) struct Process(Child);

impl Process {
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it as a power cut does.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

impl From<Child> for Process {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Nodes {
    /// Starts a cluster with these components. Returns when each group has all its replicas, and a leader.
    pub(super) fn start(binary: &Path, shelf: &Shelf, shape: Shape, components: &[&Path]) -> Result<Self> {
        let data = shelf.scratch()?;
        let plugins = data.path().join("plugins");
        fs::create_dir(&plugins)?;
        for component in components {
            let name = component.file_name().context("a component has a name")?;
            let copied = fs::copy(component, plugins.join(name));
            copied.with_context(|| format!("{} is not built", component.display()))?;
        }
        let (token, nodes) = Default::default();
        let mut cluster = Self { binary: binary.to_owned(), data, plugins, token, nodes };
        let n_replicas = shape.n_nodes.min(3);
        let (replication, groups) = (n_replicas.to_string(), shape.n_data_groups.to_string());
        let founded = ["--init", "--replication", &replication, "--data-groups", &groups];
        let (first, mut said) = cluster.spawn(1, "127.0.0.1:0", &founded)?;
        let mut line = String::new();
        said.read_line(&mut line)?;
        let file = line.trim().strip_prefix("token of the first admin in ").context("the first node says no token")?;
        cluster.token = fs::read_to_string(file)?.trim().to_owned();
        let seed = first.address.clone();
        cluster.nodes.push(first);
        for id in 2..=shape.n_nodes {
            let (node, _) = cluster.spawn(id, "127.0.0.1:0", &["--join", &seed])?;
            cluster.nodes.push(node);
        }
        cluster.wait_until_whole()?;
        Ok(cluster)
    }

    fn spawn(&self, id: u64, listen: &str, how: &[&str]) -> Result<(Node, BufReader<ChildStdout>)> {
        let log = File::options().create(true).append(true).open(self.data.path().join(format!("{id}.log")))?;
        let mut command = Command::new(&self.binary);
        command
            .args(["--log", "warn,vraftls_node=info", "node", "--listen", listen, "--data-dir"])
            .arg(self.directory(id))
            .args(how);
        if !how.is_empty() {
            command.args(["--node-id", &id.to_string()]);
        }
        command.arg("--plugin-dir").arg(&self.plugins).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?;
        let mut said = BufReader::new(child.stdout.take().context("its output is piped")?);
        let process = Process(child);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix(&format!("node {id} listening on ")) else {
            bail!("node {id} does not start: {}", self.last_words(id));
        };
        Ok((Node { address: address.to_owned(), process }, said))
    }

    fn last_words(&self, id: u64) -> String {
        let log = fs::read_to_string(self.data.path().join(format!("{id}.log"))).unwrap_or_default();
        log.lines().next_back().unwrap_or("it said nothing").to_owned()
    }

    /// Where a node keeps its data.
    pub(super) fn directory(&self, id: u64) -> PathBuf {
        self.data.path().join(id.to_string())
    }

    /// Where a node listens.
    pub(super) fn address(&self, id: u64) -> Result<&str> {
        Ok(&self.node(id)?.address)
    }

    fn node(&self, id: u64) -> Result<&Node> {
        let idx = usize::try_from(id)?.checked_sub(1);
        idx.and_then(|idx| self.nodes.get(idx)).with_context(|| format!("there is no node {id}"))
    }

    /// Where all nodes listen.
    pub(super) fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.address.clone()).collect()
    }

    /// A command of the binary about this cluster, as its admin.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).args(["--cluster", &self.addresses().join(",")]).env("VRAFTLS_TOKEN", &self.token);
        command.stdin(Stdio::null());
        command
    }

    /// Runs such a command to its end; what it printed.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`{}` failed: {}", arguments.join(" "), said.trim());
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A client of this cluster.
    pub(super) async fn connect(&self) -> Result<Cluster> {
        Ok(Cluster::connect(self.addresses(), Options::default()).await?)
    }

    /// Makes an empty workspace.
    pub(super) fn make_workspace(&self, name: &str) -> Result<WorkspaceId> {
        let made = http::post(self.address(1)?, "/v1/workspaces", &self.token, &json!({ "name": name }))?;
        let made: Value = serde_json::from_str(&made)?;
        Ok(WorkspaceId(made["id"].as_u64().and_then(|id| id.try_into().ok()).context("a workspace has an id")?))
    }

    /// The resident memory of each node, in bytes.
    pub(super) fn resident_bytes(&self) -> Vec<u64> {
        self.nodes.iter().filter_map(|node| memory::resident_bytes(node.process.id())).collect()
    }

    /// Kills a node.
    pub(super) fn kill(&mut self, id: u64) -> Result<()> {
        let idx = usize::try_from(id)?.checked_sub(1);
        let node = idx.and_then(|idx| self.nodes.get_mut(idx));
        node.with_context(|| format!("there is no node {id}"))?.process.kill()
    }

    /// Starts a node again that was killed, where it was. Returns when it listens.
    pub(super) fn restart(&mut self, id: u64) -> Result<()> {
        let listen = self.address(id)?.to_owned();
        let (node, _) = self.spawn(id, &listen, &[])?;
        let idx = usize::try_from(id)? - 1;
        self.nodes[idx] = node;
        Ok(())
    }

    /// Returns when a node says that it should get work.
    pub(super) fn wait_until_ready(&self, id: u64) -> Result<()> {
        let started = Instant::now();
        loop {
            match http::get(self.address(id)?, "/readyz", &self.token) {
                Ok(_) => return Ok(()),
                Err(error) if started.elapsed() > WHOLE_MAX => return Err(error.context("a node is never ready")),
                Err(_) => thread::sleep(LOOK_AGAIN_AFTER),
            }
        }
    }

    /// What the first node that answers says of all.
    pub(super) fn status(&self) -> Result<Value> {
        let mut failed = None;
        for address in self.addresses() {
            match http::get_json(&address, "/v1/status", &self.token) {
                Ok(status) => return Ok(status),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.context("there is no node")?)
    }

    /// What a node says of something.
    pub(super) fn get(&self, id: u64, path: &str) -> Result<Value> {
        http::get_json(self.address(id)?, path, &self.token)
    }

    /// What a node wrote into its log.
    pub(super) fn log(&self, id: u64) -> Result<String> {
        Ok(fs::read_to_string(self.data.path().join(format!("{id}.log")))?)
    }

    /// Which node leads a group.
    pub(super) fn leader(&self, group: u32) -> Result<u64> {
        let status = self.status()?;
        let leader = reports(&status)
            .into_iter()
            .find(|(_, report)| report["group"].as_u64() == Some(group.into()) && report["is_leader"] == true);
        Ok(leader.with_context(|| format!("nobody leads group {group}"))?.0)
    }

    /// Lets one more node in, and gives its id. It has no replica yet.
    pub(super) fn join(&mut self) -> Result<u64> {
        let id = self.nodes.len() as u64 + 1;
        let (node, _) = self.spawn(id, "127.0.0.1:0", &["--join", self.address(1)?])?;
        self.nodes.push(node);
        Ok(id)
    }

    fn wait_until_whole(&self) -> Result<()> {
        self.wait_until("whole", |status| is_whole(status, self.nodes.len()))
    }

    /// Returns when all groups are whole and led, nothing is being moved, and no two nodes differ by two replicas.
    pub(super) fn wait_until_even(&self) -> Result<()> {
        self.wait_until("even", |status| {
            let counts = (1..=self.nodes.len() as u64).map(|node| replicas_on(status, node));
            let (fewest, most) = counts.fold((usize::MAX, 0), |(least, most), n| (n.min(least), n.max(most)));
            is_whole(status, self.nodes.len()) && most < fewest + 2
        })
    }

    /// Returns when all groups are whole and led, nothing is being moved, and a node has no replica.
    pub(super) fn wait_until_empty(&self, node: u64) -> Result<()> {
        self.wait_until("relieved", |status| is_whole(status, self.nodes.len()) && replicas_on(status, node) == 0)
    }

    /// How many replicas a node has.
    pub(super) fn replicas_on(&self, node: u64) -> Result<usize> {
        Ok(replicas_on(&self.status()?, node))
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<()> {
        let started = Instant::now();
        loop {
            if self.status().is_ok_and(|status| is_so(&status)) {
                return Ok(());
            }
            if started.elapsed() > WHOLE_MAX {
                bail!("the cluster is not {what} after {WHOLE_MAX:?}: {}", self.last_words(1));
            }
            thread::sleep(LOOK_AGAIN_AFTER * STATUS_PAUSE);
        }
    }

    /// The node that has answered most questions of guests and nodes.
    pub(super) fn busiest(&self) -> Result<u64> {
        const ANSWERED: &str = "vraftls_transport_messages_total{side=\"answered\",lane=\"service\"}";
        let counts: Result<Vec<(u64, u64)>> =
            (1..=self.nodes.len() as u64).map(|node| Ok((self.metrics(node)?.count(ANSWERED)?, node))).collect();
        Ok(counts?.into_iter().max().context("there is no node")?.1)
    }

    /// What a node tells Prometheus.
    pub(super) fn metrics(&self, node: u64) -> Result<Metrics> {
        Ok(Metrics(http::get(self.address(node)?, "/metrics", &self.token)?))
    }

    /// The processor time that a node took so far, in seconds, where the system tells.
    pub(super) fn processor_seconds(&self, node: u64) -> Option<f64> {
        machine::processor_seconds(self.node(node).ok()?.process.id())
    }
}

/// A page of numbers.
pub(super) struct Metrics(String);

impl Metrics {
    /// One of them, by its name with its labels.
    pub(super) fn count(&self, name: &str) -> Result<u64> {
        let found = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(found.with_context(|| format!("a node does not tell {name}"))?.trim().parse()?)
    }
}

/// How many replicas a node has, by the metadata.
fn replicas_on(status: &Value, node: u64) -> usize {
    let groups = list(&status["cluster"]["groups"]).iter();
    groups.filter(|group| list(&group["replicas"]).iter().any(|replica| replica.as_u64() == Some(node))).count()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What the nodes say of their groups, with the node that says it.
fn reports(status: &Value) -> Vec<(u64, &Value)> {
    let of_node = |node: &'_ Value| node["node"].as_u64().unwrap_or_default();
    list(&status["nodes"])
        .iter()
        .flat_map(|node| list(&node["report"]["groups"]).iter().map(move |report| (of_node(node), report)))
        .collect()
}

/// Whether all nodes answer, and each group has a leader and its voters.
fn is_whole(status: &Value, n_nodes: usize) -> bool {
    let groups = list(&status["cluster"]["groups"]);
    let reports = reports(status);
    let is_led = |group: &Value| {
        let leads = |report: &Value| report["group"] == group["id"] && report["is_leader"] == true;
        let leader = reports.iter().find(|(_, report)| leads(report));
        list(&group["replicas"]).len() == n_nodes.min(3)
            && leader.is_some_and(|(_, report)| report["voters"] == group["replicas"])
    };
    let nodes = list(&status["nodes"]);
    nodes.len() == n_nodes
        && nodes.iter().all(|node| node["report"].is_object())
        && list(&status["moves"]).is_empty()
        && groups.len() > 1
        && groups.iter().all(is_led)
}
