//! A client of a simulation: it writes and reads single values on whatever node it likes, tries again where that is sound, and
//! notes what it saw.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use vraftls_harness::Random;
use vraftls_raft::codec::Codec as _;
use vraftls_raft::error::{ErrorClass, LeaderHint, ProposeError, ReadError};
use vraftls_raft::group::{Group, ReadGuard};
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_raft::register;
use vraftls_vfs::{
    self as vfs, ClientId, ContentDigest, Contents, Expected, FileOperation, Request, Sequence, VfsPath,
};

use crate::history::{Action, Completed, Operation, Outcome};
use crate::ledger::digest;
use crate::machine::{Command, Kind, Machine, MachineCodec, Response, WORKSPACE};
use crate::node::{Running, kind_of};
use crate::world::World;

/// How a read makes sure that it sees what was written before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The leader asks a quorum.
    ReadIndex,
    /// The leader trusts its lease.
    Lease,
    /// It does not: a bug planted on purpose.
    Stale,
}

/// How long a client tries.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long it waits for one node.
const ATTEMPT: Duration = Duration::from_millis(900);

/// The keys of a group that are judged.
const KEYS: [&str; 3] = ["a", "b", "c"];

/// Keys of a register that expire.
const LEASES: [&str; 2] = ["lease/a", "lease/b"];

/// How far a client's clock is wrong at most, in milliseconds.
const SKEW_MS_MAX: usize = 500;

/// How a proposal ended.
pub(crate) enum End {
    Done {
        response: Response,
    },
    /// It did not happen and will not.
    Nothing,
    Unknown,
}

pub(crate) struct Client {
    id: u32,
    world: Arc<World>,
    random: Random,
    reads: Reads,
    skew_ms: u64,
    /// Who led a group last.
    leaders: BTreeMap<GroupId, NodeId>,
    sessions: BTreeMap<GroupId, (ClientId, u64)>,
    /// The revision of each group below which nothing may be shown to this client any more.
    floors: BTreeMap<GroupId, u64>,
    seen: BTreeMap<(GroupId, &'static str), Option<String>>,
}

impl Client {
    pub(crate) fn new(id: u32, world: Arc<World>, mut random: Random, reads: Reads) -> Self {
        let skew_ms = random.below(SKEW_MS_MAX) as u64;
        let (leaders, sessions, floors, seen) = Default::default();
        Self { id, world, random, reads, skew_ms, leaders, sessions, floors, seen }
    }

    /// Works until it is told to stop.
    pub(crate) async fn work(mut self, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            self.step().await;
            sleep(Duration::from_millis(self.random.below(60) as u64)).await;
        }
    }

    async fn step(&mut self) {
        let group = self.world.groups[self.random.below(self.world.groups.len())];
        let key = KEYS[self.random.below(KEYS.len())];
        match self.random.below(10) {
            0..4 => self.read(group, key).await,
            4..6 => self.read_at_least(group, key).await,
            6..8 => self.write(group, key, false).await,
            8 => self.write(group, key, true).await,
            _ => self.hold_lease(group).await,
        }
    }

    /// Sets a value, or replaces the one seen last.
    async fn write(&mut self, group: GroupId, key: &'static str, compares: bool) {
        let value = self.world.next_value();
        let expected = self.seen.get(&(group, key)).cloned().flatten();
        let action = if compares {
            Action::CompareAndSet { expected: expected.clone(), value: value.clone() }
        } else {
            Action::Set { value: value.clone() }
        };
        let Some(command) = self.command(group, key, &action).await else { return };
        let invoked = self.world.next_event();
        let is_numbered = kind_of(group) == Kind::Files;
        let completed = match self.propose(group, &command, is_numbered).await {
            End::Nothing => return,
            End::Unknown => None,
            End::Done { response } => match outcome_of(&response) {
                Ok(outcome) => Some(Completed { at: self.world.next_event(), outcome }),
                Err(what) => {
                    self.violate(format!("group {group}, key {key}: {what}"));
                    return;
                }
            },
        };
        if completed.as_ref().is_some_and(|completed| completed.outcome == Outcome::Written) {
            self.seen.insert((group, key), Some(value));
        }
        self.note(group, key, action, invoked, completed);
    }

    async fn command(&mut self, group: GroupId, key: &str, action: &Action) -> Option<Command> {
        if kind_of(group) == Kind::Register {
            let (key, now_ms) = (key.as_bytes().to_vec(), self.now_ms());
            let operation = match action {
                Action::Get => register::Operation::Get { key },
                Action::Set { value } => {
                    register::Operation::Set { key, value: value.clone().into(), expires_ms: None }
                }
                Action::CompareAndSet { expected, value } => {
                    let expected = expected.clone().map(String::into_bytes);
                    register::Operation::CompareAndSet { key, expected, value: value.clone().into() }
                }
            };
            return Some(Command::Register(register::Command { now_ms, operation }));
        }
        let (expected, value) = match action {
            Action::Get => return None,
            Action::Set { value } => (Expected::Anything, value),
            Action::CompareAndSet { expected: None, value } => (Expected::Nothing, value),
            Action::CompareAndSet { expected: Some(expected), value } => {
                (Expected::Digest(ContentDigest::of(expected.as_bytes())), value)
            }
        };
        let path = VfsPath::new(key).expect("our keys are paths");
        let contents = Contents::Inline(value.clone().into());
        let operations = vec![FileOperation::Write { path, expected, contents }];
        self.numbered(group, Request::Batch { workspace: WORKSPACE, operations }).await
    }

    /// The next request of this client's session with a group.
    pub(crate) async fn numbered(&mut self, group: GroupId, request: Request) -> Option<Command> {
        if !self.sessions.contains_key(&group) {
            // Opening one twice harms nobody, so it may be tried again by its like.
            let open = Command::Files(vfs::Command::OpenSession);
            let End::Done { response: Response::Files(Ok(vfs::Applied::SessionOpened { client })) } =
                self.propose(group, &open, true).await
            else {
                return None;
            };
            self.sessions.insert(group, (client, 0));
        }
        let (client, sequence) = self.sessions.get_mut(&group)?;
        *sequence += 1;
        Some(Command::Files(vfs::Command::Once { client: *client, sequence: Sequence(*sequence), request }))
    }

    /// Sets a key that expires; nobody judges what is there, but the replicas have to agree.
    async fn hold_lease(&mut self, group: GroupId) {
        if kind_of(group) == Kind::Files {
            return;
        }
        let key = LEASES[self.random.below(LEASES.len())].as_bytes().to_vec();
        let expires_ms = Some(self.now_ms() + self.random.below(2000) as u64);
        let operation = register::Operation::Set { key, value: self.world.next_value().into(), expires_ms };
        let command = Command::Register(register::Command { now_ms: self.now_ms(), operation });
        self.propose(group, &command, false).await;
    }

    fn now_ms(&self) -> u64 {
        self.world.now_ms() + self.skew_ms
    }

    fn violate(&self, what: String) {
        self.world.ledger().violate(|| what);
    }

    fn note(&self, group: GroupId, key: &str, action: Action, invoked: u64, completed: Option<Completed>) {
        let operation = Operation { client: self.id, key: format!("{group}/{key}"), action, invoked, completed };
        self.world.tell(|| {
            format!("client {}: {} {:?} -> {:?}", self.id, operation.key, operation.action, operation.completed)
        });
        self.world.record(operation);
    }

    /// Whoever led last, or anybody.
    fn target(&mut self, group: GroupId) -> Option<Running> {
        let anybody = self.world.nodes[self.random.below(self.world.nodes.len())];
        let node = self.leaders.get(&group).copied().unwrap_or(anybody);
        let running = self.world.node(node).filter(|running| is_member(running, group));
        if running.is_none() {
            self.leaders.remove(&group);
        }
        running
    }

    fn follow(&mut self, group: GroupId, hint: Option<&LeaderHint>) {
        match hint {
            Some(hint) => drop(self.leaders.insert(group, hint.node)),
            None => drop(self.leaders.remove(&group)),
        }
    }

    async fn wait_a_little(&mut self) {
        sleep(Duration::from_millis(10 + self.random.below(50) as u64)).await;
    }

    /// Waits until a node is not frozen.
    async fn thaw(&self, node: NodeId) {
        while let Some(until) = self.world.network.frozen_until(node) {
            sleep_until(until).await;
        }
    }

    /// Proposes until it is known how it went, or patience ends. What is numbered is repeated when that is unknown.
    pub(crate) async fn propose(&mut self, group: GroupId, command: &Command, is_numbered: bool) -> End {
        let deadline = Instant::now() + PATIENCE;
        let mut is_open = false;
        while Instant::now() < deadline {
            let Some(running) = self.target(group) else {
                self.wait_a_little().await;
                continue;
            };
            let node = running.life.0;
            self.thaw(node).await;
            let until = deadline.min(Instant::now() + ATTEMPT);
            let proposed = running.during_life(running.groups[&group].propose(command, until)).await;
            self.thaw(node).await;
            match proposed {
                Some(Ok(proposed)) if !self.random.once_in(40) => {
                    let mut encoded = Vec::new();
                    MachineCodec::encode(command, &mut encoded);
                    self.world.ledger().acknowledged(group, proposed.log_index, digest(&encoded));
                    self.leaders.insert(group, node);
                    self.raise_floor(group, proposed.log_index);
                    return End::Done { response: proposed.response };
                }
                // The node crashed, or the answer was lost on its way.
                None | Some(Ok(_)) => is_open = true,
                Some(Err(error)) => match (error.class(), error) {
                    (ErrorClass::Redirect | ErrorClass::Retry, ProposeError::NotLeader { leader }) => {
                        self.follow(group, leader.as_ref());
                    }
                    (ErrorClass::Redirect | ErrorClass::Retry, _) => {}
                    (ErrorClass::Unknown, _) => {
                        self.leaders.remove(&group);
                        is_open = true;
                    }
                    (ErrorClass::Reject, error) => {
                        self.violate(format!("group {group}: a sound command was refused: {error}"));
                        return End::Unknown;
                    }
                },
            }
            if is_open && !is_numbered {
                return End::Unknown;
            }
            self.wait_a_little().await;
        }
        if is_open { End::Unknown } else { End::Nothing }
    }

    /// Reads on any replica what is there now.
    async fn read(&mut self, group: GroupId, key: &'static str) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let invoked = self.world.next_event();
            let node = self.world.nodes[self.random.below(self.world.nodes.len())];
            if let Some(replica) = self.world.node(node).filter(|replica| is_member(replica, group))
                && let Some(found) = self.read_on(&replica, group, key, deadline).await
            {
                let outcome = Outcome::Read(found.clone());
                self.seen.insert((group, key), found);
                let completed = Some(Completed { at: self.world.next_event(), outcome });
                self.note(group, key, Action::Get, invoked, completed);
                return;
            }
            self.wait_a_little().await;
        }
    }

    /// Reads all keys of a group.
    pub(crate) async fn read_all(&mut self, group: GroupId) {
        for key in KEYS {
            self.read(group, key).await;
        }
    }

    /// The value on one replica, once this one has what it needs to know; nothing if it does not get that far.
    async fn read_on(
        &mut self,
        replica: &Running,
        group: GroupId,
        key: &'static str,
        deadline: Instant,
    ) -> Option<Option<String>> {
        let until = deadline.min(Instant::now() + ATTEMPT);
        self.thaw(replica.life.0).await;
        let index = match self.reads {
            Reads::ReadIndex => self.read_index(group, ReadGuard::ReadIndex, until).await?,
            Reads::Lease => self.read_index(group, ReadGuard::Lease, until).await?,
            Reads::Stale => 0,
        };
        let (revision, found) = self.look(replica, group, key, index, until).await?;
        self.raise_floor(group, revision);
        Some(found)
    }

    /// Asks the leader from which index on a replica's state will do.
    async fn read_index(&mut self, group: GroupId, guard: ReadGuard, until: Instant) -> Option<u64> {
        let leader = self.target(group)?;
        self.thaw(leader.life.0).await;
        let index = leader.during_life(leader.groups[&group].read_index(guard, until)).await?;
        self.thaw(leader.life.0).await;
        match index {
            Ok(index) => Some(index),
            Err(ReadError::NotLeader { leader }) => {
                self.follow(group, leader.as_ref());
                None
            }
            Err(_) => {
                self.leaders.remove(&group);
                None
            }
        }
    }

    /// What a replica shows once it has applied an index, and the revision of that.
    async fn look(
        &self,
        replica: &Running,
        group: GroupId,
        key: &'static str,
        index: u64,
        until: Instant,
    ) -> Option<(u64, Option<String>)> {
        let member: &Group<Machine> = &replica.groups[&group];
        let look = async {
            member.wait_applied(index, until).await.ok()?;
            let see = move |machine: &Machine, applied: &vraftls_raft::machine::Applied| {
                (applied.last.map_or(0, |last| last.index), machine.get(key))
            };
            member.inspect(see).await.ok()
        };
        let (revision, found) = replica.during_life(look).await??;
        self.thaw(replica.life.0).await;
        let known = self.world.ledger().value_at(group, key, revision);
        if known != found {
            self.violate(format!(
                "group {group}, key {key}: node {} shows {found:?} at {revision}, there was {known:?}",
                replica.life.0
            ));
        }
        Some((revision, found.map(|found| self.world.contents_of(found))))
    }

    /// Reads on any replica what is there at the last revision this client knows of, or later.
    async fn read_at_least(&mut self, group: GroupId, key: &'static str) {
        let node = self.world.nodes[self.random.below(self.world.nodes.len())];
        let Some(replica) = self.world.node(node).filter(|replica| is_member(replica, group)) else { return };
        self.thaw(node).await;
        let floor = self.floors.get(&group).copied().unwrap_or(0);
        let Some((revision, _)) = self.look(&replica, group, key, floor, Instant::now() + ATTEMPT).await else {
            return;
        };
        if revision < floor {
            self.violate(format!("group {group}: node {node} went back from revision {floor} to {revision}"));
        }
        self.raise_floor(group, revision);
    }

    fn raise_floor(&mut self, group: GroupId, revision: u64) {
        let floor = self.floors.entry(group).or_insert(revision);
        *floor = revision.max(*floor);
    }
}

/// Whether a node belongs to a group as far as it knows: one that was removed may not know it yet.
fn is_member(replica: &Running, group: GroupId) -> bool {
    replica.groups[&group].status().membership.nodes.contains_key(&replica.life.0)
}

/// What a response says of a write.
fn outcome_of(response: &Response) -> Result<Outcome, String> {
    match response {
        Response::Register(register::Response::Value(_)) | Response::Files(Ok(vfs::Applied::Batch { .. })) => {
            Ok(Outcome::Written)
        }
        Response::Register(register::Response::Mismatch(_)) | Response::Files(Err(vfs::Refusal::Conflict { .. })) => {
            Ok(Outcome::Mismatch)
        }
        Response::Files(other) => Err(format!("a write was answered with {other:?}")),
    }
}
