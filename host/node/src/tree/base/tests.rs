//! Holds the base to plain maps: whatever is committed, pending or gone in whatever order, requests see what the maps say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use vraftls_vfs::{
    Command, Contents, Expected, FileOperation, Request, Sequence, State, VfsPath, WorkspaceId, WorkspaceName,
};

use super::*;
use crate::libraries::{Environment, Environments, Mount};
use crate::tree::pending::PendingFile;
use crate::tree::walk::Signature;

const PATHS: [&str; 8] = ["a", "a.py", "a/b", "a/b.py", "a/b/c.py", "b/a.py", "c", "c/d"];
const TEXTS: [&str; 4] = ["", "one", "two", "three"];

/// What happens to a workspace; numbers choose a path and a text.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody commits a file, here or elsewhere.
    Commit(usize, usize),
    Delete(usize),
    /// A file is found on disk.
    Find(usize, usize),
    /// A file is found to be gone.
    Miss(usize),
    /// What is pending is no more.
    Forget(usize),
    /// Somebody asks for a file.
    Ask(usize),
    /// What is pending is committed as it was read.
    TakeIn(usize),
    /// The disk moves on, and nobody noticed yet.
    Write(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (path, text) = (0..PATHS.len(), 0..TEXTS.len());
    let step = prop_oneof![
        2 => (path.clone(), text.clone()).prop_map(|(path, text)| Step::Commit(path, text)),
        1 => path.clone().prop_map(Step::Delete),
        4 => (path.clone(), text.clone()).prop_map(|(path, text)| Step::Find(path, text)),
        2 => path.clone().prop_map(Step::Miss),
        1 => path.clone().prop_map(Step::Forget),
        2 => path.clone().prop_map(Step::Ask),
        3 => path.clone().prop_map(Step::TakeIn),
        1 => (path, text).prop_map(|(path, text)| Step::Write(path, text)),
    ];
    prop::collection::vec(step, 1..40)
}

/// The naive one: what is committed, and above it what is pending, each as a map.
#[derive(Clone, Default)]
struct Model {
    committed: BTreeMap<&'static str, &'static str>,
    pending: BTreeMap<&'static str, Option<Arc<PendingFile>>>,
}

impl Model {
    /// The files, each read now.
    fn files(&self) -> BTreeMap<String, String> {
        let mut files: BTreeMap<String, String> =
            self.committed.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        for (path, pending) in &self.pending {
            match pending {
                Some(file) => {
                    let bytes = file.load().expect("it is on disk").bytes.to_vec();
                    files.insert((*path).to_owned(), String::from_utf8(bytes).expect("text"));
                }
                None => drop(files.remove(*path)),
            }
        }
        files
    }

    fn paths(&self) -> BTreeSet<&'static str> {
        let is_there = |path: &&&str| self.pending.get(**path).is_none_or(Option::is_some);
        let written = self.pending.iter().filter(|(_, pending)| pending.is_some()).map(|(path, _)| *path);
        self.committed.keys().filter(is_there).copied().chain(written).collect()
    }
}

/// No file is a directory too.
fn is_tree<'a>(paths: impl IntoIterator<Item = &'a str> + Clone) -> bool {
    let below = |path: &str| format!("{path}/");
    paths.clone().into_iter().all(|path| !paths.clone().into_iter().any(|other| other.starts_with(&below(path))))
}

struct World {
    scratch: PathBuf,
    state: State,
    workspace: WorkspaceId,
    sequence: u64,
    base: TreeBase,
    model: Model,
    history: Vec<(TreeBase, Model)>,
}

fn path(path: &str) -> VfsPath {
    VfsPath::new(path).expect("valid")
}

impl World {
    fn new(scratch: PathBuf, contents: ContentStore) -> Self {
        let mut state = State::new();
        let _ = state.apply(Revision(1), Command::OpenSession);
        let create = Request::CreateWorkspace { name: WorkspaceName::new("w").expect("a name") };
        let client = vraftls_vfs::ClientId(1);
        let (made, _) = state.apply(Revision(2), Command::Once { client, sequence: Sequence(1), request: create });
        let Ok(vraftls_vfs::Applied::WorkspaceCreated { workspace }) = made else { panic!("{made:?}") };
        let snapshot = state.snapshot(workspace).expect("it was just made");
        let base =
            TreeBase::new(snapshot, contents, Arc::new(Libraries::new(scratch.clone(), Environments::default())));
        let model = Model::default();
        let history = vec![(base.clone(), model.clone())];
        Self { scratch, state, workspace, sequence: 1, base, model, history }
    }

    fn disk(&self, path: &str) -> PathBuf {
        self.scratch.join(path.replace('/', "-"))
    }

    fn apply(&mut self, operation: FileOperation) {
        self.sequence += 1;
        let request = Request::Batch { workspace: self.workspace, operations: vec![operation] };
        let (client, sequence) = (vraftls_vfs::ClientId(1), Sequence(self.sequence));
        let (response, _) = self.state.apply(Revision(self.sequence + 1), Command::Once { client, sequence, request });
        response.expect("the model allows it");
        self.base.snapshot = self.state.snapshot(self.workspace).expect("it is there");
    }

    fn commit(&mut self, at: &'static str, text: &'static str) {
        self.base.contents.put(ContentDigest::of(text.as_bytes()), text.as_bytes()).expect("kept");
        let contents = Contents::Inline(text.as_bytes().to_vec());
        self.apply(FileOperation::Write { path: path(at), expected: Expected::Anything, contents });
        self.model.committed.insert(at, text);
    }

    fn step(&mut self, step: Step) {
        let mut next = self.model.clone();
        match step {
            Step::Commit(at, text) => drop(next.committed.insert(PATHS[at], TEXTS[text])),
            Step::Delete(at) => drop(next.committed.remove(PATHS[at])),
            Step::Find(at, _) => {
                let file =
                    PendingFile::new(self.disk(PATHS[at]), Signature { size_bytes: 0, modified_ns: 0, inode: 0 });
                next.pending.insert(PATHS[at], Some(Arc::new(file)));
            }
            Step::Miss(at) => drop(next.pending.insert(PATHS[at], None)),
            Step::Forget(at) | Step::TakeIn(at) => drop(next.pending.remove(PATHS[at])),
            Step::Ask(at) => drop(self.base.file(&path(PATHS[at]))),
            Step::Write(at, text) if self.disk(PATHS[at]).exists() => {
                std::fs::write(self.disk(PATHS[at]), TEXTS[text]).expect("writable");
            }
            Step::Write(..) => {}
        }
        if let Step::TakeIn(at) = step {
            return self.take_in(PATHS[at]);
        }
        if !is_tree(next.committed.keys().copied()) || !is_tree(next.paths()) {
            return;
        }
        match step {
            Step::Commit(at, text) => self.commit(PATHS[at], TEXTS[text]),
            Step::Delete(at) if self.model.committed.contains_key(PATHS[at]) => {
                self.apply(FileOperation::Delete { path: path(PATHS[at]), expected: None });
            }
            Step::Find(at, text) => std::fs::write(self.disk(PATHS[at]), TEXTS[text]).expect("writable"),
            _ => {}
        }
        self.base.pending = next
            .pending
            .iter()
            .map(|(at, file)| (path(at), file.clone().map_or(Pending::Removed, Pending::Written)))
            .collect();
        self.model = next;
        self.publish();
    }

    /// What the ingest does with a file, in one step.
    fn take_in(&mut self, at: &'static str) {
        let Some(pending) = self.model.pending.get(at).cloned() else { return };
        let mut committed = self.model.committed.clone();
        match &pending {
            Some(file) => {
                let bytes = file.load().expect("it is on disk").bytes.clone();
                let text = TEXTS.into_iter().find(|text| text.as_bytes() == &*bytes).expect("one of them");
                committed.insert(at, text);
                if !is_tree(committed.keys().copied()) {
                    return;
                }
                self.commit(at, text);
            }
            None if committed.contains_key(at) => {
                self.apply(FileOperation::Delete { path: path(at), expected: None });
                self.model.committed.remove(at);
            }
            None => {}
        }
        self.base.pending.remove(at);
        self.model.pending.remove(at);
        let generation = self.base.generation;
        self.publish();
        assert_eq!(self.base.generation, generation, "what is taken in is what requests saw");
    }

    fn publish(&mut self) {
        let (older, _) = self.history.last().expect("there is always one");
        self.base.settle_generation(older);
        self.history.push((self.base.clone(), self.model.clone()));
    }
}

fn expected_changes(older: &BTreeMap<String, String>, newer: &BTreeMap<String, String>) -> Changes {
    let paths: BTreeSet<&String> = older.keys().chain(newer.keys()).collect();
    let change = |at: &&String| match (older.get(*at), newer.get(*at)) {
        (None, Some(_)) => Some(Change::Created(path(at))),
        (Some(_), None) => Some(Change::Removed(path(at))),
        (before, after) => (before != after).then(|| Change::Changed(path(at))),
    };
    Changes::Paths(paths.iter().filter_map(change).collect())
}

fn expected_entries(files: &BTreeMap<String, String>, directory: &str) -> Vec<DirEntry> {
    let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let mut entries = BTreeMap::new();
    for rest in files.keys().filter_map(|file| file.strip_prefix(&prefix)) {
        let (name, kind) = rest.split_once('/').map_or((rest, NodeKind::File), |(name, _)| (name, NodeKind::Directory));
        entries.insert(name.to_owned(), kind);
    }
    entries.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect()
}

fn assert_shows(base: &TreeBase, files: &BTreeMap<String, String>) {
    let known = |text: &String| BaseFile { digest: ContentDigest::of(text.as_bytes()), size_bytes: text.len() as u64 };
    let listed: Vec<(VfsPath, BaseFile)> = files.iter().map(|(at, text)| (path(at), known(text))).collect();
    assert_eq!(base.files(), listed);
    for at in PATHS.into_iter().chain(["", "b", "a/b/c", "nothing", "a/nothing"]) {
        let text = files.get(at);
        let is_directory = at.is_empty() || files.keys().any(|file| file.starts_with(&format!("{at}/")));
        assert_eq!(base.file(&path(at)), text.map(known), "{at}");
        assert_eq!(base.is_directory(at), is_directory, "{at}");
        assert_eq!(base.list(at), expected_entries(files, at), "{at}");
        let read = base.read(&path(at));
        match text {
            Some(text) => assert_eq!(read.as_deref(), Ok(text.as_str()), "{at}"),
            None if is_directory => assert_eq!(read, Err(ReadError::IsDirectory), "{at}"),
            None => assert_eq!(read, Err(ReadError::NotFound), "{at}"),
        }
    }
}

#[test]
fn shows_what_maps_would_show_and_knows_every_difference() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let contents = ContentStore::open(&scratch.path().join("contents")).expect("opens");
    let n_cases = std::cell::Cell::new(0_u32);
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps(), |steps| {
        n_cases.set(n_cases.get() + 1);
        let disk = scratch.path().join(n_cases.get().to_string());
        std::fs::create_dir(&disk).expect("writable");
        let mut world = World::new(disk, contents.clone());
        steps.into_iter().for_each(|step| world.step(step));
        // Read last, so that what nobody asked for in between says what the disk says by now.
        let read: Vec<_> = world.history.iter().map(|(base, model)| (base, model.files())).collect();
        for (at, (base, files)) in read.iter().enumerate() {
            assert_shows(base, files);
            for (older, older_files) in &read[..at] {
                assert_eq!(base.changes_since(*older), expected_changes(older_files, files));
                assert!(older.generation() <= base.generation(), "generations never go back");
                let is_equal = older.generation() == base.generation();
                assert!(!is_equal || older_files == files, "one generation has one set of files");
            }
        }
        Ok(())
    });
    outcome.expect("the base is what the maps are");
}

#[test]
fn library_roots_are_read_where_they_lie() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let put = |at: &str, text: &str| {
        let file = scratch.path().join(at);
        std::fs::create_dir_all(file.parent().expect("it has one")).expect("writable");
        std::fs::write(file, text).expect("writable");
    };
    put("site/pkg/__init__.py", "x = 1\n");
    put("site/one.py", "y = 1\n");
    put("more/two.py", "z = 1\n");
    let mount = |prefix: &str, directory: &str| Mount {
        prefix: prefix.to_owned(),
        kind: "site-packages".to_owned(),
        directory: scratch.path().join(directory),
        modified_ns: 0,
    };
    let mounts = vec![mount("@lib/site-packages", "site"), mount("@lib/site-packages-1", "more")];
    let mut world =
        World::new(scratch.path().to_owned(), ContentStore::open(&scratch.path().join("contents")).expect("opens"));
    let before = world.base.clone();
    let own = Environment { mounts, settings: Vec::new() };
    let environments = Environments { own, ..Environments::default() };
    world.base.libraries = Arc::new(Libraries::new(scratch.path().to_owned(), environments));
    world.base.settle_generation(&before);
    let base = &world.base;
    let added = ["@lib/site-packages", "@lib/site-packages-1"].map(|prefix| Change::Created(path(prefix)));
    assert_eq!(base.changes_since(&before), Changes::Paths(added.into()), "roots that are added change no other");
    assert_ne!(base.generation(), before.generation());
    assert_eq!(before.changes_since(base), Changes::Everything, "roots that go may have been read");

    let names = |directory: &str| base.list(directory).into_iter().map(|entry| entry.name).collect::<Vec<_>>();
    assert_eq!(names("@lib"), ["site-packages", "site-packages-1"]);
    assert_eq!(names("@lib/site-packages"), ["one.py", "pkg"]);
    assert_eq!(names("@lib/site-packages-1"), ["two.py"]);
    assert!(names("").is_empty() && names("@lib/gone").is_empty());
    assert!(["@lib", "@lib/site-packages", "@lib/site-packages/pkg"].iter().all(|at| base.is_directory(at)));
    assert!(["@lib/gone", "@lib/site-packages/one.py", "@library"].iter().all(|at| !base.is_directory(at)));

    let one = path("@lib/site-packages/one.py");
    assert_eq!(base.read(&one).as_deref(), Ok("y = 1\n"));
    assert_eq!(base.file(&one).map(|file| file.digest), Some(ContentDigest::of(b"y = 1\n")));
    assert_eq!(base.read(&path("@lib/site-packages/pkg")), Err(ReadError::IsDirectory));
    assert_eq!(base.read(&path("@lib/site-packages/gone.py")), Err(ReadError::NotFound));
    assert_eq!(base.file(&path("@lib/site-packages/pkg")), None);
    assert!(base.files().is_empty(), "libraries are no files of the workspace");
    put("site/one.py", "y = 22\n");
    assert_eq!(base.file(&one).map(|file| file.digest), Some(ContentDigest::of(b"y = 22\n")));
}

#[cfg(unix)]
#[test]
fn links_in_library_roots_lead_to_where_things_really_lie() {
    use std::os::unix::fs::symlink;

    let scratch = tempfile::tempdir().expect("a scratch directory");
    let at = |path: &str| scratch.path().join(path);
    for directory in
        ["w/own", "w/modules/.store/a@1/modules/a", "w/modules/.store/b@1/modules/b", "w/inner/modules", "out"]
    {
        std::fs::create_dir_all(at(directory)).expect("writable");
    }
    std::fs::write(at("w/modules/.store/a@1/modules/a/a.py"), "a = 1\n").expect("writable");
    std::fs::write(at("w/own/own.py"), "own = 1\n").expect("writable");
    let links = [
        ("w/modules/a", ".store/a@1/modules/a"),
        ("w/modules/.store/b@1/modules/a", "../../a@1/modules/a"),
        ("w/modules/round", "round"),
        ("w/modules/there", "back"),
        ("w/modules/back", "there"),
        ("w/modules/own", "../own"),
        ("w/modules/out", "../../out"),
        ("w/modules/gone", "nowhere"),
        ("w/inner/modules/b", "../../modules/.store/b@1/modules/b"),
        ("w/modules/inner", "../inner/modules"),
    ];
    for (path, target) in links {
        symlink(target, at(path)).expect("writable");
    }
    let mount = |prefix: &str, directory: &str| Mount {
        prefix: prefix.to_owned(),
        kind: "modules".to_owned(),
        directory: at(directory),
        modified_ns: 0,
    };
    let own = Environment {
        mounts: vec![mount("@lib/modules", "w/modules"), mount("@lib/inner/modules", "w/inner/modules")],
        settings: Vec::new(),
    };
    let libraries = Libraries::new(at("w"), Environments { own, ..Environments::default() });
    let real = |path: &str| libraries.followed(path).map(|real| real.to_string());
    for (path, expected) in [
        ("@lib/modules/a", Some("@lib/modules/.store/a@1/modules/a")),
        ("@lib/modules/a/a.py", Some("@lib/modules/.store/a@1/modules/a/a.py")),
        ("@lib/modules/.store/b@1/modules/a/a.py", Some("@lib/modules/.store/a@1/modules/a/a.py")),
        ("@lib/inner/modules/b", Some("@lib/modules/.store/b@1/modules/b")),
        ("@lib/modules/inner", Some("@lib/inner/modules")),
        ("@lib/modules/.store/a@1", Some("@lib/modules/.store/a@1")),
        ("@lib/modules/own/own.py", Some("own/own.py")),
        ("@lib/modules/out", None),
        ("@lib/modules/round", None),
        ("@lib/modules/there", None),
        ("@lib/modules/gone", None),
        ("@lib/modules/a/gone.py", None),
        ("@lib", None),
        ("own/own.py", None),
    ] {
        assert_eq!(real(path).as_deref(), expected, "{path}");
    }
}
