//! One session, word for word, on every transport: what is recorded in `transcripts/session.txt` is said on each of them.
//!
//! With `UPDATE_TRANSCRIPTS=1` what is said over standard streams becomes what is recorded.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, Side, Transport, at, edit, range};

const RECORDED: &str = "tests/sessions/transcripts/session.txt";

fn project() -> Project {
    Project::new(&[
        ("toy.project", ""),
        ("lib.toy", "def helper # Helps.\ndef other\n"),
        ("main.toy", "import lib.toy\ndef main\n  use helper\n  use helper\n"),
    ])
}

fn capabilities() -> Value {
    json!({
        "general": {"positionEncodings": ["utf-16"]},
        "textDocument": {
            "diagnostic": {}, "hover": {"contentFormat": ["markdown"]}, "rename": {"prepareSupport": true},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        },
        "workspace": {"workspaceEdit": {"documentChanges": true}},
    })
}

/// One request after the other, so that there is one order in which everything is said.
async fn speak(client: &mut LspClient, project: &Project) {
    let params = json!({
        "processId": null, "rootUri": project.root_uri(), "capabilities": capabilities(),
        "workspaceFolders": [{"uri": project.root_uri(), "name": "project"}],
    });
    client.ask("initialize", params).await;
    client.notify("initialized", json!({})).await;
    let uri = project.uri("main.toy");
    client.open_document(&uri, "toy", &project.read("main.toy")).await;
    let document = json!({"textDocument": {"uri": uri}});
    client.ask("textDocument/documentSymbol", document.clone()).await;
    for method in ["definition", "hover", "documentHighlight", "prepareRename", "completion"] {
        client.ask(&format!("textDocument/{method}"), at(&uri, 2, 6)).await;
    }
    client.change_document(&uri, 2, json!([edit((3, 6), (3, 12), "missing \u{1f600}")])).await;
    client.ask("textDocument/diagnostic", document.clone()).await;
    let whole = json!({"textDocument": {"uri": uri}, "range": range((0, 0), (4, 0))});
    for method in ["semanticTokens/range", "inlayHint"] {
        client.ask(&format!("textDocument/{method}"), whole.clone()).await;
    }
    for method in ["semanticTokens/full", "foldingRange", "documentLink", "codeLens"] {
        client.ask(&format!("textDocument/{method}"), document.clone()).await;
    }
    // Refused: an unknown method, malformed parameters, a place outside the text, what is cancelled already.
    client.ask_in_vain("textDocument/unknown", json!({})).await;
    client.ask_in_vain("textDocument/hover", json!({"textDocument": 3})).await;
    client.ask_in_vain("textDocument/hover", at(&uri, 99, 0)).await;
    client.notify("$/cancelRequest", json!({"id": 1})).await;
    client.notify("$/unknown", json!({"any": "thing"})).await;
    client.change_document(&uri, 3, json!([edit((99, 0), (99, 1), "")])).await;
    client.notification("window/showMessage").await;
    client.ask_in_vain("textDocument/hover", at(&uri, 0, 0)).await;
    client.close_document(&uri).await;
    client.ask("shutdown", Value::Null).await;
    client.ask_in_vain("textDocument/hover", at(&uri, 0, 0)).await;
    client.notify("exit", Value::Null).await;
    client.end().await;
}

/// What was said, without what another run says in other words.
fn transcript(client: &LspClient, project: &Project) -> String {
    let root = project.root().to_str().unwrap();
    let mut text = String::new();
    for (side, message) in client.recorded() {
        let mut message = message.clone();
        message.as_object_mut().unwrap().remove("jsonrpc");
        if let Some(version) = message.pointer_mut("/result/serverInfo/version") {
            *version = json!("VERSION");
        }
        let side = if *side == Side::Editor { ">" } else { "<" };
        let said = hide_digests(&message.to_string().replace(root, "/ROOT"));
        writeln!(text, "{side} {said}").unwrap();
    }
    text
}

/// Digests, which change with every word of a file, give way to a word.
fn hide_digests(text: &str) -> String {
    let is_digit = |char: char| char.is_ascii_digit() || ('a'..='f').contains(&char);
    let mut hidden = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|char| !is_digit(char)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        hidden.push_str(before);
        hidden.push_str(if word.len() >= 16 { "DIGEST" } else { word });
        rest = after;
    }
    hidden + rest
}

#[tokio::test]
async fn every_transport_says_the_same_words() {
    let mut said = Vec::new();
    for transport in Transport::ALL {
        let (project, server) = (project(), Server::with_plugins(&["toy"]));
        let (mut client, _listening) = match transport {
            Transport::Stdio => (server.start(), None),
            transport => {
                let listening = server.listen_for(transport, &project).await;
                (listening.connect().await, Some(listening))
            }
        };
        client.record();
        speak(&mut client, &project).await;
        said.push((transport, transcript(&client, &project)));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDED);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(&path, &said[0].1).unwrap();
    }
    let recorded = std::fs::read_to_string(&path).unwrap();
    for (transport, said) in said {
        for (n, (said, recorded)) in said.lines().zip(recorded.lines()).enumerate() {
            assert_eq!(said, recorded, "line {} over {transport:?}", n + 1);
        }
        assert_eq!(said.lines().count(), recorded.lines().count(), "{transport:?}");
    }
}
