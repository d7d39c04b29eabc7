//! Editors that save over each other, and over what programs wrote: each really writes the disk.

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, at};

const OPENED: &str = "def opened # By all.\n";

fn project() -> Project {
    Project::new(&[("toy.project", ""), ("lib.toy", OPENED), ("a.toy", "use opened\n")])
}

/// An editor that has the file open, as it is on disk, and is answered about it.
async fn open(client: &mut LspClient, project: &Project) {
    let uri = project.uri("lib.toy");
    client.open_document(&uri, "toy", &project.read("lib.toy")).await;
    client.ask_until("textDocument/hover", at(&uri, 0, 5), Value::is_object).await;
}

async fn edit(client: &mut LspClient, project: &Project, version: i64, text: &str) {
    client.change_document(&project.uri("lib.toy"), version, json!([{"text": text}])).await;
}

/// Writes what the buffer has, and says so.
async fn save(client: &mut LspClient, project: &Project, text: &str) {
    project.write("lib.toy", text);
    client.save_document(&project.uri("lib.toy")).await;
}

/// Waits for the next words to the person.
async fn told(client: &mut LspClient, words: &str) {
    let message = client.notification("window/showMessage").await;
    let text = message["message"].as_str().unwrap();
    assert!(text.contains(words) && text.contains("lib.toy"), "{text}");
}

#[tokio::test]
async fn two_editors_and_a_program_that_write_one_file_lose_nothing_in_silence() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let mut one = listening.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    let mut other = listening.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    open(&mut one, &project).await;
    open(&mut other, &project).await;
    edit(&mut one, &project, 2, "def one # Mine.\n").await;
    edit(&mut other, &project, 2, "def other # Mine.\n").await;

    // The first save is seen by the other, which has unsaved edits.
    save(&mut one, &project, "def one # Mine.\n").await;
    told(&mut other, "by another editor").await;
    // It saves nevertheless. Both are told, and both have their buffers still.
    save(&mut other, &project, "def other # Mine.\n").await;
    told(&mut other, "your save replaced that").await;
    told(&mut one, "replaced by a save from another editor").await;
    assert_eq!(project.read("lib.toy"), "def other # Mine.\n");
    for (client, name) in [(&mut one, "def one"), (&mut other, "def other")] {
        let hover = client.ask("textDocument/hover", at(&project.uri("lib.toy"), 0, 5)).await;
        assert!(hover["contents"]["value"].as_str().unwrap().contains(name), "{hover}");
    }

    // A program writes between.
    edit(&mut other, &project, 3, "def other # Again.\n").await;
    project.write("lib.toy", "def program\n");
    told(&mut other, "by another program").await;
    save(&mut other, &project, "def other # Again.\n").await;
    told(&mut other, "changed by another program since you opened or saved it; your save replaced that").await;
    // The first one is told of nothing more: it was told that what it has is not what the file has.
    assert!(one.ask("textDocument/hover", at(&project.uri("lib.toy"), 0, 5)).await.is_object());
    one.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn a_save_that_does_not_reach_the_disk_or_is_gone_again_is_told() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    open(&mut client, &project).await;
    edit(&mut client, &project, 2, "def mine\n").await;
    client.save_document(&project.uri("lib.toy")).await;
    told(&mut client, "not on disk").await;
    // Then it is there, which is nothing to be told, and taken away by somebody.
    save(&mut client, &project, "def mine\n").await;
    let a = project.uri("a.toy");
    client.open_document(&a, "toy", "use mine\n").await;
    client.ask_until("textDocument/hover", at(&a, 0, 5), Value::is_object).await;
    edit(&mut client, &project, 3, "def gone\n").await;
    project.remove("lib.toy");
    client.save_document(&project.uri("lib.toy")).await;
    let is_told =
        |message: &Value| message["params"]["message"].as_str().is_some_and(|text| text.contains("not there"));
    client.wait_for("that it is not there", is_told).await;
    // That the file changed under unsaved edits may have been told before that.
    client.allow("window/showMessage");
    client.finish().await;
}

#[tokio::test]
async fn editors_that_save_in_turn_are_told_nothing() {
    let (project, server) = (project(), Server::with_plugins(&["toy"]));
    let listening = server.listen(&project).await;
    let mut one = listening.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    let mut other = listening.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    open(&mut one, &project).await;
    open(&mut other, &project).await;
    let a = project.uri("a.toy");
    for turn in 0..4 {
        let text = format!("def turn{turn} # Saved.\n");
        let (saving, reading) = if turn % 2 == 0 { (&mut one, &mut other) } else { (&mut other, &mut one) };
        edit(saving, &project, turn + 2, &text).await;
        save(saving, &project, &text).await;
        // The other reads it when it is there, as editors do.
        edit(reading, &project, turn + 2, &text).await;
        for client in [saving, reading] {
            client.open_document(&a, "toy", &format!("use turn{turn}\n")).await;
            client.ask_until("textDocument/hover", at(&a, 0, 5), Value::is_object).await;
            client.close_document(&a).await;
        }
    }
    one.finish().await;
    other.finish().await;
}
