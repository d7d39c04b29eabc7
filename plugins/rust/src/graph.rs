//! From packages to crates: which files belong together, and which crate sees which.
//!
//! Where there is no manifest at all, every file that no other one declares as its module is a crate of its own.

mod standard;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use ra_ap_cfg::CfgOptions;
use ra_ap_ide::{CrateGraphBuilder, Edition};
use ra_ap_ide_db::FileId;
use ra_ap_ide_db::base_db::{
    AbsPathBuf, CrateBuilderId, CrateDisplayName, CrateName, CrateOrigin, CrateWorkspaceData, DependencyBuilder, Env,
    LangCrateOrigin,
};
use ra_ap_intern::Symbol;
use triomphe::Arc;
use vraftls_guest_sdk::{Failure, Workspace};

use crate::cargo::{Kind, Platform, Target, TargetKind, library, targets};
use crate::packages::{Package, Packages, is_below};
use crate::tree::{Tree, sources_below};
use crate::world::World;
use crate::{json_project, loose};

/// Files that belong together: a package's, or what lies in no package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    /// Its directory, which no other root has.
    pub(crate) directory: String,
    /// Its `.rs` files.
    pub(crate) files: Vec<String>,
    /// Whether nobody edits it.
    pub(crate) is_library: bool,
}

/// Which files there are, and which of them are the roots of crates.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The files.
    pub(crate) roots: Vec<Root>,
    /// The targets of each package, as far as it has any that are analyzed.
    targets: Vec<Vec<Target>>,
    /// The crates of a `rust-project.json`.
    json: Option<json_project::Project>,
    /// The crates of a tree without manifests, with what they depend on.
    loose: Vec<String>,
}

/// A crate, as it is compared with what the engine was told before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Crate {
    root: FileId,
    name: String,
    version: Option<String>,
    edition: Edition,
    cfg: Vec<(String, Option<String>)>,
    environment: Vec<(String, String)>,
    origin: CrateOrigin,
    is_proc_macro: bool,
    uses: Vec<Use>,
}

/// A crate that another one sees.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Use {
    place: usize,
    name: String,
    is_prelude: bool,
    is_standard: bool,
    /// Whether only tests and the like need it, so that it is what is left out of a circle.
    is_development: bool,
}

/// The crates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    crates: Vec<Crate>,
}

/// Which files there are and what they are for.
///
/// # Errors
/// [`Failure::Cancelled`] if nobody waits any more.
pub(crate) fn layout(workspace: &dyn Workspace, tree: &Tree, packages: &Packages) -> Result<Layout, Failure> {
    let mut layout = Layout::default();
    layout.roots.extend(match &tree.standard_library {
        Some(directory) => standard::roots(workspace, directory),
        None => standard::bundled_roots(),
    });
    let directories: Vec<&str> = packages
        .iter()
        .filter(|package| package.is_member)
        .map(|package| package.manifest.directory.as_str())
        .collect();
    let mut members: BTreeMap<&str, Vec<String>> =
        directories.iter().map(|directory| (*directory, Vec::new())).collect();
    let mut others = Vec::new();
    for path in &tree.sources {
        let nearest = directories.iter().filter(|directory| is_below(path, directory)).max_by_key(|found| found.len());
        match nearest.and_then(|directory| members.get_mut(directory)) {
            Some(files) => files.push(path.clone()),
            None => others.push(path.clone()),
        }
    }
    for package in packages.iter() {
        if workspace.cancelled() {
            return Err(Failure::Cancelled);
        }
        let targets = if package.is_member {
            let files = members.remove(package.manifest.directory.as_str()).unwrap_or_default();
            layout.roots.push(Root { directory: package.manifest.directory.clone(), files, is_library: false });
            targets(&package.manifest, workspace)
        } else {
            library_target(workspace, package, &mut layout.roots).into_iter().collect()
        };
        layout.targets.push(targets);
    }
    if let Some(name) = &tree.json {
        layout.json = workspace.read(name).ok().and_then(|text| json_project::read(&text));
    }
    if layout.json.is_none() && directories.is_empty() {
        layout.loose = loose::roots(workspace, &others);
    }
    layout.roots.push(Root { directory: "\0".to_owned(), files: others, is_library: false });
    Ok(layout)
}

/// The library of a package that is nobody's to edit, and its files.
fn library_target(workspace: &dyn Workspace, package: &Package, roots: &mut Vec<Root>) -> Option<Target> {
    let target = library(&package.manifest)?;
    let (directory, _) = target.path.rsplit_once('/')?;
    let files = sources_below(workspace, directory);
    files.binary_search(&target.path).ok()?;
    roots.push(Root { directory: package.manifest.directory.clone(), files, is_library: true });
    Some(target)
}

/// The crates of a layout whose files the world knows.
pub(crate) fn build(world: &World, tree: &Tree, packages: &Packages, layout: &Layout, platform: &Platform) -> Graph {
    let mut building = Building { world, platform, graph: Graph::default() };
    let standard = standard::add(&mut building, tree.standard_library.as_deref());
    if let Some(json) = &layout.json {
        json_project::add(&mut building, json, &standard);
        return building.graph;
    }
    let places = building.add_packages(packages, layout);
    for (place, crates) in places.iter().enumerate() {
        building.connect(packages, place, crates, &places, &standard);
    }
    for path in &layout.loose {
        let cfg = building.cfg(&BTreeSet::new(), true);
        let origin = CrateOrigin::Local { repo: None, name: None };
        if let Some(place) = building.add(path, "main", None, "2024", cfg, origin) {
            building.use_standard(place, &standard, false);
        }
    }
    building.graph
}

/// Crates that come with the compiler: name, place, whether it is in the prelude.
type Standard = Vec<(&'static str, usize, bool)>;

/// A graph that is being built.
pub(crate) struct Building<'a> {
    world: &'a World,
    platform: &'a Platform,
    graph: Graph,
}

impl Building<'_> {
    /// The options of a crate.
    pub(crate) fn cfg(&self, features: &BTreeSet<String>, is_member: bool) -> Vec<(String, Option<String>)> {
        let mut cfg: Vec<(String, Option<String>)> =
            self.platform.flags().iter().map(|flag| (flag.clone(), None)).collect();
        let values = self.platform.values().iter();
        cfg.extend(values.map(|(key, value)| (key.clone(), Some(value.clone()))));
        cfg.extend(features.iter().map(|feature| ("feature".to_owned(), Some(feature.clone()))));
        if is_member {
            // Tests are code like any other to who reads it, and so is what only an interpreter runs.
            cfg.extend(["test", "miri"].map(|flag| (flag.to_owned(), None)));
        }
        cfg
    }

    /// Adds a crate if its root is known.
    pub(crate) fn add(
        &mut self,
        path: &str,
        name: &str,
        version: Option<&str>,
        edition: &str,
        cfg: Vec<(String, Option<String>)>,
        origin: CrateOrigin,
    ) -> Option<usize> {
        let root = self.world.id(path)?;
        self.graph.crates.push(Crate {
            root,
            name: name.to_owned(),
            version: version.map(str::to_owned),
            edition: edition.parse().unwrap_or(Edition::CURRENT),
            cfg,
            environment: Vec::new(),
            origin,
            is_proc_macro: false,
            uses: Vec::new(),
        });
        Some(self.graph.crates.len() - 1)
    }

    /// Says that a crate sees another one.
    pub(crate) fn connect_crates(&mut self, user: usize, used: usize, name: &str) {
        self.connect_for(user, used, name, false);
    }

    fn connect_for(&mut self, user: usize, place: usize, name: &str, is_development: bool) {
        let name = name.replace('-', "_");
        let used = Use { place, name, is_prelude: true, is_standard: false, is_development };
        self.graph.crates[user].uses.push(used);
    }

    /// Says that a crate sees those that come with the compiler.
    pub(crate) fn use_standard(&mut self, user: usize, standard: &Standard, is_proc_macro: bool) {
        self.graph.crates[user].is_proc_macro = is_proc_macro;
        for (name, used, is_prelude) in standard {
            let is_prelude = *is_prelude || is_proc_macro && *name == "proc_macro";
            let name = (*name).to_owned();
            let used = Use { place: *used, name, is_prelude, is_standard: true, is_development: false };
            self.graph.crates[user].uses.push(used);
        }
    }

    /// Adds the crates of all packages: for each package its targets that were added.
    fn add_packages(&mut self, packages: &Packages, layout: &Layout) -> Vec<Vec<(Target, usize)>> {
        let mut places = Vec::new();
        for (package, targets) in packages.iter().zip(&layout.targets) {
            let manifest = &package.manifest;
            let mut crates = Vec::new();
            for target in targets {
                let symbol = Symbol::intern(&manifest.name);
                let origin = if package.is_member {
                    CrateOrigin::Local { repo: None, name: Some(symbol) }
                } else {
                    CrateOrigin::Library { repo: None, name: symbol }
                };
                let cfg = self.cfg(&package.features, package.is_member);
                let version = Some(manifest.version.as_str());
                let Some(place) = self.add(&target.path, &target.name, version, &manifest.edition, cfg, origin) else {
                    continue;
                };
                self.graph.crates[place].environment = environment(package, target);
                crates.push((target.clone(), place));
            }
            places.push(crates);
        }
        places
    }

    /// Says what the crates of a package see: its library, its dependencies, and what comes with the compiler.
    fn connect(
        &mut self,
        packages: &Packages,
        place: usize,
        crates: &[(Target, usize)],
        places: &[Vec<(Target, usize)>],
        standard: &Standard,
    ) {
        let package = packages.get(place);
        let library = crates.iter().find(|(target, _)| target.kind == TargetKind::Library);
        for (target, user) in crates {
            let is_proc_macro = target.kind == TargetKind::Library && package.manifest.is_proc_macro();
            self.use_standard(*user, standard, is_proc_macro);
            let is_script = target.kind == TargetKind::Build;
            if let Some((own, used)) = library.filter(|_| !is_script && target.kind != TargetKind::Library) {
                self.connect_crates(*user, *used, &own.name);
            }
            for (dependency, used) in &package.uses {
                let asked = &package.manifest.dependencies[*dependency];
                let library = places[*used].iter().find(|(target, _)| target.kind == TargetKind::Library);
                if let Some((library, used)) = library.filter(|_| is_script == (asked.kind == Kind::Build)) {
                    // A package may call its library otherwise; who renames the package names the library too.
                    let is_renamed = asked.alias != asked.package;
                    let name = if is_renamed { &asked.alias } else { &library.name };
                    self.connect_for(*user, *used, name, asked.kind == Kind::Development);
                }
            }
        }
    }
}

/// What `env!` says in a crate.
fn environment(package: &Package, target: &Target) -> Vec<(String, String)> {
    let manifest = &package.manifest;
    let mut version = manifest.version.split(['.', '-', '+']);
    let mut part = || version.next().unwrap_or_default().to_owned();
    let (major, minor, patch) = (part(), part(), part());
    let text = |key: &str| manifest.package(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let values = [
        ("CARGO", "cargo".to_owned()),
        ("CARGO_MANIFEST_DIR", format!("/{}", manifest.directory)),
        ("CARGO_PKG_NAME", manifest.name.clone()),
        ("CARGO_PKG_VERSION", manifest.version.clone()),
        ("CARGO_PKG_VERSION_MAJOR", major),
        ("CARGO_PKG_VERSION_MINOR", minor),
        ("CARGO_PKG_VERSION_PATCH", patch),
        ("CARGO_PKG_VERSION_PRE", String::new()),
        ("CARGO_PKG_AUTHORS", String::new()),
        ("CARGO_PKG_DESCRIPTION", text("description")),
        ("CARGO_PKG_HOMEPAGE", text("homepage")),
        ("CARGO_PKG_REPOSITORY", text("repository")),
        ("CARGO_PKG_LICENSE", text("license")),
        ("CARGO_CRATE_NAME", target.name.replace('-', "_")),
        ("CARGO_BIN_NAME", target.name.clone()),
    ];
    values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

impl Graph {
    /// Whether a file is the root of a crate.
    pub(crate) fn has_root(&self, file: FileId) -> bool {
        self.crates.iter().any(|data| data.root == file)
    }

    /// The crates as the engine takes them. Where they use each other in a circle, what is for development is left out.
    pub(crate) fn builder(&self) -> CrateGraphBuilder {
        let mut builder = CrateGraphBuilder::default();
        let data = Arc::new(CrateWorkspaceData {
            target: Err("no layout of memory is known".into()),
            toolchain: Some(semver::Version::new(1, 95, 0)),
        });
        let directory = Arc::new(AbsPathBuf::assert("/".into()));
        let ids: Vec<CrateBuilderId> =
            self.crates.iter().map(|data_of| data_of.add_to(&mut builder, &directory, &data)).collect();
        let mut connected = HashSet::new();
        for for_development in [false, true] {
            for (user, data) in self.crates.iter().enumerate() {
                for used in data.uses.iter().filter(|used| used.is_development == for_development) {
                    if !connected.insert((user, used.name.as_str())) {
                        continue;
                    }
                    let (name, is_standard) = (CrateName::normalize_dashes(&used.name), used.is_standard);
                    let dependency =
                        DependencyBuilder::with_prelude(name, ids[used.place], used.is_prelude, is_standard);
                    // A circle: what it would bring is missing there.
                    let _ = builder.add_dep(ids[user], dependency);
                }
            }
        }
        builder
    }
}

impl Crate {
    fn add_to(
        &self,
        builder: &mut CrateGraphBuilder,
        directory: &Arc<AbsPathBuf>,
        data: &Arc<CrateWorkspaceData>,
    ) -> CrateBuilderId {
        let mut cfg = CfgOptions::default();
        for (key, value) in &self.cfg {
            match value {
                Some(value) => cfg.insert_key_value(Symbol::intern(key), Symbol::intern(value)),
                None => cfg.insert_atom(Symbol::intern(key)),
            }
        }
        let mut environment = Env::default();
        environment.extend(self.environment.iter().cloned());
        builder.add_crate_root(
            self.root,
            self.edition,
            Some(CrateDisplayName::from_canonical_name(&self.name)),
            self.version.clone(),
            cfg,
            None,
            environment,
            self.origin.clone(),
            Vec::new(),
            self.is_proc_macro,
            directory.clone(),
            data.clone(),
        )
    }
}

/// Where a crate that comes with the compiler comes from.
pub(crate) fn language_origin(name: &str) -> CrateOrigin {
    CrateOrigin::Lang(LangCrateOrigin::from(name))
}
