//! The index and the caches over time.

use vraftls_cache::{DiskTier, DiskTierConfig};

use super::*;
use crate::{Base, IndexProgress};

fn symbols(typed: &str) -> Query {
    Query::WorkspaceSymbols { query: typed.into(), limit: 100 }
}

#[tokio::test]
async fn the_index_follows_the_files() {
    let setup = Setup::new(&[("a.w", "def one"), ("b.w", "def two"), ("c.txt", "def three")]);
    assert_eq!(places(&setup.ask(symbols("")).await.expect("answered")), ["a.w:4", "b.w:4"]);
    assert_eq!(setup.analyzer.n_indexed(), 2);
    setup.workspaces.write("b.w", Some("def one  def four"));
    setup.workspaces.write("d.w", Some("def five"));
    setup.workspaces.write("a.w", None);
    let found = setup.ask(symbols("")).await.expect("answered");
    assert_eq!(places(&found), ["b.w:4", "b.w:13", "d.w:4"]);
    assert_eq!(found.revision.0, 4);
    assert_eq!(setup.analyzer.n_indexed(), 4, "only what changed is indexed");
}

#[tokio::test]
async fn contents_that_were_there_before_are_not_indexed_again() {
    let setup = Setup::new(&[("a.w", "def one")]);
    for text in ["def two", "def one", "def two", "def one"] {
        setup.workspaces.write("a.w", Some(text));
        setup.ask(symbols("")).await.expect("answered");
    }
    assert_eq!(setup.analyzer.n_indexed(), 2);
}

#[tokio::test]
async fn indexing_begins_when_a_base_is_offered() {
    let setup = Setup::new(&[("a.w", "def one"), ("b.w", "def two")]);
    let keeper = setup.service.keeper(WORKSPACE);
    let mut progress = keeper.progress();
    keeper.offer(&(setup.workspaces.newest() as Arc<dyn Base>));
    let done = IndexProgress { n_done: 2, n_total: 2, n_unindexed: 0 };
    progress.wait_for(|progress| *progress == done).await.expect("the keeper is here");
    assert_eq!(setup.analyzer.n_indexed(), 2);
}

#[tokio::test]
async fn another_analyzer_indexes_anew() {
    let setup = Setup::new(&[("a.w", "def one")]);
    setup.ask(symbols("")).await.expect("answered");
    let other = Arc::new(FakeAnalyzer::new("2"));
    let mut changes = setup.service.changes();
    setup.service.set_analyzers(vec![Arc::new(Arc::clone(&other))]);
    changes.mark_unchanged();
    changes.changed().await.expect("told when it has read all files");
    assert_eq!(places(&setup.ask(symbols("")).await.expect("answered")), ["a.w:4"]);
    assert_eq!((setup.analyzer.n_indexed(), other.n_indexed()), (1, 1));
    setup.ask(hover("a.w", 5)).await.expect("answered");
    assert_eq!((setup.analyzer.n_asked(), other.n_asked()), (0, 1));
    setup.service.set_analyzers(Vec::new());
    assert_eq!(setup.ask(hover("a.w", 5)).await.unwrap_err(), QueryError::NoAnalyzer(path("a.w")));
    assert_eq!(places(&setup.ask(symbols("")).await.expect("answered")), [""; 0]);
}

#[tokio::test]
async fn an_index_made_before_the_analyzer_was_there_is_not_used() {
    let setup = Setup::without_index(&[("a.w", "def run"), ("b.w", "run")], FakeAnalyzer::new("1"));
    setup.service.set_analyzers(Vec::new());
    setup.keep_index();
    assert_eq!(places(&setup.ask(symbols("")).await.expect("answered")), [""; 0]);
    setup.service.set_analyzers(vec![Arc::new(Arc::clone(&setup.analyzer))]);
    // At this moment the index of the same base is there, and is of no use.
    assert_eq!(places(&setup.ask(definition("b.w", 0)).await.expect("answered")), ["a.w:4"]);
}

#[tokio::test]
async fn what_could_not_be_indexed_is_tried_again_where_that_may_help() {
    let setup = Setup::new(&[("a.w", "def one"), ("b.w", "def two")]);
    setup.analyzer.set_index_fault(Some(Fault::Unavailable("loading".into())));
    assert_eq!(places(&setup.ask(symbols("")).await.expect("answered")), [""; 0]);
    setup.analyzer.set_index_fault(None);
    setup.workspaces.write("c.w", Some("TRAP def three"));
    assert_eq!(places(&setup.ask(symbols("")).await.expect("answered")), ["a.w:4", "b.w:4"]);
    let n_indexed = setup.analyzer.n_indexed();
    setup.workspaces.write("b.w", Some("def four"));
    setup.ask(symbols("")).await.expect("answered");
    assert_eq!(setup.analyzer.n_indexed(), n_indexed + 1, "the same contents trap again");
}

#[tokio::test]
async fn an_unchanged_buffer_shares_the_answers_of_others() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "")]);
    setup.ask(hover("a.w", 5)).await.expect("answered");
    let open = overlays(&[("a.w", "def run"), ("b.w", "")]);
    setup.ask_with(hover("a.w", 5), &open).await.expect("answered");
    assert_eq!(setup.analyzer.n_asked(), 1);
    let changed = overlays(&[("b.w", "x")]);
    setup.ask_with(hover("a.w", 5), &changed).await.expect("answered");
    assert_eq!(setup.analyzer.n_asked(), 2);
}

#[tokio::test]
async fn an_answer_is_not_given_for_other_files() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "1")]);
    let before = setup.ask(hover("a.w", 5)).await.expect("answered");
    setup.workspaces.write("b.w", Some("2"));
    let after = setup.ask(hover("a.w", 5)).await.expect("answered");
    let documentation = |answered: Answered| match answered.answer {
        Answer::Hover(Some(hover)) => hover.documentation,
        other => panic!("no hover: {other:?}"),
    };
    assert_eq!(documentation(before), "a.w: def run\nb.w: 1\n");
    assert_eq!(documentation(after), "a.w: def run\nb.w: 2\n");
}

#[tokio::test]
async fn a_second_start_takes_facts_from_the_disk() {
    let directory = tempfile::tempdir().expect("a directory");
    let files = [("a.w", "def run"), ("b.w", "run"), ("bad.w", "TRAP")];
    let mut n_indexed = Vec::new();
    for component in ["1", "1", "2"] {
        let tier = DiskTier::open(&directory.path().join("l2"), DiskTierConfig { budget_bytes: 1 << 20 });
        let lower: Vec<Arc<dyn Tier>> = vec![Arc::new(tier.expect("the last one is closed"))];
        let setup = Setup::over(&files, FakeAnalyzer::new(component), lower);
        let keeper = setup.service.keeper(WORKSPACE);
        let kept = tokio::spawn(async move { keeper.run().await });
        assert_eq!(places(&setup.ask(symbols("run")).await.expect("answered")), ["a.w:4"]);
        n_indexed.push(setup.analyzer.n_indexed());
        kept.abort();
        assert!(kept.await.is_err_and(|ended| ended.is_cancelled()));
    }
    assert_eq!(n_indexed, [3, 1, 3], "a fault is not kept, and another component says other things");
}

#[tokio::test]
async fn the_caches_count() {
    let setup = Setup::new(&[("a.w", "def run")]);
    setup.ask(hover("a.w", 5)).await.expect("answered");
    setup.ask(hover("a.w", 5)).await.expect("answered");
    let stats = setup.service.cache_stats();
    assert_eq!((stats.answers_in_memory.n_misses, stats.answers_in_memory.n_hits), (1, 1));
    assert_eq!(stats.facts_below, []);
    assert!(stats.held_bytes > 0);
}
