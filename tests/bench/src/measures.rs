//! The figures that are shown, in which unit, and what ours must reach.

use std::time::Duration;

use crate::figures::{Figures, TreeFigures};
use crate::language::Language;
use crate::servers::Server;

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
    on: On,
    limit: Limit,
}

/// Where a bar is set.
#[derive(Debug, Clone, Copy)]
enum On {
    Every,
    Language(Language),
    Tree(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    AtLeast(f64),
    AtMost(f64),
    Below(Server),
    AtMostTimes(f64, Server),
    /// Of ty's and pyright's figures the better one, less so much.
    AtLeastOthersLess(f64),
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
    /// Judges our figure on a tree by the bars that are set for it there: all of them must hold.
    pub(crate) fn verdict(&self, figures: &TreeFigures) -> Option<Verdict> {
        let is_set = |bar: &&Bar| match bar.on {
            On::Every => true,
            On::Language(language) => language == figures.tree.language,
            On::Tree(name) => name == figures.tree.name,
        };
        let of = |server| figures.of(server).and_then(self.of);
        let verdicts = self.bars.iter().filter(is_set).map(|bar| bar.limit.verdict(of(Server::Vraftls), of));
        verdicts.reduce(Verdict::and)
    }
}

impl Verdict {
    fn and(self, other: Self) -> Self {
        let met = match (self.met, other.met) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        Self { bar: format!("{}, {}", self.bar, other.bar), met }
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
            Self::AtLeastOthersLess(less) => {
                let bound = [Server::Ty, Server::Pyright].into_iter().filter_map(&of).reduce(f64::max);
                let bound = bound.map(|better| better - less);
                let bar = format!(">= others - {less}");
                Verdict { bar, met: compare(bound, |ours, bound| ours >= bound) }
            }
        }
    }
}

const fn everywhere(limit: Limit) -> Bar {
    Bar { on: On::Every, limit }
}

const fn on_networkx(limit: Limit) -> Bar {
    Bar { on: On::Tree("networkx"), limit }
}

const fn on_django(limit: Limit) -> Bar {
    Bar { on: On::Tree("django"), limit }
}

const fn python(limit: Limit) -> Bar {
    Bar { on: On::Language(Language::Python), limit }
}

const fn rust(limit: Limit) -> Bar {
    Bar { on: On::Language(Language::Rust), limit }
}

const fn typescript(limit: Limit) -> Bar {
    Bar { on: On::Language(Language::TypeScript), limit }
}

const fn javascript(limit: Limit) -> Bar {
    Bar { on: On::Language(Language::JavaScript), limit }
}

/// Shares of answers that must be right, for each language.
const fn shares(of_python: f64, of_rust: f64, of_scripts: f64) -> [Bar; 4] {
    let of_scripts = Limit::AtLeast(of_scripts);
    [python(Limit::AtLeast(of_python)), rust(Limit::AtLeast(of_rust)), typescript(of_scripts), javascript(of_scripts)]
}

/// Bars that figures share which compare the same in two ways.
const RECALL: [Bar; 4] = shares(0.98, 0.97, 0.93);
const PRECISION: [Bar; 4] = shares(0.98, 0.97, 0.95);
const REFERENCES: [Bar; 4] = shares(0.94, 0.95, 0.85);

fn seconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64())
}

fn millis(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64() * 1e3)
}

fn count(number: usize) -> Option<f64> {
    (number > 0).then_some(number as f64)
}

/// All of them, in the order in which they are shown.
pub(crate) const MEASURES: [Measure; 28] = [
    Measure {
        key: "first_right_empty_s",
        title: "first right answer, nothing kept (s)",
        digits: 2,
        of: |figures| seconds(figures.first_empty),
        bars: &[on_django(Limit::AtMost(1.5)), rust(Limit::AtMostTimes(1.0, Server::RustAnalyzer))],
    },
    Measure {
        key: "first_right_again_s",
        title: "first right answer, second start (s)",
        digits: 2,
        of: |figures| seconds(figures.first_again),
        bars: &[
            on_django(Limit::AtMost(0.5)),
            rust(Limit::AtMost(1.0)),
            typescript(Limit::AtMost(1.0)),
            javascript(Limit::AtMost(1.0)),
        ],
    },
    Measure {
        key: "definition_p50_ms",
        title: "definition p50 (ms)",
        digits: 2,
        of: |figures| millis(figures.definitions.percentile(50)),
        bars: &[
            python(Limit::AtMostTimes(3.0, Server::Ty)),
            rust(Limit::AtMostTimes(3.0, Server::RustAnalyzer)),
            typescript(Limit::AtMostTimes(3.0, Server::Tsc)),
            javascript(Limit::AtMostTimes(3.0, Server::Tsc)),
        ],
    },
    Measure {
        key: "definition_p99_ms",
        title: "definition p99 (ms)",
        digits: 1,
        of: |figures| millis(figures.definitions.percentile(99)),
        bars: &[python(Limit::Below(Server::Pyright))],
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
        bars: &[python(Limit::Below(Server::Pyright)), rust(Limit::AtMostTimes(0.5, Server::RustAnalyzer))],
    },
    Measure {
        key: "definitions_compared",
        title: "definitions compared with the reference",
        digits: 0,
        of: |figures| count(figures.agreement.n_definitions),
        bars: &[],
    },
    Measure {
        key: "definition_recall",
        title: "definition recall",
        digits: 3,
        of: |figures| figures.agreement.recall,
        bars: &RECALL,
    },
    Measure {
        key: "definition_precision",
        title: "definition precision",
        digits: 3,
        of: |figures| figures.agreement.precision,
        bars: &PRECISION,
    },
    Measure {
        key: "references_compared",
        title: "references compared with the reference",
        digits: 0,
        of: |figures| count(figures.agreement.n_references),
        bars: &[],
    },
    Measure {
        key: "references_f1",
        title: "references F1, mean",
        digits: 3,
        of: |figures| figures.agreement.references_f1,
        bars: &REFERENCES,
    },
    Measure {
        key: "golden_definition_recall",
        title: "golden: definition recall",
        digits: 3,
        of: |figures| figures.golden?.recall,
        bars: &RECALL,
    },
    Measure {
        key: "golden_definition_precision",
        title: "golden: definition precision",
        digits: 3,
        of: |figures| figures.golden?.precision,
        bars: &PRECISION,
    },
    Measure {
        key: "golden_references_f1",
        title: "golden: references F1, mean",
        digits: 3,
        of: |figures| figures.golden?.references_f1,
        bars: &REFERENCES,
    },
    Measure {
        key: "fresh_diagnostics_p50_ms",
        title: "edit to fresh diagnostics p50 (ms)",
        digits: 1,
        of: |figures| millis(figures.freshness.as_ref()?.latencies.percentile(50)),
        bars: &[on_django(Limit::AtMostTimes(2.0, Server::Ty)), on_django(Limit::Below(Server::Pyright))],
    },
    Measure {
        key: "fresh_diagnostics_p99_ms",
        title: "edit to fresh diagnostics p99 (ms)",
        digits: 0,
        of: |figures| millis(figures.freshness.as_ref()?.latencies.percentile(99)),
        bars: &[],
    },
    Measure {
        key: "completion_opening_p50_ms",
        title: "completion in a file just opened p50 (ms)",
        digits: 1,
        of: |figures| millis(figures.completions.as_ref()?.opening.percentile(50)),
        bars: &[on_django(Limit::AtMostTimes(2.0, Server::Ty))],
    },
    Measure {
        key: "completion_opening_p99_ms",
        title: "completion in a file just opened p99 (ms)",
        digits: 0,
        of: |figures| millis(figures.completions.as_ref()?.opening.percentile(99)),
        bars: &[],
    },
    Measure {
        key: "completion_typing_p50_ms",
        title: "completion while typing p50 (ms)",
        digits: 1,
        of: |figures| millis(figures.completions.as_ref()?.typing.percentile(50)),
        bars: &[on_django(Limit::AtMostTimes(2.0, Server::Ty))],
    },
    Measure {
        key: "completion_typing_p99_ms",
        title: "completion while typing p99 (ms)",
        digits: 0,
        of: |figures| millis(figures.completions.as_ref()?.typing.percentile(99)),
        bars: &[],
    },
    Measure {
        key: "members_found",
        title: "members among the first ten",
        digits: 3,
        of: |figures| figures.completions.as_ref()?.found(),
        bars: &[
            on_django(Limit::AtLeast(0.8)),
            on_django(Limit::AtLeastOthersLess(0.03)),
            rust(Limit::AtLeast(0.7)),
            typescript(Limit::AtLeast(0.7)),
            javascript(Limit::AtLeast(0.7)),
        ],
    },
    Measure {
        key: "members_listed",
        title: "members anywhere in the list",
        digits: 3,
        of: |figures| figures.completions.as_ref()?.listed(),
        bars: &[],
    },
    Measure {
        key: "members_covered",
        title: "the reference's members in the list, mean",
        digits: 3,
        of: |figures| figures.completions.as_ref()?.covered,
        bars: &[rust(Limit::AtLeast(0.9)), typescript(Limit::AtLeast(0.75)), javascript(Limit::AtLeast(0.75))],
    },
    Measure {
        key: "symbols_p50_ms",
        title: "workspace symbols p50 (ms)",
        digits: 2,
        of: |figures| millis(figures.searches.as_ref()?.latencies.percentile(50)),
        bars: &[
            on_networkx(Limit::AtMostTimes(0.1, Server::Pyright)),
            on_django(Limit::AtMostTimes(0.1, Server::Pyright)),
        ],
    },
    Measure {
        key: "symbols_p99_ms",
        title: "workspace symbols p99 (ms)",
        digits: 1,
        of: |figures| millis(figures.searches.as_ref()?.latencies.percentile(99)),
        bars: &[
            on_networkx(Limit::AtMost(30.0)),
            on_networkx(Limit::AtMostTimes(0.1, Server::Pyright)),
            on_django(Limit::AtMost(30.0)),
            on_django(Limit::AtMostTimes(0.1, Server::Pyright)),
        ],
    },
    Measure {
        key: "symbols_found",
        title: "symbols found by their names",
        digits: 3,
        of: |figures| figures.searches.as_ref()?.found(),
        bars: &[],
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
    use crate::trees::TREES;

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
    fn a_bar_holds_for_its_language_and_its_tree() {
        let figures = |name: &str| {
            let tree = *TREES.iter().find(|tree| tree.name == name).unwrap();
            TreeFigures { tree, load_before: None, load_after: None, servers: Vec::new() }
        };
        let measure = |key: &str| MEASURES.iter().find(|measure| measure.key == key).unwrap();
        let bar = |key: &str, tree: &str| measure(key).verdict(&figures(tree)).map(|verdict| verdict.bar);
        assert_eq!(bar("members_covered", "rich"), None);
        assert_eq!(bar("members_covered", "jj-lib").as_deref(), Some(">= 0.9"));
        assert_eq!(bar("members_covered", "express").as_deref(), Some(">= 0.75"));
        assert_eq!(bar("first_right_empty_s", "django").as_deref(), Some("<= 1.5"));
        assert_eq!(bar("errors", "immer").as_deref(), Some("<= 0"));
    }

    #[test]
    fn all_bars_of_a_figure_must_hold() {
        let verdict = |met| Verdict { bar: "x".to_owned(), met };
        let both = |one, other| verdict(one).and(verdict(other)).met;
        assert_eq!(both(Some(true), Some(true)), Some(true));
        assert_eq!(both(Some(true), Some(false)), Some(false));
        assert_eq!(both(None, Some(false)), Some(false));
        assert_eq!(both(Some(true), None), None);
        let others = |server| Some(if server == Server::Ty { 0.8 } else { 0.9 });
        assert_eq!(Limit::AtLeastOthersLess(0.1).verdict(Some(0.8), others).met, Some(true));
        assert_eq!(Limit::AtLeastOthersLess(0.1).verdict(Some(0.79), others).met, Some(false));
    }

    #[test]
    fn without_a_figure_there_is_no_verdict() {
        check(Limit::AtMost(1.5), None, None);
        check(Limit::Below(Server::Pyright), Some(1.0), None);
    }
}
