//! A backend that answers from the text alone, and can be held.
//!
//! Its language has words. The definition of a word is its first `def WORD` in any file, sorted by path; its references are all its
//! occurrences; a diagnostic is at each `ERROR`. So every answer shows which text the request saw.

mod later;
mod resolved;
mod saves;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use vraftls_gateway::{Backend, BoxFuture, Folder, FolderPhase, FolderState, Status};
use vraftls_index::{
    Description, Diagnostic, Facts, Features, Language, Location, Related, Roles, Symbol, SymbolTraits,
};
use vraftls_proto::{
    Answer, Answered, At, CompletionDetails, CompletionItem, CompletionItems, DocumentEdit, DocumentSymbols,
    FileReferences, Highlight, Hover, Parameter, Query, QueryError, Reference, RenameTarget, Request, Revisions, Save,
    SaveOutcome, SessionId, SessionSettings, Signature, SignatureHelp, Standing, SymbolMatch, Targets,
};
use vraftls_text::{LineIndex, Span, TextEdit};
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};

/// Which requests are held.
type Which = fn(&Query) -> bool;

/// What a test can see and do to a backend.
pub(crate) struct FakeBackend {
    /// The folders that can be opened, with their files.
    folders: BTreeMap<PathBuf, FakeFolder>,
    /// While it is set, requests for which it says so wait.
    held: watch::Sender<Option<Which>>,
    /// While it is set, folders are not opened.
    pub(crate) folders_held: watch::Sender<bool>,
    /// How many requests wait because they are held.
    pub(crate) n_waiting: watch::Sender<usize>,
    /// The paths of `files_changed`.
    pub(crate) hints: Mutex<Vec<String>>,
    /// The sessions that ended.
    pub(crate) ended: watch::Sender<Vec<SessionId>>,
    /// How many requests were dropped before they were answered.
    pub(crate) n_dropped: AtomicUsize,
    /// How often a line index was asked for.
    pub(crate) n_line_indexes: AtomicUsize,
    /// Answers name a wrong digest of this file.
    pub(crate) lies_about: Mutex<Option<String>>,
    /// Answers are partial.
    pub(crate) partial: AtomicBool,
    /// What the last request wanted of analyzers.
    settings: Mutex<Arc<SessionSettings>>,
    /// What was asked about which file, where that is findings or an outline, and the text of `a.py` that was seen.
    pub(crate) looks: watch::Sender<Vec<(Look, String, String)>>,
    /// Outlines are not available.
    outlines_silent: AtomicBool,
    /// Every request fails so.
    pub(crate) failure: Mutex<Option<QueryError>>,
    /// What becomes of saves.
    pub(crate) saves: saves::FakeSaves,
    /// What the analyzer says that it can.
    pub(crate) features: Mutex<Features>,
    /// Which version of the analyzer answers: findings say so from the second on, which reads `pyi` files too.
    pub(crate) version: watch::Sender<u64>,
}

/// A question that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    Findings,
    Outline,
}

struct FakeFolder {
    workspace: WorkspaceId,
    files: Mutex<BTreeMap<VfsPath, Arc<str>>>,
    state: watch::Sender<FolderState>,
}

impl FakeBackend {
    /// With folders, each a list of files and their texts.
    pub(crate) fn new(folders: &[(&str, &[(&str, &str)])]) -> Arc<Self> {
        let folders = folders.iter().enumerate().map(|(idx, (root, files))| {
            let files = files.iter().map(|(path, text)| (VfsPath::new(path).unwrap(), Arc::from(*text))).collect();
            let state = FolderState { revision: Revision(1), phase: FolderPhase::Ready, n_losses: 0 };
            let workspace = WorkspaceId(u32::try_from(idx).unwrap() + 1);
            let folder = FakeFolder { workspace, files: Mutex::new(files), state: watch::Sender::new(state) };
            (PathBuf::from(root), folder)
        });
        Arc::new(Self {
            folders: folders.collect(),
            held: watch::Sender::new(None),
            folders_held: watch::Sender::new(false),
            n_waiting: watch::Sender::new(0),
            hints: Mutex::default(),
            ended: watch::Sender::default(),
            n_dropped: AtomicUsize::new(0),
            n_line_indexes: AtomicUsize::new(0),
            lies_about: Mutex::default(),
            partial: AtomicBool::new(false),
            settings: Mutex::default(),
            looks: watch::Sender::default(),
            outlines_silent: AtomicBool::new(false),
            failure: Mutex::default(),
            saves: saves::FakeSaves::default(),
            features: Mutex::new(later::all_features()),
            version: watch::Sender::new(1),
        })
    }

    /// With one folder `/w`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Arc<Self> {
        Self::new(&[("/w", files)])
    }

    /// Lets requests wait for which `which` says so.
    pub(crate) fn hold(&self, which: Which) {
        self.held.send_replace(Some(which));
    }

    /// Lets what waits go on.
    pub(crate) fn release(&self) {
        self.held.send_replace(None);
    }

    /// Waits until so many requests wait.
    pub(crate) async fn until_waiting(&self, n: usize) {
        let mut waiting = self.n_waiting.subscribe();
        tokio::time::timeout(super::client::DEADLINE, waiting.wait_for(|now| *now >= n)).await.unwrap().unwrap();
    }

    /// Waits until so many requests were dropped unanswered.
    pub(crate) fn n_dropped(&self) -> usize {
        self.n_dropped.load(Ordering::SeqCst)
    }

    /// What the last request wanted of analyzers, by name.
    pub(crate) fn last_settings(&self) -> Vec<(String, String)> {
        let settings = self.settings.lock().unwrap().clone();
        settings.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Changes a file of the base.
    pub(crate) fn write(&self, root: &str, path: &str, text: &str) {
        let folder = &self.folders[Path::new(root)];
        folder.files.lock().unwrap().insert(VfsPath::new(path).unwrap(), text.into());
        folder.state.send_modify(|state| state.revision.0 += 1);
    }

    /// Says that somebody lost a save.
    pub(crate) fn lose_save(&self, root: &str) {
        self.folders[Path::new(root)].state.send_modify(|state| state.n_losses += 1);
    }

    /// Says what is under way in a folder.
    pub(crate) fn set_phase(&self, root: &str, phase: FolderPhase) {
        self.folders[Path::new(root)].state.send_modify(|state| state.phase = phase);
    }

    fn folder(&self, workspace: WorkspaceId) -> &FakeFolder {
        self.folders.values().find(|folder| folder.workspace == workspace).unwrap()
    }

    /// From now on no outline is answered.
    pub(crate) fn silence_outlines(&self) {
        self.outlines_silent.store(true, Ordering::SeqCst);
    }

    fn note(&self, request: &Request) {
        let look = match &request.query {
            Query::Diagnostics { .. } => Look::Findings,
            Query::DocumentSymbols { .. } => Look::Outline,
            _ => return,
        };
        let seen = Seen::new(self, request).files.get("a.py").map(ToString::to_string);
        let path = request.query.path().unwrap().to_string();
        self.looks.send_modify(|looks| looks.push((look, path, seen.unwrap_or_default())));
    }

    /// Waits for a look at a file that saw a text of `a.py`.
    pub(crate) async fn until_seen(&self, look: Look, path: &str, text: &str) {
        let mut looks = self.looks.subscribe();
        let is_there = |looks: &Vec<(Look, String, String)>| {
            looks.iter().any(|(what, file, seen)| *what == look && file == path && seen == text)
        };
        let seen = tokio::time::timeout(super::client::DEADLINE, looks.wait_for(is_there)).await;
        drop(seen.unwrap_or_else(|_| panic!("nobody saw {text:?} for {path}: {:?}", self.looks.borrow())));
    }

    async fn wait_if_held(&self, query: &Query) {
        let mut held = self.held.subscribe();
        if !held.borrow().is_some_and(|which| which(query)) {
            return;
        }
        let _waiting = Waiting::new(self);
        held.wait_for(|held| held.is_none()).await.unwrap();
    }
}

/// Counts a request that waits, and whether it is dropped while it does.
struct Waiting<'a>(&'a FakeBackend);

impl<'a> Waiting<'a> {
    fn new(backend: &'a FakeBackend) -> Self {
        backend.n_waiting.send_modify(|n| *n += 1);
        Self(backend)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.n_waiting.send_modify(|n| *n -= 1);
        if self.0.held.borrow().is_some() {
            self.0.n_dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Backend for FakeBackend {
    fn analyzers(&self) -> Vec<Arc<Description>> {
        let features = *self.features.lock().unwrap();
        let suffixes: &[&str] = if *self.version.borrow() == 1 { &["py"] } else { &["py", "pyi"] };
        vec![Arc::new(Description {
            id: "words".into(),
            languages: vec![Language {
                id: "words".into(),
                suffixes: suffixes.iter().map(|it| (*it).into()).collect(),
            }],
            project_files: vec!["words.toml".into(), "words.*.toml".into()],
            completion_triggers: vec![".".into()],
            signature_triggers: vec!["(".into(), ",".into()],
            on_type_triggers: vec![":".into(), ";".into()],
            token_types: vec!["word".into(), "quote".into()],
            token_modifiers: vec!["loud".into()],
            features,
            ..Description::default()
        })]
    }

    fn analyzers_changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn open_folder(&self, root: PathBuf) -> BoxFuture<'_, Result<Folder, QueryError>> {
        Box::pin(async move {
            self.folders_held.subscribe().wait_for(|held| !held).await.unwrap();
            let folder = self.folders.get(&root);
            let folder = folder.ok_or_else(|| QueryError::Unavailable(format!("no folder {}", root.display())))?;
            Ok(Folder { workspace: folder.workspace, root, state: folder.state.subscribe() })
        })
    }

    fn ask(&self, request: Request) -> BoxFuture<'_, Result<Answered, QueryError>> {
        Box::pin(async move {
            *self.settings.lock().unwrap() = request.settings.clone();
            self.note(&request);
            self.wait_if_held(&request.query).await;
            if let Some(failure) = self.failure.lock().unwrap().clone() {
                return Err(failure);
            }
            let is_outline = matches!(request.query, Query::DocumentSymbols { .. });
            if is_outline && self.outlines_silent.load(Ordering::SeqCst) {
                return Err(QueryError::Unavailable("silent".into()));
            }
            assert!(!format!("{:?}", request.query).contains("panic.py"), "the analyzer's defect");
            Seen::new(self, &request).answer(&request.query)
        })
    }

    fn line_index(
        &self,
        workspace: WorkspaceId,
        path: VfsPath,
        digest: ContentDigest,
    ) -> BoxFuture<'_, Result<Arc<LineIndex>, QueryError>> {
        Box::pin(async move {
            self.n_line_indexes.fetch_add(1, Ordering::SeqCst);
            let files = self.folder(workspace).files.lock().unwrap();
            let text = files.get(&path).filter(|text| ContentDigest::of(text.as_bytes()) == digest);
            Ok(Arc::new(LineIndex::new(text.ok_or(QueryError::NotFound(path))?)))
        })
    }

    fn prepare_settings(&self, _: WorkspaceId, settings: Arc<SessionSettings>) -> BoxFuture<'_, Vec<(String, String)>> {
        let interpreter = settings.get("python.interpreter");
        let refused = interpreter.filter(|interpreter| interpreter.starts_with("/gone"));
        let refused = refused.map(|gone| ("python.interpreter".to_owned(), format!("there is no {gone}")));
        Box::pin(async move { refused.into_iter().collect() })
    }

    fn files_changed(&self, _: WorkspaceId, paths: Vec<VfsPath>) {
        self.hints.lock().unwrap().extend(paths.iter().map(ToString::to_string));
    }

    fn catch_up(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<(), QueryError>> {
        self.hints.lock().unwrap().push(format!("everything of {workspace}"));
        Box::pin(std::future::ready(Ok(())))
    }

    fn save(&self, save: Save) -> BoxFuture<'_, SaveOutcome> {
        Box::pin(std::future::ready(self.saves.save(save)))
    }

    fn standings(
        &self,
        workspace: WorkspaceId,
        _: SessionId,
        paths: Vec<VfsPath>,
    ) -> BoxFuture<'_, Result<Vec<Standing>, QueryError>> {
        let files = self.folder(workspace).files.lock().unwrap().clone();
        let contents = |path| files.get(path).map(|text| ContentDigest::of(text.as_bytes()));
        let standings = paths.iter().map(|path| self.saves.standing(path.as_str(), contents(path))).collect();
        self.saves.n_looks.send_modify(|n| *n += 1);
        Box::pin(std::future::ready(Ok(standings)))
    }

    fn status(&self) -> BoxFuture<'_, Status> {
        Box::pin(std::future::ready(Status { revision: 7, ..Status::default() }))
    }

    fn session_ended(&self, session: SessionId) {
        self.ended.send_modify(|ended| ended.push(session));
    }

    fn outside_path(&self, _: WorkspaceId, path: VfsPath) -> BoxFuture<'_, Option<PathBuf>> {
        Box::pin(async move {
            let path = path.as_str();
            let in_library = path.strip_prefix("@lib/").map(|rest| Path::new("/libs").join(rest));
            in_library.or_else(|| path.strip_prefix("@bundled/").map(|rest| Path::new("/bundled").join(rest)))
        })
    }

    fn inside_path(&self, _: WorkspaceId, path: &Path) -> Option<VfsPath> {
        assert!(!path.ends_with("defect.py"), "the library's defect");
        let inside = path.strip_prefix("/libs").ok()?;
        VfsPath::new(&format!("@lib/{}", inside.to_str()?)).ok()
    }
}

/// Whether a file is in the language: by its suffix, or because it is a notebook's cells, which are there only in that language.
fn has_words(path: &VfsPath) -> bool {
    matches!(path.suffix(), Some("py" | "ipynb"))
}

/// What one request sees.
struct Seen {
    revision: Revision,
    files: BTreeMap<VfsPath, Arc<str>>,
    lie: Option<String>,
    partial: bool,
    /// Which version of the analyzer was asked.
    version: u64,
}

impl Seen {
    fn new(backend: &FakeBackend, request: &Request) -> Self {
        let folder = backend.folder(request.workspace);
        let mut files = folder.files.lock().unwrap().clone();
        for (path, file) in request.overlays.iter() {
            files.insert(path.clone(), file.text.clone());
        }
        let lie = backend.lies_about.lock().unwrap().clone();
        let partial = backend.partial.load(Ordering::SeqCst);
        let version = *backend.version.borrow();
        Self { revision: folder.state.borrow().revision, files, lie, partial, version }
    }

    fn answer(&self, query: &Query) -> Result<Answered, QueryError> {
        let mut named: Vec<VfsPath> = Vec::new();
        let answer = match query {
            Query::Definition(at) => {
                let (word, origin) = self.word(at)?;
                let found = self.find(&format!("def {word}"));
                let locations = found.into_iter().take(1).map(|(path, span)| {
                    named.push(path.clone());
                    let full = span;
                    Location { path, span: Span::new(span.start() + 4, span.end()).unwrap(), full }
                });
                let locations: Vec<_> = locations.collect();
                Answer::Targets((!locations.is_empty()).then_some(Targets { origin, locations }))
            }
            Query::References { at, .. } => {
                let (word, _) = self.word(at)?;
                let mut files: BTreeMap<VfsPath, Vec<Reference>> = BTreeMap::new();
                for (path, span) in self.find(&word) {
                    files.entry(path).or_default().push(Reference { span, roles: Roles::REFERS });
                }
                named.extend(files.keys().cloned());
                Answer::References(
                    files.into_iter().map(|(path, references)| FileReferences { path, references }).collect(),
                )
            }
            Query::Highlights(at) => {
                let (word, _) = self.word(at)?;
                let here = self.find(&word).into_iter().filter(|(path, _)| *path == at.path);
                Answer::Highlights(here.map(|(_, span)| Highlight { span, kind: 2 }).collect())
            }
            Query::Hover(at) => {
                let (word, span) = self.word(at)?;
                // The whole text: a request shows exactly what it saw.
                let documentation = self.files[&at.path].to_string();
                Answer::Hover(Some(Hover {
                    span,
                    signature: format!("<{word}>"),
                    language: "words".into(),
                    documentation,
                }))
            }
            Query::Complete { at, .. } => {
                let (word, replace) = self.word(at)?;
                let label = format!("{word}_more");
                let start = TextEdit { span: Span::empty(0), new_text: "import more\n".into() };
                let item = CompletionItem {
                    label: label.clone(),
                    label_detail: "(x)".into(),
                    label_source: "more".into(),
                    kind: 3,
                    detail: "a word".into(),
                    insert: format!("{label}($1)"),
                    snippet: true,
                    additional: vec![start],
                    deprecated: true,
                    token: vec![1, 2, 255],
                };
                Answer::Completion(CompletionItems { replace, items: vec![item], incomplete: true })
            }
            Query::ResolveCompletion { token, .. } => {
                assert_eq!(token, &[1, 2, 255]);
                let documentation = "More **words**.".into();
                Answer::CompletionDetails(CompletionDetails {
                    detail: String::new(),
                    documentation,
                    additional: vec![],
                })
            }
            Query::SignatureHelp(_) => Answer::SignatureHelp(Some(SignatureHelp {
                signatures: vec![Signature {
                    label: "f(😀, b)".into(),
                    documentation: "Doc.".into(),
                    parameters: vec![
                        Parameter { label: Span::new(2, 6).unwrap(), documentation: String::new() },
                        Parameter { label: Span::new(8, 9).unwrap(), documentation: "Second.".into() },
                    ],
                    active_parameter: Some(1),
                }],
                active: 0,
            })),
            Query::PrepareRename(at) => {
                let (placeholder, span) = self.word(at)?;
                Answer::RenameTarget(Some(RenameTarget { span, placeholder }))
            }
            Query::Rename { at, new_name } => {
                if new_name.contains(' ') {
                    return Err(QueryError::InvalidInput(format!("`{new_name}` is no word")));
                }
                let (word, _) = self.word(at)?;
                let mut files: BTreeMap<VfsPath, Vec<TextEdit>> = BTreeMap::new();
                for (path, span) in self.find(&word) {
                    files.entry(path).or_default().push(TextEdit { span, new_text: new_name.clone() });
                }
                named.extend(files.keys().cloned());
                Answer::Edits(files.into_iter().map(|(path, edits)| DocumentEdit { path, edits }).collect())
            }
            Query::Format { path, span, .. } => {
                let text = &self.text(path)?;
                let span = span.unwrap_or_else(|| Span::new(0, text.len() as u32).unwrap());
                let new_text = span.slice(text).unwrap().to_uppercase();
                Answer::TextEdits(vec![TextEdit { span, new_text }])
            }
            Query::DocumentSymbols { path } => {
                named.push(path.clone());
                Answer::DocumentSymbols(DocumentSymbols { facts: Arc::new(self.facts(path)?) })
            }
            Query::WorkspaceSymbols { query, .. } => {
                let found = self.find(&format!("def {query}"));
                let symbols = found.into_iter().map(|(path, full)| {
                    named.push(path.clone());
                    let location = Location { path, span: full, full };
                    SymbolMatch { name: query.clone(), container: "c".into(), kind: 12, location, score: 7 }
                });
                Answer::Symbols(symbols.collect())
            }
            Query::Diagnostics { path } => {
                self.text(path)?;
                named.push(path.clone());
                let here = self.find("ERROR").into_iter().filter(|(found, _)| found == path);
                let mut found: Vec<_> = here.map(|(path, span)| finding(path, span)).collect();
                // What leads to the first definition of all.
                let leads = self.find("LEADS").into_iter().filter(|(found, _)| found == path);
                for (leads, place) in leads.zip(self.find("def ")) {
                    named.push(place.0.clone());
                    found.push(Diagnostic { span: leads.1, ..finding(place.0, place.1) });
                }
                if self.version > 1 {
                    found.iter_mut().for_each(|it| it.message = format!("{} of version {}", it.message, self.version));
                }
                Answer::Diagnostics(found.into())
            }
            query => self.later(query, &mut named)?,
        };
        named.sort();
        named.dedup();
        let digests = named.into_iter().map(|path| {
            let is_lie = self.lie.as_deref() == Some(path.as_str());
            let digest =
                if is_lie { ContentDigest::of(b"lie") } else { ContentDigest::of(self.files[&path].as_bytes()) };
            (path, digest)
        });
        Ok(Answered {
            revision: self.revision,
            revisions: Revisions::default(),
            digests: digests.collect(),
            partial: self.partial,
            answer,
        })
    }

    fn text(&self, path: &VfsPath) -> Result<Arc<str>, QueryError> {
        if !has_words(path) {
            return Err(QueryError::NoAnalyzer(path.clone()));
        }
        self.files.get(path).cloned().ok_or_else(|| QueryError::NotFound(path.clone()))
    }

    /// The word around a place.
    fn word(&self, at: &At) -> Result<(String, Span), QueryError> {
        let text = self.text(&at.path)?;
        let offset = at.offset as usize;
        assert!(text.is_char_boundary(offset), "offset {offset} is inside a character of {:?}", text);
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        let start = text[..offset]
            .rfind(|char| !is_word(char))
            .map_or(0, |at| at + text[at..].chars().next().unwrap().len_utf8());
        let end = text[offset..].find(|char| !is_word(char)).map_or(text.len(), |n| offset + n);
        Ok((text[start..end].to_owned(), Span::new(start as u32, end as u32).unwrap()))
    }

    fn find(&self, what: &str) -> Vec<(VfsPath, Span)> {
        if what.is_empty() {
            return Vec::new();
        }
        let in_file = |(path, text): (&VfsPath, &Arc<str>)| {
            let found: Vec<_> = text
                .match_indices(what)
                .map(|(at, found)| (path.clone(), Span::new(at as u32, (at + found.len()) as u32).unwrap()))
                .collect();
            found
        };
        self.files.iter().filter(|(path, _)| has_words(path)).flat_map(in_file).collect()
    }

    /// Each `def WORD` is a symbol that lies in the one before it, and what others see of the file; each file folds as a whole.
    fn facts(&self, path: &VfsPath) -> Result<Facts, QueryError> {
        let text = self.text(path)?;
        let mut symbols: Vec<Symbol> = Vec::new();
        for (at, _) in text.match_indices("def ") {
            let start = at as u32 + 4;
            let end = text[at + 4..].find('\n').map_or(text.len(), |n| at + 4 + n) as u32;
            let span = Span::new(start, end).unwrap();
            symbols.push(Symbol {
                name: span.slice(&text).unwrap().to_owned(),
                detail: String::new(),
                kind: 12,
                parent: symbols.len().checked_sub(1).map(|idx| idx as u32),
                full: Span::new(at as u32, text.len() as u32).unwrap(),
                span,
                traits: SymbolTraits { deprecated: true, ..SymbolTraits::default() },
            });
        }
        let mut shown = DefaultHasher::new();
        symbols.iter().for_each(|symbol| symbol.name.hash(&mut shown));
        let interface_hash = shown.finish().max(1);
        Ok(Facts { symbols, interface_hash, folds: vec![0, text.len() as u32, 2, 0, 1, 0], ..Facts::default() })
    }
}

fn finding(path: VfsPath, span: Span) -> Diagnostic {
    Diagnostic {
        span,
        severity: 2,
        code: "an-error".into(),
        code_url: "https://example.org/an-error".into(),
        message: "found".into(),
        unnecessary: true,
        deprecated: false,
        related: vec![Related { location: Location { path, span, full: span }, message: "here".into() }],
    }
}
