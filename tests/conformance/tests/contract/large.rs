//! Large files, as generators write them.

use std::collections::BTreeSet;

use vraftls_conformance::{Component, Engine, Files, every_component};
use vraftls_index::{Facts, Occurrence, Roles};
use vraftls_query::Question;

use crate::nesting::is_refusal;
use crate::support::{complaint, shown};

/// The size that has facts.
const BYTES: usize = 4 << 20;
/// The size that an engine answers in. Smaller, because an engine may have to follow all that a file says before it knows what
/// one name is: that of Python takes the square of the size for code like this.
const ENGINE_BYTES: usize = 256 << 10;

/// The largest sample without syntax errors, again and again, each time with other names for what it defines: as a generator
/// writes, not the same thing defined ten thousand times.
fn many_lines(component: &Component, bytes: usize) -> String {
    let files = component.samples().iter().flat_map(|sample| sample.own());
    let sound = files.filter_map(|(path, text)| {
        let facts = component.index(path, text).ok().filter(|facts| facts.diagnostics.is_empty())?;
        Some((text, facts))
    });
    let (sample, facts) = sound.max_by_key(|(text, _)| text.len()).unwrap();
    let mut text = String::with_capacity(bytes + sample.len() * 2);
    for copy in 0.. {
        if text.len() >= bytes {
            break;
        }
        push_renamed(&mut text, sample, &facts, copy);
        text.push('\n');
    }
    text
}

/// Writes a sample with a number behind every name that it defines.
fn push_renamed(text: &mut String, sample: &str, facts: &Facts, copy: usize) {
    let defines = |found: &Occurrence| found.roles.answers(Roles::DEFINES);
    let defined: BTreeSet<u32> = facts.occurrences.iter().filter(defines).map(|found| found.name).collect();
    let mut copied = 0;
    for occurrence in facts.occurrences.iter().filter(|occurrence| defined.contains(&occurrence.name)) {
        let end = occurrence.span.end() as usize;
        // An occurrence inside of another, as in a string that is code, is left as it is.
        if occurrence.span.start() as usize >= copied {
            text.push_str(&sample[copied..end]);
            text.push_str(&format!("_{copy}"));
            copied = end;
        }
    }
    text.push_str(&sample[copied..]);
}

#[test]
fn large_files_have_facts() {
    every_component(|component, wrong| {
        let path = component.path("large");
        for text in [many_lines(component, BYTES), "\n".repeat(BYTES), "\"".repeat(BYTES)] {
            if let Err(fault) = component.index(&path, &text) {
                wrong.push(format!("{fault}: {}", shown(&text)));
            }
        }
    });
}

#[test]
fn an_engine_answers_in_large_files() {
    every_component(|component, wrong| {
        let path = component.path("large");
        for text in [many_lines(component, ENGINE_BYTES), "\n".repeat(BYTES), "\"".repeat(BYTES)] {
            let engine = Engine::open(component, Files::new([(path.clone(), text.as_str())]));
            for offset in [0, text.len() / 2, text.len()] {
                let offset = text.floor_char_boundary(offset) as u32;
                for question in [
                    Question::Definition { path: path.clone(), offset },
                    Question::Hover { path: path.clone(), offset },
                ] {
                    let asked = format!("{question:?}");
                    let complaint = complaint(&engine.ask(question));
                    wrong.extend(complaint.map(|why| format!("{asked}: {why}: {}", shown(&text))));
                }
            }
        }
    });
}

#[test]
fn what_is_too_large_for_an_engine_is_refused_in_words() {
    every_component(|component, wrong| {
        let path = component.path("large");
        let text = many_lines(component, BYTES);
        let engine = Engine::open(component, Files::new([(path.clone(), text.as_str())]));
        let offset = text.floor_char_boundary(text.len() / 2) as u32;
        for question in
            [Question::Definition { path: path.clone(), offset }, Question::Hover { path: path.clone(), offset }]
        {
            let asked = format!("{question:?}");
            let outcome = engine.ask(question);
            let complaint = complaint(&outcome).filter(|_| !outcome.as_ref().is_err_and(is_refusal));
            wrong.extend(complaint.map(|why| format!("{asked}: {why}: {}", shown(&text))));
        }
    });
}
