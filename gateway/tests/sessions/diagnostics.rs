//! Diagnostics that are pushed, and diagnostics that are pulled; progress.

use proptest::prelude::*;
use serde_json::{Value, json};
use vraftls_gateway::{FolderPhase, Options};
use vraftls_proto::{Query, QueryError};

use super::backend::FakeBackend;
use super::client::{Editor, at, edit, range};

const URI: &str = "file:///w/a.py";

/// An editor that is pushed diagnostics.
async fn start(backend: &std::sync::Arc<FakeBackend>) -> Editor {
    let publish = json!({
        "versionSupport": true, "relatedInformation": true, "codeDescriptionSupport": true, "tagSupport": {"valueSet": [1, 2]},
    });
    Editor::start_with(backend, json!({"textDocument": {"publishDiagnostics": publish}})).await
}

/// The version and the ranges of what is published next.
async fn published(editor: &mut Editor) -> (Value, Vec<Value>) {
    let params = editor.next_of("textDocument/publishDiagnostics").await;
    assert_eq!(params["uri"], URI);
    let ranges = params["diagnostics"].as_array().unwrap().iter().map(|found| found["range"].clone()).collect();
    (params["version"].clone(), ranges)
}

#[tokio::test]
async fn what_is_found_is_published_when_a_document_is_opened_edited_and_closed() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    editor.open(URI, "é ERROR").await;
    let params = editor.next_of("textDocument/publishDiagnostics").await;
    let expected = json!({
        "range": range((0, 2), (0, 7)), "severity": 2, "code": "an-error", "source": "vraftls", "message": "found", "tags": [1],
        "codeDescription": {"href": "https://example.org/an-error"},
        "relatedInformation": [{"location": {"uri": URI, "range": range((0, 2), (0, 7))}, "message": "here"}],
    });
    assert_eq!(params, json!({"uri": URI, "version": 1, "diagnostics": [expected]}));
    editor.change(URI, 2, json!([edit((0, 0), (0, 0), "\n")])).await;
    assert_eq!(published(&mut editor).await, (json!(2), vec![range((1, 2), (1, 7))]));
    editor.close(URI).await;
    assert_eq!(published(&mut editor).await, (Value::Null, vec![]));
    editor.finish().await;
}

#[tokio::test]
async fn an_older_check_never_follows_a_newer_one() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    backend.hold(|query| matches!(query, Query::Diagnostics { .. }));
    editor.open(URI, "ERROR").await;
    backend.until_waiting(1).await;
    editor.change(URI, 2, json!([{"text": "fine"}])).await;
    // The edit is applied when something after it is answered.
    assert_eq!(editor.text(URI).await, "fine");
    backend.release();
    assert_eq!(published(&mut editor).await, (json!(2), vec![]));
    editor.finish().await;
}

#[tokio::test]
async fn a_check_that_ends_after_the_document_was_closed_publishes_nothing() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    backend.hold(|query| matches!(query, Query::Diagnostics { .. }));
    editor.open(URI, "ERROR").await;
    backend.until_waiting(1).await;
    editor.close(URI).await;
    assert_eq!(published(&mut editor).await, (Value::Null, vec![]));
    backend.release();
    // Opened again, it is checked again: the first thing said of it is of the new text.
    editor.open(URI, "ERROR ERROR").await;
    assert_eq!(published(&mut editor).await.1.len(), 2);
    editor.finish().await;
}

#[tokio::test]
async fn open_documents_are_checked_again_when_files_change_and_said_only_if_it_differs() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    editor.open(URI, "ERROR").await;
    assert_eq!(published(&mut editor).await.1.len(), 1);
    *backend.failure.lock().unwrap() = Some(QueryError::Busy { retry_after: std::time::Duration::ZERO });
    backend.hold(|query| matches!(query, Query::Diagnostics { .. }));
    backend.write("/w", "b.py", "");
    backend.until_waiting(1).await;
    // It fails, is tried again, and finds the same: nothing is published.
    backend.release();
    *backend.failure.lock().unwrap() = None;
    assert_eq!(editor.text(URI).await, "ERROR");
    editor.change(URI, 2, json!([{"text": "fine"}])).await;
    assert_eq!(published(&mut editor).await, (json!(2), vec![]));
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_that_pulls_is_told_unchanged_and_pushed_nothing() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "ERROR").await;
    let params = |previous: Value| json!({"textDocument": {"uri": URI}, "previousResultId": previous});
    let full = editor.ask("textDocument/diagnostic", params(Value::Null)).await;
    assert_eq!(full["kind"], "full");
    assert_eq!(full["items"].as_array().unwrap().len(), 1);
    let unchanged = editor.ask("textDocument/diagnostic", params(full["resultId"].clone())).await;
    assert_eq!(unchanged, json!({"kind": "unchanged", "resultId": full["resultId"]}));
    editor.change(URI, 2, json!([{"text": "fine"}])).await;
    let now = editor.ask("textDocument/diagnostic", params(full["resultId"].clone())).await;
    assert_eq!((&now["kind"], &now["items"]), (&json!("full"), &json!([])));
    editor.open("file:///w/notes.txt", "ERROR").await;
    let unserved = editor.ask("textDocument/diagnostic", at("file:///w/notes.txt", 0, 0)).await;
    assert_eq!(unserved["items"], json!([]));
    editor.finish().await;
}

#[tokio::test]
async fn what_may_pass_is_a_cancellation_by_the_server_that_asks_to_try_again() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "ERROR").await;
    for failure in [
        QueryError::Busy { retry_after: std::time::Duration::ZERO },
        QueryError::Unavailable("gone".into()),
        QueryError::DeadlineExceeded(std::time::Duration::ZERO),
    ] {
        *backend.failure.lock().unwrap() = Some(failure);
        let response = editor.call("textDocument/diagnostic", at(URI, 0, 0)).await;
        assert_eq!(response["error"]["code"], -32802);
        assert_eq!(response["error"]["data"], json!({"retriggerRequest": true}));
        assert_eq!(editor.ask_in_vain("textDocument/hover", at(URI, 0, 0)).await, -32803);
    }
    let fault = QueryError::AnalyzerFault { analyzer: "words".into(), message: "trap".into() };
    *backend.failure.lock().unwrap() = Some(fault);
    assert_eq!(editor.ask_in_vain("textDocument/diagnostic", at(URI, 0, 0)).await, -32803);
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_that_pulls_is_asked_to_pull_again_when_files_change() {
    let backend = FakeBackend::with(&[("a.py", "x")]);
    let capabilities = json!({
        "textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": true}},
    });
    let mut editor = Editor::start_with(&backend, capabilities).await;
    for _ in 0..2 {
        let request = editor.next().await;
        assert_eq!(request["method"], "workspace/diagnostic/refresh");
        editor.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": null})).await;
        backend.write("/w", "b.py", "");
    }
    assert_eq!(editor.next().await["method"], "workspace/diagnostic/refresh");
    editor.finish().await;
}

#[tokio::test]
async fn progress_begins_is_reported_and_ends() {
    let backend = FakeBackend::with(&[]);
    backend.set_phase("/w", FolderPhase::Ingesting { n_done: 1, n_total: 4 });
    let mut options = Options::default();
    options.timing.progress_interval = std::time::Duration::ZERO;
    let mut editor = Editor::connect(&backend, options);
    let capabilities = json!({"window": {"workDoneProgress": true}, "textDocument": {"diagnostic": {}}});
    editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
    let create = editor.next().await;
    assert_eq!(create["method"], "window/workDoneProgress/create");
    editor.send(json!({"jsonrpc": "2.0", "id": create["id"], "result": null})).await;
    let begin = editor.next_of("$/progress").await;
    assert_eq!(begin["token"], create["params"]["token"]);
    assert_eq!((&begin["value"]["kind"], &begin["value"]["percentage"]), (&json!("begin"), &json!(25)));
    backend.set_phase("/w", FolderPhase::Indexing { n_done: 1, n_total: 2 });
    let report = editor.next_of("$/progress").await;
    assert_eq!((&report["value"]["kind"], &report["value"]["percentage"]), (&json!("report"), &json!(50)));
    backend.set_phase("/w", FolderPhase::Ready);
    assert_eq!(editor.next_of("$/progress").await["value"], json!({"kind": "end"}));
    editor.finish().await;
}

/// Lets everything else go on for a while.
async fn pass() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// What a person and a slow backend do to one document.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many errors are in it now.
    Edit(usize),
    /// Checks take long from now on.
    Hold,
    /// Those that do end.
    Release,
    /// Files changed, so that it is checked again.
    Moved,
    /// Time passes.
    Pass,
}

async fn never_older(steps: Vec<Step>) {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.timing.check_delay = std::time::Duration::from_millis(1);
    options.timing.recheck_delay = std::time::Duration::from_millis(2);
    let mut editor = Editor::connect(&backend, options);
    let capabilities = json!({"textDocument": {"publishDiagnostics": {"versionSupport": true}}});
    editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
    editor.open(URI, "").await;
    // How many errors each version has, from version 1.
    let mut texts = vec![0_usize];
    for step in steps.into_iter().chain([Step::Release, Step::Edit(9)]) {
        match step {
            Step::Edit(n_errors) => {
                texts.push(n_errors);
                let text = "ERROR ".repeat(n_errors);
                editor.change(URI, texts.len() as i64, json!([{"text": text}])).await;
            }
            Step::Hold => backend.hold(|query| matches!(query, Query::Diagnostics { .. })),
            Step::Release => backend.release(),
            Step::Moved => backend.write("/w", "b.py", ""),
            Step::Pass => pass().await,
        }
    }
    let (last, mut version_before) = (texts.len() as i64, 0);
    while version_before < last {
        let (version, found) = published(&mut editor).await;
        let version = version.as_i64().unwrap();
        assert!(version >= version_before, "version {version} after {version_before}");
        assert_eq!(found.len(), texts[version as usize - 1], "of version {version}");
        version_before = version;
    }
    editor.finish().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_published_that_is_older_than_what_was(steps in prop::collection::vec(prop_oneof![
        4 => (0..4_usize).prop_map(Step::Edit),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
        1 => Just(Step::Moved),
        2 => Just(Step::Pass),
    ], 0..16)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(never_older(steps));
    }
}
