//! Analyzers that are replaced while sessions are open.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::backend::FakeBackend;
use crate::client::Editor;

const URI: &str = "file:///w/a.py";

async fn agree(editor: &mut Editor, request: &Value) {
    editor.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": null})).await;
}

#[tokio::test]
async fn what_the_new_version_finds_is_published_though_nobody_edits() {
    let backend = FakeBackend::with(&[("a.py", "")]);
    let mut editor = Editor::start_with(&backend, json!({})).await;
    editor.open(URI, "ERROR").await;
    let message = async |editor: &mut Editor| {
        let published = editor.next_of("textDocument/publishDiagnostics").await;
        published["diagnostics"][0]["message"].as_str().unwrap().to_owned()
    };
    let first = message(&mut editor).await;
    for version in 2..4 {
        backend.version.send_replace(version);
        assert_eq!(message(&mut editor).await, format!("{first} of version {version}"));
    }
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_is_told_to_ask_again_for_all_that_it_shows() {
    let backend = FakeBackend::with(&[("b.py", "")]);
    let refresh = json!({"refreshSupport": true});
    let workspace =
        json!({"diagnostics": refresh, "semanticTokens": refresh, "inlayHint": refresh, "codeLens": refresh});
    let capabilities = json!({"textDocument": {"diagnostic": {}}, "workspace": workspace});
    let mut editor = Editor::start_with(&backend, capabilities).await;
    // Told when the folder is open, and when the analyzers were replaced.
    for round in 0..3 {
        if round > 0 {
            backend.version.send_modify(|version| *version += 1);
        }
        let mut methods = BTreeSet::new();
        while methods.len() < 4 {
            let request = editor.next().await;
            agree(&mut editor, &request).await;
            methods.insert(request["method"].as_str().unwrap().to_owned());
        }
        let all = ["codeLens", "diagnostic", "inlayHint", "semanticTokens"].map(|of| format!("workspace/{of}/refresh"));
        assert_eq!(methods.into_iter().collect::<Vec<_>>(), all);
    }
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_that_watches_files_watches_those_that_the_new_version_reads() {
    let backend = FakeBackend::with(&[]);
    let watches = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
    let mut editor = Editor::start_with(&backend, watches).await;
    let patterns = |registration: &Value| -> Vec<String> {
        let options = &registration["params"]["registrations"][0]["registerOptions"]["watchers"];
        let pattern = |watcher: &Value| watcher["globPattern"].as_str().unwrap().to_owned();
        options.as_array().unwrap().iter().map(pattern).collect()
    };
    let next = async |editor: &mut Editor, method: &str| loop {
        let message = editor.next().await;
        if message["method"] == method {
            agree(editor, &message).await;
            return message;
        }
    };
    let registered = next(&mut editor, "client/registerCapability").await;
    assert_eq!(patterns(&registered), ["**/*.py", "**/words.*.toml", "**/words.toml"]);
    backend.version.send_modify(|version| *version += 1);
    let gone = next(&mut editor, "client/unregisterCapability").await;
    assert_eq!(gone["params"]["unregisterations"][0]["method"], "workspace/didChangeWatchedFiles");
    let registered = next(&mut editor, "client/registerCapability").await;
    assert_eq!(patterns(&registered), ["**/*.py", "**/*.pyi", "**/words.*.toml", "**/words.toml"]);
    editor.finish().await;
}
