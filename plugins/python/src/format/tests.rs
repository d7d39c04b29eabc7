//! Tests of formatting that fixtures cannot make: parts of documents, editors' options, marks and line ends.

use std::sync::Arc;

use vraftls_guest_sdk::{Analyzer, Config, FormattingOptions, MemoryWorkspace, Project, Span, TextEdit};

use crate::Python;

fn edits(text: &str, part: Option<Span>, options: FormattingOptions) -> Vec<TextEdit> {
    let workspace = Arc::new(MemoryWorkspace::new([("a.py".to_owned(), text.to_owned())]));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let mut project = Python::open(config, workspace).expect("a project opens");
    project.format("a.py", part, options).expect("an answer")
}

fn formatted(text: &str, part: Option<Span>) -> String {
    let mut result = text.to_owned();
    for edit in edits(text, part, FormattingOptions { tab_size: 4, insert_spaces: true }).iter().rev() {
        result.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.new_text);
    }
    result
}

#[test]
fn a_part_is_formatted_alone() {
    let text = "a=1\nb=2\nc=3\n";
    assert_eq!(formatted(text, Some(Span { start: 5, end: 6 })), "a=1\nb = 2\nc=3\n");
    assert_eq!(formatted(text, Some(Span { start: 0, end: 12 })), "a = 1\nb = 2\nc = 3\n");
    assert_eq!(formatted(text, Some(Span { start: 4, end: 4 })), text);
}

#[test]
fn marks_and_line_ends_stay() {
    assert_eq!(formatted("\u{feff}a=1\r\nb=2\r\n", None), "\u{feff}a = 1\r\nb = 2\r\n");
    assert_eq!(formatted("\u{feff}a=1\nb=2\n", Some(Span { start: 8, end: 9 })), "\u{feff}a=1\nb = 2\n");
    assert_eq!(formatted("", None), "");
}

#[test]
fn the_editor_is_asked_where_the_project_is_silent() {
    let text = "if a:\n    b\n";
    let tabs = edits(text, None, FormattingOptions { tab_size: 4, insert_spaces: false });
    assert_eq!((tabs.len(), tabs[0].new_text.as_str()), (1, "\t"));
    assert!(edits(text, None, FormattingOptions { tab_size: 4, insert_spaces: true }).is_empty());
    edits(text, None, FormattingOptions { tab_size: 0, insert_spaces: true });
    edits(text, None, FormattingOptions { tab_size: u32::MAX, insert_spaces: true });
}

#[test]
fn a_reversed_or_foreign_span_is_refused() {
    let workspace = Arc::new(MemoryWorkspace::new([("a.py".to_owned(), "x = 'é'\n".to_owned())]));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let mut project = Python::open(config, workspace).expect("a project opens");
    for (start, end) in [(3, 1), (0, 6), (0, 100)] {
        let options = FormattingOptions { tab_size: 4, insert_spaces: true };
        assert!(project.format("a.py", Some(Span { start, end }), options).is_err());
    }
}
