//! Guests that lie about joined lines, and expand without end.

use vraftls_query::{Analyzer, Fault, Question, Reply};
use vraftls_text::Span;

use crate::support::*;

fn join(behavior: &str) -> Question {
    Question::JoinLines { path: path(&format!("{behavior}.hostile")), spans: vec![Span::empty(0)] }
}

fn expand(behavior: &str) -> Question {
    Question::Expand { path: path(&format!("{behavior}.hostile")), offset: 0 }
}

#[test]
fn joined_lines_that_do_not_fit_the_text_are_not_believed() {
    const BROKEN: [&str; 5] = ["span-outside", "span-inverted", "span-inside-character", "overlapping", "unsorted"];
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&BROKEN);
    for behavior in BROKEN {
        let reply = wait(hostile.ask(call(plain(&base), join(behavior))));
        assert!(matches!(reply, Err(Fault::BadReply(_))), "{behavior}: {reply:?}");
    }
    let reply = wait(hostile.ask(call(plain(&base), join("calm"))));
    assert!(matches!(reply, Ok(Reply::TextEdits(_))), "{reply:?}");
}

#[test]
fn what_code_becomes_is_text_for_people_and_has_an_end() {
    let runtime = runtime(vraftls_wasm::Limits { engine_memory_bytes_max: 1 << 30, ..tight() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["huge", "huge-name"]);
    for behavior in ["huge", "huge-name"] {
        let reply = wait(hostile.ask(call(plain(&base), expand(behavior))));
        assert!(matches!(reply, Err(Fault::Limit(_))), "{behavior}: {:?}", reply.map(drop));
    }
    let reply = wait(hostile.ask(call(plain(&base), expand("calm"))));
    let Ok(Reply::Expansion(Some(found))) = reply else { panic!("{reply:?}") };
    assert!(!found.text.contains('\u{1b}') && found.text.ends_with("\ny"), "{found:?}");
    assert!(!found.name.contains('\n'), "{found:?}");
}
