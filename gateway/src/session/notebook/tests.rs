//! Changes of notebooks one by one, and at random against a model that joins the cells from scratch.

use proptest::prelude::*;
use serde_json::{Value, json};
use tower_lsp_server::ls_types::Position;
use vraftls_text::{PositionEncoding, Span};

use super::*;

const LIMITS: NotebookLimits = NotebookLimits { n_cells_max: 40, bytes_max: 4000 };

fn is_served(language: &str) -> bool {
    language != "sql"
}

/// The URI of a cell.
fn uri(name: &str) -> String {
    format!("cell:{name}")
}

fn cell(name: &str, is_code: bool) -> Value {
    json!({"kind": if is_code { 2 } else { 1 }, "document": uri(name), "metadata": {"tags": []}, "executionSummary": {"executionOrder": 1}})
}

fn text(name: &str, language: &str, version: i32, text: &str) -> Value {
    json!({"uri": uri(name), "languageId": language, "version": version, "text": text})
}

fn opened(cells: &[Value], texts: &[Value]) -> Notebook {
    let document = json!({"uri": "file:///n.ipynb", "notebookType": "jupyter-notebook", "version": 1, "cells": cells});
    let texts = serde_json::from_value(json!(texts)).unwrap();
    let mut notebook = Notebook::opened(serde_json::from_value(document).unwrap(), texts, LIMITS);
    notebook.join(is_served);
    notebook
}

fn change(notebook: &mut Notebook, cells: Value) -> Result<Changed, Misfit> {
    let changed = notebook.change(serde_json::from_value(cells).unwrap(), PositionEncoding::Utf16, LIMITS);
    notebook.join(is_served);
    changed
}

/// What each module says, by language.
fn joined(notebook: &Notebook) -> Vec<(String, String)> {
    notebook.modules.iter().map(|module| (module.file.language.to_string(), module.file.text.to_string())).collect()
}

fn python(text: &str) -> Vec<(String, String)> {
    vec![("python".to_owned(), text.to_owned())]
}

#[test]
fn code_cells_in_one_language_are_one_module() {
    let cells = ["a", "b", "c", "d", "e", "f"].map(|name| cell(name, name != "b"));
    let texts = [
        text("a", "python", 1, "x = 1"),
        text("b", "python", 1, "no code"),
        text("c", "sql", 1, "select"),
        text("d", "julia", 1, "f(x)"),
        text("e", "python", 1, "x\r"),
        text("f", "python", 1, ""),
        text("g", "python", 1, "of no cell"),
    ];
    let notebook = opened(&cells, &texts);
    let expected = [("julia", "f(x)\n"), ("python", "x = 1\n\u{c}\u{c}\nx\r \n\u{c}\u{c}\n\n")];
    assert_eq!(joined(&notebook), expected.map(|(language, text)| (language.to_owned(), text.to_owned())));
    let served: Vec<&str> = notebook.served_uris().map(|uri| uri.as_str()).collect();
    assert_eq!(served, ["cell:d", "cell:a", "cell:e", "cell:f"]);
    assert!(["b", "c", "g"].iter().all(|name| notebook.find(&uri(name)).is_none()));
    assert_eq!(notebook.bytes(), "x = 1no codeselectf(x)x\r".len());
}

#[test]
fn cells_come_go_move_and_change_their_kind() {
    let mut notebook =
        opened(&[cell("a", true), cell("b", true)], &[text("a", "python", 1, "a"), text("b", "python", 1, "b")]);
    let array = json!({"start": 1, "deleteCount": 0, "cells": [cell("c", true)]});
    let added = json!({"structure": {"array": array, "didOpen": [text("c", "python", 1, "c")]}});
    change(&mut notebook, added).unwrap();
    assert_eq!(joined(&notebook), python("a\n\u{c}\u{c}\nc\n\u{c}\u{c}\nb\n"));
    // What moves is neither opened nor closed.
    let array = json!({"start": 0, "deleteCount": 3, "cells": [cell("b", true), cell("a", true), cell("c", true)]});
    change(&mut notebook, json!({"structure": {"array": array}})).unwrap();
    assert_eq!(joined(&notebook), python("b\n\u{c}\u{c}\na\n\u{c}\u{c}\nc\n"));
    change(&mut notebook, json!({"data": [cell("a", false), cell("nowhere", true)]})).unwrap();
    assert_eq!(joined(&notebook), python("b\n\u{c}\u{c}\nc\n"));
    change(&mut notebook, json!({"data": [cell("a", true)]})).unwrap();
    let array = json!({"start": 0, "deleteCount": 1});
    change(&mut notebook, json!({"structure": {"array": array, "didClose": [{"uri": uri("b")}]}})).unwrap();
    assert_eq!(joined(&notebook), python("a\n\u{c}\u{c}\nc\n"));
    // Opened again in another language.
    let again =
        json!({"structure": {"array": {"start": 0, "deleteCount": 0}, "didOpen": [text("a", "sql", 9, "select")]}});
    change(&mut notebook, again).unwrap();
    assert_eq!(joined(&notebook), python("c\n"));
    let closed = json!({"structure": {"array": {"start": 0, "deleteCount": 0}, "didClose": [{"uri": uri("c")}, {"uri": uri("nowhere")}]}});
    change(&mut notebook, closed).unwrap();
    assert_eq!(joined(&notebook), []);
}

#[test]
fn cells_that_cannot_be_are_refused() {
    let mut notebook = opened(&[cell("a", true), cell("b", true)], &[]);
    let splice = |start: u32, n: u32, cells: &[Value]| json!({"structure": {"array": {"start": start, "deleteCount": n, "cells": cells}}});
    assert_eq!(
        change(&mut notebook.clone(), splice(3, 0, &[])).unwrap_err(),
        Misfit::Splice { start: 3, end: 3, n_cells: 2 }
    );
    let error = change(&mut notebook.clone(), splice(1, u32::MAX, &[])).unwrap_err();
    assert!(matches!(error, Misfit::Splice { start: 1, n_cells: 2, .. }));
    assert_eq!(change(&mut notebook.clone(), splice(0, 1, &[cell("b", true)])).unwrap_err(), Misfit::Twice(uri("b")));
    let many: Vec<Value> = (0..50).map(|idx| cell(&idx.to_string(), true)).collect();
    assert_eq!(change(&mut notebook.clone(), splice(0, 0, &many)).unwrap_err(), Misfit::TooManyCells(40));
    assert!(opened(&many, &[]).poison.is_some() && opened(&[cell("a", true), cell("a", true)], &[]).poison.is_some());
    let long = text("a", "python", 1, &"x".repeat(4001));
    assert!(opened(&[cell("a", true)], std::slice::from_ref(&long)).poison.is_some());
    let opened_long = json!({"structure": {"array": {"start": 0, "deleteCount": 0}, "didOpen": [long]}});
    assert_eq!(change(&mut notebook, opened_long).unwrap_err(), Misfit::TooLong);
}

fn edit(name: &str, version: i32, changes: Value) -> Value {
    json!({"textContent": [{"document": {"uri": uri(name), "version": version}, "changes": changes}]})
}

#[test]
fn an_edit_that_does_not_fit_poisons_its_cell_until_the_whole_text_comes() {
    let mut notebook =
        opened(&[cell("a", true), cell("b", true)], &[text("a", "python", 1, "a"), text("b", "python", 1, "ä😀b")]);
    let place = |line: u32, character: u32| json!({"line": line, "character": character});
    let insert = |at: Value, text: &str| json!([{"range": {"start": at, "end": at}, "text": text}]);
    let changed = change(&mut notebook, edit("b", 2, insert(place(0, 3), "!"))).unwrap();
    assert!(changed.poisoned.is_empty());
    assert_eq!(joined(&notebook), python("a\n\u{c}\u{c}\nä😀!b\n"));
    for old in [edit("b", 2, insert(place(0, 0), "twice")), edit("c", 9, insert(place(0, 0), "nowhere"))] {
        change(&mut notebook, old).unwrap();
        assert_eq!(joined(&notebook), python("a\n\u{c}\u{c}\nä😀!b\n"));
    }
    let changed = change(&mut notebook, edit("b", 3, insert(place(7, 0), "x"))).unwrap();
    assert_eq!(changed.poisoned.len(), 1);
    let poison = |notebook: &Notebook, name: &str| {
        let CellPlace { module, idx } = notebook.find(&uri(name)).unwrap();
        module.parts.get(idx).poison.is_some()
    };
    assert!(poison(&notebook, "b") && !poison(&notebook, "a"));
    // The other cells see what was known last.
    let changed = change(&mut notebook, edit("b", 4, insert(place(0, 0), "x"))).unwrap();
    assert_eq!(joined(&notebook), python("a\n\u{c}\u{c}\nä😀!b\n"));
    assert!(changed.poisoned.is_empty() && poison(&notebook, "b"));
    change(&mut notebook, edit("b", 5, json!([{"text": "new"}]))).unwrap();
    assert!(!poison(&notebook, "b"));
    assert_eq!(joined(&notebook), python("a\n\u{c}\u{c}\nnew\n"));
    let changed = change(&mut notebook, edit("a", 2, json!([{"text": "x".repeat(5000)}]))).unwrap();
    assert_eq!(changed.poisoned.len(), 1);
}

/// A cell of the model.
#[derive(Clone, Debug, PartialEq)]
struct Modelled {
    name: String,
    is_code: bool,
    language: String,
    version: i32,
    text: String,
}

/// What happens to a notebook.
#[derive(Clone, Debug)]
enum Happening {
    Splice { start: usize, n_removed: usize, texts: Vec<(bool, usize, String)> },
    Move { from: usize, to: usize },
    Kind { idx: usize, is_code: bool },
    Edit { idx: usize, start: usize, end: usize, text: String },
    Replace { idx: usize, text: String },
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,3}",
        Just("ä".to_owned()),
        Just("😀".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\r\n".to_owned())
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let texts = || prop::collection::vec((any::<bool>(), 0_usize..3, any_text()), 0..3);
    prop_oneof![
        (0_usize..9, 0_usize..3, texts()).prop_map(|(start, n_removed, texts)| Happening::Splice {
            start,
            n_removed,
            texts
        }),
        (0_usize..9, 0_usize..9).prop_map(|(from, to)| Happening::Move { from, to }),
        (0_usize..9, any::<bool>()).prop_map(|(idx, is_code)| Happening::Kind { idx, is_code }),
        (0_usize..9, 0_usize..20, 0_usize..20, any_text()).prop_map(|(idx, start, end, text)| Happening::Edit {
            idx,
            start,
            end,
            text
        }),
        (0_usize..9, any_text()).prop_map(|(idx, text)| Happening::Replace { idx, text }),
    ]
}

/// The position of the `n`th boundary of characters, as an editor counts it that reads the text from its beginning.
fn position_of(text: &str, n: usize) -> (usize, Position) {
    let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut at = boundaries[n % boundaries.len()];
    // Nobody's cursor is between the two characters of one end of a line.
    if text[..at].ends_with('\r') && text[at..].starts_with('\n') {
        at -= 1;
    }
    let before = text[..at].replace("\r\n", "\n").replace('\r', "\n");
    let last = before.rsplit('\n').next().unwrap_or_default();
    let line = u32::try_from(before.matches('\n').count()).unwrap();
    (at, Position::new(line, u32::try_from(last.encode_utf16().count()).unwrap()))
}

/// Does to the model what happens, and says how an editor tells it.
fn happen(model: &mut Vec<Modelled>, n_made: &mut usize, happening: Happening) -> Option<Value> {
    match happening {
        Happening::Splice { start, n_removed, texts } => {
            let start = start % (model.len() + 1);
            let end = (start + n_removed).min(model.len());
            let made: Vec<Modelled> = texts
                .into_iter()
                .map(|(is_code, language, text)| {
                    *n_made += 1;
                    let language = ["python", "julia", "sql"][language].to_owned();
                    Modelled { name: n_made.to_string(), is_code, language, version: 1, text }
                })
                .collect();
            let cells: Vec<Value> = made.iter().map(|made| cell(&made.name, made.is_code)).collect();
            let opened: Vec<Value> = made.iter().map(|made| text(&made.name, &made.language, 1, &made.text)).collect();
            let removed: Vec<Modelled> = model.splice(start..end, made).collect();
            let closed: Vec<Value> = removed.iter().map(|removed| json!({"uri": uri(&removed.name)})).collect();
            let array = json!({"start": start, "deleteCount": end - start, "cells": cells});
            Some(json!({"structure": {"array": array, "didOpen": opened, "didClose": closed}}))
        }
        _ if model.is_empty() => None,
        Happening::Move { from, to } => {
            let (from, to) = (from % model.len(), to % model.len());
            let (start, end) = (from.min(to), from.max(to) + 1);
            let moved = model.remove(from);
            model.insert(to, moved);
            let cells: Vec<Value> = model[start..end].iter().map(|moved| cell(&moved.name, moved.is_code)).collect();
            Some(json!({"structure": {"array": {"start": start, "deleteCount": end - start, "cells": cells}}}))
        }
        Happening::Kind { idx, is_code } => {
            let idx = idx % model.len();
            model[idx].is_code = is_code;
            Some(json!({"data": [cell(&model[idx].name, is_code)]}))
        }
        Happening::Edit { idx, start, end, text } => {
            let idx = idx % model.len();
            let edited = &mut model[idx];
            let ((a, from), (b, to)) = (position_of(&edited.text, start), position_of(&edited.text, end));
            let (a, b, from, to) = if a <= b { (a, b, from, to) } else { (b, a, to, from) };
            edited.text.replace_range(a..b, &text);
            edited.version += 2;
            Some(edit(&edited.name, edited.version, json!([{"range": {"start": from, "end": to}, "text": text}])))
        }
        Happening::Replace { idx, text } => {
            let idx = idx % model.len();
            model[idx].text.clone_from(&text);
            model[idx].version += 1;
            Some(edit(&model[idx].name, model[idx].version, json!([{"text": text}])))
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_modules_are_the_cells_joined(happenings in prop::collection::vec(any_happening(), 1..40)) {
        let mut notebook = opened(&[], &[]);
        let (mut model, mut n_made): (Vec<Modelled>, usize) = (Vec::new(), 0);
        for happening in happenings {
            if model.len() > 20 {
                break;
            }
            let Some(told) = happen(&mut model, &mut n_made, happening) else { continue };
            let changed = change(&mut notebook, told.clone()).unwrap();
            prop_assert!(changed.poisoned.is_empty(), "{told}: {changed:?}");
            let mut n_served = 0;
            for language in ["python", "julia"] {
                let expected: Vec<&Modelled> = model.iter().filter(|it| it.is_code && it.language == language).collect();
                let found = notebook.modules.iter().find(|module| &*module.file.language == language);
                prop_assert_eq!(found.is_some(), !expected.is_empty());
                let Some(module) = found else { continue };
                n_served += 1;
                let whole: &str = &module.file.text;
                let parts: Vec<&Part> = module.parts.iter().collect();
                prop_assert_eq!(parts.len(), expected.len());
                for (part, modelled) in parts.iter().zip(&expected) {
                    prop_assert_eq!(part.uri.as_ref().map(|uri| uri.as_str().to_owned()), Some(uri(&modelled.name)));
                    prop_assert_eq!(part.version, Some(modelled.version));
                    prop_assert_eq!(part.span().slice(whole), Some(&*modelled.text));
                    prop_assert_eq!(&*part.lines, &LineIndex::new(&modelled.text));
                    // A cell begins and ends a line, and as many lines are in the whole as in it.
                    let lines = LineIndex::new(whole);
                    let shift = lines.line(part.start);
                    prop_assert_eq!(lines.line_span(shift).map(|line| line.start()), Some(part.start));
                    prop_assert_eq!(lines.line(part.span().end()) - shift + 1, part.lines.n_lines());
                }
                let between: Vec<Span> = parts.windows(2).filter_map(|pair| Span::new(pair[0].span().end(), pair[1].start)).collect();
                for gap in between {
                    let gap = gap.slice(whole).unwrap();
                    prop_assert!(gap == "\n\u{c}\u{c}\n" || gap == " \n\u{c}\u{c}\n", "{gap:?}");
                }
                prop_assert!(whole.ends_with('\n'));
            }
            prop_assert_eq!(notebook.modules.len(), n_served);
            prop_assert_eq!(notebook.bytes(), model.iter().map(|it| it.text.len()).sum::<usize>());
            let uris: Vec<String> = notebook.cell_uris().map(|uri| uri.as_str().to_owned()).collect();
            prop_assert_eq!(uris, model.iter().map(|it| uri(&it.name)).collect::<Vec<_>>());
        }
    }
}
