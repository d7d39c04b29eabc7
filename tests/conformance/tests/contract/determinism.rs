//! The same input gives the same bytes: facts are cached for ever, and a search is spread over nodes.

use vraftls_conformance::{Component, Engine, Files, Sample, every_component};
use vraftls_index::encode_facts;
use vraftls_query::Question;
use vraftls_vfs::VfsPath;

use crate::support::{about, at, words};

/// How many workspaces the engines are asked about.
const N_SAMPLES: usize = 24;
/// How many places of a file they are asked about.
const N_PLACES: usize = 6;

#[test]
fn two_instances_say_the_same_of_a_file_wherever_it_lies() {
    every_component(|component, wrong| {
        for sample in component.samples() {
            for (path, text) in &sample.files {
                let elsewhere = VfsPath::new(&format!("some/where/else/{}", path.name())).unwrap();
                let outcomes = [path, path, &elsewhere].map(|path| component.index(path, text));
                match &outcomes {
                    [Ok(first), Ok(second), Ok(third)] => {
                        let first = encode_facts(first);
                        if first != encode_facts(second) {
                            wrong.push(format!("{} {path}: two instances say different things", sample.name));
                        }
                        if first != encode_facts(third) {
                            wrong.push(format!("{} {path}: the facts depend on the directory", sample.name));
                        }
                    }
                    faults => wrong.push(format!("{} {path}: {faults:?}", sample.name)),
                }
            }
        }
    });
}

#[test]
fn an_answer_does_not_depend_on_what_was_asked_before() {
    every_component(|component, wrong| {
        let samples = component.samples();
        let mut n_replies = 0;
        for sample in samples.iter().step_by(samples.len().div_ceil(N_SAMPLES)) {
            let questions = questions(sample);
            let forward = answers(component, sample, questions.iter());
            n_replies += forward.iter().filter(|answer| answer.starts_with("Ok")).count();
            let mut backward = answers(component, sample, questions.iter().rev());
            backward.reverse();
            let differs = questions.iter().zip(forward.iter().zip(&backward)).find(|(_, (a, b))| a != b);
            if let Some((question, (one, other))) = differs {
                wrong.push(format!("{}: {question:?} is answered\n  {one}\n  and\n  {other}", sample.name));
            }
        }
        if n_replies == 0 && !component.description().features.names().is_empty() {
            wrong.push("no question has a reply".to_owned());
        }
    });
}

pub(crate) fn questions(sample: &Sample) -> Vec<Question> {
    let mut questions = Vec::new();
    for (path, text) in sample.own() {
        questions.extend(about(path));
        questions.extend(words(text, N_PLACES).into_iter().flat_map(|offset| at(path, offset)));
    }
    questions
}

fn answers<'a>(component: &Component, sample: &Sample, questions: impl Iterator<Item = &'a Question>) -> Vec<String> {
    let files = sample.files.iter().map(|(path, text)| (path.clone(), text.as_str()));
    let engine = Engine::open(component, Files::new(files));
    questions.map(|question| format!("{:?}", engine.ask(question.clone()))).collect()
}
