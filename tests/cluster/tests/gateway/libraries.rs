//! Libraries that were pushed along with a workspace: everybody's imports lead into them, whatever their machines have.

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, TestCluster, at, rust_app, rust_machine};

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

async fn push_libraries(cluster: &TestCluster, project: &Project) -> Value {
    push_libraries_of(cluster, project, &Project::new(&[])).await
}

/// The same where cargo and rustup keep their things in folders of a test.
async fn push_libraries_of(cluster: &TestCluster, project: &Project, machine: &Project) -> Value {
    let arguments = ["workspace", "push", "--workspace", "till", "--libraries", "--json"];
    let mut command = cluster.command(&arguments);
    // Not those of whoever runs the tests.
    command.env_remove("VIRTUAL_ENV").env_remove("CONDA_PREFIX").env_remove("RUSTUP_TOOLCHAIN");
    command.env("CARGO_HOME", machine.path("cargo")).env("RUSTUP_HOME", machine.path("rustup"));
    command.current_dir(project.root());
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
    // It is a file that the editor can open, and ask about.
    let (library, text) = library_file(&found, "shop/prices.py");
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

/// The file of a library that a definition leads to: its URI and its text.
fn library_file(found: &Value, ends: &str) -> (String, String) {
    let uri = found[0]["uri"].as_str().unwrap_or_else(|| panic!("{ends}: {found}")).to_owned();
    assert!(uri.ends_with(ends), "{ends}: {found}");
    let path = uri.strip_prefix("file://").unwrap().replace("%40", "@");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    (uri, text)
}

/// Asks where a word in an open file is defined.
async fn definition(client: &mut LspClient, project: &Project, file: &str, word: &str) -> Value {
    let text = project.read(file);
    let offset = text.find(word).unwrap();
    let (line, start) = (text[..offset].matches('\n').count(), text[..offset].rfind('\n').map_or(0, |at| at + 1));
    let (line, column) = (u32::try_from(line).unwrap(), u32::try_from(offset - start).unwrap());
    client.ask("textDocument/definition", at(&project.uri(file), line, column)).await
}

/// Opens a file of a project whose libraries this machine has not, and follows words into them: each to the end of a path, with a part of
/// the text that is there and a word of it that has a hover.
async fn follow_into_libraries(
    cluster: &TestCluster,
    project: &Project,
    (file, language): (&str, &str),
    words: &[(&str, &str, &str)],
) {
    let mut editor = open(cluster, project, json!({})).await;
    editor.allow("textDocument/publishDiagnostics");
    editor.open_document(&project.uri(file), language, &project.read(file)).await;
    for (word, ends, declared) in words {
        let found = definition(&mut editor, project, file, word).await;
        let (library, text) = library_file(&found, ends);
        let offset = text.find(declared).unwrap_or_else(|| panic!("{declared} in {text}"));
        let line = text[..offset].matches('\n').count();
        assert_eq!(found[0]["range"]["start"]["line"], line, "{word}: {found}");
        // From there one can go on.
        editor.open_document(&library, language, &text).await;
        let here = json!({"textDocument": {"uri": library}, "position": found[0]["range"]["start"]});
        let hover = editor.ask("textDocument/hover", here).await;
        assert!(hover.is_object(), "{word} in {library}: {hover}");
        editor.close_document(&library).await;
    }
    editor.finish().await;
}

const RUST_MAIN: &str = "\
use near::near;
use shapes::Circle;

fn main() {
    let circle = Circle::new(near());
    let _area = Some(circle.area()).unwrap_or(0);
}
";

#[tokio::test]
async fn packages_repositories_and_the_standard_library_of_rust_are_everybodys() {
    let cluster = TestCluster::start(&["rust"], 1, 2).await;
    let (here, elsewhere) = (rust_app(RUST_MAIN), rust_app(RUST_MAIN));
    push(&cluster, "till", &here).await;
    let said = push_libraries_of(&cluster, &here, &rust_machine()).await;
    assert_eq!(said["libraries"]["left_out"], json!([]), "{said}");
    let words = [
        ("area()", "shapes-1.2.0/src/lib.rs", "    pub fn area"),
        ("near()", "near/src/lib.rs", "pub fn near"),
        ("unwrap_or", "core/src/lib.rs", "        pub fn unwrap_or"),
    ];
    follow_into_libraries(&cluster, &elsewhere, ("src/main.rs", "rust"), &words).await;
    let checked = check(&cluster, &elsewhere, &[]).await;
    assert_eq!(checked.code, 0, "{checked:?}");
}

#[tokio::test]
async fn packages_of_node_modules_are_everybodys() {
    let cluster = TestCluster::start(&["typescript"], 1, 2).await;
    let main = "import { Circle } from \"shapes\";\n\nconst circle = new Circle(2);\ncircle.area();\n";
    let files = [
        ("package.json", "{\"name\": \"app\", \"dependencies\": {\"shapes\": \"1\"}}"),
        ("tsconfig.json", "{\"compilerOptions\": {\"moduleResolution\": \"bundler\", \"strict\": true}}"),
        (".gitignore", "node_modules\n"),
        ("src/main.ts", main),
    ];
    let (here, elsewhere) = (Project::new(&files), Project::new(&files));
    here.write(
        "node_modules/shapes/package.json",
        "{\"name\": \"shapes\", \"version\": \"1.2.0\", \"types\": \"types/index.d.ts\"}",
    );
    here.write(
        "node_modules/shapes/types/index.d.ts",
        "import { Shape } from \"base\";\n\nexport declare class Circle extends Shape {\n  constructor(radius: number);\n}\n",
    );
    here.write(
        "node_modules/shapes/node_modules/base/index.d.ts",
        "export declare class Shape {\n  area(): number;\n}\n",
    );
    push(&cluster, "till", &here).await;
    let said = push_libraries(&cluster, &here).await;
    assert_eq!((&said["written"], &said["libraries"]["left_out"]), (&json!(0), &json!([])), "{said}");
    let words = [
        ("Circle", "node_modules/shapes/types/index.d.ts", "export declare class Circle"),
        ("area", "node_modules/base/index.d.ts", "  area()"),
    ];
    follow_into_libraries(&cluster, &elsewhere, ("src/main.ts", "typescript"), &words).await;
}

#[cfg(unix)]
#[tokio::test]
async fn packages_that_are_links_lead_where_they_lie() {
    let cluster = TestCluster::start(&["typescript"], 1, 2).await;
    let main = "import { Ring } from \"ring\";\nimport { Button } from \"@acme/ui\";\n\nnew Ring().chime();\nnew Button().press();\n";
    let files = [
        ("package.json", "{\"name\": \"app\"}"),
        (".gitignore", "node_modules\n"),
        ("src/main.ts", main),
        ("packages/ui/package.json", "{\"name\": \"@acme/ui\", \"types\": \"index.ts\"}"),
        ("packages/ui/index.ts", "export class Button {\n  press() {}\n}\n"),
    ];
    let (here, elsewhere) = (Project::new(&files), Project::new(&files));
    let store = "node_modules/.pnpm/ring@1.0.0/node_modules/ring";
    here.write(&format!("{store}/index.d.ts"), "export declare class Ring {\n  chime(): void;\n}\n");
    std::fs::create_dir_all(here.path("node_modules/@acme")).unwrap();
    for (link, target) in
        [("node_modules/ring", ".pnpm/ring@1.0.0/node_modules/ring"), ("node_modules/@acme/ui", "../../packages/ui")]
    {
        std::os::unix::fs::symlink(target, here.path(link)).unwrap();
    }
    push(&cluster, "till", &here).await;
    let said = push_libraries(&cluster, &here).await;
    // The file that two paths lead to is there once, and the list.
    assert_eq!(said["libraries"]["written"], 2, "{said}");
    let words = [
        ("Ring", "ring/index.d.ts", "export declare class Ring"),
        ("chime", "ring/index.d.ts", "  chime()"),
        ("Button", "ui/index.ts", "export class Button"),
        ("press", "ui/index.ts", "  press()"),
    ];
    follow_into_libraries(&cluster, &elsewhere, ("src/main.ts", "typescript"), &words).await;
}
