//! Where the interface hash of a file is the same after an edit, so are the findings of every file that depends on it.
//!
//! The module here has what inference looks into from outside, and the dependent shows the types of all of it. Every line of the
//! module is edited in every way that is listed; `INTERFACE_CASES=all` takes all of them. The files of a project are edited as well, each
//! checked by the files that import it; `INTERFACE_TREE=DIR` takes those of another tree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Change, Config, Diagnostic, Document, MemoryWorkspace, Project, Workspace};
use vraftls_python::{Python, PythonProject};

/// So many edits are checked where not all are asked for.
const N_CASES: usize = 300;

/// So many edits of one file of a tree are checked.
const N_CASES_PER_FILE: usize = 60;

const MODULE: &str = include_str!("interface/module.py");
const DEPENDENT: &str = include_str!("interface/dependent.py");

/// What is written before a line, at its indentation.
const SNIPPETS: [&str; 36] = [
    "# A comment.",
    "",
    "pass",
    "...",
    "'''Docs.'''",
    "x = 1",
    "x: int = 'a'",
    "self.x = 'new'",
    "self.x: bytes = b''",
    "self.x.y = 1",
    "(self.x, [*self.z]) = '', ''",
    "self.x += 1",
    "for self.x in [b'']: pass",
    "with open('') as self.x: pass",
    "[0 for self.x in [b'']]",
    "{0: 1 for (self.x, _) in [(b'', 0)] if True}",
    "def inner(): self.x = b''",
    "class Inner:\n{}    self.x = b''",
    "class Inner:\n{}    global G\n{}    G = b''",
    "def inner():\n{}    global G\n{}    G = b''",
    "global G; G = b''",
    "if (n := 1): pass",
    "yield 1",
    "n = yield",
    "print((yield 1))",
    "lambda: (yield)",
    "return None",
    "return b''",
    "raise NotImplementedError",
    "raise ValueError",
    "import os",
    "from os import *",
    "assert False",
    "await x",
    "print(",
    "match self:\n{}    case n: pass",
];

/// A module and the files that are checked by it.
struct Case {
    workspace: Arc<MemoryWorkspace>,
    project: PythonProject,
    path: String,
    text: String,
    dependents: Vec<(String, Vec<Found>)>,
}

/// A finding without the places in the module, which an answer is bound to by the module's digest.
type Found = (u32, u32, u32, String, String, u32, Vec<(String, String, Option<u32>)>);

impl Case {
    fn new(files: &BTreeMap<String, String>, path: &str, dependents: &[String]) -> Self {
        let workspace = Arc::new(MemoryWorkspace::new(files.clone()));
        let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        let project = Python::open(config, Arc::clone(&workspace) as Arc<dyn Workspace>);
        let project = project.expect("a project opens over any files");
        let mut case =
            Self { workspace, project, path: path.to_owned(), text: files[path].clone(), dependents: Vec::new() };
        case.dependents = dependents.iter().map(|path| (path.clone(), case.found(path))).collect();
        case
    }

    fn found(&mut self, path: &str) -> Vec<Found> {
        let found = self.project.diagnostics(path).expect("the file is there");
        found.into_iter().map(|diagnostic| self.without_places(diagnostic)).collect()
    }

    fn without_places(&self, found: Diagnostic) -> Found {
        let related = found.related.into_iter().map(|related| {
            let place = (related.location.path != self.path).then_some(related.location.span.start);
            (related.location.path, related.message, place)
        });
        let (start, end) = (found.span.start, found.span.end);
        (start, end, found.severity, found.code, found.message, found.tags, related.collect())
    }

    fn write(&mut self, text: &str) {
        self.workspace.write(&self.path, text);
        self.project.update(&[Change::Changed(self.path.clone())]).expect("an update of a known file succeeds");
    }

    /// Checks edits that leave the hash as it was; how many there were, and what was found out.
    fn check(&mut self, edits: impl Iterator<Item = String>, n_max: usize) -> (usize, Vec<String>) {
        let before = hash(&self.path, &self.text);
        let same: Vec<String> = edits.filter(|text| *text != self.text && hash(&self.path, text) == before).collect();
        // Each way to edit has its turn, wherever the lines begin.
        let stride = (same.len().div_ceil(n_max)..).find(|stride| stride % 2 != 0 && stride % 3 != 0).unwrap_or(1);
        let mut wrong = Vec::new();
        let picked: Vec<String> = same.into_iter().step_by(stride).collect();
        for text in &picked {
            self.write(text);
            for idx in 0..self.dependents.len() {
                let path = self.dependents[idx].0.clone();
                let found = self.found(&path);
                if found != self.dependents[idx].1 {
                    wrong.push(self.report(text, &path, &self.dependents[idx].1, &found));
                }
            }
        }
        let text = self.text.clone();
        self.write(&text);
        (picked.len(), wrong)
    }

    fn report(&self, text: &str, dependent: &str, before: &[Found], after: &[Found]) -> String {
        let edited: Vec<&str> = text.lines().filter(|line| !self.text.lines().any(|known| known == *line)).collect();
        let near = text.lines().zip(self.text.lines()).position(|(new, old)| new != old).unwrap_or_default();
        let lost = before.iter().filter(|found| !after.contains(found)).map(|found| &found.4);
        let new = after.iter().filter(|found| !before.contains(found)).map(|found| &found.4);
        let (lost, new): (Vec<_>, Vec<_>) = (lost.collect(), new.collect());
        let (path, line) = (&self.path, near + 1);
        format!("{path}:{line}: {edited:?} changes {dependent} from {lost:#?} to {new:#?}")
    }
}

fn hash(path: &str, text: &str) -> u64 {
    let document = Document { path: path.to_owned(), language: "python".to_owned(), text: text.to_owned() };
    Python::index(&document).expect("broken code is no error").interface_hash
}

/// The text with each line changed in each way.
fn edits(text: &str) -> impl Iterator<Item = String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    (0..lines.len()).flat_map(move |at| {
        let line = lines[at];
        let indent = &line[..line.len() - line.trim_start().len()];
        let indent = indent.trim_matches('\n');
        let with = |new: &str| [&lines[..at].concat(), new, &lines[at + 1..].concat()].concat();
        let mut all: Vec<String> = SNIPPETS
            .iter()
            .map(|snippet| with(&format!("{indent}{}\n{line}", snippet.replace("{}", indent))))
            .collect();
        all.push(with(""));
        all.push(with(&format!("{line}{line}")));
        all.push(with(&format!("{}  # Says nothing.\n", line.trim_end())));
        all.push(with(&format!("{indent}pass\n")));
        all.push(with(&format!("{indent}...\n")));
        all.push(with(&format!("{indent}raise NotImplementedError\n")));
        all.push(with(&format!("{indent}\"\"\"Instead.\"\"\"\n")));
        all.push(with(&line.replace('1', "2.5")));
        all.push(with(&line.replace("int", "str")));
        all.push(with(&line.replace("return ", "yield ")));
        all.push(with(&line.replace("yield ", "return ")));
        all.push(with(&line.replace("self.", "other.")));
        all
    })
}

fn is_whole() -> bool {
    std::env::var("INTERFACE_CASES").is_ok_and(|which| which == "all")
}

#[test]
fn where_the_hash_is_the_same_dependents_find_the_same() {
    let files = [("module.py", MODULE), ("dependent.py", DEPENDENT)];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into_iter().collect();
    let mut case = Case::new(&files, "module.py", &["dependent.py".to_owned()]);
    let shown = &case.dependents[0].1;
    assert!(
        shown.iter().filter(|found| found.3 == "revealed-type").count() > 40,
        "the dependent shows types: {shown:#?}"
    );
    let (n_checked, wrong) = case.check(edits(MODULE), if is_whole() { usize::MAX } else { N_CASES });
    assert!(n_checked > N_CASES / 2, "{n_checked} edits left the hash as it was");
    assert!(wrong.is_empty(), "{} of {n_checked}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_dependents_see_changes_the_hash() {
    let before = hash("module.py", MODULE);
    for (old, new) in
        [("-> int", "-> str"), ("annotated", "renamed"), ("limit: int", "limit: str"), ("G = 1", "G = ''")]
    {
        assert!(MODULE.contains(old), "{old}");
        assert_ne!(before, hash("module.py", &MODULE.replacen(old, new, 1)), "{old} to {new}");
    }
}

#[test]
fn the_same_holds_in_a_tree() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects/orders");
    let tree = std::env::var_os("INTERFACE_TREE").map_or(own, PathBuf::from);
    let mut files = BTreeMap::new();
    collect(&tree, &tree, &mut files);
    let mut n_checked = 0;
    let mut wrong = Vec::new();
    for (path, text) in &files {
        let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let imports = |other: &&String| {
            *other != path && files[*other].contains(&format!("import {stem}"))
                || files[*other].contains(&format!(".{stem} import"))
        };
        let dependents: Vec<String> =
            files.keys().filter(imports).filter(|other| *other != path).take(4).cloned().collect();
        if dependents.is_empty() {
            continue;
        }
        let mut case = Case::new(&files, path, &dependents);
        let (n, found) = case.check(edits(text).step_by(7), N_CASES_PER_FILE);
        n_checked += n;
        wrong.extend(found);
    }
    assert!(wrong.is_empty(), "{} of {n_checked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n_checked > 0, "the tree has files that import each other");
}

fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<String, String>) {
    let entries = std::fs::read_dir(directory).expect("the tree can be read");
    for path in entries.map(|entry| entry.expect("the tree can be read").path()) {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|suffix| suffix == "py" || suffix == "pyi")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let name = path.strip_prefix(root).expect("it lies below").to_string_lossy().into_owned();
            files.insert(name, text);
        }
    }
}
