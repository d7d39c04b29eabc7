//! A cluster of real node processes on this machine.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};

use crate::{DEADLINE, Network, binaries};

/// Nodes of one cluster, with data of their own that is gone in the end. They are killed when this is dropped.
pub struct TestCluster {
    plugins: TempDir,
    data: TempDir,
    token: String,
    /// What is between the nodes, where that can be cut.
    network: Option<Network>,
    /// What everybody shows, where that is asked.
    certificates: Option<Certificates>,
    /// By id, from 1.
    nodes: Vec<TestNode>,
}

/// Certificates of one cluster, as files.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority's.
    pub authority: PathBuf,
    /// That of every node, good for `127.0.0.1`.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Certificates {
    /// Lets a command show what a node shows.
    pub fn show(&self, command: &mut Command) {
        command.env("VRAFTLS_TLS_CERT", &self.certificate).env("VRAFTLS_TLS_KEY", &self.key);
        command.env("VRAFTLS_TLS_CA", &self.authority);
    }
}

struct TestNode {
    id: u64,
    address: String,
    /// None while it is dead.
    process: Option<Child>,
}

impl TestCluster {
    /// Starts so many nodes with these analyzers. Returns when every group has as many voting replicas as it shall have, and a leader.
    ///
    /// # Panics
    /// If that does not happen in time.
    pub async fn start(plugins: &[&str], n_nodes: u64, n_data_groups: u32) -> Self {
        Self::of_nobody(None, plugins).fill(n_nodes, n_data_groups).await
    }

    /// As [`TestCluster::start`], and the nodes reach each other by a network that can be cut. Admins do not go by it.
    ///
    /// # Panics
    /// If that does not happen in time.
    pub async fn start_behind(network: Network, plugins: &[&str], n_nodes: u64, n_data_groups: u32) -> Self {
        Self::of_nobody(Some(network), plugins).fill(n_nodes, n_data_groups).await
    }

    /// As [`TestCluster::start`], and everything that is said is encrypted. Admins have only the authority's certificate.
    ///
    /// # Panics
    /// If that does not happen in time.
    pub async fn start_with(certificates: Certificates, plugins: &[&str], n_nodes: u64, n_data_groups: u32) -> Self {
        let certificates = Some(certificates);
        let cluster = Self { certificates, ..Self::of_nobody(None, plugins) };
        cluster.fill(n_nodes, n_data_groups).await
    }

    /// Starts node 1 of a cluster on the data that `make` puts into a directory, which is not there yet. `token` is one of its admins'.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn on(plugins: &[&str], token: &str, make: impl AsyncFnOnce(&Path)) -> Self {
        let mut cluster = Self::of_nobody(None, plugins);
        token.clone_into(&mut cluster.token);
        make(&cluster.data_of(1)).await;
        let (node, _) = cluster.spawn(1, "127.0.0.1:0", &[]).await;
        cluster.nodes.push(node);
        cluster
    }

    /// Lets one more node in, and gives its id.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn join(&mut self) -> u64 {
        let (id, seed) = (self.nodes.len() as u64 + 1, self.address(1).to_owned());
        let (node, _) = self.spawn(id, "127.0.0.1:0", &["--join", &seed]).await;
        self.nodes.push(node);
        id
    }

    fn of_nobody(network: Option<Network>, plugins: &[&str]) -> Self {
        let directory = TempDir::with_prefix("vraftls-plugins-").unwrap();
        for name in plugins {
            let component = binaries::plugin(name);
            std::fs::copy(&component, directory.path().join(component.file_name().unwrap())).unwrap();
        }
        let data = TempDir::with_prefix("vraftls-cluster-").unwrap();
        Self { plugins: directory, data, token: String::new(), network, certificates: None, nodes: Vec::new() }
    }

    async fn fill(self, n_nodes: u64, n_data_groups: u32) -> Self {
        let mut cluster = self;
        let n_replicas = n_nodes.min(3);
        let (replication, data_groups) = (n_replicas.to_string(), n_data_groups.to_string());
        let founded = ["--init", "--replication", &replication, "--data-groups", &data_groups];
        let (first, mut said) = cluster.spawn(1, "127.0.0.1:0", &founded).await;
        let line = said.next_line().await.unwrap().unwrap();
        let file = line.strip_prefix("token of the first admin in ").unwrap_or_else(|| panic!("{line}"));
        cluster.token = std::fs::read_to_string(file).unwrap().trim().to_owned();
        let seed = cluster.network.as_ref().map_or_else(|| first.address.clone(), |network| network.address(1));
        cluster.nodes.push(first);
        for id in 2..=n_nodes {
            let (node, _) = cluster.spawn(id, "127.0.0.1:0", &["--join", &seed]).await;
            cluster.nodes.push(node);
        }
        cluster.until_whole().await;
        cluster
    }

    /// Waits until every node answers, and every group has as many voting replicas as it shall have, and a leader.
    ///
    /// # Panics
    /// If that does not happen in time.
    pub async fn until_whole(&self) {
        let (n_nodes, n_replicas) = (self.nodes.len(), self.nodes.len().min(3) as u64);
        self.until("all groups are whole", |status| is_whole(status, n_nodes, n_replicas)).await;
    }

    /// Where a node keeps its data.
    pub fn data_of(&self, node: u64) -> PathBuf {
        self.data.path().join(node.to_string())
    }

    /// Where a node listens.
    pub fn address(&self, node: u64) -> &str {
        &self.node(node).address
    }

    /// Where all nodes listen, the dead ones too, as `--cluster` takes them.
    pub fn addresses(&self) -> String {
        self.nodes.iter().map(|node| node.address.as_str()).collect::<Vec<_>>().join(",")
    }

    /// The token of its first admin.
    pub fn token(&self) -> &str {
        &self.token
    }

    fn node(&self, id: u64) -> &TestNode {
        self.nodes.iter().find(|node| node.id == id).unwrap()
    }

    async fn spawn(&self, id: u64, listen: &str, how: &[&str]) -> (TestNode, Lines<BufReader<ChildStdout>>) {
        let mut command = Command::new(binaries::vraftls());
        command.args(["node", "--listen", listen, "--data-dir"]).arg(self.data_of(id)).args(how);
        if !how.is_empty() {
            command.args(["--node-id", &id.to_string()]);
        }
        if let Some(network) = &self.network {
            command.args(["--advertise", &network.address(id)]);
        }
        if let Some(certificates) = &self.certificates {
            certificates.show(&mut command);
        }
        command.arg("--plugin-dir").arg(self.plugins.path());
        let mut process = command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await;
        let line = line.expect("the node should say where it listens").unwrap().expect("the node should start");
        let prefix = format!("node {id} listening on ");
        let address = line.strip_prefix(&prefix).unwrap_or_else(|| panic!("{line}")).to_owned();
        if let (Some(network), Some(process)) = (&self.network, process.id()) {
            network.leads_to(id, &address, process);
        }
        (TestNode { id, address, process: Some(process) }, lines)
    }

    /// Kills a node as a power cut does.
    pub async fn kill(&mut self, node: u64) {
        let node = self.nodes.iter_mut().find(|known| known.id == node).unwrap();
        node.process.take().expect("it is alive").kill().await.unwrap();
    }

    /// Asks a node to end, as whoever exchanges its binary does, and waits until it has.
    ///
    /// # Panics
    /// If it does not end in time, or says that something went wrong.
    pub async fn stop(&mut self, node: u64) {
        self.signal(node, "-TERM").await;
        let node = self.nodes.iter_mut().find(|known| known.id == node).unwrap();
        let ended = tokio::time::timeout(DEADLINE, node.process.take().expect("it is alive").wait()).await;
        let ended = ended.expect("the node should end").unwrap();
        assert!(ended.success(), "node {} ended with {ended}", node.id);
    }

    /// Starts a node again that was killed or stopped, where it was.
    pub async fn restart(&mut self, node: u64) {
        // Behind a network, others find it wherever it listens.
        let listen = if self.network.is_some() { "127.0.0.1:0" } else { self.address(node) }.to_owned();
        let (started, _) = self.spawn(node, &listen, &[]).await;
        let place = self.nodes.iter_mut().find(|known| known.id == node).unwrap();
        *place = started;
    }

    /// Has a node stand still, as a machine does that is starved or suspended.
    pub async fn freeze(&self, node: u64) {
        self.signal(node, "-STOP").await;
    }

    /// Lets a node go on that was frozen.
    pub async fn thaw(&self, node: u64) {
        self.signal(node, "-CONT").await;
    }

    async fn signal(&self, node: u64, signal: &str) {
        let process = self.process_id(node).expect("it is alive").to_string();
        assert!(Command::new("kill").args([signal, &process]).status().await.unwrap().success());
    }

    /// The process of a node that is alive.
    pub fn process_id(&self, node: u64) -> Option<u32> {
        self.node(node).process.as_ref()?.id()
    }

    /// What the first node that is alive says of all: `GET /v1/status`. None while it does not answer.
    pub async fn status(&self) -> Option<Value> {
        if self.certificates.is_some() {
            let output = self.command(&["cluster", "status", "--json"]).output().await.unwrap();
            return serde_json::from_slice(&output.stdout).ok();
        }
        let alive = self.nodes.iter().find(|node| node.process.is_some()).expect("some node is alive");
        let asked = tokio::time::timeout(DEADLINE, get(&alive.address, "/v1/status", &self.token)).await;
        serde_json::from_str(&asked.ok()?.ok()?).ok()
    }

    /// A number that a node tells Prometheus, by its name with its labels.
    ///
    /// # Panics
    /// If it tells none.
    pub async fn number(&self, node: u64, name: &str) -> u64 {
        let asked = tokio::time::timeout(DEADLINE, get(self.address(node), "/metrics", &self.token)).await;
        let page = asked.expect("a node should tell its numbers").unwrap();
        let told = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        told.unwrap_or_else(|| panic!("no {name} in {page}")).trim().parse().unwrap()
    }

    /// Asks for the status until it is as wanted, and gives it.
    ///
    /// # Panics
    /// If that does not happen in time.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut(&Value) -> bool) -> Value {
        let (started, mut last) = (Instant::now(), None);
        while started.elapsed() < DEADLINE {
            match self.status().await {
                Some(status) if is_so(&status) => return status,
                status => last = status.or(last),
            }
        }
        panic!("{what}: not within {DEADLINE:?}; the last status was {last:?}")
    }

    /// A command of the binary on this cluster, as its admin.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::vraftls());
        command.args(arguments).args(["--cluster", &self.addresses()]).env("VRAFTLS_TOKEN", &self.token);
        if let Some(certificates) = &self.certificates {
            command.env("VRAFTLS_TLS_CA", &certificates.authority);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs such a command in a folder, to its end.
    pub async fn run(&self, folder: &Path, arguments: &[&str]) -> Ran {
        let child = self.command(arguments).current_dir(folder).spawn().unwrap();
        let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
        Ran::of(output.unwrap_or_else(|_| panic!("{arguments:?} should end")).unwrap())
    }
}

/// A command that ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it told people.
    pub stderr: String,
}

impl Ran {
    /// How a process ended.
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What it printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Whether every node answers, and every group has its replicas, all of which vote, and a leader.
fn is_whole(status: &Value, n_nodes: usize, n_replicas: u64) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let nodes = list(&status["nodes"]);
    let reports: Vec<Value> = nodes.iter().flat_map(|node| list(&node["report"]["groups"])).collect();
    let is_led = |group: &Value| {
        let leader = reports.iter().find(|report| report["group"] == group["id"] && report["is_leader"] == true);
        leader.is_some_and(|report| report["voters"] == group["replicas"])
    };
    let groups = list(&status["cluster"]["groups"]);
    let has_all = |group: &Value| list(&group["replicas"]).len() as u64 == n_replicas;
    nodes.len() == n_nodes
        && nodes.iter().all(|node| node["report"].is_object())
        && list(&status["moves"]).is_empty()
        && groups.len() > 1
        && groups.iter().all(|group| has_all(group) && is_led(group))
}

/// Asks a node by HTTP.
async fn get(address: &str, path: &str, token: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    anyhow::ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    Ok(body.to_owned())
}
