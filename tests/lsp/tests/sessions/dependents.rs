//! Files that depend on an edited or saved one, asked about again, are answered from the cache where it shows what it showed before.

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server};

/// Asks for the findings of a document; says how many there are, and how many calls of the engine that took.
async fn pull(client: &mut LspClient, uri: &str) -> (usize, u64) {
    let before = engine_calls(client).await;
    let report = client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": uri}})).await;
    (report["items"].as_array().unwrap().len(), engine_calls(client).await - before)
}

async fn engine_calls(client: &mut LspClient) -> u64 {
    client.ask("vraftls/status", Value::Null).await["sandbox"]["engineCalls"].as_u64().unwrap()
}

async fn until_ready(client: &mut LspClient) {
    let is_ready = |status: &Value| status["folders"][0]["phase"] == "ready" && status["folders"][0]["files"] != 0;
    client.ask_until("vraftls/status", Value::Null, is_ready).await;
}

/// The revision of the folder's files, and whether the server has made all of it its own.
fn revision(status: &Value) -> (u64, bool) {
    let folder = &status["folders"][0];
    (folder["revision"].as_u64().unwrap(), folder["phase"] == "ready")
}

#[tokio::test]
async fn the_engine_is_not_asked_where_nothing_others_see_was_changed() {
    let files = [("toy.project", ""), ("lib.toy", "def helper # Helps.\n"), ("main.toy", "use helper\nuse later\n")];
    let (project, server) = (Project::new(&files), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    let (lib, main) = (project.uri("lib.toy"), project.uri("main.toy"));
    for (uri, path) in [(&lib, "lib.toy"), (&main, "main.toy")] {
        client.open_document(uri, "toy", &project.read(path)).await;
    }
    until_ready(&mut client).await;
    assert_eq!(pull(&mut client, &main).await.0, 1);

    // The first time above an unsaved buffer; from then on what it shows is known.
    let body = |n: usize| format!("def helper # Helps.\n{}", "use helper\n".repeat(n));
    client.change_document(&lib, 2, json!([{"text": body(1)}])).await;
    pull(&mut client, &main).await;
    for n in 2..6_usize {
        client.change_document(&lib, n as i64 + 1, json!([{"text": body(n)}])).await;
        assert_eq!(pull(&mut client, &main).await, (1, 0), "after edit {n}");
    }
    client.change_document(&lib, 10, json!([{"text": "def helper # Helps.\ndef later\n"}])).await;
    let (n_found, n_calls) = pull(&mut client, &main).await;
    assert!(n_found == 0 && n_calls > 0, "{n_found} findings by {n_calls} calls");

    // The same for a file that is saved, by whom ever.
    client.close_document(&lib).await;
    assert_eq!(pull(&mut client, &main).await, (1, 0));
    for n in 1..4 {
        // The first save is the first text of the file that is not a buffer's; from then on what it shows is known.
        let (before, _) = revision(&client.ask("vraftls/status", Value::Null).await);
        project.write("lib.toy", &body(n));
        let is_seen = |status: &Value| matches!(revision(status), (now, true) if now > before);
        client.ask_until("vraftls/status", Value::Null, is_seen).await;
        let (n_found, n_calls) = pull(&mut client, &main).await;
        assert_eq!(n_found, 1);
        assert!(n_calls == 0 || n == 1, "after save {n}");
    }
    client.finish().await;
}
