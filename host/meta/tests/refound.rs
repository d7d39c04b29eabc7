//! The metadata of a cluster that is made of another one's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cluster;

use std::collections::BTreeSet;

use cluster::{Cluster, registration};
use vraftls_meta::{Applied, ClusterId, Epoch, GroupId, NodeId, NodeKind, Refusal, Request, State, TokenHash, Word};
use vraftls_vfs::WorkspaceName;

fn old() -> Cluster {
    let mut cluster = Cluster::new(3, 2);
    cluster.register(2, NodeKind::Full);
    cluster.register(3, NodeKind::Witness);
    let (group, epoch) = (GroupId(1), Epoch(1));
    cluster.propose(Request::BeginMove { group, epoch, add: Some(NodeId(2)), remove: None }).unwrap();
    cluster.propose(Request::CreateWorkspace { name: WorkspaceName::new("w").unwrap() }).unwrap();
    cluster.done(Request::SetSetting { key: Word::new("color").unwrap(), value: Some("green".to_owned()) });
    cluster.done(Request::RemoveNode { node: NodeId(3) });
    cluster
}

const NEW: ClusterId = ClusterId::from_bytes([9; 16]);

#[test]
fn one_node_has_everything_and_nothing_is_under_way() {
    let old = old().state;
    let new = old.refounded(NEW, Some(2), NodeId(5), registration(5, NodeKind::Full), None).unwrap();
    assert_eq!(new.cluster().map(|cluster| (cluster.id, cluster.replication)), Some((NEW, 2)));
    assert_eq!(new.nodes().keys().collect::<Vec<_>>(), [&NodeId(5)]);
    for (id, group) in new.groups() {
        assert_eq!((&group.replicas, group.change), (&BTreeSet::from([NodeId(5)]), None));
        assert!(group.epoch > old.groups()[id].epoch, "whoever looked at the old one is told so");
    }
    assert_eq!((new.workspaces(), new.settings(), new.slots()), (old.workspaces(), old.settings(), old.slots()));
    assert!(new.token(b"secret").is_some());
    assert_eq!(new.revision(), old.revision());
    assert_eq!(State::decode(&new.encode()).unwrap(), new, "it is sound");
}

#[test]
fn it_goes_on_as_any_cluster_does() {
    let mut old = old();
    old.state = old.state.refounded(NEW, None, NodeId(1), registration(7, NodeKind::Full), None).unwrap();
    // Ids begin again; the old nodes' directories belong to another cluster.
    let joined =
        old.propose(Request::RegisterNode { node: Some(NodeId(3)), registration: registration(3, NodeKind::Full) });
    assert_eq!(joined, Ok(Applied::NodeRegistered { node: NodeId(3) }));
    let (group, epoch) = (GroupId(1), old.state.groups()[&GroupId(1)].epoch);
    let moved = old.propose(Request::BeginMove { group, epoch, add: Some(NodeId(3)), remove: None });
    assert!(matches!(moved, Ok(Applied::MoveBegun { .. })), "{moved:?}");
    let created = old.propose(Request::CreateWorkspace { name: WorkspaceName::new("x").unwrap() });
    assert!(matches!(created, Ok(Applied::WorkspaceCreated { workspace }) if workspace.0 == 2), "{created:?}");
}

#[test]
fn a_new_token_takes_the_place_of_all() {
    let token = TokenHash::of(b"new");
    let new = old().state.refounded(NEW, None, NodeId(1), registration(1, NodeKind::Full), Some(token)).unwrap();
    assert!(new.token(b"new").is_some() && new.token(b"secret").is_none());
}

#[test]
fn what_no_cluster_can_have_is_refused() {
    let node = || registration(1, NodeKind::Full);
    assert_eq!(State::new().refounded(NEW, None, NodeId(1), node(), None), Err(Refusal::NoCluster));
    let refused = old().state.refounded(NEW, Some(0), NodeId(1), node(), None);
    assert!(matches!(refused, Err(Refusal::OutOfBounds { .. })), "{refused:?}");
    let refused = old().state.refounded(NEW, None, NodeId(0), node(), None);
    assert!(matches!(refused, Err(Refusal::OutOfBounds { .. })), "{refused:?}");
}
