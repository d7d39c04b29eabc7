//! Guests that lie: what breaks the contract never reaches a caller.

use vraftls_index::Facts;
use vraftls_proto::{Candidate, FormattingOptions, SearchPlan};
use vraftls_query::{Analyzer, Fault, Question, Reply};
use vraftls_text::Span;
use vraftls_wasm::ComponentAnalyzer;

use crate::support::*;

/// Behaviors that break a rule of `facts` for a text with a character of two bytes.
const BROKEN: [&str; 20] = [
    "span-outside",
    "span-inside-character",
    "span-inverted",
    "span-at-the-end-of-numbers",
    "full-without-name",
    "parent-self",
    "parent-later",
    "parent-outside",
    "roles-ragged",
    "roles-unsorted",
    "roles-outside",
    "roles-overflow",
    "roles-name-outside",
    "roles-inside-character",
    "folds-ragged",
    "folds-outside",
    "import-outside",
    "diagnostic-outside",
    "related-outside",
    "unknown-kind",
];

const TEXT: &str = "xyé z";

fn index(hostile: &ComponentAnalyzer, behavior: &str) -> Result<Facts, Fault> {
    wait(hostile.index(document(&format!("{behavior}.hostile"), TEXT)))
}

#[test]
fn facts_that_break_a_rule_are_not_accepted() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    for (n, behavior) in BROKEN.into_iter().enumerate() {
        let fault = index(&hostile, behavior).unwrap_err();
        assert!(matches!(fault, Fault::BadReply(_)), "{behavior}: {fault:?}");
        assert_eq!(runtime.counters().bad_replies, n as u64 + 1);
    }
    assert_eq!(index(&hostile, "calm"), Ok(Facts::default()));
}

#[test]
fn facts_that_are_too_large_are_cut_off_by_a_limit() {
    let index_time_max = std::time::Duration::from_secs(60);
    let runtime = runtime(vraftls_wasm::Limits { index_memory_bytes_max: 1 << 30, index_time_max, ..tight() });
    let hostile = load(&runtime, "hostile");
    for behavior in ["many-symbols", "many-occurrences", "many-names", "many-diagnostics", "huge-name"] {
        let fault = index(&hostile, behavior).unwrap_err();
        assert!(matches!(fault, Fault::Limit(_)), "{behavior}: {fault:?}");
    }
    match index(&hostile, "fail-long").unwrap_err() {
        Fault::Internal(explanation) => assert!(explanation.len() < 10_000, "{} bytes", explanation.len()),
        fault => assert!(matches!(fault, Fault::Limit(_)), "{fault:?}"),
    }
}

#[test]
fn nothing_of_the_machine_is_seen_and_no_path_leads_out() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    for behavior in ["grants", "escapes"] {
        assert_eq!(index(&hostile, behavior).unwrap().names, [], "{behavior}");
        let base = hostile_base(&[behavior]);
        let reply = wait(hostile.ask(call(plain(&base), hover(&format!("{behavior}.hostile")))));
        let Ok(Reply::Hover(Some(hover))) = reply else { panic!("{reply:?}") };
        assert_eq!(hover.documentation, "", "{behavior}");
    }
}

#[test]
fn the_same_input_gives_the_same_facts_in_every_instance_and_process() {
    let (one, other) = (runtime(tight()), runtime(tight()));
    let facts = index(&load(&one, "hostile"), "differs").unwrap();
    let again = load(&other, "hostile");
    assert_eq!(index(&again, "differs").unwrap(), facts);
    assert_eq!(index(&again, "differs").unwrap(), facts);
}

#[test]
fn a_failure_that_the_guest_states_costs_no_instance() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["fail"]);
    let fault = wait(hostile.ask(call(plain(&base), hover("fail.hostile")))).unwrap_err();
    assert_eq!(fault, Fault::Internal("asked to fail".to_owned()));
    assert!(wait(hostile.ask(call(plain(&base), hover("calm.hostile")))).is_ok());
    assert_eq!((runtime.counters().engines_started, runtime.counters().engines_dropped), (1, 0));
}

/// The questions that name one file.
fn questions(name: &str) -> Vec<Question> {
    let path = path(name);
    let plan = SearchPlan {
        origin: Span::empty(0),
        names: Vec::new(),
        roles: Default::default(),
        only: None,
        definitions: Vec::new(),
        token: Vec::new(),
    };
    let files = vec![Candidate { path: path.clone(), offsets: vec![0] }];
    let options = FormattingOptions { tab_size: 4, insert_spaces: true };
    vec![
        Question::Diagnostics { path: path.clone() },
        Question::Definition { path: path.clone(), offset: 0 },
        Question::Plan { path: path.clone(), offset: 0 },
        Question::Confirm { plan: plan.clone(), files: files.clone() },
        Question::Highlights { path: path.clone(), offset: 0 },
        Question::Hover { path: path.clone(), offset: 0 },
        Question::Complete { path: path.clone(), offset: 0, trigger: None, limit: 10 },
        Question::PlanRename { path: path.clone(), offset: 0, new_name: "y".to_owned() },
        Question::RenameEdits { plan, new_name: "y".to_owned(), files },
        Question::Format { path, span: None, options },
    ]
}

#[test]
fn an_engine_that_names_a_place_outside_the_text_is_not_believed() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let behaviors = ["span-outside", "span-inverted", "span-inside-character"];
    let base = hostile_base(&behaviors);
    for behavior in behaviors {
        for question in questions(&format!("{behavior}.hostile")) {
            let reply = wait(hostile.ask(call(plain(&base), question.clone())));
            assert!(matches!(reply, Err(Fault::BadReply(_))), "{behavior}, {question:?}: {reply:?}");
        }
    }
}

#[test]
fn an_engine_that_breaks_another_rule_is_not_believed() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let asked = |behavior: &str, n: usize| questions(&format!("{behavior}.hostile")).swap_remove(n);
    let cases = [
        ("definition to escaping paths", asked("paths", 1)),
        ("definition in a missing file", asked("missing", 1)),
        ("references that were not asked about", asked("unasked", 3)),
        ("edits that overlap", asked("overlapping", 8)),
        ("edits that are not sorted", asked("unsorted", 9)),
        ("a signature that is not there", Question::SignatureHelp { path: path("calm.hostile"), offset: 0 }),
    ];
    let base = hostile_base(&["paths", "missing", "unasked", "overlapping", "unsorted"]);
    for (what, question) in cases {
        let reply = wait(hostile.ask(call(plain(&base), question)));
        assert!(matches!(reply, Err(Fault::BadReply(_))), "{what}: {reply:?}");
    }
}

#[test]
fn an_engine_that_returns_too_much_is_cut_off() {
    let runtime = runtime(vraftls_wasm::Limits { engine_memory_bytes_max: 1 << 30, ..tight() });
    let hostile = load(&runtime, "hostile");
    let asked = |behavior: &str, n: usize| questions(&format!("{behavior}.hostile")).swap_remove(n);
    let base = hostile_base(&["many", "huge", "huge-token"]);
    let cases = [
        asked("many", 0),
        asked("many", 1),
        asked("many", 2),
        asked("many", 3),
        asked("huge-token", 2),
        asked("huge", 5),
        asked("huge-token", 6),
        asked("many", 9),
        asked("huge", 9),
        Question::Bundled { path: path("@bundled/huge.hostile") },
    ];
    for question in cases {
        let reply = wait(hostile.ask(call(plain(&base), question.clone())));
        assert!(matches!(reply, Err(Fault::Limit(_))), "{question:?}: {:?}", reply.map(drop));
    }
}

#[test]
fn what_a_terminal_would_obey_does_not_pass() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let symbol = &index(&hostile, "control-characters").unwrap().symbols[0];
    assert_eq!(symbol.name, " [2J   \u{fffd}");
    let base = hostile_base(&["control-characters"]);
    let reply = wait(hostile.ask(call(plain(&base), hover("control-characters.hostile"))));
    let Ok(Reply::Hover(Some(hover))) = reply else { panic!("{reply:?}") };
    assert!(!hover.documentation.contains(|char: char| char.is_control() || char == '\u{202e}'));
}
