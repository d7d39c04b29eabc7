//! Commands beside an editor that has the folder open, and beside each other.

use serde_json::{Value, json};
use vraftls_harness::{Server, at};

use crate::command::{asked, command, ended, orders, run, toy};
use crate::mcp::Agent;

fn pulling() -> Value {
    json!({"textDocument": {"diagnostic": {}}})
}

#[tokio::test]
async fn what_is_asked_beside_an_editor_is_what_the_disk_says() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut editor = server.open(&project, pulling()).await;
    let a = project.uri("a.toy");
    editor.open_document(&a, "toy", "\n\nimport lib.toy\nuse helper\nuse nothing\n").await;
    assert!(editor.ask("textDocument/hover", at(&a, 3, 5)).await.is_object());

    let definition = asked(&server, &project, &["definition", "--at", "a.toy:2:5"]).await;
    assert_eq!((&definition[0]["file"], &definition[0]["line"]), (&json!("lib.toy"), &json!(1)));
    let checked = run(&server, &project, &["check", "--format", "json"]).await;
    assert_eq!((checked.code, checked.json()), (0, json!([])), "the editor's buffer is its own");
    let mut agent = Agent::start(&server, &project).await;
    let hover = agent.call("hover", json!({"file": "a.toy", "line": 2, "symbol": "helper"})).await.unwrap();
    assert_eq!(hover["documentation"], "Helps.");
    agent.finish().await;

    let status = run(&server, &project, &["status", "--json"]).await;
    assert_eq!((status.code, &status.json()["served"]), (0, &json!(true)), "the editor's process has the node");
    assert!(editor.ask("textDocument/hover", at(&a, 3, 5)).await.is_object());
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_and_commands_join_an_agent_that_was_there_first() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut agent = Agent::start(&server, &project).await;
    agent.call("symbols", json!({"query": "helper"})).await.unwrap();
    let mut editor = server.open(&project, pulling()).await;
    let a = project.uri("a.toy");
    editor.open_document(&a, "toy", "import lib.toy\nuse helper\n").await;
    assert!(editor.ask("textDocument/hover", at(&a, 1, 5)).await.is_object());
    assert_eq!(asked(&server, &project, &["symbols", "helper"]).await[0]["file"], "lib.toy");
    editor.finish().await;
    agent.finish().await;
}

#[tokio::test]
async fn an_agent_goes_on_when_the_editor_whose_node_it_used_is_killed() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut editor = server.open(&project, pulling()).await;
    let a = project.uri("a.toy");
    editor.open_document(&a, "toy", "import lib.toy\nuse helper\n").await;
    assert!(editor.ask("textDocument/hover", at(&a, 1, 5)).await.is_object());
    let mut agent = Agent::start(&server, &project).await;
    let place = json!({"file": "a.toy", "line": 2, "symbol": "helper"});
    let before = agent.call("definition", place.clone()).await.unwrap();
    editor.kill().await;
    assert_eq!(agent.call("definition", place).await.unwrap(), before);
    agent.finish().await;
}

#[tokio::test]
async fn an_editor_that_comes_while_commands_run_has_the_node_when_they_are_done() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let a = project.uri("a.toy");
    for _ in 0..3 {
        let question = ["query", "definition", "--at", "a.toy:2:5", "--json"];
        let running = [&question[..], &["check"]].map(|line| command(&server, &project, line).spawn().unwrap());
        let mut editor = server.open(&project, pulling()).await;
        editor.open_document(&a, "toy", "import lib.toy\nuse helper\n").await;
        assert!(editor.ask("textDocument/hover", at(&a, 1, 5)).await.is_object());
        for child in running {
            // It does not wait for the editor, which stays until the command is gone.
            let ran = ended(&["a command"], child).await;
            assert_eq!(ran.code, 0, "{ran:?}");
        }
        assert!(editor.ask("textDocument/hover", at(&a, 1, 5)).await.is_object());
        editor.finish().await;
    }
}

#[tokio::test]
async fn many_commands_at_once_all_get_their_answers() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let question = ["query", "definition", "--at", "src/orders/pricing.py:28:21", "--json"];
    let started: Vec<_> = (0..6).map(|_| command(&server, &project, &question).spawn().unwrap()).collect();
    let check = command(&server, &project, &["check"]).spawn().unwrap();
    for child in started {
        let ran = ended(&question, child).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.json()[0]["line"], 16);
    }
    assert_eq!(ended(&["check"], check).await.code, 0);
}
