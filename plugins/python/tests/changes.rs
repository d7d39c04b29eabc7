//! Changes of imports keep a file what it is: it parses as before, keeps its comments, and a second time changes nothing.
//!
//! The sources are made up here, many of them, from pieces; `CHANGES_TREE=DIR` takes the files of a tree as well.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ruff_python_ast::{Stmt, StmtImport, StmtImportFrom};
use ruff_python_parser::parse_module;
use vraftls_guest_sdk::{
    Action, Analyzer, Change, Config, DocumentEdit, FormattingOptions, MemoryWorkspace, Project, Span, TextEdit,
    Workspace,
};
use vraftls_python::{Python, PythonProject};

const HEADS: [&str; 6] = [
    "",
    "#!/usr/bin/env python\n# A head.\n\n",
    "\"\"\"A docstring.\"\"\"\n",
    "\"\"\"A docstring.\"\"\"; x = 1\n",
    "# A head.\nfrom __future__ import annotations\n",
    "\u{feff}'''Two\nlines.'''\n\n",
];
const IMPORTS: [&str; 14] = [
    "import os\n",
    "import sys, re as regex\n",
    "import json; import abc\n",
    "from os import (\n    sep,  # A comment.\n    path,\n)\n",
    "from os import sep, \\\n    linesep\n",
    "# About it.\nfrom typing import Any, List as L\n",
    "from typing import (Dict,)\n",
    "from . import b  # noqa: F401\n",
    "from ..c import d as e, f\n",
    "from m import *\n",
    "import third.party\nimport third.part  # isort: skip\n",
    "if os:\n    import z\n    import y\nelse:\n    from x import w\n",
    "try:\n    import fast\nexcept ImportError:\n    import slow as fast\n",
    "def f():\n    import inner\n    from inner import g, h\n    return g\n",
];
const TAILS: [&str; 5] = ["", "x = os.path, Any\n", "\n\nclass A:\n    import in_class\n", "x = 1", "\nprint(\n"];

/// A file in a project, of which the text is put in the place of the one before: opening a project takes longer.
struct Case {
    path: String,
    workspace: Arc<MemoryWorkspace>,
    project: PythonProject,
    text: String,
}

impl Case {
    fn new() -> Self {
        Self::among(&[("pkg/sub/a.py".to_owned(), String::new())])
    }

    fn among(files: &[(String, String)]) -> Self {
        let workspace = Arc::new(MemoryWorkspace::new(files.iter().cloned()));
        let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        let project = Python::open(config, Arc::clone(&workspace) as Arc<dyn Workspace>);
        let (path, text) = files[0].clone();
        Self { path, workspace, project: project.expect("a project always opens"), text }
    }

    fn with(&mut self, text: &str) -> &mut Self {
        let path = self.path.clone();
        self.at(&path, text)
    }

    fn at(&mut self, path: &str, text: &str) -> &mut Self {
        self.workspace.write(path, text);
        self.project.update(&[Change::Changed(path.to_owned())]).expect("an update is never refused");
        (self.path, self.text) = (path.to_owned(), text.to_owned());
        self
    }

    /// The text after the change of a title.
    fn after(&mut self, title: &str) -> String {
        let span = Span { start: 0, end: 0 };
        let actions = self.project.actions(&self.path, span, &[], &[]).expect("the file is there");
        let action = actions.into_iter().find(|action| action.title == title).expect("it is always offered");
        self.applied(&action)
    }

    fn applied(&mut self, action: &Action) -> String {
        let edits = match action.edits.is_empty() {
            true => self.project.resolve_action(&self.path, &action.token).expect("the token is the project's own"),
            false => action.edits.clone(),
        };
        let edits = edits.into_iter().next().unwrap_or(DocumentEdit { path: String::new(), edits: Vec::new() }).edits;
        apply(&self.text, &edits)
    }
}

fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut result = text.to_owned();
    let mut before = usize::MAX;
    for edit in edits.iter().rev() {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        assert!(start <= end && end <= before, "edits are in order and apart: {edits:?}");
        before = start;
        result.replace_range(start..end, &edit.new_text);
    }
    result
}

/// All texts that are made of the pieces: a head, one to three imports, a tail.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    let mut number = 0_usize;
    for head in HEADS {
        for first in IMPORTS {
            for second in IMPORTS {
                // Every third piece and tail in turn, so that all pairs meet and the whole stays small.
                let third = IMPORTS[number % IMPORTS.len()];
                let tail = TAILS[number % TAILS.len()];
                number += 1;
                texts.push(format!("{head}{first}{second}{third}{tail}"));
            }
        }
    }
    for head in HEADS {
        texts.extend(TAILS.map(|tail| format!("{head}{tail}")));
    }
    texts
}

fn comments(text: &str) -> Vec<&str> {
    let mut comments: Vec<&str> = text.lines().filter_map(|line| line.split_once('#')).map(|(_, rest)| rest).collect();
    comments.sort_unstable();
    comments
}

/// All that is imported anywhere, as sorted lines of `from module import name as alias`.
fn imported(text: &str) -> Vec<String> {
    fn collect(body: &[Stmt], found: &mut Vec<String>) {
        for statement in body {
            match statement {
                Stmt::Import(StmtImport { names, .. }) => {
                    found.extend(names.iter().map(|alias| format!("{} {:?}", alias.name, alias.asname)));
                }
                Stmt::ImportFrom(StmtImportFrom { level, module, names, .. }) => {
                    let of = |alias: &ruff_python_ast::Alias| {
                        let asname = alias.asname.as_ref().map(|name| name.to_string());
                        format!("{level} {} {} {asname:?}", module.as_deref().unwrap_or_default(), alias.name)
                    };
                    found.extend(names.iter().map(of));
                }
                Stmt::If(statement) => {
                    collect(&statement.body, found);
                    statement.elif_else_clauses.iter().for_each(|clause| collect(&clause.body, found));
                }
                Stmt::FunctionDef(function) => collect(&function.body, found),
                Stmt::ClassDef(class) => collect(&class.body, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    if let Ok(parsed) = parse_module(text) {
        collect(parsed.suite(), &mut found);
    }
    for line in &mut found {
        *line = line.replace("Some(Identifier", "Some").split(", range").next().unwrap_or_default().to_owned();
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn organizing_is_safe(case: &mut Case) {
    let before = case.text.clone();
    let after = case.after("Organize imports");
    if after == before {
        return;
    }
    assert!(parse_module(&after).is_ok(), "{before}\n-- became --\n{after}");
    assert_eq!(comments(&before), comments(&after), "{before}\n-- became --\n{after}");
    assert_eq!(imported(&before), imported(&after), "{before}\n-- became --\n{after}");
    let again = case.with(&after).after("Organize imports");
    assert_eq!(after, again, "{before}\n-- became that, then this");
    case.with(&before);
}

fn removing_is_safe(case: &mut Case) {
    let before = case.text.clone();
    let after = case.after("Remove unused imports");
    if parse_module(&before).is_ok() {
        assert!(parse_module(&after).is_ok(), "{before}\n-- became --\n{after}");
    }
    let again = case.with(&after).after("Remove unused imports");
    assert_eq!(after, again, "{before}\n-- became that, then this");
    case.with(&before);
}

/// Accepts proposals that import something, at the end of the text.
fn adding_is_safe(case: &mut Case) {
    let before = case.text.clone();
    for typed in ["OrderedDi", "dataclas", "xml"] {
        let separator = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        let text = format!("{before}{separator}{typed}");
        let offset = u32::try_from(text.len()).expect("the text is small");
        let path = case.path.clone();
        let items = case.with(&text).project.complete(&path, offset, None, 200).expect("the file is there").items;
        for item in items.iter().filter(|item| !item.additional.is_empty()).take(3) {
            let after = apply(&text, &item.additional);
            assert!(after.ends_with(typed), "{text}\n-- became --\n{after}");
            if parse_module(&text).is_ok() {
                assert!(parse_module(&after).is_ok(), "{text}\n-- became --\n{after}");
                assert_eq!(imported(&after).len(), imported(&text).len() + 1, "{text}\n-- became --\n{after}");
            }
            let future = |text: &str| text.find("from __future__");
            let first = |text: &str| text.find("import ");
            let is_first = |text: &str| future(text).is_none() || future(text) < first(text);
            assert!(!is_first(&text) || is_first(&after), "{text}\n-- became --\n{after}");
        }
    }
    case.with(&before);
}

#[test]
fn organized_imports_are_the_same_imports() {
    let mut case = Case::new();
    texts().iter().for_each(|text| organizing_is_safe(case.with(text)));
    // Line ends of another kind stay what they are.
    let text = "import sys\r\nimport os\r\nx = 1\r\n";
    assert_eq!(case.with(text).after("Organize imports"), "import os\r\nimport sys\r\nx = 1\r\n");
}

#[test]
fn what_is_left_of_unused_imports_parses() {
    let mut case = Case::new();
    texts().iter().for_each(|text| removing_is_safe(case.with(text)));
}

#[test]
fn an_import_can_be_added_to_any_file() {
    let mut case = Case::new();
    texts().iter().step_by(7).for_each(|text| adding_is_safe(case.with(text)));
    let text = "import sys\r\nOrderedDi";
    let items = case.with(text).project.complete("pkg/sub/a.py", 21, None, 200).expect("the file is there").items;
    let item = items.iter().find(|item| item.label == "OrderedDict").expect("it is proposed");
    assert!(item.additional[0].new_text.ends_with("\r\n"));
}

/// Code that uses what is offered changes for, and breaks off anywhere.
const WRITTEN: &str = "\
#!/usr/bin/env python
\"\"\"A docstring, é.\"\"\"
from __future__ import annotations
import os, sys  # Both.
from typing import (
    Any,  # One.
    List as L,
)
if sys:
    import json; import re

def f(x: Path, y: \"OrderedDict\") -> None:
    try:
        xml.dom = [x for y in defaultdict(
            int, {\"a\": 1})]
    except (A, B) as e:
        return
    else: pass
    z: int = \"\"\"two
    lines\"\"\" + f\"{missing!r}\"
";

#[test]
fn every_prefix_of_a_file_is_answered_with_edits_that_fit() {
    let mut case = Case::new();
    for end in (0..=WRITTEN.len()).filter(|end| WRITTEN.is_char_boundary(*end)) {
        let text = &WRITTEN[..end];
        case.with(text);
        let (path, offset) = (case.path.clone(), u32::try_from(end).expect("the text is small"));
        let diagnostics = case.project.diagnostics(&path).expect("the file is there");
        let span = Span { start: 0, end: offset };
        let actions = case.project.actions(&path, span, &diagnostics, &[]).expect("broken code is answered");
        for action in &actions {
            assert!(action.fixes.iter().all(|index| (*index as usize) < diagnostics.len()), "{text}");
            assert!(!action.title.is_empty() && (action.edits.is_empty() != action.token.is_empty()), "{text}");
            case.applied(action);
        }
        for typed in ["\n", ":"] {
            let options = FormattingOptions { tab_size: 4, insert_spaces: true };
            let edits = case.project.format_on_type(&path, offset, typed, options).expect("broken code is answered");
            let after = apply(text, &edits);
            let bare = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(bare(text), bare(&after), "only white space changes");
        }
    }
    // Findings of another text are no reason to fail.
    case.with(WRITTEN);
    let mut diagnostics = case.project.diagnostics("pkg/sub/a.py").expect("the file is there");
    for diagnostic in &mut diagnostics {
        diagnostic.span = Span { start: diagnostic.span.start + 40, end: diagnostic.span.end + 41 };
    }
    let path = case.path.clone();
    case.with("é");
    assert!(case.project.actions(&path, Span { start: 0, end: 0 }, &diagnostics, &[]).is_ok());
}

#[test]
fn files_of_a_tree_survive_changes() {
    let Some(root) = std::env::var_os("CHANGES_TREE") else { return };
    let mut files = Vec::new();
    collect(Path::new(&root), Path::new(&root), &mut files);
    let mut case = Case::among(&files);
    let (mut organized, mut removed) = (0, 0);
    for (path, text) in &files {
        eprintln!("{path}");
        organized += usize::from(case.at(path, text).after("Organize imports") != *text);
        removed += usize::from(case.after("Remove unused imports") != *text);
        organizing_is_safe(&mut case);
        removing_is_safe(&mut case);
        adding_is_safe(&mut case);
    }
    eprintln!("{} files, {organized} to organize, {removed} with unused imports", files.len());
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
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
            files.push((relative.to_string_lossy().into_owned(), text));
        }
    }
}
