//! Many editors on one server of ours: whether each gets its own answers, in time, and what each costs.
//!
//! One session alone says what is right, and how long answers take while nobody else is there. Then many sessions come, each
//! opens files of its own choice, and again and again one writes or deletes a line somewhere and asks for a definition. Its
//! answer must be the one of the text on disk, moved as the session's own lines moved it. Then all leave, and a second crowd
//! comes: what the first left behind must not be left twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::agreement::Place;
use crate::client::Client;
use crate::gaps::{Gap, gaps};
use crate::language::Language;
use crate::latency::Latencies;
use crate::sample::{Position, Random};
use crate::session::Session;
use crate::shifts::Shifts;
use crate::tokens::identifiers;
use crate::{machine, memory, sample};

/// Files that sessions choose from, the files that each has open, and the questions that are known about each file.
const FILES_COUNT: usize = 60;
const OPEN_COUNT: usize = 5;
const QUESTIONS_OF_FILE: usize = 12;
/// Memory is taken when it changed by no more than this for so long, or at the latest after that.
const STEADY_BYTES: u64 = 1 << 20;
const STEADY: Duration = Duration::from_secs(3);
const STEADY_MAX: Duration = Duration::from_secs(60);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// What a session is given to say what it has to say before it is left alone.
const SETTLE: Duration = Duration::from_millis(50);
/// Each session has a thread of its own.
const STACK_BYTES: usize = 512 * 1024;

/// How many come, and what they do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) n_sessions: usize,
    /// Edits with a question of each session of a crowd, and of the session that is alone.
    pub(crate) n_steps: usize,
    pub(crate) n_steps_alone: usize,
    /// How long a person thinks between two of these, on average.
    pub(crate) think: Duration,
    pub(crate) seed: u64,
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct CrowdFigures {
    pub(crate) n_sessions: usize,
    pub(crate) think: Duration,
    pub(crate) load_before: Option<f64>,
    pub(crate) load_after: Option<f64>,
    /// Of the session that was alone.
    pub(crate) alone: Latencies,
    /// Of all sessions of the crowds.
    pub(crate) crowded: Latencies,
    /// The longest that each session waited.
    pub(crate) longest: Latencies,
    /// Questions of the session that had the fewest answers, and what each asked.
    pub(crate) n_answered_min: usize,
    pub(crate) n_asked: usize,
    /// From the first question of the crowds to the last answer.
    pub(crate) took: Duration,
    pub(crate) memory: Memory,
    /// Answers that are not the session's own, for people.
    pub(crate) wrong: Vec<String>,
    pub(crate) errors: Vec<String>,
}

/// The server's memory at one moment, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    pub(crate) resident: u64,
    /// Of that, by the server's own count: answers that it keeps, and the memory of its analyzers. Both have budgets.
    pub(crate) caches: u64,
    pub(crate) analyzers: u64,
}

/// The server's memory.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// When the session that was alone has left.
    pub(crate) before: Held,
    /// With the first crowd there, its files open, and nothing asked.
    pub(crate) idle: Held,
    /// When it has asked everything.
    pub(crate) busy: Held,
    /// When it has left.
    pub(crate) left: Held,
    /// When the second has left.
    pub(crate) left_again: Held,
}

impl Held {
    /// What is neither kept answers nor analyzers.
    pub(crate) fn rest(&self) -> u64 {
        self.resident.saturating_sub(self.caches + self.analyzers)
    }
}

impl CrowdFigures {
    /// What one more idle session costs, in bytes.
    pub(crate) fn idle_session_bytes(&self) -> f64 {
        self.memory.idle.resident.saturating_sub(self.memory.before.resident) as f64 / self.n_sessions.max(1) as f64
    }
}

/// Measures our server, started by this command without an address, on a tree.
pub(crate) fn measure(command: Command, root: &Path, plan: Plan) -> Result<CrowdFigures> {
    let server = Listening::start(command, root)?;
    let mut figures = CrowdFigures {
        n_sessions: plan.n_sessions,
        think: plan.think,
        n_asked: plan.n_steps,
        load_before: machine::load(),
        ..CrowdFigures::default()
    };
    let mut random = Random::new(plan.seed);
    let lesson = Lesson::learn(&server, root, &mut random)?;
    crate::say("sessions: one alone");
    let mut alone = Worker::arrive(&server, root, &lesson, plan.seed)?;
    alone.work(&lesson, plan.n_steps_alone, plan.think)?;
    figures.alone = alone.latencies.clone();
    alone.tell(&mut figures);
    alone.session.stop()?;
    figures.memory.before = server.held(root)?;
    for crowd in [1, 2] {
        crate::say(&format!("sessions: {} at once, crowd {crowd}", plan.n_sessions));
        let memory = server.crowd(root, &lesson, plan, crowd, &mut figures)?;
        if crowd == 1 {
            figures.memory = Memory { before: figures.memory.before, ..memory };
        } else {
            figures.memory.left_again = memory.left;
        }
    }
    figures.load_after = machine::load();
    Ok(figures)
}

/// A server that is ended with us.
struct Listening {
    child: Child,
    address: String,
}

impl Listening {
    fn start(mut command: Command, root: &Path) -> Result<Self> {
        command.args(["--listen", "tcp://127.0.0.1:0", "--root"]).arg(root).current_dir(root);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        match line.trim().strip_prefix("listening on tcp://") {
            Some(address) => Ok(Self { address: address.to_owned(), child }),
            None => bail!("the server does not listen ({})", child.wait()?),
        }
    }

    /// Lets a crowd come, work and leave; what the server had in memory meanwhile.
    fn crowd(
        &self,
        root: &Path,
        lesson: &Lesson,
        plan: Plan,
        crowd: u64,
        figures: &mut CrowdFigures,
    ) -> Result<Memory> {
        let mut workers = Vec::new();
        for number in 0..plan.n_sessions as u64 {
            workers.push(Worker::arrive(self, root, lesson, plan.seed + (crowd << 32) + number)?);
        }
        let idle = self.held(root)?;
        let started = Instant::now();
        thread::scope(|scope| -> Result<()> {
            let mut working = Vec::new();
            for worker in &mut workers {
                let thread = thread::Builder::new().stack_size(STACK_BYTES);
                working.push(thread.spawn_scoped(scope, || worker.work(lesson, plan.n_steps, plan.think))?);
            }
            for thread in working {
                if let Err(error) = thread.join().expect("a session does not panic") {
                    figures.errors.push(format!("{error:#}"));
                }
            }
            Ok(())
        })?;
        figures.took += started.elapsed();
        let busy = self.held(root)?;
        figures.n_answered_min = if crowd == 1 { usize::MAX } else { figures.n_answered_min };
        for worker in workers {
            worker.tell(figures);
            figures.n_answered_min = figures.n_answered_min.min(worker.latencies.count());
            figures.crowded.extend(&worker.latencies);
            figures.longest.add(worker.latencies.percentile(100).unwrap_or_default());
            worker.session.stop()?;
        }
        let left = self.held(root)?;
        Ok(Memory { idle, busy, left, ..Memory::default() })
    }

    /// The server's memory once it does not change any more.
    fn held(&self, root: &Path) -> Result<Held> {
        let resident = self.steady_bytes()?;
        let mut client = Client::connect(&self.address, root)?;
        let status = client.ask("vraftls/status", &Value::Null, STEADY_MAX)?.result.map_err(anyhow::Error::msg)?;
        client.stop()?;
        let bytes = |value: &Value| value.as_u64().unwrap_or(0);
        let (caches, analyzers) = (bytes(&status["cacheBytes"]), bytes(&status["sandbox"]["enginesBytes"]));
        Ok(Held { resident, caches, analyzers })
    }

    /// The resident bytes once they do not change any more.
    fn steady_bytes(&self) -> Result<u64> {
        let bytes =
            || memory::resident_bytes(self.child.id()).context("the system does not tell how much memory is used");
        let gives_up = Instant::now() + STEADY_MAX;
        let (mut last, mut since) = (bytes()?, Instant::now());
        while since.elapsed() < STEADY && Instant::now() < gives_up {
            thread::sleep(LOOK_AGAIN_AFTER);
            let now = bytes()?;
            if now.abs_diff(last) > STEADY_BYTES {
                (last, since) = (now, Instant::now());
            }
        }
        bytes()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What is known to be right about the files on disk.
struct Lesson {
    files: BTreeMap<String, Known>,
}

/// A file that can be opened, edited and asked about.
struct Known {
    text: String,
    gaps: Vec<Gap>,
    questions: Vec<(Position, BTreeSet<Place>)>,
}

impl Lesson {
    /// Asks everything in a session that edits nothing.
    fn learn(server: &Listening, root: &Path, random: &mut Random) -> Result<Self> {
        let with_gaps = sample::texts(root, Language::Python)?.into_iter().filter(|(_, text)| !gaps(text).is_empty());
        let chosen = random.choose(with_gaps.collect(), FILES_COUNT);
        let mut session = Session::connect(&server.address, root)?;
        session.wait_until_ready()?;
        let mut files = BTreeMap::new();
        for (file, text) in chosen {
            let all = identifiers(Language::Python, &text).iter().map(|id| (id.line, id.character)).collect();
            let mut questions = Vec::new();
            for (line, character) in random.choose(all, QUESTIONS_OF_FILE) {
                let position = Position { file: file.clone(), line, character };
                let places = session.definition(&position)?.places.map_err(anyhow::Error::msg)?;
                questions.push((position, places.into_iter().collect()));
            }
            files.insert(file, Known { gaps: gaps(&text), text, questions });
        }
        session.stop()?;
        Ok(Self { files })
    }
}

/// One session and what came of it.
struct Worker {
    session: Session,
    random: Random,
    files: Vec<String>,
    shifts: Shifts,
    latencies: Latencies,
    wrong: Vec<String>,
    errors: Vec<String>,
}

impl Worker {
    /// Connects and opens files.
    fn arrive(server: &Listening, root: &Path, lesson: &Lesson, seed: u64) -> Result<Self> {
        let mut random = Random::new(seed);
        let files = random.choose(lesson.files.keys().cloned().collect(), OPEN_COUNT);
        let mut session = Session::connect(&server.address, root)?;
        for file in &files {
            session.open_as(file, &lesson.files[file].text)?;
        }
        session.client().listen(Instant::now() + SETTLE)?;
        let (shifts, latencies, wrong, errors) = Default::default();
        Ok(Self { session, random, files, shifts, latencies, wrong, errors })
    }

    /// Thinks, edits and asks, so many times.
    fn work(&mut self, lesson: &Lesson, n_steps: usize, think: Duration) -> Result<()> {
        for step in 0..n_steps {
            let pause = think.mul_f64(self.random.below(2001) as f64 / 1000.0);
            self.session.client().listen(Instant::now() + pause)?;
            let file = self.files[self.random.below(self.files.len())].clone();
            let known = &lesson.files[&file];
            self.edit(&file, known, step)?;
            let (position, right) = &known.questions[self.random.below(known.questions.len())];
            let line = self.shifts.line(&file, position.line);
            let asked = self.session.definition(&Position { line, ..position.clone() })?;
            match asked.places {
                Ok(places) => {
                    self.latencies.add(asked.took);
                    let moved =
                        |(file, line, character): &Place| (file.clone(), self.shifts.line(file, *line), *character);
                    let right: BTreeSet<Place> = right.iter().map(moved).collect();
                    let found: BTreeSet<Place> = places.into_iter().collect();
                    if right != found {
                        let Position { file, line, character } = position;
                        self.wrong
                            .push(format!("{file}:{line}:{character} on disk: {right:?} expected, {found:?} found"));
                    }
                }
                Err(error) => self.errors.push(error),
            }
        }
        Ok(())
    }

    /// Writes a comment before the body of a function, or deletes one that was written.
    fn edit(&mut self, file: &str, known: &Known, step: usize) -> Result<()> {
        let written = self.shifts.written(file);
        if !written.is_empty() && self.random.below(3) == 0 {
            let before = written[self.random.below(written.len())];
            let line = self.shifts.remove(file, before).context("it is written there")?;
            return self.session.edit(file, (line, 0), (line + 1, 0), "");
        }
        let gap = &known.gaps[self.random.below(known.gaps.len())];
        let line = self.shifts.insert(file, gap.line);
        self.session.edit(file, (line, 0), (line, 0), &format!("{}# step {step}\n", gap.indent))
    }

    fn tell(&self, figures: &mut CrowdFigures) {
        figures.wrong.extend(self.wrong.iter().cloned());
        figures.errors.extend(self.errors.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_session_costs_what_all_cost_together() {
        let held = |resident| Held { resident, ..Held::default() };
        let memory = Memory { before: held(100), idle: held(500), ..Memory::default() };
        let figures = CrowdFigures { n_sessions: 4, memory, ..CrowdFigures::default() };
        assert_eq!(figures.idle_session_bytes(), 100.0);
        assert_eq!(CrowdFigures::default().idle_session_bytes(), 0.0);
    }
}
