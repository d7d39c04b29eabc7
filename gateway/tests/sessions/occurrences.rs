//! `vraftls/occurrences`: all names of a document, as the session sees it.

use serde_json::{Value, json};

use super::backend::FakeBackend;
use super::client::Editor;

const URI: &str = "file:///w/a.py";

fn of(uri: &str) -> Value {
    json!({"textDocument": {"uri": uri}})
}

#[tokio::test]
async fn names_lead_where_they_are_defined_in_the_sessions_own_text_and_positions() {
    let backend = FakeBackend::with(&[("a.py", "old"), ("b c.py", "é def f")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "😀 f\ndef main\ndef inner").await;
    let found = editor.ask("vraftls/occurrences", of(URI)).await;
    assert_eq!((&found["language"], &found["path"]), (&json!("words"), &json!("a.py")));
    assert_eq!(found["names"], json!(["f", "main", "inner"]));
    let documents = json!([{"uri": "file:///w/b%20c.py", "path": "b c.py"}, {"uri": URI, "path": "a.py"}]);
    assert_eq!(found["documents"], documents);
    let targets = json!([
        [0, 0, 6, 0, 7, 0, 2, 0, 7, 0, 12, 0, -1],
        [1, 1, 4, 1, 8, 1, 0, 1, 8, 1, 12, 0, -1],
        [1, 2, 4, 2, 9, 2, 0, 2, 9, 2, 12, 2, 1],
    ]);
    assert_eq!(found["targets"], targets);
    let names = json!([
        [0, 3, 0, 4, 2, 0, 1],
        [1, 0, 1, 3, 2, 1, 0],
        [1, 4, 1, 8, 2, 1, 1],
        [2, 0, 2, 3, 2, 2, 0],
        [2, 4, 2, 9, 2, 2, 1],
    ]);
    assert_eq!((&found["occurrences"], &found["leads"]), (&names, &json!([0, 1, 2])));
    assert_eq!(found["descriptions"][0], json!({"target": 1, "signature": "def main", "documentation": ""}));
    assert_eq!(found["relations"], json!([[1, 0], [2, 0]]));
    editor.finish().await;
}

#[tokio::test]
async fn a_cell_has_its_own_names_and_they_lead_to_other_cells() {
    let backend = FakeBackend::with(&[("a.py", "")]);
    let mut editor = Editor::start(&backend).await;
    let (one, other) = ("vscode-notebook-cell:/w/nb.ipynb#a", "vscode-notebook-cell:/w/nb.ipynb#b");
    let cells = [one, other].map(|uri| json!({"kind": 2, "document": uri}));
    let texts = [(one, "def f"), (other, "x\nf")];
    let texts = texts.map(|(uri, text)| json!({"uri": uri, "languageId": "words", "version": 1, "text": text}));
    let notebook =
        json!({"uri": "file:///w/nb.ipynb", "notebookType": "jupyter-notebook", "version": 1, "cells": cells});
    editor.notify("notebookDocument/didOpen", json!({"notebookDocument": notebook, "cellTextDocuments": texts})).await;
    let found = editor.ask("vraftls/occurrences", of(other)).await;
    assert_eq!(found["documents"], json!([{"uri": one, "path": "nb.ipynb.words.ipynb"}]));
    let lines: Vec<&Value> = found["occurrences"].as_array().unwrap().iter().map(|name| &name[0]).collect();
    assert_eq!(lines, [&json!(0), &json!(1)]);
    assert_eq!(found["targets"][0][2], 4);
    editor.finish().await;
}
