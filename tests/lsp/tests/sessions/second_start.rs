//! A server that ends and is started anew goes on with the engine that it had.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, at};

/// What an engine has to work for being kept, and more.
const WORK: Duration = Duration::from_secs(5);

const MAIN: &str = "mod shapes;\n\nfn main() {\n    shapes::area();\n}\n";
const SHAPES: &str = "/// Of a square.\npub fn area() -> u32 {\n    16\n}\n";

async fn definition(client: &mut LspClient, uri: &str) -> Value {
    client.ask("textDocument/definition", at(uri, 3, 13)).await
}

fn kept(server: &Server) -> Vec<String> {
    let entries = std::fs::read_dir(server.data_dir().join("engines"));
    let entries = entries.expect("an engine was kept");
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_rust_engine_goes_on_where_it_ended_and_sees_what_changed_meanwhile() {
    let manifest = "[package]\nname = \"shapes\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let project = Project::new(&[("Cargo.toml", manifest), ("src/main.rs", MAIN), ("src/shapes.rs", SHAPES)]);
    let server = Server::with_plugins(&["rust"]);
    let uri = project.uri("src/main.rs");
    let capabilities = || json!({"textDocument": {"diagnostic": {}}});
    let mut client = server.open(&project, capabilities()).await;
    client.open_document(&uri, "rust", MAIN).await;
    let began = Instant::now();
    for version in 2.. {
        // Another text each time, so that nobody remembers the answer.
        client.change_document(&uri, version, json!([{"text": format!("{MAIN}\n// {version}\n")}])).await;
        let found = definition(&mut client, &uri).await;
        assert_eq!(found[0]["uri"], project.uri("src/shapes.rs"), "{found}");
        assert_eq!(found[0]["range"]["start"]["line"], 1, "{found}");
        client.ask("textDocument/completion", at(&uri, 3, 12)).await;
        if began.elapsed() > WORK {
            break;
        }
    }
    // What is unsaved is not kept.
    client.change_document(&uri, i64::from(i32::MAX), json!([{"text": MAIN}])).await;
    definition(&mut client, &uri).await;
    client.finish().await;
    let engines = kept(&server);
    assert!(matches!(&engines[..], [engine] if engine.ends_with(".engine")), "{engines:?}");

    // While nobody looks, one file grows and another is there.
    project.write("src/shapes.rs", &format!("mod round;\npub use round::circle;\n\n{SHAPES}"));
    project.write("src/shapes/round.rs", "pub fn circle() -> u32 {\n    3\n}\n");
    let mut client = server.open(&project, capabilities()).await;
    client.open_document(&uri, "rust", MAIN).await;
    client.ask("vraftls/catchUp", Value::Null).await;
    let found = definition(&mut client, &uri).await;
    assert_eq!(found[0]["range"]["start"]["line"], 4, "{found}");
    client.change_document(&uri, 2, json!([{"text": MAIN.replace("area", "circle")}])).await;
    let found = definition(&mut client, &uri).await;
    assert_eq!(found[0]["uri"], project.uri("src/shapes/round.rs"), "{found}");
    client.finish().await;
}
