//! What a search for symbols finds.

use std::cmp::{Ordering, Reverse};

use crate::Location;
use serde::{Deserialize, Serialize};

/// A symbol of the workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SymbolMatch {
    /// Its name.
    pub name: String,
    /// The names it lies in, outermost first, joined by `.`; may be empty.
    pub container: String,
    /// `SymbolKind`.
    pub kind: u32,
    /// Where it is.
    pub location: Location,
    /// How well it matches; higher is better. Ties are broken by path and place.
    pub score: u32,
}

impl SymbolMatch {
    /// The order in which matches are shown: the better score first, then by path and place. Total, so that the best so
    /// many of several lists are the same however the lists were put together.
    pub fn cmp_rank(&self, other: &Self) -> Ordering {
        let key = |symbol: &Self| (Reverse(symbol.score), symbol.kind);
        let ((score, kind), (other_score, other_kind)) = (key(self), key(other));
        score
            .cmp(&other_score)
            .then_with(|| self.location.cmp(&other.location))
            .then(kind.cmp(&other_kind))
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.container.cmp(&other.container))
    }
}
