//! Guests that take what they can: time, memory, stack, the log, calls of the host. Each gets a typed fault, and the next call of
//! the same and of another analyzer is answered.

use std::time::Duration;

use vraftls_query::{Analyzer, Fault};
use vraftls_wasm::{ComponentAnalyzer, Counters, Runtime};

use crate::support::*;

/// Every behavior of the hostile guest that uses something up, with the faults that may come of it.
const GREEDY: [(&str, &[&str]); 15] = [
    ("loop", &["deadline"]),
    ("recurse", &["limit stack"]),
    ("recurse-wide", &["trap"]),
    ("grow", &["limit memory"]),
    ("leak-in-pieces", &["limit memory"]),
    ("panic", &["trap"]),
    ("abort", &["trap"]),
    ("exit", &["trap"]),
    ("flood-log", &["deadline", "limit host calls"]),
    ("flood-log-bytes", &["deadline", "limit host calls"]),
    ("flood-stdout", &["deadline", "limit host calls"]),
    ("call-host", &["deadline", "limit host calls"]),
    ("list-host", &["deadline", "limit host calls"]),
    ("read-huge-path", &["deadline", "limit host calls"]),
    ("ignore-cancel", &["deadline"]),
];

/// What kind of fault it is, in a word or two.
fn kind(fault: &Fault) -> String {
    match fault {
        Fault::Deadline(_) => "deadline".to_owned(),
        Fault::Limit(name) => format!("limit {name}"),
        Fault::Trap(_) => "trap".to_owned(),
        other => format!("{other:?}"),
    }
}

fn assert_answers(hostile: &ComponentAnalyzer, toy: &ComponentAnalyzer) {
    assert!(wait(hostile.index(document("calm.hostile", "x"))).is_ok());
    assert_eq!(wait(toy.index(document("a.toy", "def a\n"))).unwrap().symbols.len(), 1);
    let (calm, toys) = (hostile_base(&[]), std::sync::Arc::new(Files::new(&[("a.toy", "def a\n")])));
    assert!(wait(hostile.ask(call(plain(&calm), hover("calm.hostile")))).is_ok());
    assert!(wait(toy.ask(call(plain(&toys), hover("a.toy")))).is_ok());
}

fn assert_counted(runtime: &Runtime, before: &Counters, fault: &Fault) {
    let after = runtime.counters();
    assert_eq!(after.traps, before.traps + 1, "{fault:?}");
    if let Fault::Limit(name) = fault {
        let hits = |counters: &Counters| counters.limit_hits.get(&**name).copied().unwrap_or_default();
        assert_eq!(hits(&after), hits(before) + 1, "{fault:?}");
    }
    if let Fault::Deadline(_) = fault {
        assert_eq!(after.interrupted, before.interrupted + 1);
    }
}

#[test]
fn a_greedy_pure_call_costs_its_caller_a_fault_and_nobody_else_anything() {
    let runtime = runtime(tight());
    let (hostile, toy) = (load(&runtime, "hostile"), load(&runtime, "toy"));
    for (behavior, expected) in GREEDY {
        let before = runtime.counters();
        let fault = wait(hostile.index(document(&format!("{behavior}.hostile"), "x"))).unwrap_err();
        assert!(expected.contains(&&*kind(&fault)), "{behavior}: {fault:?}");
        assert_counted(&runtime, &before, &fault);
        assert_answers(&hostile, &toy);
    }
}

#[test]
fn a_greedy_engine_is_replaced_and_nobody_else_notices() {
    let runtime = runtime(tight());
    let (hostile, toy) = (load(&runtime, "hostile"), load(&runtime, "toy"));
    let base = hostile_base(&GREEDY.map(|(behavior, _)| behavior));
    for (behavior, expected) in GREEDY {
        let before = runtime.counters();
        let mut call = call(plain(&base), hover(&format!("{behavior}.hostile")));
        call.deadline = std::time::Instant::now() + Duration::from_millis(1000);
        let fault = wait(hostile.ask(call)).unwrap_err();
        assert!(expected.contains(&&*kind(&fault)), "{behavior}: {fault:?}");
        assert_counted(&runtime, &before, &fault);
        assert_answers(&hostile, &toy);
    }
}

#[test]
fn a_trap_tells_what_the_guest_said_last_without_its_control_characters() {
    let runtime = runtime(tight());
    let fault = wait(load(&runtime, "hostile").index(document("panic.hostile", "x"))).unwrap_err();
    let Fault::Trap(message) = &fault else { panic!("{fault:?}") };
    assert!(message.contains("asked to panic"), "{message}");
    assert!(!message.contains(char::is_control), "{message}");
}

#[test]
fn sleeping_holds_no_thread() {
    let runtime = runtime(tight());
    let started = std::time::Instant::now();
    // An hour, which the guest believes has passed.
    assert!(wait(load(&runtime, "hostile").index(document("sleep.hostile", "x"))).is_ok());
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn what_a_guest_logs_is_bounded() {
    let runtime = runtime(tight());
    wait(load(&runtime, "hostile").index(document("flood-log.hostile", "x"))).unwrap_err();
    let counters = runtime.counters();
    let logged = runtime.limits().host_calls_max - counters.log_lines_dropped;
    assert_eq!(logged, u64::from(runtime.limits().log_lines_max));
}

#[test]
fn a_project_that_does_not_open_is_a_fault_each_time() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    for _ in 0..2 {
        let mut call = call(plain(&hostile_base(&[])), hover("calm.hostile"));
        let mut spec = (*call.project).clone();
        spec.settings = vec![("open".to_owned(), "panic".to_owned())];
        call.project = spec.into();
        assert!(matches!(wait(hostile.ask(call)), Err(Fault::Trap(_))));
    }
    assert!(wait(hostile.ask(call(plain(&hostile_base(&[])), hover("calm.hostile")))).is_ok());
    assert_eq!(runtime.counters().engines, 2, "one of them without an instance");
}
