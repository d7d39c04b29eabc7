//! Who is told that nobody waits any more stops soon, without losing its instance.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use vraftls_conformance::{Component, Engine, Files, every_component};
use vraftls_index::Roles;
use vraftls_proto::SearchPlan;
use vraftls_query::{CancelFlag, Fault, Question, Reply};
use vraftls_vfs::VfsPath;

/// How soon.
const STOP_TIME_MAX: Duration = Duration::from_millis(100);
/// Among how many files a name is searched.
const N_FILES: usize = 300;
/// How often it is tried: a busy machine delays what is not the plugin's fault, but not always.
const N_TRIES: usize = 5;

/// Stops waiting when the engine reads a file, so that it is known where the engine is then.
#[derive(Clone, Default)]
struct Canceller {
    armed: Arc<Mutex<Option<(CancelFlag, usize)>>>,
    cancelled: Arc<Mutex<Option<Instant>>>,
}

impl Canceller {
    /// Cancels at the `n`th read from now on.
    fn arm(&self, flag: &CancelFlag, n: usize) {
        *self.armed.lock().unwrap() = Some((flag.clone(), n));
        *self.cancelled.lock().unwrap() = None;
    }

    fn on_read(&self, _: &VfsPath) {
        let mut armed = self.armed.lock().unwrap();
        if let Some((flag, n)) = &mut *armed {
            *n -= 1;
            if *n == 0 {
                flag.cancel();
                *self.cancelled.lock().unwrap() = Some(Instant::now());
                *armed = None;
            }
        }
    }

    /// How long ago it was, if it was.
    fn elapsed(&self) -> Option<Duration> {
        self.cancelled.lock().unwrap().map(|cancelled| cancelled.elapsed())
    }
}

/// A search over many files, and the engine to ask: copies of a sample in which a name is visible to other files. None where
/// every name is its own file's.
fn search(component: &Component, canceller: &Canceller) -> Option<(Engine, SearchPlan)> {
    for sample in component.samples() {
        let (path, text) = &sample.own().next()?;
        let Ok(facts) = component.index(path, text) else { continue };
        let copies = (0..N_FILES).map(|number| (component.path(&format!("copy{number:03}")), text.as_str()));
        let canceller = canceller.clone();
        let files = Files::new(copies).observed(move |path| canceller.on_read(path));
        let first = component.path("copy000");
        let engine = Engine::open(component, files);
        let defined = facts.occurrences.iter().filter(|found| found.roles.answers(Roles::DEFINES));
        for occurrence in defined.take(4) {
            let plan = engine.ask(Question::Plan { path: first.clone(), offset: occurrence.span.start() });
            if let Ok(Reply::Plan(Some(plan))) = plan
                && engine.candidates(&plan).len() == N_FILES
            {
                return Some((engine, plan));
            }
        }
    }
    None
}

#[test]
fn a_search_over_many_files_stops_when_nobody_waits() {
    every_component(|component, wrong| {
        if !component.description().features.references {
            return;
        }
        let mut tries = Vec::new();
        for _ in 0..N_TRIES {
            let canceller = Canceller::default();
            let Some((engine, plan)) = search(component, &canceller) else { return };
            let files = engine.candidates(&plan);
            let cancel = CancelFlag::default();
            canceller.arm(&cancel, 3);
            let outcome = engine.ask_until(Question::Confirm { plan, files }, &cancel);
            let took = canceller.elapsed();
            match (outcome, took) {
                (Err(Fault::Cancelled), Some(took)) if took <= STOP_TIME_MAX => return,
                (outcome, took) => tries.push(format!("{:?} after {took:?}", outcome.map(|_| "an answer"))),
            }
        }
        wrong.push(format!("a cancelled search ends with {}", tries.join(", ")));
    });
}
