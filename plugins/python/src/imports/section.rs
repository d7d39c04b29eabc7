//! To which section of a file's imports a module belongs, as isort and ruff divide them.

use ruff_python_stdlib::sys::is_known_standard_library;
use ty_module_resolver::{ImportingFile, ModuleName, resolve_module};
use ty_python_semantic::SemanticModel;

use super::settings::ImportSettings;

/// A section; the order of the variants is the order in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// `from __future__ import …`: must come before everything else.
    Future,
    /// What comes with the interpreter.
    Standard,
    /// What is installed, or unknown.
    ThirdParty,
    /// What the project itself defines.
    FirstParty,
    /// Relative imports.
    Local,
}

/// Tells sections apart for one file.
pub(crate) struct Sections<'a, 'db> {
    model: &'a SemanticModel<'db>,
    settings: &'a ImportSettings,
}

impl<'a, 'db> Sections<'a, 'db> {
    /// For the file of a model.
    pub(crate) fn new(model: &'a SemanticModel<'db>, settings: &'a ImportSettings) -> Self {
        Self { model, settings }
    }

    /// The section of a module, absolute or relative by `level`.
    pub(crate) fn of(&self, level: u32, module: &str) -> Section {
        if level > 0 {
            return Section::Local;
        }
        let root = module.split('.').next().unwrap_or(module);
        if root == "__future__" {
            return Section::Future;
        }
        if let Some(known) = self.settings.known_section(module) {
            return known;
        }
        let db = self.model.db();
        let environment = self.model.program_environment();
        if is_known_standard_library(environment.python_version(db).minor, root) {
            return Section::Standard;
        }
        let importing = ImportingFile::File(self.model.file(), environment.resolver_environment(db));
        let found = ModuleName::new(root).and_then(|name| resolve_module(db, importing, &name));
        let path = found.and_then(|module| module.search_path(db));
        // A package without `__init__` has no search path of its own, and installed ones hardly ever lack it.
        match (found, path) {
            (Some(_), Some(path)) if path.is_first_party() => Section::FirstParty,
            (Some(_), Some(path)) if path.is_standard_library() => Section::Standard,
            (Some(found), None) if found.all_submodules(db).iter().any(|module| is_first_party(db, *module)) => {
                Section::FirstParty
            }
            _ => Section::ThirdParty,
        }
    }
}

fn is_first_party<'db>(db: &'db dyn ty_module_resolver::Db, module: ty_module_resolver::Module<'db>) -> bool {
    module.search_path(db).is_some_and(ty_module_resolver::SearchPath::is_first_party)
}
