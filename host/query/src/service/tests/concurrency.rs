//! Many at once, cancelling, and time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;

use super::*;

/// Lets all tasks go on until each waits for something.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_hundred_identical_requests_ask_the_engine_once() {
    let setup = Setup::new(&[("a.w", "def run")]);
    let answers = join_all((0..100).map(|_| setup.ask(hover("a.w", 5)))).await;
    assert!(answers.iter().all(|answer| answer.is_ok()));
    assert_eq!(setup.analyzer.n_asked(), 1);
    setup.ask(hover("a.w", 5)).await.expect("answered");
    assert_eq!(setup.analyzer.n_asked(), 1, "the answer is kept");
}

#[tokio::test]
async fn errors_are_shared_by_those_who_wait_and_not_kept() {
    let setup = Setup::new(&[("a.w", "def run")]);
    setup.analyzer.set_fault(Some(Fault::Trap("gone".into())));
    let answers = join_all((0..10).map(|_| setup.ask(hover("a.w", 5)))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(QueryError::AnalyzerFault { .. }))));
    assert_eq!(setup.analyzer.n_asked(), 1);
    setup.analyzer.set_fault(None);
    assert!(setup.ask(hover("a.w", 5)).await.is_ok());
}

#[tokio::test]
async fn a_dropped_request_ends_its_call_and_others_go_on() {
    let setup = Setup::new(&[("a.w", "def run")]);
    setup.analyzer.close_gate();
    let mut first = Box::pin(setup.ask(hover("a.w", 5)));
    assert!(first.as_mut().now_or_never().is_none());
    let mut second = Box::pin(setup.ask(hover("a.w", 5)));
    assert!(second.as_mut().now_or_never().is_none());
    assert_eq!(setup.analyzer.n_running.load(Ordering::Relaxed), 1);
    let flag = setup.analyzer.last_cancel.lock().expect("no panic").clone();
    drop(first);
    assert!(flag.is_cancelled());
    assert_eq!(setup.analyzer.n_running.load(Ordering::Relaxed), 0, "its call is dropped");
    setup.analyzer.gate.add_permits(1);
    assert!(second.await.is_ok());
    assert_eq!(setup.analyzer.n_asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_request_and_its_call() {
    let setup = Setup::new(&[("a.w", "def run")]);
    setup.analyzer.close_gate();
    let deadline = Duration::from_millis(300);
    let request = vraftls_proto::Request { deadline, ..request(hover("a.w", 5), &Arc::default()) };
    let since = tokio::time::Instant::now();
    assert_eq!(setup.service.answer(request).await.unwrap_err(), QueryError::DeadlineExceeded(deadline));
    assert_eq!(since.elapsed(), deadline);
    assert_eq!(setup.analyzer.n_running.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_longer_is_not_cut_off_with_the_first() {
    let setup = Setup::new(&[("a.w", "def run")]);
    setup.analyzer.close_gate();
    let short = Duration::from_millis(10);
    let hasty = vraftls_proto::Request { deadline: short, ..request(hover("a.w", 5), &Arc::default()) };
    let patient = async {
        // Comes second, so that the hasty one does the work.
        tokio::task::yield_now().await;
        setup.ask(hover("a.w", 5)).await
    };
    let open = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        setup.analyzer.gate.add_permits(1);
    };
    let (hasty, patient, ()) = tokio::join!(setup.service.answer(hasty), patient, open);
    assert_eq!(hasty.unwrap_err(), QueryError::DeadlineExceeded(short));
    assert!(patient.is_ok());
}

#[tokio::test(start_paused = true)]
async fn only_what_needs_the_index_waits_for_it() {
    let setup = Setup::without_index(&[("a.w", "def run"), ("b.w", "run")], FakeAnalyzer::new("1"));
    assert!(setup.ask(hover("a.w", 5)).await.is_ok());
    let references = Query::References { at: at("a.w", 5), include_declaration: true };
    let waits = setup.ask(references.clone()).await.unwrap_err();
    assert_eq!(waits, QueryError::DeadlineExceeded(Duration::from_secs(60)));
    setup.keep_index();
    let answered = setup.ask(references).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "b.w:0"]);
}

#[tokio::test]
async fn an_engine_that_needs_the_index_is_asked_again_when_it_is_there() {
    let setup = Setup::without_index(&[("a.w", "def run"), ("b.w", "run")], FakeAnalyzer::new("1"));
    let mut asked = Box::pin(setup.ask(definition("b.w", 0)));
    while setup.analyzer.n_asked() == 0 || setup.analyzer.n_running.load(Ordering::Relaxed) > 0 {
        assert!(asked.as_mut().now_or_never().is_none());
    }
    setup.keep_index();
    assert_eq!(places(&asked.await.expect("answered")), ["a.w:4"]);
    assert_eq!(setup.analyzer.n_asked(), 2);
}

#[tokio::test]
async fn read_your_writes_waits_for_the_revision() {
    let setup = Setup::new(&[("a.w", "def old")]);
    let at_least = vraftls_vfs::Revision(2);
    let request = vraftls_proto::Request { at_least, ..request(hover("a.w", 5), &Arc::default()) };
    let mut asked = Box::pin(setup.service.answer(request));
    assert!(asked.as_mut().now_or_never().is_none());
    setup.workspaces.write("a.w", Some("def new"));
    let answered = asked.await.expect("answered");
    assert_eq!(answered.revision, at_least);
    assert!(matches!(answered.answer, Answer::Hover(Some(hover)) if hover.signature == "new"));
}

#[tokio::test]
async fn confirming_is_spread_over_a_bounded_number_of_calls() {
    let names: Vec<String> = (0..9).map(|n| format!("{n}.w")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "run")).collect();
    let setup = Setup::new(&files);
    let query = Query::References { at: at("0.w", 0), include_declaration: true };
    let answered = setup.ask(query).await.expect("answered");
    assert_eq!(places(&answered).len(), 9);
    // One plan, and nine files by two.
    assert_eq!(setup.analyzer.n_asked(), 1 + 5);
    assert_eq!(setup.analyzer.n_running_max.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_failing_part_fails_the_whole_and_stops_the_rest() {
    let names: Vec<String> = (0..9).map(|n| format!("{n}.w")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "run")).collect();
    let setup = Setup::new(&files);
    setup.analyzer.close_gate();
    setup.analyzer.gate.add_permits(1);
    let query = Query::References { at: at("0.w", 0), include_declaration: true };
    let asked = tokio::spawn({
        let service = Arc::clone(&setup.service);
        async move { service.answer(request(query, &Arc::default())).await }
    });
    settle().await;
    setup.analyzer.set_fault(Some(Fault::Limit("memory".into())));
    setup.analyzer.gate.add_permits(1);
    let answered = asked.await.expect("no panic");
    assert_eq!(answered.unwrap_err(), QueryError::Limited("memory".into()));
    assert_eq!(setup.analyzer.n_running.load(Ordering::Relaxed), 0);
}
