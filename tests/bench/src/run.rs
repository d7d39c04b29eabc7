//! Measures every server on one tree.
//!
//! The server that says what is right of the tree's language goes first, because its answers decide which of the others' are
//! right. Every server is started with nothing kept and asked everything, then started again some times for its first right answer
//! alone, and once more, with nothing kept and beside all others, for what one asks while typing.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::agreement::Reference;
use crate::figures::{Figures, TreeFigures};
use crate::misses::misses;
use crate::outside::Shelf;
use crate::sample::{self, Position, Random};
use crate::servers::{Programs, Server};
use crate::session::{Outcome, Session};
use crate::trees::Tree;
use crate::turns::Running;
use crate::typing::Samples;
use crate::{golden, machine};

/// How often a server is started again. On a machine that is shared, one start is no measure.
const STARTS_AGAIN: usize = 3;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) servers: Vec<Server>,
    pub(crate) n_positions: usize,
    pub(crate) n_references: usize,
    /// Files that are edited, attribute accesses that are completed, and symbols that are searched for.
    pub(crate) n_edited_files: usize,
    pub(crate) n_accesses: usize,
    pub(crate) n_sought: usize,
    /// None for all.
    pub(crate) parts: Vec<Part>,
    pub(crate) seed: u64,
    /// How long the questions of one kind to one server about one tree may take together.
    pub(crate) budget: Duration,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Definitions and references, on every tree.
    Servers,
    /// Diagnostics after an edit, on every tree of Python.
    Diagnostics,
    /// Completion after a dot, on every tree.
    Completion,
    /// Symbols of the workspace, on every tree of Python.
    Symbols,
    /// Many editors on our server at once, on the last tree of Python.
    Sessions,
    /// The Python analyzer in the sandbox and natively, on the last tree of Python.
    Parser,
    /// A cluster of several nodes of ours, and its writes beside etcd's.
    Cluster,
}

impl Plan {
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// The servers that are shown of a tree.
    fn servers_of(&self, tree: Tree) -> impl Iterator<Item = Server> {
        self.servers.iter().copied().filter(move |server| server.speaks(tree.language))
    }

    /// Whether servers are measured beside each other.
    pub(crate) fn wants_servers(&self) -> bool {
        self.wants(Part::Servers) || self.wants_typing()
    }

    fn wants_typing(&self) -> bool {
        [Part::Diagnostics, Part::Completion, Part::Symbols].into_iter().any(|part| self.wants(part))
    }
}

/// The runs on one tree.
struct Runs<'a> {
    plan: &'a Plan,
    programs: &'a Programs<'a>,
    shelf: &'a Shelf,
    tree: Tree,
    root: &'a Path,
    golden: Option<Reference>,
}

/// Measures all servers on a tree. A server that fails has no figures, and the reason instead; only the one
/// that says what is right must not fail.
pub(crate) fn tree(tree: Tree, plan: &Plan, programs: &Programs<'_>, golden: Option<&Path>) -> Result<TreeFigures> {
    let shelf = programs.shelf;
    let root = shelf.tree(tree)?;
    let golden = golden.map(|directory| golden::read(directory, tree)).transpose()?.flatten();
    let runs = Runs { plan, programs, shelf, tree, root: &root, golden };
    let load_before = machine::load();
    let servers = match plan.wants(Part::Servers) {
        true => runs.answers()?,
        false => plan.servers_of(tree).map(|server| (server, Ok(Figures::default()))).collect(),
    };
    let mut all = TreeFigures { tree, load_before, load_after: None, servers };
    if plan.wants_typing() {
        let samples = Samples::draw(&root, tree.language, plan)?;
        runs.typed(&samples, &mut all.servers)?;
        samples.compare(&mut all);
    }
    Ok(TreeFigures { load_after: machine::load(), ..all })
}

impl Runs<'_> {
    /// What servers answer where it can be right or wrong.
    fn answers(&self) -> Result<Vec<(Server, Result<Figures, String>)>> {
        let (tree, judge) = (self.tree, self.tree.language.judge());
        let positions = sample::positions(self.root, tree.language, self.plan.n_positions, self.plan.seed)?;
        ensure!(!positions.is_empty(), "{} has no identifiers", tree.name);
        crate::say(&format!("{} {}: {}", tree.name, tree.version, judge.name()));
        let judged = self.reference(judge, positions);
        let (reference, right) = judged.with_context(|| format!("without {} nothing can be judged", judge.name()))?;
        let mut servers = Vec::new();
        for server in self.plan.servers_of(tree) {
            let figures = if server == judge {
                Ok(right.clone())
            } else {
                crate::say(&format!("{} {}: {}", tree.name, tree.version, server.name()));
                self.compared(server, &reference)
            };
            servers.push((server, figures.map_err(|error| format!("{error:#}"))));
        }
        Ok(servers)
    }

    /// What one asks while typing, of all servers that did not fail before.
    fn typed(&self, samples: &Samples, servers: &mut [(Server, Result<Figures, String>)]) -> Result<()> {
        let data = self.shelf.scratch()?;
        let mut all = Vec::new();
        for (server, figures) in servers.iter_mut().filter(|(_, figures)| figures.is_ok()) {
            crate::say(&format!("{} {}: {}, typing", self.tree.name, self.tree.version, server.name()));
            let own = data.path().join(server.name());
            std::fs::create_dir(&own)?;
            all.push(Running::start(figures, || self.start(*server, &own)));
        }
        samples.measure(&mut all, self.plan);
        all.into_iter().for_each(Running::stop);
        Ok(())
    }

    /// Asks the server whose answers are the reference. References are asked at positions that are defined in the tree.
    fn reference(&self, judge: Server, positions: Vec<Position>) -> Result<(Reference, Figures)> {
        let data = self.shelf.scratch()?;
        let mut session = self.start(judge, data.path())?;
        session.wait_until_ready()?;
        let mut outcome = Outcome::default();
        session.ask_definitions(&positions, &mut outcome)?;
        let mut reference = Reference { positions, answers: outcome.answers.clone() };
        let inside: Vec<usize> = reference.defined_inside().collect();
        let chosen = Random::new(self.plan.seed).choose(inside, self.plan.n_references);
        session.ask_references(&reference.positions, chosen, &mut outcome)?;
        reference.answers = outcome.answers.clone();
        let mut figures = self.finish(session, outcome, &reference)?;
        figures.first_again = self.first_again(judge, data.path(), &reference)?;
        if judge.keeps_data() {
            // What is right was not known yet when it was started with nothing.
            figures.first_empty = self.first_right(judge, self.shelf.scratch()?.path(), &reference)?;
        }
        Ok((reference, figures))
    }

    /// Asks a server the same.
    fn compared(&self, server: Server, reference: &Reference) -> Result<Figures> {
        let data = self.shelf.scratch()?;
        let mut session = self.start(server, data.path())?;
        let first = session.until_first_right(reference)?;
        session.wait_until_ready()?;
        let mut outcome = Outcome::default();
        session.ask_definitions(&reference.positions, &mut outcome)?;
        session.ask_references(&reference.positions, reference.answers.references.keys().copied(), &mut outcome)?;
        let mut figures = self.finish(session, outcome, reference)?;
        figures.first_empty = first.filter(|_| server.keeps_data());
        figures.first_again = self.first_again(server, data.path(), reference)?;
        Ok(figures)
    }

    /// Takes the memory, asks what the golden answers are about, and ends the server.
    fn finish(&self, mut session: Session, outcome: Outcome, reference: &Reference) -> Result<Figures> {
        let resident_bytes = session.resident_bytes();
        let golden = self.golden.as_ref().map(|golden| asked_again(&mut session, golden)).transpose()?;
        session.stop()?;
        let mut errors = outcome.errors;
        let mut misses = misses(reference, &outcome.answers);
        let golden = self.golden.as_ref().zip(golden).map(|(right, found)| {
            errors.extend(found.errors);
            misses.extend(self::misses(right, &found.answers).into_iter().map(|miss| format!("golden: {miss}")));
            right.agreement(&found.answers)
        });
        Ok(Figures {
            first_empty: None,
            first_again: None,
            definitions: outcome.definitions,
            references: outcome.references,
            resident_bytes,
            agreement: reference.agreement(&outcome.answers),
            golden,
            misses,
            errors,
            ..Figures::default()
        })
    }

    /// How long a server takes that is started once more on what an earlier one kept: the median of some starts. None if any of them
    /// gives no right answer.
    fn first_again(&self, server: Server, data: &Path, reference: &Reference) -> Result<Option<Duration>> {
        let starts = (0..STARTS_AGAIN).map(|_| self.first_right(server, data, reference));
        let took = starts.collect::<Result<Option<Vec<_>>>>()?;
        Ok(took.map(|mut took| {
            took.sort();
            took[STARTS_AGAIN / 2]
        }))
    }

    /// Starts a server for its first right answer alone.
    fn first_right(&self, server: Server, data: &Path, reference: &Reference) -> Result<Option<Duration>> {
        let mut session = self.start(server, data)?;
        let first = session.until_first_right(reference)?;
        session.stop()?;
        Ok(first)
    }

    fn start(&self, server: Server, data: &Path) -> Result<Session> {
        let command = self.programs.command(server, self.tree.language, data)?;
        Session::start(command, server.editor(), self.root, self.plan.budget)
    }
}

fn asked_again(session: &mut Session, golden: &Reference) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    session.ask_definitions(&golden.positions, &mut outcome)?;
    session.ask_references(&golden.positions, golden.answers.references.keys().copied(), &mut outcome)?;
    Ok(outcome)
}
