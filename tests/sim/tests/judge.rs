//! The judge of histories, judged: right ones pass, and each kind of wrong one is found.

use std::time::Duration;

use vraftls_sim::history::{self, Action, Completed, Operation, Outcome};
use vraftls_sim::linearizable::{Verdict, check};

fn operation(client: u32, times: (u64, Option<u64>), action: Action, outcome: Outcome) -> Operation {
    let (invoked, at) = times;
    let completed = at.map(|at| Completed { at, outcome });
    Operation { client, key: "k".to_owned(), action, invoked, completed }
}

fn set(client: u32, from: u64, to: impl Into<Option<u64>>, value: &str) -> Operation {
    operation(client, (from, to.into()), Action::Set { value: value.to_owned() }, Outcome::Written)
}

fn get(client: u32, from: u64, to: u64, found: Option<&str>) -> Operation {
    operation(client, (from, Some(to)), Action::Get, Outcome::Read(found.map(str::to_owned)))
}

fn swap(client: u32, from: u64, to: u64, expected: Option<&str>, value: &str, outcome: Outcome) -> Operation {
    let action = Action::CompareAndSet { expected: expected.map(str::to_owned), value: value.to_owned() };
    operation(client, (from, Some(to)), action, outcome)
}

fn is_linearizable(history: &[Operation]) -> bool {
    match check(history, Duration::from_secs(10)) {
        Verdict::Linearizable => true,
        Verdict::Violated { .. } => false,
        Verdict::Undecided { key } => panic!("no verdict on {key}"),
    }
}

#[test]
fn what_happens_one_after_the_other_is_seen_in_that_order() {
    assert!(is_linearizable(&[get(1, 0, 1, None), set(1, 2, 3, "a"), get(2, 4, 5, Some("a"))]));
    assert!(!is_linearizable(&[set(1, 2, 3, "a"), get(2, 4, 5, None)]));
}

#[test]
fn a_stale_read_is_found() {
    let history = [set(1, 0, 1, "a"), set(1, 2, 3, "b"), get(2, 4, 5, Some("a"))];
    assert!(!is_linearizable(&history));
    // At the same time as the write it is not stale.
    assert!(is_linearizable(&[set(1, 0, 1, "a"), set(1, 2, 6, "b"), get(2, 4, 5, Some("a"))]));
    // But then nobody may go back.
    let back = [set(1, 0, 1, "a"), set(1, 2, 9, "b"), get(2, 3, 4, Some("b")), get(3, 5, 6, Some("a"))];
    assert!(!is_linearizable(&back));
}

#[test]
fn a_write_of_unknown_outcome_may_come_late_or_never_but_not_before_it_began() {
    let unknown = set(1, 2, None, "b");
    assert!(is_linearizable(&[set(1, 0, 1, "a"), unknown.clone(), get(2, 8, 9, Some("a"))]));
    assert!(is_linearizable(&[set(1, 0, 1, "a"), unknown.clone(), get(2, 3, 4, Some("a")), get(2, 8, 9, Some("b"))]));
    let taken_back = [set(1, 0, 1, "a"), unknown.clone(), get(2, 3, 4, Some("b")), get(2, 8, 9, Some("a"))];
    assert!(!is_linearizable(&taken_back));
    assert!(!is_linearizable(&[get(2, 0, 1, Some("b")), unknown]));
}

#[test]
fn only_one_of_two_swaps_of_the_same_value_succeeds() {
    let first = swap(1, 2, 5, Some("a"), "b", Outcome::Written);
    let second = |outcome| swap(2, 3, 6, Some("a"), "c", outcome);
    assert!(is_linearizable(&[set(1, 0, 1, "a"), first.clone(), second(Outcome::Mismatch)]));
    assert!(!is_linearizable(&[set(1, 0, 1, "a"), first, second(Outcome::Written)]));
    assert!(!is_linearizable(&[set(1, 0, 1, "a"), swap(2, 2, 3, Some("a"), "c", Outcome::Mismatch)]));
}

#[test]
fn keys_are_judged_apart_and_the_wrong_one_is_named() {
    let mut other = set(1, 0, 1, "x");
    other.key = "l".to_owned();
    let history = [other, set(1, 0, 1, "a"), get(2, 2, 3, None)];
    match check(&history, Duration::from_secs(10)) {
        Verdict::Violated { key, history } => assert_eq!((key.as_str(), history.len()), ("k", 2)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_history_is_read_as_it_was_written() {
    let history = vec![
        set(1, 0, None, "a"),
        get(2, 1, 2, None),
        swap(3, 2, 3, None, "b", Outcome::Mismatch),
        get(2, 4, 5, Some("a")),
    ];
    let lines = history::to_lines(&history);
    assert_eq!(history::from_lines(&lines).expect("it is one"), history);
    let line = r#"{"client":1,"key":"k","action":{"set":{"value":"a"}},"invoked":0,"completed":null}"#;
    assert_eq!(lines.lines().next(), Some(line));
    let error = history::from_lines(&format!("{line}\n\n{{}}\n")).expect_err("the third is none");
    assert!(error.to_string().starts_with("line 3:"), "{error}");
}
