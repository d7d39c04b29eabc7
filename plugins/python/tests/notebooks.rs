//! Notebooks, as the host hands them over: the code of all cells in one text, parted by lines of two form feeds.

use std::sync::Arc;

use vraftls_guest_sdk::fixture::check_facts;
use vraftls_guest_sdk::{
    Analyzer, Config, Document, FormattingOptions, MemoryWorkspace, Project, Span, TextEdit, Workspace,
};
use vraftls_python::{Python, PythonProject};

const PATH: &str = "nb.ipynb.python.ipynb";
const SEPARATOR: &str = "\n\u{c}\u{c}\n";

fn text(cells: &[&str]) -> String {
    cells.join(SEPARATOR) + "\n"
}

fn open(cells: &[&str]) -> PythonProject {
    let workspace = Arc::new(MemoryWorkspace::new([(PATH.to_owned(), text(cells))])) as Arc<dyn Workspace>;
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    Python::open(config, workspace).expect("a project always opens")
}

/// Where a piece of text stands first.
fn at(cells: &[&str], piece: &str) -> u32 {
    text(cells).find(piece).expect("it is there") as u32
}

/// The findings but hints, each with the text that it is about.
fn findings(cells: &[&str]) -> Vec<(String, String)> {
    let text = text(cells);
    let found = open(cells).diagnostics(PATH).expect("a notebook is checked");
    let worse = found.into_iter().filter(|found| found.severity < 4);
    worse.map(|found| (found.code, text[found.span.start as usize..found.span.end as usize].to_owned())).collect()
}

/// The text after edits, cut into cells.
fn edited(cells: &[&str], edits: &[TextEdit]) -> Vec<String> {
    let mut text = text(cells);
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.new_text);
    }
    text.strip_suffix('\n').expect("the last line ends").split(SEPARATOR).map(str::to_owned).collect()
}

fn options() -> FormattingOptions {
    FormattingOptions { tab_size: 4, insert_spaces: true }
}

#[test]
fn names_of_a_cell_are_known_in_those_behind() {
    let cells = ["def größe(): ...", "", "größe()\nx = 1", "x"];
    let mut project = open(&cells);
    let found =
        project.definition(PATH, at(&cells, "größe()\nx")).expect("the file is there").expect("there is a name");
    assert_eq!(found.locations[0].span.start, at(&cells, "größe()"));
    let hover = project.hover(PATH, at(&cells, "\nx\n") + 1).expect("the file is there").expect("there is a name");
    assert_eq!(hover.signature, "x: Literal[1]");
    assert_eq!(findings(&cells), []);
}

#[test]
fn what_is_broken_in_a_cell_stays_there() {
    let cells = ["x = (", "def f(:", "y = 1\ny.foo", "class C:\n    def m(self):", "print(x, y)"];
    let found = findings(&cells);
    let codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
    assert!(codes.contains(&"invalid-syntax") && codes.contains(&"unresolved-attribute"), "{found:?}");
    let text = text(&cells);
    let third = at(&cells, "y = 1");
    let project = &mut open(&cells);
    for found in project.diagnostics(PATH).expect("a notebook is checked") {
        if found.code == "invalid-syntax" {
            let is_blamed = found.span.start < third || found.span.start > at(&cells, "class C");
            assert!(is_blamed && found.span.start < at(&cells, "print"), "{found:?} in {text:?}");
        }
    }
}

#[test]
fn what_ipython_runs_is_no_error() {
    let cells = [
        "%matplotlib inline\n!ls -la | grep x\nfiles = !ls\nhere = %pwd\nprint?\n??len\nprint(files, here)",
        "%%bash\nfor f in *; do echo $f; done",
        "pip install requests",
        "%%time\ntotal = sum([1, 2])",
        "import asyncio\nawait asyncio.sleep(total)\n[x async for x in aiter([])]",
        "total.nope",
    ];
    let found = findings(&cells);
    assert!(found.iter().all(|(code, _)| code != "invalid-syntax" && code != "unresolved-reference"), "{found:?}");
    assert!(found.iter().any(|(code, about)| code == "unresolved-attribute" && about == "total.nope"), "{found:?}");
}

#[test]
fn magics_where_types_stand_are_an_error_and_no_panic() {
    let cells =
        ["from typing import TypeAlias\ntype X = !ls", "Y: TypeAlias = %pwd", "a: X\nb: Y", "if a:\n    type Z = !x"];
    let found = findings(&cells);
    assert!(found.iter().any(|(code, _)| code == "invalid-syntax"), "{found:?}");
    let mut project = open(&cells);
    for offset in 0..text(&cells).len() as u32 {
        project.hover(PATH, offset).expect("every place can be asked about");
    }
}

#[test]
fn each_cell_is_laid_out_by_itself() {
    let cells = ["x=1", "%%bash\nls   -l", "def  f( :", "def f():\n  return  1\n\n", "f( )", "   ", "%time  f( 1,2 )"];
    let expected = ["x = 1", cells[1], cells[2], "def f():\n    return 1", "f()", cells[5], "%time  f( 1,2 )"];
    let mut project = open(&cells);
    let edits = project.format(PATH, None, options()).expect("a notebook is laid out");
    assert_eq!(edited(&cells, &edits), expected);
    let start = at(&cells, "f( )");
    let cell = Span { start, end: start + 4 };
    let edits = project.format(PATH, Some(cell), options()).expect("a cell is laid out");
    let mut only = cells.map(str::to_owned);
    only[4] = "f()".to_owned();
    assert_eq!(edited(&cells, &edits), only);
}

#[test]
fn a_part_of_a_cell_is_laid_out_alone() {
    let cells = ["a=1\nb=2\nc=3", "d=4"];
    let start = at(&cells, "b=2");
    let edits = open(&cells).format(PATH, Some(Span { start, end: start + 3 }), options()).expect("it is laid out");
    assert_eq!(edited(&cells, &edits), ["a=1\nb = 2\nc=3", "d=4"]);
}

#[test]
fn imports_are_added_to_the_cell_that_needs_them() {
    let cells = ["import os", "%%time\nPath()", "from abc import ABC\nPat", "Path()", ""];
    let mut project = open(&cells);
    let found = project.diagnostics(PATH).expect("a notebook is checked");
    let missing: Vec<_> = found.into_iter().filter(|found| found.code == "unresolved-reference").collect();
    let kinds = ["quickfix".to_owned()];
    let actions = project.actions(PATH, missing[0].span, &missing, &kinds).expect("actions are offered");
    let added: Vec<_> = actions.iter().filter(|action| action.title == "Add `from pathlib import Path`").collect();
    let results: Vec<_> = added.iter().map(|action| edited(&cells, &action.edits[0].edits)).collect();
    assert_eq!(results[0][1], "%%time\n\nfrom pathlib import Path\n\nPath()", "{results:?}");
    assert_eq!(results[1][3], "from pathlib import Path\n\nPath()", "{results:?}");
    for (result, changed) in results.iter().zip([1, 3]) {
        for (idx, cell) in cells.iter().enumerate().filter(|(idx, _)| *idx != changed) {
            assert_eq!(result[idx], *cell);
        }
    }
    let offset = at(&cells, "Pat\n") + 3;
    let proposals = project.complete(PATH, offset, None, 100).expect("it completes").items;
    let proposal = proposals.iter().find(|item| item.label == "Path").expect("it is proposed");
    let result = edited(&cells, &proposal.additional);
    assert_eq!(result[2], "from abc import ABC\nfrom pathlib import Path\nPat");
}

#[test]
fn imports_are_put_in_order_cell_by_cell() {
    let cells = ["import sys\nimport os", "import re\nimport json\n\nprint(sys, os, re, json)", "import abc"];
    let mut project = open(&cells);
    let kinds = ["source.organizeImports".to_owned()];
    let actions = project.actions(PATH, Span { start: 0, end: 0 }, &[], &kinds).expect("actions are offered");
    let edits = project.resolve_action(PATH, &actions[0].token).expect("it is made out");
    let expected = ["import os\nimport sys", "import json\nimport re\n\nprint(sys, os, re, json)", "import abc"];
    assert_eq!(edited(&cells, &edits[0].edits), expected);
}

#[test]
fn the_facts_of_any_cells_hold_the_contract() {
    let pieces = [
        "",
        " ",
        "\n",
        "x",
        "ä = '''",
        "'''",
        "%%bash\nä $(",
        "!ls",
        "def f(",
        "\u{c}\u{c}",
        "cd ..",
        "type X = %y",
        "\\",
        "\r",
    ];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let cells = [first, second, third, "end = 1"];
                let document = Document { path: PATH.to_owned(), language: "python".to_owned(), text: text(&cells) };
                let facts = Python::index(&document).expect("code is never refused");
                check_facts(&document.text, &facts).unwrap_or_else(|error| panic!("{cells:?}: {error}"));
            }
        }
    }
    let document = Document { path: PATH.to_owned(), language: "python".to_owned(), text: text(&["'''", "end = 1"]) };
    let facts = Python::index(&document).expect("code is never refused");
    assert!(facts.symbols.iter().any(|symbol| symbol.name == "end"));
}
