//! Loading, indexing and asking, as everybody does it.

use std::sync::Arc;

use crate::support::*;
use vraftls_query::{Analyzer, Fault, Question, Reply};
use vraftls_wasm::Limits;

#[test]
fn a_document_is_indexed() {
    let runtime = runtime(Limits::default());
    let toy = load(&runtime, "toy");
    assert_eq!(toy.description().id, "toy");
    let text = "def outer # says\n  def inner\nuse inner\n";
    let facts = wait(toy.index(document("a.toy", text))).unwrap();
    assert_eq!(facts.symbols.iter().map(|symbol| &*symbol.name).collect::<Vec<_>>(), ["outer", "inner"]);
    assert_eq!(facts.symbols[1].parent, Some(0));
    let words: Vec<_> = facts.occurrences.iter().map(|found| found.span.slice(text).unwrap()).collect();
    assert_eq!(words, ["outer", "inner", "inner"]);
    assert_eq!(runtime.counters().index_calls, 1);
}

#[test]
fn an_engine_follows_a_name_into_another_file() {
    let runtime = runtime(Limits::default());
    let toy = load(&runtime, "toy");
    let base = Arc::new(Files::new(&[("a.toy", "use there\n"), ("b.toy", "def there # here\n")]));
    let question = Question::Definition { path: path("a.toy"), offset: 5 };
    let reply = wait(toy.ask(call(view(&base, &overlays(&[])), question))).unwrap();
    let Reply::Targets(Some(targets)) = reply else { panic!("{reply:?}") };
    assert_eq!(targets.locations[0].path, path("b.toy"));
    assert_eq!((targets.locations[0].span.start(), targets.locations[0].span.end()), (4, 9));
}

#[test]
fn an_indexer_without_an_engine_is_served_and_says_so() {
    let runtime = runtime(Limits::default());
    let outline = load(&runtime, "outline");
    let facts = wait(outline.index(document("a.outline", "* one\n** two\n"))).unwrap();
    assert_eq!(facts.symbols.len(), 2);
    let base = Arc::new(Files::new(&[("a.outline", "* one\n")]));
    let question = Question::Hover { path: path("a.outline"), offset: 2 };
    let reply = wait(outline.ask(call(view(&base, &overlays(&[])), question)));
    assert_eq!(reply.unwrap_err(), Fault::Unsupported);
}
