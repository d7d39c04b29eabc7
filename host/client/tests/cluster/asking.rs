//! One node answers; another when it does not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_client::{CallError, Cluster, Options, ReachError};
use vraftls_proto::rpc::Unpacked;
use vraftls_proto::{Answer, OverlayFile, OverlaySet, Query, QueryError, Request, Revisions, SessionId};
use vraftls_vfs::{ContentDigest, Revision};

use super::node::{Nodes, SOON, Script, WORKSPACE, answered, answerer, path, request};

async fn ask(cluster: &Cluster, query: Query) -> u64 {
    answerer(&cluster.ask(&request(query), &Revisions::new()).await.unwrap())
}

#[tokio::test]
async fn one_node_answers_for_a_workspace_and_the_next_when_it_dies() {
    let script = Arc::new(Script::plain());
    let mut nodes = Nodes::start(3, 2, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let first = ask(&cluster, Query::Files).await;
    assert_eq!(ask(&cluster, Query::Files).await, first);
    nodes.kill(first).await;
    let second = ask(&cluster, Query::Files).await;
    assert_ne!(second, first);
    nodes.kill(second).await;
    let third = ask(&cluster, Query::Files).await;
    assert!(third != first && third != second);
    assert_eq!(script.asked(), [first, first, second, third], "nobody was asked in vain");
    // It is the first choice again when it is back, wherever that is.
    nodes.run(first).await;
    cluster.refresh().await.unwrap();
    assert_eq!(ask(&cluster, Query::Files).await, first);
}

#[tokio::test]
async fn a_node_that_says_nothing_is_given_up_long_before_the_deadline_and_asked_last_from_then_on() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(3, 2, &script).await;
    let quick = Duration::from_millis(50);
    let options = Options { probe_after: quick, probe_patience: quick, ..Options::default() };
    let cluster = nodes.connect(options).await;
    let first = ask(&cluster, Query::Files).await;
    script.set_hanging(first, true);
    let started = Instant::now();
    let second = ask(&cluster, Query::Files).await;
    assert_ne!(second, first);
    assert!(started.elapsed() < SOON / 2, "the next node is asked before the deadline");
    assert_eq!(ask(&cluster, Query::Files).await, second);
}

#[tokio::test]
async fn a_node_that_takes_its_time_is_waited_for() {
    let released = Arc::new((std::sync::Mutex::new(false), std::sync::Condvar::new()));
    let gate = Arc::clone(&released);
    // The answer takes until the node was probed several times.
    let script = Arc::new(Script::new(move |node, _| {
        let (is_open, changed) = &*gate;
        let open = changed.wait_timeout_while(is_open.lock().unwrap(), Duration::from_millis(400), |open| !*open);
        drop(open.unwrap());
        Ok(answered(node, Answer::Files(Vec::new())))
    }));
    let nodes = Nodes::start(2, 1, &script).await;
    let options = Options { probe_after: Duration::from_millis(20), probe_patience: SOON, ..Options::default() };
    let cluster = nodes.connect(options).await;
    ask(&cluster, Query::Files).await;
    assert_eq!(script.asked().len(), 1, "nobody else was asked");
}

#[tokio::test]
async fn when_time_is_over_nobody_knows() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(1, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    script.set_hanging(1, true);
    let deadline = Duration::from_millis(100);
    let request = Request { deadline, ..request(Query::Files) };
    let late = cluster.ask(&request, &Revisions::new()).await.unwrap_err();
    assert_eq!(late, CallError::Reach(ReachError::Deadline(deadline)));
    assert_eq!(QueryError::from(late), QueryError::DeadlineExceeded(deadline));
}

#[tokio::test]
async fn what_a_node_says_of_a_question_is_final_unless_it_is_not_able_to_answer() {
    let script = Arc::new(Script::new(|node, unpacked: &Unpacked| match &unpacked.request.query {
        Query::Files if node != 2 => Err(QueryError::Unavailable("a shard".to_owned())),
        Query::Files => Ok(answered(node, Answer::Files(Vec::new()))),
        Query::DocumentSymbols { .. } => Err(QueryError::Unavailable("a shard".to_owned())),
        _ => Err(QueryError::InvalidInput("no".to_owned())),
    }));
    let nodes = Nodes::start(3, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    assert_eq!(ask(&cluster, Query::Files).await, 2);
    script.asks.lock().unwrap().clear();
    let query = Query::Diagnostics { path: path("a.py") };
    let refused = cluster.ask(&request(query), &Revisions::new()).await.unwrap_err();
    assert_eq!(refused, CallError::Said(QueryError::InvalidInput("no".to_owned())));
    assert_eq!(script.asked().len(), 1);
    let query = Query::DocumentSymbols { path: path("a.py") };
    let unable = cluster.ask(&request(query), &Revisions::new()).await.unwrap_err();
    assert_eq!(unable, CallError::Said(QueryError::Unavailable("a shard".to_owned())));
    assert_eq!(script.asked().len(), 4, "each was asked once");
}

#[tokio::test]
async fn a_question_says_at_what_base_and_for_whom() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(1, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let at_least: Revisions = [(1, Revision(9))].into_iter().collect();
    cluster.ask(&Request { session: SessionId(5), ..request(Query::Files) }, &at_least).await.unwrap();
    let asks = script.asks.lock().unwrap();
    let (_, ask) = &asks[0];
    assert_eq!((&ask.at_least, ask.session, &ask.scope), (&at_least, SessionId(5), &None));
    assert!(ask.deadline <= SOON && ask.deadline > SOON / 2);
}

fn with_buffers(buffers: &[(&str, &str)]) -> Request {
    let overlays = buffers.iter().fold(OverlaySet::default(), |set, (file, text)| {
        let digest = ContentDigest::of(text.as_bytes());
        set.with(path(file), Some(OverlayFile { digest, text: (*text).into(), language: "python".into() }))
    });
    Request { overlays: Arc::new(overlays), ..request(Query::Files) }
}

/// Asks with these buffers, and gives the texts that went with each try.
async fn sent(cluster: &Cluster, script: &Script, buffers: &[(&str, &str)]) -> Vec<Vec<String>> {
    script.asks.lock().unwrap().clear();
    cluster.ask(&with_buffers(buffers), &Revisions::new()).await.unwrap();
    let asks = script.asks.lock().unwrap();
    asks.iter().map(|(_, ask)| ask.texts.iter().map(|text| text.to_string()).collect()).collect()
}

#[tokio::test]
async fn a_text_is_sent_once_and_again_when_the_node_lost_it() {
    let script = Arc::new(Script::plain());
    let mut nodes = Nodes::start(2, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let buffers = [("a.py", "one"), ("b.py", "two"), ("c.py", "one")];
    assert_eq!(sent(&cluster, &script, &buffers).await, [["one", "two"]]);
    let none: [&str; 0] = [];
    assert_eq!(sent(&cluster, &script, &buffers).await, [none]);
    assert_eq!(sent(&cluster, &script, &[("a.py", "three"), ("b.py", "two")]).await, [["three"]]);
    let first = script.asked()[0];
    script.lose_texts(first);
    let tries = sent(&cluster, &script, &buffers).await;
    assert_eq!(tries, [Vec::new(), vec!["one".to_owned(), "two".to_owned()]]);
    // The next node never had them, and is sent them at once.
    nodes.kill(first).await;
    assert_eq!(sent(&cluster, &script, &buffers).await, [["one", "two"]]);
    assert_ne!(script.asked()[0], first);
}

#[tokio::test]
async fn a_node_that_can_keep_no_text_is_passed_over() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(2, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let first = ask(&cluster, Query::Files).await;
    script.forgetful.lock().unwrap().insert(first);
    let answered = cluster.ask(&with_buffers(&[("a.py", "text")]), &Revisions::new()).await.unwrap();
    assert_ne!(answerer(&answered), first);
}

#[tokio::test]
async fn a_text_comes_with_the_contents_that_were_asked_for_or_not_at_all() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(1, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let text = |contents: &'static [u8]| cluster.file_text(WORKSPACE, path("a.py"), ContentDigest::of(contents), SOON);
    assert_eq!(text(b"text\n").await.unwrap(), "text\n");
    assert!(matches!(text(b"other\n").await, Err(CallError::Said(QueryError::Unavailable(_)))));
}

#[tokio::test]
async fn a_question_that_a_node_does_not_know_is_refused() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(1, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let refused = cluster.analyzers(SOON).await;
    assert!(matches!(refused, Err(ReachError::Refused { .. })), "{refused:?}");
}

#[test]
fn answers_can_be_waited_for_by_tasks() {
    fn is_sendable<T: Send>(_: &T) {}
    let check = |cluster: &Cluster, request: &Request, at_least: &Revisions| {
        is_sendable(&cluster.ask(request, at_least));
        is_sendable(&cluster.analyzers(SOON));
        is_sendable(&cluster.open_session(1, SOON));
        is_sendable(&cluster.watch(WORKSPACE).next());
    };
    let _ = check;
}
