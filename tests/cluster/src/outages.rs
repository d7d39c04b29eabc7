//! How long nobody gets an answer: an editor's session that asks where a name is defined every 20 ms, and a writer for each group,
//! while nodes are lost and leaders handed over.
//!
//! A gap is the time between two answers that follow each other. That the answers are right and come again is asserted; how long the
//! gaps are depends on the machine, and is reported.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use vraftls_harness::{Cut, DEADLINE, Network, Project, TestCluster};
use vraftls_proto::rpc::Commit;
use vraftls_proto::{Answer, At, Query, Request, Revisions, SessionId};
use vraftls_vfs::{Contents, FileOperation, Revision, Sequence, VfsPath};

use crate::guest::Guest;

const N_NODES: u64 = 3;
const N_GROUPS: u32 = 3;

/// How often the session asks.
const ASKS: Duration = Duration::from_millis(20);

/// How many answers each shall have had before the next is done.
const N_ANSWERS: u64 = 40;

const MAIN: &str = "import lib.toy\ndef main\n  use helper\n";

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Outages {
    /// How many of the nodes are lost, one after the other.
    pub n_nodes: u64,
    /// Whether they also stand still and are cut off, and not only killed.
    pub all_ways: bool,
}

/// The longest gaps around something that was done.
#[derive(Debug, Clone)]
pub struct Gap {
    /// What was done.
    pub what: String,
    /// Of the session that asks.
    pub asked: Duration,
    /// Of the writers, that of the group that waited longest.
    pub written: Duration,
}

/// All that was measured.
#[derive(Debug, Clone, Default)]
pub struct Figures(pub Vec<Gap>);

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<44} {:>14} {:>14}", "longest time without", "an answer", "a write")?;
        for Gap { what, asked, written } in &self.0 {
            writeln!(f, "{what:<44} {:>11} ms {:>11} ms", asked.as_millis(), written.as_millis())?;
        }
        Ok(())
    }
}

/// How somebody is served.
#[derive(Debug, Clone)]
struct Served {
    n: u64,
    last: Instant,
    longest: Duration,
}

/// Somebody who is served, as those see it who look.
#[derive(Clone)]
struct Track(watch::Sender<Served>);

impl Track {
    fn new() -> Self {
        Self(watch::Sender::new(Served { n: 0, last: Instant::now(), longest: Duration::ZERO }))
    }

    fn tick(&self) {
        self.0.send_modify(|served| {
            let now = Instant::now();
            served.longest = served.longest.max(now - served.last);
            (served.n, served.last) = (served.n + 1, now);
        });
    }

    /// Forgets the gaps that are over.
    fn begin(&self) {
        self.0.send_modify(|served| served.longest = Duration::ZERO);
    }

    async fn go_on(&self) -> Duration {
        let n = self.0.borrow().n + N_ANSWERS;
        let mut served = self.0.subscribe();
        let served = tokio::time::timeout(DEADLINE, served.wait_for(|served| served.n >= n)).await;
        served.unwrap_or_else(|_| panic!("no {N_ANSWERS} answers within {DEADLINE:?}")).unwrap().longest
    }
}

/// The cluster with those who ask it.
struct Watched {
    cluster: TestCluster,
    network: Network,
    asker: Track,
    writers: Vec<Track>,
    tasks: JoinSet<()>,
    figures: Figures,
}

/// Measures on a cluster of its own.
///
/// # Panics
/// If an answer is wrong, or none comes any more.
pub async fn outages(outages: &Outages) -> Figures {
    let mut served = start().await;
    served.go_on().await;
    served.measure("nothing happens", async |_| {}).await;
    for node in 1..=outages.n_nodes {
        served.lose("kill", node, async |served| served.cluster.kill(node).await).await;
        let what = format!("start node {node} again");
        served.measure(&what, async |served| served.cluster.restart(node).await).await;
        served.cluster.until_whole().await;
        if outages.all_ways {
            served.lose("freeze", node, async |served| served.cluster.freeze(node).await).await;
            served.cluster.thaw(node).await;
            served.cluster.until_whole().await;
            served.lose("cut off", node, async |served| served.network.cut(node, Cut::Silent)).await;
            served.network.heal(node);
            served.cluster.until_whole().await;
            let among_nodes = async |served: &mut Watched| served.network.cut(node, Cut::SilentAmongNodes);
            served.lose("cut off from nodes", node, among_nodes).await;
            served.network.heal(node);
            served.cluster.until_whole().await;
        }
    }
    for group in 1..=N_GROUPS {
        let leader = served.leader_of(group).await;
        let to = leader % N_NODES + 1;
        let what = format!("hand group {group} from node {leader} to {to}");
        served.measure(&what, async |served| served.hand_over(group, to).await).await;
    }
    served.tasks.abort_all();
    served.figures
}

impl Watched {
    /// Waits until everybody had answers again, and gives the longest gaps.
    async fn go_on(&self) -> (Duration, Duration) {
        let asked = self.asker.go_on().await;
        let mut written = Duration::ZERO;
        for writer in &self.writers {
            written = written.max(writer.go_on().await);
        }
        (asked, written)
    }

    async fn measure(&mut self, what: &str, does: impl AsyncFnOnce(&mut Self)) {
        self.asker.begin();
        self.writers.iter().for_each(Track::begin);
        does(self).await;
        let (asked, written) = self.go_on().await;
        self.figures.0.push(Gap { what: what.to_owned(), asked, written });
    }

    /// Measures what comes of losing a node that leads something.
    async fn lose(&mut self, how: &str, node: u64, does: impl AsyncFnOnce(&mut Self)) {
        if self.groups_led_by(node).await.is_empty() {
            self.hand_over(1, node).await;
        }
        let what = format!("{how} node {node}, which leads {:?}", self.groups_led_by(node).await);
        self.measure(&what, does).await;
    }

    async fn hand_over(&self, group: u32, to: u64) {
        let (group, to) = (group.to_string(), to.to_string());
        let ran = self.cluster.run(Path::new("."), &["cluster", "transfer-leader", &group, &to]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    async fn leader_of(&self, group: u32) -> u64 {
        let leads = (1..).zip(self.leaders().await).find(|(_, leads)| leads.contains(&group));
        leads.unwrap_or_else(|| panic!("nobody leads group {group}")).0
    }

    async fn groups_led_by(&self, node: u64) -> Vec<u32> {
        self.leaders().await.swap_remove(usize::try_from(node - 1).unwrap())
    }

    /// The groups that each node leads.
    async fn leaders(&self) -> Vec<Vec<u32>> {
        let status = self.cluster.until("the status", |_| true).await;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let leads = |node: &Value| {
            let led = list(&node["report"]["groups"]).into_iter().filter(|group| group["is_leader"] == true);
            led.map(|group| u32::try_from(group["group"].as_u64().unwrap()).unwrap()).collect()
        };
        list(&status["nodes"]).iter().map(leads).collect()
    }
}

async fn start() -> Watched {
    let network = Network::new(N_NODES).await;
    let cluster = TestCluster::start_behind(network.clone(), &["toy"], N_NODES, N_GROUPS).await;
    let project = Project::new(&[("toy.project", ""), ("lib.toy", "def helper # Helps.\n"), ("main.toy", MAIN)]);
    let pushed = cluster.run(project.root(), &["workspace", "push", "--workspace", "tree"]).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");
    let seeds: Vec<String> = (1..=N_NODES).map(|node| network.address(node)).collect();
    let mut tasks = JoinSet::new();
    let asker = Track::new();
    tasks.spawn(ask(Guest::new(&seeds).await, asker.clone()));
    let guest = Arc::new(Guest::new(&seeds).await);
    let mut writers = Vec::new();
    for group in 1..=N_GROUPS {
        let track = Track::new();
        tasks.spawn(write(Arc::clone(&guest), group, track.clone()));
        writers.push(track);
    }
    Watched { cluster, network, asker, writers, tasks, figures: Figures::default() }
}

/// Asks the same again and again; what fails is no answer, and an answer that is wrong ends everything.
async fn ask(guest: Guest, track: Track) {
    let offset = u32::try_from(MAIN.find("helper").unwrap()).unwrap();
    let mut next = tokio::time::interval(ASKS);
    next.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        next.tick().await;
        let request = Request {
            workspace: guest.workspace,
            session: SessionId(1),
            overlays: Arc::default(),
            settings: Arc::default(),
            at_least: Revision(0),
            deadline: Duration::from_secs(10),
            query: Query::Definition(At { path: VfsPath::new("main.toy").unwrap(), offset }),
        };
        let Ok(answered) = guest.cluster.ask(&request, &Revisions::new()).await else { continue };
        let Answer::Targets(Some(targets)) = &answered.answer else { panic!("{answered:?}") };
        assert_eq!(targets.locations[0].path.as_str(), "lib.toy");
        track.tick();
    }
}

/// Writes one file of a group again and again.
async fn write(guest: Arc<Guest>, group: u32, track: Track) {
    let paths = (0..).map(|n| VfsPath::new(&format!("written{n}.txt")).unwrap());
    let path = paths.into_iter().find(|path| guest.group_of(path) == group).unwrap();
    let client = guest.cluster.open_session(group, DEADLINE).await.unwrap();
    for sequence in 1.. {
        let contents = Contents::Inline(format!("{sequence}\n").into_bytes());
        let commit = Commit {
            group,
            epoch: guest.cluster.routes().epoch(),
            workspace: guest.workspace,
            client,
            sequence: Sequence(sequence),
            operations: vec![FileOperation::put(path.clone(), contents)],
        };
        guest.cluster.commit(&commit, DEADLINE).await.unwrap();
        track.tick();
    }
}
