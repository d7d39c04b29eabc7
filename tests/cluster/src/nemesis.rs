//! What goes wrong with a node, or is asked of it while everybody works.

use std::path::Path;

use vraftls_harness::{Cut, Network, Random, TestCluster};

use crate::world::World;

/// How many writes are acknowledged at most, beyond one of each file, before a fault ends or the next begins.
const N_WRITES_MAX: usize = 60;

/// Something that may not keep the others from working.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `kill -9`, and a start on the same directory.
    Kill,
    /// `SIGSTOP` and `SIGCONT`.
    Freeze,
    /// Its connections are refused.
    Refuse,
    /// Its network swallows everything.
    Silence,
    /// Its network swallows everything but what guests say and are told.
    Part,
    /// Its network swallows what it asks other nodes.
    Mute,
    /// Other replicas shall lead.
    Transfer,
    /// It is relieved of what it has, as far as there is somebody else.
    Drain,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Kill, Self::Freeze, Self::Refuse, Self::Silence, Self::Part, Self::Mute, Self::Transfer, Self::Drain];
}

/// Whoever does it.
pub(crate) struct Nemesis<'a> {
    pub(crate) cluster: &'a mut TestCluster,
    pub(crate) network: &'a Network,
    pub(crate) world: &'a World,
    pub(crate) random: Random,
    pub(crate) n_nodes: u64,
    pub(crate) n_groups: u32,
}

impl Nemesis<'_> {
    /// Does it to some node, waits until every file could be written in spite of it, ends it, and waits again.
    ///
    /// # Errors
    /// What the others could not do meanwhile, or behind it.
    pub(crate) async fn hit(&mut self, fault: Fault) -> Result<(), String> {
        let node = self.any_node();
        self.begin(fault, node).await;
        let during = self.go_on().await;
        self.end(fault, node).await;
        during.map_err(|error| format!("while {fault:?} held node {node}: {error}"))?;
        self.go_on().await.map_err(|error| format!("after {fault:?} of node {node}: {error}"))
    }

    fn any_node(&mut self) -> u64 {
        1 + self.random.below(self.n_nodes as usize) as u64
    }

    async fn go_on(&mut self) -> Result<(), String> {
        self.world.all_written_anew(self.random.below(N_WRITES_MAX) as u64).await
    }

    async fn begin(&mut self, fault: Fault, node: u64) {
        match fault {
            Fault::Kill => self.cluster.kill(node).await,
            Fault::Freeze => self.cluster.freeze(node).await,
            Fault::Refuse => self.network.cut(node, Cut::Refused),
            Fault::Silence => self.network.cut(node, Cut::Silent),
            Fault::Part => self.network.cut(node, Cut::SilentAmongNodes),
            Fault::Mute => self.network.cut(node, Cut::Mute),
            Fault::Transfer => {
                for group in 1..=self.n_groups {
                    let to = self.any_node();
                    self.command(&["cluster", "transfer-leader", &group.to_string(), &to.to_string()]).await;
                }
            }
            Fault::Drain => self.command(&["cluster", "drain", &node.to_string(), "--force"]).await,
        }
    }

    async fn end(&mut self, fault: Fault, node: u64) {
        match fault {
            Fault::Kill => self.cluster.restart(node).await,
            Fault::Freeze => self.cluster.thaw(node).await,
            Fault::Refuse | Fault::Silence | Fault::Part | Fault::Mute => self.network.heal(node),
            Fault::Transfer => {}
            Fault::Drain => {
                self.command(&["cluster", "drain", &node.to_string(), "--undo"]).await;
                // Without the third replica no other may be lost.
                self.cluster.until_whole().await;
            }
        }
    }

    /// All nodes can be reached now, so it must succeed.
    async fn command(&self, arguments: &[&str]) {
        let ran = self.cluster.run(Path::new("."), arguments).await;
        if ran.code != 0 {
            self.world.violate(format!("{arguments:?}: {ran:?}"));
        }
    }
}
