//! What every replica did, compared as it happens: the invariants that hold after each step.
//!
//! - The same entry stands at the same place of the log on every replica, for ever: what was committed is neither lost nor changed.
//! - The same log gives the same state, compared after every single command.
//! - One node leads a term in one life only, and no two entries of a term and leader share a place.
//! - A numbered request of a session takes effect at most once.
//!
//! The first violation is kept and ends the run; nothing here panics, since it is called within the replicas.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use vraftls_raft::ids::{GroupId, LogId, NodeId};

use crate::network::Life;

/// Equal for equal bytes, in every run.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// What a command did on a replica.
#[derive(Debug)]
pub(crate) struct AppliedCommand {
    pub(crate) command: u64,
    /// Of the state behind it.
    pub(crate) state: u64,
    /// The key it is about and what is there behind it, unless keys vanish by themselves.
    pub(crate) value: Option<(String, Option<String>)>,
    /// The session's request that took effect now.
    pub(crate) took_effect: Option<(u64, u64)>,
}

/// What is known of all groups.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    commands: BTreeMap<(GroupId, u64), (u64, u64)>,
    positions: BTreeMap<(GroupId, u64), LogId>,
    leaders: BTreeMap<(GroupId, u64, NodeId), u64>,
    effects: BTreeMap<(GroupId, u64, u64), u64>,
    values: BTreeMap<(GroupId, String), BTreeMap<u64, Option<String>>>,
    violation: Option<String>,
    n_commands: u64,
}

impl Ledger {
    /// What is wrong, if anything is.
    pub(crate) fn violation(&self) -> Option<&str> {
        self.violation.as_deref()
    }

    pub(crate) fn violate(&mut self, what: impl FnOnce() -> String) {
        self.violation.get_or_insert_with(what);
    }

    /// How many different commands were applied.
    pub(crate) fn n_commands(&self) -> u64 {
        self.n_commands
    }

    /// A replica applied a command.
    pub(crate) fn applied(&mut self, group: GroupId, life: Life, index: u64, applied: AppliedCommand) {
        let AppliedCommand { command, state, value, took_effect } = applied;
        let (node, _) = life;
        match self.commands.get(&(group, index)) {
            None => {
                self.commands.insert((group, index), (command, state));
                self.n_commands += 1;
            }
            Some((known, _)) if *known != command => {
                self.violate(|| {
                    format!("group {group}, entry {index}: node {node} applied another command than was committed")
                });
            }
            Some((_, known)) if *known != state => {
                self.violate(|| {
                    format!("group {group}, entry {index}: node {node} came to another state than others did")
                });
            }
            Some(_) => {}
        }
        if let Some((key, value)) = value {
            self.values.entry((group, key)).or_default().insert(index, value);
        }
        if let Some((client, sequence)) = took_effect {
            let first = *self.effects.entry((group, client, sequence)).or_insert(index);
            if first != index {
                self.violate(|| {
                    format!("group {group}: request {sequence} of session {client} took effect at {first} and again at {index}")
                });
            }
        }
    }

    /// A replica stands at a position.
    pub(crate) fn committed(&mut self, group: GroupId, life: Life, position: LogId) {
        let known = *self.positions.entry((group, position.index)).or_insert(position);
        if known != position {
            let node = life.0;
            self.violate(|| format!("group {group}: {known} was committed, node {node} has {position} there"));
        }
    }

    /// A node leads a term.
    pub(crate) fn leads(&mut self, group: GroupId, term: u64, life: Life) {
        let (node, this) = life;
        let first = *self.leaders.entry((group, term, node)).or_insert(this);
        if first != this {
            self.violate(|| {
                format!("group {group}: node {node} led term {term} in its life {first} and again in {this}")
            });
        }
    }

    /// A client was told that its command is applied.
    pub(crate) fn acknowledged(&mut self, group: GroupId, index: u64, command: u64) {
        if self.commands.get(&(group, index)).map(|(known, _)| *known) != Some(command) {
            self.violate(|| format!("group {group}: a command was acknowledged at {index}, and another one is there"));
        }
    }

    /// What a key holds in the state of a revision.
    pub(crate) fn value_at(&self, group: GroupId, key: &str, revision: u64) -> Option<String> {
        let values = self.values.get(&(group, key.to_owned()))?;
        values.range(..=revision).next_back().and_then(|(_, value)| value.clone())
    }
}
