//! Joined lines where a fixture cannot tell: ends of lines with returns, several cursors, spans that do not fit, very many lines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer as _, Config, Failure, MemoryWorkspace, Project as _, Span, TextEdit};
use vraftls_rust::Rust;

fn join(text: &str, spans: &[(u32, u32)]) -> Result<Vec<TextEdit>, Failure> {
    let workspace = Arc::new(MemoryWorkspace::default());
    workspace.write("main.rs", text);
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let spans: Vec<Span> = spans.iter().map(|(start, end)| Span { start: *start, end: *end }).collect();
    Rust::open(config, workspace)?.join_lines("main.rs", &spans)
}

fn joined(text: &str, spans: &[(u32, u32)]) -> String {
    let mut joined = text.to_owned();
    for edit in join(text, spans).unwrap().iter().rev() {
        joined.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.new_text);
    }
    joined
}

#[test]
fn a_return_goes_with_the_end_of_its_line() {
    let text = "// one\r\n// two\r\nfn f() {\r\n    g(\r\n        1,\r\n    );\r\n}\r\n";
    assert_eq!(joined(text, &[(0, 0)]), text.replace("one\r\n// two", "one two"));
    let all = joined(text, &[(0, text.len() as u32)]);
    assert!(!all.replace("\r\n", "").contains('\r') && all.contains("g(1)"), "{all:?}");
}

#[test]
fn of_edits_that_overlap_the_first_hold() {
    let text = "fn f() {\n    g(\n        1,\n    )\n}\n";
    let one = join(text, &[(15, 15)]).unwrap();
    assert_eq!(one.len(), 1);
    assert_eq!(join(text, &[(15, 15), (13, 13)]).unwrap(), one, "two cursors in one line");
    assert_eq!(joined(text, &[(18, 18), (0, 0)]), "fn f() { g(\n        1)\n}\n");
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    assert!(matches!(join("fn é() {}\n", &[(4, 4)]), Err(Failure::InvalidInput(_))));
    assert!(matches!(join("fn f() {}\n", &[(3, 2)]), Err(Failure::InvalidInput(_))));
    assert!(matches!(join("fn f() {}\n", &[(0, 90)]), Err(Failure::InvalidInput(_))));
    let long = "\n".repeat(30_000);
    assert!(matches!(join(&long, &[(0, 30_000)]), Err(Failure::Limited(_))));
    assert!(join(&long, &[(0, 0)]).is_ok());
}
