//! Libraries that were pushed along with a workspace: everybody's imports lead into them, whatever their machines have.

use serde_json::json;
use vraftls_harness::{Project, at};

use super::editor::{check, cluster, open, push};

const SITE: &str = ".venv/lib/python3.12/site-packages";

/// A project that uses a package, and another copy of it on a machine where nothing is installed.
fn projects() -> (Project, Project) {
    let files = [("main.py", "from shop.prices import total\n\nprint(total([1]).bit_length())\n")];
    let project = Project::new(&files);
    project.write(".venv/pyvenv.cfg", "home = /nowhere\nversion = 3.12.1\n");
    project.write(&format!("{SITE}/shop/__init__.py"), "");
    project.write(&format!("{SITE}/shop/prices.py"), "def total(all: list[int]) -> int:\n    return sum(all)\n");
    (project, Project::new(&files))
}

async fn push_libraries(cluster: &vraftls_harness::TestCluster, project: &Project) -> serde_json::Value {
    let arguments = ["workspace", "push", "--workspace", "till", "--libraries", "--json"];
    let mut command = cluster.command(&arguments);
    // Not those of whoever runs the tests.
    command.env_remove("VIRTUAL_ENV").env_remove("CONDA_PREFIX").current_dir(project.root());
    let pushed = vraftls_harness::Ran::of(command.output().await.unwrap());
    assert_eq!(pushed.code, 0, "{pushed:?}");
    pushed.json()
}

#[tokio::test]
async fn imports_lead_into_libraries_that_were_pushed() {
    let cluster = cluster().await;
    let (here, elsewhere) = projects();
    push(&cluster, "till", &here).await;
    let before = check(&cluster, &elsewhere, &[]).await;
    assert_eq!(before.code, 1, "nobody has the package: {before:?}");

    let said = push_libraries(&cluster, &here).await;
    assert_eq!(said["libraries"]["workspace"]["name"], "till.libraries", "{said}");
    // The package's two files, and the list of roots.
    assert_eq!((&said["written"], &said["libraries"]["written"]), (&json!(0), &json!(3)), "{said}");
    assert_eq!(push_libraries(&cluster, &here).await["libraries"]["written"], 0);
    let after = check(&cluster, &elsewhere, &[]).await;
    assert_eq!(after.code, 0, "{after:?}");

    let mut editor = open(&cluster, &elsewhere, json!({})).await;
    editor.allow("textDocument/publishDiagnostics");
    let main = elsewhere.uri("main.py");
    editor.open_document(&main, "python", &elsewhere.read("main.py")).await;
    let found = editor.ask("textDocument/definition", at(&main, 2, 8)).await;
    let library = found[0]["uri"].as_str().or_else(|| found["uri"].as_str()).unwrap().to_owned();
    assert!(library.ends_with("shop/prices.py"), "{found}");
    // It is a file that the editor can open, and ask about.
    let path = library.strip_prefix("file://").unwrap().replace("%40", "@");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("def total"), "{text}");
    editor.open_document(&library, "python", &text).await;
    let hover = editor.ask("textDocument/hover", at(&library, 0, 5)).await;
    assert!(hover.to_string().contains("total"), "{hover}");
    editor.close_document(&library).await;

    // What is installed anew is there for everybody, at once for sessions that are open.
    here.write(&format!("{SITE}/shop/prices.py"), "def total(all: list[int]) -> str:\n    return str(all)\n");
    assert_eq!(push_libraries(&cluster, &here).await["libraries"]["written"], 1);
    let hover =
        editor.ask_until("textDocument/hover", at(&main, 2, 8), |hover| hover.to_string().contains("str")).await;
    assert!(hover.to_string().contains("-> str"), "{hover}");
    editor.finish().await;

    let removed = cluster.run(here.root(), &["workspace", "remove", "till"]).await;
    assert_eq!(removed.code, 0, "{removed:?}");
    let left = cluster.run(here.root(), &["workspace", "list", "--json"]).await.json();
    assert_eq!(left, json!([]), "the libraries went with it");
}
