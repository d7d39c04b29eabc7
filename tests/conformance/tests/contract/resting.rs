//! An engine that rests answers as one that never does.

use std::thread;
use std::time::{Duration, Instant};

use vraftls_conformance::{Component, Engine, Files, Process, Sample, every_component};

use crate::determinism::questions;

/// How many workspaces each component is asked about.
const N_SAMPLES: usize = 12;
/// How long a rest may take to come, on a busy machine.
const REST_MAX: Duration = Duration::from_secs(60);

#[test]
fn an_engine_that_rests_answers_as_one_that_does_not() {
    every_component(|component, wrong| {
        let samples = component.samples();
        for sample in samples.iter().step_by(samples.len().div_ceil(N_SAMPLES)) {
            wrong.extend(complaint(component, sample));
        }
    });
}

fn complaint(component: &Component, sample: &Sample) -> Option<String> {
    let files = Files::new(sample.files.iter().map(|(path, text)| (path.clone(), text.as_str())));
    let process = component.in_a_process_that_rests().unwrap();
    let (rests, never_rests) = (process.open(files.clone()), Engine::open(component, files));
    for question in questions(sample) {
        let answers = [&rests, &never_rests].map(|engine| format!("{:?}", engine.ask(question.clone())));
        if answers[0] != answers[1] {
            let [rested, other] = answers;
            return Some(format!(
                "{}: {question:?} is answered\n  {rested}\n  after a rest, else\n  {other}",
                sample.name
            ));
        }
        wait_for_rest(&process);
    }
    None
}

/// Waits until the only engine has nothing left to do. A component without engines has no rest to wait for.
fn wait_for_rest(process: &Process) {
    let gives_up = Instant::now() + REST_MAX;
    let is_due = || {
        let counters = process.counters();
        counters.engines_started > 0 && counters.engines_rested < counters.engine_calls
    };
    while is_due() {
        assert!(Instant::now() < gives_up, "it does not rest");
        thread::yield_now();
    }
}
