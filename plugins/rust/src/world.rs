//! What the engine is told: files and their contents, source roots, crates. Follows the view and sets only what differs,
//! since everything that is set makes the engine look again at what it derived.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ra_ap_hir::ChangeWithProcMacros;
use ra_ap_ide::AnalysisHost;
use ra_ap_ide_db::FileId;
use ra_ap_ide_db::base_db::salsa::Durability;
use ra_ap_ide_db::base_db::{FileSet, SourceDatabase, SourceRoot, SourceRootId, VfsPath};
use rustc_hash::FxBuildHasher;
use triomphe::Arc;
use vraftls_guest_sdk::{Change, Config, Failure, Level, Workspace};

use crate::bundled;
use crate::cargo::Platform;
use crate::graph::{self, Graph, Root};
use crate::index::is_too_deep;
use crate::packages::{Packages, is_below};
use crate::tree::Tree;

/// Bytes of source that are held at most: what the engine makes of them must fit the memory of a guest as well.
const SOURCE_BYTES_MAX: usize = 256 << 20;

/// A file that is held.
#[derive(Debug, Clone, Copy)]
struct Held {
    bytes: usize,
    stamp: u64,
    /// Whether it nests so deeply that the engine was given nothing.
    is_too_deep: bool,
}

/// The engine and what it was told.
#[derive(Debug)]
pub(crate) struct World {
    host: AnalysisHost,
    paths: Vec<String>,
    ids: HashMap<String, FileId, FxBuildHasher>,
    held: HashMap<FileId, Held, FxBuildHasher>,
    roots: BTreeMap<SourceRootId, Arc<SourceRoot>>,
    /// The source roots by their directories; a directory keeps its number.
    root_ids: BTreeMap<String, SourceRootId>,
    graph: Option<Graph>,
    /// What is missing, by the directories of packages.
    gaps: BTreeMap<String, Option<String>>,
    is_stale: bool,
    must_compare: bool,
    has_said: bool,
}

impl World {
    /// A world in which nothing is known.
    pub(crate) fn new() -> Self {
        Self {
            host: AnalysisHost::new(None),
            paths: Vec::new(),
            ids: HashMap::default(),
            held: HashMap::default(),
            roots: BTreeMap::new(),
            root_ids: BTreeMap::new(),
            graph: None,
            gaps: BTreeMap::new(),
            is_stale: true,
            must_compare: false,
            has_said: false,
        }
    }

    /// The engine.
    pub(crate) fn host(&self) -> &AnalysisHost {
        &self.host
    }

    /// The engine's number of a file that it knows.
    pub(crate) fn id(&self, path: &str) -> Option<FileId> {
        self.ids.get(path).copied().filter(|id| self.held.contains_key(id))
    }

    /// The contract's path of a file.
    pub(crate) fn path(&self, id: FileId) -> Option<&str> {
        self.paths.get(id.index() as usize).map(String::as_str)
    }

    /// Whether the engine was given nothing of a file because that would exhaust the stack.
    pub(crate) fn is_too_deep(&self, id: FileId) -> bool {
        self.held.get(&id).is_some_and(|held| held.is_too_deep)
    }

    /// Whether a file is the root of a crate.
    pub(crate) fn is_root(&self, id: FileId) -> bool {
        self.graph.as_ref().is_some_and(|graph| graph.has_root(id))
    }

    /// What is not known of the packages that a file's own package uses, for people; none where nothing is missing.
    pub(crate) fn gaps(&self, path: &str) -> Option<String> {
        let gaps = self.gaps.iter().filter(|(directory, _)| is_below(path, directory));
        gaps.max_by_key(|(directory, _)| directory.len()).and_then(|(_, gap)| gap.clone())
    }

    /// Takes note of how the view differs. Nothing is read but what the engine holds already.
    pub(crate) fn note(&mut self, workspace: &dyn Workspace, change: &Change) {
        match change {
            Change::Changed(path) => match self.id(path) {
                Some(id) => self.reread(workspace, id),
                None => self.is_stale |= is_of_interest(path),
            },
            // A directory has no suffix to judge by.
            Change::Created(path) | Change::Removed(path) => {
                let is_directory = !path.rsplit('/').next().unwrap_or_default().contains('.');
                if is_directory || is_of_interest(path) {
                    self.is_stale = true;
                    if let Some(id) = self.id(path) {
                        self.reread(workspace, id);
                    }
                }
            }
            Change::Everything => {
                self.is_stale = true;
                self.must_compare = true;
            }
        }
    }

    /// Makes sure that the engine knows the view.
    ///
    /// # Errors
    /// [`Failure::Limited`] if the sources are too large, [`Failure::Cancelled`] if nobody waits any more; what was read until
    /// then is kept.
    pub(crate) fn follow(&mut self, workspace: &dyn Workspace, config: &Config) -> Result<(), Failure> {
        if !self.is_stale {
            return Ok(());
        }
        let tree = Tree::list(workspace, config)?;
        if std::mem::take(&mut self.must_compare) {
            self.compare(workspace);
        }
        let triple = config.settings.iter().find(|(name, _)| name == "rust.target");
        let platform = triple.map(|(_, triple)| Platform::of(triple)).unwrap_or_default();
        let packages = Packages::read(workspace, &tree, platform.clone())?;
        let layout = graph::layout(workspace, &tree, &packages)?;
        self.read_all(workspace, &layout.roots)?;
        self.set_roots(&layout.roots);
        let graph = graph::build(self, &tree, &packages, &layout, &platform);
        self.set_graph(graph);
        let has_standard_library = tree.standard_library.is_some();
        self.gaps = gaps(&packages, has_standard_library);
        if !has_standard_library && !std::mem::replace(&mut self.has_said, true) {
            workspace.log(
                Level::Info,
                "the sources of Rust's standard library are not known, so inference is poorer; `rustup component add rust-src` installs them",
            );
        }
        self.is_stale = false;
        Ok(())
    }

    /// Makes sure that a file which the engine holds is as the view has it.
    pub(crate) fn refresh(&mut self, workspace: &dyn Workspace, path: &str) {
        if let Some(id) = self.id(path) {
            self.reread(workspace, id);
        }
    }

    /// Reads the files that the engine does not hold yet.
    fn read_all(&mut self, workspace: &dyn Workspace, roots: &[Root]) -> Result<(), Failure> {
        let mut bytes: usize = self.held.values().map(|held| held.bytes).sum();
        for root in roots {
            if workspace.cancelled() {
                return Err(Failure::Cancelled);
            }
            for path in &root.files {
                let id = self.intern(path);
                if self.held.contains_key(&id) {
                    continue;
                }
                // What cannot be read is as if it were empty; the engine has no word for it.
                let text = match bundled::text(path) {
                    Some(text) => text.into_owned(),
                    None => workspace.read(path).unwrap_or_default(),
                };
                bytes += text.len();
                if bytes > SOURCE_BYTES_MAX {
                    let limit = SOURCE_BYTES_MAX >> 20;
                    let message = format!("the workspace and what it uses have more than {limit} MiB of Rust");
                    return Err(Failure::Limited(message));
                }
                self.hold(id, &text, root.is_library);
            }
        }
        Ok(())
    }

    /// Rereads what differs, after nobody said what does.
    fn compare(&mut self, workspace: &dyn Workspace) {
        let mut held: Vec<FileId> = self.held.keys().copied().collect();
        held.sort();
        let paths: Vec<String> = held.iter().filter_map(|id| self.path(*id)).map(str::to_owned).collect();
        let stamps = workspace.exists(&paths);
        for (id, metadata) in held.into_iter().zip(stamps) {
            let stamp = metadata.map(|metadata| metadata.stamp).unwrap_or_default();
            if self.held.get(&id).is_some_and(|held| held.stamp != stamp) {
                self.reread(workspace, id);
                if let Some(held) = self.held.get_mut(&id) {
                    held.stamp = stamp;
                }
            }
        }
    }

    fn reread(&mut self, workspace: &dyn Workspace, id: FileId) {
        let Some(path) = self.path(id).filter(|path| !bundled::owns(path)) else { return };
        let is_library = path.starts_with("@lib/");
        let text = workspace.read(path).unwrap_or_default();
        let known = self.host.raw_database().file_text(id).text(self.host.raw_database()).clone();
        if *known != *text {
            self.hold(id, &text, is_library);
        }
    }

    /// Gives the engine a text, or none if it would exhaust the stack.
    fn hold(&mut self, id: FileId, text: &str, is_library: bool) {
        let durability = if is_library { Durability::HIGH } else { Durability::LOW };
        let is_too_deep = !is_library && is_too_deep(text);
        let given = if is_too_deep { "" } else { text };
        self.host.raw_database_mut().set_file_text_with_durability(id, given, durability);
        self.held.insert(id, Held { bytes: text.len(), stamp: 0, is_too_deep });
    }

    fn intern(&mut self, path: &str) -> FileId {
        if let Some(id) = self.ids.get(path) {
            return *id;
        }
        let id = FileId::from_raw(u32::try_from(self.paths.len()).expect("a view has fewer files"));
        self.paths.push(path.to_owned());
        self.ids.insert(path.to_owned(), id);
        id
    }

    fn set_roots(&mut self, roots: &[Root]) {
        let mut gone: BTreeSet<SourceRootId> = self.roots.keys().copied().collect();
        for root in roots {
            let mut files = FileSet::default();
            for path in &root.files {
                files.insert(self.intern(path), VfsPath::new_virtual_path(format!("/{path}")));
            }
            let next = SourceRootId(u32::try_from(self.root_ids.len()).expect("there are fewer packages"));
            let id = *self.root_ids.entry(root.directory.clone()).or_insert(next);
            gone.remove(&id);
            let source_root =
                if root.is_library { SourceRoot::new_library(files) } else { SourceRoot::new_local(files) };
            self.set_root(id, source_root);
        }
        for id in gone {
            self.set_root(id, SourceRoot::new_local(FileSet::default()));
        }
        let libraries = roots.iter().filter(|root| root.is_library);
        let libraries: BTreeSet<SourceRootId> = libraries.map(|root| self.root_ids[&root.directory]).collect();
        self.set_kinds(&libraries);
    }

    fn set_root(&mut self, id: SourceRootId, source_root: SourceRoot) {
        if self.roots.get(&id).is_some_and(|known| **known == source_root) {
            return;
        }
        let durability = if source_root.is_library { Durability::MEDIUM } else { Durability::LOW };
        let source_root = Arc::new(source_root);
        let db = self.host.raw_database_mut();
        for file in source_root.iter() {
            db.set_file_source_root_with_durability(file, id, durability);
        }
        db.set_source_root_with_durability(id, source_root.clone(), durability);
        self.roots.insert(id, source_root);
    }

    /// Says which source roots are libraries.
    fn set_kinds(&mut self, libraries: &BTreeSet<SourceRootId>) {
        use ra_ap_ide_db::base_db::salsa::Setter as _;
        use ra_ap_ide_db::base_db::{LibraryRoots, LocalRoots};

        let all = self.roots.keys().copied();
        let (of_libraries, local): (Vec<_>, Vec<_>) = all.partition(|id| libraries.contains(id));
        let (of_libraries, local) = (of_libraries.into_iter().collect(), local.into_iter().collect());
        let db = self.host.raw_database_mut();
        if *LibraryRoots::get(db).roots(db) != of_libraries {
            LibraryRoots::get(db).set_roots(db).to(of_libraries);
        }
        if *LocalRoots::get(db).roots(db) != local {
            LocalRoots::get(db).set_roots(db).to(local);
        }
    }

    /// Has the engine let go of the syntax trees that were used longest ago.
    pub(crate) fn let_go(&mut self) {
        use ra_ap_ide_db::base_db::salsa::Database as _;
        self.host.raw_database_mut().trigger_lru_eviction();
    }

    fn set_graph(&mut self, graph: Graph) {
        if self.graph.as_ref() == Some(&graph) {
            return;
        }
        let mut change = ChangeWithProcMacros::default();
        change.set_crate_graph(graph.builder());
        self.host.apply_change(change);
        self.graph = Some(graph);
    }
}

/// What is not known of what each member uses.
fn gaps(packages: &Packages, has_standard_library: bool) -> BTreeMap<String, Option<String>> {
    let standard = (!has_standard_library).then(|| "the standard library's sources (`rust-src`)".to_owned());
    let mut found = BTreeMap::from([(String::new(), sentence(standard.clone().into_iter().collect()))]);
    for package in packages.iter().filter(|package| package.is_member) {
        let mut missing: Vec<String> = standard.clone().into_iter().collect();
        let absent = package.missing.iter().map(|place| package.manifest.dependencies[*place].package.as_str());
        let absent: BTreeSet<&str> = absent.collect();
        if !absent.is_empty() {
            let names: Vec<&str> = absent.into_iter().collect();
            missing.push(format!("the packages {}", names.join(", ")));
        }
        let macros = package.uses.values().map(|place| &packages.get(*place).manifest);
        let macros: BTreeSet<&str> =
            macros.filter(|used| used.is_proc_macro()).map(|used| used.name.as_str()).collect();
        if !macros.is_empty() {
            let names: Vec<&str> = macros.into_iter().collect();
            missing.push(format!("what the procedural macros of {} make", names.join(", ")));
        }
        found.insert(package.manifest.directory.clone(), sentence(missing));
    }
    found
}

fn sentence(missing: Vec<String>) -> Option<String> {
    let message = || format!("not known here: {}; findings that would depend on it are left out", missing.join("; "));
    (!missing.is_empty()).then(message)
}

/// Whether a change of a path may make other files, packages or crates.
fn is_of_interest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".rs")
        || matches!(name, "Cargo.toml" | "Cargo.lock" | "rust-project.json" | ".rust-project.json")
        || path.starts_with("@lib")
}
