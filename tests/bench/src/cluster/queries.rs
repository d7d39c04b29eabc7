//! References and symbols of a large tree: one group on one node, beside eight groups on three nodes; again when the replicas have moved
//! over to a fourth node and away from another, and again when a leader is dead.
//!
//! Both are asked the same in turns, so that whatever else the machine does meets both. Answers are compared as they came, each sorted.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::nodes::{Nodes, Shape};
use super::rows::{Row, heading, row};
use super::served::Served;
use crate::language::Language;
use crate::latency::Latencies;
use crate::outside::Shelf;
use crate::sample::{self, Position, Random};
use crate::session::Session;
use crate::tokens::identifiers;
use crate::trees::PYTHON_TREES;

const ONE: Shape = Shape { n_nodes: 1, n_data_groups: 1 };
const MANY: Shape = Shape { n_nodes: 3, n_data_groups: 8 };
const N_REFERENCES: usize = 40;
const N_SYMBOLS: usize = 40;
/// Every question is asked so often; the first answer of each is compared but not counted.
const N_TIMES: usize = 3;
/// How much longer many groups may take.
const SLOWER_MAX: f64 = 2.0;
const ANSWER_MAX: Duration = Duration::from_secs(120);
/// After the death of a node, an answer may fail at first, and must come until then.
const AGAIN_MAX: Duration = Duration::from_secs(30);
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Differences that are told.
const N_SHOWN_MAX: usize = 3;

/// A question of the recorded set.
enum Question {
    References(Position),
    Symbols(String),
}

impl Question {
    fn shown(&self) -> String {
        match self {
            Self::References(Position { file, line, character }) => {
                format!("references at {file}:{}:{}", line + 1, character + 1)
            }
            Self::Symbols(name) => format!("symbols `{name}`"),
        }
    }

    /// The answer as text that does not depend on the order in which things came.
    fn ask(&self, session: &mut Session) -> Result<(String, Duration)> {
        let (method, parameters) = match self {
            Self::References(Position { file, line, character }) => {
                let document = json!({ "uri": session.open(file)? });
                let position = json!({ "line": line, "character": character });
                let context = json!({ "includeDeclaration": true });
                let all = json!({ "textDocument": document, "position": position, "context": context });
                ("textDocument/references", all)
            }
            Self::Symbols(name) => ("workspace/symbol", json!({ "query": name })),
        };
        let answer = session.client().ask(method, &parameters, ANSWER_MAX)?;
        Ok((sorted(&answer.result.map_err(anyhow::Error::msg)?), answer.took))
    }
}

fn sorted(answer: &Value) -> String {
    let mut items: Vec<String> = answer.as_array().into_iter().flatten().map(Value::to_string).collect();
    items.sort();
    items.join("\n")
}

/// Measures both; the rows, and differences for people.
pub(super) fn measure(binary: &Path, shelf: &Shelf, plugin: &Path, seed: u64) -> Result<(Vec<Row>, Vec<String>)> {
    let django = PYTHON_TREES.last().context("there are trees")?;
    let root = shelf.tree(*django)?;
    let questions = questions(&root, seed)?;
    crate::say("cluster: queries, one group on one node beside eight on three");
    let one = Served::start(Nodes::start(binary, shelf, ONE, &[plugin])?, &root)?;
    let mut many = Served::start(Nodes::start(binary, shelf, MANY, &[plugin])?, &root)?;
    let mut sessions = [one.connect()?, many.connect()?];
    for session in &mut sessions {
        session.wait_until_ready()?;
    }
    let (mut notes, mut right) = (Vec::new(), Vec::new());
    let mut took = [[Latencies::default(), Latencies::default()], [Latencies::default(), Latencies::default()]];
    let (mut n_differ, mut n_failed, mut n_empty) = (0, 0, 0);
    for question in &questions {
        let kind = usize::from(matches!(question, Question::Symbols(_)));
        let mut answers = [String::new(), String::new()];
        for time in 0..N_TIMES {
            for (number, session) in sessions.iter_mut().enumerate() {
                match question.ask(session) {
                    Ok((answer, lasted)) => {
                        if time > 0 {
                            took[number][kind].add(lasted);
                        }
                        answers[number] = answer;
                    }
                    Err(error) => {
                        n_failed += 1;
                        notes.push(format!("{}: {error:#}", question.shown()));
                    }
                }
            }
        }
        n_empty += usize::from(answers[0].is_empty());
        if answers[0] != answers[1] {
            n_differ += 1;
            notes.push(difference(question, &answers));
        }
        right.push(answers[0].clone());
    }
    let lesson = Lesson { questions: &questions, right: &right };
    let moved = after_moves(&mut many, lesson, &mut notes)?;
    let dead = after_a_death(&mut many, lesson, &mut notes)?;
    notes.truncate(N_SHOWN_MAX * 3);
    let millis =
        |number: usize, kind: usize| took[number][kind].percentile(50).unwrap_or_default().as_secs_f64() * 1000.0;
    let mut rows =
        vec![heading(format!("{} questions about {}: 8 groups on 3 nodes", questions.len(), django.name), "1 on 1")];
    for (kind, title) in ["  references p50 (ms)", "  workspace symbols p50 (ms)"].into_iter().enumerate() {
        let (few, all) = (millis(0, kind), millis(1, kind));
        rows.push(row(title, all, 2).beside(few, 2).bar(format!("<= {SLOWER_MAX}x"), all <= SLOWER_MAX * few));
    }
    rows.push(row("  answers that differ", f64::from(n_differ), 0).at_most(f64::from(n_differ), 0.0));
    rows.push(row("  questions that failed", f64::from(n_failed), 0).at_most(f64::from(n_failed), 0.0));
    rows.push(row("  empty answers", n_empty as f64, 0));
    rows.extend(moved);
    rows.extend(dead);
    Ok((rows, notes))
}

fn difference(question: &Question, answers: &[String; 2]) -> String {
    let only = |number: usize| {
        let other: Vec<&str> = answers[1 - number].lines().collect();
        answers[number].lines().find(|line| !other.contains(line)).unwrap_or("nothing").to_owned()
    };
    let counts = answers.each_ref().map(|answer| answer.lines().count());
    format!(
        "{}: {} and {} items; only one has {}; only the other has {}",
        question.shown(),
        counts[0],
        counts[1],
        only(0),
        only(1)
    )
}

/// The questions with their right answers.
#[derive(Clone, Copy)]
struct Lesson<'a> {
    questions: &'a [Question],
    right: &'a [String],
}

/// What became of the questions once more.
struct Again {
    /// Until the first answer.
    first: Duration,
    n_differ: usize,
}

impl Lesson<'_> {
    /// Asks everything once more. What fails is asked again for a while.
    fn ask(self, when: &str, session: &mut Session, notes: &mut Vec<String>) -> Again {
        let started = Instant::now();
        let (mut first, mut n_differ) = (None, 0);
        for (question, right) in self.questions.iter().zip(self.right) {
            let began = Instant::now();
            let answer = loop {
                match question.ask(session) {
                    Ok((answer, _)) => break Ok(answer),
                    Err(error) if began.elapsed() > AGAIN_MAX => break Err(error),
                    Err(_) => thread::sleep(AGAIN_AFTER),
                }
            };
            first.get_or_insert_with(|| started.elapsed());
            match answer {
                Ok(answer) if answer == *right => {}
                Ok(answer) => {
                    n_differ += 1;
                    notes.push(format!("{when}, {}", difference(question, &[right.clone(), answer])));
                }
                Err(error) => {
                    n_differ += 1;
                    notes.push(format!("{when}, {}: {error:#}", question.shown()));
                }
            }
        }
        Again { first: first.unwrap_or_default(), n_differ }
    }
}

/// Lets a fourth node in, and drains the node that answered so far.
fn after_moves(many: &mut Served, lesson: Lesson<'_>, notes: &mut Vec<String>) -> Result<Vec<Row>> {
    let mut old = many.connect()?;
    old.wait_until_ready()?;
    crate::say("cluster: queries, a fourth node joins");
    let began = Instant::now();
    let joined = many.nodes.join()?;
    many.nodes.run(&["cluster", "rebalance"])?;
    let mut rows = Vec::new();
    let even = |nodes: &Nodes| nodes.wait_until_even();
    rows.extend(moving(many, lesson, &mut old, notes, (&format!("node {joined} joins"), began), even)?);
    let n_replicas = many.nodes.replicas_on(joined)?;
    anyhow::ensure!(n_replicas > 0, "node {joined} got nothing");
    rows.push(row(format!("    replicas that node {joined} got"), n_replicas as f64, 0));
    let busiest = many.nodes.busiest()?;
    crate::say(&format!("cluster: queries, node {busiest} is drained, which answered most"));
    let began = Instant::now();
    many.nodes.run(&["cluster", "drain", &busiest.to_string()])?;
    let empty = |nodes: &Nodes| nodes.wait_until_empty(busiest);
    rows.extend(moving(many, lesson, &mut old, notes, (&format!("node {busiest} is drained"), began), empty)?);
    old.stop()?;
    Ok(rows)
}

/// What becomes of the questions while replicas move, and when they have: a session from before asks during it, and again
/// afterwards, as does one that is new then.
fn moving(
    many: &Served,
    lesson: Lesson<'_>,
    old: &mut Session,
    notes: &mut Vec<String>,
    (what, began): (&str, Instant),
    wait: impl Fn(&Nodes) -> Result<()>,
) -> Result<Vec<Row>> {
    let during = lesson.ask(&format!("while {what}"), old, notes).n_differ;
    wait(&many.nodes)?;
    let took = began.elapsed().as_secs_f64();
    let mut new = many.connect()?;
    new.wait_until_ready()?;
    let by_old = lesson.ask(&format!("after {what}"), old, notes).n_differ;
    let by_new = lesson.ask(&format!("after {what}, a new session"), &mut new, notes).n_differ;
    new.stop()?;
    let differ = |title: &str, n: usize| row(format!("    {title}: answers that differ"), n as f64, 0);
    Ok(vec![
        row(format!("  {what}: all has moved after (s)"), took, 2),
        differ("meanwhile", during).at_most(during as f64, 0.0),
        differ("then", by_old + by_new).at_most((by_old + by_new) as f64, 0.0),
    ])
}

fn after_a_death(many: &mut Served, lesson: Lesson<'_>, notes: &mut Vec<String>) -> Result<Vec<Row>> {
    let mut session = many.connect()?;
    session.wait_until_ready()?;
    let leader = many.nodes.leader(1)?;
    crate::say(&format!("cluster: queries, node {leader} is killed, which leads group 1"));
    many.nodes.kill(leader)?;
    let again = lesson.ask("after a death", &mut session, notes);
    session.stop()?;
    let first = again.first.as_secs_f64();
    Ok(vec![
        row("  a leader killed: answers again after (s)", first, 2).at_most(first, 2.0),
        row("    then: answers that differ", again.n_differ as f64, 0).at_most(again.n_differ as f64, 0.0),
    ])
}

/// References at positions, and symbols by names, all drawn from the tree.
fn questions(root: &Path, seed: u64) -> Result<Vec<Question>> {
    let positions = sample::positions(root, Language::Python, N_REFERENCES, seed)?;
    let texts = sample::texts(root, Language::Python)?;
    let identifiers = texts.iter().flat_map(|(_, text)| identifiers(Language::Python, text));
    let names = identifiers.map(|id| id.name.to_owned());
    let mut names: Vec<String> = names.filter(|name| name.len() > 3).collect();
    names.sort();
    names.dedup();
    let names = Random::new(seed).choose(names, N_SYMBOLS);
    Ok(positions.into_iter().map(Question::References).chain(names.into_iter().map(Question::Symbols)).collect())
}
