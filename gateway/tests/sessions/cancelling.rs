//! A cancel is heard under any load, and an editor that does not answer stops nobody.

use serde_json::{Value, json};
use vraftls_gateway::{FolderPhase, Options};

use super::backend::FakeBackend;
use super::client::{Editor, at, edit};

const URI: &str = "file:///w/a.py";

#[tokio::test]
async fn a_cancelled_request_is_answered_at_once_while_all_others_wait() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "a").await;
    backend.hold(|_| true);
    let mut ids = Vec::new();
    // More than are worked on at once: the last ones have not begun.
    for _ in 0..100 {
        ids.push(editor.request("textDocument/hover", at(URI, 0, 0)).await);
    }
    backend.until_waiting(64).await;
    for cancelled in [ids.remove(99), ids.remove(0)] {
        editor.notify("$/cancelRequest", json!({"id": cancelled})).await;
        let response = editor.next().await;
        assert_eq!(response["id"], cancelled);
        assert_eq!(response["error"]["code"], -32800);
    }
    assert_eq!(backend.n_dropped(), 1, "the work of the one that had begun is dropped");
    backend.release();
    while !ids.is_empty() {
        let response = editor.next().await;
        let idx = ids.iter().position(|id| response["id"] == *id).expect("one response each");
        assert!(response["result"].is_object(), "{response}");
        ids.swap_remove(idx);
    }
    editor.finish().await;
}

#[tokio::test]
async fn a_cancel_of_nothing_is_ignored() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "a").await;
    let id = editor.request("textDocument/hover", at(URI, 0, 0)).await;
    editor.next().await;
    for id in [json!(id), json!(77), json!("seventy"), Value::Null, json!(1.5)] {
        editor.notify("$/cancelRequest", json!({"id": id})).await;
    }
    editor.notify("$/cancelRequest", json!([])).await;
    assert_eq!(editor.text(URI).await, "a");
    editor.finish().await;
}

#[tokio::test]
async fn too_many_requests_are_refused_one_by_one() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.limits.n_pending_requests_max = 8;
    let mut editor = Editor::connect(&backend, options);
    editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    editor.open(URI, "a").await;
    backend.hold(|_| true);
    for _ in 0..8 {
        editor.request("textDocument/hover", at(URI, 0, 0)).await;
    }
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(URI, 0, 0)).await, -32803);
    backend.release();
    for _ in 0..8 {
        assert!(editor.next().await["result"].is_object());
    }
    editor.finish().await;
}

/// Eight folders that are being indexed, and an editor that answers none of the server's requests.
async fn start_unanswered(backend: &std::sync::Arc<FakeBackend>, options: Options) -> (Editor, Vec<i64>) {
    let mut editor = Editor::connect(backend, options);
    let folders: Vec<Value> = (0..8).map(|n| json!({"uri": format!("file:///w{n}"), "name": "w"})).collect();
    let capabilities = json!({
        "window": {"workDoneProgress": true},
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}},
        "textDocument": {"diagnostic": {}},
    });
    editor.initialize(json!({"capabilities": capabilities, "workspaceFolders": folders})).await;
    let mut requests = Vec::new();
    for _ in 0..9 {
        let request = editor.next().await;
        let method = request["method"].as_str().unwrap();
        assert!(["window/workDoneProgress/create", "client/registerCapability"].contains(&method), "{request}");
        requests.push(request["id"].as_i64().unwrap());
    }
    (editor, requests)
}

fn eight_folders() -> std::sync::Arc<FakeBackend> {
    let names: Vec<String> = (0..8).map(|n| format!("/w{n}")).collect();
    let folders: Vec<(&str, &[(&str, &str)])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let backend = FakeBackend::new(&folders);
    for name in &names {
        backend.set_phase(name, FolderPhase::Indexing { n_done: 1, n_total: 2 });
    }
    backend
}

#[tokio::test]
async fn an_editor_that_answers_nothing_is_still_read_and_answered() {
    let backend = eight_folders();
    let (mut editor, _) = start_unanswered(&backend, Options::default()).await;
    editor.open("file:///w3/a.py", "").await;
    for n in 0..2000_u32 {
        editor.change("file:///w3/a.py", i64::from(n) + 2, json!([edit((0, n), (0, n), "x")])).await;
    }
    assert_eq!(editor.text("file:///w3/a.py").await, "x".repeat(2000));
    editor.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_is_dropped() {
    let backend = eight_folders();
    let mut options = Options::default();
    options.timing.client_reply_deadline = std::time::Duration::from_secs(1);
    let (mut editor, requests) = start_unanswered(&backend, options).await;
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    for id in requests.into_iter().chain([12_345]) {
        editor.send(json!({"jsonrpc": "2.0", "id": id, "result": null})).await;
        editor.send(json!({"jsonrpc": "2.0", "id": id, "error": {"code": 1, "message": "twice"}})).await;
    }
    editor.send(json!({"jsonrpc": "2.0", "id": "never asked", "result": {}})).await;
    editor.open("file:///w3/a.py", "still here").await;
    assert_eq!(editor.text("file:///w3/a.py").await, "still here");
    editor.finish().await;
}
