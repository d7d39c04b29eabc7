//! Each rule of a description, broken by itself.

use super::*;

fn good() -> guest::Description {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    guest::Description {
        id: "toy-2".to_owned(),
        version: "0.1.0".to_owned(),
        title: "Toy".to_owned(),
        languages: vec![guest::Language { id: "toy".to_owned(), suffixes: texts(&["toy", "t"]) }],
        project_files: texts(&["toy.project", "toy.*.project"]),
        features: guest::Features::HOVER,
        completion_triggers: texts(&[".", "é"]),
        signature_triggers: Vec::new(),
        on_type_triggers: Vec::new(),
        token_types: texts(&["function"]),
        token_modifiers: Vec::new(),
    }
}

#[test]
fn a_sane_description_is_taken_over() {
    let checked = description(good(), |_| true).unwrap();
    assert_eq!((&*checked.id, checked.features.hover, checked.features.rename), ("toy-2", true, false));
    assert!(checked.reads("a/toy.project") && checked.reads("a/toy.b.project") && !checked.reads("toyproject"));
}

#[test]
fn a_feature_needs_its_interface_and_a_project() {
    assert!(description(good(), |interface| matches!(interface, "projects" | "hovering")).is_ok());
    for exported in ["projects", "hovering"] {
        assert!(description(good(), |interface| interface == exported).is_err());
    }
    let features = guest::Features::empty();
    assert!(description(guest::Description { features, ..good() }, |_| false).is_ok());
}

#[test]
fn each_broken_rule_is_named() {
    let one = |text: &str| vec![text.to_owned()];
    let language = |id: &str, suffix: &str| vec![guest::Language { id: id.to_owned(), suffixes: one(suffix) }];
    let long = "x".repeat(300);
    let broken = [
        guest::Description { id: String::new(), ..good() },
        guest::Description { id: "Toy".to_owned(), ..good() },
        guest::Description { id: "../toy".to_owned(), ..good() },
        guest::Description { id: "2".to_owned(), ..good() },
        guest::Description { id: long.clone(), ..good() },
        guest::Description { version: String::new(), ..good() },
        guest::Description { title: long, ..good() },
        guest::Description { title: "\u{1b}[2J".to_owned(), ..good() },
        guest::Description { languages: Vec::new(), ..good() },
        guest::Description { languages: language("", "toy"), ..good() },
        guest::Description { languages: language("toy", "a/b"), ..good() },
        guest::Description { languages: language("toy", ""), ..good() },
        guest::Description { project_files: one("a/b"), ..good() },
        guest::Description { project_files: vec!["x".to_owned(); 65], ..good() },
        guest::Description { project_files: one("*"), ..good() },
        guest::Description { project_files: one("a*b*"), ..good() },
        guest::Description { project_files: one("**"), ..good() },
        guest::Description { project_files: one("a/*"), ..good() },
        guest::Description { project_files: one("a?"), ..good() },
        guest::Description { project_files: one("[a].json"), ..good() },
        guest::Description { project_files: one("{a}"), ..good() },
        guest::Description { project_files: one("a\\*"), ..good() },
        guest::Description { completion_triggers: one("ab"), ..good() },
        guest::Description { signature_triggers: one(""), ..good() },
        guest::Description { token_modifiers: vec!["x".to_owned(); 33], ..good() },
    ];
    for (n, description) in broken.into_iter().enumerate() {
        assert!(super::description(description, |_| true).is_err(), "case {n}");
    }
}
