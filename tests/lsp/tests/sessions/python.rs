//! The shipped Python analyzer through the whole of the server, on a small project.

use std::path::Path;

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, at};

use crate::places::find;

fn orders() -> Project {
    Project::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../projects/orders"))
}

async fn open(client: &mut LspClient, project: &Project, path: &str) -> String {
    let uri = project.uri(path);
    client.open_document(&uri, "python", &project.read(path)).await;
    uri
}

#[tokio::test]
async fn an_attribute_leads_into_another_file_and_a_builtin_into_a_stub_that_can_be_opened() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    let path = "src/orders/pricing.py";
    let uri = open(&mut client, &project, path).await;
    let text = project.read(path);
    let (line, column) = find(&text, "price()", 0);
    let definition = client.ask("textDocument/definition", at(&uri, line, column)).await;
    assert_eq!(definition[0]["uri"], project.uri("src/orders/model.py"), "{definition}");

    let model = open(&mut client, &project, "src/orders/model.py").await;
    let (line, column) = find(&project.read("src/orders/model.py"), "str", 0);
    let definition = client.ask("textDocument/definition", at(&model, line, column)).await;
    let stub = definition[0]["uri"].as_str().unwrap().strip_prefix("file://").unwrap().to_owned();
    assert!(stub.ends_with("builtins.pyi"), "{stub}");
    let stub_text = std::fs::read_to_string(&stub).unwrap();
    let start = &definition[0]["range"]["start"];
    let found = stub_text.lines().nth(start["line"].as_u64().unwrap() as usize).unwrap();
    assert!(found.contains("class str"), "{found}");
    // In the stub one can go on.
    let stub_uri = format!("file://{stub}");
    client.open_document(&stub_uri, "python", &stub_text).await;
    let (line, column) = find(&stub_text, "class int", 0);
    assert!(client.ask("textDocument/hover", at(&stub_uri, line, column + 7)).await.is_object());
    client.finish().await;
}

#[tokio::test]
async fn types_are_checked_as_one_types() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let mut client = server.open(&project, json!({"textDocument": {"publishDiagnostics": {}}})).await;
    let uri = project.uri("src/orders/new.py");
    let with = |value: &str| format!("from .model import Order\n\nmade = Order\nn: int = {value}\n");
    client.open_document(&uri, "python", &with("1")).await;
    client.diagnostics(&uri, <[Value]>::is_empty).await;
    client.change_document(&uri, 2, json!([{"text": with("Order")}])).await;
    let found = client.diagnostics(&uri, |found| !found.is_empty()).await;
    assert_eq!(found[0]["range"]["start"]["line"], 3, "{found:?}");
    client.change_document(&uri, 3, json!([{"text": "def broken(:\n"}])).await;
    client.diagnostics(&uri, |found| found.iter().any(|one| one["range"]["start"]["line"] == 0)).await;
    client.allow("textDocument/publishDiagnostics");
    client.finish().await;
}

#[tokio::test]
async fn a_method_is_renamed_in_all_files() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let capabilities = json!({
        "workspace": {"workspaceEdit": {"documentChanges": true}}, "textDocument": {"diagnostic": {}},
    });
    let mut client = server.open(&project, capabilities).await;
    let path = "src/orders/model.py";
    let uri = open(&mut client, &project, path).await;
    let (line, column) = find(&project.read(path), "def add", 0);
    let mut params = at(&uri, line, column + 4);
    params["newName"] = json!("append");
    let in_both = |edit: &Value| edit["documentChanges"].as_array().is_some_and(|files| files.len() == 2);
    let edit = client.ask_until("textDocument/rename", params, in_both).await;
    let n_edits: usize =
        edit["documentChanges"].as_array().unwrap().iter().map(|file| file["edits"].as_array().unwrap().len()).sum();
    assert_eq!(n_edits, 3, "{edit}");
    client.finish().await;
}

/// A virtual environment with one module, as its directory.
fn environment(project: &Project, name: &str, module: &str, text: &str) -> String {
    project.write(&format!("{name}/pyvenv.cfg"), "home = /nowhere/bin\nversion = 3.12.1\n");
    project.write(&format!("{name}/lib/python3.12/site-packages/{module}"), text);
    project.path(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_sessions_on_one_folder_have_two_interpreters_and_a_change_is_seen() {
    let (project, outside) = (Project::new(&[("a.py", "import dep\n\nn: int = dep.value\n")]), Project::new(&[]));
    let number = environment(&outside, "number", "dep.py", "value = 1\n");
    let text = environment(&outside, "text", "dep.py", "value = \"one\"\n");
    let server = Server::with_plugins(&["python"]);
    let listening = server.listen(&project).await;
    let uri = project.uri("a.py");
    let settings = |interpreter: &str| json!({"settings": {"vraftls": {"python": {"interpreter": interpreter}}}});
    let pushed = json!({"textDocument": {"publishDiagnostics": {}}});
    let mut clients = Vec::new();
    for (interpreter, n_errors) in [(&number, 0), (&text, 1), (&number, 0)] {
        let mut client = listening.open(&project, pushed.clone()).await;
        client.notify("workspace/didChangeConfiguration", settings(interpreter)).await;
        open(&mut client, &project, "a.py").await;
        client.diagnostics(&uri, |found| found.len() == n_errors).await;
        let definition = client.ask_until("textDocument/definition", at(&uri, 2, 15), |found| {
            found[0]["uri"].as_str().is_some_and(|uri| uri.contains(interpreter.as_str()))
        });
        definition.await;
        clients.push(client);
    }
    // Only the one that changes its interpreter sees a change.
    let mut changing = clients.pop().unwrap();
    changing.notify("workspace/didChangeConfiguration", settings(&text)).await;
    changing.diagnostics(&uri, |found| found.len() == 1).await;
    changing.notify("workspace/didChangeConfiguration", settings("/nowhere/python")).await;
    let message = changing.notification("window/showMessage").await;
    assert!(message["message"].as_str().unwrap().contains("vraftls.python.interpreter"), "{message}");
    for (client, interpreter) in clients.iter_mut().zip([&number, &text]) {
        let definition = client.ask("textDocument/definition", at(&uri, 2, 15)).await;
        assert!(definition[0]["uri"].as_str().unwrap().contains(interpreter.as_str()), "{definition}");
    }
    clients.push(changing);
    for mut client in clients {
        client.allow("textDocument/publishDiagnostics");
        client.finish().await;
    }
}
