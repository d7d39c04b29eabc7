//! Who goes first where calls wait for one engine, and what makes way for it.

use std::sync::Arc;
use std::time::Duration;

use vraftls_proto::SessionId;
use vraftls_query::{Analyzer, BoxFuture, CancelFlag, Fault, Question, Reply};
use vraftls_wasm::{ComponentAnalyzer, Limits, Runtime};

use crate::support::*;

/// How often a call makes way at most.
const PREEMPTED_MAX: u64 = 3;

/// A reply to come.
type Asked = BoxFuture<'static, Result<Reply, Fault>>;

/// An engine of the hostile guest.
struct Engine {
    runtime: Runtime,
    hostile: Arc<ComponentAnalyzer>,
    base: Arc<Files>,
}

impl Engine {
    /// A grace that even a machine under load does not use up, and no second engine.
    fn new(limits: Limits) -> Self {
        let patient = Duration::from_secs(60);
        let runtime = runtime(Limits { cancel_grace: patient, engines_per_project_max: 1, ..limits });
        let hostile = load(&runtime, "hostile");
        Self { runtime, hostile, base: hostile_base(&["polite", "polite-once"]) }
    }

    /// Queues a question before it returns.
    fn ask(&self, session: u64, question: Question) -> (Asked, CancelFlag) {
        let mut call = call(plain(&self.base), question);
        call.session = SessionId(session);
        let cancel = call.cancel.clone();
        let mut asked = self.hostile.ask(call);
        assert!(poll_once(&mut asked).is_pending());
        (asked, cancel)
    }

    /// Asks something that runs until it is stopped, and waits until it runs.
    fn occupy(&self, session: u64, question: Question) -> (Asked, CancelFlag) {
        let n_calls = self.runtime.counters().engine_calls;
        let asked = self.ask(session, question);
        until("the long call runs", || self.runtime.counters().engine_calls > n_calls);
        asked
    }
}

fn diagnostics(name: &str) -> Question {
    Question::Diagnostics { path: path(name) }
}

#[test]
fn a_hover_is_answered_while_diagnostics_of_another_session_wait() {
    let engine = Engine::new(Limits { engine_queue_per_session_max: 1000, ..tight() });
    let (long, cancel) = engine.occupy(1, diagnostics("polite.hostile"));
    let mut waiting: Vec<Asked> = (0..200).map(|_| engine.ask(1, diagnostics("calm.hostile")).0).collect();
    assert!(wait(engine.ask(2, hover("calm.hostile")).0).is_ok());
    let n_waiting = waiting.iter_mut().filter_map(|asked| poll_once(asked).is_pending().then_some(())).count();
    assert_eq!(n_waiting, 200);
    cancel.cancel();
    assert_eq!(wait(long).unwrap_err(), Fault::Cancelled);
    for asked in waiting {
        assert!(wait(asked).is_ok());
    }
    let counters = engine.runtime.counters();
    assert_eq!((counters.overtakings, counters.preempted, counters.engines_started), (1, 1, 1));
}

#[test]
fn a_call_that_makes_way_is_run_again_and_its_asker_sees_nothing_of_it() {
    let engine = Engine::new(tight());
    let (long, _) = engine.occupy(1, diagnostics("polite-once.hostile"));
    assert!(wait(engine.ask(2, hover("calm.hostile")).0).is_ok());
    assert!(matches!(wait(long), Ok(Reply::Diagnostics(_))));
    let counters = engine.runtime.counters();
    assert_eq!((counters.engine_calls, counters.preempted), (3, 1));
    assert_eq!((counters.engines_started, counters.traps, counters.interrupted), (1, 0, 0), "the engine stays warm");
}

#[test]
fn a_call_makes_way_a_few_times_and_no_more() {
    let engine = Engine::new(tight());
    let (long, cancel) = engine.occupy(1, diagnostics("polite.hostile"));
    for n_preempted in 1..=PREEMPTED_MAX {
        assert!(wait(engine.ask(2, hover("calm.hostile")).0).is_ok());
        until("the long call runs again", || engine.runtime.counters().engine_calls == 2 * n_preempted + 1);
    }
    let (behind, _) = engine.ask(2, hover("calm.hostile"));
    cancel.cancel();
    assert_eq!(wait(long).unwrap_err(), Fault::Cancelled);
    assert!(wait(behind).is_ok());
    assert_eq!(engine.runtime.counters().preempted, PREEMPTED_MAX);
}

#[test]
fn a_call_that_made_way_is_not_run_again_when_nobody_waits_for_it_any_more() {
    let engine = Engine::new(tight());
    let (long, cancel) = engine.occupy(1, diagnostics("polite.hostile"));
    let (urgent, cancel_urgent) = engine.occupy(2, hover("polite.hostile"));
    cancel.cancel();
    cancel_urgent.cancel();
    assert_eq!(wait(urgent).unwrap_err(), Fault::Cancelled);
    assert_eq!(wait(long).unwrap_err(), Fault::Cancelled);
    let counters = engine.runtime.counters();
    assert_eq!((counters.engine_calls, counters.preempted, counters.skipped), (2, 1, 1));
}

#[test]
fn a_session_that_floods_is_refused_and_others_are_not() {
    let engine = Engine::new(Limits { engine_queue_per_session_max: 8, ..tight() });
    let (long, cancel) = engine.occupy(1, hover("polite.hostile"));
    let mut waiting: Vec<Asked> = (0..4).map(|_| engine.ask(1, diagnostics("calm.hostile")).0).collect();
    for _ in 0..3 {
        let refused = engine.hostile.ask(call(plain(&engine.base), diagnostics("calm.hostile")));
        assert_eq!(wait(refused).unwrap_err(), Fault::Busy);
    }
    // What its person asks, and what others ask, is taken.
    waiting.push(engine.ask(1, hover("calm.hostile")).0);
    waiting.push(engine.ask(2, diagnostics("calm.hostile")).0);
    cancel.cancel();
    assert!(wait(long).is_err());
    for asked in waiting {
        assert!(wait(asked).is_ok());
    }
    let counters = engine.runtime.counters();
    assert_eq!((counters.refused_flooding, counters.refused_busy), (3, 3));
}

#[test]
fn calls_that_nobody_waits_for_keep_out_nobody() {
    let engine = Engine::new(Limits { engine_queue_max: 3, ..tight() });
    let (long, cancel) = engine.occupy(1, hover("polite.hostile"));
    let waiting: Vec<Asked> = (0..3).map(|_| engine.ask(1, hover("panic.hostile")).0).collect();
    drop(waiting);
    let (live, _) = engine.ask(2, hover("calm.hostile"));
    assert_eq!(engine.runtime.counters().skipped, 3, "they went when their places were needed");
    cancel.cancel();
    assert!(wait(long).is_err());
    assert!(wait(live).is_ok());
    assert_eq!((engine.runtime.counters().refused_busy, engine.runtime.counters().traps), (0, 0));
}
