//! Answers of a fake analyzer over a fake workspace.

mod all_names;
mod concurrency;
mod hierarchies;
mod interfaces;
mod isolation;
mod keeping;
mod many_files;
mod removed;
mod versions;

use std::sync::Arc;

use vraftls_cache::Tier;
use vraftls_proto::{Answer, Answered, At, FileMove, OverlaySet, Query, QueryError};
use vraftls_text::Span;
use vraftls_vfs::ContentDigest;

use crate::fake::{AtOnce, FakeAnalyzer, FakeWorkspaces, WORKSPACE, overlays, path, request, tree};
use crate::{Fault, QueryConfig, QueryService};

/// A service over one workspace, with the task that keeps its index.
struct Setup {
    service: Arc<QueryService>,
    workspaces: Arc<FakeWorkspaces>,
    analyzer: Arc<FakeAnalyzer>,
}

impl Setup {
    /// With the index kept.
    fn new(files: &[(&str, &str)]) -> Self {
        let setup = Self::without_index(files, FakeAnalyzer::new("1"));
        setup.keep_index();
        setup
    }

    fn without_index(files: &[(&str, &str)], analyzer: FakeAnalyzer) -> Self {
        Self::over(files, analyzer, Vec::new())
    }

    fn over(files: &[(&str, &str)], analyzer: FakeAnalyzer, lower: Vec<Arc<dyn Tier>>) -> Self {
        let workspaces = Arc::new(FakeWorkspaces::new(tree(files)));
        let config = QueryConfig { confirm_files_per_call: 2, ..QueryConfig::default() };
        let service = QueryService::new(Arc::clone(&workspaces) as _, lower, Arc::new(AtOnce), config);
        let analyzer = Arc::new(analyzer);
        service.set_analyzers(vec![Arc::new(Arc::clone(&analyzer))]);
        Self { service: Arc::new(service), workspaces, analyzer }
    }

    fn keep_index(&self) {
        let keeper = self.service.keeper(WORKSPACE);
        tokio::spawn(async move { keeper.run().await });
    }

    async fn ask(&self, query: Query) -> Result<Answered, QueryError> {
        self.ask_with(query, &Arc::default()).await
    }

    async fn ask_with(&self, query: Query, overlays: &Arc<OverlaySet>) -> Result<Answered, QueryError> {
        self.service.answer(request(query, overlays)).await
    }
}

fn at(file: &str, offset: u32) -> At {
    At { path: path(file), offset }
}

fn definition(file: &str, offset: u32) -> Query {
    Query::Definition(at(file, offset))
}

fn hover(file: &str, offset: u32) -> Query {
    Query::Hover(at(file, offset))
}

/// The targets, references, edits or symbols of an answer, as `file:start` each.
fn places(answered: &Answered) -> Vec<String> {
    let place = |path: &vraftls_vfs::VfsPath, span: Span| format!("{path}:{}", span.start());
    match &answered.answer {
        Answer::Targets(targets) => {
            targets.iter().flat_map(|it| &it.locations).map(|it| place(&it.path, it.span)).collect()
        }
        Answer::References(files) => {
            files.iter().flat_map(|file| file.references.iter().map(|it| place(&file.path, it.span))).collect()
        }
        Answer::Edits(files) => {
            files.iter().flat_map(|file| file.edits.iter().map(|it| place(&file.path, it.span))).collect()
        }
        Answer::HierarchyItems(items) => items.iter().map(|it| place(&it.location.path, it.location.span)).collect(),
        Answer::Calls(calls) => {
            let spans = |call: &vraftls_proto::Call| call.spans.iter().map(|it| it.start()).collect::<Vec<_>>();
            calls.iter().map(|it| format!("{} calls at {:?}", it.item.location.path, spans(it))).collect()
        }
        Answer::Symbols(symbols) => symbols.iter().map(|it| place(&it.location.path, it.location.span)).collect(),
        other => panic!("an answer without places: {other:?}"),
    }
}

#[tokio::test]
async fn a_definition_names_revision_and_contents() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "run")]);
    let answered = setup.ask(definition("b.w", 1)).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4"]);
    assert_eq!((answered.revision.0, answered.partial), (1, false));
    let digests =
        [("a.w", "def run"), ("b.w", "run")].map(|(file, text)| (path(file), ContentDigest::of(text.as_bytes())));
    assert_eq!(answered.digests, digests);
}

#[tokio::test]
async fn what_cannot_be_asked_says_why() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.txt", "run")]);
    assert_eq!(setup.ask(definition("c.w", 0)).await.unwrap_err(), QueryError::NotFound(path("c.w")));
    assert_eq!(setup.ask(definition("b.txt", 0)).await.unwrap_err(), QueryError::NoAnalyzer(path("b.txt")));
    let unsupported = QueryError::Unsupported { analyzer: "fake".into() };
    assert_eq!(setup.ask(Query::Highlights(at("a.w", 5))).await.unwrap_err(), unsupported);
}

#[tokio::test]
async fn a_buffer_is_served_by_what_its_editor_says_it_is() {
    let setup = Setup::new(&[("a.w", "def run"), ("script", "")]);
    let unsaved = overlays(&[("script", "run")]);
    let answered = setup.ask_with(definition("script", 0), &unsaved).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4"]);
}

#[tokio::test]
async fn a_place_outside_the_view_is_the_analyzers_fault() {
    let setup = Setup::new(&[("a.w", "def run run")]);
    let gone = vraftls_index::Location { path: path("gone.w"), span: Span::empty(0), full: Span::empty(0) };
    *setup.analyzer.astray.lock().expect("no panic") = Some(gone);
    let error = setup.ask(definition("a.w", 9)).await.unwrap_err();
    assert!(matches!(&error, QueryError::AnalyzerFault { message, .. } if message.contains("gone.w")), "{error}");
}

#[tokio::test]
async fn bundled_files_are_asked_of_the_analyzer_once() {
    let setup = Setup::new(&[("a.w", "def run run")]);
    let core = vraftls_index::Location { path: path("@bundled/core.w"), span: Span::empty(4), full: Span::empty(4) };
    *setup.analyzer.astray.lock().expect("no panic") = Some(core);
    let answered = setup.ask(definition("a.w", 9)).await.expect("answered");
    assert_eq!(answered.digests[0], (path("@bundled/core.w"), ContentDigest::of(b"def core")));
    let n_asked = setup.analyzer.n_asked();
    let minute = std::time::Duration::from_secs(60);
    let core = path("@bundled/core.w");
    let text = setup.service.bundled(WORKSPACE, &core, minute).await;
    assert_eq!((text.as_ref().map(|file| &*file.text), setup.analyzer.n_asked()), (Ok("def core"), n_asked));
    let exactly = |text: &[u8]| Some(ContentDigest::of(text));
    let text = |digest| setup.service.bundled_text(WORKSPACE, &core, digest, minute);
    assert_eq!(text(exactly(b"def core")).await.as_deref(), Ok("def core"));
    assert!(matches!(text(exactly(b"def other")).await, Err(QueryError::Unavailable(_))));
    let missing = setup.service.bundled(WORKSPACE, &path("@bundled/none.w"), minute).await;
    assert_eq!(missing, Err(QueryError::NotFound(path("@bundled/none.w"))));
}

#[tokio::test]
async fn outlines_and_symbols_need_no_engine() {
    let setup = Setup::new(&[("a.w", "def run def rerun"), ("b.w", "def Run")]);
    setup.analyzer.set_fault(Some(Fault::Trap("gone".into())));
    let outline = setup.ask(Query::DocumentSymbols { path: path("a.w") }).await.expect("answered");
    let Answer::DocumentSymbols(symbols) = &outline.answer else { panic!("no outline") };
    assert_eq!(symbols.facts.symbols.len(), 2);
    assert_eq!(outline.digests, [(path("a.w"), ContentDigest::of(b"def run def rerun"))]);
    let search = Query::WorkspaceSymbols { query: "run".into(), limit: 2 };
    let found = setup.ask(search).await.expect("answered");
    assert_eq!(places(&found), ["a.w:4", "b.w:4"]);
    assert_eq!(found.digests.len(), 2);
    assert_eq!(setup.analyzer.n_asked(), 0);
}

#[tokio::test]
async fn diagnostics_of_a_faulty_engine_are_an_error_and_not_fewer() {
    let setup = Setup::new(&[("a.w", "error")]);
    let query = || Query::Diagnostics { path: path("a.w") };
    setup.analyzer.set_fault(Some(Fault::Trap("gone".into())));
    let error = setup.ask(query()).await.unwrap_err();
    assert_eq!(error, QueryError::AnalyzerFault { analyzer: "fake".into(), message: "trapped: gone".into() });
    setup.analyzer.set_fault(None);
    let answered = setup.ask(query()).await.expect("the error was not kept");
    assert!(matches!(&answered.answer, Answer::Diagnostics(found) if found.len() == 1));
}

#[tokio::test]
async fn an_analyzer_without_an_engine_for_diagnostics_gives_those_of_its_facts() {
    let setup = Setup::without_index(&[("a.w", "error")], FakeAnalyzer::new("1").without_diagnostics());
    let answered = setup.ask(Query::Diagnostics { path: path("a.w") }).await.expect("answered");
    assert!(matches!(&answered.answer, Answer::Diagnostics(found) if found.len() == 1));
    assert_eq!(setup.analyzer.n_asked(), 0);
}

#[tokio::test]
async fn the_files_to_check_are_those_that_an_analyzer_serves() {
    let setup = Setup::new(&[("b.w", ""), ("a.w", ""), ("c.txt", ""), ("@lib/x.w", "")]);
    let unsaved = overlays(&[("new.w", ""), ("a.w", "x"), ("@lib/y.w", "")]);
    let answered = setup.ask_with(Query::Files, &unsaved).await.expect("answered");
    let Answer::Files(files) = answered.answer else { panic!("no files") };
    assert_eq!(files, ["a.w", "b.w", "new.w"].map(path));
}
