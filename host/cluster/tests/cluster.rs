//! Three nodes and more: they join, share groups and leaders, survive the loss of one, and are relieved of what they have.

mod nodes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nodes::{Node, soon};
use vraftls_cluster::{Contacts, Membership, NodeReport};
use vraftls_meta::{Request, State};
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_vfs::{
    Command, Contents, FileOperation, Request as FileRequest, Sequence, VfsPath, WorkspaceId, WorkspaceName,
};

fn everybody_has(state: &State, n_replicas: usize) -> bool {
    state.groups().values().all(|group| group.replicas.len() == n_replicas && group.change.is_none())
}

/// Returns when what the nodes say of themselves is as wanted.
async fn reports_until(nodes: &[&Node], what: &str, is_so: impl Fn(&[NodeReport]) -> bool) {
    let asked = async {
        loop {
            let reports: Vec<NodeReport> = nodes.iter().map(|node| node.cluster.report()).collect();
            if is_so(&reports) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), asked).await;
    if waited.is_err() {
        let reports: Vec<NodeReport> = nodes.iter().map(|node| node.cluster.report()).collect();
        panic!("{what}: {reports:#?}");
    }
}

/// How many groups each node leads.
fn n_led(reports: &[NodeReport]) -> Vec<usize> {
    let of = |report: &NodeReport| report.groups.iter().filter(|group| group.is_leader).count();
    reports.iter().map(of).collect()
}

async fn make_workspace(node: &Node, name: &str) -> WorkspaceId {
    let name = WorkspaceName::new(name).expect("a name");
    let applied = node.cluster.change(Request::CreateWorkspace { name }, soon()).await.expect("made");
    let vraftls_meta::Applied::WorkspaceCreated { workspace } = applied else { panic!("{applied:?}") };
    workspace
}

/// A session of somebody who writes files to a group.
struct Writer {
    group: GroupId,
    client: vraftls_vfs::ClientId,
    last: Sequence,
}

impl Writer {
    async fn open(node: &Node, group: GroupId) -> Self {
        let (_, response) =
            node.cluster.propose(group, Command::OpenSession.encode().into(), soon()).await.expect("a session");
        let response = decode(&response).expect("opened");
        let vraftls_vfs::Applied::SessionOpened { client } = response else { panic!("{response:?}") };
        Self { group, client, last: Sequence(0) }
    }

    async fn write(&mut self, through: &Node, workspace: WorkspaceId, path: &str) -> u64 {
        self.last.0 += 1;
        let path = VfsPath::new(path).expect("a path");
        let operations = vec![FileOperation::put(path, Contents::Inline(b"x = 1\n".to_vec()))];
        let epoch = through.cluster.metadata().borrow().slots().epoch().0;
        let request = FileRequest::ShardBatch { workspace, epoch, operations };
        let command = Command::Once { client: self.client, sequence: self.last, request };
        let (index, response) =
            through.cluster.propose(self.group, command.encode().into(), soon()).await.expect("written");
        decode(&response).expect("not refused");
        index
    }
}

fn decode(response: &[u8]) -> vraftls_vfs::Response {
    use vraftls_raft::codec::Codec;
    nodes::FilesCodec::decode(response).expect("a response")
}

fn has_file(node: &Node, group: GroupId, workspace: WorkspaceId, path: &str) -> bool {
    let shards = node.cluster.shards();
    let shard = shards.iter().find(|shard| shard.group == group);
    shard.is_some_and(|shard| shard.state.borrow().snapshot(workspace).is_some_and(|files| files.get(path).is_some()))
}

/// Waits until every shard on these nodes knows a workspace: before that it refuses files of it.
async fn until_adopted(nodes: &[&Node], workspace: WorkspaceId) {
    reports_until(nodes, "the workspace is adopted", |_| {
        let shards = nodes.iter().flat_map(|node| node.cluster.shards()).collect::<Vec<_>>();
        shards.iter().all(|shard| shard.state.borrow().snapshot(workspace).is_some())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_share_groups_and_survive_the_loss_of_one() {
    let first = Node::found().await;
    let second = first.let_in(2).await;
    let third = second.let_in(3).await;
    for node in [&first, &second, &third] {
        node.metadata_until("three replicas each", |state| everybody_has(state, 3)).await;
    }
    let all = [&first, &second, &third];
    reports_until(&all, "leaders are spread", |reports| {
        let led = n_led(reports);
        led.iter().sum::<usize>() == 5 && led.iter().all(|n| (1..=2).contains(n))
    })
    .await;

    // What one node makes, all shards have everywhere.
    let workspace = make_workspace(&third, "django").await;
    until_adopted(&all, workspace).await;
    assert!(all.iter().all(|node| node.cluster.shards().len() == 4));
    let group = GroupId(2);
    let mut writer = Writer::open(&second, group).await;
    let index = writer.write(&third, workspace, "a.py").await;
    for node in all {
        node.cluster.wait_applied(group, index, soon()).await.expect("replicated");
        assert!(has_file(node, group, workspace, "a.py"));
    }

    // Whoever leads the group goes; the others write on, and it finds everything when it is back.
    let leader = first.cluster.status(group).and_then(|status| status.leader).expect("somebody leads");
    let mut nodes = BTreeMap::from([(first.id, first), (second.id, second), (third.id, third)]);
    let (place, id) = nodes.remove(&leader).expect("one of three").end().await;
    let through = nodes.values().next().expect("two are left");
    let index = writer.write(through, workspace, "b.py").await;
    let back = Node::start(place, id, Membership::Member, Contacts::new()).await;
    back.cluster.wait_applied(group, index, soon()).await.expect("it follows");
    assert!(has_file(&back, group, workspace, "a.py") && has_file(&back, group, workspace, "b.py"));
    assert_eq!(back.cluster.newest_metadata(soon()).await.expect("led").workspaces().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_relieved_of_everything_and_leaves() {
    let first = Node::found().await;
    let second = first.let_in(2).await;
    let third = first.let_in(3).await;
    let fourth = first.let_in(4).await;
    first
        .metadata_until("three replicas each, evenly", |state| {
            let n_of = |node: u64| {
                let has = |group: &&vraftls_meta::Group| group.replicas.contains(&vraftls_meta::NodeId(node));
                state.groups().values().filter(has).count()
            };
            everybody_has(state, 3) && (1..=4).all(|node| (3..=4).contains(&n_of(node)))
        })
        .await;
    let workspace = make_workspace(&first, "w").await;
    until_adopted(&[&first, &second, &third, &fourth], workspace).await;
    let group = GroupId(1);
    let mut writer = Writer::open(&first, group).await;
    writer.write(&first, workspace, "kept.py").await;

    // The node that founded the cluster is relieved: of leaders, of replicas, of its vote on the metadata.
    let me = vraftls_meta::NodeId(1);
    let drain = Request::SetDraining { node: me, draining: true };
    second.cluster.change(drain, soon()).await.expect("drained");
    second
        .metadata_until("it has nothing any more", |state| {
            state
                .groups()
                .values()
                .all(|group| !group.involves(me) && group.replicas.len() == 3 && group.change.is_none())
        })
        .await;
    second.cluster.change(Request::RemoveNode { node: me }, soon()).await.expect("removed");
    reports_until(&[&first], "its replicas are gone", |reports| reports[0].groups.len() == 1).await;
    let on_disk = || {
        let entries = std::fs::read_dir(first.directory.path().join("groups")).expect("there");
        entries.map(|entry| entry.expect("there").file_name().into_string().expect("a number")).collect::<BTreeSet<_>>()
    };
    let erased = async {
        while on_disk() != BTreeSet::from(["0".to_owned()]) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), erased).await.expect("its data is erased");
    first.end().await;

    let index = writer.write(&second, workspace, "more.py").await;
    let state = fourth.metadata_until("three nodes", |state| state.nodes().len() == 3).await;
    let replicas = &state.groups()[&vraftls_meta::GroupId(group.0)].replicas;
    for node in
        [&second, &third, &fourth].into_iter().filter(|node| replicas.contains(&vraftls_meta::NodeId(node.id.0)))
    {
        node.cluster.wait_applied(group, index, soon()).await.expect("replicated");
        assert!(has_file(node, group, workspace, "kept.py") && has_file(node, group, workspace, "more.py"));
    }
    // Its id is nobody's any more, nor is its directory.
    let again = Request::RegisterNode { node: Some(me), registration: nodes::Place::new().await.registration(9) };
    assert!(second.cluster.change(again, soon()).await.is_err());
    assert_ne!(second.id, NodeId(1));
}
