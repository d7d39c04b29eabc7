//! Items of hierarchies over time: an item that an editor keeps is found again when its file has moved under it, and said to be
//! gone when it is. Fixtures ask at a cursor; here the answer to one question is asked the next.

use std::sync::Arc;

use vraftls_guest_sdk::{
    Analyzer, Call, Change, Config, Failure, HierarchyItem, MemoryWorkspace, Project, SearchPlan, Workspace,
};
use vraftls_python::{Python, PythonProject};

struct Session {
    workspace: Arc<MemoryWorkspace>,
    project: PythonProject,
}

impl Session {
    fn open(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let workspace = Arc::new(MemoryWorkspace::new(files));
        let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        let project = Python::open(config, workspace.clone()).expect("a project opens over any files");
        Self { workspace, project }
    }

    fn edit(&mut self, path: &str, text: &str) {
        self.workspace.write(path, text);
        self.project.update(&[Change::Changed(path.to_owned())]).expect("an update of a known file succeeds");
    }

    fn function(&mut self, path: &str, name: &str) -> HierarchyItem {
        let text = self.workspace.read(path).expect("the file is there");
        let offset = text.find(&format!("def {name}(")).expect("the function is there") as u32 + 4;
        let found = self.project.prepare_calls(path, offset).expect("there is an answer");
        found.into_iter().next().expect("there is a function")
    }

    fn callers(&mut self, item: &HierarchyItem) -> Vec<Call> {
        let plan = self.project.plan_incoming(item.clone()).expect("there is an answer");
        let Some(plan) = plan else { return Vec::new() };
        let files = self.candidates(&plan);
        self.project.incoming(plan, files).expect("there is an answer")
    }

    fn candidates(&self, plan: &SearchPlan) -> Vec<vraftls_guest_sdk::Candidate> {
        plan.names.iter().flat_map(|name| self.workspace.candidates(name, plan.roles)).collect()
    }
}

fn names(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.item.name.as_str()).collect()
}

#[test]
fn an_item_is_found_again_when_lines_come_before_it() {
    let text = "class A:\n    def f(self): ...\n\n    def g(self):\n        self.f()\n";
    let mut session = Session::open(&[("a.py", text)]);
    let item = session.function("a.py", "g");
    session.edit("a.py", &format!("import os\n\n\ndef g(): ...\n\n\n{text}"));
    let called = session.project.outgoing(item.clone()).expect("there is an answer");
    assert_eq!(names(&called), ["f"]);
    assert_eq!(called[0].item.location.span.start, 44);
}

#[test]
fn an_item_that_is_gone_is_said_to_be() {
    let mut session = Session::open(&[("a.py", "def f():\n    g()\n\n\ndef g(): ...\n")]);
    let item = session.function("a.py", "f");
    session.edit("a.py", "def g(): ...\n");
    assert!(matches!(session.project.outgoing(item.clone()), Err(Failure::NotFound(_))));
    assert!(matches!(session.project.plan_incoming(item.clone()), Err(Failure::NotFound(_))));
    assert!(matches!(session.project.supertypes(item), Err(Failure::NotFound(_))));
}

#[test]
fn a_token_of_nobody_is_refused() {
    let mut session = Session::open(&[("a.py", "def f(): ...\n")]);
    let mut item = session.function("a.py", "f");
    item.token = vec![0xff; 40];
    assert!(matches!(session.project.outgoing(item), Err(Failure::InvalidInput(_))));
}

#[test]
fn a_module_calls_and_is_called_by_nobody() {
    let mut session = Session::open(&[("a.py", "def f(): ...\n\n\nf()\nlen('')\n")]);
    let item = session.function("a.py", "f");
    let callers = session.callers(&item);
    assert_eq!(names(&callers), ["a"]);
    let module = callers[0].item.clone();
    assert!(session.callers(&module).is_empty());
    let called = session.project.outgoing(module).expect("there is an answer");
    assert_eq!(names(&called), ["f", "len"]);
}

#[test]
fn hierarchies_go_on_through_bundled_files() {
    let mut session = Session::open(&[("a.py", "class A(dict): ...\n")]);
    let found = session.project.prepare_types("a.py", 6).expect("there is an answer");
    let above = session.project.supertypes(found[0].clone()).expect("there is an answer");
    assert_eq!(above[0].name, "dict");
    let above = session.project.supertypes(above[0].clone()).expect("there is an answer");
    assert_eq!(above[0].name, "MutableMapping");
    let below = session.project.plan_subtypes(above[0].clone()).expect("there is an answer");
    assert!(below.is_some_and(|plan| plan.names[0] == "MutableMapping"));
}
