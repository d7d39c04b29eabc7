//! A cluster's metadata that tests change by proposing requests.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use vraftls_meta::{
    Address, Applied, ClusterId, Command, GroupId, Incarnation, MoveId, MoveStep, NodeId, NodeKind, PlannedMove,
    Registration, Request, Response, State, TokenHash,
};
use vraftls_vfs::{ClientId, Revision, Sequence};

/// A state, and a session to change it by.
pub(crate) struct Cluster {
    /// The state.
    pub(crate) state: State,
    client: ClientId,
    n_requests: u64,
}

/// Who the `n`th node is.
pub(crate) fn registration(n: u64, kind: NodeKind) -> Registration {
    let mut incarnation = [0; 16];
    incarnation[..8].copy_from_slice(&n.to_le_bytes());
    let address = Address::new(&format!("127.0.0.1:{}", 9000 + n)).unwrap();
    Registration { incarnation: Incarnation::from_bytes(incarnation), address, kind }
}

impl Cluster {
    /// No cluster yet, but a session.
    pub(crate) fn empty() -> Self {
        let mut state = State::new();
        let opened = state.apply(Revision(1), Command::OpenSession);
        let Ok(Applied::SessionOpened { client }) = opened else { panic!("{opened:?}") };
        Self { state, client, n_requests: 0 }
    }

    /// A cluster of one node.
    pub(crate) fn new(replication: u8, n_data_groups: u32) -> Self {
        let mut cluster = Self::empty();
        cluster.propose(Self::bootstrap(replication, n_data_groups)).unwrap();
        cluster
    }

    /// The request that makes a cluster.
    pub(crate) fn bootstrap(replication: u8, n_data_groups: u32) -> Request {
        Request::Bootstrap {
            cluster: ClusterId::from_bytes([7; 16]),
            replication,
            n_data_groups,
            node: NodeId(1),
            registration: registration(1, NodeKind::Full),
            token: Some(TokenHash::of(b"secret")),
        }
    }

    /// The next command of the session.
    pub(crate) fn command(&mut self, request: Request) -> Command {
        self.n_requests += 1;
        Command::Once { client: self.client, sequence: Sequence(self.n_requests), request }
    }

    /// Applies a request.
    pub(crate) fn propose(&mut self, request: Request) -> Response {
        let command = self.command(request);
        self.apply(command)
    }

    /// Applies a command at the next index.
    pub(crate) fn apply(&mut self, command: Command) -> Response {
        let index = Revision(self.state.revision().0 + 1);
        self.state.apply(index, command)
    }

    /// Applies a request that nothing can be said against.
    pub(crate) fn done(&mut self, request: Request) {
        assert_eq!(self.propose(request), Ok(Applied::Done));
    }

    /// Makes the `n`th node a part of the cluster, with the id `n`.
    pub(crate) fn register(&mut self, n: u64, kind: NodeKind) {
        let request = Request::RegisterNode { node: Some(NodeId(n)), registration: registration(n, kind) };
        assert_eq!(self.propose(request), Ok(Applied::NodeRegistered { node: NodeId(n) }));
    }

    /// Begins a change of replicas.
    pub(crate) fn begin(&mut self, planned: PlannedMove) -> MoveId {
        let PlannedMove { group, epoch, add, remove } = planned;
        match self.propose(Request::BeginMove { group, epoch, add, remove }) {
            Ok(Applied::MoveBegun { id }) => id,
            other => panic!("{planned:?} is refused: {other:?}"),
        }
    }

    /// Goes to a step of a change.
    pub(crate) fn advance(&mut self, group: GroupId, id: MoveId, step: MoveStep) {
        self.done(Request::AdvanceMove { group, id, step });
    }

    /// Does a whole change of replicas.
    pub(crate) fn change_replicas(&mut self, planned: PlannedMove) {
        let id = self.begin(planned);
        for step in [MoveStep::Switching, MoveStep::Cleaning, MoveStep::Done] {
            self.advance(planned.group, id, step);
        }
    }
}
