//! How a project follows its workspace, where a fixture cannot say it: changes of directories, and of anything.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Change, Config, Failure, Library, MemoryWorkspace, Project, Workspace};
use vraftls_python::{Python, PythonProject};

fn open(files: &[(&str, &str)]) -> (Arc<MemoryWorkspace>, PythonProject) {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let workspace = Arc::new(MemoryWorkspace::new(files));
    let packages = Library { path: "@lib/site-packages".to_owned(), kind: "site-packages".to_owned() };
    let config = Config { root: String::new(), libraries: vec![packages], settings: Vec::new() };
    let project = Python::open(config, Arc::clone(&workspace) as Arc<dyn Workspace>);
    (workspace, project.expect("a project always opens"))
}

/// The paths that the last name of the text leads to.
fn targets(project: &mut PythonProject, path: &str, offset: u32) -> Vec<String> {
    let found = project.definition(path, offset).expect("the file is there").expect("there is a name");
    found.locations.into_iter().map(|location| location.path).collect()
}

#[test]
fn whole_directories_come_and_go() {
    let main = "from pkg.mod import x\n";
    let (workspace, mut project) = open(&[("main.py", main)]);
    assert_eq!(targets(&mut project, "main.py", 20), ["main.py"]);

    workspace.write("pkg/mod.py", "x = 1\n");
    project.update(&[Change::Created("pkg".to_owned())]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.py", 20), ["pkg/mod.py"]);

    workspace.remove("pkg/mod.py");
    project.update(&[Change::Removed("pkg".to_owned())]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.py", 20), ["main.py"]);
}

#[test]
fn anything_may_differ() {
    let (workspace, mut project) = open(&[("main.py", "from lib import x\n"), ("lib.py", "x = 1\n")]);
    assert_eq!(targets(&mut project, "main.py", 16), ["lib.py"]);

    workspace.remove("lib.py");
    workspace.write("src/lib.py", "x = 1\n");
    project.update(&[Change::Everything]).expect("an update is never refused");
    assert_eq!(targets(&mut project, "main.py", 16), ["src/lib.py"]);
    assert!(matches!(project.definition("lib.py", 0), Err(Failure::NotFound(_))));
}

#[test]
fn files_of_a_workspace_and_of_a_library_change_in_turns() {
    let main = "from here import x\nfrom there import y\nz = x\nw = y\n";
    let here = |round: usize| format!("{}x = {round}\n", "\n".repeat(round));
    let there = |round: usize| format!("{}from here import x as y\n", "# more\n".repeat(round));
    let (workspace, mut project) = open(&[("main.py", main), ("here.py", ""), ("@lib/site-packages/there.py", "")]);
    let starts = |project: &mut PythonProject, name: &str| -> Vec<u32> {
        let offset = main.find(name).expect("it is written there") as u32 + 4;
        let found = project.definition("main.py", offset).expect("the file is there").expect("there is a name");
        found.locations.into_iter().map(|location| location.span.start).collect()
    };
    for round in 0..8 {
        workspace.write("here.py", &here(round));
        project.update(&[Change::Changed("here.py".to_owned())]).expect("an update is never refused");
        assert_eq!(starts(&mut project, "z = x"), [round as u32], "round {round}");
        // The library leads back into the workspace, so its answers follow both.
        if round % 3 == 0 {
            workspace.write("@lib/site-packages/there.py", &there(round));
            project
                .update(&[Change::Changed("@lib/site-packages/there.py".to_owned())])
                .expect("an update is never refused");
        }
        assert_eq!(starts(&mut project, "w = y"), [round as u32], "round {round}");
    }
}

#[test]
fn a_change_of_one_file_leaves_the_answers_of_others_right() {
    let (workspace, mut project) = open(&[("main.py", "import lib\nlib.x\n"), ("lib.py", "x = 1\n")]);
    assert_eq!(targets(&mut project, "main.py", 16), ["lib.py"]);

    workspace.write("lib.py", "\n\nx = 1\n");
    project.update(&[Change::Changed("lib.py".to_owned())]).expect("an update is never refused");
    let found = project.definition("main.py", 16).expect("the file is there").expect("there is a name");
    assert_eq!(found.locations[0].span.start, 2);

    project.set_open(vec!["main.py".to_owned(), "gone.py".to_owned()]);
    assert_eq!(targets(&mut project, "main.py", 16), ["lib.py"]);
}

#[test]
fn offsets_outside_of_a_text_are_refused_and_never_a_panic() {
    let (_, mut project) = open(&[("a.py", "é = 1\n")]);
    for offset in [1, 8, u32::MAX] {
        assert!(matches!(project.definition("a.py", offset), Err(Failure::InvalidInput(_))), "{offset}");
        assert!(matches!(project.hover("a.py", offset), Err(Failure::InvalidInput(_))), "{offset}");
        assert!(matches!(project.plan("a.py", offset), Err(Failure::InvalidInput(_))), "{offset}");
    }
    assert!(matches!(project.definition("", 0), Err(Failure::NotFound(_))));
    assert!(matches!(project.definition("@bundled/", 0), Err(Failure::NotFound(_))));
    assert!(matches!(project.definition("../../a.py", 0), Err(Failure::NotFound(_))));
}

#[test]
fn bundled_files_are_handed_out_and_answered_in() {
    let (_, mut project) = open(&[("a.py", "")]);
    let text = project.bundled("@bundled/stdlib/functools.pyi").expect("typeshed has functools");
    assert_eq!(project.bundled("@bundled/stdlib/nothing.pyi"), None);
    assert_eq!(project.bundled("@bundled/stdlib/../stdlib/os/__init__.pyi"), None);
    assert_eq!(project.bundled("a.py"), None);
    let offset = u32::try_from(text.find("def update_wrapper").expect("it is there") + 5).expect("typeshed is small");
    assert_eq!(targets(&mut project, "@bundled/stdlib/functools.pyi", offset)[0], "@bundled/stdlib/functools.pyi");
}
