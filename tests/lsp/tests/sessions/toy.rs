//! Every request once, against an analyzer whose answers are known beforehand.

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, at, range};

fn project() -> Project {
    Project::new(&[
        ("toy.project", ""),
        ("lib.toy", "def helper # Helps.\ndef other\n"),
        ("main.toy", "import lib.toy\ndef main\n  use helper\n  use helper\n"),
        ("more.toy", "use helper\nuse missing\n"),
    ])
}

async fn open(client: &mut LspClient, project: &Project, path: &str) -> String {
    let uri = project.uri(path);
    client.open_document(&uri, "toy", &project.read(path)).await;
    uri
}

#[tokio::test]
async fn a_name_leads_to_its_definition_and_to_its_uses() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    let uri = open(&mut client, &project, "main.toy").await;
    let definition = client.ask("textDocument/definition", at(&uri, 2, 6)).await;
    assert_eq!(definition, json!([{"uri": project.uri("lib.toy"), "range": range((0, 4), (0, 10))}]));
    let mut params = at(&uri, 3, 6);
    params["context"] = json!({"includeDeclaration": true});
    // The index of all files comes a moment after the first answer.
    let references = client
        .ask_until("textDocument/references", params.clone(), |found| {
            found.as_array().is_some_and(|all| all.len() == 4)
        })
        .await;
    let place = |path: &str, start, end| json!({"uri": project.uri(path), "range": range(start, end)});
    let uses =
        [place("main.toy", (2, 6), (2, 12)), place("main.toy", (3, 6), (3, 12)), place("more.toy", (0, 4), (0, 10))];
    let mut all = vec![place("lib.toy", (0, 4), (0, 10))];
    all.extend(uses.clone());
    assert_eq!(references, Value::Array(all));
    params["context"] = json!({"includeDeclaration": false});
    assert_eq!(client.ask("textDocument/references", params).await, Value::Array(uses.to_vec()));
    let highlights = client.ask("textDocument/documentHighlight", at(&uri, 2, 6)).await;
    assert_eq!(highlights.as_array().unwrap().len(), 2);
    client.finish().await;
}

#[tokio::test]
async fn hover_completion_and_layout() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let capabilities = json!({"textDocument": {
        "diagnostic": {}, "hover": {"contentFormat": ["markdown"]},
        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
    }});
    let mut client = server.open(&project, capabilities).await;
    let uri = open(&mut client, &project, "main.toy").await;
    let hover = client.ask("textDocument/hover", at(&uri, 2, 8)).await;
    assert_eq!(hover["contents"]["value"], "```toy\ndef helper\n```\n\n---\n\nHelps.");
    assert_eq!(hover["range"], range((2, 6), (2, 12)));
    assert!(client.ask("textDocument/hover", at(&uri, 0, 0)).await.is_null());

    let lib = open(&mut client, &project, "lib.toy").await;
    let list = client.ask("textDocument/completion", at(&lib, 0, 5)).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let item = list["items"][0].clone();
    assert_eq!((&item["label"], &item["textEdit"]["range"]), (&json!("helper"), &range((0, 4), (0, 10))));
    let resolved = client.ask("completionItem/resolve", item).await;
    assert_eq!(resolved["documentation"]["value"], "Helps.");

    client.change_document(&lib, 2, json!([{"text": "def helper  \ndef other\t\n"}])).await;
    let params = json!({"textDocument": {"uri": lib}, "options": {"tabSize": 4, "insertSpaces": true}});
    let edits = client.ask("textDocument/formatting", params).await;
    let expected = json!([
        {"range": range((0, 10), (0, 12)), "newText": ""}, {"range": range((1, 9), (1, 10)), "newText": ""},
    ]);
    assert_eq!(edits, expected);
    client.finish().await;
}

#[tokio::test]
async fn lines_are_joined_and_names_written_out() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    let uri = open(&mut client, &project, "main.toy").await;
    // Two cursors in one line ask for the same.
    let cursors = [range((1, 0), (1, 0)), range((1, 3), (1, 3))];
    let params = json!({"textDocument": {"uri": uri}, "ranges": cursors});
    let edits = client.ask("experimental/joinLines", params).await;
    assert_eq!(edits, json!([{"range": range((1, 8), (2, 2)), "newText": " "}]));
    let written = client.ask("rust-analyzer/expandMacro", at(&uri, 2, 6)).await;
    assert_eq!(written, json!({"name": "helper", "expansion": "def helper # Helps."}));
    assert!(client.ask("rust-analyzer/expandMacro", at(&uri, 0, 0)).await.is_null());
    client.finish().await;
}

#[tokio::test]
async fn outlines_and_symbols() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let capabilities = json!({"textDocument": {
        "diagnostic": {}, "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
    }});
    let mut client = server.open(&project, capabilities).await;
    let uri = project.uri("nested.toy");
    client.open_document(&uri, "toy", "def outer\n  def inner\n    def innermost\ndef last\n").await;
    let outline = client.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}})).await;
    assert_eq!(outline[0]["name"], "outer");
    assert_eq!(outline[0]["children"][0]["children"][0]["name"], "innermost");
    assert_eq!(outline[1]["name"], "last");
    let is_there = |found: &Value| found.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "helper"));
    client.ask_until("workspace/symbol", json!({"query": "help"}), is_there).await;
    // What is not saved is found too, and gone when it is closed: the file never was on disk.
    let innermost = client.ask("workspace/symbol", json!({"query": "innermost"})).await;
    assert_eq!(innermost[0]["location"]["uri"], uri);
    client.close_document(&uri).await;
    assert_eq!(client.ask("workspace/symbol", json!({"query": "innermost"})).await, json!([]));
    client.finish().await;
}

#[tokio::test]
async fn renaming_edits_every_file_or_none() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let capabilities = json!({
        "workspace": {"workspaceEdit": {"documentChanges": true}},
        "textDocument": {"diagnostic": {}, "rename": {"prepareSupport": true}},
    });
    let mut client = server.open(&project, capabilities).await;
    let uri = open(&mut client, &project, "main.toy").await;
    let target = client.ask("textDocument/prepareRename", at(&uri, 2, 6)).await;
    assert_eq!(target, json!({"range": range((2, 6), (2, 12)), "placeholder": "helper"}));
    let mut params = at(&uri, 2, 6);
    params["newName"] = json!("aid");
    let in_all = |edit: &Value| edit["documentChanges"].as_array().is_some_and(|files| files.len() == 3);
    let edit = client.ask_until("textDocument/rename", params.clone(), in_all).await;
    let documents: Vec<_> =
        edit["documentChanges"].as_array().unwrap().iter().map(|one| &one["textDocument"]).collect();
    assert_eq!(documents[0], &json!({"uri": project.uri("lib.toy"), "version": null}));
    assert_eq!(documents[1], &json!({"uri": uri, "version": 1}));
    params["newName"] = json!("no name");
    assert_eq!(client.ask_in_vain("textDocument/rename", params).await, -32803);
    client.finish().await;
}

#[tokio::test]
async fn diagnostics_follow_the_edits_of_all_open_documents() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, json!({"textDocument": {"publishDiagnostics": {}}})).await;
    let more = open(&mut client, &project, "more.toy").await;
    let found = client.diagnostics(&more, |found| found.len() == 1).await;
    assert_eq!(found[0]["message"], "`missing` is nowhere defined");
    assert_eq!(found[0]["range"], range((1, 4), (1, 11)));
    // Defined in another buffer, that is not saved: found there at once.
    let lib = open(&mut client, &project, "lib.toy").await;
    client.diagnostics(&lib, <[Value]>::is_empty).await;
    client.change_document(&lib, 2, json!([{"text": "def helper\ndef missing\n"}])).await;
    client.diagnostics(&more, <[Value]>::is_empty).await;
    client.allow("textDocument/publishDiagnostics");
    client.finish().await;
}
