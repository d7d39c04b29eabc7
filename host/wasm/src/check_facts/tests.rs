//! Whatever a guest says: what is accepted keeps the invariants of [`Facts`], and what keeps them is accepted.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use vraftls_vfs::VfsPath;

use super::*;
use crate::Limits;
use crate::bindings::vraftls::analyzer::types;
use crate::check::Texts;

/// Characters of one to four bytes.
const TEXT: &str = "aé\n漢x🦀 z";

struct Only;

impl Texts for Only {
    fn text(&mut self, path: &VfsPath) -> Result<Arc<str>, Rejected> {
        if path.as_str() == "a.x" { Ok(TEXT.into()) } else { bad("another file") }
    }

    fn is_there(&self, path: &VfsPath) -> bool {
        path.as_str() == "a.x"
    }
}

fn any_span() -> impl Strategy<Value = types::Span> {
    let offset = prop_oneof![20 => 0..=TEXT.len() as u32 + 2, 1 => Just(u32::MAX)];
    (offset.clone(), offset).prop_map(|(start, end)| types::Span { start, end })
}

fn any_symbol() -> impl Strategy<Value = types::Symbol> {
    let parent = prop_oneof![3 => Just(u32::MAX), 2 => 0..3_u32];
    (any_span(), any_span(), parent, 0..28_u32).prop_map(|(full, span, parent, kind)| types::Symbol {
        name: "name".to_owned(),
        detail: String::new(),
        kind,
        parent,
        full,
        span,
        traits: SymbolFlags::EXPORTED,
    })
}

fn any_diagnostic() -> impl Strategy<Value = types::Diagnostic> {
    let path = prop_oneof![Just("a.x"), Just("../a.x"), Just("b.x"), Just("")];
    let related = (path, any_span(), any_span()).prop_map(|(path, span, full)| types::Related {
        location: types::Location { path: path.to_owned(), span, full },
        message: String::new(),
    });
    (any_span(), 0..6_u32, vec(related, 0..2)).prop_map(|(span, severity, related)| types::Diagnostic {
        span,
        severity,
        code: String::new(),
        code_url: String::new(),
        message: "message".to_owned(),
        tags: 3,
        related,
    })
}

fn any_facts() -> impl Strategy<Value = guest::Facts> {
    let small = 0..TEXT.len() as u32 + 3;
    let packed = || vec(prop_oneof![9 => small.clone(), 1 => Just(u32::MAX)], 0..9);
    let import = any_span().prop_map(|span| guest::ImportRef { module: "m".to_owned(), span, names: Vec::new() });
    let names = vec(prop_oneof![Just("a"), Just("b"), Just("c")], 0..3);
    (vec(any_symbol(), 0..3), names, packed(), packed(), vec(import, 0..2), vec(any_diagnostic(), 0..2)).prop_map(
        |(symbols, names, occurrences, folds, imports, diagnostics)| guest::Facts {
            symbols,
            names: names.into_iter().map(str::to_owned).collect(),
            occurrences,
            imports,
            folds,
            diagnostics,
            interface_hash: 1,
        },
    )
}

fn check(raw: guest::Facts) -> Result<Facts, Rejected> {
    let limits = Limits::default();
    facts(&mut Check::new(&limits, &mut Only), raw, TEXT)
}

fn assert_invariants(facts: &Facts) {
    let fits = |span: Span| assert!(span.fits(TEXT), "{span:?}");
    for (index, symbol) in facts.symbols.iter().enumerate() {
        fits(symbol.full);
        fits(symbol.span);
        assert!(symbol.full.contains(symbol.span));
        assert!(symbol.parent.is_none_or(|parent| (parent as usize) < index));
    }
    for occurrence in facts.occurrences.iter() {
        fits(occurrence.span);
        assert!((occurrence.name as usize) < facts.names.len());
    }
    assert!(facts.occurrences.iter().is_sorted_by_key(|occurrence| occurrence.span.start()));
    assert!(facts.names.iter().collect::<HashSet<_>>().len() == facts.names.len());
    facts.imports.iter().for_each(|import| fits(import.span));
    for fold in facts.folds.chunks(3) {
        fits(Span::new(fold[0], fold[1]).unwrap());
    }
    for diagnostic in &facts.diagnostics {
        fits(diagnostic.span);
        assert!((1..=4).contains(&diagnostic.severity));
        diagnostic.related.iter().for_each(|related| fits(related.location.span));
    }
    assert!(facts.diagnostics.is_sorted_by_key(|diagnostic| diagnostic.span));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_is_accepted_keeps_the_invariants(raw in any_facts()) {
        if let Ok(facts) = check(raw) {
            assert_invariants(&facts);
        }
    }

    #[test]
    fn a_packed_list_alone_is_accepted_exactly_if_it_keeps_them(
        packed in vec(0..TEXT.len() as u32 + 2, 0..9),
    ) {
        let raw = guest::Facts { occurrences: packed.clone(), names: vec!["a".to_owned()], ..empty() };
        let groups = packed.chunks(4);
        let keeps = groups.clone().all(|group| match *group {
            [start, length, name, _] => {
                Span::new(start, start + length).is_some_and(|span| span.fits(TEXT)) && name == 0
            }
            _ => false,
        }) && groups.is_sorted_by_key(|group| group[0]);
        prop_assert_eq!(check(raw).is_ok(), keeps);
    }
}

fn empty() -> guest::Facts {
    guest::Facts {
        symbols: Vec::new(),
        names: Vec::new(),
        occurrences: Vec::new(),
        imports: Vec::new(),
        folds: Vec::new(),
        diagnostics: Vec::new(),
        interface_hash: 0,
    }
}

#[test]
fn a_name_may_not_stand_twice() {
    let names = vec!["a".to_owned(), "b".to_owned(), "a".to_owned()];
    assert!(matches!(check(guest::Facts { names, ..empty() }), Err(Rejected::Bad(_))));
}

#[test]
fn a_link_that_is_no_web_address_is_not_accepted() {
    let diagnostic = |code_url: &str| types::Diagnostic {
        span: types::Span { start: 0, end: 1 },
        severity: 1,
        code: String::new(),
        code_url: code_url.to_owned(),
        message: String::new(),
        tags: 0,
        related: Vec::new(),
    };
    let checked = |url| check(guest::Facts { diagnostics: vec![diagnostic(url)], ..empty() });
    assert!(checked("https://example.org/rule").is_ok() && checked("").is_ok());
    assert!(checked("javascript:alert(1)").is_err() && checked("file:///etc/passwd").is_err());
}
