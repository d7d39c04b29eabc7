//! What was written a moment ago is what is answered about.

use serde_json::json;
use vraftls_harness::{Server, at};

use crate::command::{asked, toy};
use crate::mcp::Agent;

#[tokio::test]
async fn a_question_right_after_a_write_sees_it_beside_an_editor() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut editor = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    let lib = project.uri("lib.toy");
    editor.ask_until("textDocument/hover", at(&lib, 0, 4), |hover| !hover.is_null()).await;
    for n in 0..5 {
        project.write("lib.toy", &format!("{}def helper # Helps.\n", "\n".repeat(n)));
        let found = asked(&server, &project, &["definition", "--at", "a.toy:2:5"]).await;
        assert_eq!(found[0]["line"], n + 1);
    }
    editor.finish().await;
}

#[tokio::test]
async fn an_agent_that_writes_and_asks_at_once_is_told_of_what_it_wrote() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut agent = Agent::start(&server, &project).await;
    for n in 0..20 {
        project.write("lib.toy", &format!("{}def helper # Helps {n}.\n", "\n".repeat(n)));
        let place = json!({"file": "a.toy", "line": 2, "symbol": "helper"});
        let found = agent.call("definition", place.clone()).await.unwrap();
        assert_eq!(found["places"][0]["line"], n + 1);
        assert_eq!(found["places"][0]["source"], format!("def helper # Helps {n}."));
        let hover = agent.call("hover", place).await.unwrap();
        assert_eq!(hover["documentation"], format!("Helps {n}."));
    }
    project.write("sub/new.toy", "def fresh # New.\n");
    let found = agent.call("symbols", json!({"query": "fresh"})).await.unwrap();
    assert_eq!(found["symbols"][0]["file"], "sub/new.toy");
    project.remove("sub/new.toy");
    let found = agent.call("symbols", json!({"query": "fresh"})).await.unwrap();
    assert_eq!(found["symbols"], json!([]));
    agent.finish().await;
}
