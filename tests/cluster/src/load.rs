//! Clients at work on a cluster, and what is judged of what they saw.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use vraftls_harness::{DEADLINE, Random};
use vraftls_sim::linearizable::{Verdict, check};
use vraftls_vfs::ContentDigest;

use crate::guest::{Guest, Whom};
use crate::world::World;
use crate::writer::Writer;

/// How long the judge may search for each file.
const JUDGE: Duration = Duration::from_secs(60);

/// Clients that write and read as fast as they get answers.
pub struct Load {
    world: Arc<World>,
    /// Where the nodes are, from node 1 on.
    seeds: Vec<String>,
    stop: watch::Sender<bool>,
    writers: JoinSet<()>,
}

/// What was judged, and nothing found wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Judged {
    /// Reads and writes of one file each.
    pub n_operations: usize,
    /// Those of them of which nobody knows how they went.
    pub n_unknown: usize,
}

impl Load {
    /// Lets so many clients work. The cluster must have one workspace. `seed` decides what they try.
    ///
    /// # Errors
    /// What is wrong already, or which files cannot be written.
    pub async fn start(world: Arc<World>, seeds: Vec<String>, n_clients: u32, seed: u64) -> Result<Self, String> {
        let (stop, stopped) = watch::channel(false);
        let mut writers = JoinSet::new();
        for id in 0..n_clients {
            let random = Random::new(seed ^ (u64::from(id) + 1) << 32);
            let writer = Writer::new(id, Arc::clone(&world), Guest::new(&seeds).await, seeds.len() as u64, random);
            writers.spawn(writer.work(stopped.clone()));
        }
        let load = Self { world, seeds, stop, writers };
        load.goes_on(0).await?;
        Ok(load)
    }

    /// Returns when every file was written by somebody who began after now, and so many writes more were acknowledged.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn goes_on(&self, n_more: u64) -> Result<(), String> {
        self.world.all_written_anew(n_more).await?;
        self.world.violation().map_or(Ok(()), Err)
    }

    /// Lets the clients stop, reads every file at every node, and judges all that was seen.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn end(self) -> Result<Judged, String> {
        self.stop.send_replace(true);
        let ended = tokio::time::timeout(DEADLINE, self.writers.join_all()).await;
        ended.map_err(|_| format!("clients wait for answers after {DEADLINE:?}"))?;
        read_everywhere(&Guest::new(&self.seeds).await, &self.world, self.seeds.len() as u64).await?;
        judge(&self.world)
    }
}

/// Every node has the same files in the end, and their contents.
async fn read_everywhere(guest: &Guest, world: &World, n_nodes: u64) -> Result<(), String> {
    for node in 1..=n_nodes {
        let invoked = world.now();
        let at_node = |what: &str, error: String| format!("{what} cannot be had from node {node} in the end: {error}");
        let current = guest.current(Whom::Anybody, DEADLINE).await;
        let current = current.map_err(|error| at_node("the revision", error))?;
        let page = guest.files(Whom::Node(node), current, DEADLINE).await;
        let page = page.map_err(|error| at_node("the list of files", error))?;
        let (at, reader) = (world.now(), u32::MAX - u32::try_from(node).unwrap());
        world.note_read(reader, &page, invoked, at);
        for file in page.files {
            let text = guest.text(node, &file.path, file.digest, DEADLINE).await;
            let text = text.map_err(|error| at_node(file.path.as_str(), error))?;
            if ContentDigest::of(text.as_bytes()) != file.digest {
                return Err(format!("node {node} has other contents of {} than it says", file.path));
            }
        }
    }
    Ok(())
}

fn judge(world: &World) -> Result<Judged, String> {
    if let Some(violation) = world.violation() {
        return Err(violation);
    }
    let history = world.history();
    let n_unknown = history.iter().filter(|operation| operation.completed.is_none()).count();
    match check(&history, JUDGE) {
        Verdict::Linearizable => Ok(Judged { n_operations: history.len(), n_unknown }),
        Verdict::Violated { key, .. } => Err(format!("no single file could have had the history of {key}")),
        Verdict::Undecided { key } => Err(format!("nobody knows whether the history of {key} can be, after {JUDGE:?}")),
    }
}
