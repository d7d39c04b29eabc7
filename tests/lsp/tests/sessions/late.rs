//! Messages that come too late, twice, or from an editor that is gone: over a real socket, and judged by the session after.

use serde_json::{Value, json};
use vraftls_harness::{Listening, LspClient, Project, Server, at};

fn project() -> Project {
    Project::new(&[("toy.project", ""), ("lib.toy", "def helper # Helps.\n")])
}

/// An editor that the server asks something: to watch files.
fn watching() -> Value {
    json!({
        "textDocument": {"diagnostic": {}},
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}},
    })
}

async fn open(listening: &Listening, project: &Project) -> (LspClient, String) {
    let mut client = listening.open(project, watching()).await;
    let uri = project.uri("a.toy");
    client.open_document(&uri, "toy", "use helper\n").await;
    (client, uri)
}

/// The session works, and so does the next one.
async fn serves(listening: &Listening, project: &Project, mut client: LspClient) {
    let uri = project.uri("a.toy");
    assert!(client.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    // A response too many would be unread now.
    client.finish().await;
    serves_another(listening, project).await;
}

async fn serves_another(listening: &Listening, project: &Project) {
    let (mut client, uri) = open(listening, project).await;
    assert!(client.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    client.finish().await;
}

#[tokio::test]
async fn replies_to_requests_that_nobody_waits_for_are_passed_over() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let (mut client, uri) = open(&listening, &project).await;
    while !client.served().iter().any(|method| method == "client/registerCapability") {
        client.ask("textDocument/hover", at(&uri, 0, 5)).await;
    }
    // The first of the server's requests is answered; then again, as an error, and requests that it never made.
    for id in [json!(1), json!(1), json!(999), json!("1"), json!(-1)] {
        client.send(json!({"jsonrpc": "2.0", "id": id, "result": {"late": true}})).await;
        client.send(json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32800, "message": "late"}})).await;
    }
    serves(&listening, &project, client).await;
}

#[tokio::test]
async fn cancelling_what_is_answered_or_was_never_asked_cancels_nothing() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let (mut client, uri) = open(&listening, &project).await;
    let answered = client.request("textDocument/hover", at(&uri, 0, 5)).await;
    assert!(client.response(answered).await["result"].is_object());
    for id in [json!(answered), json!(answered), json!(answered + 1000), json!("never"), Value::Null] {
        client.notify("$/cancelRequest", json!({"id": id})).await;
    }
    // The next request has an id that was cancelled before it was asked.
    client.notify("$/cancelRequest", json!({"id": answered + 1})).await;
    serves(&listening, &project, client).await;
}

#[tokio::test]
async fn an_id_that_is_in_use_is_refused_and_one_that_was_answered_is_free() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let (mut client, uri) = open(&listening, &project).await;
    for round in 0..20 {
        // Not one of the client's own numbers.
        let id = 1_000_000;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": at(&uri, 0, 5)});
        client.send(request.clone()).await;
        client.send(request).await;
        let responses = [client.response(id).await, client.response(id).await];
        let n_answered = responses.iter().filter(|response| response["result"].is_object()).count();
        let n_refused = responses.iter().filter(|response| response["error"]["code"] == -32600).count();
        assert!(n_answered >= 1 && n_answered + n_refused == 2, "round {round}: {responses:?}");
    }
    serves(&listening, &project, client).await;
}

#[tokio::test]
async fn an_editor_that_is_gone_in_the_middle_of_a_hundred_requests_leaves_the_server_as_it_was() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    for _ in 0..5 {
        let (mut client, uri) = open(&listening, &project).await;
        let mut frames = Vec::new();
        for id in 0..100 {
            let method = ["textDocument/hover", "textDocument/definition", "textDocument/references"][id % 3];
            let mut params = at(&uri, 0, 5);
            params["context"] = json!({"includeDeclaration": true});
            let content = json!({"jsonrpc": "2.0", "id": id + 1000, "method": method, "params": params}).to_string();
            frames.extend(format!("Content-Length: {}\r\n\r\n{content}", content.len()).into_bytes());
        }
        // All at once, half of a message after them, and gone with everything unread: the kernel resets the connection.
        frames.extend(b"Content-Length: 1000\r\n\r\n{\"jsonrpc\"");
        client.send_bytes(&frames).await;
        drop(client);
        serves_another(&listening, &project).await;
    }
}
