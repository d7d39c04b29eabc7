//! Guests that lie: what breaks the contract never reaches a caller.

use vraftls_index::{Facts, Location};
use vraftls_proto::{Candidate, FileMove, FormattingOptions, HierarchyItem, SearchPlan};
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

/// The questions about hierarchies, decorations and actions that name one file, by the behavior that each knows.
fn later_questions(name: &str) -> Vec<(&'static str, Question)> {
    let (path, one) = (path(name), Span::new(0, 1).unwrap());
    let location = Location { path: path.clone(), span: one, full: one };
    let item = HierarchyItem { name: "x".to_owned(), detail: String::new(), kind: 12, location, token: Vec::new() };
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
    let moves = vec![FileMove { old: path.clone(), new: self::path("moved.hostile") }];
    vec![
        ("calls", Question::PrepareCalls { path: path.clone(), offset: 0 }),
        ("plan", Question::PlanIncoming { item: item.clone() }),
        ("incoming", Question::Incoming { plan: plan.clone(), files: files.clone() }),
        ("outgoing", Question::Outgoing { item: item.clone() }),
        ("types", Question::PrepareTypes { path: path.clone(), offset: 0 }),
        ("supertypes", Question::Supertypes { item: item.clone() }),
        ("plan of subtypes", Question::PlanSubtypes { item }),
        ("subtypes", Question::Subtypes { plan, files }),
        ("tokens", Question::SemanticTokens { path: path.clone(), span: None }),
        ("hints", Question::InlayHints { path: path.clone(), span: Span::new(0, 6).unwrap() }),
        ("ranges", Question::SelectionRanges { path: path.clone(), offsets: vec![0] }),
        ("lenses", Question::Lenses { path: path.clone() }),
        ("links", Question::Links { path: path.clone() }),
        ("linked", Question::LinkedRanges { path: path.clone(), offset: 0 }),
        ("actions", Question::Actions { path: path.clone(), span: one, diagnostics: Vec::new(), kinds: Vec::new() }),
        ("resolved", Question::ResolveAction { path: path.clone(), token: vec![1] }),
        ("moved", Question::WillRename { moves }),
        ("typed", Question::FormatOnType { path, offset: 0, typed: "x".to_owned(), options }),
    ]
}

fn later_question(behavior: &str, what: &str) -> Question {
    let known = later_questions(&format!("{behavior}.hostile")).into_iter().find(|(name, _)| *name == what);
    known.unwrap_or_else(|| panic!("no question `{what}`")).1
}

#[test]
fn places_outside_the_text_are_not_believed_in_hierarchies_decorations_and_actions() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let behaviors = ["span-outside", "span-inverted", "span-inside-character"];
    let base = hostile_base(&behaviors);
    for behavior in behaviors {
        for (what, question) in later_questions(&format!("{behavior}.hostile")) {
            // These say offsets and lengths, which cannot be inverted; and the type of a caller is where the caller is.
            let cannot = matches!((behavior, what), ("span-inverted", "tokens" | "hints") | (_, "subtypes"));
            let reply = wait(hostile.ask(call(plain(&base), question)));
            assert!(cannot || matches!(reply, Err(Fault::BadReply(_))), "{behavior}, {what}: {reply:?}");
        }
    }
}

#[test]
fn other_rules_of_hierarchies_decorations_and_actions_are_kept() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let cases = [
        ("unknown-kind", &["calls", "incoming", "outgoing", "types", "subtypes", "tokens", "hints"][..]),
        ("unknown-kind", &["lenses", "links", "linked", "actions"]),
        ("missing", &["calls", "incoming", "outgoing", "supertypes"]),
        ("unasked", &["incoming", "subtypes", "ranges", "linked", "actions"]),
        ("ragged", &["tokens", "ranges"]),
        ("overflow", &["tokens"]),
        ("empty", &["tokens", "hints", "links", "actions"]),
        ("unsorted", &["tokens", "hints", "linked", "actions", "resolved", "moved", "typed"]),
        ("overlapping", &["tokens", "hints", "ranges", "links", "actions", "resolved", "moved", "typed"]),
        ("unknown-modifier", &["tokens"]),
        ("paths", &["links", "moved"]),
    ];
    let base = hostile_base(&cases.map(|(behavior, _)| behavior));
    for (behavior, what) in cases.iter().flat_map(|(behavior, whats)| whats.iter().map(|what| (*behavior, *what))) {
        let reply = wait(hostile.ask(call(plain(&base), later_question(behavior, what))));
        assert!(matches!(reply, Err(Fault::BadReply(_))), "{behavior}, {what}: {reply:?}");
    }
    for (what, question) in later_questions("calm.hostile") {
        let reply = wait(hostile.ask(call(plain(&base), question)));
        assert!(reply.is_ok(), "{what}: {reply:?}");
    }
}

#[test]
fn too_much_of_hierarchies_decorations_and_actions_is_cut_off() {
    let runtime = runtime(vraftls_wasm::Limits { engine_memory_bytes_max: 1 << 30, ..tight() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["many", "huge-token"]);
    let many = ["calls", "incoming", "tokens", "hints", "ranges", "lenses", "resolved"].map(|what| ("many", what));
    let tokens = ["calls", "outgoing", "actions", "plan"].map(|what| ("huge-token", what));
    for (behavior, what) in many.into_iter().chain(tokens) {
        let reply = wait(hostile.ask(call(plain(&base), later_question(behavior, what))));
        assert!(matches!(reply, Err(Fault::Limit(_))), "{behavior}, {what}: {:?}", reply.map(drop));
    }
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
