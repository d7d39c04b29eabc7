//! Clients that do what no client may, on real nodes: the judge must find that in what they saw, else its silence says nothing.

use std::path::Path;
use std::time::Duration;

use vraftls_cluster_tests::{Guest, Value, Whom, World};
use vraftls_harness::{Cut, DEADLINE, Network, TestCluster};
use vraftls_proto::Revisions;
use vraftls_proto::rpc::Commit;
use vraftls_sim::history::{Action, Outcome};
use vraftls_sim::linearizable::{Verdict, check};
use vraftls_vfs::{ClientId, Contents, FileOperation, Sequence, VfsPath};

/// How long a node may take that cannot answer.
const SOON: Duration = Duration::from_secs(1);

async fn start(network: &Network) -> (TestCluster, Guest) {
    let cluster = TestCluster::start_behind(network.clone(), &["toy"], 3, 1).await;
    let created = cluster.run(Path::new("."), &["workspace", "create", "chaos"]).await;
    assert_eq!(created.code, 0, "{created:?}");
    let guest = Guest::new(&[network.address(1), network.address(2), network.address(3)]).await;
    (cluster, guest)
}

/// A session with the only group, as a client has it.
struct Session<'a> {
    world: &'a World,
    guest: &'a Guest,
    client: ClientId,
    sequence: u64,
}

impl<'a> Session<'a> {
    async fn new(world: &'a World, guest: &'a Guest) -> Self {
        let client = guest.cluster().open_session(1, DEADLINE).await.unwrap();
        Self { world, guest, client, sequence: 0 }
    }

    fn key(&self) -> &VfsPath {
        &self.world.keys()[0]
    }

    /// Commits a value under the next number.
    async fn commit(&mut self, value: &Value) {
        self.sequence += 1;
        let contents = Contents::Inline(value.contents().to_vec());
        let commit = Commit {
            group: 1,
            epoch: self.guest.cluster().routes().epoch(),
            workspace: self.guest.workspace(),
            client: self.client,
            sequence: Sequence(self.sequence),
            operations: vec![FileOperation::put(self.key().clone(), contents)],
        };
        self.guest.cluster().commit(&commit, DEADLINE).await.unwrap();
    }

    async fn set(&mut self, client: u32, value: &Value) {
        let invoked = self.world.now();
        self.commit(value).await;
        self.noted(client, value, invoked);
    }

    fn noted(&self, client: u32, value: &Value, invoked: u64) {
        let action = Action::Set { value: value.name().to_owned() };
        self.world.note_write(client, self.key(), action, invoked, Some(Outcome::Written));
    }

    async fn read(&self, whom: Whom) {
        let invoked = self.world.now();
        let current = self.guest.current(whom, DEADLINE).await.unwrap();
        let page = self.guest.files(whom, current, DEADLINE).await.unwrap();
        self.world.note_read(9, &page, invoked, self.world.now());
    }
}

fn is_linearizable(world: &World) -> bool {
    match check(&world.history(), Duration::from_secs(10)) {
        Verdict::Linearizable => true,
        Verdict::Violated { .. } => false,
        Verdict::Undecided { key } => panic!("{key}"),
    }
}

#[tokio::test]
async fn a_commit_that_is_repeated_under_another_number_is_found() {
    let network = Network::new(3).await;
    let (_cluster, guest) = start(&network).await;
    let world = World::new(&["a.toy"]);
    let mut session = Session::new(&world, &guest).await;
    let (lost, other) = (world.next_value(false), world.next_value(false));
    // The client takes the answer for lost.
    let invoked = world.now();
    session.commit(&lost).await;
    session.read(Whom::Anybody).await;
    session.set(1, &other).await;
    session.read(Whom::Anybody).await;
    // With the same number nothing happens, and all that is seen can be.
    session.sequence = 0;
    session.commit(&lost).await;
    session.sequence = 2;
    session.read(Whom::Anybody).await;
    session.noted(0, &lost, invoked);
    assert!(is_linearizable(&world), "{:?}", world.history());
    // With another number it happens twice.
    session.commit(&lost).await;
    session.read(Whom::Anybody).await;
    assert!(!is_linearizable(&world), "{:?}", world.history());
}

#[tokio::test]
async fn a_read_that_asks_nobody_what_is_current_is_found() {
    let network = Network::new(3).await;
    let (_cluster, guest) = start(&network).await;
    let world = World::new(&["a.toy"]);
    let mut session = Session::new(&world, &guest).await;
    let (old, new) = (world.next_value(false), world.next_value(false));
    session.set(0, &old).await;
    let away = Whom::Node(3);
    session.read(away).await;
    network.cut(3, Cut::SilentAmongNodes);
    session.set(0, &new).await;
    session.read(Whom::Node(1)).await;
    assert!(is_linearizable(&world), "{:?}", world.history());
    // A node that reaches nobody does not say what is current.
    guest.current(away, SOON).await.unwrap_err();
    // It does say what it has, to those who want no more.
    let invoked = world.now();
    let page = guest.files(away, Revisions::new(), DEADLINE).await.unwrap();
    world.note_read(9, &page, invoked, world.now());
    assert!(!is_linearizable(&world), "{:?}", world.history());
    network.heal(3);
    session.read(away).await;
}
