//! Guests that lie about where all names of a file lead.

use vraftls_query::{Analyzer, Fault, Question, Reply};

use crate::support::*;

/// Behaviors that break a rule of `resolving.resolved`.
const BROKEN: [&str; 23] = [
    "ragged",
    "names-ragged",
    "pairs-ragged",
    "span-outside",
    "span-inverted",
    "span-inside-character",
    "full-without-name",
    "unknown-kind",
    "unknown-trait",
    "parent-self",
    "path-outside",
    "name-outside",
    "twice",
    "paths",
    "missing",
    "overflow",
    "unsorted",
    "leads-outside",
    "leads-overflow",
    "lead-outside",
    "described-outside",
    "described-twice",
    "related-outside",
];

fn question(behavior: &str) -> Question {
    Question::ResolveAll { path: path(&format!("{behavior}.hostile")) }
}

#[test]
fn names_that_lead_outside_are_not_believed() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&BROKEN);
    for behavior in BROKEN {
        let reply = wait(hostile.ask(call(plain(&base), question(behavior))));
        assert!(matches!(reply, Err(Fault::BadReply(_))), "{behavior}: {reply:?}");
    }
    let reply = wait(hostile.ask(call(plain(&base), question("calm"))));
    let Ok(Reply::Resolved(resolved)) = reply else { panic!("{reply:?}") };
    assert_eq!((resolved.targets.len(), resolved.leads_of(&resolved.occurrences[0])), (1, &[0][..]));
}

#[test]
fn more_names_than_anybody_has_are_cut_off() {
    let runtime = runtime(vraftls_wasm::Limits { engine_memory_bytes_max: 1 << 30, ..tight() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["many"]);
    let reply = wait(hostile.ask(call(plain(&base), question("many"))));
    assert!(matches!(reply, Err(Fault::Limit(_))), "{:?}", reply.map(drop));
}
