//! The engine's database: the one struct that ties ty's queries to our files and settings. Knows no feature.

use std::sync::Arc;

use ruff_db::Db as SourceDb;
use ruff_db::diagnostic::Diagnostic;
use ruff_db::files::{File, FileRootKind, Files};
use ruff_db::system::{System, SystemPath};
use ruff_db::vendored::VendoredFileSystem;
use rustc_hash::FxHashSet;
use salsa::Durability;
use ty_module_resolver::Db as ModuleResolverDb;
use ty_python_core::program::ProgramSettings;
use ty_python_core::{Db as PythonCoreDb, Program, ProgramFile};
use ty_python_semantic::lint::{LintRegistry, RuleSelection};
use ty_python_semantic::{
    AnalysisSettings, Db as SemanticDb, PythonVersionWithSource, check_file_unwrap, default_lint_registry,
};

use crate::system::WorkspaceSystem;

/// What a database is made for. It never changes: other settings are another database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The Python version, the platform and the search paths.
    pub(crate) program: ProgramSettings,
    /// The severity of each rule.
    pub(crate) rules: RuleSelection,
    /// How strict the analysis is.
    pub(crate) analysis: AnalysisSettings,
}

/// The files that are open in an editor.
#[salsa::input]
pub(crate) struct OpenFiles {
    #[returns(ref)]
    files: FxHashSet<File>,
}

/// A database that also knows its settings.
#[salsa::db]
pub(crate) trait Db: SemanticDb {
    /// What the database is made for.
    fn settings(&self) -> &Settings;
}

/// All that ty remembers of one project.
///
/// How durable an input is decides what a change of it costs. Libraries and the fact that a file exists are of high durability, so that
/// an edit leaves what was inferred of the standard library alone. The text of a file that changed once is of medium durability, and
/// nothing is of low: what salsa interned in queries of low durability it forgets when three questions did not need it, and infers again
/// whatever rests on it. One editor on one file does not notice; many that take turns would have each other's types inferred anew.
#[salsa::db]
#[derive(Clone)]
pub(crate) struct Database {
    storage: salsa::Storage<Self>,
    files: Files,
    system: WorkspaceSystem,
    settings: Arc<Settings>,
    open: Option<OpenFiles>,
    /// The files whose text is of medium durability.
    changing: FxHashSet<File>,
}

impl Database {
    /// An empty database.
    pub(crate) fn new(system: WorkspaceSystem, settings: Settings) -> Self {
        let mut db = Self {
            storage: salsa::Storage::default(),
            files: Files::default(),
            system,
            settings: Arc::new(settings),
            open: None,
            changing: FxHashSet::default(),
        };
        // The whole workspace, of high durability until a file changes.
        db.files.try_add_root(&db, SystemPath::new("/"), FileRootKind::SearchPath);
        db.settings.program.search_paths.try_register_static_roots(&db);
        db.open = Some(OpenFiles::builder(FxHashSet::default()).durability(Durability::MEDIUM).new(&db));
        db
    }

    /// Takes it that a file changed and will change again. The first time, what rests on its text is inferred anew.
    pub(crate) fn expect_changes(&mut self, file: File) {
        use salsa::Setter as _;

        if self.changing.insert(file) {
            let revision = file.revision(self);
            file.set_revision(self).with_durability(Durability::MEDIUM).to(revision);
        }
    }

    /// What the database is made for.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Frees what was inferred anew since the last change, and the syntax trees of files that were not looked at lately. Else the next
    /// change does it while somebody waits, and in a copy of this memory every start again.
    pub(crate) fn let_go(&mut self) {
        salsa::Database::trigger_lru_eviction(self);
    }

    /// Says which files are open.
    pub(crate) fn set_open(&mut self, files: FxHashSet<File>) {
        use salsa::Setter as _;

        let Some(open) = self.open else { return };
        // Setting an input makes every query look again whether it is still right, so not without need.
        if *open.files(self) != files {
            open.set_files(self).to(files);
        }
    }
}

/// Interning a program hashes all its search paths, so it is done once.
#[salsa::tracked(returns(copy))]
fn program(db: &dyn Db) -> Program<'_> {
    Program::from_settings(db, &db.settings().program)
}

/// A query of its own, so that opening one file leaves alone what was inferred of others.
#[salsa::tracked(returns(copy))]
fn is_open(db: &dyn Db, file: File, open: OpenFiles) -> bool {
    open.files(db).contains(&file)
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl SourceDb for Database {
    fn vendored(&self) -> &VendoredFileSystem {
        ty_vendored::file_system()
    }

    fn system(&self) -> &dyn System {
        &self.system
    }

    fn files(&self) -> &Files {
        &self.files
    }
}

#[salsa::db]
impl ModuleResolverDb for Database {}

#[salsa::db]
impl PythonCoreDb for Database {
    fn should_check_file(&self, file: File) -> bool {
        let path = file.path(self);
        path.as_system_path().is_some_and(|path| !path.starts_with("/@lib"))
    }
}

#[salsa::db]
impl SemanticDb for Database {
    fn check_file(&self, file: File) -> Vec<Diagnostic> {
        if self.should_check_file(file) { check_file_unwrap(self, self.program_file(file)) } else { Vec::new() }
    }

    fn program_file(&self, file: File) -> ProgramFile<'_> {
        program(self).program_file(self, file)
    }

    fn python_version_with_source(&self, _file: File) -> &PythonVersionWithSource {
        &self.settings.program.python_version
    }

    fn rule_selection(&self, _file: File) -> &RuleSelection {
        &self.settings.rules
    }

    fn lint_registry(&self) -> &LintRegistry {
        default_lint_registry()
    }

    fn analysis_settings(&self, _file: File) -> &AnalysisSettings {
        &self.settings.analysis
    }

    fn verbose(&self) -> bool {
        false
    }

    fn is_open_file(&self, file: File) -> bool {
        self.open.is_some_and(|open| is_open(self, file, open))
    }

    fn dyn_clone(&self) -> Box<dyn SemanticDb> {
        Box::new(self.clone())
    }
}

#[salsa::db]
impl Db for Database {
    fn settings(&self) -> &Settings {
        &self.settings
    }
}
