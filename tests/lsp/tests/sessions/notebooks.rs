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

/// What a list of edits makes of a text; characters are counted in UTF-16, and are of one unit here.
fn edited(text: &str, edits: &Value) -> String {
    let offset = |at: &Value| {
        let line = usize::try_from(at["line"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        start + usize::try_from(at["character"].as_u64().unwrap()).unwrap()
    };
    let mut text = text.to_owned();
    let spans = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]), edit));
    let mut spans: Vec<(usize, usize, &Value)> = spans.collect();
    spans.sort_by_key(|(start, ..)| std::cmp::Reverse(*start));
    for (start, end, edit) in spans {
        text.replace_range(start..end, edit["newText"].as_str().unwrap());
    }
    text
}

#[tokio::test]
async fn changes_of_a_python_notebook_stay_in_their_cells() {
    let (project, server) = (Project::new(&[]), Server::with_plugins(&["python"]));
    let capabilities = json!({
        "workspace": {"workspaceEdit": {"documentChanges": true}},
        "textDocument": {"diagnostic": {}, "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
    });
    let mut client = server.open(&project, capabilities).await;
    let cells =
        [("one", "import sys\nimport os"), ("two", "import json\nsys, os"), ("three", "%%time\nPath"), ("four", "1")];
    open(&mut client, &project.uri("nb.ipynb"), &cells).await;
    let text_of = |name: &str| cells.iter().find(|(known, _)| *known == name).unwrap().1;

    // The line that goes is a cell's first, and another's last.
    let report = client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": cell("two")}})).await;
    let unused: Vec<&Value> =
        report["items"].as_array().unwrap().iter().filter(|item| item["code"] == "unused-import").collect();
    assert_eq!(unused.len(), 1, "{report}");
    let params = json!({"textDocument": {"uri": cell("two")}, "range": unused[0]["range"],
        "context": {"diagnostics": unused, "only": ["quickfix"]}});
    let actions = client.ask("textDocument/codeAction", params).await;
    let change = &actions[0]["edit"]["documentChanges"];
    assert_eq!(
        (change.as_array().unwrap().len(), &change[0]["textDocument"]["uri"]),
        (1, &json!(cell("two"))),
        "{actions}"
    );
    assert_eq!(edited(text_of("two"), &change[0]["edits"]), "sys, os");

    let params = json!({"textDocument": {"uri": cell("one")}, "range": range((0, 0), (0, 0)),
        "context": {"diagnostics": [], "only": ["source.organizeImports"]}});
    let actions = client.ask("textDocument/codeAction", params).await;
    let change = &actions[0]["edit"]["documentChanges"];
    assert_eq!(change.as_array().unwrap().len(), 1, "{actions}");
    assert_eq!(edited(text_of("one"), &change[0]["edits"]), "import os\nimport sys");

    let proposals = client.ask("textDocument/completion", at(&cell("three"), 1, 4)).await;
    let imports = |item: &&Value| item["label"] == "Path" && item["additionalTextEdits"].is_array();
    let proposal = proposals["items"].as_array().unwrap().iter().find(imports).unwrap();
    let written = edited(text_of("three"), &proposal["additionalTextEdits"]);
    assert_eq!(written, "%%time\n\nfrom pathlib import Path\n\nPath");
    client.finish().await;
}
