//! Findings that outlive changes of other files which show the same.

use std::sync::atomic::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use vraftls_proto::{Request, SessionId};

use super::*;

fn findings(file: &str) -> Query {
    Query::Diagnostics { path: path(file) }
}

async fn setup(files: &[(&str, &str)]) -> Setup {
    let setup = Setup::without_index(files, FakeAnalyzer::new("1"));
    setup.analyzer.shows_interfaces.store(true, Ordering::Relaxed);
    setup.keep_index();
    setup.indexed().await;
    setup
}

impl Setup {
    /// Waits until the newest base is indexed.
    async fn indexed(&self) {
        self.ask(Query::WorkspaceSymbols { query: String::new(), limit: 1 }).await.expect("answered");
    }

    /// Asks, and says whether the engine was.
    async fn found(&self, file: &str, unsaved: &[(&str, &str)]) -> (Vec<String>, bool) {
        self.found_by(1, file, unsaved).await
    }

    async fn found_by(&self, session: u64, file: &str, unsaved: &[(&str, &str)]) -> (Vec<String>, bool) {
        let n_before = self.analyzer.n_asked();
        let request = Request { session: SessionId(session), ..request(findings(file), &overlays(unsaved)) };
        let answered = self.service.answer(request).await.expect("answered");
        (told(&answered), self.analyzer.n_asked() > n_before)
    }
}

fn told(answered: &Answered) -> Vec<String> {
    let Answer::Diagnostics(found) = &answered.answer else { panic!("no findings") };
    let place =
        |related: &vraftls_index::Related| format!("{}:{}", related.location.path, related.location.span.start());
    found
        .iter()
        .map(|one| [vec![one.message.clone()], one.related.iter().map(place).collect()].concat().join(" "))
        .collect()
}

#[tokio::test]
async fn an_edit_that_shows_nothing_asks_nothing_about_others() {
    let setup = setup(&[("a.w", "def run  one"), ("b.w", "needs run needs walk")]).await;
    let missing = vec!["`walk` is nowhere defined".to_owned()];
    assert_eq!(setup.found("b.w", &[]).await, (missing.clone(), true));
    assert_eq!(setup.found("b.w", &[("a.w", "def run  two")]).await, (missing.clone(), true), "the first of a session");
    for text in ["def run  three", " def run", "def run  two error"] {
        assert_eq!(setup.found("b.w", &[("a.w", text)]).await, (missing.clone(), false), "{text}");
    }
    // What is shown is looked at again, and so is the file itself.
    assert_eq!(setup.found("b.w", &[("a.w", "def run def walk")]).await, (vec![], true));
    assert_eq!(setup.found("b.w", &[("a.w", "def walk")]).await, (vec!["`run` is nowhere defined".to_owned()], true));
    assert_eq!(setup.found("b.w", &[("b.w", "needs run")]).await, (vec![], true));
    assert_eq!(setup.found("a.w", &[("a.w", "def run error")]).await, (vec!["an error".to_owned()], true));
}

#[tokio::test]
async fn a_save_that_shows_nothing_asks_nothing_about_others_and_names_its_revision() {
    let setup = setup(&[("a.w", "def run"), ("b.w", "needs walk"), ("words.toml", "1")]).await;
    let missing = vec!["`walk` is nowhere defined".to_owned()];
    assert_eq!(setup.found("b.w", &[]).await, (missing.clone(), true));
    setup.workspaces.write("a.w", Some("one  def run"));
    setup.indexed().await;
    assert_eq!(setup.found("b.w", &[]).await, (missing.clone(), false));
    assert_eq!(setup.ask(findings("b.w")).await.expect("answered").revision.0, 2);
    // Files that come, go, or belong to the project without being indexed.
    for (file, text) in [("c.w", Some("")), ("c.w", None), ("words.toml", Some("2")), ("@lib/x.w", Some("def y"))] {
        setup.workspaces.write(file, text);
        setup.indexed().await;
        let is_known = text.is_none();
        assert_eq!(setup.found("b.w", &[]).await, (missing.clone(), !is_known), "{file}");
    }
    setup.workspaces.write("a.w", Some("def walk"));
    setup.indexed().await;
    assert_eq!(setup.found("b.w", &[]).await, (vec![], true));
}

#[tokio::test]
async fn an_answer_with_a_place_in_another_file_holds_while_that_has_the_same_contents() {
    let setup = setup(&[("a.w", "def run"), ("b.w", "shows run"), ("c.w", "def walk")]).await;
    let at = |offset: u32| vec![format!("`run` is defined a.w:{offset}")];
    assert_eq!(setup.found("b.w", &[]).await, (at(4), true));
    setup.workspaces.write("c.w", Some("  def walk"));
    setup.indexed().await;
    assert_eq!(setup.found("b.w", &[]).await, (at(4), false));
    setup.workspaces.write("a.w", Some("  def run"));
    setup.indexed().await;
    assert_eq!(setup.found("b.w", &[]).await, (at(6), true));
    assert_eq!(setup.found("b.w", &[("a.w", "    def run")]).await, (at(8), true));
    assert_eq!(setup.found("b.w", &[]).await, (at(6), false));
}

#[tokio::test]
async fn what_unsaved_buffers_made_stays_with_their_session() {
    let setup = setup(&[("a.w", "def run"), ("b.w", "needs run")]).await;
    assert!(setup.found_by(1, "b.w", &[("a.w", "def walk  1")]).await.1);
    assert!(!setup.found_by(1, "b.w", &[("a.w", "def walk  2")]).await.1);
    assert!(setup.found_by(2, "b.w", &[("a.w", "def walk  3")]).await.1);
    // The same text is the same view, whoever has it.
    assert!(!setup.found_by(3, "b.w", &[("a.w", "def walk  3")]).await.1);
}

#[tokio::test]
async fn who_says_nothing_about_interfaces_is_asked_again() {
    let setup = setup(&[("a.w", "def run"), ("b.w", "needs run")]).await;
    setup.analyzer.shows_interfaces.store(false, Ordering::Relaxed);
    for text in ["def run 1", "def run 2"] {
        assert_eq!(setup.found("b.w", &[("a.w", text)]).await, (vec![], true), "{text}");
    }
}

proptest! {
    /// With interfaces and without, the same is found, whatever is edited, saved and asked.
    #[test]
    fn findings_are_those_of_a_fresh_look(steps in vec((0..3_usize, 0..3_usize, "(def |  def |)(run|walk) (needs|shows) (run|walk)", any::<bool>()), 1..12)) {
        const FILES: [&str; 3] = ["a.w", "b.w", "c.w"];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let kept = setup(&[("a.w", "def run"), ("b.w", "needs walk"), ("c.w", "shows run")]).await;
            let mut unsaved: Arc<OverlaySet> = Arc::default();
            for (file, asked, text, is_saved) in steps {
                if is_saved {
                    kept.workspaces.write(FILES[file], Some(&text));
                    kept.indexed().await;
                } else {
                    let own = overlays(&[(FILES[file], &text)]);
                    unsaved = Arc::new(unsaved.with(path(FILES[file]), own.get(&path(FILES[file])).cloned()));
                }
                let answered = kept.ask_with(findings(FILES[asked]), &unsaved).await.expect("answered");
                let files: Vec<(String, String)> = kept.workspaces.newest().files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
                let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
                let fresh = Setup::without_index(&files, FakeAnalyzer::new("1"));
                let expected = fresh.ask_with(findings(FILES[asked]), &unsaved).await.expect("answered");
                assert_eq!((told(&answered), &answered.digests), (told(&expected), &expected.digests));
                assert_eq!(answered.revision, vraftls_vfs::Revision(kept.workspaces.newest().revision));
            }
        });
    }
}
