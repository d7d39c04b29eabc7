//! Which file is in which view.

use serde_json::json;
use vraftls_gateway::Options;

use super::backend::FakeBackend;
use super::client::{Editor, at};

const REQUEST_FAILED: i64 = -32803;

async fn start(backend: &std::sync::Arc<FakeBackend>, params: serde_json::Value) -> Editor {
    let mut editor = Editor::connect(backend, Options::default());
    let mut all = json!({"capabilities": {"textDocument": {"diagnostic": {}}}});
    all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
    editor.initialize(all).await;
    editor
}

fn folder(uri: &str) -> serde_json::Value {
    json!({"uri": uri, "name": "a folder"})
}

#[tokio::test]
async fn a_file_belongs_to_the_innermost_folder() {
    let backend = FakeBackend::new(&[("/w", &[("in/a.py", "outer")]), ("/w/in", &[("a.py", "inner")])]);
    let mut editor = start(&backend, json!({"workspaceFolders": [folder("file:///w"), folder("file:///w/in/")]})).await;
    assert_eq!(editor.text("file:///w/in/a.py").await, "inner");
    let event = json!({"added": [], "removed": [folder("file:///w/in")]});
    editor.notify("workspace/didChangeWorkspaceFolders", json!({"event": event})).await;
    assert_eq!(editor.text("file:///w/in/a.py").await, "outer");
    editor.finish().await;
}

#[tokio::test]
async fn open_documents_move_with_the_folders() {
    let backend = FakeBackend::new(&[("/w", &[]), ("/v", &[("b.py", "def f")])]);
    let mut editor = start(&backend, json!({"workspaceFolders": [folder("file:///w")]})).await;
    editor.open("file:///v/a.py", "f").await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at("file:///v/a.py", 0, 0)).await, REQUEST_FAILED);
    let event = json!({"added": [folder("file:///v")], "removed": []});
    editor.notify("workspace/didChangeWorkspaceFolders", json!({"event": event})).await;
    let definition = editor.ask("textDocument/definition", at("file:///v/a.py", 0, 0)).await;
    assert_eq!(definition[0]["uri"], "file:///v/b.py");
    let event = json!({"added": [], "removed": [folder("file:///v")]});
    editor.notify("workspace/didChangeWorkspaceFolders", json!({"event": event})).await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at("file:///v/a.py", 0, 0)).await, REQUEST_FAILED);
    editor.finish().await;
}

#[tokio::test]
async fn a_library_s_file_is_served_under_its_own_path() {
    let backend = FakeBackend::with(&[("a.py", "f"), ("@lib/dep/m.py", "def f")]);
    let mut editor = start(&backend, json!({"rootUri": "file:///w"})).await;
    let definition = editor.ask("textDocument/definition", at("file:///w/a.py", 0, 0)).await;
    assert_eq!(definition[0]["uri"], "file:///libs/dep/m.py");
    editor.open("file:///libs/dep/m.py", "# edited\ndef f").await;
    let definition = editor.ask("textDocument/definition", at("file:///w/a.py", 0, 0)).await;
    assert_eq!(definition[0]["range"]["start"]["line"], 1);
    assert_eq!(editor.text("file:///libs/dep/m.py").await, "# edited\ndef f");
    editor.finish().await;
}

#[tokio::test]
async fn a_library_s_file_that_is_opened_before_the_folder_is_ready_finds_its_place() {
    let backend = FakeBackend::with(&[("a.py", "f"), ("@lib/dep/m.py", "def f")]);
    backend.folders_held.send_replace(true);
    let mut editor = start(&backend, json!({"rootUri": "file:///w"})).await;
    editor.open("file:///libs/dep/m.py", "def g\ndef f").await;
    let early = editor.request("textDocument/hover", at("file:///libs/dep/m.py", 0, 0)).await;
    backend.folders_held.send_replace(false);
    let response = editor.next().await;
    assert_eq!(response["id"], early);
    assert_eq!(super::client::text_of(&response["result"]), "def g\ndef f");
    let definition = editor.ask("textDocument/definition", at("file:///w/a.py", 0, 0)).await;
    assert_eq!(definition[0]["range"]["start"]["line"], 1);
    editor.finish().await;
}

#[tokio::test]
async fn without_any_folder_the_directory_of_a_file_is_opened() {
    let backend = FakeBackend::new(&[("/v", &[("b.py", "def f")])]);
    let mut editor = start(&backend, json!({"rootUri": null, "workspaceFolders": null})).await;
    editor.open("file:///v/a.py", "f").await;
    let definition = editor.ask("textDocument/definition", at("file:///v/a.py", 0, 0)).await;
    assert_eq!(definition[0]["uri"], "file:///v/b.py");
    editor.finish().await;
}

#[tokio::test]
async fn a_root_counts_where_the_list_of_folders_is_empty() {
    let backend = FakeBackend::new(&[("/w", &[("sub/b.py", "def f")])]);
    let mut editor = start(&backend, json!({"rootUri": "file:///w", "workspaceFolders": []})).await;
    editor.open("file:///w/sub/a.py", "f").await;
    let definition = editor.ask("textDocument/definition", at("file:///w/sub/a.py", 0, 0)).await;
    assert_eq!(definition[0]["uri"], "file:///w/sub/b.py");
    editor.finish().await;
}

#[tokio::test]
async fn a_root_that_is_no_file_is_refused_and_replaced_by_nothing() {
    let backend = FakeBackend::new(&[("/v", &[])]);
    let mut editor = Editor::connect(&backend, Options::default());
    let remote = json!({"capabilities": {}, "rootUri": "vscode-vfs://github/a/b"});
    assert_eq!(editor.ask_in_vain("initialize", remote).await, -32602);
    let folders = json!({"workspaceFolders": [folder("vscode-vfs://github/a/b")]});
    let mut editor = start(&backend, folders).await;
    editor.open("file:///v/a.py", "f").await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at("file:///v/a.py", 0, 0)).await, REQUEST_FAILED);
    editor.finish().await;
}

#[tokio::test]
async fn a_file_outside_all_folders_has_no_answers_and_the_error_says_so() {
    let backend = FakeBackend::new(&[("/w", &[]), ("/v", &[("a.py", "")])]);
    let mut editor = start(&backend, json!({"rootUri": "file:///w"})).await;
    editor.open("file:///v/a.py", "f").await;
    let response = editor.call("textDocument/hover", at("file:///v/a.py", 0, 0)).await;
    assert_eq!(response["error"]["code"], REQUEST_FAILED);
    let message = response["error"]["message"].as_str().unwrap();
    assert!(message.contains("/v/a.py") && message.contains("none of the open folders"), "{message}");
    for uri in ["untitled:Untitled-1", "git:/w/a.py?x", "file://server/w/a.py"] {
        editor.open(uri, "f").await;
        assert_eq!(editor.ask_in_vain("textDocument/hover", at(uri, 0, 0)).await, -32602, "{uri}");
    }
    editor.finish().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_opened_is_told_and_fails_its_requests() {
    let backend = FakeBackend::new(&[("/w", &[("a.py", "fine")])]);
    let folders = json!([folder("file:///w"), folder("file:///gone")]);
    let mut editor = start(&backend, json!({"workspaceFolders": folders})).await;
    let message = editor.next_of("window/showMessage").await;
    assert!(message["message"].as_str().unwrap().contains("/gone"), "{message}");
    assert_eq!(editor.ask_in_vain("textDocument/hover", at("file:///gone/a.py", 0, 0)).await, REQUEST_FAILED);
    assert_eq!(editor.text("file:///w/a.py").await, "fine");
    editor.finish().await;
}

#[tokio::test]
async fn saved_and_watched_files_are_hinted_at() {
    let backend = FakeBackend::with(&[("a.py", "fine")]);
    let mut editor = Editor::connect(&backend, Options::default());
    let capabilities = json!({
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}, "textDocument": {"diagnostic": {}},
    });
    editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
    let request = editor.next().await;
    let registration = &request["params"]["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    let patterns = registration["registerOptions"]["watchers"].as_array().unwrap();
    assert_eq!(
        *patterns,
        ["**/*.py", "**/words.*.toml", "**/words.toml"].map(|pattern| json!({"globPattern": pattern}))
    );
    editor.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": null})).await;
    // The folder is open once something in it is answered.
    assert_eq!(editor.text("file:///w/a.py").await, "fine");
    editor.notify("textDocument/didSave", json!({"textDocument": {"uri": "file:///w/a.py"}})).await;
    let changes = json!([
        {"uri": "file:///w/b.py", "type": 1}, {"uri": "file:///w/c/d.py", "type": 3}, {"uri": "file:///other/e.py", "type": 2},
    ]);
    editor.notify("workspace/didChangeWatchedFiles", json!({"changes": changes})).await;
    assert_eq!(editor.text("file:///w/a.py").await, "fine");
    assert_eq!(*backend.hints.lock().unwrap(), ["a.py", "b.py", "c/d.py"]);
    editor.finish().await;
}
