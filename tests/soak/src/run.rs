//! Sessions that take turns, by a seed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_harness::{Listening, Project, Random, Server};

use crate::dialect::Dialect;
use crate::memory::resident_bytes;
use crate::view::{Disk, View};
use crate::visitor::{Answered, Visitor};

/// Files of the project.
const FILES_COUNT: usize = 4;
/// Questions that are asked before any answer is read, by a session that is slow or that vanishes.
const BURST_COUNT: usize = 24;
/// A run looks at the memory so often.
const LOOKS_COUNT: u64 = 100;

/// What to do.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The language.
    pub dialect: Dialect,
    /// Sessions that are there at the same time, two or more.
    pub n_sessions: usize,
    /// Steps that are taken at least.
    pub n_steps: u64,
    /// How long to go on after these, counted from the start.
    pub lasts: Duration,
    /// What decides everything.
    pub seed: u64,
}

/// What was done. A run that returns found no answer that its session's own buffers and the disk do not explain.
#[derive(Debug, Default, Clone, Copy)]
pub struct Outcome {
    /// Steps that were taken.
    pub n_steps: u64,
    /// Answers that were compared.
    pub n_right: u64,
    /// Requests that were given up before they were answered.
    pub n_cancelled: u64,
    /// Sessions that vanished.
    pub n_vanished: u64,
    /// Sessions that ended as they should.
    pub n_left: u64,
    /// The server's resident bytes when a quarter of the time was over, where the system tells.
    pub early_bytes: Option<u64>,
    /// The same in the end, after all sessions.
    pub late_bytes: Option<u64>,
}

/// Starts a server on a new project and lets sessions work on it.
///
/// # Panics
/// If an answer is not what the view of its session says, or does not come.
pub async fn run(plan: Plan) -> Outcome {
    let disk = Arc::new(Disk::new(plan.dialect, FILES_COUNT));
    let project = Project::new(&[(plan.dialect.project_file(), "")]);
    for (file, lines) in disk.files.iter().enumerate() {
        project.write(&plan.dialect.path(file), &disk.text(file, lines));
    }
    let server = Server::with_plugins(&[plan.dialect.name()]);
    let listening = server.listen(&project).await;
    let mut house = House {
        plan,
        random: Random::new(plan.seed),
        project,
        listening,
        disk,
        visitors: Vec::new(),
        n_arrived: 0,
        outcome: Outcome::default(),
    };
    house.run().await;
    house.outcome
}

/// The server and who is there.
struct House {
    plan: Plan,
    random: Random,
    project: Project,
    listening: Listening,
    disk: Arc<Disk>,
    visitors: Vec<Visitor>,
    n_arrived: usize,
    outcome: Outcome,
}

impl House {
    async fn run(&mut self) {
        let started = Instant::now();
        while self.visitors.len() < self.plan.n_sessions {
            let visitor = self.arrive().await;
            self.visitors.push(visitor);
        }
        self.visitors[0].until_all_is_known().await;
        while self.outcome.n_steps < self.plan.n_steps || started.elapsed() < self.plan.lasts {
            self.step().await;
            self.outcome.n_steps += 1;
            let by_steps = self.outcome.n_steps * 4 >= self.plan.n_steps;
            let by_time = started.elapsed() * 4 >= self.plan.lasts;
            if self.outcome.early_bytes.is_none()
                && by_steps
                && by_time
                && self.outcome.n_steps.is_multiple_of(LOOKS_COUNT)
            {
                self.outcome.early_bytes = self.resident_bytes();
            }
        }
        for visitor in std::mem::take(&mut self.visitors) {
            let answered = visitor.leave(&self.project).await;
            self.note(answered);
            self.outcome.n_left += 1;
        }
        self.outcome.late_bytes = self.resident_bytes();
    }

    async fn arrive(&mut self) -> Visitor {
        self.n_arrived += 1;
        let view = View::new(self.disk.clone());
        Visitor::arrive(&self.listening, &self.project, view, self.n_arrived).await
    }

    /// One session does one thing.
    async fn step(&mut self) {
        let number = self.random.below(self.visitors.len());
        let others: Vec<String> = self
            .visitors
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number)
            .flat_map(|(_, visitor)| visitor.names())
            .collect();
        let visitor = &mut self.visitors[number];
        match self.random.below(100) {
            0 => self.replace(number, &others).await,
            1 => {
                // Reads nothing for a while: others go on meanwhile, and it must get everything later.
                for _ in 0..BURST_COUNT {
                    visitor.ask(&self.project, &mut self.random, &others, false).await;
                }
            }
            2..=45 => visitor.edit(&self.project, &mut self.random, &others).await,
            46..=50 => visitor.ask(&self.project, &mut self.random, &others, true).await,
            51..=70 => visitor.hear_all(&self.project).await,
            _ => visitor.ask(&self.project, &mut self.random, &others, false).await,
        }
    }

    /// A session goes, in the middle of its questions as often as not, and another comes in its place.
    async fn replace(&mut self, number: usize, others: &[String]) {
        let mut gone = self.visitors.swap_remove(number);
        let answered = if self.random.once_in(2) {
            for _ in 0..BURST_COUNT {
                gone.ask(&self.project, &mut self.random, others, false).await;
            }
            self.outcome.n_vanished += 1;
            gone.vanish().await
        } else {
            self.outcome.n_left += 1;
            gone.leave(&self.project).await
        };
        self.note(answered);
        let visitor = self.arrive().await;
        self.visitors.push(visitor);
    }

    fn note(&mut self, answered: Answered) {
        self.outcome.n_right += answered.n_right;
        self.outcome.n_cancelled += answered.n_cancelled;
    }

    fn resident_bytes(&self) -> Option<u64> {
        self.listening.process_id().and_then(resident_bytes)
    }
}
