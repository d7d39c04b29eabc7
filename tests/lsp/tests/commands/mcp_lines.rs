//! `vraftls mcp` and lines that no client of the protocol would write.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use vraftls_harness::{DEADLINE, Project, Server};

use crate::command::{command, run, toy};

/// A server by its lines.
struct Talk {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Talk {
    fn start(server: &Server, project: &Project) -> Self {
        let mut process = command(server, project, &["mcp"]).stdin(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, input, output: BufReader::new(output).lines() }
    }

    async fn greeted(server: &Server, project: &Project) -> Self {
        let mut talk = Self::start(server, project);
        let client = json!({"name": "test", "version": "0"});
        let params = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        let greeting = talk.ask(1, "initialize", params).await;
        assert_eq!(greeting["result"]["serverInfo"]["name"], "vraftls", "{greeting}");
        talk.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string()).await;
        talk
    }

    async fn say(&mut self, line: &str) {
        self.input.write_all(line.as_bytes()).await.unwrap();
        self.input.write_all(b"\n").await.unwrap();
    }

    /// The next line; every one is a message of the protocol.
    async fn hear(&mut self) -> Value {
        let line = tokio::time::timeout(DEADLINE, self.output.next_line()).await;
        let line = line.expect("a line should come").unwrap().expect("the server should go on");
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        message
    }

    async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()).await;
        let answer = self.hear().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Asks what must have an answer, whatever was said before.
    async fn still_serves(&mut self, id: u64) {
        let call = json!({"name": "symbols", "arguments": {"query": "helper"}});
        let answer = self.ask(id, "tools/call", call).await;
        assert_eq!(answer["result"]["structuredContent"]["symbols"][0]["file"], "lib.toy", "{answer}");
    }

    async fn finish(self) {
        let Self { mut process, input, mut output } = self;
        drop(input);
        let status = tokio::time::timeout(DEADLINE, process.wait()).await;
        assert!(status.expect("the server should end").unwrap().success());
        assert_eq!(output.next_line().await.unwrap(), None, "nothing is left unread");
    }
}

#[tokio::test]
async fn garbage_is_passed_over_and_the_next_call_is_served() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut talk = Talk::greeted(&server, &project).await;
    for garbage in ["", "garbage", "{", "\u{0}\u{1}", "{\"jsonrpc\"", "Content-Length: 2\r\n\r\n"] {
        talk.say(garbage).await;
    }
    talk.input.write_all(&[0xff, 0xfe, b'\n']).await.unwrap();
    talk.still_serves(2).await;
    talk.finish().await;
}

#[tokio::test]
async fn messages_that_are_none_of_the_protocol_are_refused() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut talk = Talk::greeted(&server, &project).await;
    for (id, (method, params)) in [
        ("tools/call", json!({"name": "nonsense", "arguments": {}})),
        ("tools/call", json!({"name": "hover", "arguments": [1, 2]})),
        ("tools/call", json!({})),
        ("no/such/method", json!({})),
    ]
    .into_iter()
    .enumerate()
    {
        let id = id as u64 + 10;
        talk.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()).await;
        let answer = talk.hear().await;
        assert!(answer["error"]["code"].is_i64(), "{method} {params}: {answer}");
    }
    for array in ["[]", "[1]", "{\"jsonrpc\":\"2.0\",\"id\":5}", "{}"] {
        talk.say(array).await;
    }
    // Those have errors without an id, or none: what comes next is answered whatever came before.
    talk.say(&json!({"jsonrpc": "2.0", "id": 99, "method": "ping"}).to_string()).await;
    while talk.hear().await["id"] != 99 {}
    talk.still_serves(100).await;
    talk.finish().await;
}

#[tokio::test]
async fn a_line_without_end_is_dropped_and_not_kept() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let mut talk = Talk::greeted(&server, &project).await;
    let huge = "x".repeat(20 << 20);
    talk.say(&json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": huge}}).to_string()).await;
    talk.still_serves(8).await;
    let long = "y".repeat(1 << 20);
    let call = json!({"name": "symbols", "arguments": {"query": long}});
    let answer = talk.ask(9, "tools/call", call).await;
    assert!(answer.get("result").is_some(), "a long line is answered: {}", answer["error"]);
    talk.finish().await;
}

#[tokio::test]
async fn an_agent_that_leaves_at_once_leaves_nothing_behind() {
    let (project, server) = (toy(), Server::with_plugins(&["toy"]));
    let ran = run(&server, &project, &["mcp"]).await;
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{ran:?}");
    let mut talk = Talk::greeted(&server, &project).await;
    let call = json!({"name": "symbols", "arguments": {"query": "helper"}});
    talk.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}).to_string()).await;
    talk.hear().await;
    talk.finish().await;
    let status = run(&server, &project, &["status"]).await;
    assert_eq!(status.code, 1, "nobody has the folder: {status:?}");
    let nowhere = run(&server, &project, &["mcp", "absent"]).await;
    assert!(nowhere.code == 2 && nowhere.stderr.contains("absent"), "{nowhere:?}");
}
