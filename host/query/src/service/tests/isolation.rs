//! No answer depends on another session's overlays.

use proptest::collection::vec;
use proptest::prelude::*;
use vraftls_proto::{OverlayFile, Request, SessionId};

use super::*;

const FILES: [&str; 4] = ["a.w", "b.w", "d/c.w", "new.w"];

#[derive(Clone, Debug)]
enum Step {
    /// A session's editor changes or closes a buffer.
    Edit { session: usize, file: usize, text: Option<String> },
    /// Somebody saves a file or takes it away.
    Write { file: usize, text: Option<String> },
    /// A session asks.
    Ask { session: usize, query: usize, file: usize, offset: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let text = || prop::option::weighted(0.8, "(def |TRAP |)(run|walk|x) (run|error|_x)");
    let (session, file) = (0..2_usize, 0..FILES.len());
    prop_oneof![
        3 => (session.clone(), file.clone(), text())
            .prop_map(|(session, file, text)| Step::Edit { session, file, text }),
        1 => (file.clone(), text()).prop_map(|(file, text)| Step::Write { file, text }),
        4 => (session, 0..6_usize, file, 0..9_u32)
            .prop_map(|(session, query, file, offset)| Step::Ask { session, query, file, offset }),
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
        _ => Query::Rename { at, new_name: "renamed".into() },
    }
}

/// What an answer says, in one text.
fn told(answered: Result<Answered, QueryError>) -> String {
    match answered {
        Ok(answered) => format!("{:?} {:?}", answered.digests, answered.answer),
        Err(error) => format!("{error:?}"),
    }
}

/// Runs the steps and gives what session 0 was told. With `alone` the other session's steps are left out.
async fn run(steps: &[Step], alone: bool) -> Vec<String> {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "run"), ("d/c.w", "walk run")]);
    let mut unsaved = [Arc::<OverlaySet>::default(), Arc::default()];
    let mut heard = Vec::new();
    for step in steps {
        match step {
            Step::Edit { session, .. } | Step::Ask { session, .. } if alone && *session == 1 => {}
            Step::Edit { session, file, text } => {
                let file_of = |text: &String| OverlayFile {
                    digest: ContentDigest::of(text.as_bytes()),
                    text: text.as_str().into(),
                    language: "words".into(),
                };
                let next = unsaved[*session].with(path(FILES[*file]), text.as_ref().map(file_of));
                unsaved[*session] = Arc::new(next);
            }
            Step::Write { file, text } => setup.workspaces.write(FILES[*file], text.as_deref()),
            Step::Ask { session, query: kind, file, offset } => {
                let request = request(query(*kind, *file, *offset), &unsaved[*session]);
                let answered = setup.service.answer(Request { session: SessionId(*session as u64), ..request }).await;
                if *session == 0 {
                    heard.push(told(answered));
                }
            }
        }
    }
    heard
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_session_is_told_the_same_whether_another_is_there_or_not(steps in vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (together, alone) = (runtime.block_on(run(&steps, false)), runtime.block_on(run(&steps, true)));
        prop_assert_eq!(together, alone);
    }
}
