//! What is measured, in which unit, and what must be reached.

use std::time::Duration;

use crate::agreement::Agreement;
use crate::latency::Latencies;
use crate::outside::Tree;
use crate::servers::Server;

/// What was measured of one server on one tree.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// From the start of the process to the first right definition, with nothing kept of an earlier start.
    pub(crate) first_empty: Option<Duration>,
    /// The same on a second start.
    pub(crate) first_again: Option<Duration>,
    pub(crate) definitions: Latencies,
    pub(crate) references: Latencies,
    /// After the run, the server and its children.
    pub(crate) resident_bytes: Option<u64>,
    /// With what pyright said in the same run.
    pub(crate) agreement: Agreement,
    /// With the kept answers, if there are any for the tree.
    pub(crate) golden: Option<Agreement>,
    /// Where both of these fall short, for people.
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

/// One measured property.
pub(crate) struct Measure {
    /// Its name in JSON.
    pub(crate) key: &'static str,
    /// Its name for people, with the unit.
    pub(crate) title: &'static str,
    /// Digits after the point.
    pub(crate) digits: usize,
    pub(crate) of: fn(&Figures) -> Option<f64>,
    bars: &'static [Bar],
}

/// What our figure must be.
struct Bar {
    /// The only tree it is set for.
    on: Option<&'static str>,
    limit: Limit,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    AtLeast(f64),
    AtMost(f64),
    Below(Server),
    AtMostTimes(f64, Server),
}

/// A bar, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// The bar for people.
    pub(crate) bar: String,
    /// Unknown where a figure is missing.
    pub(crate) met: Option<bool>,
}

impl Measure {
    /// Judges our figure on a tree by the bar that is set for it there.
    pub(crate) fn verdict(&self, figures: &TreeFigures) -> Option<Verdict> {
        let is_set = |bar: &&Bar| bar.on.is_none_or(|tree| tree == figures.tree.name);
        let bar = self.bars.iter().find(is_set)?;
        let of = |server| figures.of(server).and_then(self.of);
        Some(bar.limit.verdict(of(Server::Vraftls), of))
    }
}

impl Limit {
    fn verdict(self, ours: Option<f64>, of: impl Fn(Server) -> Option<f64>) -> Verdict {
        let compare = |theirs: Option<f64>, holds: fn(f64, f64) -> bool| Some(holds(ours?, theirs?));
        match self {
            Self::AtLeast(bound) => {
                Verdict { bar: format!(">= {bound}"), met: compare(Some(bound), |ours, bound| ours >= bound) }
            }
            Self::AtMost(bound) => {
                Verdict { bar: format!("<= {bound}"), met: compare(Some(bound), |ours, bound| ours <= bound) }
            }
            Self::Below(server) => {
                Verdict { bar: format!("< {}", server.name()), met: compare(of(server), |ours, theirs| ours < theirs) }
            }
            Self::AtMostTimes(factor, server) => {
                let bound = of(server).map(|theirs| factor * theirs);
                let bar = format!("<= {factor} x {}", server.name());
                Verdict { bar, met: compare(bound, |ours, bound| ours <= bound) }
            }
        }
    }
}

const fn everywhere(limit: Limit) -> Bar {
    Bar { on: None, limit }
}

const fn on_django(limit: Limit) -> Bar {
    Bar { on: Some("django"), limit }
}

fn seconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64())
}

fn millis(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64() * 1e3)
}

/// All of them, in the order in which they are shown.
pub(crate) const MEASURES: [Measure; 16] = [
    Measure {
        key: "first_right_empty_s",
        title: "first right answer, nothing kept (s)",
        digits: 2,
        of: |figures| seconds(figures.first_empty),
        bars: &[on_django(Limit::AtMost(1.5))],
    },
    Measure {
        key: "first_right_again_s",
        title: "first right answer, second start (s)",
        digits: 2,
        of: |figures| seconds(figures.first_again),
        bars: &[on_django(Limit::AtMost(0.5))],
    },
    Measure {
        key: "definition_p50_ms",
        title: "definition p50 (ms)",
        digits: 2,
        of: |figures| millis(figures.definitions.percentile(50)),
        bars: &[everywhere(Limit::AtMostTimes(3.0, Server::Ty))],
    },
    Measure {
        key: "definition_p99_ms",
        title: "definition p99 (ms)",
        digits: 1,
        of: |figures| millis(figures.definitions.percentile(99)),
        bars: &[everywhere(Limit::Below(Server::Pyright))],
    },
    Measure {
        key: "references_p50_ms",
        title: "references p50 (ms)",
        digits: 1,
        of: |figures| millis(figures.references.percentile(50)),
        bars: &[],
    },
    Measure {
        key: "references_p99_ms",
        title: "references p99 (ms)",
        digits: 0,
        of: |figures| millis(figures.references.percentile(99)),
        bars: &[on_django(Limit::Below(Server::Ty))],
    },
    Measure {
        key: "resident_mib",
        title: "resident memory (MiB)",
        digits: 0,
        of: |figures| figures.resident_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20)),
        bars: &[everywhere(Limit::Below(Server::Pyright))],
    },
    Measure {
        key: "definitions_compared",
        title: "definitions compared with pyright",
        digits: 0,
        of: |figures| Some(figures.agreement.n_definitions as f64),
        bars: &[],
    },
    Measure {
        key: "definition_recall",
        title: "definition recall",
        digits: 3,
        of: |figures| figures.agreement.recall,
        bars: &[everywhere(Limit::AtLeast(0.98))],
    },
    Measure {
        key: "definition_precision",
        title: "definition precision",
        digits: 3,
        of: |figures| figures.agreement.precision,
        bars: &[everywhere(Limit::AtLeast(0.98))],
    },
    Measure {
        key: "references_compared",
        title: "references compared with pyright",
        digits: 0,
        of: |figures| Some(figures.agreement.n_references as f64),
        bars: &[],
    },
    Measure {
        key: "references_f1",
        title: "references F1, mean",
        digits: 3,
        of: |figures| figures.agreement.references_f1,
        bars: &[everywhere(Limit::AtLeast(0.94))],
    },
    Measure {
        key: "golden_definition_recall",
        title: "golden: definition recall",
        digits: 3,
        of: |figures| figures.golden?.recall,
        bars: &[everywhere(Limit::AtLeast(0.98))],
    },
    Measure {
        key: "golden_definition_precision",
        title: "golden: definition precision",
        digits: 3,
        of: |figures| figures.golden?.precision,
        bars: &[everywhere(Limit::AtLeast(0.98))],
    },
    Measure {
        key: "golden_references_f1",
        title: "golden: references F1, mean",
        digits: 3,
        of: |figures| figures.golden?.references_f1,
        bars: &[everywhere(Limit::AtLeast(0.94))],
    },
    Measure {
        key: "errors",
        title: "errors",
        digits: 0,
        of: |figures| Some(figures.errors.len() as f64),
        bars: &[everywhere(Limit::AtMost(0.0))],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(limit: Limit, ours: Option<f64>, expected: Option<bool>) {
        let theirs = |server| (server == Server::Ty).then_some(2.0);
        assert_eq!(limit.verdict(ours, theirs).met, expected, "{limit:?} for {ours:?}");
    }

    #[test]
    fn a_bar_is_met_on_its_edge_only_where_it_says_so() {
        check(Limit::AtLeast(0.98), Some(0.98), Some(true));
        check(Limit::AtLeast(0.98), Some(0.97), Some(false));
        check(Limit::AtMost(1.5), Some(1.5), Some(true));
        check(Limit::AtMost(1.5), Some(1.6), Some(false));
        check(Limit::Below(Server::Ty), Some(2.0), Some(false));
        check(Limit::Below(Server::Ty), Some(1.9), Some(true));
        check(Limit::AtMostTimes(3.0, Server::Ty), Some(6.0), Some(true));
        check(Limit::AtMostTimes(3.0, Server::Ty), Some(6.1), Some(false));
    }

    #[test]
    fn without_a_figure_there_is_no_verdict() {
        check(Limit::AtMost(1.5), None, None);
        check(Limit::Below(Server::Pyright), Some(1.0), None);
    }
}
