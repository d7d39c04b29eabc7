//! A project that is asked about more files than the engine keeps syntax trees of answers as before.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer as _, Config, MemoryWorkspace, Project as _};
use vraftls_rust::Rust;

/// More than the engine keeps.
const N_FILES: usize = 150;

#[test]
fn what_the_engine_let_go_of_is_found_again() {
    let workspace = Arc::new(MemoryWorkspace::default());
    let root: String = (0..N_FILES).map(|n| format!("mod m{n};\n")).collect();
    workspace.write("main.rs", &root);
    let next = |n: usize| (n + 1) % N_FILES;
    for n in 0..N_FILES {
        let text = format!("pub fn f{n}() {{ crate::m{}::f{}() }}\n", next(n), next(n));
        workspace.write(&format!("m{n}.rs"), &text);
    }
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let mut project = Rust::open(config, workspace.clone()).expect("a project opens");
    for round in 0..2 {
        for n in 0..N_FILES {
            let path = format!("m{n}.rs");
            let text = vraftls_guest_sdk::Workspace::read(&*workspace, &path).expect("it is there");
            let offset = text.rfind("::f").expect("a call") as u32 + 2;
            let found = project.definition(&path, offset).expect("answered").expect("a name");
            let found: Vec<&str> = found.locations.iter().map(|location| location.path.as_str()).collect();
            assert_eq!(found, [format!("m{}.rs", next(n))], "{path} in round {round}");
        }
    }
}
