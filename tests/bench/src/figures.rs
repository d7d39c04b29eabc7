//! What was measured of servers.

use std::time::Duration;

use crate::agreement::Agreement;
use crate::freshness::Freshness;
use crate::latency::Latencies;
use crate::members::Completions;
use crate::servers::Server;
use crate::symbols::Searches;
use crate::trees::Tree;

/// What was measured of one server on one tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// From the start of the process to the first right definition, with nothing kept of an earlier start.
    pub(crate) first_empty: Option<Duration>,
    /// The same on a second start and later, where an earlier one kept something.
    pub(crate) first_again: Option<Duration>,
    pub(crate) definitions: Latencies,
    pub(crate) references: Latencies,
    /// After the run, the server and its children.
    pub(crate) resident_bytes: Option<u64>,
    /// With what the reference server said in the same run.
    pub(crate) agreement: Agreement,
    /// With the kept answers, if there are any for the tree.
    pub(crate) golden: Option<Agreement>,
    /// Of the open file after an edit.
    pub(crate) freshness: Option<Freshness>,
    /// After a dot.
    pub(crate) completions: Option<Completions>,
    /// For symbols of the workspace.
    pub(crate) searches: Option<Searches>,
    /// Where definitions and references fall short, for people.
    pub(crate) misses: Vec<String>,
    /// For people.
    pub(crate) errors: Vec<String>,
}

/// All servers on one tree.
#[derive(Debug)]
pub(crate) struct TreeFigures {
    pub(crate) tree: Tree,
    /// Load averages of the last minute.
    pub(crate) load_before: Option<f64>,
    pub(crate) load_after: Option<f64>,
    /// The figures of each, or why there are none.
    pub(crate) servers: Vec<(Server, Result<Figures, String>)>,
}

impl TreeFigures {
    pub(crate) fn of(&self, server: Server) -> Option<&Figures> {
        self.servers.iter().find(|(found, _)| *found == server).and_then(|(_, figures)| figures.as_ref().ok())
    }
}

impl Figures {
    /// Puts the errors of what one asks while typing to the others. For once, when all was asked.
    pub(crate) fn gather_errors(&mut self) {
        let freshness = self.freshness.iter().flat_map(|found| &found.errors);
        let completions = self.completions.iter().flat_map(|found| &found.errors);
        let searches = self.searches.iter().flat_map(|found| &found.errors);
        self.errors.extend(freshness.chain(completions).chain(searches).cloned());
    }

    /// All that people may look at when a bar is missed.
    pub(crate) fn misses(&self) -> impl Iterator<Item = &String> {
        let lists = self.completions.iter().flat_map(|completions| completions.misses.iter().chain(&completions.gaps));
        self.misses.iter().chain(lists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::freshness::Way;

    #[test]
    fn errors_of_every_kind_are_among_all() {
        let of = |what: &str| vec![format!("{what} failed")];
        let mut completions = Completions::default();
        completions.errors = of("a list");
        let mut figures = Figures {
            errors: of("a definition"),
            freshness: Some(Freshness { way: Way::Asked, latencies: Latencies::default(), errors: of("an edit") }),
            completions: Some(completions),
            searches: Some(Searches { errors: of("a search"), ..Searches::default() }),
            ..Figures::default()
        };
        figures.gather_errors();
        assert_eq!(figures.errors, ["a definition failed", "an edit failed", "a list failed", "a search failed"]);
    }
}
