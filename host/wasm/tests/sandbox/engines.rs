//! Which engines are warm, and for how long.

use std::sync::Arc;
use std::time::Duration;

use vraftls_query::{Analyzer, EngineCall, Fault};
use vraftls_wasm::{ComponentAnalyzer, Limits};

use crate::support::*;

fn in_workspace(n: u32, mut call: EngineCall) -> EngineCall {
    call.project = project(n);
    call
}

fn ask_hoarder(hostile: &ComponentAnalyzer, base: &Arc<Files>, workspace: u32) {
    let call = in_workspace(workspace, call(plain(base), hover("hoard.hostile")));
    assert!(wait(hostile.ask(call)).is_ok());
}

#[test]
fn the_engine_that_was_idle_longest_goes_when_there_are_too_many() {
    let runtime = runtime(Limits { engines_max: 2, ..tight() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["hoard"]);
    for workspace in [1, 2, 1, 3, 1] {
        ask_hoarder(&hostile, &base, workspace);
    }
    until("the evicted engine is gone", || runtime.counters().engines_dropped == 1);
    let counters = runtime.counters();
    assert_eq!((counters.engines, counters.engines_started), (2, 3), "the second was evicted, the first stayed warm");
}

#[test]
fn idle_engines_give_their_memory_to_the_one_that_needs_it() {
    let runtime = runtime(Limits { engines_memory_bytes_max: 60 << 20, engine_memory_bytes_max: 1 << 30, ..tight() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["hoard"]);
    for workspace in [1, 1, 1, 2, 2, 2, 2] {
        ask_hoarder(&hostile, &base, workspace);
    }
    let counters = runtime.counters();
    assert_eq!((counters.engines, counters.engines_dropped), (1, 1));
    assert!(counters.engines_memory_bytes <= 60 << 20, "{counters:?}");
    // What nobody idle can give is refused.
    let refused = (0..10).map(|_| wait(hostile.ask(in_workspace(2, call(plain(&base), hover("hoard.hostile"))))));
    let fault = refused.filter_map(Result::err).next().unwrap();
    assert_eq!(fault, Fault::Limit("memory of all engines".to_owned()));
}

#[test]
fn an_engine_that_nobody_asks_is_dropped_with_its_memory() {
    let runtime = runtime(Limits { engine_idle_max: Duration::from_millis(20), ..tight() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["hoard"]);
    ask_hoarder(&hostile, &base, 1);
    until("it is gone", || runtime.counters().engines_dropped == 1);
    until("its memory is free", || runtime.counters().engines_memory_bytes == 0);
    assert_eq!(runtime.counters().engines, 0);
    ask_hoarder(&hostile, &base, 1);
}

#[test]
fn an_unloaded_component_keeps_no_engine() {
    let runtime = runtime(tight());
    let base = hostile_base(&["hoard"]);
    let hostile = load(&runtime, "hostile");
    ask_hoarder(&hostile, &base, 1);
    assert_eq!(runtime.counters().engines, 1);
    drop(hostile);
    until("its engine is gone", || runtime.counters().engines_memory_bytes == 0);
    assert_eq!(runtime.counters().engines, 0);
}

#[test]
fn a_project_that_fails_again_and_again_is_left_alone_and_others_are_not() {
    let limits = Limits { quarantine_after: 2, quarantine_min: Duration::from_secs(600), ..tight() };
    let runtime = runtime(Limits { quarantine_max: Duration::from_secs(600), ..limits });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["panic"]);
    for _ in 0..3 {
        let fault = wait(hostile.ask(call(plain(&base), hover("panic.hostile")))).unwrap_err();
        assert!(matches!(fault, Fault::Trap(_)), "{fault:?}");
    }
    let started = runtime.counters().engines_started;
    for _ in 0..100 {
        let fault = wait(hostile.ask(call(plain(&base), hover("calm.hostile")))).unwrap_err();
        assert!(matches!(fault, Fault::Unavailable(_)), "{fault:?}");
    }
    let counters = runtime.counters();
    assert_eq!((counters.engines_started, counters.refused_quarantined), (started, 100));
    assert!(wait(hostile.ask(in_workspace(2, call(plain(&base), hover("calm.hostile"))))).is_ok());
    assert!(wait(hostile.index(document("calm.hostile", "x"))).is_ok());
}

#[test]
fn a_quarantine_ends() {
    let quarantine = Duration::from_millis(20);
    let runtime = runtime(Limits { quarantine_after: 0, quarantine_min: quarantine, ..tight() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["panic"]);
    assert!(wait(hostile.ask(call(plain(&base), hover("panic.hostile")))).is_err());
    until("it answers again", || wait(hostile.ask(call(plain(&base), hover("calm.hostile")))).is_ok());
}

#[test]
fn many_callers_at_once_all_get_their_own_answer() {
    // A queue much shorter than what comes in: who indexes is slowed down, not refused.
    let runtime = runtime(Limits { index_queue_max: 2, ..tight() });
    let (hostile, toy) = (load(&runtime, "hostile"), load(&runtime, "toy"));
    std::thread::scope(|scope| {
        for caller in 0..8_u32 {
            let (hostile, toy) = (&hostile, &toy);
            scope.spawn(move || {
                for n in 0..20 {
                    let text = format!("def name_{caller}_{n}\n");
                    let facts = wait(toy.index(document("a.toy", &text))).unwrap();
                    assert_eq!(facts.symbols[0].name, format!("name_{caller}_{n}"));
                    let base = Arc::new(Files::new(&[("a.toy", &text)]));
                    let reply = wait(toy.ask(in_workspace(caller % 3, call(plain(&base), hover("a.toy")))));
                    assert!(reply.is_ok(), "{reply:?}");
                    assert!(wait(hostile.index(document("panic.hostile", "x"))).is_err());
                }
            });
        }
    });
    let counters = runtime.counters();
    assert_eq!((counters.index_calls, counters.engine_calls, counters.traps), (320, 160, 160));
}

#[test]
fn a_dropped_runtime_leaves_nobody_waiting() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["polite"]);
    let mut asked = hostile.ask(call(plain(&base), hover("polite.hostile")));
    assert!(poll_once(&mut asked).is_pending());
    let mut behind = hostile.ask(call(plain(&base), hover("calm.hostile")));
    until("the first runs", || runtime.counters().engine_calls == 1);
    assert!(poll_once(&mut behind).is_pending());
    drop(runtime);
    assert!(matches!(wait(behind), Err(Fault::Unavailable(_))));
    assert!(matches!(wait(hostile.index(document("calm.hostile", "x"))), Err(Fault::Unavailable(_))));
    drop(asked);
}
