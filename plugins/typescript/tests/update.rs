//! How a project follows its workspace, where a fixture cannot say it: changes of directories, and of anything.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Change, Config, Failure, MemoryWorkspace, Project, Workspace};
use vraftls_typescript::{TypeScript, TypeScriptProject};

fn open(files: &[(&str, &str)]) -> (Arc<MemoryWorkspace>, TypeScriptProject) {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let workspace = Arc::new(MemoryWorkspace::new(files));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let project = TypeScript::open(config, Arc::clone(&workspace) as Arc<dyn Workspace>);
    (workspace, project.expect("a project always opens"))
}

/// The paths that the name at the offset leads to.
fn targets(project: &mut TypeScriptProject, path: &str, offset: u32) -> Vec<String> {
    let found = project.definition(path, offset).expect("the file is there").expect("there is a name");
    found.locations.into_iter().map(|location| location.path).collect()
}

const MAIN: &str = "import { x } from \"./pkg/mod\";\n";

#[test]
fn whole_directories_come_and_go() {
    let (workspace, mut project) = open(&[("main.ts", MAIN)]);
    assert_eq!(targets(&mut project, "main.ts", 9), ["main.ts"]);

    workspace.write("pkg/mod.ts", "export const x = 1;\n");
    project.update(&[Change::Created("pkg".to_owned())]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.ts", 9), ["pkg/mod.ts"]);

    workspace.remove("pkg/mod.ts");
    project.update(&[Change::Removed("pkg".to_owned())]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.ts", 9), ["main.ts"]);
}

#[test]
fn a_configuration_that_changes_moves_imports() {
    let main = "import { x } from \"@lib/mod\";\n";
    let (workspace, mut project) =
        open(&[("main.ts", main), ("a/mod.ts", "export const x = 1;\n"), ("b/mod.ts", "export const x = 2;\n")]);
    let paths = |to: &str| format!("{{\"compilerOptions\":{{\"paths\":{{\"@lib/*\":[\"./{to}/*\"]}}}}}}");
    workspace.write("tsconfig.json", &paths("a"));
    project.update(&[Change::Created("tsconfig.json".to_owned())]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.ts", 9), ["a/mod.ts"]);

    workspace.write("tsconfig.json", &paths("b"));
    project.update(&[Change::Changed("tsconfig.json".to_owned())]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.ts", 9), ["b/mod.ts"]);
}

#[test]
fn anything_may_differ() {
    let (workspace, mut project) = open(&[("main.ts", MAIN), ("pkg/mod.ts", "export const x = 1;\n")]);
    assert_eq!(targets(&mut project, "main.ts", 9), ["pkg/mod.ts"]);

    workspace.remove("pkg/mod.ts");
    workspace.write("pkg/mod/index.js", "exports.x = 1;\n");
    project.update(&[Change::Everything]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.ts", 9), ["pkg/mod/index.js"]);
    assert!(matches!(project.definition("pkg/mod.ts", 0), Err(Failure::NotFound(_))));
}

#[test]
fn offsets_between_characters_are_refused_and_those_beyond_too() {
    let (_, mut project) = open(&[("a.ts", "const é = 1;\n")]);
    for offset in [7, 100, u32::MAX] {
        let found = project.definition("a.ts", offset);
        assert!(matches!(found, Err(Failure::InvalidInput(_))), "{offset}: {found:?}");
    }
    for path in ["", "@bundled/", "../a.ts", "gone.ts"] {
        assert!(matches!(project.definition(path, 0), Err(Failure::NotFound(_))), "{path}");
    }
}

#[test]
fn the_bundled_file_is_handed_out_and_answered_in() {
    let (_, mut project) = open(&[("a.ts", "[1].map;\n")]);
    let found = project.definition("a.ts", 4).expect("the file is there").expect("there is a name");
    let location = &found.locations[0];
    let text = project.bundled(&location.path).expect("what a location names is handed out");
    assert_eq!(&text[location.span.start as usize..location.span.end as usize], "map");
    assert_eq!(targets(&mut project, &location.path, location.span.start)[0], location.path);
    assert_eq!(project.bundled("a.ts"), None);
}
