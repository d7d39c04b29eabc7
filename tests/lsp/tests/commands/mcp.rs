//! `vraftls mcp` as an agent uses it: the protocol's own client over a real process.

use std::process::Stdio;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{RoleClient, RunningService, serve_client};
use serde_json::{Value, json};
use tokio::process::Child;
use vraftls_harness::{DEADLINE, Project, Server};

use crate::command::{command, orders};

/// An agent with its server.
pub(crate) struct Agent {
    client: RunningService<RoleClient, ()>,
    process: Child,
}

impl Agent {
    /// Starts a server for a project, and greets it.
    pub(crate) async fn start(server: &Server, project: &Project) -> Self {
        let mut command = command(server, project, &["mcp"]);
        let mut process = command.stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let streams = (process.stdout.take().unwrap(), process.stdin.take().unwrap());
        Self { client: serve_client((), streams).await.unwrap(), process }
    }

    /// Calls a tool.
    pub(crate) async fn result(&mut self, tool: &'static str, arguments: Value) -> CallToolResult {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let call = self.client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments));
        tokio::time::timeout(DEADLINE, call).await.expect("the tool should answer").unwrap()
    }

    /// Calls a tool, and gives its structured answer, or what it says is wrong.
    pub(crate) async fn call(&mut self, tool: &'static str, arguments: Value) -> Result<Value, String> {
        let result = self.result(tool, arguments).await;
        let text = text(&result);
        if result.is_error == Some(true) { Err(text) } else { Ok(result.structured_content.unwrap()) }
    }

    /// Hangs up; the server ends well.
    pub(crate) async fn finish(mut self) {
        self.client.cancel().await.unwrap();
        let status = tokio::time::timeout(DEADLINE, self.process.wait()).await;
        assert!(status.expect("the server should end").unwrap().success());
    }
}

fn text(result: &CallToolResult) -> String {
    result.content[0].as_text().unwrap().text.clone()
}

/// The page that says what there is.
const PAGE: &str = include_str!("../../../../gateway/docs/mcp.md");

#[tokio::test]
async fn an_agent_learns_what_there_is() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let agent = Agent::start(&server, &project).await;
    let info = agent.client.peer_info().unwrap();
    assert!(info.instructions.as_ref().is_some_and(|text| text.contains(project.root().to_str().unwrap())));
    let tools = agent.client.list_all_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["definition", "references", "hover", "symbols", "diagnostics", "rename_preview"]);
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let documented: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(documented, names);
    for tool in &tools {
        assert!(tool.description.as_ref().is_some_and(|text| text.len() > 40), "{tool:?}");
        assert_eq!(tool.input_schema["type"], "object");
        assert_eq!(tool.annotations.as_ref().and_then(|hints| hints.read_only_hint), Some(true));
    }
    agent.finish().await;
}

#[tokio::test]
async fn names_are_found_by_column_by_symbol_and_line_and_by_symbol_alone() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let mut agent = Agent::start(&server, &project).await;
    let file = "src/orders/pricing.py";
    let expected = json!({
        "places": [{
            "file": file, "line": 16, "column": 9, "end_line": 16, "end_column": 16,
            "source": "def applies(self, line: OrderLine) -> bool:",
        }],
        "total": 1, "left_off": 0,
    });
    let absolute = project.path(file).to_str().unwrap().to_owned();
    for place in [
        json!({"file": file, "line": 28, "column": 21}),
        json!({"file": absolute, "line": 28, "symbol": "applies"}),
        json!({"file": file, "line": 28, "symbol": "discount.applies"}),
        json!({"file": file, "symbol": "Discount.applies"}),
        json!({"file": "./tests/../src/orders/pricing.py", "symbol": "applies"}),
    ] {
        assert_eq!(agent.call("definition", place.clone()).await.as_ref(), Ok(&expected), "{place}");
    }
    let of_type = json!({"file": file, "line": 26, "symbol": "line", "kind": "type"});
    let found = agent.call("definition", of_type).await.unwrap();
    assert_eq!(found["places"][0]["source"], "class OrderLine:");
    let in_library = json!({"file": file, "line": 4, "symbol": "Decimal"});
    let found = agent.call("definition", in_library).await.unwrap();
    let library = found["places"][0]["file"].as_str().unwrap();
    assert!(library.starts_with('/') && library.ends_with("decimal.pyi"), "{library}");
    for _ in 0..2 {
        let within = agent.call("hover", json!({"file": library, "symbol": "Decimal"})).await.unwrap();
        assert!(within["signature"].as_str().unwrap().contains("Decimal"), "{within}");
    }
    let outline = agent.call("symbols", json!({"file": library, "query": "quantize"})).await.unwrap();
    assert_eq!(outline["symbols"][0]["container"], "Decimal", "{outline}");
    agent.finish().await;
}

#[tokio::test]
async fn answers_come_with_their_source_and_say_what_was_left_off() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let mut agent = Agent::start(&server, &project).await;
    let discount = json!({"file": "src/orders/pricing.py", "symbol": "Discount", "limit": 2});
    let result = agent.result("references", discount).await;
    let structured = result.structured_content.clone().unwrap();
    assert_eq!((&structured["total"], &structured["left_off"]), (&json!(7), &json!(5)));
    let text = text(&result);
    assert!(
        text.starts_with("7 places\nsrc/orders/__init__.py:4:22: from .pricing import Discount, total\n"),
        "{text}"
    );
    assert!(text.contains("(5 more were left off"), "{text}");
    let total = json!({"file": "src/orders/pricing.py", "symbol": "total"});
    let hover = agent.call("hover", total).await.unwrap();
    assert_eq!(hover["documentation"], "What the order costs, each line by itself discounted.");
    let outline = agent.call("symbols", json!({"file": "src/orders/model.py"})).await.unwrap();
    let price = outline["symbols"].as_array().unwrap().iter().find(|symbol| symbol["name"] == "price").unwrap();
    assert_eq!(
        (&price["container"], &price["kind"], &price["line"]),
        (&json!("OrderLine"), &json!("method"), &json!(29))
    );
    let found = agent.call("symbols", json!({"query": "Order", "limit": 1})).await.unwrap();
    assert_eq!((&found["symbols"][0]["name"], &found["left_off"]), (&json!("Order"), &json!(2)));
    let nothing = agent.call("symbols", json!({"query": "zzzz"})).await.unwrap();
    assert_eq!(nothing, json!({"symbols": [], "left_off": 0}));
    agent.finish().await;
}

#[tokio::test]
async fn findings_and_renamings_are_told_and_nothing_is_written() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let mut agent = Agent::start(&server, &project).await;
    let clean = agent.call("diagnostics", json!({})).await.unwrap();
    assert_eq!((&clean["files"], &clean["errors"], &clean["findings"]), (&json!(4), &json!(0), &json!([])));
    project.write("wrong.py", "x = \"é\" + undefined\ny = undefined\n");
    let result = agent.result("diagnostics", json!({"limit": 1})).await;
    let found = result.structured_content.clone().unwrap();
    assert_eq!((&found["files"], &found["errors"], &found["left_off"]), (&json!(5), &json!(2), &json!(1)));
    let (first, said) = (&found["findings"][0], text(&result));
    assert_eq!(
        (&first["line"], &first["column"], &first["code"]),
        (&json!(1), &json!(11), &json!("unresolved-reference"))
    );
    assert!(said.contains("x = \"é\" + undefined") && said.contains("(1 more were left off"), "{said}");
    let one = agent.call("diagnostics", json!({"file": "src/orders/model.py", "severity": "error"})).await.unwrap();
    assert_eq!((&one["files"], &one["findings"]), (&json!(1), &json!([])));

    let before = project.read("src/orders/pricing.py");
    let rename = json!({"file": "src/orders/pricing.py", "symbol": "Discount", "new_name": "Rebate"});
    let result = agent.result("rename_preview", rename).await;
    let edits = result.structured_content.clone().unwrap();
    assert_eq!((&edits["total"], &edits["files"], &edits["left_off"]), (&json!(7), &json!(3), &json!(0)));
    assert!(text(&result).contains("- class Discount:\n+ class Rebate:\n"), "{}", text(&result));
    assert_eq!(project.read("src/orders/pricing.py"), before);
    agent.finish().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words_and_the_next_call_is_served() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let mut agent = Agent::start(&server, &project).await;
    let file = "src/orders/pricing.py";
    let cases = [
        ("hover", json!({"file": "absent.py", "line": 1, "column": 1}), "there is no file `absent.py`"),
        ("hover", json!({"file": "src", "line": 1, "column": 1}), "`src` is a folder"),
        ("hover", json!({"file": "/dev/null", "line": 1, "column": 1}), "/dev/null"),
        ("hover", json!({"file": "/dev/zero", "symbol": "x"}), "it is no regular file"),
        ("diagnostics", json!({"file": "/dev/zero"}), "it is no regular file"),
        ("hover", json!({"file": "../../../../../../../../etc/hostname", "symbol": "x"}), "/etc/hostname"),
        ("hover", json!({"file": file, "line": 900, "column": 1}), "has only 32 lines"),
        ("hover", json!({"file": file, "line": 0, "column": 1}), "count from 1"),
        ("hover", json!({"file": file, "line": 10, "column": 900}), "has only 15 characters"),
        ("hover", json!({"file": file, "line": 10, "symbol": "total"}), "does not stand on line 10"),
        ("hover", json!({"file": file, "symbol": "Discount.nothing"}), "defines no `Discount.nothing`"),
        ("hover", json!({"file": file, "line": 10}), "say which name"),
        ("hover", json!({"file": file, "column": 10}), "`column` needs `line`"),
        ("hover", json!({"file": file, "line": "ten", "column": 1}), "expected u32"),
        ("hover", json!({"file": file, "line": -1, "column": 1}), "expected u32"),
        ("hover", json!({"line": 1, "column": 1}), "missing field `file`"),
        ("hover", json!({"file": file, "row": 1}), "unknown field `row`"),
        ("definition", json!({"file": file, "symbol": "total", "kind": "usage"}), "unknown variant `usage`"),
        ("references", json!({"file": file, "symbol": "total", "limit": 0}), "may be from 1 to 1000"),
        ("symbols", json!({}), "give `query`"),
        ("diagnostics", json!({"file": "absent.py"}), "there is no file `absent.py`"),
        ("rename_preview", json!({"file": file, "symbol": "total", "new_name": "not a name"}), "not a name"),
    ];
    for (tool, arguments, expected) in cases {
        let refused = agent.call(tool, arguments.clone()).await;
        let said = refused.expect_err(&format!("{tool} {arguments}"));
        assert!(said.contains(expected), "{tool} {arguments}: {said}");
    }
    let unknown = agent.client.call_tool(CallToolRequestParams::new("nonsense")).await;
    assert!(unknown.is_err_and(|error| error.to_string().contains("there is no tool `nonsense`")));
    agent.call("symbols", json!({"query": "Order"})).await.unwrap();
    agent.finish().await;
}

#[tokio::test]
async fn many_calls_at_once_get_each_its_own_answer() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let agent = Agent::start(&server, &project).await;
    let lines = [10, 16, 23];
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..60 {
        let (peer, symbol) = (agent.client.peer().clone(), ["Discount", "applies", "total"][n % 3]);
        calls.spawn(async move {
            let arguments = json!({"file": "src/orders/pricing.py", "symbol": symbol});
            let arguments = arguments.as_object().unwrap().clone();
            let call = CallToolRequestParams::new("definition").with_arguments(arguments);
            (n, peer.call_tool(call).await.unwrap().structured_content.unwrap())
        });
    }
    for (n, found) in calls.join_all().await {
        assert_eq!(found["places"][0]["line"], lines[n % 3]);
    }
    agent.finish().await;
}
