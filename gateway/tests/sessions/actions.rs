//! Changes that are offered, and edits for files that move.

use serde_json::{Value, json};

use super::backend::FakeBackend;
use super::client::{Editor, edit, range};

const URI: &str = "file:///w/a.py";

fn able(resolves: bool) -> Value {
    let mut action = json!({
        "codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}, "isPreferredSupport": true, "dataSupport": true,
    });
    if resolves {
        action["resolveSupport"] = json!({"properties": ["edit"]});
    }
    json!({"textDocument": {"diagnostic": {}, "codeAction": action}})
}

fn finding(code: &str, character: u32, source: &str) -> Value {
    let place = range((0, character), (0, character + 1));
    json!({"range": place, "message": "found", "code": code, "source": source, "severity": 2})
}

fn asked(diagnostics: Value, only: Value) -> Value {
    let mut context = json!({"diagnostics": diagnostics});
    if !only.is_null() {
        context["only"] = only;
    }
    json!({"textDocument": {"uri": URI}, "range": range((0, 3), (0, 5)), "context": context})
}

fn titles(actions: &Value) -> Vec<&str> {
    actions.as_array().unwrap().iter().map(|action| action["title"].as_str().unwrap()).collect()
}

async fn start(capabilities: Value) -> Editor {
    let mut editor = Editor::start_with(&FakeBackend::with(&[]), capabilities).await;
    editor.open(URI, "😀 ab").await;
    editor
}

#[tokio::test]
async fn an_editor_that_resolves_gets_edits_when_it_asks_for_them() {
    let mut editor = start(able(true)).await;
    let own = finding("one", 3, "vraftls");
    let mut gone = finding("gone", 0, "vraftls");
    gone["range"] = range((70, 0), (70, 1));
    let diagnostics = json!([own, finding("other", 3, "ruff"), gone]);
    let actions = editor.ask("textDocument/codeAction", asked(diagnostics, Value::Null)).await;
    assert_eq!(titles(&actions), ["Fix one at 5", "Shout"]);
    let fix = &actions[0];
    assert_eq!((&fix["kind"], &fix["isPreferred"]), (&json!("quickfix"), &json!(true)));
    assert_eq!((&fix["diagnostics"], &fix["edit"], &fix["disabled"]), (&json!([own]), &Value::Null, &Value::Null));
    // What is known is not asked for twice.
    let shout = json!({"changes": {URI: [{"range": range((0, 3), (0, 5)), "newText": "AB"}]}});
    assert_eq!((&actions[1]["edit"], &actions[1]["data"]), (&shout, &Value::Null));
    let resolved = editor.ask("codeAction/resolve", fix.clone()).await;
    let fixed = json!({"changes": {URI: [{"range": range((0, 0), (0, 0)), "newText": "fixed "}]}});
    assert_eq!((&resolved["edit"], &resolved["title"]), (&fixed, &fix["title"]));
    editor.change(URI, 2, json!([edit((0, 0), (0, 0), " ")])).await;
    assert_eq!(editor.ask_in_vain("codeAction/resolve", fix.clone()).await, -32801);
    let mut forged = fix.clone();
    forged["data"] = json!({"uri": URI});
    assert_eq!(editor.ask_in_vain("codeAction/resolve", forged).await, -32602);
    editor.finish().await;
}

#[tokio::test]
async fn files_are_made_and_moved_with_the_edits_or_nothing_is_done() {
    let mut able = able(true);
    able["workspace"] =
        json!({"workspaceEdit": {"documentChanges": true, "resourceOperations": ["create", "rename", "delete"]}});
    let mut editor = start(able.clone()).await;
    let diagnostics: Vec<Value> = ["a", "b", "c", "d"].iter().map(|code| finding(code, 3, "vraftls")).collect();
    let actions = editor.ask("textDocument/codeAction", asked(json!(diagnostics), Value::Null)).await;
    let resolved = editor.ask("codeAction/resolve", actions[3].clone()).await;
    let inserted = |text: &str| json!([{"range": range((0, 0), (0, 0)), "newText": text}]);
    let expected = json!([
        {"textDocument": {"uri": URI, "version": 1}, "edits": inserted("outside ")},
        {"kind": "create", "uri": "file:///w/new/%C3%A9.py"},
        {"textDocument": {"uri": "file:///w/new/%C3%A9.py", "version": null}, "edits": inserted("inside\n")},
        {"kind": "rename", "oldUri": URI, "newUri": "file:///w/moved.py"},
    ]);
    assert_eq!(resolved["edit"], json!({"documentChanges": expected}));
    editor.finish().await;

    able["workspace"]["workspaceEdit"]["resourceOperations"] = json!(["create"]);
    let mut editor = start(able).await;
    let response = editor.call("codeAction/resolve", actions[3].clone()).await;
    let message = "files would have to be made or moved, which this editor does not do for a server";
    assert_eq!(response["error"], json!({"code": -32803, "message": message}));
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_that_does_not_resolve_gets_whole_actions_and_none_that_cannot_be_made() {
    let mut editor = start(able(false)).await;
    // The backend makes nothing out for the second, and nothing is to be done for the third.
    let diagnostics =
        json!([finding("one", 3, "vraftls"), finding("two", 4, "vraftls"), finding("three", 4, "vraftls"),]);
    let actions = editor.ask("textDocument/codeAction", asked(diagnostics, Value::Null)).await;
    assert_eq!(titles(&actions), ["Fix one at 5", "Shout"]);
    assert!(actions[0]["edit"].is_object() && actions[0]["data"].is_null(), "{actions}");
    editor.finish().await;
}

#[tokio::test]
async fn kinds_are_prefixes_that_end_at_a_dot() {
    let mut editor = start(able(true)).await;
    let one = || json!([finding("one", 3, "vraftls")]);
    for (only, expected) in [
        (json!(["source"]), vec!["Shout"]),
        (json!(["source.shout"]), vec!["Shout"]),
        (json!(["sour"]), vec![]),
        (json!(["source.shout.loud"]), vec![]),
        (json!(["quickfix", "refactor"]), vec!["Fix one at 5"]),
        (json!([""]), vec!["Fix one at 5", "Shout"]),
    ] {
        let actions = editor.ask("textDocument/codeAction", asked(one(), only.clone())).await;
        assert_eq!(titles(&actions), expected, "{only}");
    }
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_that_knows_only_commands_is_offered_nothing() {
    let mut editor = start(json!({"textDocument": {"diagnostic": {}}})).await;
    assert_eq!(editor.ask("textDocument/codeAction", asked(json!([]), Value::Null)).await, Value::Null);
    editor.finish().await;
}

#[tokio::test]
async fn files_that_move_are_followed_in_every_folder() {
    let backend = FakeBackend::new(&[
        ("/v", &[("x.py", "old.py"), ("old.py", "")][..]),
        ("/w", &[("a.py", "new"), ("b.py", "old.py, old.py"), ("dir/c.py", "")][..]),
    ]);
    let folders = json!([{"uri": "file:///v", "name": "v"}, {"uri": "file:///w", "name": "w"}]);
    let mut editor = Editor::connect(&backend, vraftls_gateway::Options::default());
    let told = json!({"willRename": true, "didRename": true, "didCreate": true, "didDelete": true});
    let capabilities = json!({"textDocument": {"diagnostic": {}}, "workspace": {"fileOperations": told}});
    let result = editor.initialize(json!({"capabilities": capabilities, "workspaceFolders": folders})).await;
    let filters = &result["capabilities"]["workspace"]["fileOperations"]["willRename"]["filters"];
    assert_eq!(filters[0], json!({"scheme": "file", "pattern": {"glob": "**/*.py", "matches": "file"}}));
    assert_eq!(filters[1]["pattern"]["matches"], "folder");
    editor.open(URI, "see old.py").await;
    let moved = |old: &str, new: &str| json!({"oldUri": format!("file://{old}"), "newUri": format!("file://{new}")});
    let files =
        json!([moved("/w/old.py", "/w/new.py"), moved("/v/old.py", "/v/later.py"), moved("/v/x.py", "/w/x.py")]);
    let edits = editor.ask("workspace/willRenameFiles", json!({"files": files})).await;
    let new = |start: u32, text: &str| json!({"range": range((0, start), (0, start + 6)), "newText": text});
    let expected = json!({"changes": {
        URI: [new(4, "new.py")],
        "file:///w/b.py": [new(0, "new.py"), new(8, "new.py")],
        "file:///v/x.py": [new(0, "later.py")],
    }});
    assert_eq!(edits, expected);
    let nothing = json!({"files": [moved("/w/dir", "/w/other"), moved("/elsewhere/a.py", "/w/a.py")]});
    assert_eq!(editor.ask("workspace/willRenameFiles", nothing).await, Value::Null);
    editor.notify("workspace/didRenameFiles", json!({"files": [moved("/w/old.py", "/w/new.py")]})).await;
    editor.notify("workspace/didCreateFiles", json!({"files": [{"uri": "file:///w/made.py"}]})).await;
    editor.notify("workspace/didDeleteFiles", json!({"files": [{"uri": "file:///v/x.py"}]})).await;
    editor.text(URI).await;
    let hints = backend.hints.lock().unwrap().clone();
    assert_eq!(hints, ["old.py", "new.py", "made.py", "x.py"]);
    editor.finish().await;
}

#[tokio::test]
async fn a_partial_answer_moves_nothing() {
    let backend = FakeBackend::with(&[("b.py", "old.py")]);
    let mut editor = Editor::start(&backend).await;
    backend.partial.store(true, std::sync::atomic::Ordering::SeqCst);
    let files = json!([{"oldUri": "file:///w/old.py", "newUri": "file:///w/new.py"}]);
    assert_eq!(editor.ask_in_vain("workspace/willRenameFiles", json!({"files": files})).await, -32803);
    editor.finish().await;
}
