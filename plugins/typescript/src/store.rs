//! The files of a project, lowered once each, and what is known of them together: imports resolved, types found out.
//!
//! Everything in it follows from the view, so that a warm project answers as a fresh one does: what depends on more than one
//! file is forgotten when any changes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use vraftls_guest_sdk::{Change, Config, Failure, Location, NodeKind, Workspace, roles};

use crate::eval::{Fuel, Type};
use crate::lower;
use crate::module::{DeclId, ExprId, FnId, Module, Name, Range, SpecId, SymId};
use crate::resolver::{LIBRARIES, Resolver};
use crate::source_map::SourceMap;

/// A file of the project.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct FileId(pub(crate) u32);

/// Where the declarations of what every program has are.
pub(crate) const BUILTINS: &str = "@bundled/builtins.d.ts";
const BUILTINS_TEXT: &str = include_str!("builtins.d.ts");
/// So many files may be lowered at once; beyond, those that are not open go.
const MODULES_MAX: usize = 20_000;
/// Files larger than this are not looked into: no editor shows them either.
const FILE_BYTES_MAX: usize = 16 << 20;

#[derive(Debug, Default)]
struct Paths {
    ids: FxHashMap<Rc<str>, FileId>,
    paths: Vec<Rc<str>>,
}

/// Symbols of several files.
type Symbols = Rc<[(FileId, SymId)]>;
/// Declarations of several files.
type Decls = Rc<[(FileId, DeclId)]>;

/// What is found out about more than one file.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    pub(crate) exprs: RefCell<FxHashMap<(FileId, ExprId), Type>>,
    pub(crate) returns: RefCell<FxHashMap<(FileId, FnId), Type>>,
    pub(crate) globals: RefCell<FxHashMap<Name, Symbols>>,
    pub(crate) ambient: RefCell<FxHashMap<Name, Decls>>,
    pub(crate) maps: RefCell<FxHashMap<FileId, Option<Rc<SourceMap>>>>,
}

/// The files of a project.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) workspace: Arc<dyn Workspace>,
    paths: RefCell<Paths>,
    modules: RefCell<FxHashMap<FileId, Option<Rc<Module>>>>,
    resolver: Resolver,
    resolved: RefCell<FxHashMap<(FileId, Name), Option<FileId>>>,
    pub(crate) caches: Caches,
    listed: RefCell<Option<Rc<[String]>>>,
    pub(crate) fuel: Fuel,
    pub(crate) questions: Cell<u64>,
}

impl Store {
    pub(crate) fn new(config: &Config, workspace: Arc<dyn Workspace>) -> Self {
        Self {
            resolver: Resolver::new(Arc::clone(&workspace), &config.libraries),
            workspace,
            paths: RefCell::default(),
            modules: RefCell::default(),
            resolved: RefCell::default(),
            caches: Caches::default(),
            listed: RefCell::default(),
            fuel: Fuel::default(),
            questions: Cell::new(0),
        }
    }

    /// Begins a question: fuel is for each anew.
    pub(crate) fn begin(&self) {
        self.fuel.refill();
        self.questions.set(self.questions.get() + 1);
    }

    pub(crate) fn check_cancelled(&self) -> Result<(), Failure> {
        if self.workspace.cancelled() { Err(Failure::Cancelled) } else { Ok(()) }
    }

    pub(crate) fn id(&self, path: &str) -> FileId {
        let mut paths = self.paths.borrow_mut();
        if let Some(id) = paths.ids.get(path) {
            return *id;
        }
        let id = FileId(u32::try_from(paths.paths.len()).unwrap_or(u32::MAX));
        let path: Rc<str> = Rc::from(path);
        paths.paths.push(Rc::clone(&path));
        paths.ids.insert(path, id);
        id
    }

    pub(crate) fn path(&self, file: FileId) -> Rc<str> {
        self.paths.borrow().paths.get(file.0 as usize).cloned().unwrap_or_else(|| Rc::from(""))
    }

    /// A file that must be there.
    pub(crate) fn open(&self, path: &str) -> Result<(FileId, Rc<Module>), Failure> {
        let id = self.id(path);
        match self.module(id) {
            Some(module) => Ok((id, module)),
            None => Err(Failure::NotFound(path.to_owned())),
        }
    }

    /// The contents of a file, if it is one of the languages'.
    fn read(&self, path: &str) -> Option<Rc<str>> {
        if path == BUILTINS {
            return Some(Rc::from(BUILTINS_TEXT));
        }
        if !is_proper(path) {
            return None;
        }
        let text = self.workspace.read(path).ok()?;
        (text.len() <= FILE_BYTES_MAX).then(|| Rc::from(text))
    }

    pub(crate) fn module(&self, file: FileId) -> Option<Rc<Module>> {
        if let Some(known) = self.modules.borrow().get(&file) {
            return known.clone();
        }
        let path = self.path(file);
        let module = self.read(&path).map(|text| {
            let lowered =
                if is_data(&path) { Module { text, ..Module::default() } } else { lower::lower(&path, &text) };
            Rc::new(lowered)
        });
        let mut modules = self.modules.borrow_mut();
        if modules.len() >= MODULES_MAX {
            modules.clear();
        }
        modules.insert(file, module.clone());
        module
    }

    /// Runs with a module that stands at a path for one question, beside the file that is there.
    pub(crate) fn with_scratch<R>(&self, path: &str, module: Module, run: impl FnOnce(FileId, &Rc<Module>) -> R) -> R {
        let file = self.scratch(path);
        let module = Rc::new(module);
        self.modules.borrow_mut().insert(file, Some(Rc::clone(&module)));
        self.begin();
        let result = run(file, &module);
        self.modules.borrow_mut().remove(&file);
        self.caches.exprs.borrow_mut().retain(|(known, _), _| *known != file);
        self.caches.returns.borrow_mut().retain(|(known, _), _| *known != file);
        self.resolved.borrow_mut().retain(|(known, _), _| *known != file);
        self.begin();
        result
    }

    /// The file that stands for a text of one question. There is one at a time.
    fn scratch(&self, path: &str) -> FileId {
        let mut paths = self.paths.borrow_mut();
        let name: Rc<str> = Rc::from("\0scratch");
        let id = match paths.ids.get(&name) {
            Some(id) => *id,
            None => {
                let id = FileId(u32::try_from(paths.paths.len()).unwrap_or(u32::MAX));
                paths.paths.push(Rc::clone(&name));
                paths.ids.insert(name, id);
                id
            }
        };
        if let Some(known) = paths.paths.get_mut(id.0 as usize) {
            *known = Rc::from(path);
        }
        id
    }

    /// The file that an import leads to.
    pub(crate) fn resolve_spec(&self, file: FileId, spec: SpecId) -> Option<FileId> {
        let module = self.module(file)?;
        self.resolve(file, &module.spec(spec).text)
    }

    pub(crate) fn resolve(&self, file: FileId, name: &Name) -> Option<FileId> {
        let key = (file, Rc::clone(name));
        if let Some(known) = self.resolved.borrow().get(&key) {
            return *known;
        }
        let from = self.path(file);
        let found = self.resolver.resolve(&from, name).map(|path| self.id(&path));
        self.resolved.borrow_mut().insert(key, found);
        found
    }

    /// Where a file of the view really lies.
    pub(crate) fn real(&self, path: String) -> String {
        self.resolver.real(path)
    }

    /// The symbols of a name that every file sees: of the analyzer's own declarations, and of scripts and `declare global`.
    pub(crate) fn globals(&self, name: &Name) -> Rc<[(FileId, SymId)]> {
        if let Some(known) = self.caches.globals.borrow().get(name) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        let mut look = |file: FileId| {
            let symbol = self.module(file).and_then(|module| module.globals.get(name).copied());
            found.extend(symbol.map(|symbol| (file, symbol)));
        };
        for candidate in self.workspace.candidates(name, roles::DEFINES) {
            if self.path(self.id(&candidate.path)).ends_with(".ts") || candidate.path.ends_with(".cts") {
                look(self.id(&candidate.path));
            }
        }
        look(self.id(BUILTINS));
        let found: Rc<[(FileId, SymId)]> = Rc::from(found);
        self.caches.globals.borrow_mut().insert(Rc::clone(name), Rc::clone(&found));
        found
    }

    /// The declarations of a module by name: `declare module "…"`.
    pub(crate) fn ambient(&self, name: &Name) -> Rc<[(FileId, DeclId)]> {
        if let Some(known) = self.caches.ambient.borrow().get(name) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        let bare = name.strip_prefix("node:").unwrap_or(name);
        let mut paths: Vec<String> =
            self.workspace.candidates(name, roles::DEFINES).into_iter().map(|candidate| candidate.path).collect();
        let of_node = format!("@types/node/{bare}.d.ts");
        paths.extend(["node_modules/", "@lib/node_modules/"].map(|root| format!("{root}{of_node}")));
        for path in paths {
            let file = self.id(&path);
            let Some(module) = self.module(file) else { continue };
            let decls = module.ambient.get(name).or_else(|| module.ambient.get(bare));
            found.extend(decls.into_iter().flatten().map(|decl| (file, *decl)));
        }
        let found: Rc<[(FileId, DeclId)]> = Rc::from(found);
        self.caches.ambient.borrow_mut().insert(Rc::clone(name), Rc::clone(&found));
        found
    }

    /// Whether packages are installed where the project can see them.
    pub(crate) fn has_packages(&self) -> bool {
        let paths = ["node_modules".to_owned(), format!("{LIBRARIES}node_modules")];
        self.workspace.exists(&paths).iter().any(Option::is_some)
    }

    /// The files of the languages in the workspace, sorted.
    pub(crate) fn files(&self) -> Result<Rc<[String]>, Failure> {
        if let Some(known) = self.listed.borrow().as_ref() {
            return Ok(Rc::clone(known));
        }
        let mut found = Vec::new();
        let mut open = vec![String::new()];
        while let Some(directory) = open.pop() {
            self.check_cancelled()?;
            for entry in self.workspace.list(&directory) {
                let path =
                    if directory.is_empty() { entry.name.clone() } else { format!("{directory}/{}", entry.name) };
                match entry.kind {
                    NodeKind::Directory
                        if entry.name == "node_modules" || entry.name.starts_with('@') && directory.is_empty() => {}
                    NodeKind::Directory => open.push(path),
                    NodeKind::File if is_code(&path) => found.push(path),
                    NodeKind::File => {}
                }
            }
            if found.len() > MODULES_MAX {
                break;
            }
        }
        found.sort();
        let found: Rc<[String]> = Rc::from(found);
        *self.listed.borrow_mut() = Some(Rc::clone(&found));
        Ok(found)
    }

    pub(crate) fn bundled(path: &str) -> Option<String> {
        (path == BUILTINS).then(|| BUILTINS_TEXT.to_owned())
    }

    /// Takes note of how the view differs.
    pub(crate) fn update(&self, changes: &[Change]) {
        self.caches.exprs.borrow_mut().clear();
        self.caches.returns.borrow_mut().clear();
        self.caches.globals.borrow_mut().clear();
        self.caches.ambient.borrow_mut().clear();
        self.caches.maps.borrow_mut().clear();
        *self.listed.borrow_mut() = None;
        let mut layout = false;
        for change in changes {
            match change {
                Change::Changed(path) => {
                    self.forget(path);
                    layout |= path.ends_with(".json");
                }
                Change::Created(path) | Change::Removed(path) => {
                    self.forget(path);
                    layout = true;
                }
                Change::Everything => {
                    self.modules.borrow_mut().clear();
                    layout = true;
                }
            }
        }
        if layout {
            self.resolved.borrow_mut().clear();
            self.resolver.forget();
        }
    }

    /// Forgets a file, or what lies in a directory.
    fn forget(&self, path: &str) {
        let known = self.paths.borrow().ids.get(path).copied();
        let mut modules = self.modules.borrow_mut();
        if let Some(file) = known {
            modules.remove(&file);
        }
        let directory = format!("{path}/");
        let paths = self.paths.borrow();
        modules.retain(|file, module| {
            let path = paths.paths.get(file.0 as usize);
            module.is_some() && !path.is_some_and(|path| path.starts_with(&directory))
        });
    }

    pub(crate) fn location(&self, file: FileId, span: Range, full: Range) -> Location {
        let full = Range { start: full.start.min(span.start), end: full.end.max(span.end) };
        Location { path: self.path(file).to_string(), span: span.span(), full: full.span() }
    }
}

/// Whether a path is one of the contract's.
pub(crate) fn is_proper(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// The suffixes of the languages.
pub(crate) const SUFFIXES: [&str; 8] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

/// Whether a path is of a file without code: configurations and declaration maps.
pub(crate) fn is_data(path: &str) -> bool {
    path.ends_with(".json") || path.ends_with(".map")
}

/// Whether a path is one of the languages'.
pub(crate) fn is_code(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix))
}
