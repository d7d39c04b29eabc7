//! Measures our server beside those that people use, in one run on one machine, on source trees that people know: beside ty and
//! pyright on Python, rust-analyzer on Rust, and TypeScript's own server on TypeScript and JavaScript.
//!
//! It speaks to servers over their standard streams as an editor does and knows nothing of how they work; it brings the other
//! servers and the trees itself. For each language one server's answers decide what is right: pyright's, rust-analyzer's, tsc's.
//! `cargo xtask bench` builds everything and runs it.

mod agreement;
mod client;
mod cluster;
mod crowd;
mod crowd_figures;
mod figures;
mod freshness;
mod gaps;
mod golden;
mod language;
mod latency;
mod machine;
mod measures;
mod members;
mod memory;
mod misses;
mod outside;
mod parser;
mod report;
mod run;
mod sample;
mod servers;
mod session;
mod shifts;
mod symbols;
mod tokens;
mod trees;
mod turns;
mod typing;
mod uri;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;

use cluster::{ClusterFigures, Section};
use crowd::CrowdFigures;
use language::Language;
use outside::Shelf;
use report::Report;
use run::{Part, Plan};
use servers::{Programs, Server};
use trees::{TREES, Tree};

/// A session that is alone asks at least so often: a percentile needs some.
const ALONE_STEPS_MIN: usize = 24;

/// Measures our server beside ty, pyright, rust-analyzer and tsc.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// The source trees to measure on: requests, rich, networkx, django (Python), regex-syntax, clap_builder, jj-lib (Rust),
    /// immer, rxjs (TypeScript), express (JavaScript) [default: all]
    #[arg(long = "tree", value_name = "NAME", num_args = 1.., value_delimiter = ',', value_parser = tree)]
    trees: Vec<Tree>,
    /// The servers to show; what is right is asked of pyright, rust-analyzer or tsc in any case, except for completion, which
    /// is compared with theirs only if they are shown [default: all]
    #[arg(long = "server", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    servers: Vec<Server>,
    /// How long the questions of one kind to one server about one tree may take together
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Identifiers of each tree that are asked about
    #[arg(long, default_value_t = 300, value_name = "COUNT")]
    positions: usize,
    /// How many of these are asked for references
    #[arg(long, default_value_t = 40, value_name = "COUNT")]
    references: usize,
    /// Files of each tree of Python that are edited, ten times each
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    edited: usize,
    /// Member accesses of each tree that are completed
    #[arg(long, default_value_t = 300, value_name = "COUNT")]
    accesses: usize,
    /// Symbols of each tree of Python that are searched for while their names are typed
    #[arg(long, default_value_t = 40, value_name = "COUNT")]
    symbols: usize,
    /// Editors that are on our server at once
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    sessions: usize,
    /// How often each of them edits and asks
    #[arg(long, default_value_t = 12, value_name = "COUNT")]
    steps: usize,
    /// Seconds between two of its edits, on average
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS")]
    think: f64,
    /// Where the drawing of identifiers starts: the same seed draws the same
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Compare with kept answers too: a directory with `<language>-<tree>-<version>.jsonl`
    #[arg(long, value_name = "DIR")]
    golden: Option<PathBuf>,
    /// Show so many differences of each server on each tree
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    misses: usize,
    /// Write all figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What to measure [default: all]
    #[arg(long = "part", value_name = "PART", num_args = 1.., value_delimiter = ',')]
    parts: Vec<Part>,
    /// What to measure of a cluster [default: all]
    #[arg(long = "section", value_name = "SECTION", num_args = 1.., value_delimiter = ',')]
    sections: Vec<Section>,
    /// How long each turn of writing to a cluster lasts
    #[arg(long, default_value_t = 4.0, value_name = "SECONDS")]
    lasts: f64,
    /// Push 200,000 files to a cluster too
    #[arg(long)]
    scale: bool,
    /// Our server [default: the one beside this program]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// The Python analyzer [default: the one among the plugins beside this program's folder]
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
}

impl Arguments {
    fn crowd(&self, programs: &Programs<'_>, tree: Tree) -> Result<CrowdFigures> {
        let plan = crowd::Plan {
            n_sessions: self.sessions,
            n_steps: self.steps,
            n_steps_alone: ALONE_STEPS_MIN.max(self.steps),
            think: Duration::from_secs_f64(self.think),
            seed: self.seed,
        };
        let data = programs.shelf.scratch()?;
        let command = programs.command(Server::Vraftls, tree.language, data.path())?;
        crowd::measure(command, &programs.shelf.tree(tree)?, plan)
    }

    fn cluster(&self, shelf: &Shelf) -> Result<ClusterFigures> {
        let plan = cluster::Plan {
            sections: self.sections.clone(),
            lasts: Duration::from_secs_f64(self.lasts),
            is_scaled: self.scale,
            seed: self.seed,
            component: ours(self.component.as_deref(), "../plugins/python.wasm")?,
            binary: ours(self.binary.as_deref(), &format!("vraftls{}", std::env::consts::EXE_SUFFIX))?,
        };
        Ok(cluster::measure(&plan, shelf))
    }
}

fn tree(name: &str) -> std::result::Result<Tree, String> {
    let found = TREES.iter().find(|tree| tree.name.eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| format!("one of {}", TREES.map(|tree| tree.name).join(", ")))
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn measure(arguments: &Arguments) -> Result<()> {
    let all_or = |asked: &[Server]| if asked.is_empty() { Server::ALL.to_vec() } else { asked.to_vec() };
    let mut servers = all_or(&arguments.servers);
    servers.sort();
    servers.dedup();
    let plan = Plan {
        servers,
        n_positions: arguments.positions,
        n_references: arguments.references,
        n_edited_files: arguments.edited,
        n_accesses: arguments.accesses,
        n_sought: arguments.symbols,
        parts: arguments.parts.clone(),
        seed: arguments.seed,
        budget: Duration::from_secs(arguments.seconds),
    };
    let shelf = Shelf::of_user()?;
    let trees = if arguments.trees.is_empty() { TREES.to_vec() } else { arguments.trees.clone() };
    // Some parts are measured on one tree, in one language.
    let last = trees.iter().rfind(|tree| tree.language == Language::Python).copied();
    let mut report = Report {
        seed: plan.seed,
        servers: plan.servers.clone(),
        trees: Vec::new(),
        crowd: None,
        parser: None,
        cluster: None,
    };
    if plan.wants_servers() || plan.wants(Part::Sessions) {
        let binary = ours(arguments.binary.as_deref(), &format!("vraftls{}", std::env::consts::EXE_SUFFIX))?;
        let programs = Programs { shelf: &shelf, vraftls: binary };
        for tree in trees.iter().filter(|_| plan.wants_servers()) {
            report.trees.push(run::tree(*tree, &plan, &programs, arguments.golden.as_deref())?);
        }
        if let Some(tree) = last.filter(|_| plan.wants(Part::Sessions)) {
            report.crowd = Some(arguments.crowd(&programs, tree)?);
        }
    }
    if let Some(tree) = last.filter(|_| plan.wants(Part::Parser)) {
        let components = parser::Components {
            parse: ours(None, "../test-components/parse.wasm")?,
            index: ours(arguments.component.as_deref(), "../plugins/python.wasm")?,
        };
        let scratch = shelf.scratch()?;
        let sources = shelf.tree(tree)?;
        report.parser = Some(parser::measure(&sources, &components, scratch.path())?);
    }
    if plan.wants(Part::Cluster) {
        report.cluster = Some(arguments.cluster(&shelf)?);
    }
    println!("{}", report.table(arguments.misses));
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&report.json())?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A file of ours: the one that was named, else the one that lies so from this program's folder.
fn ours(named: Option<&Path>, beside: &str) -> Result<PathBuf> {
    if let Some(path) = named {
        return path.canonicalize().with_context(|| format!("there is no {}", path.display()));
    }
    match std::env::current_exe()?.parent() {
        Some(directory) => Ok(directory.join(beside)),
        None => bail!("cannot tell where this program lies; name {beside}"),
    }
}

/// Tells the person at the terminal what is going on.
#[expect(clippy::print_stderr, reason = "the one place where this program speaks while it works")]
fn say(line: &str) {
    eprintln!("{line}");
}
