//! What these tests share: a folder with a data directory, a node over them, and waiting for what it shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::time::Instant;
use vraftls_node::{Node, NodeConfig, OpenError, OpenFolder, SweepConfig};
use vraftls_proto::{Answer, OverlaySet, Query, QueryError, Request, SessionId};
use vraftls_vfs::{Revision, VfsPath};

/// How long anything may take on a machine that does much else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The directory of the toy analyzer, made once. Its artifacts are shared by all processes.
static PLUGINS: LazyLock<PathBuf> = LazyLock::new(|| {
    let component = component("toy");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node-plugins");
    let placed = directory.join("toy.wasm");
    if fs::read(&placed).is_ok_and(|found| found == component) {
        return directory;
    }
    fs::create_dir_all(&directory).unwrap();
    let partial = directory.join(format!("toy.{}", std::process::id()));
    fs::write(&partial, component).unwrap();
    fs::rename(&partial, &placed).unwrap();
    directory
});

/// The bytes of a test guest that `cargo xtask plugins` builds.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from);
    let built = target.join("test-components").join(format!("{name}.wasm"));
    fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask plugins` builds it", built.display()))
}

/// A folder and a data directory.
pub(crate) struct Place {
    _scratch: tempfile::TempDir,
    pub(crate) data: PathBuf,
    pub(crate) root: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let (data, root) = (scratch.path().join("data"), scratch.path().join("tree"));
        fs::create_dir(&root).unwrap();
        Self { _scratch: scratch, data, root }
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.root.join(from), self.root.join(to)).unwrap();
    }

    /// What the toy reads of what lies on disk.
    pub(crate) fn disk(&self) -> BTreeMap<String, String> {
        on_disk(&self.root)
    }

    pub(crate) async fn open(&self) -> Running {
        Running::open(&self.data, &self.root).await.unwrap()
    }
}

pub(crate) fn on_disk(root: &Path) -> BTreeMap<String, String> {
    let (mut found, mut todo) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|suffix| suffix == "toy") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

pub(crate) fn config(data: &Path) -> NodeConfig {
    NodeConfig {
        plugin_directories: vec![PLUGINS.clone()],
        artifact_directory: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("artifacts")),
        ..NodeConfig::new(data.to_owned(), "a test")
    }
}

/// Collects unwanted contents as fast as it can.
pub(crate) fn quick_sweep(grace: Duration) -> SweepConfig {
    SweepConfig { interval: Duration::from_millis(1), rest: Duration::from_millis(1), grace, n_contents_max: 16 }
}

/// A node with an open folder.
pub(crate) struct Running {
    pub(crate) node: Arc<Node>,
    pub(crate) folder: OpenFolder,
}

impl Running {
    pub(crate) async fn open(data: &Path, root: &Path) -> Result<Self, OpenError> {
        Self::open_with(config(data), root).await
    }

    pub(crate) async fn open_with(config: NodeConfig, root: &Path) -> Result<Self, OpenError> {
        let node = Node::open(config).await?;
        let folder = node.open_folder(root).await.unwrap();
        Ok(Self { node, folder })
    }

    /// The revision that the folder is at now.
    pub(crate) fn revision(&self) -> Revision {
        self.folder.progress.borrow().revision
    }

    pub(crate) async fn ask(&self, query: Query) -> Result<Answer, QueryError> {
        let request = Request {
            workspace: self.folder.workspace,
            session: SessionId(1),
            overlays: Arc::new(OverlaySet::default()),
            settings: Arc::default(),
            at_least: Revision(0),
            deadline: PATIENCE,
            query,
        };
        self.node.answer(request).await.map(|answered| answered.answer)
    }

    pub(crate) async fn files(&self) -> Vec<String> {
        match self.ask(Query::Files).await.unwrap() {
            Answer::Files(files) => files.iter().map(ToString::to_string).collect(),
            other => panic!("not files: {other:?}"),
        }
    }

    pub(crate) async fn text(&self, path: &str) -> Result<Arc<str>, QueryError> {
        self.node.text(self.folder.workspace, &VfsPath::new(path).unwrap(), None).await
    }

    /// What requests see.
    pub(crate) async fn sees(&self) -> BTreeMap<String, String> {
        let mut seen = BTreeMap::new();
        for path in self.files().await {
            // A file may go between the two questions.
            if let Ok(text) = self.text(&path).await {
                seen.insert(path, text.to_string());
            }
        }
        seen
    }

    /// Waits until the files are taken in as far as is known.
    pub(crate) async fn in_step(&self) -> Revision {
        let mut progress = self.folder.progress.clone();
        let reached = progress.wait_for(|progress| progress.walked && progress.n_taken == progress.n_to_take);
        tokio::time::timeout(PATIENCE, reached).await.unwrap().unwrap().revision
    }

    /// Waits until requests see exactly these files, and they are taken in.
    pub(crate) async fn shows(&self, expected: &BTreeMap<String, String>) {
        let deadline = Instant::now() + PATIENCE;
        let mut progress = self.folder.progress.clone();
        loop {
            let seen = self.sees().await;
            if seen == *expected {
                break;
            }
            if Instant::now() >= deadline {
                let differs = |(path, text): &(&String, &String)| expected.get(*path) != Some(text);
                let wrong: Vec<_> = seen.iter().filter(differs).collect();
                let missing: Vec<_> = expected.keys().filter(|path| !seen.contains_key(*path)).collect();
                panic!("wrong: {wrong:?}, missing: {missing:?}, {:?}", *progress.borrow());
            }
            // Nobody says when a file is pending: what is seen may change without any progress.
            drop(tokio::time::timeout(Duration::from_millis(20), progress.changed()).await);
        }
        self.in_step().await;
    }

    pub(crate) async fn end(self) {
        self.node.shutdown().await.unwrap();
    }
}
