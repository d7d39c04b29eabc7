//! A conversation with one server about one tree, as an editor leads it, and what is noted of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::agreement::{Answers, Place, Reference};
use crate::client::{Client, Editor};
use crate::language::document_language;
use crate::latency::Latencies;
use crate::sample::Position;
use crate::{machine, memory, uri};

/// How long one question may take.
const DEFINITION_MAX: Duration = Duration::from_secs(60);
const REFERENCES_MAX: Duration = Duration::from_secs(120);
/// How long a server may take until its first right answer, and how soon it is asked again.
const FIRST_RIGHT_MAX: Duration = Duration::from_secs(60);
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// A server without work for so long is taken as ready, and one that never is as ready after this.
const QUIET: Duration = Duration::from_secs(1);
const READY_MAX: Duration = Duration::from_secs(300);

/// What came of asking.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) answers: Answers,
    pub(crate) definitions: Latencies,
    pub(crate) references: Latencies,
    /// Errors and answers that did not come in time, for people.
    pub(crate) errors: Vec<String>,
}

/// One run of a server.
pub(crate) struct Session {
    client: Client,
    started: Instant,
    root: PathBuf,
    /// The open files with the versions of their texts.
    opened: BTreeMap<String, i32>,
    /// How long the questions of one kind may take together.
    budget: Duration,
}

impl Session {
    pub(crate) fn start(command: Command, editor: Editor, root: &Path, budget: Duration) -> Result<Self> {
        let started = Instant::now();
        let client = Client::start(command, editor, root)?;
        Ok(Self { client, started, root: root.to_owned(), opened: BTreeMap::new(), budget })
    }

    /// A session of its own on a server that others share.
    pub(crate) fn connect(address: &str, root: &Path) -> Result<Self> {
        let started = Instant::now();
        let client = Client::connect(address, root)?;
        Ok(Self { client, started, root: root.to_owned(), opened: BTreeMap::new(), budget: READY_MAX })
    }

    /// Asks for one definition until it is right, as a person clicks again; how long after the start of the process that was.
    pub(crate) fn until_first_right(&mut self, reference: &Reference) -> Result<Option<Duration>> {
        let Some(number) = reference.defined_inside().next() else { return Ok(None) };
        while self.started.elapsed() < FIRST_RIGHT_MAX {
            let answer = self.ask("textDocument/definition", &reference.positions[number], DEFINITION_MAX)?;
            if answer.places.is_ok_and(|places| reference.confirms(number, &places)) {
                return Ok(Some(self.started.elapsed()));
            }
            std::thread::sleep(ASKED_AGAIN_AFTER);
        }
        Ok(None)
    }

    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        self.client.wait_until_idle(QUIET, READY_MAX)
    }

    /// Asks once for a definition.
    pub(crate) fn definition(&mut self, position: &Position) -> Result<Asked> {
        self.ask("textDocument/definition", position, DEFINITION_MAX)
    }

    /// Asks once for the definition at each position, within the budget.
    pub(crate) fn ask_definitions(&mut self, positions: &[Position], outcome: &mut Outcome) -> Result<()> {
        let gives_up = self.gives_up();
        for (number, position) in positions.iter().enumerate() {
            if Instant::now() > gives_up {
                break;
            }
            let answer = self.ask("textDocument/definition", position, DEFINITION_MAX)?;
            outcome.definitions.add(answer.took);
            outcome.answers.definitions.insert(number, outcome_of(answer.places, &mut outcome.errors));
        }
        Ok(())
    }

    /// Asks once for the references at each of the numbered positions, within the budget.
    pub(crate) fn ask_references(
        &mut self,
        positions: &[Position],
        numbers: impl IntoIterator<Item = usize>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let gives_up = self.gives_up();
        for number in numbers {
            if Instant::now() > gives_up {
                break;
            }
            let answer = self.ask("textDocument/references", &positions[number], REFERENCES_MAX)?;
            outcome.references.add(answer.took);
            outcome.answers.references.insert(number, outcome_of(answer.places, &mut outcome.errors));
        }
        Ok(())
    }

    /// The memory of the server now, in bytes, where the system tells.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        memory::resident_bytes(self.client.process()?)
    }

    /// The processor time of the server and its children so far, in seconds, where the system tells.
    pub(crate) fn processor_seconds(&self) -> Option<f64> {
        let family = memory::family_of(self.client.process()?)?;
        // A child may end while we look.
        Some(family.into_iter().filter_map(machine::processor_seconds).sum())
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.client.stop()
    }

    fn ask(&mut self, method: &str, position: &Position, patience: Duration) -> Result<Asked> {
        let uri = self.open(&position.file)?;
        let mut parameters = json!({
            "textDocument": { "uri": uri },
            "position": { "line": position.line, "character": position.character },
        });
        if method == "textDocument/references" {
            parameters["context"] = json!({ "includeDeclaration": true });
        }
        let answer = self.client.ask(method, &parameters, patience)?;
        let Position { file, line, character } = position;
        let places = match answer.result {
            Ok(result) => Ok(places(&result, &self.root)),
            Err(error) => Err(format!("{file}:{}:{}: {error}", line + 1, character + 1)),
        };
        Ok(Asked { places, took: answer.took })
    }

    /// Opens a file unless it is open; its URI.
    pub(crate) fn open(&mut self, file: &str) -> Result<String> {
        if self.opened.contains_key(file) {
            return Ok(self.uri(file));
        }
        let text = fs::read_to_string(self.root.join(file)).with_context(|| format!("cannot read {file}"))?;
        self.open_as(file, &text)
    }

    /// Opens a file with this text; its URI.
    pub(crate) fn open_as(&mut self, file: &str, text: &str) -> Result<String> {
        let uri = self.uri(file);
        self.opened.insert(file.to_owned(), 1);
        let document = json!({ "uri": uri, "languageId": document_language(file), "version": 1, "text": text });
        self.client.notify("textDocument/didOpen", &json!({ "textDocument": document }))?;
        Ok(uri)
    }

    /// Replaces what stands between two places of an open file, each a line and a character.
    pub(crate) fn edit(&mut self, file: &str, start: (u32, u32), end: (u32, u32), text: &str) -> Result<()> {
        let uri = self.uri(file);
        let version = self.opened.get_mut(file).with_context(|| format!("{file} is not open"))?;
        *version += 1;
        let position = |(line, character): (u32, u32)| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": position(start), "end": position(end) }, "text": text });
        let document = json!({ "uri": uri, "version": *version });
        let parameters = json!({ "textDocument": document, "contentChanges": [change] });
        self.client.notify("textDocument/didChange", &parameters)
    }

    pub(crate) fn close(&mut self, file: &str) -> Result<()> {
        self.opened.remove(file);
        self.client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": self.uri(file) } }))
    }

    /// The connection, for questions of other kinds.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// When the questions of one kind, that begin now, must end.
    fn gives_up(&self) -> Instant {
        Instant::now() + self.budget
    }

    /// The folder that is asked about.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn uri(&self, file: &str) -> String {
        uri::of_path(&self.root.join(file))
    }
}

/// What became of a question about places.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The places, or an error for people.
    pub(crate) places: std::result::Result<Vec<Place>, String>,
    pub(crate) took: Duration,
}

fn outcome_of(places: std::result::Result<Vec<Place>, String>, errors: &mut Vec<String>) -> Vec<Place> {
    places.unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    })
}

/// The places that a result names: nothing, one location, or many locations or links.
fn places(result: &Value, root: &Path) -> Vec<Place> {
    let items = match result {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    let place = |item: &Value| {
        let uri = item["targetUri"].as_str().or(item["uri"].as_str())?;
        let start = item.get("targetSelectionRange").or(item.get("range"))?.get("start")?;
        let number = |name: &str| u32::try_from(start[name].as_u64()?).ok();
        Some((uri::relative(uri, root), number("line")?, number("character")?))
    };
    items.iter().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_of_a_result_are_understood() {
        let root = Path::new("/tree");
        let at = |line: u32, character: u32| json!({ "start": { "line": line, "character": character } });
        let location = json!({ "uri": "file:///tree/a.py", "range": at(1, 2) });
        let link = json!({ "targetUri": "file:///b.py", "targetRange": at(0, 0), "targetSelectionRange": at(3, 4) });
        let expected = [("a.py".to_owned(), 1, 2), ("file:///b.py".to_owned(), 3, 4)];
        assert_eq!(places(&json!([location, link]), root), expected);
        assert_eq!(places(&location, root), expected[..1]);
        assert_eq!(places(&Value::Null, root), []);
    }
}
