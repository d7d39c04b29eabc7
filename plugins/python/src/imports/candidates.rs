//! Which imports would bring in a name: what other files of the project import by it, what the project defines, modules, and
//! the standard library.

use ruff_db::source::source_text;
use ruff_python_ast::AnyNodeRef;
use ruff_python_ast::find_node::covering_node;
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashMap;
use ty_module_resolver::{
    ImportingFile, Module, ModuleName, ResolverFile, SearchPath, file_to_module, list_modules, resolve_module,
};
use ty_python_core::{ProgramFile, global_scope, place_table};
use ty_python_semantic::SemanticModel;
use vraftls_guest_sdk::{Failure, WorkspaceSymbol, roles};

use super::insert::Wanted;
use super::statement::{Member, Statement};
use super::stdlib;
use crate::paths;
use crate::project::{PythonProject, Source};

/// How many files are looked into for how they import a name.
const IMPORTERS_MAX: usize = 24;
/// How many symbols of one name are asked for.
const SYMBOLS_MAX: u32 = 64;
/// How many modules of the project are looked through for one of a name.
const MODULES_MAX: usize = 4000;
/// How many installed packages are looked through for a name.
const PACKAGES_MAX: usize = 256;

/// CompletionItemKind of what is found.
pub(crate) const MODULE: u32 = 9;

/// How near a module is to the file that shall import from it, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nearness {
    /// It lies in the same package.
    SamePackage,
    /// Other files of the project import just this.
    Used,
    /// The project defines it.
    Workspace,
    /// It comes with the interpreter.
    Standard,
    /// It is installed.
    ThirdParty,
}

/// An import that would bring in a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What to import, by its absolute name.
    pub(crate) wanted: Wanted,
    pub(crate) nearness: Nearness,
    /// How many of the files that were looked into import it so.
    pub(crate) uses: usize,
    /// CompletionItemKind.
    pub(crate) kind: u32,
}

impl Found {
    /// The name that it brings in.
    pub(crate) fn binds(&self) -> &str {
        let Wanted { module, name, asname, .. } = &self.wanted;
        asname.as_ref().or(name.as_ref()).unwrap_or(module)
    }

    /// Its place among others: what is hidden or for tests last, then by nearness, use, depth and name.
    pub(crate) fn key(&self) -> impl Ord + use<> {
        let Wanted { module, name, .. } = &self.wanted;
        let is_hidden = module.split('.').any(|part| part.starts_with('_'));
        let is_test =
            module.split('.').any(|part| matches!(part, "test" | "tests" | "conftest") || part.starts_with("test_"));
        let uses = std::cmp::Reverse(self.uses);
        (is_hidden || is_test, self.nearness, uses, module.matches('.').count(), module.clone(), name.clone())
    }
}

/// The imports that would bring in exactly this name, best first.
///
/// # Errors
/// [`Failure::Cancelled`] if nobody waits any more.
pub(crate) fn named(project: &PythonProject, source: &Source<'_>, name: &str) -> Result<Vec<Found>, Failure> {
    let home = Home::of(source);
    let mut found = used_elsewhere(project, source, &home, name)?;
    for symbol in project.workspace().symbols(name, true, SYMBOLS_MAX) {
        found.extend(of_symbol(project, source, &home, &symbol));
    }
    project.check_cancelled()?;
    found.extend(modules_named(source, &home, name));
    found.extend(installed(project, source, name)?);
    let version = source.model.program_environment().python_version(source.model.db()).minor;
    found.extend(stdlib::named(name, version).map(|(module, kind)| standard(module, name, kind)));
    Ok(best(found))
}

/// Each import once, best first, and none through a package inside of one that has the name itself.
pub(crate) fn best(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_cached_key(Found::key);
    let mut best: Vec<Found> = Vec::with_capacity(found.len());
    for one in found {
        if !best.iter().any(|other| other.wanted == one.wanted) {
            best.push(one);
        }
    }
    best
}

/// A name of the standard library.
pub(crate) fn standard(module: &str, name: &str, kind: u32) -> Found {
    let wanted = Wanted { level: 0, module: module.to_owned(), name: Some(name.to_owned()), asname: None };
    Found { wanted, nearness: Nearness::Standard, uses: 0, kind }
}

/// Where a file stands among the modules.
pub(crate) struct Home {
    /// Its package; None outside of all search paths.
    package: Option<ModuleName>,
}

impl Home {
    pub(crate) fn of(source: &Source<'_>) -> Self {
        let importing = importing(&source.model);
        Self { package: ModuleName::package_for_file(source.model.db(), importing).ok() }
    }

    fn nearness(&self, module: &str, otherwise: Nearness) -> Nearness {
        let parent = module.rsplit_once('.').map(|(parent, _)| parent);
        match &self.package {
            Some(package) if parent == Some(package.as_str()) || module == package.as_str() => Nearness::SamePackage,
            _ => otherwise,
        }
    }
}

fn importing<'db>(model: &SemanticModel<'db>) -> ImportingFile<'db> {
    ImportingFile::File(model.file(), model.program_environment().resolver_environment(model.db()))
}

/// The module that a file of the project is.
pub(crate) fn module_of_path<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    path: &str,
) -> Option<Module<'db>> {
    let file = project.file(path).ok()?;
    let db = source.model.db();
    file_to_module(db, ResolverFile::new(db, file, source.model.program_environment().resolver_environment(db)))
}

/// The import of a symbol that the index knows, if others can import it.
pub(crate) fn of_symbol(
    project: &PythonProject,
    source: &Source<'_>,
    home: &Home,
    symbol: &WorkspaceSymbol,
) -> Option<Found> {
    let path = symbol.location.path.as_str();
    let is_python = path.ends_with(".py") || path.ends_with(".pyi");
    if !symbol.container.is_empty() || !is_python || paths::is_read_only(path) || path == project.path_of(source.file) {
        return None;
    }
    let module = module_of_path(project, source, path)?.name(source.model.db()).as_str();
    if module.ends_with("__main__") {
        return None;
    }
    let wanted = Wanted { level: 0, module: module.to_owned(), name: Some(symbol.name.clone()), asname: None };
    let nearness = home.nearness(module, Nearness::Workspace);
    Some(Found { wanted, nearness, uses: 0, kind: completion_kind(symbol.kind) })
}

/// The CompletionItemKind for a SymbolKind.
fn completion_kind(symbol: u32) -> u32 {
    match symbol {
        5 => 7,
        6 | 12 => 3,
        10 => 13,
        11 => 8,
        14 => 21,
        _ => 6,
    }
}

/// How other files of the project import a name.
fn used_elsewhere(
    project: &PythonProject,
    source: &Source<'_>,
    home: &Home,
    name: &str,
) -> Result<Vec<Found>, Failure> {
    let own = project.path_of(source.file);
    let mut counts: FxHashMap<(String, Option<String>, Option<String>), usize> = FxHashMap::default();
    let candidates = project.workspace().candidates(name, roles::IMPORTS);
    for candidate in candidates.iter().filter(|candidate| candidate.path != own).take(IMPORTERS_MAX) {
        project.check_cancelled()?;
        // What cannot be read is no example.
        let Ok(other) = project.source(&candidate.path) else { continue };
        for offset in &candidate.offsets {
            if let Some(import) = import_at(&other, TextSize::new(*offset), name) {
                *counts.entry(import).or_default() += 1;
            }
        }
    }
    let mut found: Vec<Found> = counts
        .into_iter()
        .filter(|((module, ..), _)| is_not(source, module))
        .map(|((module, name, asname), uses)| {
            let kind = if name.is_none() { MODULE } else { completion_kind(13) };
            let nearness = home.nearness(&module, Nearness::Used);
            Found { wanted: Wanted { level: 0, module, name, asname }, nearness, uses, kind }
        })
        .collect();
    found.sort_by_cached_key(Found::key);
    Ok(found)
}

/// Whether a module is another than that of the file.
fn is_not(source: &Source<'_>, module: &str) -> bool {
    let found = source.model.resolve_module(Some(module), 0);
    found.and_then(|module| module.file(source.model.db())).is_none_or(|file| file != source.file)
}

/// What the import at an offset brings in by a name: module, name and alias.
fn import_at(source: &Source<'_>, offset: TextSize, name: &str) -> Option<(String, Option<String>, Option<String>)> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    let range = TextRange::at(offset, TextSize::try_from(name.len()).ok()?);
    if !root.range().contains_range(range) {
        return None;
    }
    let node = covering_node(root, range);
    node.ancestors().find_map(|node| match node {
        AnyNodeRef::StmtImport(import) => {
            let alias = import.names.iter().find(|alias| alias.range.contains_range(range))?;
            let bound = alias.asname.as_ref().map_or(alias.name.as_str(), |asname| asname.as_str());
            let asname = alias.asname.as_ref().map(|asname| asname.to_string());
            (bound == name).then(|| (alias.name.to_string(), None, asname))
        }
        AnyNodeRef::StmtImportFrom(import) => {
            let member = Member::of(import.names.iter().find(|alias| alias.range.contains_range(range))?);
            if member.asname.as_ref().unwrap_or(&member.name) != name {
                return None;
            }
            let written = Some(super::statement::module_of(import)).filter(|module| !module.is_empty());
            let db = source.model.db();
            let module =
                ModuleName::from_identifier_parts(db, importing(&source.model), written.as_deref(), import.level)
                    .ok()?;
            Some((module.as_str().to_owned(), Some(member.name), member.asname))
        }
        _ => None,
    })
}

/// Modules of a name: at the top anywhere, deeper in the project.
fn modules_named(source: &Source<'_>, home: &Home, name: &str) -> Vec<Found> {
    let model = &source.model;
    let db = model.db();
    let mut found = Vec::new();
    let mut add = |module: Module<'_>| {
        if module.file(db) == Some(source.file) {
            return;
        }
        let path = module.search_path(db);
        let otherwise = match path {
            Some(path) if path.is_standard_library() => Nearness::Standard,
            Some(path) if path.is_first_party() => Nearness::Workspace,
            _ => Nearness::ThirdParty,
        };
        let written = module.name(db).as_str();
        let nearness = home.nearness(written, otherwise);
        let (parent, last) = written.rsplit_once('.').map_or((written, None), |(parent, last)| (parent, Some(last)));
        let wanted = Wanted { level: 0, module: parent.to_owned(), name: last.map(str::to_owned), asname: None };
        found.push(Found { wanted, nearness, uses: 0, kind: MODULE });
    };
    if let Some(module) = ModuleName::new(name).and_then(|name| resolve_module(db, importing(model), &name)) {
        add(module);
    }
    for module in first_party_modules(source) {
        let written = module.name(db);
        if written.last_component() == name && written.parent().is_some() {
            add(module);
        }
    }
    found
}

/// Installed packages that have a name at their top. What lies deeper in them is found by use alone: reading it all would cost
/// more than the answer is worth.
fn installed(project: &PythonProject, source: &Source<'_>, name: &str) -> Result<Vec<Found>, Failure> {
    let model = &source.model;
    let db = model.db();
    let environment = model.program_environment().resolver_environment(db);
    let is_installed = |module: &Module<'_>| module.search_path(db).is_some_and(SearchPath::is_site_packages);
    let packages = list_modules(db, environment).iter().filter(|module| is_installed(module)).take(PACKAGES_MAX);
    let mut found = Vec::new();
    for package in packages {
        project.check_cancelled()?;
        let Some(file) = package.file(db).filter(|_| !package.name(db).is_private()) else { continue };
        // Text first: most packages do not even mention it.
        if !source_text(db, file).contains(name) {
            continue;
        }
        let scope = global_scope(db, ProgramFile::new(db, file, model.program()));
        let table = place_table(db, scope);
        let is_bound = table.symbol_id(name).is_some_and(|id| table.symbol(id).is_local());
        if is_bound {
            let wanted = Wanted {
                level: 0,
                module: package.name(db).as_str().to_owned(),
                name: Some(name.to_owned()),
                asname: None,
            };
            found.push(Found { wanted, nearness: Nearness::ThirdParty, uses: 0, kind: completion_kind(13) });
        }
    }
    Ok(found)
}

/// The modules of the project, packages before what is in them, the first so many.
fn first_party_modules<'db>(source: &Source<'db>) -> Vec<Module<'db>> {
    let db = source.model.db();
    let environment = source.model.program_environment().resolver_environment(db);
    let is_own = |module: &Module<'db>| match module.search_path(db) {
        Some(path) => path.is_first_party(),
        // Directories without `__init__` may be anything; those that installed packages leave have dashes or dots.
        None => module.name(db).parent().is_some() || !module.all_submodules(db).is_empty(),
    };
    let mut modules: Vec<Module<'db>> = list_modules(db, environment).iter().copied().filter(is_own).collect();
    let mut next = 0;
    while let Some(module) = modules.get(next).copied() {
        if modules.len() >= MODULES_MAX {
            break;
        }
        modules.extend(module.all_submodules(db).iter().copied().filter(is_own));
        next += 1;
    }
    modules
}

/// How a file writes imports from its own package.
pub(crate) struct Style {
    /// The package, if imports from it are written with dots.
    package: Option<ModuleName>,
    /// The most dots that it writes.
    deepest: u32,
}

impl Style {
    /// Looks at the imports of a file: with dots it is, if most of those from its package have some.
    pub(crate) fn of(source: &Source<'_>) -> Self {
        let mut style = Self { package: None, deepest: 1 };
        let Some(package) = Home::of(source).package else { return style };
        let (mut n_absolute, mut n_relative) = (0, 0);
        for statement in source.parsed.suite().iter().flat_map(Statement::parts) {
            let (level, module) = statement.module();
            style.deepest = style.deepest.max(level);
            if level > 0 {
                n_relative += 1;
            } else if module.split('.').next() == Some(package.first_component()) {
                n_absolute += 1;
            }
        }
        style.package = (n_relative > 0 && n_relative >= n_absolute).then_some(package);
        style
    }

    /// An import as the file would write it.
    pub(crate) fn apply(&self, wanted: &Wanted) -> Wanted {
        self.relative(wanted).unwrap_or_else(|| wanted.clone())
    }

    fn relative(&self, wanted: &Wanted) -> Option<Wanted> {
        let name = wanted.name.as_ref()?;
        let target = ModuleName::new(&wanted.module)?;
        let mut above = self.package.clone();
        for level in 1..=self.deepest {
            let ancestor = above?;
            let rest = target.relative_to(&ancestor);
            if rest.is_some() || target == ancestor {
                let module = rest.map(|rest| rest.as_str().to_owned()).unwrap_or_default();
                return Some(Wanted { level, module, name: Some(name.clone()), asname: wanted.asname.clone() });
            }
            above = ancestor.parent();
        }
        None
    }
}
