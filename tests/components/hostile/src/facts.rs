//! Behaviors that return what no document says. Each forged answer breaks one rule of the contract.

use vraftls_guest_sdk::{Diagnostic, Facts, Failure, ImportRef, Location, Related, Span, Symbol, SymbolFlags};

use crate::resources;

/// Every behavior of [`forge`] that breaks a rule of the contract for a text that has at least 4 bytes and `é` in it.
pub const BROKEN: [&str; 19] = [
    "span-outside",
    "span-inside-character",
    "span-inverted",
    "span-at-the-end-of-numbers",
    "full-without-name",
    "parent-self",
    "parent-later",
    "parent-outside",
    "roles-ragged",
    "roles-unsorted",
    "roles-outside",
    "roles-overflow",
    "roles-name-outside",
    "roles-inside-character",
    "folds-ragged",
    "folds-outside",
    "import-outside",
    "diagnostic-outside",
    "related-outside",
];

/// Every behavior of [`forge`] whose answer is well-formed and far too large.
pub const HUGE: [&str; 5] = ["many-symbols", "many-occurrences", "many-names", "many-diagnostics", "huge-name"];

/// The answer that a behavior asks for; empty facts for a behavior that is not of this module.
pub fn forge(behavior: &str, text: &str) -> Result<Facts, Failure> {
    let mut facts = empty();
    let end = text.len() as u32;
    let outside = Span { start: end + 1, end: end + 5 };
    let inside_character = Span { start: inside_character(text), end };
    match behavior {
        "span-outside" => facts.symbols.push(symbol("x", outside)),
        "span-inside-character" => facts.symbols.push(symbol("x", inside_character)),
        "span-inverted" => facts.symbols.push(symbol("x", Span { start: 2, end: 1 })),
        "span-at-the-end-of-numbers" => facts.symbols.push(symbol("x", Span { start: u32::MAX, end: u32::MAX })),
        "full-without-name" => {
            facts.symbols.push(Symbol { full: Span { start: 1, end: 2 }, ..symbol("x", Span { start: 0, end: 1 }) });
        }
        "parent-self" => facts.symbols.push(child_of(0)),
        "parent-later" => facts.symbols.extend([child_of(1), child_of(u32::MAX)]),
        "parent-outside" => facts.symbols.push(child_of(77)),
        "diagnostic-outside" => facts.diagnostics.push(diagnostic(outside)),
        "related-outside" => facts.diagnostics.push(related_to_nowhere()),
        "import-outside" => facts.imports.push(import(outside)),
        "folds-ragged" => facts.folds = vec![0, 1],
        "folds-outside" => facts.folds = vec![0, end + 1, 0],
        "escapes" => facts.names = resources::readable_escapes(),
        "grants" => facts.names = resources::visible_grants(),
        "differs" => facts.interface_hash = resources::differing_number(),
        "control-characters" => facts.symbols.push(symbol("\u{1b}[2J\r\n\0\u{202e}", Span { start: 0, end: 1 })),
        "unknown-kind" => facts.symbols.push(Symbol { kind: u32::MAX, ..symbol("x", Span { start: 0, end: 1 }) }),
        "fail-internal" => return Err(Failure::Internal("asked to fail".to_owned())),
        "fail-long" => return Err(Failure::Internal("x".repeat(64 << 20))),
        _ => forge_bulk(behavior, end, inside_character.start, &mut facts),
    }
    Ok(facts)
}

/// The behaviors of packed and of huge lists.
fn forge_bulk(behavior: &str, end: u32, inside_character: u32, facts: &mut Facts) {
    let occurrences = match behavior {
        "roles-ragged" => vec![0, 1, 0, 1, 2],
        "roles-unsorted" => vec![2, 1, 0, 1, 0, 1, 0, 1],
        "roles-outside" => vec![end, 4, 0, 1],
        "roles-overflow" => vec![1, u32::MAX, 0, 1],
        "roles-name-outside" => vec![0, 1, 9, 1],
        "roles-inside-character" => vec![inside_character, end - inside_character, 0, 1],
        "many-occurrences" => [0, 0, 0, 1].repeat(8 << 20),
        _ => Vec::new(),
    };
    if !occurrences.is_empty() {
        facts.names.push("x".to_owned());
        facts.occurrences = occurrences;
    }
    match behavior {
        "many-symbols" => facts.symbols = vec![symbol("x", Span { start: 0, end: 1 }); 4_000_000],
        "many-names" => facts.names = vec!["x".to_owned(); 8_000_000],
        "many-diagnostics" => facts.diagnostics = vec![diagnostic(Span { start: 0, end: 1 }); 2_000_000],
        "huge-name" => facts.symbols.push(symbol(&"x".repeat(256 << 20), Span { start: 0, end: 1 })),
        _ => {}
    }
}

/// Facts that say nothing.
pub fn empty() -> Facts {
    Facts {
        symbols: Vec::new(),
        names: Vec::new(),
        occurrences: Vec::new(),
        imports: Vec::new(),
        folds: Vec::new(),
        diagnostics: Vec::new(),
        interface_hash: 0,
    }
}

/// An offset inside the first character of more than one byte; 0 where there is none.
pub fn inside_character(text: &str) -> u32 {
    text.char_indices().find(|(_, character)| character.len_utf8() > 1).map_or(0, |(offset, _)| offset as u32 + 1)
}

/// A finding at a place.
pub fn diagnostic(span: Span) -> Diagnostic {
    Diagnostic {
        span,
        severity: 1,
        code: "forged".to_owned(),
        code_url: String::new(),
        message: "forged".to_owned(),
        tags: 0,
        related: Vec::new(),
    }
}

fn related_to_nowhere() -> Diagnostic {
    let nowhere = Span { start: u32::MAX - 1, end: u32::MAX };
    let location = Location { path: "/etc/passwd".to_owned(), span: nowhere, full: nowhere };
    Diagnostic {
        related: vec![Related { location, message: "forged".to_owned() }],
        ..diagnostic(Span { start: 0, end: 1 })
    }
}

fn symbol(name: &str, span: Span) -> Symbol {
    Symbol {
        name: name.to_owned(),
        detail: String::new(),
        kind: 12,
        parent: u32::MAX,
        full: span,
        span,
        traits: SymbolFlags::empty(),
    }
}

fn child_of(parent: u32) -> Symbol {
    Symbol { parent, ..symbol("x", Span { start: 0, end: 1 }) }
}

fn import(span: Span) -> ImportRef {
    ImportRef { module: "x".to_owned(), span, names: Vec::new() }
}
