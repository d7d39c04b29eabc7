//! Where all names of a file lead.

use super::*;

fn all_names(name: &str) -> Query {
    Query::ResolveAll { path: path(name) }
}

fn paths(answered: &Answered) -> Vec<&str> {
    answered.digests.iter().map(|(path, _)| path.as_str()).collect()
}

#[tokio::test]
async fn an_answer_is_kept_for_everybody_who_sees_the_same_text() {
    let setup = Setup::new(&[("a.w", "one two"), ("b.w", "def one def two"), ("c.w", "def three")]);
    let first = setup.ask(all_names("a.w")).await.expect("answered");
    let Answer::Resolved(resolved) = &first.answer else { panic!("{first:?}") };
    let leads: Vec<&[u32]> = resolved.occurrences.iter().map(|name| resolved.leads_of(name)).collect();
    assert_eq!(leads, [&[0], &[1]]);
    assert_eq!(paths(&first), ["a.w", "b.w"], "the file itself, and those with targets");
    let n_asked = setup.analyzer.n_asked();
    setup.ask_with(all_names("a.w"), &overlays(&[("a.w", "one two")])).await.expect("answered");
    assert_eq!(setup.analyzer.n_asked(), n_asked, "an open buffer without changes is the same text");
    let unsaved = setup.ask_with(all_names("a.w"), &overlays(&[("a.w", "three")])).await.expect("answered");
    assert_eq!(paths(&unsaved), ["a.w", "c.w"]);
    assert!(setup.analyzer.n_asked() > n_asked);
}

#[tokio::test]
async fn a_target_in_a_file_that_is_not_there_is_the_analyzers_fault() {
    let setup = Setup::new(&[("a.w", "one"), ("b.w", "def one")]);
    let span = Span::new(0, 1).expect("ascending");
    let astray = vraftls_index::Location { path: path("gone.w"), span, full: span };
    *setup.analyzer.astray.lock().expect("no panic") = Some(astray);
    let error = setup.ask(all_names("a.w")).await.unwrap_err();
    assert!(matches!(error, QueryError::AnalyzerFault { .. }), "{error:?}");
}

#[tokio::test]
async fn an_analyzer_that_cannot_says_so() {
    let setup = Setup::new(&[("a.w", "one"), ("a.txt", "one")]);
    setup.analyzer.set_fault(Some(Fault::Unsupported));
    assert!(matches!(setup.ask(all_names("a.w")).await.unwrap_err(), QueryError::Unsupported { .. }));
    assert_eq!(setup.ask(all_names("a.txt")).await.unwrap_err(), QueryError::NoAnalyzer(path("a.txt")));
}
