//! How long after an edit the diagnostics of the open file are those of the edited text.
//!
//! In the body of a function an undefined name is written that occurs nowhere else, and then made a comment, so that no text is
//! ever one that was there before. Who edits looks at what came of it before: each edit finds the server at rest. The diagnostics
//! are fresh when they speak of the name, or no longer do. They come the way an editor has them from that server: a server that
//! answers the question for them is asked right after the edit, from another they come unasked.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::gaps::{Gap, gaps};
use crate::latency::Latencies;
use crate::sample::Random;
use crate::session::Session;
use crate::turns;

/// How long a server may take until the diagnostics are fresh.
const FRESH_MAX: Duration = Duration::from_secs(30);
/// Each of these edits is followed by one that takes the error away.
const EDITS_OF_FILE: usize = 5;

/// How diagnostics come to an editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The editor asks after each edit.
    Asked,
    /// The server sends them when it thinks that it is time.
    Unasked,
}

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked for",
            Self::Unasked => "unasked",
        }
    }
}

/// What was measured of one server.
#[derive(Debug, Clone)]
pub(crate) struct Freshness {
    pub(crate) way: Way,
    pub(crate) latencies: Latencies,
    /// Edits whose diagnostics never came, for people.
    pub(crate) errors: Vec<String>,
}

/// A file, and where edits are made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edited {
    pub(crate) file: String,
    gaps: Vec<Gap>,
}

/// Draws files, and in each of them gaps.
pub(crate) fn sample(texts: &[(String, String)], n_files: usize, seed: u64) -> Vec<Edited> {
    let mut random = Random::new(seed);
    let with_gaps = texts.iter().map(|(file, text)| (file, gaps(text))).filter(|(_, gaps)| !gaps.is_empty()).collect();
    let chosen = random.choose(with_gaps, n_files);
    let edited = chosen.into_iter();
    edited.map(|(file, gaps)| Edited { file: file.clone(), gaps: random.choose(gaps, EDITS_OF_FILE) }).collect()
}

impl Freshness {
    /// Nothing measured yet of this server.
    pub(crate) fn of(session: &mut Session) -> Self {
        let way = if session.client().offers("diagnosticProvider") { Way::Asked } else { Way::Unasked };
        Self { way, latencies: Latencies::default(), errors: Vec::new() }
    }

    /// Opens a file with this text, makes the edits, and closes it.
    pub(crate) fn measure(&mut self, session: &mut Session, text: &str, edited: &Edited) -> Result<()> {
        let (way, uri) = (self.way, session.open_as(&edited.file, text)?);
        // What an open file costs first is not what an edit costs.
        until_fresh(session, way, &uri, Instant::now() + FRESH_MAX, |_| true)?;
        for (number, gap) in edited.gaps.iter().enumerate().rev() {
            let name = format!("bench_name_{}_{number}", gap.line);
            let written = format!("{}{name}\n", gap.indent);
            let start = (gap.line, 0);
            // The comment stays, so the gaps are visited from the last to the first.
            let after_indent = (gap.line, gap.indent.encode_utf16().count() as u32);
            for (start, text, is_there) in [(start, written.as_str(), true), (after_indent, "# ", false)] {
                turns::wait_while_at_work(|| session.processor_seconds().unwrap_or_default());
                let edit_at = Instant::now();
                session.client().forget_published(&uri);
                session.edit(&edited.file, start, start, text)?;
                let wanted = |diagnostics: &Value| speaks_of(diagnostics, &name) == is_there;
                match until_fresh(session, way, &uri, edit_at + FRESH_MAX, wanted)? {
                    Some(at) => self.latencies.add(at - edit_at),
                    None => {
                        let verb = if is_there { "written" } else { "made a comment" };
                        self.errors.push(format!(
                            "{}:{}: no fresh diagnostics within {FRESH_MAX:?} after {name} was {verb}",
                            edited.file,
                            gap.line + 1
                        ));
                    }
                }
            }
        }
        session.close(&edited.file)
    }
}

/// When the first `wanted` diagnostics were here.
fn until_fresh(
    session: &mut Session,
    way: Way,
    uri: &str,
    until: Instant,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Option<Instant>> {
    if way == Way::Unasked {
        return Ok(session.client().published(uri, until, wanted)?.map(|published| published.arrived));
    }
    let parameters = json!({ "textDocument": { "uri": uri } });
    while Instant::now() < until {
        let asked_at = Instant::now();
        let patience = until.saturating_duration_since(asked_at);
        let answer = session.client().ask("textDocument/diagnostic", &parameters, patience)?;
        // An answer about the text before the edit, or an error that says to ask again, is waiting time.
        if answer.result.is_ok_and(|report| wanted(&report["items"])) {
            return Ok(Some(asked_at + answer.took));
        }
    }
    Ok(None)
}

fn speaks_of(diagnostics: &Value, name: &str) -> bool {
    let names = |diagnostic: &Value| diagnostic["message"].as_str().is_some_and(|message| message.contains(name));
    diagnostics.as_array().is_some_and(|all| all.iter().any(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_functions_are_not_drawn() {
        let text = |file: &str, text: &str| (file.to_owned(), text.to_owned());
        let texts = [text("a.py", "x = 1\n"), text("b.py", "def f():\n    pass\n")];
        let drawn = sample(&texts, 5, 1);
        assert_eq!(drawn.iter().map(|edited| edited.file.as_str()).collect::<Vec<_>>(), ["b.py"]);
        assert_eq!(drawn[0].gaps.len(), 1);
    }

    #[test]
    fn a_name_is_looked_for_in_messages() {
        let diagnostics = json!([{ "message": "\"bench_name_1_0\" is not defined" }]);
        assert!(speaks_of(&diagnostics, "bench_name_1_0"));
        assert!(!speaks_of(&diagnostics, "bench_name_1_1"));
        assert!(!speaks_of(&Value::Null, "bench_name_1_0"));
    }
}
