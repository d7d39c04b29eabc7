//! What the tests of this room share: components, files in memory, and a way to wait without a runtime.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use vraftls_index::{Location, Roles};
use vraftls_proto::{Candidate, Overlaid, OverlayFile, OverlaySet, SessionId, SymbolMatch};
use vraftls_query::{
    Base, BaseFile, CancelFlag, Change, Changes, DirEntry, EngineCall, IndexDocument, Lookup, NodeKind, ProjectSpec,
    Question, ReadError, View,
};
use vraftls_text::Span;
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};
use vraftls_wasm::{ArtifactStore, ComponentAnalyzer, KeptEngines, Limits, Runtime, RuntimeConfig};

/// The bytes of a test guest that `cargo xtask plugins` builds.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from);
    let path = target.join("test-components").join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask plugins` builds it", path.display()))
}

/// A runtime with these limits, whose compiled components are shared by all tests of all processes.
pub(crate) fn runtime(limits: Limits) -> Runtime {
    let artifacts = ArtifactStore::default().caching(concat!(env!("CARGO_TARGET_TMPDIR"), "/artifacts"));
    Runtime::new(RuntimeConfig { limits, artifacts, kept: None }).unwrap()
}

/// A runtime as a process of a node has it, that keeps its engines in a directory.
pub(crate) fn keeping_runtime(limits: Limits, directory: &Path) -> Runtime {
    let artifacts = ArtifactStore::default().caching(concat!(env!("CARGO_TARGET_TMPDIR"), "/artifacts"));
    let kept = Some(KeptEngines::new(directory, 1 << 30));
    Runtime::new(RuntimeConfig { limits, artifacts, kept }).unwrap()
}

/// A test guest, loaded.
pub(crate) fn load(runtime: &Runtime, name: &str) -> Arc<ComponentAnalyzer> {
    runtime.load(&component(name)).unwrap()
}

pub(crate) fn path(path: &str) -> VfsPath {
    VfsPath::new(path).unwrap()
}

pub(crate) fn document(name: &str, text: &str) -> IndexDocument {
    let language = name.rsplit('.').next().unwrap_or_default().to_owned();
    IndexDocument { path: path(name), language, text: text.into() }
}

/// Waits for a future on this thread.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Polls a future once.
pub(crate) fn poll_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Waits until something is so, and fails after a time that no working machine needs.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "still not: {what}");
        std::thread::yield_now();
    }
}

/// Files in memory at one revision.
#[derive(Clone, Default)]
pub(crate) struct Files {
    revision: u64,
    files: BTreeMap<VfsPath, Arc<str>>,
}

impl Files {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(name, text)| (path(name), Arc::from(*text))).collect();
        Self { revision: 1, files }
    }

    /// The next revision, with a file written or, without a text, removed.
    pub(crate) fn with(&self, name: &str, text: Option<&str>) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        match text {
            Some(text) => next.files.insert(path(name), text.into()),
            None => next.files.remove(&path(name)),
        };
        next
    }
}

impl Base for Files {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        let text = self.files.get(path)?;
        Some(BaseFile { digest: ContentDigest::of(text.as_bytes()), size_bytes: text.len() as u64 })
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        self.files.get(path).cloned().ok_or(ReadError::NotFound)
    }

    fn list(&self, directory: &str) -> Vec<DirEntry> {
        let directory = path(directory);
        let mut entries = BTreeMap::new();
        for file in self.files.keys() {
            match file.strip_prefix(&directory).map(|rest| rest.split_once('/').ok_or(rest)) {
                Some(Ok((name, _))) => entries.insert(name.to_owned(), NodeKind::Directory),
                Some(Err(name)) => entries.insert(name.to_owned(), NodeKind::File),
                None => None,
            };
        }
        entries.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect()
    }

    fn is_directory(&self, directory: &str) -> bool {
        !self.list(directory).is_empty()
    }

    fn files(&self) -> Vec<(VfsPath, BaseFile)> {
        self.files.keys().map(|path| (path.clone(), self.file(path).unwrap())).collect()
    }

    fn changes_since(&self, older: &dyn Base) -> Changes {
        let Some(older) = older.as_any().downcast_ref::<Files>() else { return Changes::Everything };
        let mut paths: Vec<&VfsPath> = self.files.keys().chain(older.files.keys()).collect();
        paths.sort();
        paths.dedup();
        let change = |path: &VfsPath| match (older.files.get(path), self.files.get(path)) {
            (None, Some(_)) => Some(Change::Created(path.clone())),
            (Some(_), None) => Some(Change::Removed(path.clone())),
            (Some(before), Some(after)) if before != after => Some(Change::Changed(path.clone())),
            _ => None,
        };
        Changes::Paths(paths.into_iter().filter_map(change).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Finds names as whole words in the files of a view, and remembers what it was asked.
pub(crate) struct WordLookup {
    base: Arc<Files>,
    overlays: Arc<OverlaySet>,
}

impl Lookup for WordLookup {
    fn candidates(&self, name: &str, _: Roles) -> Vec<Candidate> {
        let mut texts: BTreeMap<VfsPath, Arc<str>> = self.base.files.clone();
        texts.retain(|path, _| self.overlays.of(path) == Overlaid::Not);
        texts.extend(self.overlays.iter().map(|(path, file)| (path.clone(), file.text.clone())));
        let offsets = |text: &str| text.match_indices(name).map(|(at, _)| at as u32).collect::<Vec<_>>();
        let found = texts.into_iter().map(|(path, text)| Candidate { path, offsets: offsets(&text) });
        found.filter(|candidate| !candidate.offsets.is_empty()).collect()
    }

    fn symbols(&self, query: &str, _: bool, limit: u32) -> Vec<SymbolMatch> {
        let span = Span::new(0, 0).unwrap();
        let symbol = |path: VfsPath| SymbolMatch {
            name: query.to_owned(),
            container: String::new(),
            kind: 12,
            location: Location { path, span, full: span },
            score: 0,
        };
        self.base.files.keys().take(limit as usize).cloned().map(symbol).collect()
    }
}

/// A view of files with overlays above.
pub(crate) fn view(base: &Arc<Files>, overlays: &Arc<OverlaySet>) -> View {
    let lookup = Arc::new(WordLookup { base: base.clone(), overlays: overlays.clone() });
    View { base: base.clone(), overlays: overlays.clone(), lookup }
}

pub(crate) fn overlays(files: &[(&str, &str)]) -> Arc<OverlaySet> {
    let mut set = OverlaySet::default();
    for (name, text) in files {
        let digest = ContentDigest::of(text.as_bytes());
        let file = OverlayFile { digest, text: (*text).into(), language: "toy".into() };
        set = set.with(path(name), Some(file));
    }
    Arc::new(set)
}

/// Overlays in which these files are gone.
pub(crate) fn gone(names: &[&str]) -> Arc<OverlaySet> {
    Arc::new(OverlaySet::default().without(names.iter().map(|name| path(name))))
}

/// A project of the whole workspace; other numbers are other workspaces.
pub(crate) fn project(workspace: u32) -> Arc<ProjectSpec> {
    let workspace = WorkspaceId(workspace);
    Arc::new(ProjectSpec { workspace, root: String::new(), libraries: Vec::new(), settings: Vec::new() })
}

/// A call that may take long.
pub(crate) fn call(view: View, question: Question) -> EngineCall {
    EngineCall {
        project: project(1),
        view,
        session: SessionId(1),
        cancel: CancelFlag::default(),
        deadline: Instant::now() + Duration::from_secs(60),
        question,
    }
}

/// Limits that a hostile guest reaches before a test gets bored.
pub(crate) fn tight() -> Limits {
    Limits {
        index_memory_bytes_max: 64 << 20,
        engine_memory_bytes_max: 64 << 20,
        index_time_max: Duration::from_millis(1500),
        cancel_grace: Duration::from_millis(100),
        host_calls_max: 10_000,
        // What is tested is that a fresh instance answers, not that it is kept from answering.
        quarantine_after: u32::MAX,
        ..Limits::default()
    }
}

/// A base whose files carry the names of the hostile guest's behaviors.
pub(crate) fn hostile_base(behaviors: &[&str]) -> Arc<Files> {
    let mut base = Files::new(&[("calm.hostile", "x é y")]);
    for behavior in behaviors {
        base = base.with(&format!("{behavior}.hostile"), Some("x é y"));
    }
    Arc::new(base)
}

/// A hover on the first character of a file.
pub(crate) fn hover(name: &str) -> Question {
    Question::Hover { path: path(name), offset: 0 }
}

/// A view without overlays.
pub(crate) fn plain(base: &Arc<Files>) -> View {
    view(base, &Arc::default())
}
