//! What a file says by itself.

use vraftls_guest_sdk::roles;

use super::*;

fn facts(text: &str) -> Facts {
    let document = Document { path: "a.rs".to_owned(), language: "rust".to_owned(), text: text.to_owned() };
    index(&document).expect("a small file")
}

fn occurrences(text: &str, name: &str) -> Vec<u32> {
    let facts = facts(text);
    let (groups, _) = facts.occurrences.as_chunks::<4>();
    groups.iter().filter(|[.., at, _]| facts.names[*at as usize] == name).map(|[.., roles]| *roles).collect()
}

#[test]
fn occurrences_have_the_roles_that_the_grammar_gives() {
    let text = "use a::thing; struct S { thing: u8 } fn f(thing: u8) { let mut x = s.thing; x = thing; s.thing = x; }";
    let member = roles::ATTRIBUTE;
    let local = roles::LOCAL;
    assert_eq!(
        occurrences(text, "thing"),
        [
            roles::IMPORTS,
            roles::DEFINES | member,
            roles::DEFINES | local | roles::PARAMETER,
            roles::REFERS | member,
            roles::REFERS,
            roles::WRITES | member
        ]
    );
    assert_eq!(occurrences(text, "x"), [roles::DEFINES | local, roles::WRITES, roles::REFERS]);
    assert_eq!(occurrences("fn f() { println!(\"{x} {y:?} {{z}}\", a = x); }", "x").len(), 2);
    assert_eq!(occurrences("fn r#type() {}", "type"), [roles::DEFINES]);
}

#[test]
fn the_interface_is_blind_to_bodies_and_to_nothing_else() {
    let hash = |text: &str| facts(text).interface_hash;
    let one = hash("pub fn f(a: u8) -> u8 { a }");
    assert_eq!(one, hash("pub fn f(a: u8) -> u8 { // why\n a + 1 }"));
    assert_ne!(one, hash("pub fn f(a: u8) -> u16 { a }"));
    assert_ne!(one, hash("/// Doc.\npub fn f(a: u8) -> u8 { a }"));
    assert_ne!(hash("fn f() -> impl Fn() { || 1 }"), hash("fn f() -> impl Fn() { || 2 }"));
    assert_ne!(
        hash("fn f() { impl A for B { const C: u8 = 1; } }"),
        hash("fn f() { impl A for B { const C: u8 = 2; } }")
    );
}

#[test]
fn the_outline_nests_members_in_their_items() {
    let text = "mod m { pub struct S { pub a: u8 } impl S { pub fn new() -> Self { S } } enum E { A, B(u8) } }";
    let symbols = facts(text).symbols;
    let shown: Vec<String> = symbols
        .iter()
        .map(|symbol| match symbols.get(symbol.parent as usize) {
            Some(parent) => format!("{} in {}", symbol.name, parent.name),
            None => symbol.name.clone(),
        })
        .collect();
    assert_eq!(shown, ["m", "S in m", "a in S", "impl S in m", "new in impl S", "E in m", "A in E", "B in E"]);
}

#[test]
fn imports_are_taken_apart() {
    let text = "use std::{fs, io::{self, Read as R}}; use super::*; use a as b;";
    let shown: Vec<String> =
        facts(text).imports.iter().map(|import| format!("{} {:?}", import.module, import.names)).collect();
    let expected = ["std [\"fs\"]", "std::io [\"self\"]", "std::io [\"Read\"]", "super [\"*\"]", "a []"];
    assert_eq!(shown, expected);
}

#[test]
fn broken_code_has_facts_and_errors() {
    let facts = facts("fn f( { struct S\nfn g() {}");
    assert!(!facts.diagnostics.is_empty());
    assert!(facts.symbols.iter().any(|symbol| symbol.name == "g"));
}
