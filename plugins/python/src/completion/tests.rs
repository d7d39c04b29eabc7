//! Tests of completion that fixtures cannot make: files open in an editor, and every way to cut a file off.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Change, Config, MemoryWorkspace, Project, Workspace};

use crate::{Python, PythonProject};

/// A project of one file, which is open.
fn open(text: &str) -> (PythonProject, Arc<MemoryWorkspace>) {
    let workspace = Arc::new(MemoryWorkspace::new([("a.py".to_owned(), text.to_owned())]));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let shared: Arc<dyn Workspace> = workspace.clone();
    let mut project = Python::open(config, shared).expect("a project opens");
    project.set_open(vec!["a.py".to_owned()]);
    (project, workspace)
}

/// The labels proposed at `$0`.
fn labels(text: &str) -> Vec<String> {
    let offset = text.find("$0").expect("there is a cursor");
    let (mut project, _) = open(&text.replacen("$0", "", 1));
    let found = project.complete("a.py", offset as u32, None, 100).expect("an answer");
    found.items.into_iter().map(|item| item.label).collect()
}

const PAINT: &str = "from typing import Literal\ndef paint(color: Literal['red', 'green']): ...\n";

#[test]
fn strings_are_completed_from_their_expected_type() {
    assert_eq!(labels(&format!("{PAINT}paint('$0')\n")), ["green", "red"]);
    assert_eq!(labels(&format!("{PAINT}paint('r$0')\n")), ["red", "green"]);
    assert_eq!(labels(&format!("{PAINT}paint(\"$0\n")), ["green", "red"]);
    assert!(labels("x = '$0'\n").is_empty());
    assert!(labels("from typing import Literal\nx: Literal['$0']\n").is_empty());
}

/// The place of a label among those proposed at `$0`.
fn rank(text: &str, label: &str) -> usize {
    let labels = labels(text);
    labels.iter().position(|found| found == label).unwrap_or_else(|| panic!("{label} is not among {labels:?}"))
}

#[test]
fn members_are_ordered_by_what_the_place_expects() {
    let shapes = "class Shapes:\n    area = 1\n    color = 2\n    def draw(self): ...\n    class Square: ...\n";
    for test in ["isinstance(x, Shapes.$0", "isinstance(x, (int, Shapes.$0", "class A(Shapes.$0", "raise Shapes.$0"] {
        assert_eq!(rank(&format!("{shapes}{test}"), "Square"), 0, "{test}");
    }
    let state = "class State:\n    count = 1\n    is_ready = True\n    name = ''\n    def go(self):\n        ";
    for test in ["if self.$0", "if not self.$0", "while self.$0", "assert self.$0"] {
        assert_eq!(rank(&format!("{state}{test}"), "is_ready"), 0, "{test}");
    }
    assert_ne!(rank(&format!("{state}x = self.$0"), "is_ready"), 0);
    // An argument of another function, and one that is no class.
    for test in ["print(x, Shapes.$0", "isinstance(Shapes.$0", "x[isinstance(y, int), Shapes.$0"] {
        assert_ne!(rank(&format!("{shapes}{test}"), "Square"), 0, "{test}");
    }
}

#[test]
fn a_member_of_super_has_its_documentation() {
    let text = "class Base:\n    def run(self):\n        \"\"\"Runs.\"\"\"\n\nclass A(Base):\n    def run(self):\n        super().";
    let (mut project, _) = open(text);
    let found = project.complete("a.py", text.len() as u32, Some("."), 100).expect("an answer");
    let run = found.items.iter().find(|item| item.label == "run").expect("the base has it");
    let details = project.resolve_completion("a.py", &run.token).expect("details");
    assert_eq!(details.documentation, "Runs.");
    assert!(details.detail.contains("run"), "{details:?}");
}

#[test]
fn members_are_ordered_by_what_is_around() {
    let class = "class Base:\n    def alpha(self): ...\n    def get_path(self): ...\n    def run(self): ...\n\n";
    let derived = format!("{class}class Derived(Base):\n    def run(self):\n        ");
    assert_eq!(rank(&format!("{derived}super().$0"), "run"), 0);
    assert!(rank(&format!("{derived}self.$0"), "run") > rank(&format!("{derived}self.$0"), "alpha"), "it calls itself");
    let path = format!("{class}class Derived(Base):\n    def path(self):\n        self.$0");
    assert_eq!(rank(&path, "get_path"), 0);
}

#[test]
fn a_token_of_somebody_else_is_refused() {
    let (mut project, _) = open("x = 1\n");
    assert!(project.resolve_completion("a.py", &[0xff; 9]).is_err());
    assert!(project.resolve_completion("a.py", &[]).is_err());
}

const SAMPLE: &str = r#"import os.path as p, sys
from typing import (Any, Literal)
from . import *

class Base[T]:
    """Docs."""
    field: "int" = 1
    def __init__(self, first: str, *rest, mode: Literal["r", "w"] = "r", **more) -> None:
        self.value = [x for x in first if x.isalpha()]
        self.other: dict[str, int] = {"a": 1, **more}

    @property
    def prop(self): return self.value[0].upper()

class Derived(Base[int], metaclass=type):
    async def run(self, callback=lambda y, *z: y.real):
        async with open(self.prop) as handle, p.join("a") as b:
            print(f"{handle.read()!r:>{self.field}} {b.strip(' ')}", end='é')
        for i, (j, k) in enumerate([(1, 2)]):
            yield i + j.bit_length()
        try:
            match self.other:
                case {"a": one, **rest} if one.real: del rest
                case Base(field=x) | x: return
        except (OSError, ValueError) as error:
            raise RuntimeError(error.args) from error

d = Derived("x", mode="w")
if d.run and not sys.argv[1:]: d.value.append((lambda q: q.real)(1))
"#;

/// Asks everything at an offset. What comes back only has to lie in the text.
fn ask(project: &mut PythonProject, text: &str, offset: usize) {
    let found = project.complete("a.py", offset as u32, None, 50).expect("broken code is answered");
    let replaced = text.get(found.replace.start as usize..found.replace.end as usize);
    assert!(replaced.is_some() && found.replace.start as usize <= offset, "{offset}");
    assert!(found.items.len() <= 50);
    if let Some(item) = found.items.first() {
        project.resolve_completion("a.py", &item.token).ok();
    }
    if let Some(help) = project.signature_help("a.py", offset as u32).expect("broken code is answered") {
        assert!((help.active as usize) < help.signatures.len());
        for signature in &help.signatures {
            for parameter in &signature.parameters {
                assert!(signature.label.get(parameter.start as usize..parameter.end as usize).is_some());
            }
        }
    }
}

#[test]
fn every_prefix_of_a_file_is_answered_at_its_end() {
    let (mut project, workspace) = open("");
    for (offset, _) in SAMPLE.char_indices() {
        workspace.write("a.py", &SAMPLE[..offset]);
        project.update(&[Change::Changed("a.py".to_owned())]).expect("an update");
        ask(&mut project, &SAMPLE[..offset], offset);
    }
}

#[test]
fn every_line_without_its_end_is_answered_inside_the_file() {
    let (mut project, workspace) = open("");
    for (offset, _) in SAMPLE.char_indices().step_by(3) {
        let rest = SAMPLE[offset..].find('\n').map_or("", |newline| &SAMPLE[offset + newline..]);
        let text = format!("{}{rest}", &SAMPLE[..offset]);
        workspace.write("a.py", &text);
        project.update(&[Change::Changed("a.py".to_owned())]).expect("an update");
        ask(&mut project, &text, offset);
    }
}

#[test]
fn a_file_that_ends_where_it_is_being_written_is_answered() {
    let cases = [
        ("''.$0", "join"),
        ("x = ''.$0", "join"),
        ("def f():\n    x = ''\n    return x.$0", "join"),
        ("print(''.$0", "join"),
        ("def f(s: str):\n    for x in s.$0", "join"),
        ("x = [''.$0", "join"),
        ("f(a, b=''.$0", "join"),
        ("x = {'a': ''.$0", "join"),
        ("x = f'{\"\".$0", "join"),
        ("x = ''[''.$0", "join"),
        ("@''.$0", "join"),
        ("class A(str):\n    x = ''.$0", "join"),
        ("lambda x='': ''.$0", "join"),
        ("if True and not ''.$0", "join"),
        ("with open('') as f, ''.$0", "join"),
        ("try:\n    pass\nexcept ''.$0", "join"),
        ("''\\\n    .$0", "join"),
        ("(''\n    .$0", "join"),
        ("def f(argument):\n    arg$0", "argument"),
        ("def f(argument):\n    $0", "argument"),
        ("def f(argument):\n    if x:\n        $0", "argument"),
        ("def f(argument):\n    try:\n        pass\n    $0", "argument"),
        ("def f(argument):\n    return (ar$0", "argument"),
        ("async def f(argument):\n    async with ar$0", "argument"),
        ("class A:\n    member = 1\n    other = me$0", "member"),
        ("[element for element in [] if ele$0", "element"),
        ("lambda argument: arg$0", "argument"),
        ("x = 1\nf'{x$0", "x"),
        ("def f(key): ...\nf(ke$0", "key="),
        ("def f(key): ...\nf($0", "key="),
        ("import os.pa$0", "path"),
        ("import os.$0", "path"),
        ("from os import pa$0", "path"),
        ("from os.$0", "path"),
        ("from os import (sep, pa$0", "path"),
        ("retu$0", "return"),
        ("def f():\n    pas$0", "pass"),
        ("def f(x: in$0", "int"),
        ("def f() -> in$0", "int"),
        ("x: in$0", "int"),
        ("class Thing: ...\nx: 'Th$0'", "Thing"),
        ("class Thing: ...\ndef f(x: 'list[Th$0]'): ...", "Thing"),
        ("class Thing: ...\nx: 'Th$0", "Thing"),
        ("async $0", "def"),
        ("raise ValueE$0", "ValueError"),
        ("try:\n    pass\nexcept ValueE$0", "ValueError"),
        ("match x:\n    case ValueE$0", "ValueError"),
        ("assert isins$0", "isinstance"),
        ("x = y if le$0", "len"),
        ("print(*le$0", "len"),
        ("x = not le$0", "len"),
        ("x[le$0", "len"),
        ("del le$0", "len"),
    ];
    for (text, expected) in cases {
        let found = labels(text);
        let place = found.iter().position(|label| label == expected);
        assert!(place.is_some_and(|place| place < 5), "{text:?} wants {expected}: {:?}", &found[..found.len().min(8)]);
    }
}
