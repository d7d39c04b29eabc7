//! What an editor asks a gateway, while files differ and nodes die.

use std::path::Path;

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, at, edit};

use crate::editor::{answered, check, cluster, open, orders, push};

const PRICING: &str = "src/orders/pricing.py";

/// The line and column of the `n`th `word` in a text, in UTF-16 units, which are characters here.
fn find(text: &str, word: &str, n: usize) -> (u32, u32) {
    let (offset, _) = text.match_indices(word).nth(n).unwrap();
    let line = text[..offset].matches('\n').count();
    let column = offset - text[..offset].rfind('\n').map_or(0, |at| at + 1);
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}

async fn show(client: &mut LspClient, project: &Project, path: &str) -> String {
    let uri = project.uri(path);
    client.open_document(&uri, "python", &project.read(path)).await;
    uri
}

fn place(project: &Project, path: &str, word: &str, n: usize) -> Value {
    let (line, column) = find(&project.read(path), word, n);
    at(&project.uri(path), line, column)
}

fn uris(places: &Value) -> Vec<&str> {
    places.as_array().unwrap().iter().map(|place| place["uri"].as_str().unwrap()).collect()
}

fn references_of(mut place: Value) -> Value {
    place["context"] = json!({"includeDeclaration": true});
    place
}

#[tokio::test]
async fn an_editor_has_its_answers_from_the_cluster() {
    let (cluster, project) = (cluster().await, orders());
    push(&cluster, "orders", &project).await;
    let mut client = open(&cluster, &project, json!({"textDocument": {"publishDiagnostics": {}}})).await;
    let uri = show(&mut client, &project, PRICING).await;
    let definition = client.ask("textDocument/definition", place(&project, PRICING, "price()", 0)).await;
    assert_eq!(uris(&definition), [project.uri("src/orders/model.py")]);
    let hover = client.ask("textDocument/hover", place(&project, PRICING, "total", 0)).await;
    assert!(hover.to_string().contains("Discount"), "{hover}");
    let total = references_of(place(&project, PRICING, "total", 0));
    let references = client.ask_until("textDocument/references", total.clone(), |found| uris(found).len() > 4).await;
    assert!(uris(&references).contains(&&*project.uri("tests/test_pricing.py")), "{references}");
    let items = client.ask("textDocument/completion", place(&project, PRICING, "price()", 0)).await;
    assert!(items["items"].as_array().unwrap().iter().any(|item| item["label"] == "price"), "{items}");

    // A file that the analyzer carries itself lies on this machine when an editor is led there.
    let definition = client.ask("textDocument/definition", place(&project, PRICING, "Decimal", 1)).await;
    let stub = uris(&definition)[0].strip_prefix("file://").unwrap().to_owned();
    assert!(stub.ends_with("decimal.pyi") && Path::new(&stub).is_file(), "{stub}");
    let stub_text = std::fs::read_to_string(&stub).unwrap();
    let stub_uri = format!("file://{stub}");
    client.open_document(&stub_uri, "python", &stub_text).await;
    let (line, column) = find(&stub_text, "class Decimal", 0);
    assert!(client.ask("textDocument/hover", at(&stub_uri, line, column + 7)).await.is_object());

    // An unsaved edit is seen by its editor, in other files too, and by nobody else.
    let end = u32::try_from(project.read(PRICING).lines().count()).unwrap();
    let added = "\n\ndef half(order: Order) -> Decimal:\n    return total(order) + 'x'\n";
    client.change_document(&uri, 2, json!([edit((end, 0), (end, 0), added)])).await;
    client.diagnostics(&uri, |found| !found.is_empty()).await;
    let edited = client.ask("textDocument/references", total.clone()).await;
    assert_eq!(uris(&edited).len(), uris(&references).len() + 1);
    client.allow("textDocument/publishDiagnostics");
    let mut other = open(&cluster, &project, json!({})).await;
    let unseen = other.ask_until("textDocument/references", total, |found| uris(found).len() > 4).await;
    assert_eq!(uris(&unseen).len(), uris(&references).len());
    other.finish().await;
    client.finish().await;
}

#[tokio::test]
async fn files_that_were_not_pushed_are_part_of_the_answers() {
    let (cluster, project) = (cluster().await, orders());
    push(&cluster, "orders", &project).await;
    project.write("new.py", "from orders.pricing import total, half\n");
    project.remove("tests/test_pricing.py");
    let text = project.read(PRICING) + "\n\ndef half(order: Order) -> Decimal:\n    return total(order) / 2\n";
    project.write(PRICING, &text);
    let mut client = open(&cluster, &project, json!({})).await;
    let definition = client.ask("textDocument/definition", place(&project, "new.py", "half", 0)).await;
    assert_eq!(definition[0]["uri"], project.uri(PRICING));
    let (line, column) = find(&text, "half", 0);
    assert_eq!(definition[0]["range"]["start"], json!({"line": line, "character": column}));
    let total = references_of(place(&project, PRICING, "total", 0));
    let found = client.ask_until("textDocument/references", total.clone(), |found| uris(found).len() > 4).await;
    assert!(!uris(&found).contains(&&*project.uri("tests/test_pricing.py")), "{found}");
    let files = client.ask("vraftls/files", Value::Null).await;
    assert!(!files.as_array().unwrap().contains(&project.uri("tests/test_pricing.py").into()), "{files}");

    // What an editor saves is another difference, and what is pushed is none any more.
    let uri = show(&mut client, &project, "new.py").await;
    project.write("new.py", "from orders.pricing import total\ntotal\n");
    client.change_document(&uri, 2, json!([{"text": project.read("new.py")}])).await;
    client.save_document(&uri).await;
    client.close_document(&uri).await;
    client.allow("textDocument/publishDiagnostics");
    client.ask("vraftls/catchUp", Value::Null).await;
    let place_of_use = place(&project, "new.py", "total", 1);
    assert_eq!(uris(&client.ask("textDocument/definition", place_of_use.clone()).await), [project.uri(PRICING)]);
    push(&cluster, "orders", &project).await;
    client.ask("vraftls/catchUp", Value::Null).await;
    assert_eq!(uris(&client.ask("textDocument/definition", place_of_use).await), [project.uri(PRICING)]);
    client.finish().await;
}

fn says(found: &[Value], words: &str) -> bool {
    found.iter().any(|finding| finding["message"].as_str().unwrap().contains(words))
}

#[tokio::test]
async fn a_module_that_is_deleted_is_not_there_until_it_is_back() {
    let main = "import rates.vat\nfrom shop.prices import total\n\ntotal(rates.vat.RATE)\n";
    let prices = "def total(rate: int) -> int:\n    return rate\n";
    let files =
        [("main.py", main), ("shop/__init__.py", ""), ("shop/prices.py", prices), ("rates/vat.py", "RATE = 1\n")];
    let (cluster, project) = (cluster().await, Project::new(&files));
    push(&cluster, "shop", &project).await;
    project.remove("shop/prices.py");
    // Nothing else is left of its directory, which would be a package all the same.
    project.remove("rates/vat.py");
    let mut client = open(&cluster, &project, json!({"textDocument": {"publishDiagnostics": {}}})).await;
    let uri = show(&mut client, &project, "main.py").await;
    client.diagnostics(&uri, |found| says(found, "shop.prices") && says(found, "rates")).await;
    let (definition, prices_uri) = (place(&project, "main.py", "total", 1), project.uri("shop/prices.py"));
    let gone = client.ask("textDocument/definition", definition.clone()).await;
    assert!(!gone.to_string().contains("prices.py"), "{gone}");
    let symbols = json!({"query": "total"});
    let found = client.ask("workspace/symbol", symbols.clone()).await;
    assert!(!found.to_string().contains("prices.py"), "{found}");
    let listed = client.ask("vraftls/files", Value::Null).await;
    assert_eq!(listed, json!([project.uri("main.py"), project.uri("shop/__init__.py")]));

    // Who has it open still has it.
    client.open_document(&prices_uri, "python", prices).await;
    client.diagnostics(&uri, |found| !says(found, "shop.prices") && says(found, "rates")).await;
    assert_eq!(uris(&client.ask("textDocument/definition", definition.clone()).await), [&*prices_uri]);
    client.close_document(&prices_uri).await;
    let gone = client.ask("textDocument/definition", definition.clone()).await;
    assert!(!gone.to_string().contains("prices.py"), "{gone}");
    client.change_document(&uri, 2, json!([{"text": format!("{main}\n")}])).await;
    client.diagnostics(&uri, |found| says(found, "shop.prices")).await;

    // Another file of that name is what it is, and the same one is no difference any more.
    project.write("shop/prices.py", "\n\ndef total(rate: int) -> str:\n    return str(rate)\n");
    project.write("rates/vat.py", "RATE = 1\n");
    client.ask("vraftls/catchUp", Value::Null).await;
    client.diagnostics(&uri, <[Value]>::is_empty).await;
    let back = client.ask("textDocument/definition", definition).await;
    assert_eq!((uris(&back), &back[0]["range"]["start"]["line"]), (vec![&*prices_uri], &json!(2)), "{back}");
    let found = client.ask_until("workspace/symbol", symbols, |found| !found.as_array().unwrap().is_empty()).await;
    assert!(found.to_string().contains("prices.py"), "{found}");
    client.allow("textDocument/publishDiagnostics");
    client.finish().await;
}

#[tokio::test]
async fn answers_go_on_when_the_node_that_gives_them_is_killed() {
    let (mut cluster, project) = (cluster().await, orders());
    push(&cluster, "orders", &project).await;
    let mut client = open(&cluster, &project, json!({})).await;
    let uri = show(&mut client, &project, PRICING).await;
    let asked = place(&project, PRICING, "price()", 0);
    let definition = client.ask("textDocument/definition", asked.clone()).await;
    let before = answered(&cluster).await;
    // Different questions: an answer that is known already asks no node.
    for n in 0..60 {
        client.ask("textDocument/hover", at(&uri, n / 2, n % 2)).await;
    }
    let after = answered(&cluster).await;
    let n_more = |idx: &usize| after[*idx].1 - before[*idx].1;
    let engine = after[(0..after.len()).max_by_key(n_more).unwrap()].0;
    // Unsaved text goes to whoever answers next as well.
    client.change_document(&uri, 2, json!([edit((0, 0), (0, 0), "# one line more\n")])).await;
    let mut moved = asked;
    moved["position"]["line"] = (moved["position"]["line"].as_u64().unwrap() + 1).into();
    let mut asking = Vec::new();
    for _ in 0..8 {
        asking.push(client.request("textDocument/hover", moved.clone()).await);
    }
    cluster.kill(engine).await;
    assert_eq!(client.ask("textDocument/definition", moved).await, definition);
    for id in asking {
        let response = client.response(id).await;
        assert!(response["result"].is_object(), "{response}");
    }
    client.allow("textDocument/publishDiagnostics");
    client.finish().await;
}

#[tokio::test]
async fn a_folder_is_the_workspace_that_was_meant_or_none() {
    let (cluster, project) = (cluster().await, orders());
    push(&cluster, "orders", &project).await;
    let other = Project::new(&[("only_here.py", "x: int = 'no'\n")]);
    push(&cluster, "other", &other).await;
    let ran = check(&cluster, &project, &[]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("orders, other"), "{ran:?}");
    let ran = check(&cluster, &project, &["--workspace", "orders"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    // A folder that is nothing like its workspace: all of it differs, and is checked all the same.
    let ran = check(&cluster, &other, &["--workspace", "orders"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("only_here.py:1"), "{ran:?}");
}
