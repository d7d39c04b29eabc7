//! After the edits of a move and the move itself, a project finds all that it found before.
//!
//! The project is made up here; `CHANGES_TREE=DIR` takes a tree as well and moves every file of it, one after another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vraftls_guest_sdk::fixture::FixtureWorkspace;
use vraftls_guest_sdk::{Analyzer, Config, Description, Document, Failure, Move, Project, Workspace};
use vraftls_python::{Python, PythonProject};

type Files = BTreeMap<String, String>;

fn open(files: &Files) -> PythonProject {
    let workspace = FixtureWorkspace::default();
    for (path, text) in files {
        let document = Document { path: path.clone(), language: "python".to_owned(), text: text.clone() };
        let facts = Python::index(&document).expect("broken code is no failure");
        workspace.write(path, text, Some(facts));
    }
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    Python::open(config, Arc::new(workspace) as Arc<dyn Workspace>).expect("a project always opens")
}

/// What cannot be found in a project: the findings about names and modules, by code and text, without their places.
fn lost(files: &Files) -> Vec<String> {
    let mut project = open(files);
    let mut lost = Vec::new();
    for (path, text) in files {
        for found in project.diagnostics(path).expect("the file is there") {
            if matches!(found.code.as_str(), "unresolved-import" | "unresolved-attribute" | "unresolved-reference") {
                let at = text.get(found.span.start as usize..found.span.end as usize).unwrap_or_default();
                lost.push(format!("{} {at} in {path}", found.code));
            }
        }
    }
    lost
}

/// The project after the edits of a move and the move itself.
fn moved(files: &Files, old: &str, new: &str) -> Result<Files, Failure> {
    let moves = [Move { old_path: old.to_owned(), new_path: new.to_owned() }];
    let edits = open(files).will_rename(&moves)?;
    let mut after = files.clone();
    for document in edits {
        let text = after.get_mut(&document.path).expect("edits are of files that are there");
        for edit in document.edits.iter().rev() {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.new_text);
        }
    }
    let below = format!("{old}/");
    let path = |path: String| match path.strip_prefix(&below) {
        Some(rest) => format!("{new}/{rest}"),
        None if path == old => new.to_owned(),
        None => path,
    };
    Ok(after.into_iter().map(|(at, text)| (path(at), text)).collect())
}

fn finds_the_same(files: &Files, old: &str, new: &str) {
    let before = lost(files);
    let after = lost(&moved(files, old, new).expect("every file can be read"));
    assert_eq!(before.len(), after.len(), "{old} -> {new}\nbefore: {before:#?}\nafter: {after:#?}");
}

fn project() -> Files {
    let files = [
        ("app/__init__.py", "from . import core\nfrom .core import model as m\n__all__ = [\"core\"]\n"),
        ("app/core/__init__.py", "from .model import Model\nfrom .. import util\n"),
        ("app/core/model.py", "from ..util import tool\nfrom . import view\n\nclass Model:\n    v = view.View\n"),
        ("app/core/view.py", "import app.util\n\nclass View:\n    t = app.util.tool()\n"),
        ("app/util.py", "import os\n\ndef tool(): return os.sep\n"),
        (
            "app/deep/er/one.py",
            "from ...core.model import Model\nfrom app.core import view as view\nprint(Model, view)\n",
        ),
        (
            "main.py",
            "import app.core.model, app.util\nfrom app import core, util as u\nimport app as a\n\
                     print(app.core.model.Model, core.view.View, u.tool, a.util.tool(), app.util.tool)\n",
        ),
        (
            "tests/test_a.py",
            "from app.core.model import (\n    Model,  # It.\n)\nfrom app.core import model\nmodel.Model\n",
        ),
        ("alone.py", "x = 1\n"),
        ("user.py", "import alone\nfrom alone import x\nalone.x, x\n"),
    ];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).into_iter().collect()
}

#[test]
fn nothing_is_lost_by_a_move() {
    let files = project();
    assert_eq!(lost(&files), Vec::<String>::new());
    for (old, new) in [
        ("app/core/model.py", "app/core/models.py"),
        ("app/core/model.py", "app/model.py"),
        ("app/core/model.py", "model.py"),
        ("app/core/view.py", "app/deep/view.py"),
        ("app/util.py", "app/core/util.py"),
        ("app/util.py", "util/__init__.py"),
        ("app/core", "app/kernel"),
        ("app/core", "kernel"),
        ("app/deep", "app/core/deep"),
        ("app", "program"),
        ("alone.py", "app/alone.py"),
        ("alone.py", "together.py"),
    ] {
        finds_the_same(&files, old, new);
    }
}

#[test]
fn what_moves_onto_itself_or_out_of_paths_is_refused_or_changes_nothing() {
    let mut project = open(&project());
    let ask = |project: &mut PythonProject, old: &str, new: &str| {
        project.will_rename(&[Move { old_path: old.to_owned(), new_path: new.to_owned() }])
    };
    assert_eq!(ask(&mut project, "alone.py", "alone.py"), Ok(Vec::new()));
    assert_eq!(ask(&mut project, "nothing.py", "something.py"), Err(Failure::NotFound("nothing.py".to_owned())));
    assert!(matches!(ask(&mut project, "alone.py", "../alone.py"), Err(Failure::InvalidInput(_))));
    let Description { on_type_triggers, .. } = Python::describe();
    assert_eq!(on_type_triggers.first().map(String::as_str), Some("\n"));
}

#[test]
fn nothing_is_lost_by_moves_in_a_tree() {
    let Some(root) = std::env::var_os("CHANGES_TREE") else { return };
    let mut files = Files::new();
    collect(Path::new(&root), Path::new(&root), &mut files);
    let step = std::env::var("CHANGES_STEP").ok().and_then(|step| step.parse().ok()).unwrap_or(1);
    for path in files.keys().filter(|path| !path.ends_with("__init__.py") && path.contains('/')).step_by(step) {
        eprintln!("{path}");
        let stem = path.trim_end_matches(".py");
        finds_the_same(&files, path, &format!("{stem}_moved.py"));
        let (directory, name) = path.rsplit_once('/').expect("it has a slash");
        finds_the_same(&files, path, &format!("{directory}/moved/{name}"));
    }
}

fn collect(root: &Path, directory: &Path, files: &mut Files) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|suffix| suffix == "py")
            && let Ok(text) = std::fs::read_to_string(&path)
            && let Ok(relative) = path.strip_prefix(root)
        {
            files.insert(relative.to_string_lossy().into_owned(), text);
        }
    }
}
