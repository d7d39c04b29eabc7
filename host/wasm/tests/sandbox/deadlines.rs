//! Calls that nobody waits for, or not any longer.

use std::time::{Duration, Instant};

use vraftls_proto::SessionId;
use vraftls_query::{Analyzer, CancelFlag, Fault};

use vraftls_wasm::Limits;

use crate::support::*;

/// A grace that even a machine under load does not use up.
fn patient() -> Limits {
    Limits { cancel_grace: Duration::from_secs(60), ..tight() }
}

#[test]
fn an_engine_that_asks_whether_to_stop_survives_its_deadline() {
    let runtime = runtime(patient());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["polite"]);
    let mut polite = call(plain(&base), hover("polite.hostile"));
    // Generous enough to start an instance first.
    polite.deadline = Instant::now() + Duration::from_millis(500);
    assert!(matches!(wait(hostile.ask(polite)), Err(Fault::Deadline(_))));
    assert!(wait(hostile.ask(call(plain(&base), hover("calm.hostile")))).is_ok());
    let counters = runtime.counters();
    assert_eq!((counters.engines_started, counters.traps, counters.interrupted), (1, 0, 0));
}

#[test]
fn an_engine_that_asks_whether_to_stop_survives_a_cancel() {
    let runtime = runtime(patient());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["polite"]);
    let polite = call(plain(&base), hover("polite.hostile"));
    let cancel = polite.cancel.clone();
    let mut asked = hostile.ask(polite);
    assert!(poll_once(&mut asked).is_pending());
    until("the call runs", || runtime.counters().engine_calls == 1);
    cancel.cancel();
    assert_eq!(wait(asked).unwrap_err(), Fault::Cancelled);
    assert!(wait(hostile.ask(call(plain(&base), hover("calm.hostile")))).is_ok());
    assert_eq!(runtime.counters().engines_started, 1);
}

#[test]
fn an_engine_that_does_not_ask_is_trapped_after_the_grace() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["loop"]);
    let endless = call(plain(&base), hover("loop.hostile"));
    let cancel = endless.cancel.clone();
    let mut asked = hostile.ask(endless);
    assert!(poll_once(&mut asked).is_pending());
    until("the call runs", || runtime.counters().engine_calls == 1);
    let cancelled = Instant::now();
    cancel.cancel();
    assert_eq!(wait(asked).unwrap_err(), Fault::Cancelled);
    assert!(cancelled.elapsed() >= runtime.limits().cancel_grace);
    let counters = runtime.counters();
    assert_eq!((counters.traps, counters.interrupted, counters.engines_dropped), (1, 1, 1));
}

#[test]
fn dropping_the_future_of_an_engine_call_cancels_it() {
    let runtime = runtime(patient());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["polite"]);
    let mut asked = hostile.ask(call(plain(&base), hover("polite.hostile")));
    assert!(poll_once(&mut asked).is_pending());
    until("the call runs", || runtime.counters().engine_calls == 1);
    drop(asked);
    // The only engine of the project answers again, without having been lost.
    assert!(wait(hostile.ask(call(plain(&base), hover("calm.hostile")))).is_ok());
    assert_eq!(runtime.counters().traps, 0);
}

#[test]
fn dropping_the_future_of_a_pure_call_ends_it() {
    let runtime = runtime(Limits { index_time_max: Duration::from_secs(3600), ..tight() });
    let hostile = load(&runtime, "hostile");
    let mut asked = hostile.index(document("loop.hostile", "x"));
    assert!(poll_once(&mut asked).is_pending());
    until("the call runs", || runtime.counters().index_calls == 1);
    drop(asked);
    until("it is trapped", || runtime.counters().interrupted == 1);
}

#[test]
fn a_call_whose_asker_is_gone_when_its_turn_comes_is_skipped() {
    let runtime = runtime(patient());
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["polite"]);
    let first = call(plain(&base), hover("polite.hostile"));
    let cancel: CancelFlag = first.cancel.clone();
    let mut first = hostile.ask(first);
    assert!(poll_once(&mut first).is_pending());
    until("the first runs", || runtime.counters().engine_calls == 1);
    let mut second = hostile.ask(call(plain(&base), hover("panic.hostile")));
    assert!(poll_once(&mut second).is_pending());
    drop(second);
    cancel.cancel();
    assert_eq!(wait(first).unwrap_err(), Fault::Cancelled);
    until("the second is skipped", || runtime.counters().skipped == 1);
    assert_eq!(runtime.counters().traps, 0);
}

#[test]
fn a_call_whose_deadline_has_passed_when_its_turn_comes_is_skipped() {
    let runtime = runtime(tight());
    let hostile = load(&runtime, "hostile");
    let mut late = call(plain(&hostile_base(&["panic"])), hover("panic.hostile"));
    late.deadline = Instant::now();
    assert!(matches!(wait(hostile.ask(late)), Err(Fault::Deadline(_))));
    assert_eq!((runtime.counters().skipped, runtime.counters().traps), (1, 0));
}

#[test]
fn one_call_more_than_the_queue_takes_is_refused_at_once() {
    let runtime = runtime(Limits { engine_queue_max: 1, ..patient() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["polite"]);
    let first = call(plain(&base), hover("polite.hostile"));
    let cancel = first.cancel.clone();
    let mut first = hostile.ask(first);
    assert!(poll_once(&mut first).is_pending());
    until("the first runs", || runtime.counters().engine_calls == 1);
    let mut second = hostile.ask(call(plain(&base), hover("calm.hostile")));
    assert!(poll_once(&mut second).is_pending());
    assert_eq!(wait(hostile.ask(call(plain(&base), hover("calm.hostile")))).unwrap_err(), Fault::Busy);
    assert_eq!(runtime.counters().refused_busy, 1);
    cancel.cancel();
    assert!(wait(first).is_err());
    assert!(wait(second).is_ok());
}

#[test]
fn a_session_of_its_own_does_not_wait_behind_a_long_call_of_another() {
    let runtime = runtime(Limits { engine_busy_after: Duration::ZERO, ..patient() });
    let hostile = load(&runtime, "hostile");
    let base = hostile_base(&["polite"]);
    let long = call(plain(&base), hover("polite.hostile"));
    let cancel = long.cancel.clone();
    let mut long = hostile.ask(long);
    assert!(poll_once(&mut long).is_pending());
    until("the long call runs", || runtime.counters().engine_calls == 1);
    // The same session waits: a second engine would double its memory.
    let mut same = hostile.ask(call(plain(&base), hover("calm.hostile")));
    assert!(poll_once(&mut same).is_pending());
    assert_eq!(runtime.counters().engines, 1);
    let mut other = call(plain(&base), hover("calm.hostile"));
    other.session = SessionId(2);
    assert!(wait(hostile.ask(other)).is_ok());
    assert_eq!(runtime.counters().engines, 2);
    cancel.cancel();
    assert!(wait(long).is_err());
    assert!(wait(same).is_ok());
}
