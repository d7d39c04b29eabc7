//! Notebooks: cells in one language are one module, and everybody speaks of a place in the cell where it is.

use serde_json::{Value, json};
use vraftls_gateway::Options;
use vraftls_proto::Query;

use super::backend::FakeBackend;
use super::client::{Editor, at, edit, range, text_of};

const NOTEBOOK: &str = "file:///w/sub/nb.ipynb";

/// The URI of a cell, as VS Code makes one: nothing of it says to which notebook it belongs.
fn uri(cell: &str) -> String {
    format!("vscode-notebook-cell:/w/sub/nb.ipynb#{cell}")
}

fn cell(name: &str, kind: u32) -> Value {
    json!({"kind": kind, "document": uri(name)})
}

fn item(name: &str, language: &str, text: &str) -> Value {
    json!({"uri": uri(name), "languageId": language, "version": 1, "text": text})
}

fn opening(notebook: &str, cells: &[Value], texts: &[Value]) -> Value {
    let document = json!({"uri": notebook, "notebookType": "jupyter-notebook", "version": 1, "cells": cells});
    json!({"notebookDocument": document, "cellTextDocuments": texts})
}

/// Opens a notebook with code cells, named from `a` on.
async fn open(editor: &mut Editor, texts: &[&str]) {
    let names = ["a", "b", "c", "d", "e"];
    let cells: Vec<Value> = names.iter().take(texts.len()).map(|name| cell(name, 2)).collect();
    let items: Vec<Value> = names.iter().zip(texts).map(|(name, text)| item(name, "words", text)).collect();
    editor.notify("notebookDocument/didOpen", opening(NOTEBOOK, &cells, &items)).await;
}

async fn change(editor: &mut Editor, version: i32, cells: Value) {
    let document = json!({"uri": NOTEBOOK, "version": version});
    let params = json!({"notebookDocument": document, "change": {"cells": cells, "metadata": {"kernel": "x"}}});
    editor.notify("notebookDocument/didChange", params).await;
}

fn text_change(name: &str, version: i32, changes: Value) -> Value {
    json!({"textContent": [{"document": {"uri": uri(name), "version": version}, "changes": changes}]})
}

async fn close(editor: &mut Editor) {
    let params = json!({"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": [{"uri": uri("a")}]});
    editor.notify("notebookDocument/didClose", params).await;
}

/// The whole text that a question about a cell sees, its cells parted by `|`.
async fn seen_from(editor: &mut Editor, name: &str) -> String {
    editor.text(&uri(name)).await.replace("\n\u{c}\u{c}\n", "|")
}

/// Waits for the message that tells a person that something is not known any more; what it says.
async fn told(editor: &mut Editor) -> String {
    let shown = editor.next_of("window/showMessage").await;
    shown["message"].as_str().unwrap().to_owned()
}

fn location(name: &str, start: (u32, u32), end: (u32, u32)) -> Value {
    json!({"uri": uri(name), "range": range(start, end)})
}

async fn start(backend: &std::sync::Arc<FakeBackend>) -> Editor {
    let edits = json!({"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}});
    let document =
        json!({"diagnostic": {}, "codeAction": edits, "documentSymbol": {"hierarchicalDocumentSymbolSupport": true}});
    Editor::start_with(
        backend,
        json!({"textDocument": document, "workspace": {"workspaceEdit": {"documentChanges": true}}}),
    )
    .await
}

#[tokio::test]
async fn a_name_is_found_in_the_cell_where_it_is_and_everywhere_it_is_used() {
    let backend = FakeBackend::with(&[("z.py", "use 模块")]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["x\ndef 模块", "", "ä😀 模块 other\n模块"]).await;
    let place = at(&uri("c"), 0, 5);
    let definition = editor.ask("textDocument/definition", place.clone()).await;
    assert_eq!(definition, json!([location("a", (1, 4), (1, 6))]));
    let hover = editor.ask("textDocument/hover", place.clone()).await;
    assert_eq!(hover["range"], range((0, 4), (0, 6)));
    assert_eq!(text_of(&hover), "x\ndef 模块\n\u{c}\u{c}\n\n\u{c}\u{c}\nä😀 模块 other\n模块\n");
    let mut params = place.clone();
    params["context"] = json!({"includeDeclaration": true});
    let references = editor.ask("textDocument/references", params).await;
    let elsewhere = json!({"uri": "file:///w/z.py", "range": range((0, 4), (0, 6))});
    let here = [location("a", (1, 4), (1, 6)), location("c", (0, 4), (0, 6)), location("c", (1, 0), (1, 2))];
    assert_eq!(references, json!([here[0], here[1], here[2], elsewhere]));
    // Highlights are of one document.
    let highlights = editor.ask("textDocument/documentHighlight", place).await;
    let ranges: Vec<&Value> = highlights.as_array().unwrap().iter().map(|found| &found["range"]).collect();
    assert_eq!(ranges, [&range((0, 4), (0, 6)), &range((1, 0), (1, 2))]);
    // From a file beside it, too.
    editor.open("file:///w/z.py", "use 模块").await;
    let definition = editor.ask("textDocument/definition", at("file:///w/z.py", 0, 5)).await;
    assert_eq!(definition, json!([location("a", (1, 4), (1, 6))]));
    editor.finish().await;
}

#[tokio::test]
async fn edits_are_told_for_each_cell_with_its_version() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["def one", "one one", "two"]).await;
    change(&mut editor, 2, text_change("b", 7, json!([edit((0, 0), (0, 0), "ä ")]))).await;
    let mut params = at(&uri("b"), 0, 3);
    params["newName"] = json!("other");
    let renamed = editor.ask("textDocument/rename", params).await;
    let text_edit = |start: (u32, u32), end: (u32, u32)| json!({"range": range(start, end), "newText": "other"});
    let expected = json!([
        {"textDocument": {"uri": uri("a"), "version": 1}, "edits": [text_edit((0, 4), (0, 7))]},
        {"textDocument": {"uri": uri("b"), "version": 7}, "edits": [text_edit((0, 2), (0, 5)), text_edit((0, 6), (0, 9))]},
    ]);
    assert_eq!(renamed["documentChanges"], expected);
    // A cell is laid out by itself.
    let options = json!({"tabSize": 4, "insertSpaces": true});
    let params = json!({"textDocument": {"uri": uri("b")}, "options": options});
    let edits = editor.ask("textDocument/formatting", params).await;
    assert_eq!(edits, json!([{"range": range((0, 0), (0, 9)), "newText": "Ä ONE ONE"}]));
    let params = json!({"textDocument": {"uri": uri("c")}, "range": range((0, 1), (0, 3)), "options": options});
    let edits = editor.ask("textDocument/rangeFormatting", params).await;
    assert_eq!(edits, json!([{"range": range((0, 1), (0, 3)), "newText": "WO"}]));
    let context = json!({"diagnostics": []});
    let params = json!({"textDocument": {"uri": uri("c")}, "range": range((0, 0), (0, 1)), "context": context});
    let actions = editor.ask("textDocument/codeAction", params).await;
    let edited = &actions[0]["edit"]["documentChanges"][0];
    assert_eq!(edited["textDocument"], json!({"uri": uri("c"), "version": 1}));
    assert_eq!(edited["edits"], json!([{"range": range((0, 0), (0, 1)), "newText": "T"}]));
    editor.finish().await;
}

#[tokio::test]
async fn cells_that_name_a_file_follow_it_and_offered_changes_are_made_out_in_their_cells() {
    let backend = FakeBackend::with(&[("z.py", "")]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["ERROR", "x\nuse z.py"]).await;
    let files = json!([{"oldUri": "file:///w/z.py", "newUri": "file:///w/y.py"}]);
    let edit = editor.ask("workspace/willRenameFiles", json!({"files": files})).await;
    let expected = json!([{"textDocument": {"uri": uri("b"), "version": 1},
        "edits": [{"range": range((1, 4), (1, 8)), "newText": "y.py"}]}]);
    assert_eq!(edit["documentChanges"], expected);
    // The fix writes at the beginning of the file: that is in the first cell, whichever was asked about.
    let report = editor.ask("textDocument/diagnostic", json!({"textDocument": {"uri": uri("a")}})).await;
    let context = json!({"diagnostics": report["items"], "only": ["quickfix"]});
    let params = json!({"textDocument": {"uri": uri("a")}, "range": range((0, 0), (0, 5)), "context": context});
    let actions = editor.ask("textDocument/codeAction", params).await;
    assert_eq!(actions[0]["title"], "Fix an-error at 0");
    let change = &actions[0]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({"uri": uri("a"), "version": 1}));
    assert_eq!(change["edits"], json!([{"range": range((0, 0), (0, 0)), "newText": "fixed "}]));
    editor.finish().await;
}

#[tokio::test]
async fn what_would_be_written_into_another_cell_is_refused_or_not_proposed() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["one", "two"]).await;
    // Its proposals come with an import at the very beginning: that is in the first cell.
    let labels = |list: Value| list["items"].as_array().unwrap().len();
    assert_eq!(labels(editor.ask("textDocument/completion", at(&uri("a"), 0, 3)).await), 1);
    assert_eq!(labels(editor.ask("textDocument/completion", at(&uri("b"), 0, 3)).await), 0);
    editor.finish().await;
}

#[tokio::test]
async fn answers_about_a_document_are_cut_to_the_cell() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["def a\nx", "def b\n<x\ny>", "https://example.org\nx"]).await;
    let document = |name: &str| json!({"textDocument": {"uri": uri(name)}});
    let symbols = editor.ask("textDocument/documentSymbol", document("b")).await;
    assert_eq!(symbols.as_array().unwrap().len(), 1);
    assert_eq!((&symbols[0]["name"], &symbols[0]["range"]), (&json!("b"), &range((0, 0), (2, 2))));
    assert_eq!(symbols[0]["selectionRange"], range((0, 4), (0, 5)));
    let folds = editor.ask("textDocument/foldingRange", document("a")).await;
    assert_eq!((&folds[0]["startLine"], &folds[0]["endLine"]), (&json!(0), &json!(1)));
    let lenses = editor.ask("textDocument/codeLens", document("b")).await;
    assert_eq!(lenses.as_array().unwrap().len(), 1);
    assert_eq!(lenses[0]["range"], range((0, 4), (0, 5)));
    let links = editor.ask("textDocument/documentLink", document("c")).await;
    assert_eq!(links[0]["range"], range((0, 0), (0, 19)));
    assert_eq!(editor.ask("textDocument/documentLink", document("a")).await, json!([]));
    let whole = |name: &str| json!({"textDocument": {"uri": uri(name)}, "range": range((0, 0), (9, 0))});
    let hints = editor.ask("textDocument/inlayHint", whole("c")).await;
    let positions: Vec<&Value> = hints.as_array().unwrap().iter().map(|hint| &hint["position"]).collect();
    assert_eq!(positions, [&json!({"line": 0, "character": 10}), &json!({"line": 1, "character": 1})]);
    let tokens = editor.ask("textDocument/semanticTokens/full", document("b")).await;
    assert_eq!(tokens["data"], json!([0, 0, 3, 0, 0, 0, 4, 1, 0, 0, 1, 0, 2, 1, 0, 1, 0, 2, 1, 0]));
    let params = json!({"textDocument": {"uri": uri("b")}, "positions": [{"line": 1, "character": 1}]});
    let selection = editor.ask("textDocument/selectionRange", params).await;
    assert_eq!(selection[0]["range"], range((1, 1), (1, 2)));
    assert_eq!(selection[0]["parent"]["range"], range((0, 0), (2, 2)));
    let linked = editor.ask("textDocument/linkedEditingRange", at(&uri("b"), 1, 1)).await;
    assert_eq!(linked["ranges"], json!([range((1, 1), (1, 2))]));
    // Whole documents are not asked about beyond the cell.
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("a"), 7, 0)).await, -32602);
    editor.finish().await;
}

#[tokio::test]
async fn symbols_and_callers_lead_to_cells() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["def one", "one", "x\none one"]).await;
    let found = editor.ask("workspace/symbol", json!({"query": "one"})).await;
    assert_eq!(found[0]["location"], location("a", (0, 0), (0, 7)));
    let items = editor.ask("textDocument/prepareCallHierarchy", at(&uri("c"), 1, 0)).await;
    assert_eq!((&items[0]["uri"], &items[0]["selectionRange"]), (&json!(uri("a")), &range((0, 4), (0, 7))));
    let calls = editor.ask("callHierarchy/incomingCalls", json!({"item": items[0]})).await;
    let called: Vec<(&Value, &Value)> =
        calls.as_array().unwrap().iter().map(|call| (&call["from"]["uri"], &call["fromRanges"])).collect();
    let (b, c) = (json!(uri("b")), json!(uri("c")));
    assert_eq!(
        called,
        [(&b, &json!([range((0, 0), (0, 3))])), (&c, &json!([range((1, 0), (1, 3)), range((1, 4), (1, 7))]))]
    );
    // Whoever resolves ranges gets the cell, too.
    let symbol = json!({"resolveSupport": {"properties": ["location.range"]}});
    let capabilities = json!({"textDocument": {"diagnostic": {}}, "workspace": {"symbol": symbol}});
    let mut other = Editor::start_with(&backend, capabilities).await;
    open(&mut other, &["x", "def one"]).await;
    let symbol = other.ask("workspace/symbol", json!({"query": "one"})).await[0].take();
    assert_eq!(symbol["location"], json!({"uri": uri("b")}));
    let resolved = other.ask("workspaceSymbol/resolve", symbol.clone()).await;
    assert_eq!(resolved["location"], location("b", (0, 0), (0, 7)));
    // After an edit it is found again, wherever it is by then.
    change(&mut other, 2, text_change("a", 2, json!([{"text": "x\nx"}]))).await;
    change(&mut other, 3, text_change("b", 2, json!([{"text": "\ndef one"}]))).await;
    let resolved = other.ask("workspaceSymbol/resolve", symbol).await;
    assert_eq!(resolved["location"], location("b", (1, 4), (1, 7)));
    other.finish().await;
    editor.finish().await;
}

#[tokio::test]
async fn cells_come_go_and_change_and_each_question_sees_what_came_before_it() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["one", "two"]).await;
    assert_eq!(seen_from(&mut editor, "b").await, "one|two\n");
    let array = json!({"start": 1, "deleteCount": 0, "cells": [cell("m", 1), cell("s", 2), cell("c", 2)]});
    let opened = [item("m", "markdown", "# Text"), item("s", "sql", "select"), item("c", "words", "new")];
    let structure = json!({"array": array, "didOpen": opened});
    let content = json!([{"document": {"uri": uri("c"), "version": 2}, "changes": [edit((0, 3), (0, 3), "er")]}]);
    // The cells are there when their texts are edited.
    change(&mut editor, 2, json!({"structure": structure, "textContent": content})).await;
    assert_eq!(seen_from(&mut editor, "a").await, "one|newer|two\n");
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("m"), 0, 0)).await, -32803);
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("s"), 0, 0)).await, -32803);
    // Edits of a text leave the notebook's number as it is, in some editors.
    change(&mut editor, 2, text_change("a", 2, json!([edit((0, 0), (0, 3), "1"), edit((0, 1), (0, 1), "!")]))).await;
    assert_eq!(seen_from(&mut editor, "a").await, "1!|newer|two\n");
    change(&mut editor, 3, json!({"data": [cell("c", 1)]})).await;
    assert_eq!(seen_from(&mut editor, "a").await, "1!|two\n");
    change(&mut editor, 1, json!({"data": [cell("c", 2)]})).await;
    assert_eq!(seen_from(&mut editor, "a").await, "1!|two\n");
    let structure = json!({"array": {"start": 0, "deleteCount": 1}, "didClose": [{"uri": uri("a")}]});
    change(&mut editor, 4, json!({"structure": structure})).await;
    assert_eq!(seen_from(&mut editor, "b").await, "two\n");
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("a"), 0, 0)).await, -32602);
    // What executions and outputs change is nothing.
    change(&mut editor, 5, Value::Null).await;
    editor.notify("notebookDocument/didSave", json!({"notebookDocument": {"uri": NOTEBOOK}})).await;
    assert_eq!(seen_from(&mut editor, "b").await, "two\n");
    assert_eq!(*backend.hints.lock().unwrap(), ["sub/nb.ipynb"]);
    editor.finish().await;
}

#[tokio::test]
async fn what_does_not_fit_poisons_and_says_why() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    open(&mut editor, &["def one", "one"]).await;
    change(&mut editor, 2, text_change("a", 2, json!([edit((9, 0), (9, 0), "x")]))).await;
    assert!(told(&mut editor).await.contains("an edit did not fit"));
    // The other cell is answered, unless the answer leads into the one that is not known.
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("a"), 0, 0)).await, -32801);
    assert_eq!(editor.ask_in_vain("textDocument/definition", at(&uri("b"), 0, 0)).await, -32801);
    assert_eq!(seen_from(&mut editor, "b").await, "def one|one\n");
    change(&mut editor, 3, text_change("a", 3, json!([{"text": "x\ndef one"}]))).await;
    let definition = editor.ask("textDocument/definition", at(&uri("b"), 0, 0)).await;
    assert_eq!(definition, json!([location("a", (1, 4), (1, 7))]));
    // Cells that cannot be: nothing of the notebook is known until it is opened again.
    change(&mut editor, 4, json!({"structure": {"array": {"start": 5, "deleteCount": 1}}})).await;
    assert!(told(&mut editor).await.contains("cells 5 to 6 of 2"));
    for name in ["a", "b"] {
        assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri(name), 0, 0)).await, -32801);
    }
    change(&mut editor, 5, text_change("a", 4, json!([{"text": "whole"}]))).await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("a"), 0, 0)).await, -32801);
    open(&mut editor, &["again"]).await;
    assert_eq!(seen_from(&mut editor, "a").await, "again\n");
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("b"), 0, 0)).await, -32602);
    // A message that is none.
    let document = json!({"uri": NOTEBOOK, "version": 9});
    editor.notify("notebookDocument/didChange", json!({"notebookDocument": document, "change": {"cells": 7}})).await;
    assert!(told(&mut editor).await.contains("malformed"));
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("a"), 0, 0)).await, -32801);
    editor.finish().await;
}

#[tokio::test]
async fn what_is_not_open_is_neither_changed_nor_closed() {
    let backend = FakeBackend::with(&[]);
    let mut editor = start(&backend).await;
    close(&mut editor).await;
    change(&mut editor, 2, text_change("a", 2, json!([{"text": "x"}]))).await;
    let elsewhere = opening("file://server/share/nb.ipynb", &[cell("u", 2)], &[item("u", "words", "x")]);
    editor.notify("notebookDocument/didOpen", elsewhere).await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("u"), 0, 0)).await, -32602);
    open(&mut editor, &["one"]).await;
    // Twice the same cell: whose it is cannot be known.
    let other = opening("file:///w/other.ipynb", &[cell("a", 2)], &[item("a", "words", "two")]);
    editor.notify("notebookDocument/didOpen", other).await;
    assert!(told(&mut editor).await.contains("twice"));
    assert_eq!(seen_from(&mut editor, "a").await, "one\n");
    change(&mut editor, 2, text_change("z", 2, json!([{"text": "x"}]))).await;
    assert_eq!(seen_from(&mut editor, "a").await, "one\n");
    close(&mut editor).await;
    close(&mut editor).await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("a"), 0, 0)).await, -32602);
    let found = editor.ask("workspace/symbol", json!({"query": "one"})).await;
    assert_eq!(found, json!([]));
    editor.finish().await;
}

#[tokio::test]
async fn a_notebook_without_a_file_is_as_if_it_lay_in_the_folder() {
    let backend = FakeBackend::new(&[("/w", &[("z.py", "def one")]), ("/w/inner", &[])]);
    let mut editor = start(&backend).await;
    let folder = json!({"uri": "file:///w/inner", "name": "inner"});
    editor.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": [folder], "removed": []}})).await;
    let unsaved = ["untitled:Untitled-1.ipynb?jupyter-notebook", "untitled:/some/where/Untitled-1.ipynb"];
    for (notebook, name) in unsaved.iter().zip(["a", "b"]) {
        let texts = [item(name, "words", name), item("one", "words", "one")];
        let cells = [cell(name, 2), cell(&format!("{name}2"), 2)];
        editor.notify("notebookDocument/didOpen", opening(notebook, &cells, &texts)).await;
    }
    // They are two, whatever they are called.
    assert_eq!(seen_from(&mut editor, "a").await, "a\n");
    assert_eq!(seen_from(&mut editor, "b").await, "b\n");
    let document = json!({"uri": unsaved[0], "version": 2});
    let content = text_change("a", 2, json!([{"text": "one"}]));
    editor
        .notify("notebookDocument/didChange", json!({"notebookDocument": document, "change": {"cells": content}}))
        .await;
    let definition = editor.ask("textDocument/definition", at(&uri("a"), 0, 0)).await;
    assert_eq!(definition, json!([{"uri": "file:///w/z.py", "range": range((0, 4), (0, 7))}]));
    editor
        .notify("notebookDocument/didClose", json!({"notebookDocument": {"uri": unsaved[0]}, "cellTextDocuments": []}))
        .await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("a"), 0, 0)).await, -32602);
    assert_eq!(seen_from(&mut editor, "b").await, "b\n");
    editor.finish().await;
}

#[tokio::test]
async fn a_notebook_has_its_bounds() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.limits.n_notebook_cells_max = 2;
    options.limits.document_bytes_max = 8;
    let mut editor = Editor::connect(&backend, options);
    editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    open(&mut editor, &["1", "2", "3"]).await;
    assert!(told(&mut editor).await.contains("more than 2 cells"));
    open(&mut editor, &["12345", "6789"]).await;
    assert!(told(&mut editor).await.contains("too much text"));
    open(&mut editor, &["12345", "678"]).await;
    assert_eq!(seen_from(&mut editor, "a").await, "12345|678\n");
    change(&mut editor, 2, text_change("b", 2, json!([edit((0, 0), (0, 0), "x")]))).await;
    assert!(told(&mut editor).await.contains("did not fit"));
    assert_eq!(seen_from(&mut editor, "a").await, "12345|678\n");
    editor.finish().await;
}

#[tokio::test]
async fn no_other_session_sees_a_cell() {
    let backend = FakeBackend::with(&[("z.py", "one")]);
    let (mut editor, mut other) = (start(&backend).await, start(&backend).await);
    open(&mut editor, &["def one"]).await;
    let uri_of_z = "file:///w/z.py";
    assert_eq!(editor.ask("textDocument/definition", at(uri_of_z, 0, 0)).await, json!([location("a", (0, 4), (0, 7))]));
    assert_eq!(other.ask("textDocument/definition", at(uri_of_z, 0, 0)).await, Value::Null);
    open(&mut other, &["two", "def one"]).await;
    assert_eq!(other.ask("textDocument/definition", at(uri_of_z, 0, 0)).await, json!([location("b", (0, 4), (0, 7))]));
    assert_eq!(seen_from(&mut editor, "a").await, "def one\n");
    editor.finish().await;
    other.finish().await;
}

/// The next diagnostics that come unasked: the cell, their version, and their ranges.
async fn published(editor: &mut Editor) -> (String, Value, Vec<Value>) {
    let params = editor.next_of("textDocument/publishDiagnostics").await;
    let ranges = params["diagnostics"].as_array().unwrap().iter().map(|found| found["range"].clone()).collect();
    (params["uri"].as_str().unwrap().to_owned(), params["version"].clone(), ranges)
}

#[tokio::test]
async fn findings_are_published_of_each_cell_and_taken_back_with_it() {
    let backend = FakeBackend::with(&[]);
    let publish = json!({"versionSupport": true, "relatedInformation": true});
    let mut editor = Editor::start_with(&backend, json!({"textDocument": {"publishDiagnostics": publish}})).await;
    let cells = [cell("a", 2), cell("b", 2)];
    let items = [item("a", "words", "ERROR"), item("b", "words", "x\nERROR ERROR")];
    let opening = opening(NOTEBOOK, &cells, &items);
    for _ in 0..2 {
        editor.notify("notebookDocument/didOpen", opening.clone()).await;
        assert_eq!(published(&mut editor).await, (uri("a"), json!(1), vec![range((0, 0), (0, 5))]));
        let of_b = vec![range((1, 0), (1, 5)), range((1, 6), (1, 11))];
        assert_eq!(published(&mut editor).await, (uri("b"), json!(1), of_b));
        close(&mut editor).await;
        assert_eq!(published(&mut editor).await, (uri("a"), Value::Null, vec![]));
        assert_eq!(published(&mut editor).await, (uri("b"), Value::Null, vec![]));
    }
    editor.notify("notebookDocument/didOpen", opening).await;
    published(&mut editor).await;
    published(&mut editor).await;
    // Only of what differs something is said.
    change(&mut editor, 2, text_change("a", 2, json!([{"text": "fine"}]))).await;
    assert_eq!(published(&mut editor).await, (uri("a"), json!(2), vec![]));
    change(&mut editor, 3, json!({"data": [cell("b", 1)]})).await;
    assert_eq!(published(&mut editor).await, (uri("b"), Value::Null, vec![]));
    change(&mut editor, 4, json!({"data": [cell("b", 2)]})).await;
    assert_eq!(published(&mut editor).await.2.len(), 2);
    let structure = json!({"array": {"start": 1, "deleteCount": 1}, "didClose": [{"uri": uri("b")}]});
    change(&mut editor, 5, json!({"structure": structure})).await;
    assert_eq!(published(&mut editor).await, (uri("b"), Value::Null, vec![]));
    editor.finish().await;
}

#[tokio::test]
async fn an_older_check_of_a_notebook_never_follows_a_newer_one() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start_with(&backend, json!({})).await;
    backend.hold(|query| matches!(query, Query::Diagnostics { .. }));
    open(&mut editor, &["ERROR"]).await;
    backend.until_waiting(1).await;
    change(&mut editor, 2, text_change("a", 2, json!([{"text": "ERROR ERROR"}]))).await;
    assert_eq!(seen_from(&mut editor, "a").await, "ERROR ERROR\n");
    backend.release();
    assert_eq!(published(&mut editor).await.2.len(), 2);
    editor.finish().await;
}

#[tokio::test]
async fn findings_are_pulled_of_each_cell_and_of_the_workspace() {
    let backend = FakeBackend::with(&[("z.py", "ERROR")]);
    let mut editor = Editor::connect(&backend, Options::default());
    let capabilities = json!({"textDocument": {"diagnostic": {"relatedInformation": true}}});
    let options = json!({"diagnostics": {"mode": "workspace"}});
    editor
        .initialize(json!({"capabilities": capabilities, "rootUri": "file:///w", "initializationOptions": options}))
        .await;
    open(&mut editor, &["fine", "ERROR", "x\nERROR"]).await;
    let pull = |name: &str, previous: Value| json!({"textDocument": {"uri": uri(name)}, "previousResultId": previous});
    assert_eq!(editor.ask("textDocument/diagnostic", pull("a", Value::Null)).await["items"], json!([]));
    let report = editor.ask("textDocument/diagnostic", pull("c", Value::Null)).await;
    assert_eq!(report["items"].as_array().unwrap().len(), 1);
    assert_eq!(report["items"][0]["range"], range((1, 0), (1, 5)));
    assert_eq!(report["items"][0]["relatedInformation"][0]["location"], location("c", (1, 0), (1, 5)));
    let again = editor.ask("textDocument/diagnostic", pull("c", report["resultId"].clone())).await;
    assert_eq!(again["kind"], "unchanged");
    let all = editor.ask("workspace/diagnostic", json!({"previousResultIds": []})).await;
    let told: Vec<(&Value, usize)> =
        all["items"].as_array().unwrap().iter().map(|it| (&it["uri"], it["items"].as_array().unwrap().len())).collect();
    let expected = [(&json!(uri("b")), 1), (&json!(uri("c")), 1), (&json!("file:///w/z.py"), 1)];
    assert_eq!(told, expected);
    editor.finish().await;
}

#[tokio::test]
async fn cells_are_announced_in_the_languages_of_analyzers() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::connect(&backend, Options::default());
    let result =
        editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    let selector = json!({"cells": [{"language": "words"}]});
    assert_eq!(result["capabilities"]["notebookDocumentSync"], json!({"notebookSelector": [selector], "save": true}));
    editor.finish().await;
}

#[tokio::test]
async fn a_notebook_is_placed_when_its_folder_is_there() {
    let backend = FakeBackend::new(&[("/w", &[]), ("/other", &[])]);
    backend.folders_held.send_replace(true);
    let mut editor = start(&backend).await;
    open(&mut editor, &["one", "two"]).await;
    let asked = editor.request("textDocument/hover", at(&uri("b"), 0, 0)).await;
    backend.folders_held.send_replace(false);
    let answer = editor.next().await;
    assert_eq!(answer["id"], asked);
    assert_eq!(text_of(&answer["result"]), "one\n\u{c}\u{c}\ntwo\n");
    let folder = |name: &str| json!({"uri": format!("file:///{name}"), "name": name});
    let event = json!({"event": {"added": [folder("other")], "removed": [folder("w")]}});
    editor.notify("workspace/didChangeWorkspaceFolders", event).await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(&uri("b"), 0, 0)).await, -32803);
    let event = json!({"event": {"added": [folder("w")], "removed": []}});
    editor.notify("workspace/didChangeWorkspaceFolders", event).await;
    assert_eq!(seen_from(&mut editor, "a").await, "one|two\n");
    editor.finish().await;
}
