//! `vraftls query`: every question, in JSON and for people, and the exit codes.

use serde_json::{Value, json};
use vraftls_harness::{Project, Server};

use crate::command::{asked, orders, run};

const PRICING: &str = "src/orders/pricing.py";
const MODEL: &str = "src/orders/model.py";

/// `FILE:LINE:COLUMN` of each place.
fn spots(found: &Value) -> Vec<String> {
    let spot = |place: &Value| format!("{}:{}:{}", place["file"].as_str().unwrap(), place["line"], place["column"]);
    found.as_array().unwrap().iter().map(spot).collect()
}

fn names(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn names_lead_somewhere() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let at = |question: &'static str, place: &'static str| [question, "--at", place];
    let definition = asked(&server, &project, &at("definition", "src/orders/pricing.py:28:21")).await;
    let expected = json!([{"file": PRICING, "line": 16, "column": 9, "end_line": 16, "end_column": 16}]);
    assert_eq!(definition, expected);
    assert_eq!(asked(&server, &project, &at("declaration", "src/orders/pricing.py:28:21")).await, expected);
    assert_eq!(asked(&server, &project, &at("implementation", "src/orders/pricing.py:28:21")).await, expected);
    let of_type = asked(&server, &project, &at("type-definition", "src/orders/pricing.py:26:9")).await;
    assert_eq!(spots(&of_type), ["src/orders/model.py:22:7"]);
    let used = asked(&server, &project, &at("references", "src/orders/model.py:29:9")).await;
    assert_eq!(spots(&used), ["src/orders/model.py:29:9", "src/orders/pricing.py:27:22"]);
    let highlights = asked(&server, &project, &at("highlights", "src/orders/pricing.py:25:5")).await;
    let kinds: Vec<&str> = highlights.as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["write", "write", "read"]);
    let hover = asked(&server, &project, &at("hover", "src/orders/model.py:29:9")).await;
    assert_eq!(hover["language"], "python");
    assert!(hover["signature"].as_str().unwrap().contains("price"), "{hover}");
    assert_eq!(hover["documentation"], "What the line costs before discounts.");
    assert_eq!(hover.as_object().unwrap().len(), 3, "{hover}");
}

#[tokio::test]
async fn symbols_and_outlines_name_what_there_is() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let symbols = asked(&server, &project, &["symbols", "Order", "--limit", "2"]).await;
    let first = json!({"file": MODEL, "line": 35, "column": 7, "end_line": 35, "end_column": 12, "name": "Order", "container": ""});
    assert_eq!((&symbols[0], symbols.as_array().unwrap().len()), (&first, 2));
    let outline = asked(&server, &project, &["outline", MODEL]).await;
    assert_eq!(names(&outline), ["Customer", "OrderLine", "Order"]);
    assert_eq!(names(&outline[0]["children"]), ["name", "email", "initials"]);
    assert_eq!((&outline[0]["kind"], &outline[0]["range"]["end_line"]), (&json!("class"), &json!(18)));
    let ran = run(&server, &project, &["query", "outline", MODEL]).await;
    assert!(ran.stdout.contains("src/orders/model.py:13:5:   field name  str\n"), "{}", ran.stdout);
}

#[tokio::test]
async fn calls_and_types_have_their_relatives() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let incoming = asked(&server, &project, &["incoming-calls", "--at", "src/orders/model.py:29:9"]).await;
    assert_eq!(names(&incoming), ["total"]);
    assert_eq!(spots(&incoming[0]["calls"]), ["src/orders/pricing.py:27:22"]);
    let outgoing = asked(&server, &project, &["outgoing-calls", "--at", "src/orders/model.py:41:9"]).await;
    assert!(names(&outgoing).contains(&"append"), "{outgoing}");
    assert!(spots(&outgoing[0]["calls"])[0].starts_with("src/orders/model.py:"), "{outgoing}");
    project.write("shapes.py", "class Shape: ...\n\n\nclass Round(Shape): ...\n");
    let supertypes = asked(&server, &project, &["supertypes", "--at", "shapes.py:4:7"]).await;
    assert_eq!(names(&supertypes), ["Shape"]);
    let subtypes = asked(&server, &project, &["subtypes", "--at", "shapes.py:1:7"]).await;
    assert_eq!((names(&subtypes), spots(&subtypes)), (vec!["Round"], vec!["shapes.py:4:7".to_owned()]));
}

#[tokio::test]
async fn what_editors_show_of_a_file_is_told() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let tokens = asked(&server, &project, &["tokens", PRICING]).await;
    let class = json!({"line": 10, "column": 7, "length": 8, "type": "class", "modifiers": ["definition"]});
    assert!(tokens.as_array().unwrap().contains(&class), "{tokens}");
    let hints = asked(&server, &project, &["inlay-hints", PRICING]).await;
    let price = json!({"line": 27, "column": 14, "label": ": Decimal", "kind": "type"});
    assert!(hints.as_array().unwrap().contains(&price), "{hints}");
    let lenses = asked(&server, &project, &["lenses", "tests/test_pricing.py"]).await;
    let counted = lenses.as_array().unwrap().iter().find(|lens| lens["line"] == 6 && lens["title"] == "2 references");
    let counted = counted.unwrap_or_else(|| panic!("{lenses}"));
    assert_eq!(spots(&counted["places"]), ["tests/test_pricing.py:14:18", "tests/test_pricing.py:18:18"]);
    let folds = asked(&server, &project, &["folding", PRICING]).await;
    assert!(folds.as_array().unwrap().contains(&json!({"line": 3, "end_line": 6, "kind": "imports"})), "{folds}");
    let selection = asked(&server, &project, &["selection", "--at", "src/orders/pricing.py:28:21"]).await;
    assert_eq!(spots(&selection)[..2], ["src/orders/pricing.py:28:21", "src/orders/pricing.py:28:12"]);
    let links = asked(&server, &project, &["links", PRICING]).await;
    let targets: Vec<&str> = links.as_array().unwrap().iter().map(|link| link["target"].as_str().unwrap()).collect();
    assert!(targets.contains(&MODEL), "{targets:?}");
    let library = targets.iter().find(|target| target.ends_with("/decimal.pyi")).unwrap();
    let outline = asked(&server, &project, &["outline", library]).await;
    assert!(names(&outline).contains(&"Decimal"), "a file that the analyzer carries itself: {outline}");
}

#[tokio::test]
async fn what_could_be_written_is_told() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let signature = asked(&server, &project, &["signature", "--at", "src/orders/pricing.py:20:24"]).await;
    let active = &signature["signatures"][0];
    assert_eq!(
        (&active["active_parameter"], &active["parameters"][0]["label"]),
        (&json!(0), &json!("quantity_min: int"))
    );
    let completion = asked(&server, &project, &["completion", "--at", "src/orders/pricing.py:26:20"]).await;
    assert_eq!(
        (&completion["items"][0]["label"], &completion["items"][0]["kind"]),
        (&json!("order"), &json!("variable"))
    );
    assert!(completion["incomplete"].is_boolean());
}

#[tokio::test]
async fn what_would_change_is_shown_and_nothing_is_written() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let before = project.read(PRICING);
    let edits = asked(&server, &project, &["rename", "--at", "src/orders/pricing.py:10:7", "Rebate"]).await;
    assert_eq!(edits.as_array().unwrap().len(), 7);
    assert!(edits.as_array().unwrap().iter().all(|edit| edit["new_text"] == "Rebate"), "{edits}");
    let ran = run(&server, &project, &["query", "rename", "--at", "src/orders/pricing.py:10:7", "Rebate"]).await;
    let expected = "src/orders/pricing.py:10\n- class Discount:\n+ class Rebate:\n";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    let renamable = asked(&server, &project, &["prepare-rename", "--at", "src/orders/pricing.py:10:9"]).await;
    assert_eq!((&renamable["name"], &renamable["column"]), (&json!("Discount"), &json!(7)));
    let moved = asked(&server, &project, &["move-file", MODEL, "src/orders/models.py"]).await;
    let files: Vec<&str> = moved.as_array().unwrap().iter().map(|edit| edit["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["src/orders/__init__.py", "src/orders/pricing.py"]);
    project.write("ugly.py", "x  =  1\ny = 2\nz  =  3\n");
    let formatted = run(&server, &project, &["query", "format", "ugly.py"]).await;
    assert!(formatted.stdout.contains("- x  =  1\n") && formatted.stdout.contains("+ z = 3\n"), "{}", formatted.stdout);
    let part = ["query", "format", "ugly.py", "--from", "1:1", "--to", "1:5"];
    let part = run(&server, &project, &part).await;
    assert!(part.stdout.contains("+ x = 1\n") && !part.stdout.contains("z = 3"), "{}", part.stdout);
    assert_eq!((project.read(PRICING), project.read("ugly.py").as_str()), (before, "x  =  1\ny = 2\nz  =  3\n"));
}

#[tokio::test]
async fn lines_are_joined_and_macros_expanded() {
    let server = Server::with_plugins(&["toy"]);
    let project = Project::new(&[("toy.project", ""), ("a.toy", "def helper # Helps.\ndef main\n  use helper\n")]);
    let expanded = asked(&server, &project, &["expand", "--at", "a.toy:3:7"]).await;
    assert_eq!(expanded, json!({"name": "helper", "expansion": "def helper # Helps."}));
    let edit = json!([{"file": "a.toy", "line": 2, "column": 9, "end_line": 3, "end_column": 3, "new_text": " "}]);
    assert_eq!(asked(&server, &project, &["join-lines", "--at", "a.toy:2:1"]).await, edit);
    let ran = run(&server, &project, &["query", "join-lines", "--at", "a.toy:2:1", "--to", "3:5"]).await;
    assert!(ran.stdout.contains("+ def main use helper\n"), "{}", ran.stdout);
}

#[tokio::test]
async fn findings_and_what_to_do_about_them_are_told() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    project.write("wrong.py", "import os\n\nx: int = \"é\" + undefined\n");
    let found = asked(&server, &project, &["diagnostics", "wrong.py"]).await;
    let undefined = found.as_array().unwrap().iter().find(|found| found["line"] == 3 && found["column"] == 16);
    let undefined = undefined.unwrap_or_else(|| panic!("{found}"));
    assert_eq!((&undefined["severity"], &undefined["end_column"]), (&json!("error"), &json!(25)));
    let ran = run(&server, &project, &["query", "diagnostics", "wrong.py"]).await;
    assert!(ran.stdout.contains("x: int = \"é\" + undefined") && ran.stdout.contains('^'), "{}", ran.stdout);
    let actions = ["code-actions", "--at", "wrong.py:1:8", "--only", "quickfix"];
    let actions = asked(&server, &project, &actions).await;
    let removed = actions.as_array().unwrap().iter().find(|action| action["edits"][0]["line"] == 1);
    assert!(removed.is_some(), "{actions}");
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_asked_have_their_exit_codes() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let nothing = ["query", "definition", "--at", "src/orders/pricing.py:1:1", "--json"];
    let nothing = run(&server, &project, &nothing).await;
    assert_eq!((nothing.code, nothing.json()), (1, json!([])));
    let nothing = run(&server, &project, &["query", "hover", "--at", "src/orders/pricing.py:1:1", "--json"]).await;
    assert_eq!((nothing.code, nothing.json()), (1, Value::Null));
    let bad: [(&[&str], &str); 6] = [
        (&["hover", "--at", "src/orders/pricing.py:999:1"], "no such place"),
        (&["hover", "--at", "absent.py:1:1"], "cannot open absent.py"),
        (&["hover", "--at", "/dev/null:1:1"], "/dev/null"),
        (&["hover", "--at", "src/orders/pricing.py"], "FILE:LINE:COLUMN"),
        (&["rename", "--at", "src/orders/pricing.py:10:7", "not a name"], "not a name"),
        (&["symbols", "x", "--root", "absent"], "absent"),
    ];
    for (question, expected) in bad {
        let arguments: Vec<&str> = ["query"].iter().chain(question).copied().collect();
        let ran = run(&server, &project, &arguments).await;
        assert_eq!(ran.code, 2, "{question:?}: {ran:?}");
        assert!(ran.stderr.contains(expected) && ran.stdout.is_empty(), "{question:?}: {ran:?}");
    }
}
