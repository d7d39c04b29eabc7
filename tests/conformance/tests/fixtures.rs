//! Every fixture of every plugin, asked of its component: the sandbox must give the answers that native code gives.

use vraftls_conformance::{ComponentSubject, every_component};
use vraftls_guest_sdk::fixture::run;

#[test]
fn components_answer_as_their_fixtures_say() {
    every_component(|component, wrong| {
        let subject = ComponentSubject(component);
        for (path, text) in component.fixtures() {
            let shown = path.display();
            match run(&subject, text) {
                Ok(report) => {
                    assert!(report.n_questions > 0, "{shown} asks nothing");
                    wrong.extend(report.mismatches.iter().map(|mismatch| format!("{shown}:{mismatch}")));
                }
                Err(error) => wrong.push(format!("{shown}: {error}")),
            }
        }
    });
}
