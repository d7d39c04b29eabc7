//! Packages that are symbolic links: a tree as pnpm makes it, and a workspace whose packages are linked to their sources.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Config, Library, MemoryWorkspace, Project, Workspace};
use vraftls_typescript::{TypeScript, TypeScriptProject};

fn open(files: &[(&str, &str)], links: &[(&str, &str)]) -> TypeScriptProject {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let workspace = Arc::new(MemoryWorkspace::new(files));
    links.iter().for_each(|(path, target)| workspace.link(path, target));
    let library = Library { path: "@lib/node_modules".to_owned(), kind: "node_modules".to_owned() };
    let config = Config { root: String::new(), libraries: vec![library], settings: Vec::new() };
    TypeScript::open(config, workspace as Arc<dyn Workspace>).expect("a project always opens")
}

/// Where the last occurrence of a name in a file leads.
fn target(project: &mut TypeScriptProject, path: &str, text: &str, name: &str) -> String {
    let offset = text.rfind(name).expect("it is there") as u32;
    let found = project.definition(path, offset).expect("the file is there").expect("there is a name");
    found.locations.first().map(|location| location.path.clone()).unwrap_or_default()
}

const STORE: &str = "@lib/node_modules/.pnpm";

#[test]
fn packages_see_their_own_dependencies() {
    let main = "import { Foo } from \"foo\";\nimport { Bar } from \"bar\";\n\
                new Foo().bar().old();\nnew Bar().young();\nnew Foo().next().next().bar();\n";
    let at = |inner: &str| format!("{STORE}/{inner}");
    let (foo, old, young) = (
        at("foo@1.0.0/node_modules/foo/index.d.ts"),
        at("bar@1.0.0/node_modules/bar/index.d.ts"),
        at("bar@2.0.0_peer@1.0.0/node_modules/bar/index.d.ts"),
    );
    let mut project = open(
        &[
            ("main.ts", main),
            (
                &foo,
                "import { Bar } from \"bar\";\nexport declare class Foo { bar(): Bar; next(): import(\"foo\").Foo }\n",
            ),
            (&old, "export declare class Bar { old(): void }\n"),
            (&young, "export declare class Bar { young(): void }\n"),
        ],
        &[
            ("@lib/node_modules/foo", &at("foo@1.0.0/node_modules/foo")),
            ("@lib/node_modules/bar", &at("bar@2.0.0_peer@1.0.0/node_modules/bar")),
            (&at("foo@1.0.0/node_modules/bar"), &at("bar@1.0.0/node_modules/bar")),
            // Packages that need one another lead round in a circle.
            (&at("bar@1.0.0/node_modules/foo"), &at("foo@1.0.0/node_modules/foo")),
        ],
    );
    for (name, expected) in
        [("Foo", &foo), ("bar()", &foo), ("old", &old), ("Bar", &young), ("young", &young), ("next", &foo)]
    {
        assert_eq!(target(&mut project, "main.ts", main, name), *expected, "{name}");
    }
}

#[test]
fn a_package_of_the_workspace_leads_to_its_sources() {
    let main = "import { Button } from \"@acme/ui\";\nButton;\n";
    let mut project = open(
        &[
            ("app/main.ts", main),
            ("packages/ui/package.json", "{\"name\": \"@acme/ui\", \"types\": \"src/index.ts\"}"),
            ("packages/ui/src/index.ts", "export class Button {}\n"),
        ],
        &[("@lib/node_modules/@acme/ui", "packages/ui")],
    );
    assert_eq!(target(&mut project, "app/main.ts", main, "Button"), "packages/ui/src/index.ts");
}

#[test]
fn links_in_a_circle_lead_nowhere() {
    let main = "import { x } from \"round\";\nx;\n";
    let links = [
        ("@lib/node_modules/round", "@lib/node_modules/there"),
        ("@lib/node_modules/there", "@lib/node_modules/round"),
    ];
    let mut project = open(&[("main.ts", main)], &links);
    assert_eq!(target(&mut project, "main.ts", main, "x"), "main.ts");
}
