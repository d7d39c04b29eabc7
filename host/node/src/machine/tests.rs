//! Machines that share a store, that need each other's contents, that stop and come back.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use vraftls_raft::ids::{LogId, NodeId, Peer};
use vraftls_vfs::{ClientId, Expected, Sequence, VfsPath, WorkspaceId, WorkspaceName};

use super::*;
use crate::fetch::{AskError, OFFERED_BYTES_MAX, Source};
use crate::references::Offer;

mod histories;

const GROUP: GroupId = GroupId(1);

/// What the replicas of a group have, so that they can be asked.
#[derive(Clone, Default)]
struct Replicas(Arc<Mutex<Vec<Option<Kept>>>>);

/// What one replica has.
type Kept = (ContentStore, References);

/// One replica asks the others.
struct Asking {
    replicas: Replicas,
    own: usize,
    stopped: AtomicBool,
    n_pauses: AtomicUsize,
    n_pauses_max: usize,
}

impl FetchContents for Asking {
    fn sources(&self, _: &Membership) -> Vec<Source> {
        let n = self.replicas.0.lock().expect("no panic").len();
        let others = (0..n).filter(|n| *n != self.own);
        others.map(|n| Source { node: NodeId(n as u64), peer: Peer::default() }).collect()
    }

    fn ask(&self, source: &Source, digests: &[ContentDigest]) -> Result<Vec<Offer>, AskError> {
        let found = self.replicas.0.lock().expect("no panic")[source.node.0 as usize].clone();
        let (contents, references) = found.ok_or_else(|| AskError("it is down".to_owned()))?;
        Ok(references.offer(&contents, GROUP, digests, OFFERED_BYTES_MAX).expect("readable"))
    }

    fn pause(&self, _: Duration) {
        if self.n_pauses.fetch_add(1, Ordering::Relaxed) >= self.n_pauses_max {
            self.stopped.store(true, Ordering::Relaxed);
        }
        std::thread::yield_now();
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// A replica on its own directory.
struct Node {
    scratch: tempfile::TempDir,
    contents: ContentStore,
    references: References,
    replicas: Replicas,
    own: usize,
    machine: VfsMachine,
    state: watch::Receiver<State>,
}

impl Node {
    fn new(replicas: &Replicas) -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let contents = ContentStore::open(&scratch.path().join("contents")).expect("opens");
        let references = References::new();
        let own = {
            let mut all = replicas.0.lock().expect("no panic");
            all.push(Some((contents.clone(), references.clone())));
            all.len() - 1
        };
        let opened = open(&scratch, &contents, &references, replicas, own, 100_000);
        let (machine, state) = (opened.machine, opened.state);
        Self { scratch, contents, references, replicas: replicas.clone(), own, machine, state }
    }

    /// As after a kill: what was not persisted is forgotten. The log has to be applied again before anything goes.
    fn restart(&mut self, n_pauses_max: usize) -> Option<Hold> {
        self.references = References::new();
        self.set_up(true);
        let opened = open(&self.scratch, &self.contents, &self.references, &self.replicas, self.own, n_pauses_max);
        (self.machine, self.state) = (opened.machine, opened.state);
        opened.recovering
    }

    fn set_up(&self, is_up: bool) {
        let here = is_up.then(|| (self.contents.clone(), self.references.clone()));
        self.replicas.0.lock().expect("no panic")[self.own] = here;
    }

    fn apply(&mut self, index: u64, command: &Command) -> Result<(), StorageError> {
        let _ = self.machine.apply(index, command.clone());
        self.machine.commit(&at(index))
    }

    fn snapshot_bytes(&mut self) -> (Applied, Vec<u8>) {
        let mut bytes = Vec::new();
        self.machine.snapshot().expect("a view").write_to(&mut bytes).expect("written");
        (self.machine.applied.clone(), bytes)
    }

    fn persist(&mut self) {
        self.machine.snapshot().expect("a view").persist().expect("persisted");
    }

    fn is_here(&self, bytes: &[u8]) -> bool {
        self.contents.has(&ContentDigest::of(bytes)).expect("readable")
    }

    /// Looks as if much time had passed since.
    fn let_go(&self) {
        self.references.let_go(&self.contents, Instant::now() + Duration::from_secs(3600)).expect("removed");
    }
}

fn open(
    scratch: &tempfile::TempDir,
    contents: &ContentStore,
    references: &References,
    replicas: &Replicas,
    own: usize,
    n_pauses_max: usize,
) -> Opened {
    let (stopped, n_pauses) = (AtomicBool::new(false), AtomicUsize::new(0));
    let others = Arc::new(Asking { replicas: replicas.clone(), own, stopped, n_pauses, n_pauses_max });
    let keeping = Keeping::among(GROUP, contents.clone(), references.clone(), others);
    VfsMachine::open(&scratch.path().join("snapshots"), keeping).expect("opens")
}

fn at(index: u64) -> Applied {
    let last = Some(LogId { term: 1, leader: NodeId(1), index });
    Applied { last, ..Applied::default() }
}

fn once(sequence: u64, request: Request) -> Command {
    Command::Once { client: ClientId(1), sequence: Sequence(sequence), request }
}

/// The first entries of every log here: a session and a workspace. The next index is 3.
fn beginning() -> Vec<Command> {
    let name = WorkspaceName::new("w").expect("a name");
    vec![Command::OpenSession, once(1, Request::CreateWorkspace { name })]
}

fn write(sequence: u64, path: &str, contents: Contents) -> Command {
    let path = VfsPath::new(path).expect("a path");
    let operations = vec![FileOperation::Write { path, expected: Expected::Anything, contents }];
    once(sequence, Request::ShardBatch { workspace: WorkspaceId(1), epoch: 0, operations })
}

fn stored(bytes: &[u8]) -> Contents {
    Contents::Stored { digest: ContentDigest::of(bytes), size_bytes: bytes.len() as u64 }
}

fn begin(node: &mut Node) {
    for (index, command) in (1..).zip(beginning()) {
        node.apply(index, &command).expect("applied");
    }
}

#[test]
fn two_replicas_that_wait_for_each_other_both_go_on() {
    let replicas = Replicas::default();
    let (mut first, mut second) = (Node::new(&replicas), Node::new(&replicas));
    [&mut first, &mut second].into_iter().for_each(begin);
    first.contents.put(ContentDigest::of(b"a"), b"a").expect("kept");
    second.contents.put(ContentDigest::of(b"b"), b"b").expect("kept");
    let commands = [write(2, "a", stored(b"a")), write(3, "b", stored(b"b"))];
    std::thread::scope(|scope| {
        for (node, order) in [(&mut first, [0, 1]), (&mut second, [0, 1])] {
            let commands = &commands;
            scope.spawn(move || {
                // Both entries come in one batch: each machine waits with something that the other waits for.
                for (index, n) in (3..).zip(order) {
                    let _ = node.machine.apply(index, commands[n].clone());
                }
                node.machine.commit(&at(4)).expect("committed");
            });
        }
    });
    for node in [&first, &second] {
        assert!(node.is_here(b"a") && node.is_here(b"b"));
        assert_eq!(node.state.borrow().revision(), Revision(4));
    }
}

#[test]
fn a_snapshot_is_installed_with_its_contents_or_not_at_all() {
    let replicas = Replicas::default();
    let (mut first, mut second) = (Node::new(&replicas), Node::new(&replicas));
    begin(&mut first);
    let large = vec![7; 200 << 10];
    first.apply(3, &write(2, "inline", Contents::Inline(b"inline".to_vec()))).expect("applied");
    first.contents.put(ContentDigest::of(&large), &large).expect("kept");
    first.apply(4, &write(3, "large", stored(&large))).expect("applied");
    let (applied, bytes) = first.snapshot_bytes();

    // Nobody has its contents: it waits until it is stopped, and neither shows nor writes the state.
    first.set_up(false);
    let _ = second.restart(30);
    let error = second.machine.install(&applied, &mut bytes.as_slice()).expect_err("stopped");
    assert!(matches!(error, StorageError::Stopped { .. }), "{error}");
    assert_eq!(second.state.borrow().revision(), Revision(0));
    let _ = second.restart(30);
    assert_eq!(second.machine.applied, Applied::default());

    first.set_up(true);
    second.machine.install(&applied, &mut bytes.as_slice()).expect("installed");
    assert!(second.is_here(b"inline") && second.is_here(&large));
    assert_eq!(*second.state.borrow(), *first.state.borrow());
    // It is durable, and what it needs is too.
    let _ = second.restart(0);
    assert_eq!(second.machine.applied, applied);
    assert_eq!(*second.state.borrow(), *first.state.borrow());
    let contents: Vec<ContentDigest> = second.state.borrow().contents().collect();
    assert!(contents.iter().all(|digest| second.contents.get(digest).is_ok()));
}

#[test]
fn what_was_let_go_stays_until_no_log_says_it_again() {
    let replicas = Replicas::default();
    let (mut first, second) = (Node::new(&replicas), Node::new(&replicas));
    begin(&mut first);
    let text = vec![1; 100];
    let log = [write(2, "a", stored(&text)), write(3, "a", Contents::Inline(b"other".to_vec()))];
    first.contents.put(ContentDigest::of(&text), &text).expect("kept");
    (3..).zip(&log).for_each(|(index, command)| first.apply(index, command).expect("applied"));
    first.let_go();
    assert!(first.is_here(&text));
    // So it reads its log again although everybody else is down.
    second.set_up(false);
    let recovering = first.restart(0);
    begin(&mut first);
    (3..).zip(&log).for_each(|(index, command)| first.apply(index, command).expect("applied"));
    first.persist();
    first.let_go();
    assert!(first.is_here(&text), "not all of the log may be read yet");
    drop(recovering);
    first.let_go();
    assert!(!first.is_here(&text) && first.is_here(b"other"));
    let _ = first.restart(0);
    assert_eq!(first.machine.applied, at(4));
}

#[test]
fn groups_share_what_they_both_have_until_one_is_forgotten() {
    let replicas = Replicas::default();
    let mut first = Node::new(&replicas);
    begin(&mut first);
    first.apply(3, &write(2, "a", Contents::Inline(b"shared".to_vec()))).expect("applied");
    let (other, references) = (GroupId(2), first.references.clone());
    let keeping = Keeping::alone(other, first.contents.clone(), references.clone());
    let Opened { mut machine, recovering, .. } =
        VfsMachine::open(&first.scratch.path().join("other"), keeping).expect("opens");
    for (index, command) in (1..).zip(beginning().into_iter().chain([write(2, "b", stored(b"shared"))])) {
        let _ = machine.apply(index, command);
        machine.commit(&at(index)).expect("committed");
    }
    drop(recovering);
    first.apply(4, &write(3, "a", Contents::Inline(b"own".to_vec()))).expect("applied");
    first.persist();
    first.let_go();
    assert!(first.is_here(b"shared"), "the other group has it");
    let is_wanted = |bytes: &[u8]| references.is_wanted(&ContentDigest::of(bytes), Instant::now());
    // A machine that does not run any more counts: its group comes back.
    drop(machine);
    assert!(is_wanted(b"shared") && is_wanted(b"own"));
    references.forget(other);
    assert!(!is_wanted(b"shared") && is_wanted(b"own"));
}

#[test]
fn what_is_brought_for_a_proposal_has_its_time() {
    let replicas = Replicas::default();
    let mut first = Node::new(&replicas);
    begin(&mut first);
    first.apply(3, &write(2, "a", Contents::Inline(b"old".to_vec()))).expect("applied");
    first.apply(4, &write(3, "a", Contents::Inline(b"new".to_vec()))).expect("applied");
    first.persist();
    // Somebody is about to give it to a file again just when it would go.
    let later = Instant::now() + Duration::from_secs(3600);
    let digest = ContentDigest::of(b"old");
    first.references.lease(digest, later).expect("there is room");
    first.references.let_go(&first.contents, later).expect("asked");
    assert!(first.is_here(b"old") && first.references.is_wanted(&digest, later));
    // Its time is over; but an entry that is not applied yet may speak of it.
    let end = later + crate::references::LEASE;
    first.references.set_log_end(GROUP, Some(Arc::new(|| 5)));
    assert!(first.references.is_wanted(&digest, end));
    first.apply(5, &write(4, "b", Contents::Inline(b"other".to_vec()))).expect("applied");
    assert!(!first.references.is_wanted(&digest, end));
}

#[test]
fn a_view_of_long_ago_does_not_replace_a_later_one() {
    let replicas = Replicas::default();
    let (mut first, mut second) = (Node::new(&replicas), Node::new(&replicas));
    begin(&mut first);
    begin(&mut second);
    let view = second.machine.snapshot().expect("a view");
    first.apply(3, &write(2, "a", Contents::Inline(b"text".to_vec()))).expect("applied");
    let (applied, bytes) = first.snapshot_bytes();
    second.machine.install(&applied, &mut bytes.as_slice()).expect("installed");
    view.persist().expect("nothing to do");
    let _ = second.restart(0);
    assert_eq!(second.machine.applied, applied);
}

#[test]
fn a_witness_has_names_and_no_contents() {
    let replicas = Replicas::default();
    let mut first = Node::new(&replicas);
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let Opened { mut machine, state, recovering } = VfsMachine::open(scratch.path(), Keeping::Names).expect("opens");
    assert!(recovering.is_none(), "it holds nothing");
    begin(&mut first);
    let log = [write(2, "a", Contents::Inline(b"inline".to_vec())), write(3, "b", stored(b"elsewhere"))];
    first.contents.put(ContentDigest::of(b"elsewhere"), b"elsewhere").expect("kept");
    let entries = beginning().into_iter().chain(log.clone());
    for (index, command) in (1..).zip(entries) {
        let _ = machine.apply(index, command);
        machine.commit(&at(index)).expect("committed");
    }
    (3..).zip(&log).for_each(|(index, command)| first.apply(index, command).expect("applied"));
    assert_eq!(state.borrow().digest(), first.state.borrow().digest());
    machine.snapshot().expect("a view").persist().expect("persisted");
    let (applied, bytes) = first.snapshot_bytes();
    machine.install(&applied, &mut bytes.as_slice()).expect("installed without asking anybody");
    let files: Vec<_> =
        fs::read_dir(scratch.path()).expect("readable").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(files, ["state"]);
    assert!(!fs::read(scratch.path().join("state")).expect("there").windows(6).any(|window| window == b"inline"));
}
