//! The figures as one table for people, and as JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::cluster::{ClusterFigures, Row};
use crate::crowd::CrowdFigures;
use crate::crowd_figures::{CrowdMeasure, crowd_measures};
use crate::figures::TreeFigures;
use crate::machine;
use crate::measures::{MEASURES, Measure, Verdict};
use crate::parser::{ParserSpeed, Speed};
use crate::servers::Server;

/// Errors that are shown of each server and tree.
const ERRORS_SHOWN_MAX: usize = 3;
/// What the sandbox must leave of the analyzer's native speed.
const PARSER_SHARE_MIN: f64 = 0.6;

/// All that is reported.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) servers: Vec<Server>,
    pub(crate) trees: Vec<TreeFigures>,
    pub(crate) crowd: Option<CrowdFigures>,
    pub(crate) parser: Option<ParserSpeed>,
    pub(crate) cluster: Option<ClusterFigures>,
}

impl Report {
    /// A table for the trees that the same servers know: a section for each tree, a row for each measure, a column for each
    /// server, and the bars. Below all what went wrong, and the first `n_misses` differences of each.
    pub(crate) fn table(&self, n_misses: usize) -> String {
        let mut notes = Vec::new();
        let mut table = format!("{}; seed {}\n\n", machine::processors(), self.seed);
        for trees in self.trees.chunk_by(|one, other| self.columns(one) == self.columns(other)) {
            let mut rows = Vec::new();
            for figures in trees {
                rows.push(self.heading(figures));
                rows.extend(MEASURES.iter().filter_map(|measure| self.row(measure, figures)));
                rows.extend(self.way_row(figures));
                tell(figures, n_misses, &mut notes);
            }
            table.push_str(&aligned(&rows));
        }
        let mut rows = Vec::new();
        if let Some(crowd) = &self.crowd {
            rows.extend(crowd_rows(crowd));
            let wrong = crowd.wrong.iter().map(|line| format!("wrong: {line}"));
            notes.extend(wrong.chain(crowd.errors.iter().cloned()).take(ERRORS_SHOWN_MAX.max(n_misses)));
        }
        rows.extend(self.parser.iter().flat_map(|speed| parser_rows(*speed)));
        table.push_str(&aligned(&rows));
        if let Some(cluster) = &self.cluster {
            table.push_str(&aligned(&cluster.rows.iter().map(cluster_row).collect::<Vec<_>>()));
            notes.extend(cluster.notes.iter().cloned());
        }
        for note in notes {
            // Writing to a string cannot fail.
            let _ = write!(table, "\n{note}");
        }
        table
    }

    /// The servers that are shown of a tree.
    fn columns(&self, figures: &TreeFigures) -> Vec<Server> {
        let language = figures.tree.language;
        self.servers.iter().copied().filter(|server| server.speaks(language)).collect()
    }

    fn heading(&self, figures: &TreeFigures) -> Vec<String> {
        let (before, after) = (machine::shown(figures.load_before), machine::shown(figures.load_after));
        let title = format!("{} {} (load {before} to {after})", figures.tree.name, figures.tree.version);
        let names = self.columns(figures).into_iter().map(|server| server.name().to_owned());
        std::iter::once(title).chain(names).chain(["bar".to_owned(), String::new()]).collect()
    }

    /// Nothing where no server has the figure.
    fn row(&self, measure: &Measure, figures: &TreeFigures) -> Option<Vec<String>> {
        let servers = self.columns(figures);
        let value = |server: &Server| figures.of(*server).and_then(measure.of);
        servers.iter().find_map(value)?;
        let cell = |server| value(server).map_or_else(|| "-".to_owned(), |value| format!("{value:.*}", measure.digits));
        let verdict = measure.verdict(figures).filter(|_| servers.contains(&Server::Vraftls));
        let (bar, met) = verdict.map_or_else(Default::default, |verdict| (verdict.bar.clone(), word(&verdict)));
        let title = std::iter::once(format!("  {}", measure.title));
        Some(title.chain(servers.iter().map(cell)).chain([bar, met.to_owned()]).collect())
    }

    /// How diagnostics come from each server, which decides what is measured of them.
    fn way_row(&self, figures: &TreeFigures) -> Option<Vec<String>> {
        let way = |server: &Server| Some(figures.of(*server)?.freshness.as_ref()?.way.name());
        let servers = self.columns(figures);
        servers.iter().find_map(way)?;
        let title = std::iter::once("  diagnostics after an edit come".to_owned());
        let cells = servers.iter().map(|server| way(server).unwrap_or("-").to_owned());
        Some(title.chain(cells).chain([String::new(), String::new()]).collect())
    }

    /// The same figures for programs.
    pub(crate) fn json(&self) -> Value {
        let trees: Vec<Value> = self.trees.iter().map(tree_json).collect();
        let part = |speed: Speed| {
            json!({
                "native_mb_s": speed.native_mb_s,
                "sandboxed_mb_s": speed.sandboxed_mb_s,
                "share": speed.share(),
                "met": speed.share() >= PARSER_SHARE_MIN,
            })
        };
        let parser = self.parser.map(
            |speed| json!({ "corpus_mb": speed.corpus_mb, "parse": part(speed.parse), "index": part(speed.index) }),
        );
        let crowd = self.crowd.as_ref().map(|crowd| {
            let rows = crowd_measures(crowd).into_iter();
            let value = |row: CrowdMeasure| {
                let verdict = row.verdict.map(|verdict| json!({ "bar": verdict.bar, "met": verdict.met }));
                (row.key.to_owned(), json!({ "value": row.figure, "bar": verdict }))
            };
            let mut object: Map<String, Value> = rows.map(value).collect();
            object.insert("sessions".to_owned(), json!(crowd.n_sessions));
            object.insert("load_before".to_owned(), json!(crowd.load_before));
            object.insert("load_after".to_owned(), json!(crowd.load_after));
            object
        });
        let cluster = self.cluster.as_ref().map(
            |cluster| json!({ "rows": cluster.rows.iter().map(Row::json).collect::<Vec<_>>(), "notes": cluster.notes }),
        );
        json!({
            "processors": machine::processors(),
            "seed": self.seed,
            "trees": trees,
            "crowd": crowd,
            "parser": parser,
            "cluster": cluster,
        })
    }
}

/// What went wrong with each server on a tree, and some of what differed.
fn tell(figures: &TreeFigures, n_misses: usize, notes: &mut Vec<String>) {
    for (server, outcome) in &figures.servers {
        let place = format!("{} on {}", server.name(), figures.tree.name);
        match outcome {
            Ok(figures) => {
                let errors = figures.errors.iter().take(ERRORS_SHOWN_MAX);
                let told = errors.chain(figures.misses().take(n_misses));
                notes.extend(told.map(|note| format!("{place}: {note}")));
            }
            Err(reason) => notes.push(format!("{place} failed: {reason}")),
        }
    }
}

/// A row of a figure that only we have.
fn own_row(title: &str, figure: String, verdict: Option<&Verdict>) -> Vec<String> {
    let (bar, met) = verdict.map_or_else(Default::default, |verdict| (verdict.bar.clone(), word(verdict)));
    vec![title.to_owned(), figure, bar, met.to_owned()]
}

/// Many editors at once.
fn crowd_rows(crowd: &CrowdFigures) -> Vec<Vec<String>> {
    let (before, after) = (machine::shown(crowd.load_before), machine::shown(crowd.load_after));
    let title = format!("{} sessions (load {before} to {after})", crowd.n_sessions);
    let rows = crowd_measures(crowd);
    let rows = rows.iter().map(|row| {
        let figure = format!("{:.*}", row.digits, row.figure);
        own_row(&format!("  {}", row.title), figure, row.verdict.as_ref())
    });
    std::iter::once(own_row(&title, String::new(), None)).chain(rows).collect()
}

/// The speeds of the parser and of the analyzer.
fn parser_rows(speed: ParserSpeed) -> Vec<Vec<String>> {
    let part = |title: &str, speed: Speed| {
        let verdict = Verdict { bar: format!(">= {PARSER_SHARE_MIN}"), met: Some(speed.share() >= PARSER_SHARE_MIN) };
        [
            own_row(&format!("  {title}, native (MB/s)"), format!("{:.1}", speed.native_mb_s), None),
            own_row(&format!("  {title}, sandboxed (MB/s)"), format!("{:.1}", speed.sandboxed_mb_s), None),
            own_row(&format!("  {title}, share"), format!("{:.3}", speed.share()), Some(&verdict)),
        ]
    };
    let title = own_row(&format!("Python in the sandbox: {:.1} MB", speed.corpus_mb), String::new(), None);
    [vec![title], part("parser", speed.parse).into(), part("index", speed.index).into()].concat()
}

fn cluster_row(row: &Row) -> Vec<String> {
    let (bar, met) = row.verdict.as_ref().map_or_else(Default::default, |verdict| (verdict.bar.clone(), word(verdict)));
    vec![row.title.clone(), row.ours.clone(), row.other.clone(), bar, met.to_owned()]
}

fn tree_json(figures: &TreeFigures) -> Value {
    let mut servers = Map::new();
    for (server, outcome) in &figures.servers {
        let value = match outcome {
            Ok(found) => MEASURES
                .iter()
                .map(|measure| (measure.key.to_owned(), json!((measure.of)(found))))
                .collect::<Map<_, _>>(),
            Err(reason) => Map::from_iter([("failed".to_owned(), json!(reason))]),
        };
        servers.insert(server.name().to_owned(), Value::Object(value));
    }
    let bars: Map<String, Value> = MEASURES
        .iter()
        .filter_map(|measure| {
            let verdict = measure.verdict(figures)?;
            Some((measure.key.to_owned(), json!({ "bar": verdict.bar, "met": verdict.met })))
        })
        .collect();
    json!({
        "tree": figures.tree.name,
        "language": figures.tree.language.name(),
        "version": figures.tree.version,
        "load_before": figures.load_before,
        "load_after": figures.load_after,
        "servers": servers,
        "bars": bars,
    })
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "unknown",
    }
}

/// Columns as wide as their widest cell: the first and the last two to the left, figures to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..n_columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let is_figure = column > 0 && column + 2 < n_columns;
            let padding = " ".repeat(widths[column] - cell.chars().count());
            let (left, right) = if is_figure { (padding, String::new()) } else { (String::new(), padding) };
            let _ = write!(line, "{left}{cell}{right}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let table = aligned(&[row(["tree", "us", "bar", ""]), row(["  é ms", "12.5", "<= 3", "met"])]);
        assert_eq!(table, "tree      us  bar\n  é ms  12.5  <= 3  met\n");
    }
}
