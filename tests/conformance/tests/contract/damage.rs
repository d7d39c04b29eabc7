//! Broken source is normal input: it is answered, and no instance is lost.

use vraftls_conformance::{Component, Engine, Files, every_component};
use vraftls_vfs::VfsPath;

use crate::nesting::is_refusal;
use crate::support::{about, at, complaint, shown, spread};

/// How many ends a file is cut at.
const N_CUTS: usize = 8;
/// How many damaged files an engine is shown.
const N_SHOWN: usize = 60;

/// What a person who types, or a merge, leaves in a text.
fn damaged(text: &str) -> Vec<String> {
    let places = spread(text, N_CUTS);
    let mut all: Vec<String> = places.iter().map(|cut| text[..*cut].to_owned()).collect();
    for pair in places.windows(2) {
        let (before, between, after) = (&text[..pair[0]], &text[pair[0]..pair[1]], &text[pair[1]..]);
        all.push(format!("{before}{after}"));
        all.push(format!("{before}{between}{between}{after}"));
    }
    for noise in ["\"", "'", "(", ")", "}", "\\", "`", "/*", "<<<<<<< HEAD\n", "\0", "\u{7f}", "\n\n\t \u{b}\u{c}"] {
        let middle = places[places.len() / 2];
        all.push(format!("{}{noise}{}", &text[..middle], &text[middle..]));
    }
    all
}

/// A file of the samples, and what became of it.
struct Input<'a> {
    path: &'a VfsPath,
    whole: &'a str,
    damaged: String,
}

/// Each file of the samples with all its damages.
fn inputs(component: &Component) -> impl Iterator<Item = Input<'_>> {
    let files = component.samples().iter().flat_map(|sample| sample.own());
    files.flat_map(|(path, whole)| damaged(whole).into_iter().map(move |damaged| Input { path, whole, damaged }))
}

#[test]
fn damaged_files_have_facts() {
    every_component(|component, wrong| {
        for Input { path, damaged, .. } in inputs(component) {
            if let Err(fault) = component.index(path, &damaged) {
                wrong.push(format!("{path}: {fault}: {}", shown(&damaged)));
            }
        }
    });
}

#[test]
fn an_engine_answers_in_files_that_are_being_typed() {
    every_component(|component, wrong| {
        let inputs: Vec<_> = inputs(component).collect();
        let mut files = Files::new([]);
        let mut engine = Engine::open(component, files.clone());
        for Input { path, whole, damaged } in inputs.iter().step_by(inputs.len().div_ceil(N_SHOWN)) {
            files = files.with(path, damaged);
            engine.show(files.clone());
            let ends = [damaged.len(), damaged.floor_char_boundary(damaged.len() / 2)];
            let places = ends.into_iter().flat_map(|offset| at(path, offset as u32));
            for question in about(path).into_iter().chain(places) {
                let asked = format!("{question:?}");
                let Some(complaint) = complaint(&engine.ask(question.clone())) else { continue };
                // What is refused in words as it stands says nothing about damage.
                engine.show(files.with(path, whole));
                if !engine.ask(question).is_err_and(|fault| is_refusal(&fault)) {
                    wrong.push(format!("{asked}: {complaint}: {}", shown(damaged)));
                }
                engine.show(files.clone());
            }
        }
    });
}
