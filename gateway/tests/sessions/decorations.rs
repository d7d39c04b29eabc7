//! What is painted into and beside the text: tokens and how they change, hints, ranges, links, lenses.

use serde_json::{Value, json};

use super::backend::FakeBackend;
use super::client::{Editor, at, edit, range};

const URI: &str = "file:///w/a.py";

fn document() -> Value {
    json!({"textDocument": {"uri": URI}})
}

async fn start(text: &str, others: &[(&str, &str)], capabilities: Value) -> Editor {
    let backend = FakeBackend::with(others);
    let mut editor = Editor::start_with(&backend, capabilities).await;
    editor.open(URI, text).await;
    editor
}

fn pulling(mut capabilities: Value) -> Value {
    capabilities["textDocument"]["diagnostic"] = json!({});
    capabilities
}

#[tokio::test]
async fn tokens_are_told_from_one_another_and_cut_at_lines_unless_the_editor_takes_them_whole() {
    let text = "😀 One <a\nb\n> c";
    let cut = json!([0, 3, 3, 0, 1, 0, 4, 2, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 2, 1, 0, 0]);
    let mut editor = start(text, &[], pulling(json!({}))).await;
    let tokens = editor.ask("textDocument/semanticTokens/full", document()).await;
    assert_eq!(tokens["data"], cut);
    editor.finish().await;
    let whole = json!([0, 3, 3, 0, 1, 0, 4, 6, 1, 0, 2, 2, 1, 0, 0]);
    let multiline = json!({"textDocument": {"semanticTokens": {
        "requests": {}, "tokenTypes": [], "tokenModifiers": [], "formats": ["relative"], "multilineTokenSupport": true,
    }}});
    let mut editor = start(text, &[], pulling(multiline)).await;
    let tokens = editor.ask("textDocument/semanticTokens/full", document()).await;
    assert_eq!(tokens["data"], whole);
    let mut part = document();
    part["range"] = range((2, 1), (2, 3));
    let tokens = editor.ask("textDocument/semanticTokens/range", part.clone()).await;
    assert_eq!(tokens["data"], json!([0, 7, 6, 1, 0, 2, 2, 1, 0, 0]));
    part["range"] = range((7, 0), (8, 0));
    assert_eq!(editor.ask_in_vain("textDocument/semanticTokens/range", part).await, -32602);
    editor.finish().await;
}

#[tokio::test]
async fn a_change_of_tokens_is_told_as_an_edit_while_what_was_told_is_known() {
    let mut editor = start("a bb c", &[], pulling(json!({}))).await;
    let full = editor.ask("textDocument/semanticTokens/full", document()).await;
    let mut delta = document();
    delta["previousResultId"] = full["resultId"].clone();
    let same = editor.ask("textDocument/semanticTokens/full/delta", delta.clone()).await;
    assert_eq!(same["edits"], json!([]));
    assert_ne!(same["resultId"], full["resultId"]);
    // It is not what was told last any more.
    let full = editor.ask("textDocument/semanticTokens/full/delta", delta.clone()).await;
    assert_eq!(full["data"].as_array().unwrap().len(), 15);
    delta["previousResultId"] = full["resultId"].clone();
    editor.change(URI, 2, json!([edit((0, 2), (0, 4), "ddd")])).await;
    let changed = editor.ask("textDocument/semanticTokens/full/delta", delta.clone()).await;
    let expected = json!([{"start": 5, "deleteCount": 10, "data": [0, 2, 3, 0, 0, 0, 4, 1, 0, 0]}]);
    assert_eq!(changed["edits"], expected);
    delta["previousResultId"] = changed["resultId"].clone();
    editor.close(URI).await;
    editor.open(URI, "a").await;
    let forgotten = editor.ask("textDocument/semanticTokens/full/delta", delta).await;
    assert_eq!(forgotten["data"], json!([0, 0, 1, 0, 0]));
    editor.finish().await;
}

#[tokio::test]
async fn hints_come_whole_or_are_resolved_as_the_editor_likes() {
    let target = json!({"uri": "file:///w/t.py", "range": range((0, 4), (0, 5))});
    let edits = json!([{"range": range((0, 1), (0, 1)), "newText": ": T"}]);
    let mut params = document();
    params["range"] = range((0, 0), (0, 1));
    let mut editor = start("x x", &[("t.py", "def T")], pulling(json!({}))).await;
    let hints = editor.ask("textDocument/inlayHint", params.clone()).await;
    let whole = json!([{
        "position": {"line": 0, "character": 1}, "kind": 1, "paddingRight": true, "textEdits": edits,
        "label": [{"value": ": "}, {"value": "T", "location": target}],
    }]);
    assert_eq!(hints, whole);
    params["range"] = range((0, 0), (9, 0));
    let beyond = editor.ask("textDocument/inlayHint", params.clone()).await;
    assert_eq!(beyond.as_array().unwrap().len(), 2, "an editor asks about lines that are gone by now");
    editor.finish().await;

    let properties = json!(["label.location", "label.tooltip", "textEdits"]);
    let lazy = json!({"textDocument": {"inlayHint": {"resolveSupport": {"properties": properties}}}});
    let mut editor = start("x x", &[("t.py", "def T")], pulling(lazy)).await;
    let hints = editor.ask("textDocument/inlayHint", params).await;
    let hint = hints[0].clone();
    assert_eq!((&hint["textEdits"], &hint["label"]), (&Value::Null, &json!([{"value": ": "}, {"value": "T"}])));
    let resolved = editor.ask("inlayHint/resolve", hint.clone()).await;
    assert_eq!((&resolved["textEdits"], &resolved["label"][1]["location"]), (&edits, &target));
    assert_eq!(resolved["label"][1]["tooltip"]["value"], "<T>\n\ndef T");
    editor.change(URI, 2, json!([edit((0, 0), (0, 0), " ")])).await;
    assert_eq!(editor.ask_in_vain("inlayHint/resolve", hint).await, -32801);
    editor.finish().await;
}

#[tokio::test]
async fn every_cursor_has_ranges_around_it() {
    let mut editor = start("ab c", &[], pulling(json!({}))).await;
    let mut params = document();
    let place = |character| json!({"line": 0, "character": character});
    params["positions"] = json!([place(1), place(3)]);
    let ranges = editor.ask("textDocument/selectionRange", params.clone()).await;
    let whole = json!({"range": range((0, 0), (0, 4))});
    let expected = json!([
        {"range": range((0, 0), (0, 2)), "parent": whole},
        {"range": range((0, 3), (0, 4)), "parent": whole},
    ]);
    assert_eq!(ranges, expected);
    params["positions"] = json!([place(9), {"line": 3, "character": 0}]);
    assert_eq!(editor.ask_in_vain("textDocument/selectionRange", params).await, -32602);
    editor.finish().await;
}

#[tokio::test]
async fn links_lead_to_files_and_pages_and_bundled_files_when_they_are_clicked() {
    let mut editor = start("b.py https://example.org", &[], pulling(json!({}))).await;
    let links = editor.ask("textDocument/documentLink", document()).await;
    let expected = json!([
        {"range": range((0, 0), (0, 4)), "target": "file:///w/b.py"},
        {"range": range((0, 5), (0, 24)), "target": "https://example.org"},
    ]);
    assert_eq!(links, expected);
    editor.change(URI, 2, json!([{"text": "@bundled/c.py"}])).await;
    let links = editor.ask("textDocument/documentLink", document()).await;
    assert_eq!(links[0]["target"], Value::Null);
    let resolved = editor.ask("documentLink/resolve", links[0].clone()).await;
    assert_eq!(resolved["target"], "file:///bundled/c.py");
    editor.finish().await;
}

#[tokio::test]
async fn lenses_count_when_they_come_into_sight() {
    let others = [("b.py", "f f")];
    let mut editor = start("def f\ndef test", &others, pulling(json!({}))).await;
    let lenses = editor.ask("textDocument/codeLens", document()).await;
    assert_eq!(lenses.as_array().unwrap().len(), 1, "an editor that runs no tests is told of none");
    assert_eq!((&lenses[0]["range"], &lenses[0]["command"]), (&range((0, 4), (0, 5)), &Value::Null));
    let resolved = editor.ask("codeLens/resolve", lenses[0].clone()).await;
    assert_eq!(resolved["command"], json!({"title": "5 references", "command": ""}));
    editor.change(URI, 2, json!([edit((0, 0), (0, 0), "\n")])).await;
    assert_eq!(editor.ask_in_vain("codeLens/resolve", lenses[0].clone()).await, -32801);
    editor.finish().await;

    let commands = json!(["vraftls.showReferences", "vraftls.runTest"]);
    let able = json!({"experimental": {"commands": {"commands": commands}}});
    let mut editor = start("def f\ndef test", &others, pulling(able)).await;
    let lenses = editor.ask("textDocument/codeLens", document()).await;
    let run = json!({"title": "Run test", "command": "vraftls.runTest", "arguments": [URI, range((1, 4), (1, 8))]});
    assert_eq!(lenses[1]["command"], run);
    let resolved = editor.ask("codeLens/resolve", lenses[0].clone()).await;
    let arguments = &resolved["command"]["arguments"];
    assert_eq!((&arguments[0], &arguments[1]), (&json!(URI), &json!({"line": 0, "character": 4})));
    assert_eq!(arguments[2].as_array().unwrap().len(), 5);
    editor.finish().await;
}

#[tokio::test]
async fn names_are_edited_together_and_typing_is_laid_out() {
    let mut editor = start("ab ab:", &[], pulling(json!({}))).await;
    let linked = editor.ask("textDocument/linkedEditingRange", at(URI, 0, 1)).await;
    assert_eq!(linked, json!({"ranges": [range((0, 0), (0, 2)), range((0, 3), (0, 5))]}));
    let mut typed = at(URI, 0, 5);
    typed["ch"] = json!("b");
    typed["options"] = json!({"tabSize": 4, "insertSpaces": true});
    let edits = editor.ask("textDocument/onTypeFormatting", typed).await;
    assert_eq!(edits, json!([{"range": range((0, 4), (0, 5)), "newText": "B"}]));
    editor.finish().await;
}

#[tokio::test]
async fn what_nobody_serves_is_decorated_with_nothing() {
    let uri = "file:///w/a.txt";
    let mut editor = Editor::start(&FakeBackend::with(&[])).await;
    editor.open(uri, "x b.py").await;
    let mut params = json!({"textDocument": {"uri": uri}, "range": range((0, 0), (0, 1)), "positions": [{"line": 0, "character": 0}]});
    params["previousResultId"] = json!("1");
    for method in [
        "semanticTokens/full",
        "semanticTokens/range",
        "semanticTokens/full/delta",
        "inlayHint",
        "selectionRange",
        "documentLink",
        "codeLens",
    ] {
        // `documentLink` and others of the backend look at the text only.
        let answer = editor.ask(&format!("textDocument/{method}"), params.clone()).await;
        assert!(answer.is_null() || answer == json!([]), "{method}: {answer}");
    }
    editor.finish().await;
}
