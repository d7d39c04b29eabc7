//! What is asked about whole workspaces: symbols, findings of all files, large answers in pieces; and being told to ask again.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vraftls_gateway::Options;
use vraftls_proto::Query;

use super::backend::FakeBackend;
use super::client::{Editor, at, edit, range};

const URI: &str = "file:///w/a.py";

#[tokio::test]
async fn symbols_without_ranges_are_resolved_when_one_is_chosen() {
    let backend = FakeBackend::with(&[("b.py", "é def f")]);
    let symbol = json!({"resolveSupport": {"properties": ["location.range"]}});
    let capabilities = json!({"textDocument": {"diagnostic": {}}, "workspace": {"symbol": symbol}});
    let mut editor = Editor::start_with(&backend, capabilities).await;
    editor.open(URI, "def f").await;
    let symbols = editor.ask("workspace/symbol", json!({"query": "f"})).await;
    let locations: Vec<_> = symbols.as_array().unwrap().iter().map(|symbol| symbol["location"].clone()).collect();
    assert_eq!(locations, [json!({"uri": URI}), json!({"uri": "file:///w/b.py"})]);
    assert_eq!(backend.n_line_indexes.load(std::sync::atomic::Ordering::SeqCst), 0);
    let resolved = editor.ask("workspaceSymbol/resolve", symbols[1].clone()).await;
    assert_eq!(resolved["location"]["range"], range((0, 2), (0, 7)));
    // The file is another by now, and the symbol the only one of its name.
    editor.change(URI, 2, json!([edit((0, 0), (0, 0), "\n")])).await;
    let moved = editor.ask("workspaceSymbol/resolve", symbols[0].clone()).await;
    assert_eq!(moved["location"]["range"], range((1, 4), (1, 5)));
    editor.change(URI, 3, json!([{"text": "gone"}])).await;
    assert_eq!(editor.ask_in_vain("workspaceSymbol/resolve", symbols[0].clone()).await, -32801);
    editor.finish().await;
}

#[tokio::test]
async fn large_answers_come_in_pieces_to_who_asks_for_it() {
    let text = "f ".repeat(2500);
    let backend = FakeBackend::with(&[("b.py", &text)]);
    let mut editor = Editor::start(&backend).await;
    let mut params = at("file:///w/b.py", 0, 0);
    params["context"] = json!({"includeDeclaration": true});
    let whole = editor.ask("textDocument/references", params.clone()).await;
    assert_eq!(whole.as_array().unwrap().len(), 2500);
    params["partialResultToken"] = json!("pieces");
    let id = editor.request("textDocument/references", params).await;
    let mut pieces = Vec::new();
    for n_expected in [1000, 1000, 500] {
        let piece = editor.next_of("$/progress").await;
        assert_eq!(piece["token"], "pieces");
        let piece = piece["value"].as_array().unwrap().clone();
        assert_eq!(piece.len(), n_expected);
        pieces.extend(piece);
    }
    assert_eq!(Value::Array(pieces), whole);
    let response = editor.next().await;
    assert_eq!((&response["id"], &response["result"]), (&json!(id), &json!([])));
    editor.finish().await;
}

/// The uris and kinds of reports.
fn kinds(items: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.as_array().unwrap().iter().map(|item| (text(&item["uri"]), text(&item["kind"]))).collect()
}

fn previous(items: &Value) -> Value {
    let items = items.as_array().unwrap().iter();
    items.map(|item| json!({"uri": item["uri"], "value": item["resultId"]})).collect()
}

fn expected(reports: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    reports.iter().map(|(file, kind)| (format!("file:///w/{file}"), (*kind).to_owned())).collect()
}

#[tokio::test]
async fn findings_of_all_files_are_told_once_and_then_when_they_change() {
    let backend = FakeBackend::with(&[("b.py", "ERROR"), ("c.py", "fine"), ("d.py", "ERROR")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "ERROR ERROR").await;
    let first = editor.ask("workspace/diagnostic", json!({"previousResultIds": []})).await;
    let all = [("a.py", "full"), ("b.py", "full"), ("d.py", "full")];
    assert_eq!(kinds(&first["items"]), expected(&all));
    let open = first["items"].as_array().unwrap().iter().find(|item| item["uri"] == URI).unwrap();
    assert_eq!((&open["version"], open["items"].as_array().unwrap().len()), (&json!(1), 2));
    // Nothing is new: the answer waits.
    let id = editor.request("workspace/diagnostic", json!({"previousResultIds": previous(&first["items"])})).await;
    assert_eq!(editor.text(URI).await, "ERROR ERROR");
    editor.change(URI, 2, json!([{"text": "fine"}])).await;
    let response = editor.next().await;
    assert_eq!(response["id"], id);
    let second = &response["result"]["items"];
    assert_eq!(kinds(second), expected(&[("a.py", "full"), ("b.py", "unchanged"), ("d.py", "unchanged")]));
    editor.finish().await;
}

#[tokio::test]
async fn files_that_are_gone_have_no_findings_any_more() {
    let backend = FakeBackend::with(&[("b.py", "ERROR")]);
    let mut editor = Editor::start(&backend).await;
    let known = json!([{"uri": "file:///w/gone.py", "value": "1"}]);
    let report = editor.ask("workspace/diagnostic", json!({"previousResultIds": known})).await;
    assert_eq!(kinds(&report["items"]), expected(&[("b.py", "full"), ("gone.py", "full")]));
    let gone = report["items"].as_array().unwrap().iter().find(|item| item["uri"] == "file:///w/gone.py").unwrap();
    assert_eq!(gone["items"], json!([]));
    editor.finish().await;
}

#[tokio::test]
async fn findings_are_told_while_they_are_found() {
    let files: Vec<(String, &str)> = (0..70).map(|n| (format!("f{n:02}.py"), "ERROR")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let backend = FakeBackend::with(&files);
    let mut editor = Editor::start(&backend).await;
    let params = json!({"previousResultIds": [], "partialResultToken": 7});
    let id = editor.request("workspace/diagnostic", params).await;
    let mut n_told = 0;
    loop {
        let message = editor.next().await;
        if message["id"] == id {
            assert_eq!(message["result"], json!({"items": []}));
            break;
        }
        assert_eq!((&message["method"], &message["params"]["token"]), (&json!("$/progress"), &json!(7)));
        n_told += message["params"]["value"]["items"].as_array().unwrap().len();
    }
    assert_eq!(n_told, 70);
    editor.finish().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_checked_keeps_no_other_back_and_is_asked_for_again() {
    let backend = FakeBackend::with(&[("b.py", "ERROR"), ("c.py", "ERROR")]);
    let mut editor = Editor::start(&backend).await;
    *backend.lies_about.lock().unwrap() = Some("b.py".into());
    backend.hold(|query| matches!(query, Query::Diagnostics { .. }));
    let id = editor.request("workspace/diagnostic", json!({"previousResultIds": []})).await;
    backend.until_waiting(2).await;
    backend.release();
    let response = editor.next().await;
    assert_eq!(response["id"], id, "{response}");
    assert!(kinds(&response["result"]["items"]).contains(&("file:///w/c.py".to_owned(), "full".to_owned())));
    *backend.lies_about.lock().unwrap() = None;
    // It did not see everything, so the next one does not wait.
    let again = editor.ask("workspace/diagnostic", json!({"previousResultIds": []})).await;
    assert_eq!(kinds(&again["items"]), expected(&[("b.py", "full"), ("c.py", "full")]));
    editor.finish().await;
}

#[tokio::test]
async fn only_who_wants_findings_of_all_files_is_told_that_they_can_be_had() {
    for (mode, announced) in [("workspace", true), ("openFilesOnly", false)] {
        let backend = FakeBackend::with(&[]);
        let mut editor = Editor::connect(&backend, Options::default());
        let options = json!({"diagnostics": {"mode": mode}});
        let capabilities = json!({"textDocument": {"diagnostic": {}}});
        let params = json!({"capabilities": capabilities, "rootUri": "file:///w", "initializationOptions": options});
        let result = editor.initialize(params).await;
        assert_eq!(result["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"], announced);
        editor.finish().await;
    }
}

#[tokio::test]
async fn an_editor_is_told_to_ask_again_for_all_that_it_shows_when_files_change() {
    let backend = FakeBackend::with(&[("b.py", "")]);
    let refresh = json!({"refreshSupport": true});
    let workspace =
        json!({"diagnostics": refresh, "semanticTokens": refresh, "inlayHint": refresh, "codeLens": refresh});
    let capabilities = json!({"textDocument": {"diagnostic": {}}, "workspace": workspace});
    let mut editor = Editor::start_with(&backend, capabilities).await;
    let mut methods = BTreeSet::new();
    // Told when the folder is open, and when it changed.
    for round in 0..2 {
        if round > 0 {
            backend.write("/w", "b.py", "new");
        }
        methods.clear();
        while methods.len() < 4 {
            let request = editor.next().await;
            editor.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": null})).await;
            methods.insert(request["method"].as_str().unwrap().to_owned());
        }
        let expected =
            ["codeLens", "diagnostic", "inlayHint", "semanticTokens"].map(|of| format!("workspace/{of}/refresh"));
        assert_eq!(methods.iter().cloned().collect::<Vec<_>>(), expected);
    }
    editor.finish().await;
}

#[tokio::test]
async fn requests_are_traced_while_it_is_wanted() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "x").await;
    assert_eq!(editor.text(URI).await, "x");
    editor.notify("$/setTrace", json!({"value": "verbose"})).await;
    let id = editor.request("textDocument/hover", at(URI, 9, 0)).await;
    let trace = editor.next_of("$/logTrace").await;
    let message = trace["message"].as_str().unwrap();
    assert!(message.starts_with("hover: failed after "), "{message}");
    assert!(trace["verbose"].as_str().unwrap().contains("no such place"), "{trace}");
    assert_eq!(editor.next().await["id"], id);
    editor.notify("$/setTrace", json!({"value": "off"})).await;
    assert_eq!(editor.text(URI).await, "x");
    editor.finish().await;
}
