//! Bytes that a release wrote and that every later one must read.
//!
//! Files in `golden/` are never changed. A new format version adds files and keeps these; then the test that the bytes are what
//! is written today moves on to the new ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod model;

use model::{Machine, create_workspace, inline, path};
use vraftls_vfs::{
    ClientId, Command, ContentDigest, Contents, Expected, FileOperation, Request, Revision, Sequence, State,
    WorkspaceId, WorkspaceName,
};

/// Reads hexadecimal digits; line breaks are for people.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    bytes.chunks(48).map(line).collect()
}

fn digest(byte: u8) -> ContentDigest {
    ContentDigest::from_bytes([byte; 32])
}

fn once(request: Request) -> Command {
    Command::Once { client: ClientId(300), sequence: Sequence(2), request }
}

/// Every variant of everything that a command can say.
fn batch() -> Command {
    let stored = Contents::Stored { digest: digest(0xd1), size_bytes: 70_000 };
    let write = |path, expected, contents| FileOperation::Write { path, expected, contents };
    once(Request::Batch {
        workspace: WorkspaceId(1),
        operations: vec![
            write(path("src/ä.py"), Expected::Anything, inline("x = 1\n")),
            write(path("a"), Expected::Nothing, stored),
            write(path("b"), Expected::Digest(digest(0xd2)), inline("")),
            FileOperation::delete(path("c"), None),
            FileOperation::delete(path("d"), Some(digest(0xd3))),
            FileOperation::rename(path("e"), path("f/g"), None),
            FileOperation::rename(path("h"), path("i"), Some(digest(0xd4))),
        ],
    })
}

/// A state with something in every keyspace that version 1 has, and with every answer that sessions could remember then.
fn machine_of_version_1() -> Machine {
    let mut machine = Machine::new();
    let put = |path, contents| FileOperation::put(path, contents);
    let in_workspace = |workspace, operations| Request::Batch { workspace: WorkspaceId(workspace), operations };
    let stored = Contents::Stored { digest: digest(0xd1), size_bytes: 70_000 };
    let requests = [
        create_workspace("w"),
        create_workspace("w"),
        create_workspace("gone"),
        in_workspace(1, vec![put(path("src/ä.py"), inline("x = 1\n")), put(path("a"), stored)]),
        in_workspace(1, vec![FileOperation::create(path("a"), inline(""))]),
        in_workspace(1, vec![FileOperation::update(path("b"), digest(0xd2), inline(""))]),
        in_workspace(1, vec![put(path("src"), inline(""))]),
        in_workspace(1, vec![put(path("a/b"), inline(""))]),
        in_workspace(2, vec![put(path("z"), inline("z"))]),
        Request::RemoveWorkspace { workspace: WorkspaceId(2) },
        Request::RemoveWorkspace { workspace: WorkspaceId(2) },
    ];
    for request in requests {
        let _ = machine.execute(request);
    }
    let _ = machine.apply(Command::OpenSession);
    machine.state.advance(Revision(400));
    machine
}

/// The same, and what came with version 2.
fn state() -> State {
    let mut machine = machine_of_version_1();
    let adopt =
        |id, name| Request::AdoptWorkspace { workspace: WorkspaceId(id), name: WorkspaceName::new(name).unwrap() };
    let batch = |epoch| Request::ShardBatch {
        workspace: WorkspaceId(300),
        epoch,
        operations: vec![FileOperation::put(path("a"), inline("a"))],
    };
    let requests = [
        adopt(300, "adopted"),
        adopt(300, "other"),
        adopt(2, "gone"),
        adopt(7, "late"),
        Request::SetEpoch { epoch: 1000 },
        batch(1000),
        batch(999),
    ];
    for request in requests {
        let _ = machine.execute(request);
    }
    machine.state
}

#[test]
fn commands_of_version_1_are_read() {
    let remove = once(Request::RemoveWorkspace { workspace: WorkspaceId(7) });
    let name = WorkspaceName::new("my project").unwrap();
    let adopt = once(Request::AdoptWorkspace { workspace: WorkspaceId(300), name });
    let operations = vec![FileOperation::delete(path("c"), None)];
    let shard_batch = once(Request::ShardBatch { workspace: WorkspaceId(300), epoch: 1000, operations });
    let cases = [
        (Command::OpenSession, include_str!("golden/command-v1-open-session.hex")),
        (once(create_workspace("my project")), include_str!("golden/command-v1-create-workspace.hex")),
        (remove, include_str!("golden/command-v1-remove-workspace.hex")),
        (batch(), include_str!("golden/command-v1-batch.hex")),
        (adopt, include_str!("golden/command-v1-adopt-workspace.hex")),
        (once(Request::SetEpoch { epoch: 1000 }), include_str!("golden/command-v1-set-epoch.hex")),
        (shard_batch, include_str!("golden/command-v1-shard-batch.hex")),
    ];
    for (command, golden) in cases {
        assert_eq!(Command::decode(&bytes(golden)).unwrap(), command);
        assert_eq!(hex(&command.encode()), golden, "what is written today");
    }
}

#[test]
fn states_of_version_1_are_read() {
    let golden = include_str!("golden/state-v1.hex");
    assert_eq!(State::decode(&bytes(golden)).unwrap(), machine_of_version_1().state);
}

#[test]
fn states_of_version_2_are_read() {
    let golden = include_str!("golden/state-v2.hex");
    let state = state();
    assert_eq!(State::decode(&bytes(golden)).unwrap(), state);
    assert_eq!(hex(&state.encode()), golden, "what is written today");
}
