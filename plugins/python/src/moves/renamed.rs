//! Which modules get other names when files move, by paths alone.

use std::collections::{BTreeMap, BTreeSet};

use ruff_db::system::{SystemPath, SystemPathBuf};
use ty_module_resolver::system_module_search_paths;
use ty_python_core::Program;
use ty_python_semantic::ProgramEnvironment;
use vraftls_guest_sdk::{Failure, Move, NodeKind};

use crate::paths;
use crate::project::PythonProject;

/// How many files may move at once; more are no refactoring that anybody looks through.
const FILES_MAX: usize = 20_000;

/// What moves.
pub(super) struct Renamed {
    /// New paths of files of Python by their old ones.
    files: BTreeMap<String, String>,
    /// New names of modules by their old ones; only those that differ.
    modules: BTreeMap<String, String>,
    /// Where modules are searched for, in this order.
    roots: Vec<SystemPathBuf>,
}

impl Renamed {
    /// Looks at which files move.
    pub(super) fn by(project: &PythonProject, moves: &[Move]) -> Result<Self, Failure> {
        let db = project.db();
        let program = Program::from_settings(db, &db.settings().program);
        let environment = ProgramEnvironment::from_program(program);
        let roots = system_module_search_paths(db, environment.resolver_environment(db));
        let roots = roots.map(SystemPath::to_path_buf).collect();
        let mut renamed = Self { files: BTreeMap::new(), modules: BTreeMap::new(), roots };
        for moved in moves {
            let (old, new) = (moved.old_path.as_str(), moved.new_path.as_str());
            if !paths::is_proper(old) || !paths::is_proper(new) {
                return Err(Failure::InvalidInput(format!("{old} cannot move to {new}")));
            }
            if !paths::is_read_only(old) {
                renamed.add(project, old, new)?;
            }
        }
        Ok(renamed)
    }

    fn add(&mut self, project: &PythonProject, old: &str, new: &str) -> Result<(), Failure> {
        project.check_cancelled()?;
        let found = project.workspace().exists(&[old.to_owned()]).into_iter().next().flatten();
        if found.is_some_and(|found| found.kind == NodeKind::Directory) {
            // A directory is a module whether or not it has an `__init__`.
            self.rename(old, new);
            for entry in project.workspace().list(old) {
                self.add(project, &format!("{old}/{}", entry.name), &format!("{new}/{}", entry.name))?;
            }
            return Ok(());
        }
        if !is_python(old) {
            return Ok(());
        }
        if self.files.len() >= FILES_MAX {
            return Err(Failure::Limited(format!("more than {FILES_MAX} files would move")));
        }
        self.files.insert(old.to_owned(), new.to_owned());
        if is_python(new) {
            self.rename(old, new);
        }
        Ok(())
    }

    /// Notes the names under which a path can be imported: one for each search path that it lies in.
    fn rename(&mut self, old: &str, new: &str) {
        for root in &self.roots {
            let Some(old_name) = module_in(root, old) else { continue };
            let new_name = module_in(root, new).or_else(|| self.module_of(new));
            if let Some(new_name) = new_name.filter(|new_name| *new_name != old_name) {
                self.modules.entry(old_name).or_insert(new_name);
            }
        }
    }

    /// The name of the module at a path, by the first search path that it lies in; whether it exists or not.
    pub(super) fn module_of(&self, path: &str) -> Option<String> {
        self.roots.iter().find_map(|root| module_in(root, path))
    }

    /// The package from which a file at a path counts its dots.
    pub(super) fn package_of(&self, path: &str) -> Option<String> {
        let module = self.module_of(path)?;
        let is_package = path.ends_with("/__init__.py") || path.ends_with("/__init__.pyi");
        if is_package { Some(module) } else { module.rsplit_once('.').map(|(parent, _)| parent.to_owned()) }
    }

    /// Where a file will be.
    pub(super) fn new_path<'a>(&'a self, path: &'a str) -> &'a str {
        self.files.get(path).map_or(path, String::as_str)
    }

    /// The new name of a module that gets one.
    pub(super) fn new_name(&self, module: &str) -> Option<&str> {
        self.modules.get(module).map(String::as_str)
    }

    /// The files that move, by their old paths.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The names under which the modules occur in imports.
    pub(super) fn last_components(&self) -> BTreeSet<&str> {
        self.modules.keys().map(|module| last(module)).collect()
    }

    /// Whether no import changes: no module gets another name, and no file counts its dots from elsewhere.
    pub(super) fn is_empty(&self) -> bool {
        let stays = |(old, new): (&String, &String)| self.package_of(old) == self.package_of(new);
        self.modules.is_empty() && self.files.iter().all(stays)
    }
}

/// The last component of a dotted name.
pub(super) fn last(module: &str) -> &str {
    module.rsplit('.').next().unwrap_or(module)
}

/// What a dotted name lies in; empty at the top.
pub(super) fn parent(module: &str) -> &str {
    module.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// The name of the module at a path below a search path.
fn module_in(root: &SystemPath, path: &str) -> Option<String> {
    let path = paths::to_system(path);
    let relative = path.strip_prefix(root).ok()?.as_str();
    let stem = relative.strip_suffix(".pyi").or_else(|| relative.strip_suffix(".py")).unwrap_or(relative);
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    let parts: Vec<&str> = stem.split('/').collect();
    let is_name = |part: &&str| {
        !part.is_empty()
            && !part.starts_with(|first: char| first.is_ascii_digit())
            && part.chars().all(|c| c == '_' || c.is_alphanumeric())
    };
    (stem != "__init__" && parts.iter().all(is_name)).then(|| parts.join("."))
}

/// Whether a path is one of Python source.
pub(super) fn is_python(path: &str) -> bool {
    path.ends_with(".py") || path.ends_with(".pyi")
}
