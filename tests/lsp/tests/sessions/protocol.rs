//! The transport, through real pipes and sockets.

use serde_json::{Value, json};
use vraftls_harness::{Project, Server, at, edit};

fn project() -> Project {
    Project::new(&[("toy.project", ""), ("lib.toy", "def helper\n")])
}

fn pulling() -> Value {
    json!({"textDocument": {"diagnostic": {}}})
}

#[tokio::test]
async fn three_hundred_edits_apply_in_order_while_requests_run() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, pulling()).await;
    let uri = project.uri("a.toy");
    client.open_document(&uri, "toy", "").await;
    let mut asked = Vec::new();
    for n in 0..300_u32 {
        let line = format!("def name{n}\n");
        client.change_document(&uri, i64::from(n) + 2, json!([edit((n, 0), (n, 0), &line)])).await;
        let params = json!({"textDocument": {"uri": uri}});
        asked.push((n, client.request("textDocument/documentSymbol", params).await));
    }
    for (n, id) in asked {
        let response = client.response(id).await;
        let symbols = response["result"].as_array().unwrap_or_else(|| panic!("{response}"));
        assert_eq!(symbols.len(), n as usize + 1, "the request after edit {n} sees that many");
        assert_eq!(symbols[n as usize]["name"], format!("name{n}"));
    }
    client.finish().await;
}

#[tokio::test]
async fn each_of_many_requests_has_one_response_though_half_are_cancelled() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, pulling()).await;
    let uri = project.uri("a.toy");
    client.open_document(&uri, "toy", "use helper\n").await;
    let mut asked = Vec::new();
    for n in 0..200 {
        let id = client.request("textDocument/hover", at(&uri, 0, 5)).await;
        if n % 2 == 0 {
            client.notify("$/cancelRequest", json!({"id": id})).await;
        }
        asked.push((n, id));
    }
    for (n, id) in asked {
        let response = client.response(id).await;
        let code = response["error"]["code"].as_i64();
        assert!(code.is_none() || (n % 2 == 0 && code == Some(-32800)), "{response}");
    }
    // A second response would be unread now.
    client.finish().await;
}

#[tokio::test]
async fn positions_are_told_in_each_encoding() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    for (encoding, character) in [("utf-8", 9), ("utf-16", 7), ("utf-32", 6)] {
        let mut client = listening.connect().await;
        let mut capabilities = pulling();
        capabilities["general"] = json!({"positionEncodings": [encoding]});
        let able = client.initialize(&project, capabilities).await;
        assert_eq!(able["positionEncoding"], encoding);
        let uri = project.uri("wide.toy");
        // `𝒳` is a letter of 4 bytes and 2 UTF-16 units.
        client.open_document(&uri, "toy", "def a𝒳\nuse a𝒳\n").await;
        let definition = client.ask("textDocument/definition", at(&uri, 1, 4)).await;
        assert_eq!(definition[0]["range"]["end"], json!({"line": 0, "character": character}), "{encoding}");
        client.finish().await;
    }
}

#[tokio::test]
async fn an_impossible_edit_fails_requests_until_the_document_is_opened_again() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, pulling()).await;
    let uri = project.uri("a.toy");
    client.open_document(&uri, "toy", "use helper\n").await;
    assert!(client.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    client.change_document(&uri, 2, json!([edit((50, 0), (50, 1), "x")])).await;
    client.notification("window/showMessage").await;
    assert_eq!(client.ask_in_vain("textDocument/hover", at(&uri, 0, 5)).await, -32801);
    client.open_document(&uri, "toy", "use helper\n").await;
    assert!(client.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    client.finish().await;
}

#[tokio::test]
async fn many_editors_share_a_node_and_no_unsaved_text() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let uri = project.uri("lib.toy");
    let mut clients = Vec::new();
    for n in 0..24 {
        let mut client = listening.open(&project, pulling()).await;
        client.open_document(&uri, "toy", &format!("def helper # Of editor {n}.\n")).await;
        client.open_document(&project.uri("a.toy"), "toy", "use helper\n").await;
        clients.push(client);
    }
    for round in 0..3 {
        for (n, client) in clients.iter_mut().enumerate() {
            let hover = client.ask("textDocument/hover", at(&project.uri("a.toy"), 0, 5)).await;
            let text = hover["contents"]["value"].as_str().unwrap();
            assert!(text.ends_with(&format!("Of editor {n}.")), "round {round}: {text}");
        }
    }
    for client in clients {
        client.finish().await;
    }
}

#[tokio::test]
async fn garbage_ends_one_session_and_no_other() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let mut other = listening.open(&project, pulling()).await;
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"Content-Length: 99999999999\r\n\r\n", &[0xff; 20_000]] {
        let mut client = listening.connect().await;
        client.send_bytes(garbage).await;
        let said = client.wait_for("an error", |message| message["error"]["code"] == -32700).await;
        assert!(said["id"].is_null());
        client.end().await;
    }
    other.open_document(&project.uri("a.toy"), "toy", "use helper\n").await;
    assert!(other.ask("textDocument/hover", at(&project.uri("a.toy"), 0, 5)).await.is_object());
    other.finish().await;
}
