//! What a search asks the host for, which a fixture does not show: no more than can mean the thing.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Config, MemoryWorkspace, Project, Workspace};
use vraftls_python::Python;

const TEXT: &str = "def f(first, /, second, *args, key=1, **kwargs):\n    local = 1\n";

/// The only file that is searched for a name of the text.
fn only(name: &str) -> Option<String> {
    let files = [("main.py".to_owned(), TEXT.to_owned()), ("other.py".to_owned(), "f(first=1, args=2)\n".to_owned())];
    let workspace: Arc<dyn Workspace> = Arc::new(MemoryWorkspace::new(files));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let mut project = Python::open(config, workspace).expect("a project always opens");
    let offset = TEXT.find(name).expect("the name is in the text");
    let plan = project.plan("main.py", u32::try_from(offset).expect("the text is short"));
    plan.expect("the file is there").expect("there is a name").only
}

#[test]
fn what_only_its_file_can_mean_is_searched_for_there_alone() {
    for name in ["first", "args", "kwargs", "local"] {
        assert_eq!(only(name).as_deref(), Some("main.py"), "{name}");
    }
}

#[test]
fn what_an_argument_can_name_is_searched_for_everywhere() {
    for name in ["second", "key", "f("] {
        assert_eq!(only(name), None, "{name}");
    }
}
