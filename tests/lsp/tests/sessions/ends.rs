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
