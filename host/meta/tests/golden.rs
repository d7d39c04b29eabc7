//! Bytes that a release wrote and that every later one must read.
//!
//! Lines in `golden/` are never changed, only added. A new format version adds files and keeps these; then the test that the bytes are
//! what is written today moves on to the new ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod cluster;

use cluster::{Cluster, registration};
use vraftls_meta::{
    Applied, Bounded, ClusterId, Command, Component, Counted, Epoch, GroupId, MoveId, MoveStep, NodeId, NodeKind,
    Refusal, Request, Response, Senseless, State, TokenHash, Word,
};
use vraftls_vfs::{ClientId, ContentDigest, Sequence, WorkspaceId, WorkspaceName};

/// Reads hexadecimal digits; line breaks are for people.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line for each.
fn lines(all: impl Iterator<Item = Vec<u8>>) -> String {
    all.map(|bytes| hex(&bytes) + "\n").collect()
}

fn wrapped(bytes: &[u8]) -> String {
    lines(bytes.chunks(48).map(<[u8]>::to_vec))
}

fn digest(byte: u8) -> ContentDigest {
    ContentDigest::from_bytes([byte; 32])
}

fn word(text: &str) -> Word {
    Word::new(text).unwrap()
}

fn component(byte: u8) -> Component {
    Component { digest: digest(byte), size_bytes: 2_000_000, version: word("1.2.0") }
}

fn begin(group: u32, epoch: u64, add: Option<u64>, remove: Option<u64>) -> Request {
    let (group, epoch) = (GroupId(group), Epoch(epoch));
    Request::BeginMove { group, epoch, add: add.map(NodeId), remove: remove.map(NodeId) }
}

/// Every request, with every variant of what it is made of.
fn requests() -> Vec<Request> {
    let (node, group, id) = (NodeId(300), GroupId(2), MoveId(1000));
    let plugin = word("python");
    let advance = |step| Request::AdvanceMove { group, id, step };
    vec![
        Cluster::bootstrap(3, 8),
        Request::RegisterNode { node: None, registration: registration(2, NodeKind::Full) },
        Request::RegisterNode { node: Some(node), registration: registration(3, NodeKind::Witness) },
        Request::SetDraining { node, draining: true },
        Request::RemoveNode { node },
        begin(2, 700, Some(300), Some(1)),
        begin(0, 1, None, None),
        advance(MoveStep::Learning),
        advance(MoveStep::Switching),
        advance(MoveStep::Cleaning),
        advance(MoveStep::Done),
        Request::AbandonMove { group, id },
        Request::CreateWorkspace { name: WorkspaceName::new("my project").unwrap() },
        Request::RemoveWorkspace { workspace: WorkspaceId(300) },
        Request::PushPlugin { plugin: plugin.clone(), component: component(0xd1) },
        Request::ActivatePlugin { plugin: plugin.clone(), digest: digest(0xd1) },
        Request::RollBackPlugin { plugin: plugin.clone(), active: digest(0xd2) },
        Request::RemovePlugin { plugin },
        Request::SetSetting { key: word("limit"), value: Some("ä=1".to_owned()) },
        Request::SetSetting { key: word("limit"), value: None },
        Request::AddToken { name: word("ci"), hash: TokenHash::of(b"secret") },
        Request::RevokeToken { name: word("ci") },
        Request::Relieve { node },
    ]
}

fn commands() -> Vec<Command> {
    let once = |request| Command::Once { client: ClientId(300), sequence: Sequence(2), request };
    [Command::OpenSession].into_iter().chain(requests().into_iter().map(once)).collect()
}

/// Every answer, with every variant of what it is made of.
fn responses() -> Vec<Response> {
    let (node, group, client) = (NodeId(300), GroupId(2), ClientId(300));
    let (workspace, plugin) = (WorkspaceId(300), word("python"));
    let applied = [
        Applied::SessionOpened { client },
        Applied::NodeRegistered { node },
        Applied::MoveBegun { id: MoveId(1000) },
        Applied::WorkspaceCreated { workspace },
        Applied::PluginActive { digest: Some(digest(0xd1)) },
        Applied::PluginActive { digest: None },
        Applied::Done,
    ];
    let refused = [
        Refusal::NoSuchSession { client },
        Refusal::AnswerForgotten { forgotten: 700 },
        Refusal::NoCluster,
        Refusal::ClusterExists { cluster: ClusterId::from_bytes([7; 16]) },
        Refusal::NoSuchNode { node },
        Refusal::NodeIdTaken { node },
        Refusal::IncarnationRetired,
        Refusal::OtherNode { node },
        Refusal::AddressTaken { node },
        Refusal::NodeInUse { node, group },
        Refusal::NoSuchGroup { group },
        Refusal::WrongEpoch { current: Epoch(700) },
        Refusal::MoveUnderWay { id: MoveId(1000) },
        Refusal::NoSuchMove { id: MoveId(1000) },
        Refusal::WrongStep { current: MoveStep::Switching },
        Refusal::WorkspaceExists { workspace },
        Refusal::NoSuchWorkspace { workspace },
        Refusal::NoSuchPlugin { plugin: plugin.clone() },
        Refusal::NoSuchComponent { plugin, digest: digest(0xd1) },
        Refusal::OtherComponentActive { active: Some(digest(0xd2)) },
        Refusal::OtherComponentActive { active: None },
        Refusal::NothingToRollBackTo,
        Refusal::NoSuchToken { name: word("ci") },
        Refusal::TokenExists { name: word("ci") },
        Refusal::LastToken,
    ];
    let fewer = Refusal::FewerReplicas { node, wanted: 3, left: 2 };
    let refused = refused.into_iter().chain(refusals_with_a_choice()).chain([fewer]);
    applied.map(Ok).into_iter().chain(refused.map(Err)).collect()
}

/// Refusals that name one of several things, with each of them.
fn refusals_with_a_choice() -> impl Iterator<Item = Refusal> {
    let bounded = [Bounded::Replication, Bounded::DataGroups, Bounded::SettingBytes, Bounded::NodeIds];
    let counted = [
        Counted::Nodes,
        Counted::Workspaces,
        Counted::Plugins,
        Counted::Components,
        Counted::Settings,
        Counted::Tokens,
    ];
    let senseless = [
        Senseless::Nothing,
        Senseless::AlreadyThere,
        Senseless::NotThere,
        Senseless::Draining,
        Senseless::NoFullReplica,
        Senseless::TwoWitnesses,
        Senseless::TooManyReplicas,
    ];
    let bounded = bounded.map(|what| Refusal::OutOfBounds { what, min: 1, max: 4096 });
    let counted = counted.map(|what| Refusal::TooMany { what });
    let senseless = senseless.map(|reason| Refusal::SenselessMove { reason });
    bounded.into_iter().chain(counted).chain(senseless)
}

/// A state with something in everything that it has.
fn state() -> State {
    let mut cluster = Cluster::new(2, 2);
    cluster.register(2, NodeKind::Full);
    cluster.register(3, NodeKind::Witness);
    cluster.register(4, NodeKind::Full);
    cluster.done(Request::RemoveNode { node: NodeId(4) });
    cluster.done(Request::SetDraining { node: NodeId(3), draining: true });
    let epoch = cluster.state.groups()[&GroupId(2)].epoch;
    cluster.propose(begin(2, epoch.0, Some(2), None)).unwrap();
    for name in ["w", "gone", "v"] {
        cluster.propose(Request::CreateWorkspace { name: WorkspaceName::new(name).unwrap() }).unwrap();
    }
    cluster.done(Request::RemoveWorkspace { workspace: WorkspaceId(2) });
    let plugin = word("python");
    for byte in [0xd1, 0xd2] {
        cluster.propose(Request::PushPlugin { plugin: plugin.clone(), component: component(byte) }).unwrap();
        cluster.propose(Request::ActivatePlugin { plugin: plugin.clone(), digest: digest(byte) }).unwrap();
    }
    cluster.done(Request::SetSetting { key: word("limit"), value: Some("ä=1".to_owned()) });
    cluster.done(Request::AddToken { name: word("ci"), hash: TokenHash::of(b"other") });
    let _ = cluster.propose(Request::RemoveNode { node: NodeId(99) });
    let _ = cluster.apply(Command::OpenSession);
    cluster.state
}

#[test]
fn commands_of_version_1_are_read() {
    let golden = include_str!("golden/commands-v1.hex");
    let commands = commands();
    let read: Vec<Command> = golden.lines().map(|line| Command::decode(&bytes(line)).unwrap()).collect();
    assert_eq!(read, commands);
    assert_eq!(lines(commands.iter().map(Command::encode)), golden, "what is written today");
}

/// Answers are remembered in states.
#[test]
fn responses_of_states_of_version_1_are_read() {
    let golden = include_str!("golden/responses-v1.hex");
    let responses = responses();
    let read: Vec<Response> = golden.lines().map(|line| postcard::from_bytes(&bytes(line)).unwrap()).collect();
    assert_eq!(read, responses);
    let written = responses.iter().map(|response| postcard::to_extend(response, Vec::new()).unwrap());
    assert_eq!(lines(written), golden, "what is written today");
}

#[test]
fn states_of_version_1_are_read() {
    let golden = include_str!("golden/state-v1.hex");
    let state = state();
    assert_eq!(State::decode(&bytes(golden)).unwrap(), state);
    assert_eq!(wrapped(&state.encode()), golden, "what is written today");
}
