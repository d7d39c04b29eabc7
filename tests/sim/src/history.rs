//! What clients did to single values, as they saw it: when they asked, what, and what came back.
//!
//! A history is a file of lines, one JSON object for each operation, in any order:
//!
//! ```json
//! {"client":3,"key":"2/a","action":{"compare_and_set":{"expected":null,"value":"v7"}},"invoked":41,"completed":{"at":44,"outcome":"written"}}
//! {"client":1,"key":"2/a","action":"get","invoked":45,"completed":{"at":47,"outcome":{"read":"v7"}}}
//! {"client":2,"key":"2/a","action":{"set":{"value":"v8"}},"invoked":46,"completed":null}
//! ```
//!
//! Times are numbers of one clock that never goes back: microseconds, or a count of events. An operation that failed for sure
//! is left out; one of which nobody knows how it went has no completion, and may have taken effect at any time after it began.

use std::io;

use serde::{Deserialize, Serialize};

/// One operation of one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Who asked.
    pub client: u32,
    /// Which value. Keys are independent of each other.
    pub key: String,
    /// What was asked.
    pub action: Action,
    /// When.
    pub invoked: u64,
    /// How it ended; nothing if that is unknown.
    pub completed: Option<Completed>,
}

/// What can be asked of a value that may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// What is there?
    Get,
    /// Let it be this.
    Set {
        /// The new value.
        value: String,
    },
    /// Let it be this, if it is what is expected.
    CompareAndSet {
        /// What must be there; `None` for nothing.
        expected: Option<String>,
        /// The new value.
        value: String,
    },
}

/// The end of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    /// When the answer was there.
    pub at: u64,
    /// The answer.
    pub outcome: Outcome,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What was there.
    Read(Option<String>),
    /// It is what was asked for.
    Written,
    /// Something else was there than expected, and nothing changed.
    Mismatch,
}

/// The lines of a history.
pub fn to_lines(history: &[Operation]) -> String {
    let line = |operation| serde_json::to_string(operation).expect("strings and numbers always have an encoding");
    history.iter().map(|operation| line(operation) + "\n").collect()
}

/// Reads what [`to_lines`] wrote; empty lines are skipped.
///
/// # Errors
/// The first line that is no operation, with its number.
pub fn from_lines(lines: &str) -> io::Result<Vec<Operation>> {
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line)| {
        serde_json::from_str(line)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {error}", number + 1)))
    };
    lines.map(read).collect()
}
