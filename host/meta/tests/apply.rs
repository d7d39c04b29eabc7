//! What requests do: once, in every order, and nothing where they are refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cluster;

use cluster::{Cluster, registration};
use proptest::prelude::*;
use vraftls_meta::{
    Applied, Bounded, ClusterId, Command, Component, Counted, Epoch, GroupId, MoveId, MoveStep, N_COMPONENTS_MAX,
    NodeId, NodeKind, PlannedMove, Refusal, Request, Senseless, State, TokenHash, Word,
};
use vraftls_vfs::{ClientId, ContentDigest, Sequence, WorkspaceId, WorkspaceName};

fn word(text: &str) -> Word {
    Word::new(text).unwrap()
}

fn component(n: u8) -> Component {
    Component { digest: ContentDigest::of(&[n]), size_bytes: n.into(), version: word("1.0.0") }
}

#[test]
fn nothing_is_before_the_cluster_and_it_is_made_once() {
    let mut cluster = Cluster::empty();
    let early = Request::CreateWorkspace { name: WorkspaceName::new("w").unwrap() };
    assert_eq!(cluster.propose(early), Err(Refusal::NoCluster));
    let bounds = |what, max| Err(Refusal::OutOfBounds { what, min: 1, max });
    assert_eq!(cluster.propose(Cluster::bootstrap(0, 1)), bounds(Bounded::Replication, 7));
    assert_eq!(cluster.propose(Cluster::bootstrap(3, 257)), bounds(Bounded::DataGroups, 256));
    assert_eq!(cluster.propose(Cluster::bootstrap(3, 8)), Ok(Applied::NodeRegistered { node: NodeId(1) }));
    let again = cluster.propose(Cluster::bootstrap(3, 8));
    assert_eq!(again, Err(Refusal::ClusterExists { cluster: ClusterId::from_bytes([7; 16]) }));
    assert_eq!(cluster.state.groups().len(), 9);
    assert_eq!(cluster.state.token(b"secret").map(Word::as_str), Some("admin"));
    assert_eq!(cluster.state.token(b"guess"), None);
}

#[test]
fn a_node_comes_back_by_its_directory_and_its_id_is_nobody_elses() {
    let mut cluster = Cluster::new(3, 1);
    let register = |node: Option<u64>, n, kind| Request::RegisterNode {
        node: node.map(NodeId),
        registration: registration(n, kind),
    };
    let full = NodeKind::Full;
    assert_eq!(cluster.propose(register(None, 5, full)), Ok(Applied::NodeRegistered { node: NodeId(2) }));
    assert_eq!(cluster.propose(register(None, 5, full)), Ok(Applied::NodeRegistered { node: NodeId(2) }));
    assert_eq!(cluster.propose(register(Some(3), 5, full)), Err(Refusal::OtherNode { node: NodeId(2) }));
    assert_eq!(cluster.propose(register(None, 5, NodeKind::Witness)), Err(Refusal::OtherNode { node: NodeId(2) }));
    assert_eq!(cluster.propose(register(Some(2), 6, full)), Err(Refusal::NodeIdTaken { node: NodeId(2) }));
    cluster.done(Request::RemoveNode { node: NodeId(2) });
    assert_eq!(cluster.propose(register(Some(2), 6, full)), Err(Refusal::NodeIdTaken { node: NodeId(2) }));
    assert_eq!(cluster.propose(register(None, 5, full)), Err(Refusal::IncarnationRetired));
    assert_eq!(cluster.propose(register(None, 6, full)), Ok(Applied::NodeRegistered { node: NodeId(3) }));
    let mut same_address = registration(7, full);
    same_address.address = registration(6, full).address;
    let request = Request::RegisterNode { node: None, registration: same_address };
    assert_eq!(cluster.propose(request), Err(Refusal::AddressTaken { node: NodeId(3) }));
    let in_use = cluster.propose(Request::RemoveNode { node: NodeId(1) });
    assert_eq!(in_use, Err(Refusal::NodeInUse { node: NodeId(1), group: GroupId(0) }));
}

#[test]
fn replicas_change_one_step_at_a_time() {
    let mut cluster = Cluster::new(3, 1);
    cluster.register(2, NodeKind::Full);
    let (group, epoch) = (GroupId(1), Epoch(1));
    let begin = |epoch, add: Option<u64>, remove: Option<u64>| Request::BeginMove {
        group,
        epoch,
        add: add.map(NodeId),
        remove: remove.map(NodeId),
    };
    let senseless = |reason| Err(Refusal::SenselessMove { reason });
    assert_eq!(cluster.propose(begin(epoch, None, None)), senseless(Senseless::Nothing));
    assert_eq!(cluster.propose(begin(epoch, Some(1), None)), senseless(Senseless::AlreadyThere));
    assert_eq!(cluster.propose(begin(epoch, None, Some(2))), senseless(Senseless::NotThere));
    assert_eq!(cluster.propose(begin(epoch, None, Some(1))), senseless(Senseless::NoFullReplica));
    assert_eq!(cluster.propose(begin(epoch, Some(9), None)), Err(Refusal::NoSuchNode { node: NodeId(9) }));
    assert_eq!(cluster.propose(begin(Epoch(7), Some(2), None)), Err(Refusal::WrongEpoch { current: epoch }));

    let id = cluster.begin(PlannedMove { group, epoch, add: Some(NodeId(2)), remove: Some(NodeId(1)) });
    assert_eq!(cluster.propose(begin(epoch, Some(2), None)), Err(Refusal::MoveUnderWay { id }));
    let advance = |id, step| Request::AdvanceMove { group, id, step };
    assert_eq!(
        cluster.propose(advance(id, MoveStep::Cleaning)),
        Err(Refusal::WrongStep { current: MoveStep::Learning })
    );
    let other = MoveId(id.0 + 1);
    assert_eq!(cluster.propose(advance(other, MoveStep::Switching)), Err(Refusal::NoSuchMove { id: other }));
    cluster.advance(group, id, MoveStep::Switching);
    cluster.advance(group, id, MoveStep::Switching);
    let abandon = Request::AbandonMove { group, id };
    assert_eq!(cluster.propose(abandon), Err(Refusal::WrongStep { current: MoveStep::Switching }));
    assert!(cluster.state.groups()[&group].replicas.contains(&NodeId(1)));
    cluster.advance(group, id, MoveStep::Cleaning);
    assert_eq!(cluster.state.groups()[&group].epoch, Epoch(2));
    assert!(!cluster.state.groups()[&group].replicas.contains(&NodeId(1)));
    // The old node still has the data.
    assert!(cluster.state.groups()[&group].involves(NodeId(1)));
    cluster.advance(group, id, MoveStep::Done);
    assert!(!cluster.state.groups()[&group].involves(NodeId(1)));

    let id = cluster.begin(PlannedMove { group, epoch: Epoch(2), add: Some(NodeId(1)), remove: None });
    cluster.done(Request::AbandonMove { group, id });
    assert_eq!(cluster.state.groups()[&group].epoch, Epoch(2));
}

#[test]
fn a_plugin_goes_forward_and_back() {
    let mut cluster = Cluster::new(1, 1);
    let python = || word("python");
    let active = |n: u8| Ok(Applied::PluginActive { digest: Some(component(n).digest) });
    for n in 0..3 {
        cluster.done(Request::PushPlugin { plugin: python(), component: component(n) });
    }
    let activate = |n: u8| Request::ActivatePlugin { plugin: python(), digest: component(n).digest };
    let roll_back = |n: u8| Request::RollBackPlugin { plugin: python(), active: component(n).digest };
    assert_eq!(cluster.propose(activate(0)), active(0));
    assert_eq!(cluster.propose(activate(1)), active(1));
    assert_eq!(cluster.propose(activate(1)), active(1));
    assert_eq!(cluster.propose(roll_back(1)), active(0));
    let other = Refusal::OtherComponentActive { active: Some(component(0).digest) };
    assert_eq!(cluster.propose(roll_back(1)), Err(other));
    assert_eq!(cluster.propose(roll_back(0)), Err(Refusal::NothingToRollBackTo));
    let unknown = Refusal::NoSuchComponent { plugin: python(), digest: component(9).digest };
    assert_eq!(cluster.propose(activate(9)), Err(unknown));
    // What is active stays, however many follow.
    for n in 10..10 + u8::try_from(N_COMPONENTS_MAX).unwrap() {
        cluster.done(Request::PushPlugin { plugin: python(), component: component(n) });
    }
    let known = &cluster.state.plugins()[&python()];
    assert_eq!((known.components.len(), known.active_component()), (N_COMPONENTS_MAX, Some(&component(0))));
    cluster.done(Request::RemovePlugin { plugin: python() });
    assert_eq!(cluster.propose(activate(0)), Err(Refusal::NoSuchPlugin { plugin: python() }));
}

#[test]
fn the_last_token_stays() {
    let mut cluster = Cluster::new(1, 1);
    assert_eq!(cluster.propose(Request::RevokeToken { name: word("admin") }), Err(Refusal::LastToken));
    cluster.done(Request::AddToken { name: word("ci"), hash: TokenHash::of(b"other") });
    let taken = Request::AddToken { name: word("ci"), hash: TokenHash::of(b"third") };
    assert_eq!(cluster.propose(taken), Err(Refusal::TokenExists { name: word("ci") }));
    cluster.done(Request::RevokeToken { name: word("admin") });
    assert_eq!(cluster.state.token(b"secret"), None);
    assert_eq!(cluster.state.token(b"other"), Some(&word("ci")));
}

#[test]
fn settings_are_bounded() {
    let mut cluster = Cluster::new(1, 1);
    let set = |key: &str, value: Option<&str>| Request::SetSetting { key: word(key), value: value.map(Into::into) };
    cluster.done(set("a", Some("1")));
    let too_long = "x".repeat(vraftls_meta::SETTING_BYTES_MAX + 1);
    let refused = Refusal::OutOfBounds { what: Bounded::SettingBytes, min: 0, max: 4096 };
    assert_eq!(cluster.propose(set("a", Some(&too_long))), Err(refused));
    for n in 1..vraftls_meta::N_SETTINGS_MAX {
        cluster.done(set(&format!("s{n}"), Some("")));
    }
    assert_eq!(cluster.propose(set("more", Some(""))), Err(Refusal::TooMany { what: Counted::Settings }));
    cluster.done(set("a", Some("2")));
    cluster.done(set("a", None));
    cluster.done(set("more", Some("")));
}

fn request() -> impl Strategy<Value = Request> {
    let node = || (0_u64..5).prop_map(NodeId);
    let group = || (0_u32..4).prop_map(GroupId);
    let kind = prop_oneof![3 => Just(NodeKind::Full), 1 => Just(NodeKind::Witness)];
    let step = prop_oneof![
        Just(MoveStep::Learning),
        Just(MoveStep::Switching),
        Just(MoveStep::Cleaning),
        Just(MoveStep::Done)
    ];
    let plugin = || "[ab]".prop_map(|text| word(&text));
    let digest = || (0_u8..4).prop_map(|n| component(n).digest);
    prop_oneof![
        (0_u8..9, 0_u32..5).prop_map(|(replication, n_groups)| Cluster::bootstrap(replication, n_groups)),
        (prop::option::of(node()), 0_u64..6, kind)
            .prop_map(|(node, n, kind)| Request::RegisterNode { node, registration: registration(n, kind) }),
        (node(), any::<bool>()).prop_map(|(node, draining)| Request::SetDraining { node, draining }),
        node().prop_map(|node| Request::Relieve { node }),
        node().prop_map(|node| Request::RemoveNode { node }),
        (group(), 1_u64..4, prop::option::of(node()), prop::option::of(node()))
            .prop_map(|(group, epoch, add, remove)| Request::BeginMove { group, epoch: Epoch(epoch), add, remove }),
        (group(), 1_u64..64, step).prop_map(|(group, id, step)| Request::AdvanceMove { group, id: MoveId(id), step }),
        (group(), 1_u64..64).prop_map(|(group, id)| Request::AbandonMove { group, id: MoveId(id) }),
        "[a-c]".prop_map(|name| Request::CreateWorkspace { name: WorkspaceName::new(&name).unwrap() }),
        (0_u32..5).prop_map(|id| Request::RemoveWorkspace { workspace: WorkspaceId(id) }),
        (plugin(), 0_u8..4).prop_map(|(plugin, n)| Request::PushPlugin { plugin, component: component(n) }),
        (plugin(), digest()).prop_map(|(plugin, digest)| Request::ActivatePlugin { plugin, digest }),
        (plugin(), digest()).prop_map(|(plugin, active)| Request::RollBackPlugin { plugin, active }),
        plugin().prop_map(|plugin| Request::RemovePlugin { plugin }),
        (plugin(), prop::option::of("[x-z]")).prop_map(|(key, value)| Request::SetSetting { key, value }),
        (plugin(), 0_u8..3).prop_map(|(name, n)| Request::AddToken { name, hash: TokenHash::of(&[n]) }),
        plugin().prop_map(|name| Request::RevokeToken { name }),
    ]
}

/// What a state says beside how far it is: a refused request may only advance that, and note its answer.
fn facts(state: &State) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (state.cluster().copied(), state.nodes().clone(), state.groups().clone(), state.slots().clone()),
        (state.workspaces().clone(), state.plugins().clone(), state.settings().clone()),
        [&b"secret"[..], &[0], &[1], &[2]].map(|token| state.token(token).cloned()),
    )
}

proptest! {
    #[test]
    fn any_requests_leave_a_state_that_can_be_written_and_read(
        made in any::<bool>(), requests in prop::collection::vec(request(), 0..80),
    ) {
        let mut cluster = if made { Cluster::new(3, 3) } else { Cluster::empty() };
        for request in requests {
            let before = facts(&cluster.state);
            let command = cluster.command(request);
            prop_assert_eq!(Command::decode(&command.encode()), Ok(command.clone()));
            prop_assert!(command.encode().len() <= vraftls_meta::COMMAND_BYTES_MAX);
            let response = cluster.apply(command.clone());
            if response.is_err() {
                prop_assert_eq!(facts(&cluster.state), before);
            }
            // Read back, the state is the same and goes on in the same way; and what is repeated is answered, not done.
            let mut read = State::decode(&cluster.state.encode()).unwrap();
            prop_assert_eq!(&read, &cluster.state);
            let after = facts(&cluster.state);
            let index = vraftls_vfs::Revision(read.revision().0 + 1);
            prop_assert_eq!(read.apply(index, command.clone()), response.clone());
            prop_assert_eq!(cluster.apply(command), response);
            prop_assert_eq!(facts(&cluster.state), after);
            prop_assert_eq!(read.digest(), cluster.state.digest());
            for name in ["a", "b", "c"].map(|name| WorkspaceName::new(name).unwrap()) {
                let named = cluster.state.workspaces().iter().find(|(_, other)| **other == name);
                prop_assert_eq!(cluster.state.workspace(&name), named.map(|(id, _)| *id));
            }
        }
        for group in cluster.state.groups().values() {
            prop_assert!(group.replicas.iter().any(|node| cluster.state.nodes()[node].is_full()));
        }
    }

    #[test]
    fn bytes_that_are_no_state_are_refused(
        requests in prop::collection::vec(request(), 0..20), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let mut cluster = Cluster::new(3, 3);
        requests.into_iter().for_each(|request| drop(cluster.propose(request)));
        let mut bytes = cluster.state.encode();
        let at = at.index(bytes.len());
        prop_assert!(State::decode(&bytes[..at]).is_err());
        bytes[at] ^= 1 << bit;
        prop_assert!(State::decode(&bytes).is_err());
        // With the hash set right, whatever is believed must be sound: writing it gives the same bytes.
        let end = bytes.len() - 32;
        let hash = *ContentDigest::of(&bytes[..end]).as_bytes();
        bytes[end..].copy_from_slice(&hash);
        if let Ok(state) = State::decode(&bytes) {
            let again = State::decode(&state.encode()).unwrap();
            prop_assert_eq!(again, state);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Command::decode(&bytes));
        drop(State::decode(&bytes));
    }
}

#[test]
fn a_session_that_nobody_opened_does_nothing() {
    let mut cluster = Cluster::new(1, 1);
    let request = Request::RemoveWorkspace { workspace: WorkspaceId(1) };
    let client = ClientId(77);
    let command = Command::Once { client, sequence: Sequence(1), request };
    assert_eq!(cluster.apply(command), Err(Refusal::NoSuchSession { client }));
}
