//! The packages of a workspace and those that they use: who depends on whom in which version, and with which features.
//!
//! Members ask for their default features, as cargo does when it is asked for nothing. Libraries are read as far as they are
//! asked for. Features are unified over all who ask, development included; build scripts are asked nothing, so what they would
//! switch on is off.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use toml::Table;
use vraftls_guest_sdk::{Failure, Workspace};

use crate::cargo::{Dependency, Inherited, Kind, Lock, Manifest, Platform, joined};
use crate::tree::{Library, Tree};

/// A package with what is known of its use.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its manifest.
    pub(crate) manifest: Manifest,
    /// Whether it lies in the workspace and is nobody's copy.
    pub(crate) is_member: bool,
    /// Its features that are on.
    pub(crate) features: BTreeSet<String>,
    /// Its dependencies that are used, as indices into its manifest's, and the packages that they are.
    pub(crate) uses: BTreeMap<usize, usize>,
    /// The dependencies that were looked for and not found.
    pub(crate) missing: BTreeSet<usize>,
}

/// All packages: members first.
#[derive(Debug)]
pub(crate) struct Packages {
    all: Vec<Package>,
    by_directory: BTreeMap<String, usize>,
    inherited: Vec<Inherited>,
    /// The packages of repositories by name, ascending by version.
    foreign: BTreeMap<String, Vec<Library>>,
    locks: BTreeMap<String, Lock>,
    platform: Platform,
}

/// Something that a package is asked for.
enum Ask {
    Feature(String),
    Dependency(usize),
}

/// A feature of a dependency that is asked for only if somebody else uses the dependency.
struct Weak {
    package: usize,
    alias: String,
    feature: String,
}

/// Work that is left.
#[derive(Default)]
struct Work {
    asks: Vec<(usize, Ask)>,
    weak: Vec<Weak>,
}

impl Packages {
    /// Reads the manifests of the members, then those of what they use.
    ///
    /// # Errors
    /// [`Failure::Cancelled`] if nobody waits any more.
    pub(crate) fn read(workspace: &dyn Workspace, tree: &Tree, platform: Platform) -> Result<Self, Failure> {
        let tables = |directories: &[String]| -> Vec<(String, Table)> {
            let read = |directory: &String| Some((directory.clone(), table(workspace, directory)?));
            directories.iter().filter_map(read).collect()
        };
        let (tables, foreign) = (tables(&tree.manifests), tables(&tree.foreign));
        let inherited =
            tables.iter().chain(&foreign).filter_map(|(directory, table)| Inherited::of(directory, table)).collect();
        let lock = |directory: &String| {
            let text = workspace.read(&joined(directory, "Cargo.lock")?).ok()?;
            Some((directory.clone(), Lock::read(&text)))
        };
        let locks = tree.locks.iter().filter_map(lock).collect();
        let mut packages = Self {
            all: Vec::new(),
            by_directory: BTreeMap::new(),
            inherited,
            foreign: BTreeMap::new(),
            locks,
            platform,
        };
        packages.list_foreign(foreign);
        for (directory, table) in tables {
            packages.add(&directory, table, true);
        }
        packages.use_all(workspace, tree)?;
        Ok(packages)
    }

    /// All of them, members first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Package> {
        self.all.iter()
    }

    /// One of them, by its place.
    pub(crate) fn get(&self, place: usize) -> &Package {
        &self.all[place]
    }

    fn add(&mut self, directory: &str, table: Table, is_member: bool) -> Option<usize> {
        let is_foreign = self.foreign.values().flatten().any(|library| library.directory == directory);
        let inherited = self.inherited_by(directory).filter(|_| is_member || is_foreign);
        let manifest = Manifest::read(directory, table, inherited, &self.platform)?;
        let place = self.all.len();
        self.by_directory.insert(directory.to_owned(), place);
        self.all.push(Package {
            manifest,
            is_member,
            features: BTreeSet::new(),
            uses: BTreeMap::new(),
            missing: BTreeSet::new(),
        });
        Some(place)
    }

    /// What a package may inherit: of the nearest workspace above it, on its own side.
    fn inherited_by(&self, directory: &str) -> Option<&Inherited> {
        let is_library = |directory: &str| directory.starts_with("@lib/");
        let above = self.inherited.iter().filter(|workspace| is_below(directory, &workspace.directory));
        let above = above.filter(|workspace| is_library(&workspace.directory) == is_library(directory));
        above.max_by_key(|workspace| workspace.directory.len())
    }

    /// Notes which packages there are in repositories, whose folders are called as anybody likes.
    fn list_foreign(&mut self, tables: Vec<(String, Table)>) {
        let mut found: BTreeMap<String, Vec<Library>> = BTreeMap::new();
        for (directory, table) in tables {
            let inherited = self.inherited_by(&directory);
            let Some(manifest) = Manifest::read(&directory, table, inherited, &self.platform) else { continue };
            let version = Version::parse(&manifest.version).unwrap_or(Version::new(0, 0, 0));
            found.entry(manifest.name).or_default().push(Library { version, directory });
        }
        found.values_mut().for_each(|versions| versions.sort_by(|a, b| a.version.cmp(&b.version)));
        self.foreign = found;
    }

    fn use_all(&mut self, workspace: &dyn Workspace, tree: &Tree) -> Result<(), Failure> {
        let mut work = Work::default();
        for place in 0..self.all.len() {
            self.ask_for_unconditional(place, &mut work);
            work.asks.push((place, Ask::Feature("default".to_owned())));
        }
        loop {
            while let Some((place, ask)) = work.asks.pop() {
                match ask {
                    Ask::Feature(feature) => self.feature(place, feature, &mut work),
                    Ask::Dependency(dependency) => self.dependency(place, dependency, workspace, tree, &mut work)?,
                }
            }
            let (now, later) = std::mem::take(&mut work.weak).into_iter().partition(|weak| self.uses_alias(weak));
            let now: Vec<Weak> = now;
            work.weak = later;
            if now.is_empty() {
                return Ok(());
            }
            for weak in now {
                self.feature_of_dependency(weak.package, &weak.alias, &weak.feature, &mut work);
            }
        }
    }

    fn uses_alias(&self, weak: &Weak) -> bool {
        let package = &self.all[weak.package];
        package.uses.keys().any(|dependency| package.manifest.dependencies[*dependency].alias == weak.alias)
    }

    /// Asks for the dependencies that no feature must ask for.
    fn ask_for_unconditional(&self, place: usize, work: &mut Work) {
        let package = &self.all[place];
        for (at, dependency) in package.manifest.dependencies.iter().enumerate() {
            let is_wanted = dependency.kind == Kind::Normal || package.is_member;
            if is_wanted && !dependency.optional {
                work.asks.push((place, Ask::Dependency(at)));
            }
        }
    }

    fn feature(&mut self, place: usize, feature: String, work: &mut Work) {
        let package = &mut self.all[place];
        let Some(asks) = package.manifest.features.get(&feature) else {
            // A dependency that is optional is a feature of its name.
            let is_named = package.manifest.dependencies.iter().any(|known| known.optional && known.alias == feature);
            if is_named && package.features.insert(feature.clone()) {
                self.ask_for_alias(place, &feature, work);
            }
            return;
        };
        let asks = asks.clone();
        if !package.features.insert(feature) {
            return;
        }
        for ask in asks {
            match ask.split_once('/') {
                Some((alias, feature)) => match alias.strip_suffix('?') {
                    Some(alias) => {
                        work.weak.push(Weak { package: place, alias: alias.to_owned(), feature: feature.to_owned() })
                    }
                    None => {
                        self.ask_for_alias(place, alias, work);
                        self.feature_of_dependency(place, alias, feature, work);
                    }
                },
                None => match ask.strip_prefix("dep:") {
                    Some(alias) => self.ask_for_alias(place, alias, work),
                    None => work.asks.push((place, Ask::Feature(ask))),
                },
            }
        }
    }

    fn ask_for_alias(&self, place: usize, alias: &str, work: &mut Work) {
        let package = &self.all[place];
        for (at, dependency) in package.manifest.dependencies.iter().enumerate() {
            let is_wanted = dependency.kind == Kind::Normal || package.is_member;
            if is_wanted && dependency.alias == alias {
                work.asks.push((place, Ask::Dependency(at)));
            }
        }
    }

    /// Notes that a dependency is wanted with a feature; it takes effect when the dependency is used.
    fn feature_of_dependency(&mut self, place: usize, alias: &str, feature: &str, work: &mut Work) {
        let package = &mut self.all[place];
        for (at, dependency) in package.manifest.dependencies.iter_mut().enumerate() {
            if dependency.alias != alias {
                continue;
            }
            if !dependency.features.iter().any(|known| known == feature) {
                dependency.features.push(feature.to_owned());
            }
            if let Some(used) = package.uses.get(&at) {
                work.asks.push((*used, Ask::Feature(feature.to_owned())));
            }
        }
    }

    fn dependency(
        &mut self,
        place: usize,
        dependency: usize,
        workspace: &dyn Workspace,
        tree: &Tree,
        work: &mut Work,
    ) -> Result<(), Failure> {
        let package = &self.all[place];
        if package.uses.contains_key(&dependency) || package.missing.contains(&dependency) {
            return Ok(());
        }
        if workspace.cancelled() {
            return Err(Failure::Cancelled);
        }
        let Some(used) = self.find(place, dependency, workspace, tree, work) else {
            self.all[place].missing.insert(dependency);
            return Ok(());
        };
        let package = &mut self.all[place];
        package.uses.insert(dependency, used);
        let asked = &package.manifest.dependencies[dependency];
        work.asks.extend(asked.features.iter().map(|feature| (used, Ask::Feature(feature.clone()))));
        if asked.default_features {
            work.asks.push((used, Ask::Feature("default".to_owned())));
        }
        Ok(())
    }

    /// The package that a dependency is, read if it was not yet.
    fn find(
        &mut self,
        place: usize,
        dependency: usize,
        workspace: &dyn Workspace,
        tree: &Tree,
        work: &mut Work,
    ) -> Option<usize> {
        let wanted = &self.all[place].manifest.dependencies[dependency];
        let directory = match &wanted.path {
            Some(path) => path.clone(),
            None => self.library(place, wanted, tree)?.directory.clone(),
        };
        if let Some(known) = self.by_directory.get(&directory) {
            return Some(*known);
        }
        let added = self.add(&directory, table(workspace, &directory)?, false)?;
        self.ask_for_unconditional(added, work);
        Some(added)
    }

    /// Which of the packages that lie outside a dependency is.
    fn library<'a>(&'a self, place: usize, wanted: &Dependency, tree: &'a Tree) -> Option<&'a Library> {
        let user = &self.all[place].manifest;
        let lock = self.lock_of(&user.directory);
        let locked =
            lock.and_then(|lock| lock.version((&user.name, &user.version), &wanted.package, &wanted.requirement));
        let revision = lock.zip(locked.as_deref());
        let revision = revision.and_then(|(lock, version)| lock.revision(&wanted.package, version));
        let is_foreign = wanted.is_of_repository || revision.is_some();
        let foreign = self.foreign.get(&wanted.package).filter(|_| is_foreign);
        // A copy of a repository's package may lie where those of registries do.
        let known = foreign.or_else(|| tree.libraries.get(&wanted.package))?;
        let exact = locked.and_then(|version| Version::parse(&version).ok()).and_then(|locked| {
            let same = || known.iter().filter(|library| library.version == locked);
            let of_revision = |revision| same().find(|library| is_at(&library.directory, revision));
            revision.and_then(of_revision).or_else(|| same().next())
        });
        let is_unknown = |version: &Version| *version == Version::new(0, 0, 0);
        let fits = |version: &Version| is_foreign || wanted.requirement.matches(version) || is_unknown(version);
        exact.or_else(|| known.iter().rev().find(|library| fits(&library.version)))
    }

    /// The lock file of a member; a library is locked by whoever uses it, and the first lock file stands for all of those.
    fn lock_of(&self, directory: &str) -> Option<&Lock> {
        let above = self.locks.iter().filter(|(locked, _)| is_below(directory, locked));
        let nearest = above.max_by_key(|(locked, _)| locked.len()).map(|(_, lock)| lock);
        nearest.or_else(|| self.locks.values().next())
    }
}

/// Whether a directory is another one or lies in it.
pub(crate) fn is_below(directory: &str, above: &str) -> bool {
    above.is_empty() || directory.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a directory lies in the checkout of a revision: `@lib/REPOSITORY-REVISION`, the revision cut short.
fn is_at(directory: &str, revision: &str) -> bool {
    let checkout = directory.split('/').nth(1).and_then(|called| called.rsplit_once('-'));
    checkout.is_some_and(|(_, short)| revision.starts_with(short))
}

fn table(workspace: &dyn Workspace, directory: &str) -> Option<Table> {
    workspace.read(&joined(directory, "Cargo.toml")?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
