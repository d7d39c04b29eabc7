//! Judges a history: is there an order of its operations, true to the times, that one value in one place could have had?
//!
//! Each key is judged by itself, which is the same as judging all together, and much less work. The search is that of
//! `porcupine-rs`; this module only says what a value does.

use std::collections::BTreeMap;
use std::time::Duration;

use porcupine_rs::{CheckResult, Model};

use crate::history::{Action, Operation, Outcome};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is such an order for each key.
    Linearizable,
    /// There is none for this key.
    Violated {
        /// The key.
        key: String,
        /// All that was done to it, in the order of the beginnings.
        history: Vec<Operation>,
    },
    /// Nobody knows: the search took too long.
    Undecided {
        /// The key that was searched.
        key: String,
    },
}

/// Judges all keys of a history, spending at most `budget` on each.
pub fn check(history: &[Operation], budget: Duration) -> Verdict {
    let mut keys: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in history {
        keys.entry(&operation.key).or_default().push(operation);
    }
    let mut undecided = None;
    for (key, operations) in keys {
        let mut names = BTreeMap::new();
        let steps: Vec<_> = operations.iter().filter_map(|operation| step(operation, &mut names)).collect();
        match porcupine_rs::check_operations_timeout(&steps, budget) {
            CheckResult::Ok => {}
            CheckResult::Illegal => {
                let mut history: Vec<Operation> = operations.into_iter().cloned().collect();
                history.sort_by_key(|operation| operation.invoked);
                return Verdict::Violated { key: key.to_owned(), history };
            }
            CheckResult::Unknown => undecided = Some(Verdict::Undecided { key: key.to_owned() }),
        }
    }
    undecided.unwrap_or(Verdict::Linearizable)
}

/// A value that may be absent.
#[derive(Debug, Clone)]
struct Value;

/// What is known of an operation, with values as numbers.
#[derive(Debug, Clone, Copy)]
enum Step {
    Read(Option<usize>),
    Set(usize),
    Swapped {
        expected: Option<usize>,
        value: usize,
    },
    NotSwapped {
        expected: Option<usize>,
    },
    /// Whether it was swapped is not known.
    Swap {
        expected: Option<usize>,
        value: usize,
    },
    /// An answer that no such question has.
    Nonsense,
}

impl Model for Value {
    type State = Option<usize>;
    type Op = Step;
    type Metadata = ();

    fn init() -> Self::State {
        None
    }

    fn step(state: &Self::State, step: &Step) -> (bool, Self::State) {
        match *step {
            Step::Read(found) => (found == *state, *state),
            Step::Set(value) => (true, Some(value)),
            Step::Swapped { expected, value } => (expected == *state, Some(value)),
            Step::NotSwapped { expected } => (expected != *state, *state),
            Step::Swap { expected, value } => (true, if expected == *state { Some(value) } else { *state }),
            Step::Nonsense => (false, *state),
        }
    }
}

/// In the checker's terms. A read whose answer nobody got says nothing.
fn step<'h>(operation: &'h Operation, names: &mut BTreeMap<&'h str, usize>) -> Option<porcupine_rs::Operation<Value>> {
    let mut number = |name: &'h str| {
        let next = names.len();
        *names.entry(name).or_insert(next)
    };
    let outcome = operation.completed.as_ref().map(|completed| &completed.outcome);
    let op = match (&operation.action, outcome) {
        (Action::Get, None) => return None,
        (Action::Get, Some(Outcome::Read(found))) => Step::Read(found.as_deref().map(number)),
        (Action::Set { value }, None | Some(Outcome::Written)) => Step::Set(number(value)),
        (Action::CompareAndSet { expected, value }, outcome) => {
            let expected = expected.as_deref().map(&mut number);
            match outcome {
                None => Step::Swap { expected, value: number(value) },
                Some(Outcome::Written) => Step::Swapped { expected, value: number(value) },
                Some(Outcome::Mismatch) => Step::NotSwapped { expected },
                Some(Outcome::Read(_)) => Step::Nonsense,
            }
        }
        _ => Step::Nonsense,
    };
    let time = |at: u64| i64::try_from(at).expect("a run has fewer than 2^63 microseconds");
    Some(porcupine_rs::Operation {
        client_id: Some(operation.client),
        call_time: time(operation.invoked),
        return_time: operation.completed.as_ref().map_or(i64::MAX, |completed| time(completed.at)),
        op,
        metadata: None,
    })
}
