//! Backups of a made-up cluster: taken, damaged, interrupted, restored.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use vraftls_meta::{
    Address, Applied as MetaApplied, ClusterId, Command as MetaCommand, Component, Incarnation, NodeId, NodeKind,
    Registration, Request as MetaRequest, State as Metadata, TokenHash, Word,
};
use vraftls_vfs::{
    Applied, ClientId, Command, ContentDigest, Contents, Expected, FileOperation, Request, Revision, Sequence, State,
    VfsPath, WorkspaceId, WorkspaceName,
};

use super::manifest::{MANIFEST, contents_file, state_file};
use super::take::Receiver;
use super::*;
use crate::contents::ContentStore;
use crate::data_dir::{DataDir, DataDirError};

mod consensus;

const COMPONENT: &[u8] = b"\0asm, more or less";

/// In both shards.
const SHARED: &[u8] = b"shared = 1\n";

/// Longer than what lies in the database.
fn large() -> Vec<u8> {
    b"# large\n".repeat(20_000)
}

fn metadata() -> Metadata {
    let mut state = Metadata::new();
    let opened = state.apply(Revision(1), MetaCommand::OpenSession);
    let Ok(MetaApplied::SessionOpened { client }) = opened else { panic!("{opened:?}") };
    let address = Address::new("127.0.0.1:9001").expect("an address");
    let incarnation = Incarnation::from_bytes([3; 16]);
    let digest = ContentDigest::of(COMPONENT);
    let word = |text: &str| Word::new(text).expect("a word");
    let component = Component { digest, size_bytes: COMPONENT.len() as u64, version: word("1") };
    let requests = [
        MetaRequest::Bootstrap {
            cluster: ClusterId::from_bytes([7; 16]),
            replication: 3,
            n_data_groups: 2,
            node: NodeId(4),
            registration: Registration { incarnation, address, kind: NodeKind::Full },
            token: Some(TokenHash::of(b"old token")),
        },
        MetaRequest::CreateWorkspace { name: WorkspaceName::new("w").expect("a name") },
        MetaRequest::PushPlugin { plugin: word("toy"), component },
        MetaRequest::ActivatePlugin { plugin: word("toy"), digest },
        MetaRequest::SetSetting { key: word("color"), value: Some("green".to_owned()) },
    ];
    for (n, request) in (1..).zip(requests) {
        let command = MetaCommand::Once { client, sequence: Sequence(n), request };
        state.apply(Revision(n + 1), command).expect("nothing is to be said against it");
    }
    state
}

/// A shard with these files, as of index 3.
fn shard(files: &[(&str, Vec<u8>)]) -> State {
    let mut state = State::new();
    let (opened, _) = state.apply(Revision(1), Command::OpenSession);
    let Ok(Applied::SessionOpened { client }) = opened else { panic!("{opened:?}") };
    let write = |(path, bytes): &(&str, Vec<u8>)| FileOperation::Write {
        path: VfsPath::new(path).expect("a path"),
        expected: Expected::Nothing,
        contents: Contents::Stored { digest: ContentDigest::of(bytes), size_bytes: bytes.len() as u64 },
    };
    let workspace = WorkspaceId(1);
    let adopt = Request::AdoptWorkspace { workspace, name: WorkspaceName::new("w").expect("a name") };
    let batch = Request::Batch { workspace, operations: files.iter().map(write).collect() };
    for (n, request) in [(1, adopt), (2, batch)] {
        let (done, _) = once(&mut state, client, n, request);
        assert!(done.is_ok(), "{done:?}");
    }
    state
}

fn once(
    state: &mut State,
    client: ClientId,
    n: u64,
    request: Request,
) -> (vraftls_vfs::Response, Vec<vraftls_vfs::Effect>) {
    let index = Revision(state.revision().0 + 1);
    state.apply(index, Command::Once { client, sequence: Sequence(n), request })
}

fn files() -> [Vec<(&'static str, Vec<u8>)>; 2] {
    [
        vec![("a.py", b"a = 1\n".to_vec()), ("copy/a.py", b"a = 1\n".to_vec()), ("shared.py", SHARED.to_vec())],
        vec![("empty.py", Vec::new()), ("large.py", large()), ("also.py", SHARED.to_vec())],
    ]
}

/// The groups as a node sends them, data first.
fn streams() -> Vec<(u32, Vec<u8>)> {
    let metadata = metadata();
    let mut streams = Vec::new();
    for (group, files) in (1..).zip(files()) {
        let state = shard(&files);
        let give = |digest: &ContentDigest| {
            let found = files.iter().find(|(_, bytes)| ContentDigest::of(bytes) == *digest);
            Ok(found.expect("a file has it").1.clone())
        };
        let mut bytes = Vec::new();
        write_stream(&mut bytes, group, &state.encode(), &state.contents().collect(), give).expect("memory");
        streams.push((group, bytes));
    }
    let mut bytes = Vec::new();
    write_stream(&mut bytes, 0, &metadata.encode(), &components_of(&metadata), |_| Ok(COMPONENT.to_vec()))
        .expect("memory");
    streams.push((0, bytes));
    streams
}

/// The parts of a backup, and its manifest, which is not written yet.
fn take_parts(directory: &Path) -> Manifest {
    let (mut seen, mut parts) = (BTreeSet::new(), Vec::new());
    for (group, bytes) in streams() {
        let receiver = Receiver { group, directory: directory.to_owned(), seen: Arc::new(seen.clone()) };
        let (_, part, new) = receiver.receive_from(&mut bytes.as_slice()).expect("it is whole");
        seen.extend(new);
        parts.push(part);
    }
    Manifest::new(ClusterId::from_bytes([7; 16]).to_string(), 1_700_000_000, parts)
}

fn taken() -> TempDir {
    let directory = tempfile::tempdir().expect("a scratch directory");
    take_parts(directory.path()).write(directory.path()).expect("a disk");
    directory
}

fn restored_to(backup: &Path, data: &Path) -> RestoreConfig {
    RestoreConfig {
        backup: backup.to_owned(),
        data_directory: data.to_owned(),
        address: Address::new("127.0.0.1:9009").expect("an address"),
        node: NodeId(1),
        replication: Some(2),
        new_token: false,
        command: "test".to_owned(),
    }
}

#[test]
fn a_backup_says_what_it_has_and_has_contents_once() {
    let backup = taken();
    let summary = verify(backup.path()).expect("it is sound");
    assert_eq!((summary.n_workspaces, summary.n_plugins, summary.n_files), (1, 1, 6));
    assert_eq!(summary.n_contents, 5, "four different files and a component");
    let indexes: Vec<(u32, u64)> = summary.manifest.groups.iter().map(|part| (part.group, part.index)).collect();
    assert_eq!(indexes, [(0, 6), (1, 3), (2, 3)]);
    let second = summary.manifest.groups[2].contents.size_bytes;
    assert_eq!(second, (40 + 40 + large().len()) as u64, "what is shared is in the first");
}

#[test]
fn without_a_manifest_it_is_no_backup() {
    let backup = tempfile::tempdir().expect("a scratch directory");
    take_parts(backup.path());
    assert!(matches!(verify(backup.path()), Err(BackupError::Unfinished(_))));
    let data = backup.path().join("data");
    assert!(matches!(restore(&restored_to(backup.path(), &data)), Err(BackupError::Unfinished(_))));
    assert!(!data.exists(), "nothing is begun");
}

#[test]
fn damage_in_any_part_is_found_before_anything_is_restored() {
    let backup = taken();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let data = scratch.path().join("data");
    let mut names = vec![MANIFEST.to_owned()];
    names.extend((0..3).flat_map(|group| [state_file(group), contents_file(group)]));
    let on_disk: BTreeSet<String> = std::fs::read_dir(backup.path())
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    assert_eq!(on_disk, names.iter().cloned().collect(), "there is nothing else");
    for name in names {
        let path = backup.path().join(&name);
        let whole = std::fs::read(&path).expect("it is there");
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let mut damages: Vec<Vec<u8>> = [0, 20, 40, whole.len() / 2, whole.len() - 2].map(flipped).into();
        damages.extend([whole[..whole.len() - 2].to_vec(), Vec::new(), [&whole[..], b"x"].concat()]);
        for (n, damaged) in damages.into_iter().enumerate() {
            std::fs::write(&path, damaged).expect("writable");
            let found = restore(&restored_to(backup.path(), &data));
            assert!(matches!(found, Err(BackupError::Damaged { .. })), "{name}, damage {n}: {found:?}");
        }
        std::fs::remove_file(&path).expect("it is there");
        assert!(verify(backup.path()).is_err(), "{name} is missing");
        std::fs::write(&path, whole).expect("writable");
    }
    assert!(!data.exists(), "nothing is begun");
    verify(backup.path()).expect("it is whole again");
}

#[test]
fn a_manifest_of_another_version_is_told_from_a_damaged_one() {
    let backup = tempfile::tempdir().expect("a scratch directory");
    let manifest = Manifest { format_version: 2, ..take_parts(backup.path()) };
    manifest.write(backup.path()).expect("a disk");
    assert!(matches!(verify(backup.path()), Err(BackupError::UnknownVersion { found: 2, known: 1 })));
}

#[test]
fn a_stream_that_breaks_off_or_is_another_is_no_group() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let receive = |group: u32, bytes: &[u8]| {
        let receiver = Receiver { group, directory: scratch.path().to_owned(), seen: Arc::default() };
        receiver.receive_from(&mut &bytes[..]).map(|(_, part, _)| part.index)
    };
    let (group, whole) = streams().remove(0);
    assert_eq!(receive(group, &whole).expect("it is whole"), 3);
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        assert!(matches!(receive(group, &whole[..length]), Err(BackupError::Stream { .. })), "{length} bytes");
        let mut flipped = whole.clone();
        flipped[length] ^= 1;
        assert!(matches!(receive(group, &flipped), Err(BackupError::Stream { .. })), "byte {length}");
    }
    assert!(matches!(receive(2, &whole), Err(BackupError::Stream { .. })), "another group");
}

#[test]
fn a_restored_directory_has_everything_and_is_another_cluster() {
    let backup = taken();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let data = scratch.path().join("node/data");
    let config = RestoreConfig { new_token: true, ..restored_to(backup.path(), &data) };
    let restored = restore(&config).expect("it is sound");
    assert_ne!(restored.cluster, ClusterId::from_bytes([7; 16]));

    let (known, _) = vraftls_cluster::read_metadata(&data.join("groups/0")).expect("it is there");
    let cluster = known.cluster().expect("one was made");
    assert_eq!((cluster.id, cluster.replication), (restored.cluster, 2));
    assert_eq!(known.nodes().keys().collect::<Vec<_>>(), [&NodeId(1)]);
    assert!(
        known.groups().values().all(|group| group.replicas == BTreeSet::from([NodeId(1)]) && group.change.is_none())
    );
    assert_eq!(known.workspace(&WorkspaceName::new("w").unwrap()), Some(WorkspaceId(1)));
    assert_eq!(known.settings().len(), 1);
    let token = std::fs::read_to_string(restored.token_file.expect("a new one was wanted")).expect("it is there");
    assert!(known.token(token.as_bytes()).is_some() && known.token(b"old token").is_none());
    let component = data.join(format!("components/{}.wasm", ContentDigest::of(COMPONENT)));
    assert_eq!(std::fs::read(component).expect("it is there"), COMPONENT);

    let contents = ContentStore::open(&data.join("contents")).expect("opens");
    for (_, bytes) in files().into_iter().flatten() {
        assert_eq!(contents.get(&ContentDigest::of(&bytes)).expect("it is there"), bytes);
    }
    let again = restore(&config);
    assert!(matches!(again, Err(BackupError::NotEmpty(_))), "{again:?}");
}

#[test]
fn tokens_stay_unless_a_new_one_is_wanted() {
    let backup = taken();
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let restored = restore(&restored_to(backup.path(), scratch.path())).expect("the directory is empty");
    assert_eq!(restored.token_file, None);
    let (known, _) = vraftls_cluster::read_metadata(&scratch.path().join("groups/0")).expect("it is there");
    assert!(known.token(b"old token").is_some());
}

#[test]
fn an_interrupted_restore_is_nobodys_directory() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    std::fs::write(scratch.path().join(UNFINISHED), "").expect("writable");
    assert!(matches!(DataDir::open(scratch.path(), "test"), Err(DataDirError::Unfinished(_))));
    let backup = taken();
    let into = restore(&restored_to(backup.path(), scratch.path()));
    assert!(matches!(into, Err(BackupError::NotEmpty(_))), "{into:?}");
}

/// The bytes of version 1 stay what they are: whatever is changed, backups that are there must be read. Never renew these, add others.
#[test]
fn what_is_sent_and_kept_is_written_as_ever() {
    let sent: Vec<u8> = streams().into_iter().flat_map(|(_, bytes)| bytes).collect();
    assert_eq!(
        blake3::hash(&sent).to_hex().as_str(),
        "5e5074ad7d124fe5a9a096d534186edac3e78dafc0e9cc5d58a13e2fc3ab0554"
    );
    let backup = taken();
    let manifest = std::fs::read_to_string(backup.path().join(MANIFEST)).expect("it is there");
    assert_eq!(
        manifest.lines().last(),
        Some("2361466cd27b42c9459148257c2527c32d29821acbbe7323f71d31eb7ad63696"),
        "{manifest}"
    );
}
