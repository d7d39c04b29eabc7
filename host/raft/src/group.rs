//! A running group: one replica of a replicated state machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use openraft::errors::{ClientWriteError, Fatal, ForwardToLeader, RaftError};
use openraft::{Raft, ReadPolicy};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use crate::adapter::MachineAdapter;
use crate::codec::Codec;
use crate::config::GroupConfig;
use crate::error::{
    InitializeError, LeaderHint, ProposeError, ReadError, StartError, StorageError, UnknownReason, WaitError,
};
use crate::ids::{GroupId, NodeId, Peer};
use crate::log::{GroupLog, LogStore, OpenGroupError};
use crate::machine::{Applied, SnapshotView, StateMachine};
use crate::network::client::ClientFactory;
use crate::network::server::GroupEndpoint;
use crate::network::{Endpoint, Network};
use crate::pulse::Pulse;
use crate::snapshot::Spool;
use crate::status::{GroupStatus, Leadership, Role};
use crate::types::{CommandBytes, ResponseBytes, Types};
use crate::{blocking, settings, types};

/// How long a caller that met a full queue should wait.
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(20);

/// How long a disk may take to let a lone replica lead: some hundred times what a slow one needs.
const ALONE_PATIENCE: Duration = Duration::from_secs(60);

/// How a linearizable read makes sure that no newer leader has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReadGuard {
    /// Ask a quorum. Safe whatever the clocks do.
    #[default]
    ReadIndex,
    /// Trust the leader's lease, without a message. Wrong if clocks drift by more than the lease, or if a suspended
    /// machine resumes and its monotonic clock stood still: only for callers that chose it.
    Lease,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed<R> {
    /// Where it stands in the log; the state's revision once it is applied.
    pub log_index: u64,
    /// What the machine answered.
    pub response: R,
}

/// A handle to one replica of a group. Clones share the replica; it runs until [`shutdown`](Self::shutdown).
///
/// Needs a tokio runtime with time enabled. The runtime must not run long computations on its threads: the group's
/// timers wait for them, and a leader that is late is voted out.
pub struct Group<M: StateMachine> {
    raft: Raft<Types, MachineAdapter<M>>,
    machine: MachineAdapter<M>,
    log: GroupLog,
    endpoint: Arc<GroupEndpoint<M>>,
    limits: Arc<Limits>,
    group: GroupId,
    node: NodeId,
    may_lead: bool,
    heartbeat_interval: Duration,
    election_timeout_max: Duration,
    tasks: Arc<Tasks>,
}

/// The tasks that take snapshot points when the log has grown, and that follow the node's beat.
struct Tasks(Vec<AbortHandle>);

impl Tasks {
    fn end(&self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.end();
    }
}

/// What bounds the proposals in flight.
struct Limits {
    proposals: Semaphore,
    kibibytes: Semaphore,
    command_bytes_max: usize,
}

impl<M: StateMachine> Clone for Group<M> {
    fn clone(&self) -> Self {
        Self {
            raft: self.raft.clone(),
            machine: self.machine.clone(),
            log: self.log.clone(),
            endpoint: Arc::clone(&self.endpoint),
            limits: Arc::clone(&self.limits),
            group: self.group,
            node: self.node,
            may_lead: self.may_lead,
            heartbeat_interval: self.heartbeat_interval,
            election_timeout_max: self.election_timeout_max,
            tasks: Arc::clone(&self.tasks),
        }
    }
}

impl<M: StateMachine> Group<M> {
    /// Recovers the replica from `log` and from the machine's own storage, and starts it.
    ///
    /// A replica that is the only voter of its group leads when this returns, a few barriers later; one with peers
    /// waits for a leader to show itself first. A replica that never belonged to a group waits to be
    /// [formed](Self::initialize) or added.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn start(
        mut config: GroupConfig,
        log: &LogStore,
        machine: M,
        network: Arc<dyn Network>,
    ) -> Result<Self, StartError> {
        let group = config.group;
        config.heartbeat_interval = config.pulse.as_ref().map_or(config.heartbeat_interval, Pulse::interval);
        let core = settings::core_config(&config).map_err(|detail| StartError::Config { group, detail })?;
        let (log, machine, spool) = open_storage(&config, log.clone(), machine).await?;
        let factory = ClientFactory { network, group, node: config.node, append_timeout: config.election_timeout_max };
        let recovery = |reason| StartError::Recovery { group, reason };
        let raft = Raft::new(config.node, Arc::new(core), factory, log.clone(), machine.clone())
            .await
            .map_err(|fatal| recovery(fatal.to_string()))?;
        let (growth, growing) = (machine.growth(), raft.clone());
        let taking = async move {
            loop {
                growth.is_enough().await;
                if growing.trigger().snapshot().await.is_err() {
                    return;
                }
            }
        };
        let beating = config.pulse.as_ref().map(|pulse| pulse.drive(raft.clone()));
        let tasks = std::iter::once(tokio::spawn(taking).abort_handle()).chain(beating);
        let this = Self {
            endpoint: Arc::new(GroupEndpoint { raft: raft.clone(), spool: Arc::new(spool), may_lead: config.may_lead }),
            raft,
            machine,
            log,
            limits: Arc::new(Limits {
                proposals: Semaphore::new(config.proposals_in_flight_max),
                kibibytes: Semaphore::new(config.proposal_bytes_in_flight_max.div_ceil(1024)),
                command_bytes_max: config.command_bytes_max,
            }),
            group,
            node: config.node,
            may_lead: config.may_lead,
            heartbeat_interval: config.heartbeat_interval,
            election_timeout_max: config.election_timeout_max,
            tasks: Arc::new(Tasks(tasks.collect())),
        };
        if let Err(reason) = this.lead_if_alone().await {
            this.shutdown().await;
            return Err(recovery(reason));
        }
        Ok(this)
    }

    /// Nobody else can lead, so there is no silence to wait for.
    async fn lead_if_alone(&self) -> Result<(), String> {
        let node = self.node;
        let is_alone = self
            .raft
            .with_raft_state(move |state| {
                let membership = state.membership_state.effective().membership();
                types::membership_out(membership).is_sole_voter(node)
            })
            .await
            .map_err(|fatal| fatal.to_string())?;
        if !is_alone || !self.may_lead {
            return Ok(());
        }
        self.raft.trigger().elect(false).await.map_err(|fatal| fatal.to_string())?;
        self.wait_until_leading().await.map_err(|error| error.to_string())
    }

    /// Only the disk is waited for: it is there or it stops the group.
    async fn wait_until_leading(&self) -> Result<(), WaitError> {
        let deadline = Instant::now() + ALONE_PATIENCE;
        self.wait_for_leadership("leadership", deadline, |now| now.role == Role::Leader).await.map(drop)
    }

    /// Forms the group out of `members`, all of them voters. To be called on one of them, once in the group's life.
    ///
    /// # Errors
    /// [`InitializeError::AlreadyFormed`] if this replica has a history; a repeated bootstrap may ignore that.
    pub async fn initialize(&self, members: BTreeMap<NodeId, Peer>) -> Result<(), InitializeError> {
        use openraft::errors::InitializeError as Core;
        if !self.may_lead {
            return Err(InitializeError::MayNotLead);
        }
        match self.raft.initialize(members).await {
            Ok(()) => Ok(()),
            Err(RaftError::APIError(Core::NotAllowed(found))) => {
                Err(InitializeError::AlreadyFormed { last: found.last_log_id.as_ref().map(types::log_id_out) })
            }
            Err(RaftError::APIError(Core::NotInMembers(found))) => {
                Err(InitializeError::NotAMember { node: found.node_id })
            }
            Err(RaftError::Fatal(fatal)) => Err(InitializeError::Stopped { reason: fatal.to_string() }),
        }
    }

    /// Forms a group of this replica alone, which leads it when this returns.
    ///
    /// # Errors
    /// As [`initialize`](Self::initialize).
    pub async fn initialize_single(&self, peer: Peer) -> Result<(), InitializeError> {
        self.initialize(BTreeMap::from([(self.node, peer)])).await?;
        self.wait_until_leading().await.map_err(|error| InitializeError::Stopped { reason: error.to_string() })
    }

    /// Proposes a command and waits until it is applied here, at most until `deadline`.
    ///
    /// The command is durable on a majority, and its effect visible to reads of this replica, when this returns `Ok`.
    ///
    /// # Errors
    /// [`ProposeError`], whose [`class`](ProposeError::class) says what to do. A passed deadline is an *unknown*
    /// outcome: the command may still be applied, so a retry must carry the same request id.
    pub async fn propose(
        &self,
        command: &M::Command,
        deadline: Instant,
    ) -> Result<Proposed<M::Response>, ProposeError> {
        let (log_index, response) = self.write(self.encode(command)?, deadline).await?;
        decode_response::<M>(log_index, &response)
    }

    /// As [`propose`](Self::propose), with a command that is encoded already; gives the index and the encoded response. The command must
    /// be one that [`StateMachine::Codec`] decodes: every replica stops at one that is not.
    ///
    /// # Errors
    /// As [`propose`](Self::propose).
    pub async fn propose_encoded(&self, command: Arc<[u8]>, deadline: Instant) -> Result<(u64, Vec<u8>), ProposeError> {
        self.write(self.check_length(CommandBytes(command))?, deadline).await
    }

    async fn write(&self, command: CommandBytes, deadline: Instant) -> Result<(u64, ResponseBytes), ProposeError> {
        let _permits = self.limits.admit(1, command.0.len())?;
        match timeout_at(deadline, self.raft.client_write(command)).await {
            Err(_) => Err(ProposeError::Unknown { reason: UnknownReason::Deadline }),
            Ok(Ok(written)) => Ok((written.log_id.index, written.data)),
            Ok(Err(RaftError::APIError(error))) => Err(write_error(error)),
            Ok(Err(RaftError::Fatal(fatal))) => Err(stopped_write(&fatal)),
        }
    }

    /// Proposes commands in order, as one batch of the log: one barrier for all of them.
    ///
    /// They are not atomic: each has its own result, in the order of the commands, and a change of leader may cut the
    /// batch. A `Busy` or `TooLarge` result means that none was proposed.
    pub async fn propose_many(
        &self,
        commands: &[M::Command],
        deadline: Instant,
    ) -> Vec<Result<Proposed<M::Response>, ProposeError>> {
        let refuse_all = |error: ProposeError| commands.iter().map(|_| Err(error.clone())).collect();
        let encoded: Result<Vec<CommandBytes>, ProposeError> = commands.iter().map(|c| self.encode(c)).collect();
        let encoded = match encoded {
            Ok(encoded) => encoded,
            Err(error) => return refuse_all(error),
        };
        let bytes = encoded.iter().map(|command| command.0.len()).sum();
        let _permits = match self.limits.admit(encoded.len(), bytes) {
            Ok(permits) => permits,
            Err(error) => return refuse_all(error),
        };
        let mut results = Vec::with_capacity(commands.len());
        let mut cut = UnknownReason::Deadline;
        match timeout_at(deadline, self.raft.client_write_many(encoded)).await {
            Err(_) => {}
            Ok(Err(fatal)) => cut = UnknownReason::Stopped(fatal.to_string()),
            Ok(Ok(mut written)) => {
                while let Ok(Some(item)) = timeout_at(deadline, written.next()).await {
                    results.push(match item {
                        Ok(Ok(written)) => decode_response::<M>(written.log_id.index, &written.response),
                        Ok(Err(error)) => Err(write_error(error)),
                        Err(fatal) => Err(stopped_write(&fatal)),
                    });
                }
            }
        }
        results.resize_with(commands.len(), || Err(ProposeError::Unknown { reason: cut.clone() }));
        results
    }

    fn encode(&self, command: &M::Command) -> Result<CommandBytes, ProposeError> {
        let mut encoded = Vec::new();
        M::Codec::encode(command, &mut encoded);
        self.check_length(CommandBytes(encoded.into()))
    }

    fn check_length(&self, command: CommandBytes) -> Result<CommandBytes, ProposeError> {
        let (bytes, bytes_max) = (command.0.len(), self.limits.command_bytes_max);
        if bytes > bytes_max { Err(ProposeError::TooLarge { bytes, bytes_max }) } else { Ok(command) }
    }

    /// Waits until this replica's state holds everything that was acknowledged anywhere before the call, and returns
    /// the index that was waited for. A read of the state after it is linearizable. Leader only.
    ///
    /// # Errors
    /// [`ReadError`]; it never leaves anything behind.
    pub async fn read_barrier(&self, guard: ReadGuard, deadline: Instant) -> Result<u64, ReadError> {
        let index = self.read_index(guard, deadline).await?;
        self.wait_applied(index, deadline).await?;
        Ok(index)
    }

    /// The index that a linearizable read anywhere in the group must wait for. Leader only; a follower asks the leader
    /// for it, then [waits](Self::wait_applied) and reads its own state.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read_index(&self, guard: ReadGuard, deadline: Instant) -> Result<u64, ReadError> {
        use openraft::errors::LinearizableReadError as Core;
        let policy = match guard {
            ReadGuard::ReadIndex => ReadPolicy::ReadIndex,
            ReadGuard::Lease => ReadPolicy::LeaseRead,
        };
        match timeout_at(deadline, self.raft.get_read_linearizer(policy)).await {
            Err(_) => Err(ReadError::Deadline),
            Ok(Ok(linearizer)) => Ok(linearizer.read_log_id().index()),
            Ok(Err(RaftError::APIError(Core::ForwardToLeader(forward)))) => {
                Err(ReadError::NotLeader { leader: leader_hint(&forward) })
            }
            Ok(Err(RaftError::APIError(Core::QuorumNotEnough(_)))) => Err(ReadError::NoQuorum),
            Ok(Err(RaftError::Fatal(fatal))) => Err(ReadError::Stopped { reason: fatal.to_string() }),
        }
    }

    /// Waits until this replica has applied the entry at `index`: read-your-writes on any replica.
    ///
    /// # Errors
    /// [`ReadError::Deadline`] or [`ReadError::Stopped`].
    pub async fn wait_applied(&self, index: u64, deadline: Instant) -> Result<(), ReadError> {
        let is_applied = |status: &GroupStatus| status.applied.is_some_and(|applied| applied.index >= index);
        match self.wait_for("the state to catch up", deadline, is_applied).await {
            Ok(_) => Ok(()),
            Err(WaitError::Deadline { .. }) => Err(ReadError::Deadline),
            Err(WaitError::Stopped { reason }) => Err(ReadError::Stopped { reason }),
        }
    }

    /// Looks at the machine between two batches, off the async threads. For machines without a reader handle of their
    /// own, and for tests; consistency is whatever the caller waited for before.
    ///
    /// # Errors
    /// [`StorageError`] if the machine has failed.
    pub async fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&M, &Applied) -> T + Send + 'static,
    ) -> Result<T, StorageError> {
        self.machine.inspect(look).await
    }

    /// A consistent view of the state, and where it stands: for backups and for comparing replicas.
    ///
    /// # Errors
    /// [`StorageError`] if the machine has failed.
    pub async fn snapshot_view(&self) -> Result<(Applied, Arc<dyn SnapshotView>), StorageError> {
        self.machine.view().await
    }

    /// Where messages for this group are to be delivered.
    pub fn endpoint(&self) -> Arc<dyn Endpoint> {
        Arc::clone(&self.endpoint) as Arc<dyn Endpoint>
    }

    /// The group's id.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// This replica's node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The group as this replica sees it now.
    pub fn status(&self) -> GroupStatus {
        use openraft::async_runtime::WatchReceiver as _;
        settings::status(self.group, &self.raft.metrics().borrow_watched())
    }

    /// The last entry of this replica's log, durable or not; 0 before the first. Never behind what was appended here.
    pub fn last_log_index(&self) -> u64 {
        self.log.last().map_or(0, |last| last.index)
    }

    /// Who leads, as this replica sees it now. Much cheaper than [`status`](Self::status).
    pub fn leadership(&self) -> Leadership {
        use openraft::async_runtime::WatchReceiver as _;
        settings::leadership(&self.raft.server_metrics().borrow_watched())
    }

    /// Waits until who leads fulfills `condition`, and returns it. Commands that come and go do not wake it. `what` names it in the error.
    ///
    /// # Errors
    /// [`WaitError`].
    pub async fn wait_for_leadership(
        &self,
        what: &str,
        deadline: Instant,
        mut condition: impl FnMut(Leadership) -> bool,
    ) -> Result<Leadership, WaitError> {
        use openraft::async_runtime::WatchReceiver as _;
        let stopped = || WaitError::Stopped { reason: "the group's task has ended".to_owned() };
        let mut metrics = self.raft.server_metrics();
        loop {
            let leadership = settings::leadership(&metrics.borrow_and_update());
            if condition(leadership) {
                return Ok(leadership);
            }
            if leadership.role == Role::Stopped {
                return Err(stopped());
            }
            match timeout_at(deadline, metrics.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(stopped()),
                Err(_) => return Err(WaitError::Deadline { what: what.to_owned() }),
            }
        }
    }

    /// Waits until the status fulfills `condition`, and returns it. `what` names it in the error.
    ///
    /// # Errors
    /// [`WaitError`].
    pub async fn wait_for(
        &self,
        what: &str,
        deadline: Instant,
        mut condition: impl FnMut(&GroupStatus) -> bool,
    ) -> Result<GroupStatus, WaitError> {
        use openraft::async_runtime::WatchReceiver as _;
        let mut metrics = self.raft.metrics();
        loop {
            let status = settings::status(self.group, &metrics.borrow_and_update());
            if condition(&status) {
                return Ok(status);
            }
            if let Some(reason) = status.stopped {
                return Err(WaitError::Stopped { reason });
            }
            match timeout_at(deadline, metrics.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(WaitError::Stopped { reason: "the group's task has ended".to_owned() }),
                Err(_) => return Err(WaitError::Deadline { what: what.to_owned() }),
            }
        }
    }

    /// Waits until the state holds again everything it held before the restart: reads before that may go back in time.
    ///
    /// # Errors
    /// [`WaitError`].
    pub async fn wait_recovered(&self, deadline: Instant) -> Result<(), WaitError> {
        let budget = deadline.saturating_duration_since(Instant::now());
        match self.raft.wait_for_recovery(Some(budget)).await {
            Ok(_) => Ok(()),
            Err(openraft::metrics::WaitError::Timeout(..)) => {
                Err(WaitError::Deadline { what: "the state to be recovered".to_owned() })
            }
            Err(openraft::metrics::WaitError::ShuttingDown) => {
                Err(WaitError::Stopped { reason: "shutting down".to_owned() })
            }
        }
    }

    /// Takes a snapshot point now, whatever the policy says: the state becomes durable, and the log below it may go.
    ///
    /// # Errors
    /// [`WaitError::Stopped`].
    pub async fn trigger_snapshot(&self) -> Result<(), WaitError> {
        self.raft.trigger().snapshot().await.map_err(|fatal| WaitError::Stopped { reason: fatal.to_string() })
    }

    /// Stops the replica. Proposals in flight end with an unknown outcome. Idempotent.
    ///
    /// When this returns the log is durable, the machine and with it its storage are dropped, and both may be opened
    /// again, whatever other handles are still around. Snapshot views that are still held keep the storage, though.
    pub async fn shutdown(&self) {
        self.tasks.end();
        if let Err(error) = self.raft.shutdown().await {
            tracing::warn!(group = %self.group, %error, "the group's task did not end cleanly");
        }
        self.machine.release().await;
        self.log.release().await;
    }

    /// A member that was silent for longer may be gone.
    pub(crate) fn heard_within(&self) -> Duration {
        self.heartbeat_interval * 3
    }

    /// An heir that does not lead after this may not have heard that it should.
    pub(crate) fn hand_over_within(&self) -> Duration {
        self.election_timeout_max
    }

    pub(crate) fn log(&self) -> &GroupLog {
        &self.log
    }

    pub(crate) fn raft(&self) -> &Raft<Types, MachineAdapter<M>> {
        &self.raft
    }
}

/// Opens everything of a group that blocks on a disk.
async fn open_storage<M: StateMachine>(
    config: &GroupConfig,
    log: LogStore,
    machine: M,
) -> Result<(GroupLog, MachineAdapter<M>, Spool), StartError> {
    let (group, spool_dir, after_bytes) = (config.group, config.spool_dir.clone(), config.snapshot_after_bytes);
    let storage = move |source| StartError::Storage { group, source };
    let open = move || {
        let log = log.open_group(group).map_err(|error| match error {
            OpenGroupError::AlreadyOpen => StartError::AlreadyOpen { group },
            OpenGroupError::Storage(source) => storage(source),
        })?;
        let machine = MachineAdapter::open(machine, after_bytes).map_err(storage)?;
        let spool = Spool::open(&spool_dir).map_err(storage)?;
        Ok((log, machine, spool))
    };
    blocking::spawn(open).await.unwrap_or_else(|error| Err(StartError::Recovery { group, reason: error.to_string() }))
}

impl Limits {
    /// Takes room for `n_proposals` of `bytes` in all; it is given back when the result is dropped.
    fn admit(&self, n_proposals: usize, bytes: usize) -> Result<impl Sized + '_, ProposeError> {
        let busy = |_| ProposeError::Busy { retry_after: BUSY_RETRY_AFTER };
        let n_proposals =
            u32::try_from(n_proposals).map_err(|_| ProposeError::Busy { retry_after: BUSY_RETRY_AFTER })?;
        let kibibytes =
            u32::try_from(bytes.div_ceil(1024)).map_err(|_| ProposeError::Busy { retry_after: BUSY_RETRY_AFTER })?;
        let proposals = self.proposals.try_acquire_many(n_proposals).map_err(busy)?;
        let kibibytes = self.kibibytes.try_acquire_many(kibibytes).map_err(busy)?;
        Ok((proposals, kibibytes))
    }
}

fn decode_response<M: StateMachine>(log_index: u64, bytes: &[u8]) -> Result<Proposed<M::Response>, ProposeError> {
    match M::Codec::decode(bytes) {
        Ok(response) => Ok(Proposed { log_index, response }),
        Err(source) => Err(ProposeError::BadResponse { log_index, source }),
    }
}

fn write_error(error: ClientWriteError<Types>) -> ProposeError {
    match error {
        ClientWriteError::ForwardToLeader(forward) => ProposeError::NotLeader { leader: leader_hint(&forward) },
        ClientWriteError::LogEntryDiscarded(_) => ProposeError::Unknown { reason: UnknownReason::LeaderChanged },
        // Neither can come from a plain write; if one does, whether it was written is anybody's guess.
        ClientWriteError::ChangeMembershipError(error) => {
            ProposeError::Unknown { reason: UnknownReason::Stopped(error.to_string()) }
        }
        ClientWriteError::PreconditionFailed(error) => {
            ProposeError::Unknown { reason: UnknownReason::Stopped(error.to_string()) }
        }
    }
}

fn stopped_write(fatal: &Fatal<Types>) -> ProposeError {
    ProposeError::Unknown { reason: UnknownReason::Stopped(fatal.to_string()) }
}

pub(crate) fn leader_hint(forward: &ForwardToLeader<Types>) -> Option<LeaderHint> {
    forward.leader_id.map(|node| LeaderHint { node, peer: forward.leader_node.clone() })
}
