//! One message of each kind, with every variant and every field of them somewhere, and what it is called in `golden/`.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vraftls_index::{
    Description, Diagnostic, Facts, Features, ImportRef, Language, Location, Occurrences, Related, Roles, Symbol,
    SymbolTraits,
};
use vraftls_proto::rpc::*;
use vraftls_proto::*;
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::{
    Applied, ClientId, Conflict, ContentDigest, Contents, FileOperation, Refusal, Revision, Sequence, VfsPath,
    WorkspaceId, WorkspaceName,
};

/// Somebody who is shown every sample.
pub(crate) trait Visit {
    fn visit<M: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, message: M);
}

pub(crate) fn path(text: &str) -> VfsPath {
    VfsPath::new(text).unwrap()
}

pub(crate) fn span(start: u32, end: u32) -> Span {
    Span::new(start, end).unwrap()
}

pub(crate) fn digest(n: u8) -> ContentDigest {
    ContentDigest::from_bytes([n; 32])
}

pub(crate) fn location(file: &str) -> Location {
    Location { path: path(file), span: span(4, 9), full: span(0, 300) }
}

fn at() -> At {
    At { path: path("src/a.py"), offset: 300 }
}

fn edit() -> TextEdit {
    TextEdit { span: span(1, 3), new_text: "é".into() }
}

fn edits() -> Vec<DocumentEdit> {
    vec![DocumentEdit { path: path("a.py"), edits: vec![edit()] }]
}

fn change() -> FileChange {
    let creations = vec![Creation { path: path("b.py"), text: "é".into() }];
    FileChange { edits: edits(), creations, moves: vec![FileMove { old: path("c.py"), new: path("d.py") }] }
}

fn item() -> HierarchyItem {
    let (name, detail) = ("f".into(), "(x)".into());
    HierarchyItem { name, detail, kind: 12, location: location("a.py"), token: vec![1, 2] }
}

pub(crate) fn diagnostic() -> Diagnostic {
    Diagnostic {
        span: span(7, 8),
        severity: 1,
        code: "unresolved-import".into(),
        code_url: "https://a.example".into(),
        message: "Cannot resolve".into(),
        unnecessary: true,
        deprecated: false,
        related: vec![Related { location: location("b.py"), message: "here".into() }],
    }
}

fn facts() -> Facts {
    let traits = SymbolTraits { exported: true, ..SymbolTraits::default() };
    let symbol = Symbol {
        name: "f".into(),
        detail: String::new(),
        kind: 12,
        parent: None,
        full: span(0, 9),
        span: span(4, 5),
        traits,
    };
    Facts {
        symbols: vec![symbol],
        names: vec!["f".into()],
        occurrences: Occurrences::from_packed(vec![4, 1, 0, 1]).unwrap(),
        imports: vec![ImportRef { module: "b".into(), span: span(0, 1), names: vec!["*".into()] }],
        folds: vec![0, 9, 0],
        diagnostics: vec![diagnostic()],
        interface_hash: 7,
    }
}

pub(crate) fn ask(query: Query) -> Ask {
    Ask {
        workspace: WorkspaceId(1),
        session: SessionId(300),
        overlays: vec![OverlayRef { path: path("a.py"), digest: digest(3), language: "python".into() }],
        texts: vec!["x = 1\n".into()],
        settings: Arc::new([("python.version".to_owned(), "3.13".to_owned())].into_iter().collect()),
        at_least: [(1, Revision(7)), (2, Revision(300))].into_iter().collect(),
        deadline: Duration::from_millis(1500),
        query,
        scope: Some(vec![1, 2]),
    }
}

pub(crate) fn answered(answer: Answer) -> AskAnswer {
    AskAnswer::Answered(Answered {
        revision: Revision(0),
        revisions: [(1, Revision(8))].into_iter().collect(),
        digests: vec![(path("a.py"), digest(3))],
        partial: true,
        answer,
    })
}

pub(crate) fn queries() -> Vec<(&'static str, Query)> {
    let path = || path("a.py");
    let options = FormattingOptions { tab_size: 4, insert_spaces: true };
    let moves = vec![FileMove { old: self::path("a"), new: self::path("b/c") }];
    let (some, trigger) = (Some(span(1, 3)), Some(".".to_owned()));
    let actions = Query::Actions {
        path: path(),
        span: span(1, 3),
        diagnostics: vec![diagnostic()],
        kinds: vec!["quickfix".into()],
    };
    vec![
        ("definition", Query::Definition(at())),
        ("declaration", Query::Declaration(at())),
        ("type-definition", Query::TypeDefinition(at())),
        ("implementation", Query::Implementation(at())),
        ("references", Query::References { at: at(), include_declaration: true }),
        ("highlights", Query::Highlights(at())),
        ("hover", Query::Hover(at())),
        ("complete", Query::Complete { at: at(), trigger, limit: 200 }),
        ("resolve-completion", Query::ResolveCompletion { path: path(), token: vec![1] }),
        ("signature-help", Query::SignatureHelp(at())),
        ("prepare-rename", Query::PrepareRename(at())),
        ("rename", Query::Rename { at: at(), new_name: "neu".into() }),
        ("format", Query::Format { path: path(), span: some, options }),
        ("format-on-type", Query::FormatOnType { at: at(), typed: ":".into(), options }),
        ("prepare-calls", Query::PrepareCalls(at())),
        ("incoming-calls", Query::IncomingCalls { item: item() }),
        ("outgoing-calls", Query::OutgoingCalls { item: item() }),
        ("prepare-types", Query::PrepareTypes(at())),
        ("supertypes", Query::Supertypes { item: item() }),
        ("subtypes", Query::Subtypes { item: item() }),
        ("semantic-tokens", Query::SemanticTokens { path: path(), span: some }),
        ("inlay-hints", Query::InlayHints { path: path(), span: span(1, 3) }),
        ("selection-ranges", Query::SelectionRanges { path: path(), offsets: vec![1, 300] }),
        ("lenses", Query::Lenses { path: path() }),
        ("links", Query::Links { path: path() }),
        ("linked-ranges", Query::LinkedRanges(at())),
        ("actions", actions),
        ("resolve-action", Query::ResolveAction { path: path(), token: vec![1] }),
        ("will-rename", Query::WillRename { moves }),
        ("resolve-all", Query::ResolveAll { path: path() }),
        ("document-symbols", Query::DocumentSymbols { path: path() }),
        ("workspace-symbols", Query::WorkspaceSymbols { query: "ab".into(), limit: 128 }),
        ("diagnostics", Query::Diagnostics { path: path() }),
        ("files", Query::Files),
        ("join-lines", Query::JoinLines { path: path(), spans: vec![span(1, 3), span(300, 300)] }),
        ("expand", Query::Expand(at())),
    ]
}

pub(crate) fn answers() -> Vec<(&'static str, Answer)> {
    let references = vec![Reference { span: span(4, 9), roles: Roles(3) }];
    let name = "f".to_owned();
    let symbol = SymbolMatch { name, container: "A.b".into(), kind: 12, location: location("a.py"), score: 77 };
    let (label, documentation) = ("f(x)".to_owned(), "doc".to_owned());
    let parameter = Parameter { label: span(2, 3), documentation: documentation.clone() };
    let signature = Signature { label, documentation, parameters: vec![parameter], active_parameter: Some(0) };
    let (signature_text, language) = ("def f()".into(), "python".into());
    let hover = Hover { span: span(1, 3), signature: signature_text, language, documentation: "doc".into() };
    let details = CompletionDetails { detail: "int".into(), documentation: "doc".into(), additional: vec![edit()] };
    vec![
        ("targets", Answer::Targets(Some(Targets { origin: span(1, 3), locations: vec![location("b.py")] }))),
        ("no-targets", Answer::Targets(None)),
        ("references", Answer::References(vec![FileReferences { path: path("a.py"), references }])),
        ("highlights", Answer::Highlights(vec![Highlight { span: span(1, 3), kind: 2 }])),
        ("hover", Answer::Hover(Some(hover))),
        ("completion", Answer::Completion(completion())),
        ("completion-details", Answer::CompletionDetails(details)),
        ("signature-help", Answer::SignatureHelp(Some(SignatureHelp { signatures: vec![signature], active: 0 }))),
        ("rename-target", Answer::RenameTarget(Some(RenameTarget { span: span(1, 3), placeholder: "f".into() }))),
        ("edits", Answer::Edits(edits())),
        ("change", Answer::Change(change())),
        ("text-edits", Answer::TextEdits(vec![edit()])),
        ("hierarchy-items", Answer::HierarchyItems(vec![item()])),
        ("calls", Answer::Calls(vec![Call { item: item(), spans: vec![span(1, 3)] }])),
        ("semantic-tokens", semantic_tokens()),
        ("inlay-hints", inlay_hints()),
        ("selection-ranges", Answer::SelectionRanges(vec![vec![span(1, 3), span(0, 9)]])),
        ("lenses", lenses()),
        ("links", links()),
        ("linked-ranges", Answer::LinkedRanges(vec![span(1, 3)])),
        ("actions", actions()),
        ("resolved", Answer::Resolved(Arc::new(resolved()))),
        ("document-symbols", Answer::DocumentSymbols(DocumentSymbols { facts: Arc::new(facts()) })),
        ("symbols", Answer::Symbols(vec![symbol])),
        ("diagnostics", Answer::Diagnostics([diagnostic()].into())),
        ("files", Answer::Files(vec![path("a.py"), path("b.py")])),
        ("expansion", Answer::Expansion(Some(Expansion { name: "vec".into(), text: "[1, 2]".into() }))),
    ]
}

fn completion() -> CompletionItems {
    let item = CompletionItem {
        label: "f".into(),
        label_detail: "(x)".into(),
        label_source: "b".into(),
        kind: 3,
        detail: "int".into(),
        insert: "f($0)".into(),
        snippet: true,
        additional: vec![edit()],
        deprecated: false,
        token: vec![9],
    };
    CompletionItems { replace: span(1, 3), items: vec![item], incomplete: true }
}

fn semantic_tokens() -> Answer {
    let tokens = vec![SemanticToken { span: span(1, 3), kind: 4, modifiers: 5 }];
    let words = TokenWords { types: vec!["class".into()], modifiers: vec!["static".into()] };
    Answer::SemanticTokens(SemanticTokens { words: words.into(), tokens })
}

fn inlay_hints() -> Answer {
    let parts = vec![
        HintPart { label: ": ".into(), location: None },
        HintPart { label: "int".into(), location: Some(location("b.py")) },
    ];
    let hint = InlayHint { offset: 9, parts, kind: 1, pads_left: true, pads_right: false, edits: vec![edit()] };
    Answer::InlayHints(vec![hint])
}

fn lenses() -> Answer {
    let kinds = [LensKind::References, LensKind::Implementations, LensKind::Test];
    Answer::Lenses(kinds.into_iter().map(|kind| Lens { span: span(1, 3), kind }).collect())
}

fn links() -> Answer {
    let targets = [LinkTarget::File(path("b.py")), LinkTarget::Web("https://a.example".into())];
    Answer::Links(targets.into_iter().map(|target| Link { span: span(1, 3), target }).collect())
}

fn actions() -> Answer {
    Answer::Actions(vec![Action {
        title: "Import".into(),
        kind: "quickfix".into(),
        fixes: vec![0],
        is_preferred: true,
        edits: edits(),
        token: vec![1],
    }])
}

fn resolved() -> Resolved {
    let target = Target {
        location: location("a.py"),
        name: "f".into(),
        kind: 12,
        is_parameter: false,
        is_local: true,
        parent: Some(0),
    };
    Resolved {
        targets: vec![target],
        occurrences: vec![ResolvedName { span: span(4, 9), roles: Roles(1), leads: (0, 1) }],
        leads: vec![0],
        descriptions: vec![TargetDescription { target: 0, signature: "def f()".into(), documentation: "doc".into() }],
        relations: vec![(0, 0)],
    }
}

pub(crate) fn query_errors() -> Vec<(&'static str, QueryError)> {
    let analyzer = || "python".to_owned();
    let retry_after = Duration::from_millis(20);
    vec![
        ("cancelled", QueryError::Cancelled),
        ("deadline-exceeded", QueryError::DeadlineExceeded(Duration::from_secs(2))),
        ("no-analyzer", QueryError::NoAnalyzer(path("a.txt"))),
        ("unsupported", QueryError::Unsupported { analyzer: analyzer() }),
        ("not-found", QueryError::NotFound(path("a.py"))),
        ("invalid-input", QueryError::InvalidInput("no name".into())),
        ("limited", QueryError::Limited("answer bytes".into())),
        ("analyzer-fault", QueryError::AnalyzerFault { analyzer: analyzer(), message: "trap".into() }),
        ("busy", QueryError::Busy { retry_after }),
        ("unavailable", QueryError::Unavailable("group 3".into())),
        ("replaced", QueryError::Replaced { analyzer: analyzer() }),
    ]
}

fn description() -> Description {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Description {
        id: "python".into(),
        version: "0.1.0".into(),
        title: "Python".into(),
        languages: vec![Language { id: "python".into(), suffixes: words(&["py", "pyi"]) }],
        project_files: words(&["pyproject.toml"]),
        features: Features { diagnostics: true, rename: true, file_operations: true, ..Features::default() },
        completion_triggers: words(&["."]),
        signature_triggers: words(&["(", ","]),
        on_type_triggers: words(&["\n"]),
        token_types: words(&["class"]),
        token_modifiers: words(&["static"]),
    }
}

pub(crate) fn commit() -> Commit {
    let stored = Contents::Stored { digest: digest(4), size_bytes: 1 << 20 };
    Commit {
        group: 3,
        epoch: 9,
        workspace: WorkspaceId(1),
        client: ClientId(70),
        sequence: Sequence(2),
        operations: vec![
            FileOperation::create(path("a.py"), Contents::Inline(b"x\n".to_vec())),
            FileOperation::update(path("b.py"), digest(5), stored),
            FileOperation::delete(path("c.py"), None),
            FileOperation::rename(path("d.py"), path("e.py"), Some(digest(6))),
        ],
    }
}

fn commit_errors() -> Vec<(&'static str, CommitError)> {
    vec![
        ("not-leader", CommitError::NotLeader { leader: Some(2) }),
        ("wrong-epoch", CommitError::WrongEpoch { current: 10 }),
        ("busy", CommitError::Busy { retry_after: Duration::from_millis(20) }),
        ("unknown", CommitError::Unknown("deadline".into())),
        ("refused", CommitError::Refused("too large".into())),
    ]
}

/// Shows all samples.
pub(crate) fn each(to: &mut impl Visit) {
    to.visit("analyzers", Analyzers);
    to.visit("analyzers-answer", vec![Arc::new(description())]);
    to.visit("workspaces", Workspaces);
    to.visit("workspaces-answer", vec![(WorkspaceId(1), WorkspaceName::new("my project").unwrap())]);
    to.visit("session-ended", SessionEnded { session: SessionId(300) });
    to.visit("session-ended-answer", ());
    for (name, query) in queries() {
        to.visit(&format!("ask-{name}"), ask(query));
    }
    to.visit("ask-without-scope", Ask { scope: None, texts: Vec::new(), ..ask(Query::Files) });
    let removed = vec![path("b.py")];
    to.visit("ask-without", AskWithout { ask: ask(Query::Files), removed });
    for (name, answer) in answers() {
        to.visit(&format!("ask-answer-{name}"), answered(answer));
    }
    for (name, error) in query_errors() {
        to.visit(&format!("ask-answer-failed-{name}"), AskAnswer::Failed(error));
    }
    to.visit("ask-answer-missing-texts", AskAnswer::MissingTexts(vec![digest(1), digest(2)]));
    files(to);
    push(to);
    saves(to);
}

fn files(to: &mut impl Visit) {
    let workspace = WorkspaceId(1);
    to.visit("file-text", FileText { workspace, path: path("a.py"), digest: digest(3) });
    to.visit("file-text-answer", Ok::<_, QueryError>("x = 1\n".to_owned()));
    to.visit("file-text-answer-failed", Err::<String, _>(QueryError::NotFound(path("a.py"))));
    let at_least: Revisions = [(1, Revision(8))].into_iter().collect();
    let first = TreePage { workspace, at_least: at_least.clone(), after: None, n_max: 1000 };
    to.visit("tree-page", TreePage { after: Some(path("a.py")), ..first.clone() });
    to.visit("tree-page-first", first);
    to.visit("current", Current);
    to.visit("current-by-lease", CurrentByLease);
    to.visit("current-answer", Ok::<_, QueryError>(at_least));
    let page = TreePageAnswer {
        revisions: [(1, Revision(8))].into_iter().collect(),
        files: vec![TreeFile { path: path("b.py"), digest: digest(4), size_bytes: 300 }],
        has_more: true,
    };
    to.visit("tree-page-answer", Ok::<_, QueryError>(page));
    to.visit("watch", Watch { workspace, generation: 5, patience: Duration::from_secs(20) });
    let phases = [
        ("ingesting", FolderPhase::Ingesting { n_done: 1, n_total: 300 }),
        ("indexing", FolderPhase::Indexing { n_done: 1, n_total: 300 }),
        ("ready", FolderPhase::Ready),
    ];
    for (name, phase) in phases {
        let watched = Watched { generation: 6, revisions: [(1, Revision(8))].into_iter().collect(), phase };
        to.visit(&format!("watch-answer-{name}"), Ok::<_, QueryError>(watched));
    }
}

fn push(to: &mut impl Visit) {
    to.visit("missing", Missing { group: 3, digests: vec![digest(1), digest(2)] });
    to.visit("missing-answer", Ok::<_, GroupError>(vec![digest(2)]));
    to.visit("put", Put { group: 3, contents: vec![Blob(vec![0, 255]), Blob(Vec::new())] });
    to.visit("put-answer", Ok::<_, GroupError>(()));
    to.visit("put-answer-no-such-group", Err::<(), _>(GroupError::NoSuchGroup(3)));
    to.visit("put-answer-busy", Err::<(), _>(GroupError::Busy { retry_after: Duration::from_secs(1) }));
    to.visit("put-answer-unavailable", Err::<(), _>(GroupError::Unavailable("node 2".into())));
    to.visit("open-session", OpenSession { group: 3 });
    to.visit("open-session-answer", Ok::<_, CommitError>(ClientId(70)));
    to.visit("commit", commit());
    let conflict =
        Refusal::Conflict { operation_idx: 1, path: path("b.py"), conflict: Conflict::Differs { current: digest(7) } };
    let batch = Applied::Batch { revision: Revision(9), n_changed: 3 };
    to.visit("commit-answer", Ok::<Result<_, Refusal>, CommitError>(Ok(batch)));
    to.visit("commit-answer-conflict", Ok::<Result<Applied, _>, CommitError>(Err(conflict)));
    for (name, error) in commit_errors() {
        to.visit(&format!("commit-answer-{name}"), Err::<Result<Applied, Refusal>, _>(error));
    }
}

fn saves(to: &mut impl Visit) {
    let save = |base| Save {
        workspace: WorkspaceId(1),
        session: SessionId(2),
        path: path("a.py"),
        base,
        text: "x".into(),
        recent: vec![digest(1)],
    };
    to.visit("save-unknown", save(SaveBase::Unknown));
    to.visit("save-nothing", save(SaveBase::Nothing));
    to.visit("save-contents", save(SaveBase::Contents(digest(2))));
    let now = digest(3);
    let outcomes = [
        SaveOutcome::Saved(now),
        SaveOutcome::Replaced { now, author: Author::Asker },
        SaveOutcome::Conflict { now, author: Author::Editor },
        SaveOutcome::NotWritten { now },
        SaveOutcome::Gone,
        SaveOutcome::Unreadable("binary".into()),
        SaveOutcome::Unknown("deadline".into()),
    ];
    to.visit("save-outcomes", outcomes.to_vec());
    let standing = |loss| Standing { contents: Some(now), author: Author::Program, loss };
    to.visit("standings", vec![standing(None), standing(Some(Loss::Lost)), standing(Some(Loss::Replaced))]);
}
