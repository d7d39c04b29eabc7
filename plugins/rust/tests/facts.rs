//! Whatever the text, its facts are those of a contract: spans in the text, no panic, the same twice.

use vraftls_guest_sdk::{Analyzer as _, Document};
use vraftls_rust::Rust;

const SOURCE: &str = "use a::{b, c as d};\n/// Doc.\npub fn f<'a, T: Into<u8>>(x: &'a T) -> impl Iterator<Item = T> { let r#y = \"{x}é🎉\"; y.0.1 }\n\
    impl<T> S<T> where T: A { const C: u8 = 1; }\nmacro_rules! m { ($($x:tt)*) => { $($x)* } }\nm! { fn g() {} }\nenum E { A(u8), B { c: u8 } }\n";

fn check(text: &str) {
    let document = Document { path: "a.rs".to_owned(), language: "rust".to_owned(), text: text.to_owned() };
    let facts = Rust::index(&document).expect("a small file");
    let (groups, rest) = facts.occurrences.as_chunks::<4>();
    assert!(rest.is_empty());
    let mut end = 0;
    for [start, length, name, _] in groups {
        assert!(*start >= end, "{text:?}");
        end = start + length;
        let written = text.get(*start as usize..end as usize).expect("on character boundaries");
        assert_eq!(written, facts.names[*name as usize]);
    }
    for (place, symbol) in facts.symbols.iter().enumerate() {
        assert!(symbol.parent == u32::MAX || (symbol.parent as usize) < place);
        assert!(symbol.full.start <= symbol.span.start && symbol.span.end <= symbol.full.end);
    }
    for finding in &facts.diagnostics {
        assert!(text.get(finding.span.start as usize..finding.span.end as usize).is_some(), "{text:?}");
    }
}

#[test]
fn every_beginning_of_a_file_has_facts() {
    for (end, _) in SOURCE.char_indices() {
        check(&SOURCE[..end]);
    }
}

#[test]
fn every_file_that_misses_a_piece_has_facts() {
    let places: Vec<usize> = SOURCE.char_indices().map(|(place, _)| place).collect();
    for piece in places.windows(4) {
        check(&format!("{}{}", &SOURCE[..piece[0]], &SOURCE[piece[3]..]));
    }
}

#[test]
fn line_ends_and_marks_are_text_like_any_other() {
    check(&format!("\u{feff}{}", SOURCE.replace('\n', "\r\n")));
    check("");
    check("\u{feff}");
    check("#!/usr/bin/env run\nfn main() {}");
}
