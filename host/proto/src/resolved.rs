//! What all names of a file lead to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vraftls_index::{Location, Roles};
use vraftls_text::Span;

/// Where all names of a file lead. Targets are numbered by their place in the list.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Resolved {
    /// What names lead to, each place once, and what those lie in.
    pub targets: Vec<Target>,
    /// Every name of the file, ascending by start.
    pub occurrences: Vec<ResolvedName>,
    /// What the names mean, as numbers of targets; [`ResolvedName::leads`] is a part of it.
    pub leads: Vec<u32>,
    /// What is known of targets in the file itself, ascending by target.
    pub descriptions: Vec<TargetDescription>,
    /// Pairs of targets, of which the first lies in the file itself and extends, implements or overrides the second.
    pub relations: Vec<(u32, u32)>,
}

/// What a name leads to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Where it is; for a whole file, nothing at its start.
    pub location: Location,
    /// Its name; may be empty.
    pub name: Arc<str>,
    /// `SymbolKind`.
    pub kind: u32,
    /// Whether it is a parameter, also of a type.
    pub is_parameter: bool,
    /// Whether it is local to a function.
    pub is_local: bool,
    /// The target that it lies in: of the same file, and with a smaller number.
    pub parent: Option<u32>,
}

/// A name in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResolvedName {
    /// Where.
    pub span: Span,
    /// In which roles.
    pub roles: Roles,
    /// What it means: start and length of its part of [`Resolved::leads`].
    pub leads: (u32, u32),
}

/// What is known of a target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TargetDescription {
    /// The number of the target.
    pub target: u32,
    /// Code; may be empty.
    pub signature: String,
    /// Markdown; may be empty.
    pub documentation: String,
}

impl Resolved {
    /// What a name of this file means, as numbers of targets, best first.
    pub fn leads_of(&self, name: &ResolvedName) -> &[u32] {
        let (first, n) = (name.leads.0 as usize, name.leads.1 as usize);
        self.leads.get(first..first.saturating_add(n)).unwrap_or_default()
    }
}
