//! Line ends, byte-order marks, and characters of every length: what is the same program has the same facts.

use vraftls_conformance::{Component, Engine, Files, every_component};
use vraftls_index::Facts;
use vraftls_vfs::VfsPath;

use crate::support::{about, at, complaint, shown};

/// How many samples an engine is shown.
const N_SHOWN: usize = 12;

/// What a fact says, without how it is laid out: names, kinds and roles, with places as offsets in the plain text.
type Sayings = Vec<(String, u32, u32)>;

/// The symbols and occurrences of facts, their places put through `place`.
fn sayings(facts: &Facts, place: impl Fn(u32) -> u32) -> Sayings {
    let symbols = facts.symbols.iter().map(|symbol| (symbol.name.clone(), symbol.kind, place(symbol.span.start())));
    let occurrences = facts
        .occurrences
        .iter()
        .map(|found| (facts.names[found.name as usize].to_string(), found.roles.0, place(found.span.start())));
    symbols.chain(occurrences).collect()
}

/// Compares the facts of every sample with those of another spelling of it. `place` gives the offset there.
fn every_sample_says_the_same(respell: impl Fn(&str) -> String, place: impl Fn(&str, u32) -> u32) {
    every_component(|component, wrong| {
        for (path, plain) in texts(component) {
            let other = respell(plain);
            match (component.index(path, plain), component.index(path, &other)) {
                (Ok(expected), Ok(facts)) => {
                    let (expected, said) =
                        (sayings(&expected, |offset| place(plain, offset)), sayings(&facts, |offset| offset));
                    let differs = expected.iter().zip(&said).find(|(expected, said)| expected != said);
                    if expected != said {
                        wrong.push(format!("{path}: {differs:?} (expected, said): {}", shown(&other)));
                    }
                }
                (plain, other) => wrong.push(format!("{path}: {:?} {:?}", plain.err(), other.err())),
            }
        }
    });
}

/// The files of the samples that have plain line ends.
fn texts(component: &Component) -> impl Iterator<Item = (&VfsPath, &str)> {
    let files = component.samples().iter().flat_map(|sample| sample.own());
    files.map(|(path, text)| (path, text.as_str())).filter(|(_, text)| !text.contains('\r'))
}

#[test]
fn line_ends_of_two_characters_change_nothing_but_places() {
    let n_lines_before = |text: &str, offset: u32| text[..offset as usize].matches('\n').count() as u32;
    every_sample_says_the_same(|text| text.replace('\n', "\r\n"), |text, offset| offset + n_lines_before(text, offset));
}

#[test]
fn a_byte_order_mark_changes_nothing_but_places() {
    every_sample_says_the_same(|text| format!("\u{feff}{text}"), |_, offset| offset + 3);
}

#[test]
fn empty_and_blank_files_have_facts_and_answers() {
    every_component(|component, wrong| {
        let path = component.path("blank");
        let mut files = Files::new([]);
        let mut engine = Engine::open(component, files.clone());
        for text in ["", "\n", " ", "\t", "\r", "\r\n", "\u{feff}", "\u{feff}\r\n", "\0", "\u{2028}", "é"] {
            match component.index(&path, text) {
                Ok(facts) if text.trim().is_empty() && !facts.symbols.is_empty() => {
                    wrong.push(format!("{text:?} has symbols: {facts:?}"));
                }
                Ok(_) => {}
                Err(fault) => wrong.push(format!("{text:?}: {fault}")),
            }
            files = files.with(&path, text);
            engine.show(files.clone());
            for question in about(&path).into_iter().chain(at(&path, text.len() as u32)) {
                let asked = format!("{question:?}");
                wrong.extend(complaint(&engine.ask(question)).map(|why| format!("{text:?}: {asked}: {why}")));
            }
        }
    });
}

#[test]
fn characters_of_every_length_may_stand_anywhere() {
    // One scalar value of each length, a family joined from several, a combining accent, a flag, right-to-left letters.
    const STRANGE: [&str; 7] = ["é", "‰", "𝒳", "👩‍👩‍👧", "e\u{301}", "🏳️‍🌈", "שלום"];
    every_component(|component, wrong| {
        let texts: Vec<_> = texts(component).collect();
        let mut files = Files::new([]);
        let mut engine = Engine::open(component, files.clone());
        for (number, (path, text)) in texts.iter().step_by(texts.len().div_ceil(N_SHOWN)).enumerate() {
            let strange = STRANGE[number % STRANGE.len()];
            let place = text.floor_char_boundary(text.len() / 2);
            let text = format!("{}{strange}{}", &text[..place], &text[place..]);
            if let Err(fault) = component.index(path, &text) {
                wrong.push(format!("{path}: {fault}: {}", shown(&text)));
            }
            files = files.with(path, &text);
            engine.show(files.clone());
            // Inside of characters too: that is an error of the asker, and never a panic.
            for offset in place..=place + strange.len() {
                for question in at(path, offset as u32) {
                    let asked = format!("{question:?}");
                    let complaint = complaint(&engine.ask(question));
                    wrong.extend(complaint.map(|why| format!("{asked}: {why}: {}", shown(&text))));
                }
            }
        }
    });
}
