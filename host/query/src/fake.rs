//! A made-up language, its analyzer and a workspace, all in memory.
//!
//! Files end with `.w`. A word is letters, digits and `_`; the word behind `def` is defined there, every other is a
//! use; one name means one thing everywhere. A file with the word `TRAP` makes indexing trap, and the word `error` is
//! an error; so is the word behind `needs` where nobody defines it, and the word behind `shows` says where it is defined.

mod all_names;
mod dependents;
mod hierarchies;
mod voices;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use vraftls_cache::{Job, Offload, Saturated};
use vraftls_index::{
    Candidate, Description, Diagnostic, Facts, Features, FileReferences, Language, Location, Occurrences, Reference,
    Roles, Symbol, SymbolTraits,
};
use vraftls_proto::{
    DocumentEdit, Hover, OverlayFile, OverlaySet, Query, QueryError, Request, SearchPlan, SessionId, Targets,
};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};

use crate::{
    Analyzer, Base, BaseFile, BoxFuture, CancelFlag, Change, Changes, DirEntry, EngineCall, Fault, IndexDocument,
    NodeKind, ProjectSpec, Question, ReadError, Reply, View, Workspaces, is_outside,
};

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(1);

pub(crate) fn path(text: &str) -> VfsPath {
    VfsPath::new(text).expect("a path")
}

/// Files by path.
pub(crate) type Tree = BTreeMap<VfsPath, Arc<str>>;

pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(name, text)| (path(name), Arc::from(*text))).collect()
}

pub(crate) fn overlays(files: &[(&str, &str)]) -> Arc<OverlaySet> {
    let file = |text: &str| OverlayFile {
        digest: ContentDigest::of(text.as_bytes()),
        text: text.into(),
        language: "words".into(),
    };
    Arc::new(files.iter().fold(OverlaySet::default(), |set, (name, text)| set.with(path(name), Some(file(text)))))
}

/// Does every job at once, so that tests neither wait nor depend on threads.
pub(crate) struct AtOnce;

impl Offload for AtOnce {
    fn submit(&self, job: Job) -> Result<(), Saturated> {
        job();
        Ok(())
    }
}

/// A workspace at one revision.
pub(crate) struct FakeBase {
    pub(crate) revision: u64,
    pub(crate) files: Tree,
}

impl Base for FakeBase {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn libraries_generation(&self) -> u64 {
        self.files.iter().filter(|(path, _)| is_outside(path)).map(|(_, text)| text.len() as u64).sum()
    }

    fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        let text = self.files.get(path)?;
        Some(BaseFile { digest: ContentDigest::of(text.as_bytes()), size_bytes: text.len() as u64 })
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        let missing = || if self.is_directory(path.as_str()) { ReadError::IsDirectory } else { ReadError::NotFound };
        self.files.get(path).cloned().ok_or_else(missing)
    }

    fn list(&self, directory: &str) -> Vec<DirEntry> {
        let directory = path(directory);
        let below = self.files.keys().filter(|file| !(directory.is_root() && is_outside(file)));
        let entries: BTreeMap<String, NodeKind> = below
            .filter_map(|file| file.strip_prefix(&directory).filter(|rest| !rest.is_empty()))
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => (name.to_owned(), NodeKind::Directory),
                None => (rest.to_owned(), NodeKind::File),
            })
            .collect();
        entries.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect()
    }

    fn is_directory(&self, directory: &str) -> bool {
        directory.is_empty()
            || self.files.keys().any(|file| *file != path(directory) && file.strip_prefix(&path(directory)).is_some())
    }

    fn files(&self) -> Vec<(VfsPath, BaseFile)> {
        let own = self.files.keys().filter(|path| !is_outside(path));
        own.filter_map(|path| Some((path.clone(), self.file(path)?))).collect()
    }

    fn changes_since(&self, older: &dyn Base) -> Changes {
        let Some(older) = older.as_any().downcast_ref::<FakeBase>() else { return Changes::Everything };
        let gone = older.files.keys().filter(|path| !self.files.contains_key(*path)).cloned().map(Change::Removed);
        let there = self.files.iter().filter_map(|(path, text)| match older.files.get(path) {
            None => Some(Change::Created(path.clone())),
            Some(before) => (before != text).then(|| Change::Changed(path.clone())),
        });
        let mut changes: Vec<Change> = gone.chain(there).collect();
        changes.sort_unstable_by(|a, b| a.path().cmp(b.path()));
        Changes::Paths(changes)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// One workspace whose files a test writes.
pub(crate) struct FakeWorkspaces {
    newest: watch::Sender<Arc<FakeBase>>,
    is_whole: watch::Sender<bool>,
    project: Arc<ProjectSpec>,
}

impl FakeWorkspaces {
    pub(crate) fn new(files: Tree) -> Self {
        let project =
            ProjectSpec { workspace: WORKSPACE, root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        let base = Arc::new(FakeBase { revision: 1, files });
        Self { newest: watch::Sender::new(base), is_whole: watch::Sender::new(true), project: Arc::new(project) }
    }

    pub(crate) fn set_whole(&self, is_whole: bool) {
        self.is_whole.send_replace(is_whole);
    }

    pub(crate) fn newest(&self) -> Arc<FakeBase> {
        Arc::clone(&self.newest.borrow())
    }

    pub(crate) fn write(&self, name: &str, text: Option<&str>) {
        self.newest.send_modify(|base| {
            let mut files = base.files.clone();
            match text {
                Some(text) => files.insert(path(name), text.into()),
                None => files.remove(&path(name)),
            };
            *base = Arc::new(FakeBase { revision: base.revision + 1, files });
        });
    }
}

impl Workspaces for FakeWorkspaces {
    fn base(&self, _: WorkspaceId, at_least: Revision) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>> {
        Box::pin(async move {
            let mut newest = self.newest.subscribe();
            let base = newest.wait_for(|base| base.revision() >= at_least).await;
            base.map(|base| Arc::clone(&*base) as Arc<dyn Base>)
                .map_err(|_| QueryError::Unavailable("closed".to_owned()))
        })
    }

    fn whole_base(
        &self,
        workspace: WorkspaceId,
        at_least: Revision,
    ) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>> {
        Box::pin(async move {
            let mut is_whole = self.is_whole.subscribe();
            is_whole.wait_for(|is_whole| *is_whole).await.expect("the sender is here");
            self.base(workspace, at_least).await
        })
    }

    fn project<'a>(
        &'a self,
        _: &'a Request,
        _: &'a Arc<dyn Base>,
        _: &'a Description,
    ) -> BoxFuture<'a, Result<Arc<ProjectSpec>, QueryError>> {
        Box::pin(async move { Ok(Arc::clone(&self.project)) })
    }
}

/// The analyzer of the made-up language, with what a test wants to see and to set.
pub(crate) struct FakeAnalyzer {
    description: Description,
    /// Which component: part of every key.
    pub(crate) component: &'static str,
    /// What it puts before the words that it says, if anything.
    voice: Option<&'static str>,
    /// Documents that were indexed.
    pub(crate) n_indexed: AtomicUsize,
    /// Calls of the engine.
    pub(crate) n_asked: AtomicUsize,
    /// Calls that run at once now, and the most that ever did.
    pub(crate) n_running: AtomicUsize,
    pub(crate) n_running_max: AtomicUsize,
    /// Engine calls use up a permit each.
    pub(crate) gate: Semaphore,
    /// What indexing ends with, if not with facts.
    pub(crate) index_fault: Mutex<Option<Fault>>,
    /// The flag of the last call of the engine.
    pub(crate) last_cancel: Mutex<CancelFlag>,
    /// What calls of the engine end with, if not with a reply.
    pub(crate) fault: Mutex<Option<Fault>>,
    /// Whether facts say what a file shows to others: the words that it defines.
    pub(crate) shows_interfaces: AtomicBool,
    /// What a reply to `Definition` says instead.
    pub(crate) astray: Mutex<Option<Location>>,
}

impl FakeAnalyzer {
    pub(crate) fn new(component: &'static str) -> Self {
        let language = Language { id: "words".into(), suffixes: vec!["w".into()] };
        let features = Features {
            diagnostics: true,
            definition: true,
            references: true,
            file_operations: true,
            ..Features::default()
        };
        Self {
            description: Description {
                id: "fake".into(),
                languages: vec![language],
                features,
                token_types: vec!["word".into()],
                ..Description::default()
            },
            component,
            voice: None,
            n_indexed: AtomicUsize::new(0),
            n_asked: AtomicUsize::new(0),
            n_running: AtomicUsize::new(0),
            n_running_max: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            index_fault: Mutex::default(),
            last_cancel: Mutex::default(),
            fault: Mutex::default(),
            shows_interfaces: AtomicBool::new(false),
            astray: Mutex::default(),
        }
    }

    /// The same, without an engine for diagnostics.
    pub(crate) fn without_diagnostics(mut self) -> Self {
        self.description.features.diagnostics = false;
        self
    }

    pub(crate) fn close_gate(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        *self.fault.lock().expect("no panic") = fault;
    }

    pub(crate) fn n_indexed(&self) -> usize {
        self.n_indexed.load(Ordering::Relaxed)
    }

    pub(crate) fn n_asked(&self) -> usize {
        self.n_asked.load(Ordering::Relaxed)
    }

    pub(crate) fn set_index_fault(&self, fault: Option<Fault>) {
        *self.index_fault.lock().expect("no panic") = fault;
    }

    fn reply(&self, view: &View, question: Question) -> Result<Reply, Fault> {
        Ok(match question {
            Question::Definition { path, offset } => Reply::Targets(self.definition(view, &path, offset)?),
            Question::Hover { path, offset } => {
                // Not only of the word: of the whole view, so that nothing of another session may get in.
                let hover = word_at(view, &path, offset)?.map(|(word, span)| Hover {
                    span,
                    signature: word,
                    language: "words".into(),
                    documentation: everything(view),
                });
                Reply::Hover(hover)
            }
            Question::Diagnostics { path } => Reply::Diagnostics(dependents::findings(view, &path)?),
            Question::Plan { path, offset } | Question::PlanRename { path, offset, .. } => {
                Reply::Plan(self.plan(view, &path, offset)?)
            }
            Question::Confirm { plan, files } => Reply::References(confirm(view, &plan, &files)?),
            Question::RenameEdits { plan, new_name, files } => {
                let confirmed = confirm(view, &plan, &files)?.into_iter().map(|file| {
                    let edit = |place: Reference| TextEdit { span: place.span, new_text: new_name.clone() };
                    DocumentEdit { path: file.path, edits: file.references.into_iter().map(edit).collect() }
                });
                Reply::Edits(confirmed.collect())
            }
            Question::RenameMoves { plan, new_name } => Reply::Moves(hierarchies::moves(view, &plan, &new_name)),
            Question::PrepareCalls { path, offset } => {
                Reply::HierarchyItems(hierarchies::prepare(view, &path, offset)?)
            }
            Question::PlanIncoming { item } | Question::PlanSubtypes { item } => {
                Reply::Plan(self.plan(view, &item.location.path, item.location.span.start())?)
            }
            Question::Incoming { plan, files } => Reply::Calls(hierarchies::incoming(view, &plan, &files)?),
            Question::Subtypes { plan, files } => {
                let calls = hierarchies::incoming(view, &plan, &files)?;
                Reply::HierarchyItems(calls.into_iter().map(|call| call.item).collect())
            }
            Question::WillRename { moves } => Reply::Edits(hierarchies::will_rename(view, &moves)?),
            Question::Complete { offset, .. } => Reply::Completion(hierarchies::complete(view, offset)),
            Question::SemanticTokens { path, .. } => Reply::SemanticTokens(hierarchies::tokens(view, &path)?),
            Question::Bundled { path } if path.as_str() == "@bundled/core.w" => Reply::Bundled(Some("def core".into())),
            Question::Bundled { .. } => Reply::Bundled(None),
            Question::ResolveAll { path } => Reply::Resolved(self.all_names(view, &path)?.into()),
            _ => return Err(Fault::Unsupported),
        })
    }

    fn definition(&self, view: &View, path: &VfsPath, offset: u32) -> Result<Option<Targets>, Fault> {
        let Some((word, origin)) = word_at(view, path, offset)? else { return Ok(None) };
        let mut locations = definitions(view, &word);
        if let Some(astray) = self.astray.lock().expect("no panic").clone() {
            locations = vec![astray];
        }
        Ok(Some(Targets { origin, locations }))
    }

    fn plan(&self, view: &View, path: &VfsPath, offset: u32) -> Result<Option<SearchPlan>, Fault> {
        let Some((word, origin)) = word_at(view, path, offset)? else { return Ok(None) };
        let definitions = definitions(view, &word);
        // A word with a small letter and a `_` before it is only known in its own file.
        let only = word.starts_with('_').then(|| path.clone());
        Ok(Some(SearchPlan { origin, names: vec![word], roles: Roles(0), only, definitions, token: Vec::new() }))
    }
}

/// Of a shared one, because a call lives longer than the borrow it began with.
impl Analyzer for Arc<FakeAnalyzer> {
    fn digest(&self) -> ContentDigest {
        ContentDigest::of(self.component.as_bytes())
    }

    fn description(&self) -> &Description {
        &self.description
    }

    fn index(&self, document: IndexDocument) -> BoxFuture<'static, Result<Facts, Fault>> {
        self.n_indexed.fetch_add(1, Ordering::Relaxed);
        let fault = self.index_fault.lock().expect("no panic").clone();
        let shows_interfaces = self.shows_interfaces.load(Ordering::Relaxed);
        let fake = Arc::clone(self);
        Box::pin(async move {
            if let Some(fault) = fault {
                return Err(fault);
            }
            if document.text.contains("TRAP") {
                return Err(Fault::Trap("on purpose".into()));
            }
            let facts = facts(&document.text);
            let interface_hash = if shows_interfaces { dependents::interface_hash(&facts) } else { 0 };
            Ok(fake.own_facts(Facts { interface_hash, ..facts }))
        })
    }

    fn ask(&self, call: EngineCall) -> BoxFuture<'static, Result<Reply, Fault>> {
        let fake = Arc::clone(self);
        fake.n_asked.fetch_add(1, Ordering::Relaxed);
        *fake.last_cancel.lock().expect("no panic") = call.cancel.clone();
        Box::pin(async move {
            let _running = Running::new(&fake);
            let permit = fake.gate.acquire().await.expect("never closed");
            let fault = fake.fault.lock().expect("no panic").clone();
            let reply = match fault {
                Some(fault) => Err(fault),
                None => fake.own_question(call.question).and_then(|question| fake.reply(&call.view, question)),
            }
            .map(|reply| fake.own_reply(reply));
            permit.forget();
            // As a real engine, that is on another thread: not done at the first look.
            tokio::task::yield_now().await;
            if call.cancel.is_cancelled() { Err(Fault::Cancelled) } else { reply }
        })
    }
}

struct Running<'a>(&'a FakeAnalyzer);

impl<'a> Running<'a> {
    fn new(fake: &'a FakeAnalyzer) -> Self {
        let n_running = fake.n_running.fetch_add(1, Ordering::Relaxed) + 1;
        fake.n_running_max.fetch_max(n_running, Ordering::Relaxed);
        Self(fake)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.n_running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The words of a text with their places, and whether each is defined there.
fn words(text: &str) -> Vec<(&str, Span, bool)> {
    let mut words = Vec::new();
    let mut rest = 0;
    let mut is_defined = false;
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        rest = rest.max(start);
        if !word.is_empty() {
            let span = Span::new(start as u32, (start + word.len()) as u32).expect("ascending");
            words.push((word, span, is_defined));
            is_defined = word == "def";
        }
    }
    words
}

pub(crate) fn facts(text: &str) -> Facts {
    let words = words(text);
    let mut names: Vec<&str> = words.iter().map(|word| word.0).collect();
    names.sort_unstable();
    names.dedup();
    let packed = words.iter().flat_map(|(word, span, is_defined)| {
        let name = names.binary_search(word).expect("collected above") as u32;
        [span.start(), span.len(), name, roles(*is_defined).0]
    });
    let symbols = words.iter().filter(|word| word.2).map(|(word, span, _)| Symbol {
        name: (*word).to_owned(),
        detail: String::new(),
        kind: 12,
        parent: None,
        full: *span,
        span: *span,
        traits: SymbolTraits::default(),
    });
    Facts {
        symbols: symbols.collect(),
        occurrences: Occurrences::from_packed(packed.collect()).expect("ascending"),
        names: names.into_iter().map(Into::into).collect(),
        diagnostics: errors(text),
        ..Facts::default()
    }
}

fn roles(is_defined: bool) -> Roles {
    if is_defined { Roles::DEFINES } else { Roles::REFERS }
}

fn errors(text: &str) -> Vec<Diagnostic> {
    let errors = words(text).into_iter().filter(|word| word.0 == "error");
    let diagnostic = |span| Diagnostic {
        span,
        severity: 1,
        code: "error".into(),
        code_url: String::new(),
        message: "an error".into(),
        unnecessary: false,
        deprecated: false,
        related: Vec::new(),
    };
    errors.map(|(_, span, _)| diagnostic(span)).collect()
}

fn read(view: &View, path: &VfsPath) -> Result<Arc<str>, Fault> {
    view.read(path).map_err(|_| Fault::NotFound(path.to_string()))
}

fn word_at(view: &View, path: &VfsPath, offset: u32) -> Result<Option<(String, Span)>, Fault> {
    let text = read(view, path)?;
    let word = words(&text).into_iter().find(|word| word.1.touches(offset));
    Ok(word.map(|(word, span, _)| (word.to_owned(), span)))
}

fn definitions(view: &View, word: &str) -> Vec<Location> {
    let files = view.lookup.candidates(word, Roles::DEFINES).into_iter();
    let places = files.flat_map(|file| file.offsets.into_iter().map(move |start| (file.path.clone(), start)));
    let location = |(path, start)| {
        let (_, span, is_defined) = words(&view.read(&path).ok()?).into_iter().find(|word| word.1.start() == start)?;
        is_defined.then_some(Location { path, span, full: span })
    };
    places.filter_map(location).collect()
}

fn confirm(view: &View, plan: &SearchPlan, files: &[Candidate]) -> Result<Vec<FileReferences>, Fault> {
    let file = |candidate: &Candidate| {
        let text = read(view, &candidate.path)?;
        let confirmed = words(&text).into_iter().filter(|(word, span, _)| {
            plan.names.iter().any(|name| name == word) && candidate.offsets.contains(&span.start())
        });
        let references = confirmed.map(|(_, span, is_defined)| Reference { span, roles: roles(is_defined) }).collect();
        Ok(FileReferences { path: candidate.path.clone(), references })
    };
    files.iter().map(file).collect()
}

/// All that a view has, in one text.
fn everything(view: &View) -> String {
    let mut directories = vec![String::new()];
    let mut all = String::new();
    while let Some(directory) = directories.pop() {
        for entry in view.list(&directory) {
            let below = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
            match entry.kind {
                NodeKind::Directory => directories.push(below),
                NodeKind::File => {
                    let text = view.read(&path(&below)).expect("it is listed");
                    all.push_str(&format!("{below}: {text}\n"));
                }
            }
        }
    }
    all
}

/// A request with a deadline that no test reaches by accident.
pub(crate) fn request(query: Query, overlays: &Arc<OverlaySet>) -> Request {
    Request {
        workspace: WORKSPACE,
        session: SessionId(1),
        overlays: Arc::clone(overlays),
        settings: Arc::default(),
        at_least: Revision(0),
        deadline: Duration::from_secs(60),
        query,
    }
}
