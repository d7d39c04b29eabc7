//! A client of a run: it writes and reads files as fast as it gets answers, and notes what it saw.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use vraftls_client::CommitFailure;
use vraftls_harness::Random;
use vraftls_proto::rpc::Commit;
use vraftls_sim::history::{Action, Outcome};
use vraftls_vfs::{Applied, ClientId, ContentDigest, Contents, Expected, FileOperation, Refusal, Sequence, VfsPath};

use crate::guest::{Guest, Whom};
use crate::world::{Value, World};

/// How long a commit is pursued before its number is sent once more.
const COMMIT: Duration = Duration::from_secs(10);

/// How often it is sent once more.
const N_REPEATS_MAX: usize = 4;

/// How long a read may take that asks anybody.
const READ: Duration = Duration::from_secs(10);

/// How long a certain node may take: it may be the one that is dead.
const NODE: Duration = Duration::from_secs(1);

/// What became of a commit.
enum End {
    Done(Outcome),
    /// It did not happen and will not.
    Nothing,
    Unknown,
}

pub(crate) struct Writer {
    id: u32,
    world: Arc<World>,
    guest: Guest,
    n_nodes: u64,
    random: Random,
    /// The session of each group, and the number of its last commit.
    sessions: BTreeMap<u32, (ClientId, u64)>,
    seen: BTreeMap<VfsPath, Option<(String, ContentDigest)>>,
}

impl Writer {
    pub(crate) fn new(id: u32, world: Arc<World>, guest: Guest, n_nodes: u64, random: Random) -> Self {
        Self { id, world, guest, n_nodes, random, sessions: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// Works until it is told to stop.
    pub(crate) async fn work(mut self, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            self.step().await;
            // Where nothing can be had, others go on.
            tokio::task::yield_now().await;
        }
    }

    async fn step(&mut self) {
        let key = self.world.keys()[self.random.below(self.world.keys().len())].clone();
        match self.random.below(10) {
            0..2 => self.read(Whom::Anybody, Whom::Anybody, READ).await,
            2..4 => {
                let (asked, reads) = (self.any_node(), self.any_node());
                self.read(asked, reads, NODE).await;
            }
            4..8 => self.write(key, false, false).await,
            8 => self.write(key, false, true).await,
            _ => self.write(key, true, false).await,
        }
    }

    fn any_node(&mut self) -> Whom {
        Whom::Node(1 + self.random.below(self.n_nodes as usize) as u64)
    }

    /// Reads all files. What fails has seen nothing.
    async fn read(&mut self, asked: Whom, reads: Whom, patience: Duration) {
        let invoked = self.world.now();
        let Ok(at_least) = self.guest.current(asked, patience).await else { return };
        let Ok(page) = self.guest.files(reads, at_least.clone(), patience).await else { return };
        let at = self.world.now();
        if !page.revisions.covers(&at_least) {
            self.world.violate(format!("{reads:?} was asked for {at_least:?} and answered at {:?}", page.revisions));
        }
        self.seen.extend(self.world.note_read(self.id, &page, invoked, at));
    }

    /// Sets a file, or replaces what was seen last.
    async fn write(&mut self, key: VfsPath, compares: bool, is_large: bool) {
        let value = self.world.next_value(is_large);
        let expected = self.seen.get(&key).cloned().flatten().filter(|_| compares);
        let (action, expected) = match expected {
            Some((was, digest)) => {
                let action = Action::CompareAndSet { expected: Some(was), value: value.name.clone() };
                (action, Expected::Digest(digest))
            }
            None => (Action::Set { value: value.name.clone() }, Expected::Anything),
        };
        let group = self.guest.group_of(&key);
        let Some(contents) = self.contents(group, &value, is_large).await else { return };
        let operation = FileOperation::Write { path: key.clone(), expected, contents };
        let Some(commit) = self.commit(group, operation).await else { return };
        let invoked = self.world.now();
        let outcome = match self.pursue(&commit).await {
            End::Nothing => return,
            End::Unknown => None,
            End::Done(outcome) => Some(outcome),
        };
        if outcome == Some(Outcome::Written) {
            self.seen.insert(key.clone(), Some((value.name, value.digest)));
        }
        self.world.note_write(self.id, &key, action, invoked, outcome);
    }

    /// The contents as they are committed: those that are large are sent before.
    async fn contents(&self, group: u32, value: &Value, is_large: bool) -> Option<Contents> {
        if !is_large {
            return Some(Contents::Inline(value.contents.clone()));
        }
        self.guest.cluster.put(group, vec![value.contents.clone()], COMMIT).await.ok()?;
        Some(Contents::Stored { digest: value.digest, size_bytes: value.contents.len() as u64 })
    }

    /// The next commit of the session with a group, which is opened where there is none.
    async fn commit(&mut self, group: u32, operation: FileOperation) -> Option<Commit> {
        if !self.sessions.contains_key(&group) {
            let client = self.guest.cluster.open_session(group, COMMIT).await.ok()?;
            self.sessions.insert(group, (client, 0));
        }
        let (client, sequence) = self.sessions.get_mut(&group)?;
        *sequence += 1;
        Some(Commit {
            group,
            epoch: self.guest.cluster.routes().epoch(),
            workspace: self.guest.workspace,
            client: *client,
            sequence: Sequence(*sequence),
            operations: vec![operation],
        })
    }

    /// Sends a commit until its outcome is known, always with the same number.
    async fn pursue(&mut self, commit: &Commit) -> End {
        let mut is_doubtful = false;
        for _ in 0..=N_REPEATS_MAX {
            match self.guest.cluster.commit(commit, COMMIT).await {
                Ok(Applied::Batch { n_changed: 1, .. }) => return End::Done(Outcome::Written),
                Err(CommitFailure::Refused(Refusal::Conflict { .. })) => return End::Done(Outcome::Mismatch),
                Err(CommitFailure::Unknown(_)) => is_doubtful = true,
                Err(CommitFailure::Refused(Refusal::NoSuchSession { .. } | Refusal::AnswerForgotten { .. })) => {
                    self.sessions.remove(&commit.group);
                    return End::Unknown;
                }
                // What may have been done before is not undone by this.
                Err(_) if is_doubtful => {}
                Err(_) => return End::Nothing,
                Ok(other) => {
                    self.world.violate(format!("{commit:?} was answered with {other:?}"));
                    return End::Unknown;
                }
            }
        }
        End::Unknown
    }
}
