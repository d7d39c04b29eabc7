//! Files that change on disk, hinted at or not, and buffers above them.

use serde_json::{Value, json};
use vraftls_harness::{Project, Server, at};

fn pulling() -> Value {
    json!({"textDocument": {"diagnostic": {}}})
}

fn project() -> Project {
    Project::new(&[("toy.project", ""), ("lib.toy", "def helper # Old.\n"), ("a.toy", "use helper\nuse late\n")])
}

fn says(text: &'static str) -> impl Fn(&Value) -> bool {
    move |hover| hover["contents"]["value"].as_str().is_some_and(|value| value.ends_with(text))
}

#[tokio::test]
async fn what_is_saved_is_seen_with_a_hint_and_without() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, pulling()).await;
    let (a, lib) = (project.uri("a.toy"), project.uri("lib.toy"));
    client.open_document(&a, "toy", &project.read("a.toy")).await;
    client.ask_until("textDocument/hover", at(&a, 0, 5), says("Old.")).await;

    project.write("lib.toy", "def helper # Hinted at.\n");
    client.save_document(&lib).await;
    client.ask_until("textDocument/hover", at(&a, 0, 5), says("Hinted at.")).await;

    project.write("lib.toy", "def helper # Seen by itself.\n");
    client.ask_until("textDocument/hover", at(&a, 0, 5), says("Seen by itself.")).await;

    project.write("sub/new.toy", "def late # New.\n");
    client.ask_until("textDocument/hover", at(&a, 1, 5), says("New.")).await;
    project.remove("sub/new.toy");
    client.ask_until("textDocument/hover", at(&a, 1, 5), Value::is_null).await;
    client.finish().await;
}

#[tokio::test]
async fn a_buffer_hides_its_file_until_it_is_closed() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, pulling()).await;
    let (a, lib) = (project.uri("a.toy"), project.uri("lib.toy"));
    client.open_document(&a, "toy", &project.read("a.toy")).await;
    client.open_document(&lib, "toy", "def other\ndef helper # Buffer.\n").await;
    let definition = client.ask("textDocument/definition", at(&a, 0, 5)).await;
    assert_eq!(definition[0]["range"]["start"]["line"], 1);
    project.write("lib.toy", "\n\ndef helper # Disk.\n");
    client.save_document(&lib).await;
    let told = client.notification("window/showMessage").await;
    assert!(told["message"].as_str().unwrap().contains("not what you saved"), "{told}");
    let definition = client.ask("textDocument/definition", at(&a, 0, 5)).await;
    assert_eq!(definition[0]["range"]["start"]["line"], 1, "the buffer holds whatever the disk says");
    client.close_document(&lib).await;
    client.ask_until("textDocument/hover", at(&a, 0, 5), says("Disk.")).await;
    client.finish().await;
}

#[tokio::test]
async fn a_file_that_is_not_open_can_be_asked_about() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, pulling()).await;
    let definition = client
        .ask_until("textDocument/definition", at(&project.uri("a.toy"), 0, 5), |found| found[0]["uri"].is_string())
        .await;
    assert_eq!(definition[0]["uri"], project.uri("lib.toy"));
    client.finish().await;
}

#[tokio::test]
async fn names_with_spaces_and_letters_of_all_kinds_are_served() {
    let name = "d é/ö 中[1]#%.toy";
    let project = Project::new(&[("toy.project", ""), (name, "def helper # Strange.\n"), ("a.toy", "use helper\n")]);
    let server = Server::with_plugins(&["toy"]);
    let mut client = server.open(&project, pulling()).await;
    let a = project.uri("a.toy");
    client.open_document(&a, "toy", "use helper\n").await;
    let definition =
        client.ask_until("textDocument/definition", at(&a, 0, 5), |found| found[0]["uri"].is_string()).await;
    let uri = definition[0]["uri"].as_str().unwrap();
    assert!(uri.ends_with("/d%20%C3%A9/%C3%B6%20%E4%B8%AD%5B1%5D%23%25.toy"), "{uri}");
    client.open_document(uri, "toy", "def helper # Opened.\n").await;
    client.ask_until("textDocument/hover", at(&a, 0, 5), says("Opened.")).await;
    client.finish().await;
}
