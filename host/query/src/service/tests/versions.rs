//! Analyzers that are replaced while they are asked: no question fails by it, and no answer is of two versions.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;
use vraftls_proto::HierarchyItem;

use super::*;
use crate::Analyzer;

const FILES: [(&str, &str); 3] = [("a.w", "def run"), ("b.w", "use run run"), ("c.w", "run")];

/// What every version says of these files, by its voice.
fn symbols() -> Query {
    Query::WorkspaceSymbols { query: "run".into(), limit: 10 }
}

fn references() -> Query {
    Query::References { at: at("b.w", 4), include_declaration: true }
}

fn prepare() -> Query {
    Query::PrepareCalls(at("a.w", 4))
}

fn version(voice: &'static str) -> Arc<dyn Analyzer> {
    Arc::new(Arc::new(FakeAnalyzer::speaking(voice)))
}

/// In whose voice an answer is; every name in it is in the same.
fn voice_of(answered: &Answered) -> String {
    let mut said: Vec<&str> = match &answered.answer {
        Answer::Hover(Some(hover)) => vec![&hover.signature],
        Answer::Symbols(symbols) => symbols.iter().map(|symbol| symbol.name.as_str()).collect(),
        Answer::HierarchyItems(items) => items.iter().map(|item| item.name.as_str()).collect(),
        Answer::Calls(calls) => calls.iter().map(|call| call.item.name.as_str()).collect(),
        other => panic!("an answer without a voice: {other:?}"),
    };
    said = said.into_iter().map(|said| said.split_once(':').map_or(said, |(voice, _)| voice)).collect();
    said.dedup();
    assert_eq!(said.len(), 1, "{answered:?}");
    said[0].to_owned()
}

fn item_of(answered: Answered) -> HierarchyItem {
    match answered.answer {
        Answer::HierarchyItems(mut items) => items.remove(0),
        other => panic!("no items: {other:?}"),
    }
}

/// Waits until all is said by the analyzers that were put in last.
async fn settled(setup: &Setup) {
    let keeper = setup.service.keeper(WORKSPACE);
    let analyzers = Arc::clone(&setup.service.analyzers.borrow());
    let base = setup.workspaces.newest() as Arc<dyn crate::Base>;
    keeper.reach(&base, &analyzers, crate::index_keeper::Maker::Newest).await.expect("it is kept");
}

/// Asks everything once, as an editor would; gives how often it had to begin anew because what it went on from was of before.
async fn ask_all(setup: &Setup, n_asked: usize) -> usize {
    let found = setup.ask(references()).await.expect("answered");
    assert_eq!(places(&found), ["a.w:4", "b.w:4", "b.w:8", "c.w:0"]);
    for query in [hover("a.w", 4), symbols(), prepare()] {
        voice_of(&setup.ask(query).await.expect("answered"));
    }
    // What is asked about another text is not found in a cache.
    let unsaved = overlays(&[("c.w", &format!("run {n_asked}"))]);
    let found = setup.ask_with(references(), &unsaved).await.expect("answered");
    assert_eq!(places(&found).len(), 4);
    let mut n_anew = 0;
    loop {
        let item = item_of(setup.ask(prepare()).await.expect("answered"));
        match setup.ask(Query::IncomingCalls { item }).await {
            Ok(calls) => {
                assert_eq!(places(&calls).len(), 2, "{calls:?}");
                voice_of(&calls);
                return n_anew;
            }
            Err(QueryError::Replaced { .. }) => n_anew += 1,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_who_ask_throughout_see_no_failure_and_no_mixture() {
    const N_SWAPS: usize = 60;
    let setup = Arc::new(Setup::without_index(&FILES, FakeAnalyzer::new("none")));
    let versions = [version("old"), version("new")];
    setup.service.set_analyzers(vec![Arc::clone(&versions[0])]);
    setup.keep_index();
    let (ends, mut askers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for asker in 0..20 {
        let (setup, ends) = (Arc::clone(&setup), Arc::clone(&ends));
        askers.spawn(async move {
            let mut n_rounds = 0;
            while !ends.load(Ordering::Relaxed) {
                ask_all(&setup, asker * 1_000_000 + n_rounds).await;
                n_rounds += 1;
            }
            n_rounds
        });
    }
    for n in 1..=N_SWAPS {
        setup.service.set_analyzers(vec![Arc::clone(&versions[n % 2])]);
        settled(&setup).await;
        assert_eq!(voice_of(&setup.ask(hover("a.w", 4)).await.expect("answered")), ["old", "new"][n % 2]);
        assert_eq!(voice_of(&setup.ask(symbols()).await.expect("answered")), ["old", "new"][n % 2]);
    }
    ends.store(true, Ordering::Relaxed);
    let rounds = askers.join_all().await;
    assert!(rounds.iter().all(|n_rounds| *n_rounds > 0), "{rounds:?}");
}

#[tokio::test]
async fn questions_that_need_the_index_go_to_the_version_that_has_one() {
    let setup = Setup::without_index(&FILES, FakeAnalyzer::new("none"));
    setup.service.set_analyzers(vec![version("old")]);
    let keeper = setup.service.keeper(WORKSPACE);
    let kept = tokio::spawn(async move { keeper.run().await });
    assert_eq!(voice_of(&setup.ask(symbols()).await.expect("answered")), "old");
    kept.abort();
    assert!(kept.await.is_err_and(|ended| ended.is_cancelled()));
    let mut changes = setup.service.changes();
    setup.service.set_analyzers(vec![version("new")]);
    assert!(changes.has_changed().expect("the service is here"));
    changes.mark_unchanged();
    // Nobody makes an index for the new version, so nobody could wait for it.
    assert_eq!(voice_of(&setup.ask(symbols()).await.expect("answered")), "old");
    assert_eq!(places(&setup.ask(references()).await.expect("answered")).len(), 4);
    assert_eq!(voice_of(&setup.ask(hover("a.w", 4)).await.expect("answered")), "new");
    setup.keep_index();
    changes.changed().await.expect("told again when the new version has read all files");
    assert_eq!(voice_of(&setup.ask(symbols()).await.expect("answered")), "new");
}

#[tokio::test]
async fn what_one_version_gave_out_does_not_come_back_to_another() {
    let setup = Setup::without_index(&FILES, FakeAnalyzer::new("none"));
    setup.service.set_analyzers(vec![version("old")]);
    setup.keep_index();
    let item = item_of(setup.ask(prepare()).await.expect("answered"));
    assert!(setup.ask(Query::IncomingCalls { item: item.clone() }).await.is_ok());
    setup.service.set_analyzers(vec![version("new")]);
    let replaced = QueryError::Replaced { analyzer: "fake".into() };
    assert_eq!(setup.ask(Query::IncomingCalls { item: item.clone() }).await.unwrap_err(), replaced);
    let forged = HierarchyItem { token: b"x".to_vec(), ..item };
    assert_eq!(setup.ask(Query::IncomingCalls { item: forged }).await.unwrap_err(), replaced);
    let item = item_of(setup.ask(prepare()).await.expect("answered"));
    assert_eq!(voice_of(&setup.ask(Query::IncomingCalls { item }).await.expect("answered")), "new");
}

#[tokio::test]
async fn only_the_files_of_who_was_replaced_are_indexed_again() {
    let setup = Setup::without_index(&[("a.w", "def run"), ("b.x", "def walk")], FakeAnalyzer::new("none"));
    let other = Arc::new(FakeAnalyzer::new("x 1").of_language("x", "x"));
    let set = |words: &Arc<FakeAnalyzer>| {
        setup.service.set_analyzers(vec![Arc::new(Arc::clone(words)), Arc::new(Arc::clone(&other))]);
    };
    let (old, new) = (Arc::new(FakeAnalyzer::speaking("old")), Arc::new(FakeAnalyzer::speaking("new")));
    set(&old);
    setup.keep_index();
    settled(&setup).await;
    set(&new);
    settled(&setup).await;
    assert_eq!((old.n_indexed(), new.n_indexed(), other.n_indexed()), (1, 1, 1));
    let found = setup.ask(Query::WorkspaceSymbols { query: String::new(), limit: 10 }).await.expect("answered");
    assert_eq!(places(&found), ["a.w:4", "b.x:4"]);
}
