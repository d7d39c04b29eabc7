//! Places that no editor asks about are refused in words, not by a panic.

use vraftls_conformance::{Engine, Files, every_component};
use vraftls_query::{Fault, Question};
use vraftls_vfs::VfsPath;

use crate::support::{about, at, complaint};

#[test]
fn offsets_outside_of_a_text_lead_nowhere() {
    every_component(|component, wrong| {
        let (path, text) = component.samples()[0].own().next().unwrap();
        let engine = Engine::open(component, Files::new([(path.clone(), text.as_str())]));
        for offset in [text.len() as u32 + 1, text.len() as u32 + 100, u32::MAX - 1, u32::MAX] {
            for question in at(path, offset) {
                let asked = format!("{question:?}");
                wrong.extend(complaint(&engine.ask(question)).map(|why| format!("{asked}: {why}")));
            }
        }
    });
}

#[test]
fn paths_that_are_not_there_are_not_found() {
    every_component(|component, wrong| {
        let (path, text) = component.samples()[0].own().next().unwrap();
        let engine = Engine::open(component, Files::new([(path.clone(), text.as_str())]));
        let suffix = path.suffix().unwrap_or_default();
        for missing in [format!("missing.{suffix}"), format!("@lib/missing/a.{suffix}"), format!("@bundled/a.{suffix}")]
        {
            let missing = VfsPath::new(&missing).unwrap();
            for question in about(&missing).into_iter().chain(at(&missing, 0)) {
                let asked = format!("{question:?}");
                let outcome = engine.ask(question);
                if !matches!(outcome, Err(Fault::NotFound(_) | Fault::Unsupported)) {
                    wrong.push(format!("{asked}: {outcome:?}"));
                }
            }
        }
        // And the next question is answered.
        let hover = Question::Hover { path: path.clone(), offset: 0 };
        wrong.extend(complaint(&engine.ask(hover)));
    });
}
