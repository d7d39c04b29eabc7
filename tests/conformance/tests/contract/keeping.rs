//! An engine that goes on in another process answers as one that has just been opened.

use std::path::Path;

use vraftls_conformance::{Component, Engine, Files, Sample, every_component};
use vraftls_query::Question;

use crate::determinism::questions;

/// How many workspaces each component is asked about.
const N_SAMPLES: usize = 3;
/// Those that say that they can be kept. The template is for authors who have not looked at it yet.
const KEEPABLE: [&str; 4] = ["python", "rust", "toy", "typescript"];

#[test]
fn an_engine_that_goes_on_answers_as_a_fresh_one() {
    every_component(|component, wrong| {
        let samples = component.samples();
        for sample in samples.iter().step_by(samples.len().div_ceil(N_SAMPLES)) {
            let directory = tempfile::tempdir().unwrap();
            wrong.extend(complaints(component, sample, directory.path()));
        }
    });
}

/// The first process sees files that the second finds changed: one is longer, one is not there yet, one is there no more.
fn complaints(component: &Component, sample: &Sample, directory: &Path) -> Vec<String> {
    let files = Files::new(sample.files.iter().map(|(path, text)| (path.clone(), text.as_str())));
    let questions = questions(sample);
    let first = component.in_a_process(directory).unwrap();
    // Nobody waits for these answers; the engine is to know much.
    answers(&first.open(earlier(component, sample, &files)), &questions);
    let n_kept = first.end().engines_kept;

    let fresh = answers(&Engine::open(component, files.clone()), &questions);
    let second = component.in_a_process(directory).unwrap();
    let found = answers(&second.open(files), &questions);
    let n_taken_up = second.end().engines_taken_up;

    let mut wrong = Vec::new();
    let expected = u64::from(KEEPABLE.contains(&component.name()));
    if (n_kept, n_taken_up) != (expected, expected) {
        wrong.push(format!("{}: kept {n_kept} and taken up {n_taken_up} of {expected} engines", sample.name));
    }
    let differs = questions.iter().zip(fresh.iter().zip(&found)).find(|(_, (fresh, found))| fresh != found);
    if let Some((question, (fresh, found))) = differs {
        wrong.push(format!("{}: {question:?} is answered\n  {fresh}\n  afresh, and then\n  {found}", sample.name));
    }
    wrong
}

fn earlier(component: &Component, sample: &Sample, files: &Files) -> Files {
    let mut own = sample.own();
    let mut before = files.clone();
    if let Some((path, text)) = own.next() {
        before = before.with(path, &format!("{text}\n\n"));
    }
    if let Some((path, _)) = own.next() {
        before = before.without(path);
    }
    before.with(&component.path("not_there_any_more"), "")
}

fn answers(engine: &Engine, questions: &[Question]) -> Vec<String> {
    questions.iter().map(|question| format!("{:?}", engine.ask(question.clone()))).collect()
}
