//! How sessions and processes end, and that a second process is one more session.

use serde_json::{Value, json};
use vraftls_harness::{Project, Server, at};

fn project() -> Project {
    Project::new(&[("toy.project", ""), ("lib.toy", "def helper # Helps.\n")])
}

fn pulling() -> Value {
    json!({"textDocument": {"diagnostic": {}}})
}

#[tokio::test]
async fn exit_without_shutdown_ends_the_process_with_one() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, pulling()).await;
    client.notify("exit", Value::Null).await;
    assert_eq!(client.end().await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn a_second_process_on_the_same_data_is_one_more_session_of_the_first() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let uri = project.uri("a.toy");
    let mut first = server.open(&project, pulling()).await;
    first.open_document(&uri, "toy", "use helper\ndef mine\n").await;
    assert!(first.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    let mut second = server.open(&project, pulling()).await;
    second.open_document(&uri, "toy", "use mine\nuse helper\n").await;
    assert!(
        second.ask("textDocument/hover", at(&uri, 0, 5)).await.is_null(),
        "what the first has not saved is its own"
    );
    assert!(second.ask("textDocument/hover", at(&uri, 1, 5)).await.is_object());
    second.finish().await;
    assert!(first.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    first.finish().await;
}

#[tokio::test]
async fn an_editor_that_vanishes_leaves_the_server_to_the_others() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let uri = project.uri("a.toy");
    let mut other = listening.open(&project, pulling()).await;
    other.open_document(&uri, "toy", "use helper\n").await;
    for _ in 0..10 {
        let mut client = listening.open(&project, pulling()).await;
        client.open_document(&uri, "toy", "use helper\n").await;
        for _ in 0..20 {
            client.request("textDocument/hover", at(&uri, 0, 5)).await;
        }
        drop(client);
        assert!(other.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    }
    other.finish().await;
}

#[tokio::test]
async fn after_a_crash_the_next_start_has_everything() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let uri = project.uri("a.toy");
    for _ in 0..3 {
        let mut client = server.open(&project, pulling()).await;
        client.open_document(&uri, "toy", "use helper\n").await;
        assert!(client.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
        client.kill().await;
    }
    let mut client = server.open(&project, pulling()).await;
    client.open_document(&uri, "toy", "use helper\n").await;
    assert!(client.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    client.finish().await;
}

fn status(server: &Server, project: &Project, arguments: &[&str]) -> std::process::Output {
    let line = server.command_line();
    let mut command = std::process::Command::new(&line[0]);
    // The command line's `lsp` is left out.
    command.arg("status").arg(project.root()).args(&line[2..]).args(arguments);
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_who_serves_a_folder_or_that_nobody_does() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let nobody = status(&server, &project, &[]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stdout).starts_with("nobody serves "));

    let mut client = server.open(&project, pulling()).await;
    let uri = project.uri("a.toy");
    client.open_document(&uri, "toy", "use helper\n").await;
    client.ask_until("textDocument/references", references(&uri), |found| found.is_array()).await;
    let found = tokio::task::block_in_place(|| status(&server, &project, &["--json"]));
    assert!(found.status.success(), "{found:?}");
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["process"].as_u64(), client.process_id().map(u64::from), "{found}");
    assert_eq!(
        (&found["served"], &found["sessions"], &found["sandbox"]["engines"]),
        (&json!(true), &json!(1), &json!(1))
    );
    assert_eq!(found["folders"][0]["root"].as_str(), project.root().to_str(), "{found}");
    let text = tokio::task::block_in_place(|| status(&server, &project, &[]));
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for word in ["node", "sessions", "folder", "cache", "sandbox", "engines"] {
        assert!(text.lines().any(|line| line.starts_with(word)), "no {word} in {text}");
    }
    // Asking was a session that is over: the server goes on.
    assert!(client.ask("textDocument/hover", at(&uri, 0, 5)).await.is_object());
    let process = client.process_id();
    client.kill().await;
    let nobody = status(&server, &project, &["--json"]);
    assert_eq!(nobody.status.code(), Some(1), "{process:?} was killed: {nobody:?}");
    let said: Value = serde_json::from_slice(&nobody.stdout).unwrap();
    assert_eq!(said["served"], false);
}

fn references(uri: &str) -> Value {
    let mut params = at(uri, 0, 5);
    params["context"] = json!({"includeDeclaration": true});
    params
}
