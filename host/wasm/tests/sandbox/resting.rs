//! What engines do while nobody asks.

use std::time::Duration;

use vraftls_query::{Analyzer, Reply};
use vraftls_wasm::{ComponentAnalyzer, Limits};

use crate::support::*;

fn soon() -> Limits {
    Limits { rest_after: Duration::from_millis(1), rest_time_max: Duration::from_millis(200), ..tight() }
}

/// What an engine says to a question about a file that is named for what it is to do.
fn ask(hostile: &ComponentAnalyzer, behavior: &str) -> String {
    let base = hostile_base(&[behavior]);
    match wait(hostile.ask(call(plain(&base), hover(&format!("{behavior}.hostile"))))).unwrap() {
        Reply::Hover(hover) => hover.map(|hover| hover.documentation).unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_engine_rests_after_its_calls_and_once() {
    let runtime = runtime(soon());
    let hostile = load(&runtime, "hostile");
    let n_rested = || runtime.counters().engines_rested;
    for n in 0..20 {
        assert_eq!(ask(&hostile, "rests"), n.to_string());
        until("it rests", || n_rested() == n + 1);
    }
    // It says itself how often: a second rest would have been counted by now.
    assert_eq!(ask(&hostile, "rests"), "20");
}

#[test]
fn nobody_rests_who_is_asked_again_at_once() {
    let runtime = runtime(Limits { rest_after: Duration::from_secs(3600), ..tight() });
    let hostile = load(&runtime, "hostile");
    assert_eq!([ask(&hostile, "rests"), ask(&hostile, "rests")], ["0", "0"]);
    assert_eq!(runtime.counters().engines_rested, 0);
}

#[test]
fn an_engine_that_goes_wrong_while_it_rests_is_replaced() {
    for behavior in ["loop", "panic", "grow", "recurse", "call-host"] {
        let runtime = runtime(soon());
        let hostile = load(&runtime, "hostile");
        ask(&hostile, &format!("rest-{behavior}"));
        until(behavior, || runtime.counters().traps == 1);
        assert_eq!(ask(&hostile, "rests"), "0", "{behavior}: it is another");
        assert_eq!(runtime.counters().engines_started, 2, "{behavior}");
    }
}
