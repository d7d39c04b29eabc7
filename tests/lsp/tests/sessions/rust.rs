//! The shipped Rust analyzer through the whole of the server, on a package with what cargo and rustup would have put on the machine:
//! here those are files of the test.

use serde_json::{Value, json};
use vraftls_harness::{Project, Server, at, rust_app, rust_machine};

use crate::export::{export, judge, read};
use crate::places::find;

const MAIN: &str = "\
use near::near;
use shapes::Circle;

fn main() {
    let circle = Circle::new(near());
    let area = Some(circle.area()).unwrap_or(0);
    report(area);
    report(circle.area());
}

/// Says it.
fn report(area: u32) {}
";

fn server(machine: &Project) -> Server {
    let server = Server::with_plugins(&["rust"]);
    server.with_variable("CARGO_HOME", machine.path("cargo")).with_variable("RUSTUP_HOME", machine.path("rustup"))
}

#[tokio::test]
async fn names_lead_into_packages_repositories_and_the_standard_library() {
    let (project, machine) = (rust_app(MAIN), rust_machine());
    let server = server(&machine);
    let capabilities = json!({"textDocument": {"diagnostic": {}, "hover": {"contentFormat": ["markdown"]}}});
    let mut client = server.open(&project, capabilities).await;
    let uri = project.uri("src/main.rs");
    client.open_document(&uri, "rust", MAIN).await;
    let place = |word: &str, n: usize| {
        let (line, column) = find(MAIN, word, n);
        at(&uri, line, column)
    };
    let mut library = String::new();
    for (word, file, line) in [
        ("area()", "cargo/registry/src/index.example-1/shapes-1.2.0/src/lib.rs", 10),
        ("near()", "cargo/git/checkouts/tools-0a1b/fedcba9/near/src/lib.rs", 0),
        ("unwrap_or", "rustup/toolchains/stable-test/lib/rustlib/src/rust/library/core/src/lib.rs", 7),
    ] {
        let definition = client.ask("textDocument/definition", place(word, 0)).await;
        assert_eq!(definition[0]["uri"], machine.uri(file), "{word}: {definition}");
        assert_eq!(definition[0]["range"]["start"]["line"], line, "{word}: {definition}");
        library = if word == "area()" { machine.uri(file) } else { library };
    }
    // From there one can go on.
    client
        .open_document(&library, "rust", &machine.read("cargo/registry/src/index.example-1/shapes-1.2.0/src/lib.rs"))
        .await;
    let hover = client.ask("textDocument/hover", at(&library, 7, 8)).await;
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Round."), "{hover}");

    let mut references = place("report", 2);
    references["context"] = json!({"includeDeclaration": true});
    let found = client
        .ask_until("textDocument/references", references, |found| found.as_array().is_some_and(|all| all.len() == 3));
    found.await;
    let mut uses = place("area()", 0);
    uses["context"] = json!({"includeDeclaration": false});
    let uses = client.ask("textDocument/references", uses).await;
    let lines: Vec<&Value> = uses.as_array().unwrap().iter().map(|found| &found["range"]["start"]["line"]).collect();
    assert_eq!(lines, [5, 7], "{uses}");

    let lenses = client.ask("textDocument/codeLens", json!({"textDocument": {"uri": uri}})).await;
    let lens = lenses.as_array().unwrap().iter().find(|lens| lens["range"]["start"]["line"] == 11).unwrap();
    let counted = client.ask("codeLens/resolve", lens.clone()).await;
    assert_eq!(counted["command"]["title"], "2 references");
    let joined = json!({"textDocument": {"uri": uri}, "ranges": [{"start": {"line": 6, "character": 0}, "end": {"line": 6, "character": 0}}]});
    let joined = client.ask("experimental/joinLines", joined).await;
    assert_eq!(joined[0]["newText"], " ", "{joined}");

    let typed = MAIN.replace("    report(area);", "    circle.");
    client.change_document(&uri, 2, json!([{"text": typed}])).await;
    let (line, column) = find(&typed, "circle.\n", 0);
    let list = client.ask("textDocument/completion", at(&uri, line, column + 7)).await;
    let labels: Vec<&str> =
        list["items"].as_array().unwrap().iter().filter_map(|item| item["label"].as_str()).collect();
    assert!(labels.iter().any(|label| label.starts_with("area")), "{labels:?}");
    assert!(!labels.iter().any(|label| label.starts_with("radius")), "it is private there: {labels:?}");
    client.finish().await;
}

#[tokio::test]
async fn a_module_that_is_renamed_takes_its_files_along() {
    let main = "mod shapes;\n\nfn main() {\n    shapes::round::draw();\n}\n";
    let (project, machine) = (
        Project::new(&[
            ("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
            ("src/main.rs", main),
            ("src/shapes.rs", "pub mod round;\n"),
            ("src/shapes/round.rs", "pub fn draw() {\n    crate::shapes::round::draw()\n}\n"),
        ]),
        rust_machine(),
    );
    let server = server(&machine);
    let edits = json!({"documentChanges": true, "resourceOperations": ["create", "rename", "delete"]});
    let capabilities = json!({"workspace": {"workspaceEdit": edits}, "textDocument": {"diagnostic": {}}});
    let mut client = server.open(&project, capabilities).await;
    let uri = project.uri("src/main.rs");
    client.open_document(&uri, "rust", main).await;
    let mut params = at(&uri, 0, 5);
    params["newName"] = json!("forms");
    let edit = client.ask("textDocument/rename", params.clone()).await;
    let changes = edit["documentChanges"].as_array().unwrap();
    let edited: Vec<&Value> = changes.iter().map(|change| &change["textDocument"]["uri"]).collect();
    assert_eq!(edited[..2], [&json!(uri), &json!(project.uri("src/shapes/round.rs"))], "{edit}");
    let moved =
        |old: &str, new: &str| json!({"kind": "rename", "oldUri": project.uri(old), "newUri": project.uri(new)});
    assert_eq!(changes[2..], [moved("src/shapes.rs", "src/forms.rs"), moved("src/shapes", "src/forms")], "{edit}");
    params["newName"] = json!("main");
    assert_eq!(client.ask_in_vain("textDocument/rename", params).await, -32803, "there is such a file");
    client.finish().await;
}

#[tokio::test]
async fn a_tree_is_exported_as_an_index() {
    let (project, machine) = (rust_app(MAIN), rust_machine());
    let server = server(&machine);
    let output = project.path("index.scip");
    let ran = export(&server, &project, &output).await;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let (_, index) = read(&output);
    judge(&index, project.root());
    let symbols: Vec<&str> = index.documents[0].occurrences.iter().map(|found| found.symbol.as_str()).collect();
    let of = |ends: &str| symbols.iter().filter(|symbol| symbol.ends_with(ends)).count();
    assert_eq!((of("report()."), of("area().")), (3, 2), "{symbols:?}");
}
