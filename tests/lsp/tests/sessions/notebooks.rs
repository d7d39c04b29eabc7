//! A Python notebook through the whole of the server.

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, at};

const LIBRARY: &str = "def area(width: float, height: float) -> float:\n    return width * height\n";

/// The URI of a cell; the project's root is not in it, as nothing has to be.
fn cell(name: &str) -> String {
    format!("vscode-notebook-cell:/nb.ipynb#{name}")
}

async fn open(client: &mut LspClient, notebook: &str, cells: &[(&str, &str)]) {
    let kinds = cells.iter().map(|(name, _)| json!({"kind": 2, "document": cell(name)}));
    let kinds: Vec<Value> = kinds.collect();
    let text =
        |(name, text): &(&str, &str)| json!({"uri": cell(name), "languageId": "python", "version": 1, "text": text});
    let texts: Vec<Value> = cells.iter().map(text).collect();
    let document = json!({"uri": notebook, "notebookType": "jupyter-notebook", "version": 1, "cells": kinds});
    client.notify("notebookDocument/didOpen", json!({"notebookDocument": document, "cellTextDocuments": texts})).await;
}

fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    let position = |(line, character): (u32, u32)| json!({"line": line, "character": character});
    json!({"start": position(start), "end": position(end)})
}

#[tokio::test]
async fn cells_of_a_python_notebook_are_one_module() {
    let (project, server) = (Project::new(&[("shapes.py", LIBRARY)]), Server::with_plugins(&["python"]));
    let capabilities = json!({
        "workspace": {"workspaceEdit": {"documentChanges": true}},
        "textDocument": {"publishDiagnostics": {"versionSupport": true}},
    });
    let mut client = server.open(&project, capabilities).await;
    let notebook = project.uri("nb.ipynb");
    let cells = [
        ("one", "%matplotlib inline\nfrom shapes import area\nbreite = 2.0"),
        ("two", "größe = area(breite, 3)\nbroken = ("),
        ("three", "größe.nothing"),
        ("four", "await größe\nx=1"),
    ];
    open(&mut client, &notebook, &cells).await;
    // What is broken in a cell is so there alone, and the others are checked by what it defines.
    let found = client.diagnostics(&cell("two"), |found| !found.is_empty()).await;
    assert!(found.iter().all(|found| found["range"]["start"]["line"] == 1), "{found:?}");
    let found = client.diagnostics(&cell("three"), |found| !found.is_empty()).await;
    assert_eq!(found[0]["range"], range((0, 0), (0, 13)), "{found:?}");
    client.allow("textDocument/publishDiagnostics");

    let definition = client.ask("textDocument/definition", at(&cell("three"), 0, 1)).await;
    assert_eq!(definition, json!([{"uri": cell("two"), "range": range((0, 0), (0, 5))}]));
    let definition = client.ask("textDocument/definition", at(&cell("two"), 0, 9)).await;
    assert_eq!(definition[0]["uri"], project.uri("shapes.py"), "{definition}");
    let hover = client.ask("textDocument/hover", at(&cell("three"), 0, 1)).await;
    assert!(hover["contents"]["value"].as_str().unwrap().contains("float"), "{hover}");

    let mut params = at(&cell("three"), 0, 1);
    params["newName"] = json!("size");
    let in_three = |edit: &Value| edit["documentChanges"].as_array().is_some_and(|documents| documents.len() == 3);
    let edit = client.ask_until("textDocument/rename", params, in_three).await;
    let edited: Vec<&Value> =
        edit["documentChanges"].as_array().unwrap().iter().map(|document| &document["textDocument"]).collect();
    let expected = ["two", "three", "four"].map(|name| json!({"uri": cell(name), "version": 1}));
    assert_eq!(edited, expected.iter().collect::<Vec<_>>());

    let options = json!({"tabSize": 4, "insertSpaces": true});
    let params = json!({"textDocument": {"uri": cell("four")}, "options": options});
    let edits = client.ask("textDocument/formatting", params).await;
    assert_eq!(edits, json!([{"range": range((1, 1), (1, 2)), "newText": " = "}]));

    // The cell that defines the name goes, and it is missed.
    let structure = json!({"array": {"start": 1, "deleteCount": 1}, "didClose": [{"uri": cell("two")}]});
    let changed =
        json!({"notebookDocument": {"uri": notebook, "version": 2}, "change": {"cells": {"structure": structure}}});
    client.notify("notebookDocument/didChange", changed).await;
    let is_missed = |found: &[Value]| found.iter().any(|found| found["code"] == "unresolved-reference");
    client.diagnostics(&cell("three"), is_missed).await;
    let close = json!({"notebookDocument": {"uri": notebook}, "cellTextDocuments": []});
    client.notify("notebookDocument/didClose", close).await;
    client.diagnostics(&cell("three"), <[Value]>::is_empty).await;
    client.finish().await;
}
