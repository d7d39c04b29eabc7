//! A file that is gone for a session is gone from all its answers.

use proptest::collection::vec;
use proptest::prelude::*;
use vraftls_proto::{OverlayFile, Request, SessionId};

use super::*;

const FILES: [&str; 4] = ["a.w", "b.w", "d/c.w", "d/e.w"];

/// What a session has of a file.
#[derive(Clone, Debug)]
enum Own {
    Nothing,
    Buffer(String),
    Removed,
}

fn own() -> impl Strategy<Value = Own> {
    prop_oneof![
        2 => Just(Own::Nothing),
        2 => "(def |)(run|walk) (run|error|needs walk|)".prop_map(Own::Buffer),
        1 => Just(Own::Buffer(String::new())),
        3 => Just(Own::Removed),
    ]
}

fn query(query: usize, file: usize, offset: u32) -> Query {
    let at = at(FILES[file], offset);
    match query {
        0 => Query::Definition(at),
        1 => Query::Hover(at),
        2 => Query::References { at, include_declaration: true },
        3 => Query::WorkspaceSymbols { query: "r".into(), limit: 3 },
        4 => Query::Diagnostics { path: at.path },
        5 => Query::Files,
        6 => Query::DocumentSymbols { path: at.path },
        _ => Query::Rename { at, new_name: "renamed".into() },
    }
}

/// What a session has above files that are saved; and the files that it sees as saved ones, where it has removed some.
fn overlaid(own: &[Own], is_removed: bool) -> Arc<OverlaySet> {
    let buffers = own.iter().zip(FILES).filter_map(|(own, file)| match own {
        Own::Buffer(text) => {
            let digest = ContentDigest::of(text.as_bytes());
            Some((path(file), OverlayFile { digest, text: text.as_str().into(), language: "words".into() }))
        }
        Own::Nothing | Own::Removed => None,
    });
    let buffers: OverlaySet = buffers.collect();
    let gone = own.iter().zip(FILES).filter(|(own, _)| is_removed && matches!(own, Own::Removed));
    Arc::new(buffers.without(gone.map(|(_, file)| path(file))))
}

fn told(answered: Result<Answered, QueryError>) -> String {
    match answered {
        Ok(answered) => format!("{:?} {:?}", answered.digests, answered.answer),
        Err(error) => format!("{error:?}"),
    }
}

const SAVED: [(&str, &str); 4] =
    [("a.w", "def run"), ("b.w", "run needs run"), ("d/c.w", "walk run"), ("d/e.w", "def walk run error")];

type Step = (Vec<Own>, usize, usize, u32);

/// Asks one service everything, and of the same another that has only what is left, which was never asked before.
async fn run(steps: &[Step]) {
    let setup = Setup::new(&SAVED);
    for (own, kind, file, offset) in steps {
        let query = query(*kind, *file, *offset);
        let ask = |overlays| Request { session: SessionId(1), ..request(query.clone(), &overlays) };
        let heard = told(setup.service.answer(ask(overlaid(own, true))).await);
        let left = SAVED.iter().zip(own).filter(|(_, own)| !matches!(own, Own::Removed)).map(|(saved, _)| *saved);
        let model = Setup::new(&left.collect::<Vec<_>>());
        let expected = told(model.service.answer(ask(overlaid(own, false))).await);
        assert_eq!(heard, expected, "{query:?} above {own:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn answers_are_those_of_a_workspace_without_the_file(
        steps in vec((vec(own(), 4), 0..8_usize, 0..4_usize, 0..9_u32), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(run(&steps));
    }
}

#[tokio::test]
async fn what_is_asked_about_a_file_that_is_gone_is_not_found() {
    let setup = Setup::new(&SAVED);
    let gone = Arc::new(OverlaySet::default().without([path("a.w")]));
    let asked = setup.ask_with(definition("a.w", 5), &gone).await;
    assert!(matches!(asked, Err(QueryError::NotFound(_))), "{asked:?}");
    // Others are not told of it.
    assert!(setup.ask(definition("a.w", 5)).await.is_ok());
}
