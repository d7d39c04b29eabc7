//! All nodes of a simulation with their disks: starting and crashing them.

use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_harness::Random;
use vraftls_raft::ids::NodeId;

use crate::disk::Flaw;
use crate::node::{self, Disks};
use crate::world::World;

pub(crate) struct Nodes {
    world: Arc<World>,
    disks: BTreeMap<NodeId, Disks>,
    /// How many lives each had.
    lives: BTreeMap<NodeId, u64>,
}

impl Nodes {
    /// None of them runs yet.
    pub(crate) fn new(world: Arc<World>, flaw: Option<Flaw>) -> Self {
        let disks = world.nodes.iter().map(|node| (*node, Disks::new(&world.groups, flaw))).collect();
        Self { world, disks, lives: BTreeMap::new() }
    }

    /// Those that do not run.
    pub(crate) fn down(&self) -> Vec<NodeId> {
        let running = self.world.running();
        self.world.nodes.iter().copied().filter(|node| !running.contains_key(node)).collect()
    }

    pub(crate) async fn start(&mut self, node: NodeId) -> Result<(), String> {
        let life = self.lives.entry(node).or_insert(0);
        *life += 1;
        let running = node::start(&self.world, (node, *life), &self.disks[&node]).await?;
        self.world.running().insert(node, running);
        Ok(())
    }

    pub(crate) async fn start_all(&mut self) -> Result<(), String> {
        for node in self.down() {
            self.start(node).await?;
        }
        Ok(())
    }

    pub(crate) fn crash(&mut self, node: NodeId, random: &mut Random) {
        let Some(running) = self.world.running().remove(&node) else { return };
        let left = node::crash(&self.world, running, &self.disks[&node], random);
        self.disks.insert(node, left);
    }
}
