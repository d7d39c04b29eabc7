//! The shipped TypeScript analyzer through the whole of the server, on a package with a directory `node_modules` of the test's own.

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, at};

use crate::places::find;

const MAIN: &str = "\
import { Circle } from \"shapes\";
import { report } from \"./report\";

const circle = new Circle(2);
report(circle.area());
report(circle.area());
";

fn project() -> Project {
    Project::new(&[
        ("package.json", "{\"name\": \"app\", \"dependencies\": {\"shapes\": \"1\"}}"),
        ("tsconfig.json", "{\"compilerOptions\": {\"moduleResolution\": \"bundler\", \"strict\": true}}"),
        ("src/main.ts", MAIN),
        ("src/report.ts", "/** Says it. */\nexport function report(area: number): void {}\n"),
        (
            "node_modules/shapes/package.json",
            "{\"name\": \"shapes\", \"version\": \"1.2.0\", \"types\": \"types/index.d.ts\"}",
        ),
        (
            "node_modules/shapes/types/index.d.ts",
            "/** Round. */\nexport declare class Circle {\n  private radius: number;\n  constructor(radius: number);\n  area(): number;\n}\n",
        ),
    ])
}

#[tokio::test]
async fn names_lead_into_packages_and_other_files() {
    let (project, server) = (project(), Server::with_plugins(&["typescript"]));
    let capabilities = json!({"textDocument": {"diagnostic": {}, "hover": {"contentFormat": ["markdown"]}}});
    let mut client = server.open(&project, capabilities).await;
    let uri = project.uri("src/main.ts");
    client.open_document(&uri, "typescript", MAIN).await;
    let place = |word: &str, n: usize| {
        let (line, column) = find(MAIN, word, n);
        at(&uri, line, column)
    };
    let library = project.uri("node_modules/shapes/types/index.d.ts");
    for (word, n, file, line) in
        [("Circle", 0, &library, 1), ("area", 0, &library, 4), ("report", 2, &project.uri("src/report.ts"), 1)]
    {
        let definition = client.ask("textDocument/definition", place(word, n)).await;
        assert_eq!(definition[0]["uri"], **file, "{word}: {definition}");
        assert_eq!(definition[0]["range"]["start"]["line"], line, "{word}: {definition}");
    }
    // From there one can go on.
    client.open_document(&library, "typescript", &project.read("node_modules/shapes/types/index.d.ts")).await;
    let hover = client.ask("textDocument/hover", at(&library, 1, 22)).await;
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Round."), "{hover}");

    let mut references = place("report(", 0);
    references["context"] = json!({"includeDeclaration": true});
    let in_both = |found: &Value| found.as_array().is_some_and(|all| all.len() == 4);
    let found = client.ask_until("textDocument/references", references, in_both).await;
    assert_eq!(found[3]["uri"], project.uri("src/report.ts"), "{found}");
    let mut uses = place("area()", 0);
    uses["context"] = json!({"includeDeclaration": false});
    let uses = client.ask("textDocument/references", uses).await;
    let lines: Vec<&Value> = uses.as_array().unwrap().iter().map(|found| &found["range"]["start"]["line"]).collect();
    assert_eq!(lines, [4, 5], "{uses}");

    let typed = format!("{MAIN}circle.\n");
    client.change_document(&uri, 2, json!([{"text": typed}])).await;
    let list = client.ask("textDocument/completion", at(&uri, 6, 7)).await;
    let labels: Vec<&str> =
        list["items"].as_array().unwrap().iter().filter_map(|item| item["label"].as_str()).collect();
    assert!(labels.contains(&"area"), "{labels:?}");
    client.finish().await;
}

/// Where the last occurrence of a word in an open file leads.
async fn definition(client: &mut LspClient, project: &Project, file: &str, word: &str) -> Value {
    let text = project.read(file);
    let (line, column) = find(&text, word, text.matches(word).count() - 1);
    client.ask("textDocument/definition", at(&project.uri(file), line, column)).await
}

#[tokio::test]
async fn configurations_are_read_whatever_they_extend() {
    let import = "import { word } from \"~/word\";\n";
    let project = Project::new(&[
        ("package.json", "{}"),
        ("one/tsconfig.json", "{\"extends\": \"../config/tsconfig.strict-base.json\"}"),
        ("config/tsconfig.strict-base.json", "{\"compilerOptions\": {\"paths\": {\"~/*\": [\"../words/*\"]}}}"),
        ("words/word.ts", "export const word = 1;\n"),
        ("one/main.ts", import),
        ("two/tsconfig.json", "{\"extends\": [\"@tsconfig/gone/tsconfig.json\", \"@tsconfig/aliases/tsconfig.json\"]}"),
        (
            "node_modules/@tsconfig/aliases/tsconfig.json",
            "{\"compilerOptions\": {\"paths\": {\"~/*\": [\"${configDir}/src/*\"]}}}",
        ),
        ("two/src/word.ts", "export const word = 2;\n"),
        ("two/main.ts", import),
    ]);
    let server = Server::with_plugins(&["typescript"]);
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    for (file, expected) in [("one/main.ts", "words/word.ts"), ("two/main.ts", "two/src/word.ts")] {
        client.open_document(&project.uri(file), "typescript", import).await;
        let found = definition(&mut client, &project, file, "word }").await;
        assert_eq!(found[0]["uri"], project.uri(expected), "{found}");
    }
    client.finish().await;
}

#[cfg(unix)]
#[tokio::test]
async fn packages_that_are_links_are_found_where_they_lie() {
    let store = "node_modules/.pnpm";
    let at = |inner: &str| format!("{store}/{inner}");
    let (foo, bar) = (at("foo@1.0.0/node_modules/foo/index.d.ts"), at("bar@1.0.0/node_modules/bar/index.d.ts"));
    let main = "import { Foo } from \"foo\";\nimport { Button } from \"@acme/ui\";\nnew Foo().bar().ring();\nnew Button().press();\n";
    let project = Project::new(&[
        ("package.json", "{}"),
        ("main.ts", main),
        (&foo, "import { Bar } from \"bar\";\nexport declare class Foo { bar(): Bar }\n"),
        (&bar, "export declare class Bar { ring(): void }\n"),
        ("packages/ui/package.json", "{\"name\": \"@acme/ui\", \"types\": \"index.ts\"}"),
        ("packages/ui/index.ts", "export class Button { press() {} }\n"),
    ]);
    std::fs::create_dir_all(project.path("node_modules/@acme")).unwrap();
    for (path, target) in [
        ("node_modules/foo", ".pnpm/foo@1.0.0/node_modules/foo"),
        ("node_modules/.pnpm/foo@1.0.0/node_modules/bar", "../../bar@1.0.0/node_modules/bar"),
        ("node_modules/.pnpm/bar@1.0.0/node_modules/foo", "../../foo@1.0.0/node_modules/foo"),
        ("node_modules/@acme/ui", "../../packages/ui"),
    ] {
        std::os::unix::fs::symlink(target, project.path(path)).unwrap();
    }
    let server = Server::with_plugins(&["typescript"]);
    let mut client = server.open(&project, json!({"textDocument": {"diagnostic": {}}})).await;
    client.open_document(&project.uri("main.ts"), "typescript", main).await;
    for (word, expected) in
        [("bar()", &*foo), ("ring", &*bar), ("Button", "packages/ui/index.ts"), ("press", "packages/ui/index.ts")]
    {
        let found = definition(&mut client, &project, "main.ts", word).await;
        let encoded = project.uri(expected).replace('@', "%40");
        assert_eq!(found[0]["uri"], encoded, "{word}: {found}");
    }
    client.finish().await;
}
