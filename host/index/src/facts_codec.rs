//! The bytes of facts, for disks and other nodes.
//!
//! A version byte, then postcard of the structs here, which are apart from [`Facts`] so that one can change without the
//! other. Spans are start and length, occurrences start where the last one did: small numbers, that postcard keeps in
//! few bytes. Decoding checks every invariant that `Facts` names but for the text, which is not at hand: bytes from
//! anywhere are safe.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use crate::{Diagnostic, Facts, ImportRef, Location, Occurrences, Related, Symbol, SymbolTraits};

/// The version that is written, and the only one there has been.
const VERSION: u8 = 1;

/// Why bytes are no facts.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeFactsError {
    /// They are of a version that this program does not know; 0 where there is no byte at all.
    #[error("facts of version {0} are not known")]
    UnknownVersion(u8),
    /// They are no encoding, or there are more of them than one.
    #[error("not the encoding of facts: {0}")]
    Malformed(postcard::Error),
    /// They say something that cannot be.
    #[error("facts that cannot be: {0}")]
    Invalid(&'static str),
}

#[derive(Serialize, Deserialize)]
struct WireFacts<'a> {
    #[serde(borrow)]
    symbols: Vec<WireSymbol<'a>>,
    #[serde(borrow)]
    names: Vec<&'a str>,
    /// Groups of 4: start behind the last start, length, name, roles.
    occurrences: Vec<u32>,
    #[serde(borrow)]
    imports: Vec<WireImport<'a>>,
    folds: Vec<u32>,
    #[serde(borrow)]
    diagnostics: Vec<WireDiagnostic<'a>>,
    interface_hash: u64,
}

/// Start and length.
#[derive(Serialize, Deserialize)]
struct WireSpan(u32, u32);

#[derive(Serialize, Deserialize)]
struct WireSymbol<'a> {
    name: &'a str,
    detail: &'a str,
    kind: u32,
    /// 0 for none, else the parent and 1.
    parent: u32,
    full: WireSpan,
    span: WireSpan,
    /// 1 exported, 2 deprecated, 4 private.
    traits: u8,
}

#[derive(Serialize, Deserialize)]
struct WireImport<'a> {
    module: &'a str,
    span: WireSpan,
    #[serde(borrow)]
    names: Vec<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct WireDiagnostic<'a> {
    span: WireSpan,
    severity: u8,
    code: &'a str,
    code_url: &'a str,
    message: &'a str,
    /// 1 unnecessary, 2 deprecated.
    tags: u8,
    #[serde(borrow)]
    related: Vec<WireRelated<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WireRelated<'a> {
    path: &'a str,
    span: WireSpan,
    full: WireSpan,
    message: &'a str,
}

/// The bytes of facts.
pub fn encode_facts(facts: &Facts) -> Vec<u8> {
    let wire = WireFacts {
        symbols: facts.symbols.iter().map(symbol_to_wire).collect(),
        names: facts.names.iter().map(|name| &**name).collect(),
        occurrences: occurrences_to_wire(&facts.occurrences),
        imports: facts.imports.iter().map(import_to_wire).collect(),
        folds: facts.folds.clone(),
        diagnostics: facts.diagnostics.iter().map(diagnostic_to_wire).collect(),
        interface_hash: facts.interface_hash,
    };
    postcard::to_extend(&wire, vec![VERSION]).expect("a vector takes all bytes, and lists and numbers always encode")
}

/// The facts of bytes.
pub fn decode_facts(bytes: &[u8]) -> Result<Facts, DecodeFactsError> {
    let body = match bytes.split_first() {
        Some((&VERSION, body)) => body,
        Some((&version, _)) => return Err(DecodeFactsError::UnknownVersion(version)),
        None => return Err(DecodeFactsError::UnknownVersion(0)),
    };
    let (wire, rest) = postcard::take_from_bytes::<WireFacts<'_>>(body).map_err(DecodeFactsError::Malformed)?;
    if !rest.is_empty() {
        return Err(DecodeFactsError::Invalid("bytes behind the end"));
    }
    let n_names = wire.names.len();
    if wire.names.iter().collect::<FxHashSet<_>>().len() != n_names {
        return Err(DecodeFactsError::Invalid("a name twice"));
    }
    if !wire.folds.len().is_multiple_of(3) {
        return Err(DecodeFactsError::Invalid("folds that are not in threes"));
    }
    if wire.folds.chunks_exact(3).any(|fold| fold[0] > fold[1]) {
        return Err(DecodeFactsError::Invalid("a fold that ends before it starts"));
    }
    Ok(Facts {
        symbols: wire.symbols.iter().enumerate().map(symbol_from_wire).collect::<Result<_, _>>()?,
        names: wire.names.iter().map(|&name| name.into()).collect(),
        occurrences: occurrences_from_wire(wire.occurrences, n_names)?,
        imports: wire.imports.iter().map(import_from_wire).collect::<Result<_, _>>()?,
        folds: wire.folds,
        diagnostics: wire.diagnostics.iter().map(diagnostic_from_wire).collect::<Result<_, _>>()?,
        interface_hash: wire.interface_hash,
    })
}

fn span_to_wire(span: Span) -> WireSpan {
    WireSpan(span.start(), span.len())
}

fn span_from_wire(wire: &WireSpan) -> Result<Span, DecodeFactsError> {
    let end = wire.0.checked_add(wire.1);
    end.and_then(|end| Span::new(wire.0, end)).ok_or(DecodeFactsError::Invalid("a span beyond 4 GiB"))
}

fn occurrences_to_wire(occurrences: &Occurrences) -> Vec<u32> {
    let mut wire = occurrences.as_packed().to_vec();
    let mut last = 0;
    for group in wire.chunks_exact_mut(4) {
        let start = group[0];
        group[0] = start - last;
        last = start;
    }
    wire
}

fn occurrences_from_wire(mut wire: Vec<u32>, n_names: usize) -> Result<Occurrences, DecodeFactsError> {
    let mut start = 0_u32;
    for group in wire.chunks_exact_mut(4) {
        start = start.checked_add(group[0]).ok_or(DecodeFactsError::Invalid("an occurrence beyond 4 GiB"))?;
        group[0] = start;
        if group[2] as usize >= n_names {
            return Err(DecodeFactsError::Invalid("an occurrence without a name"));
        }
    }
    Occurrences::from_packed(wire).ok_or(DecodeFactsError::Invalid("occurrences that are not in fours"))
}

fn symbol_to_wire(symbol: &Symbol) -> WireSymbol<'_> {
    let SymbolTraits { exported, deprecated, private } = symbol.traits;
    WireSymbol {
        name: &symbol.name,
        detail: &symbol.detail,
        kind: symbol.kind,
        parent: symbol.parent.map_or(0, |parent| parent.saturating_add(1)),
        full: span_to_wire(symbol.full),
        span: span_to_wire(symbol.span),
        traits: u8::from(exported) | u8::from(deprecated) << 1 | u8::from(private) << 2,
    }
}

fn symbol_from_wire((idx, wire): (usize, &WireSymbol<'_>)) -> Result<Symbol, DecodeFactsError> {
    // The parent comes before, and 1 is added to it.
    if wire.parent as usize > idx {
        return Err(DecodeFactsError::Invalid("a symbol before its parent"));
    }
    if wire.traits > 0b111 {
        return Err(DecodeFactsError::Invalid("a symbol with unknown traits"));
    }
    Ok(Symbol {
        name: wire.name.to_owned(),
        detail: wire.detail.to_owned(),
        kind: wire.kind,
        parent: wire.parent.checked_sub(1),
        full: span_from_wire(&wire.full)?,
        span: span_from_wire(&wire.span)?,
        traits: SymbolTraits {
            exported: wire.traits & 1 != 0,
            deprecated: wire.traits & 2 != 0,
            private: wire.traits & 4 != 0,
        },
    })
}

fn import_to_wire(import: &ImportRef) -> WireImport<'_> {
    let names = import.names.iter().map(String::as_str).collect();
    WireImport { module: &import.module, span: span_to_wire(import.span), names }
}

fn import_from_wire(wire: &WireImport<'_>) -> Result<ImportRef, DecodeFactsError> {
    let names = wire.names.iter().map(|&name| name.to_owned()).collect();
    Ok(ImportRef { module: wire.module.to_owned(), span: span_from_wire(&wire.span)?, names })
}

fn diagnostic_to_wire(diagnostic: &Diagnostic) -> WireDiagnostic<'_> {
    let related = diagnostic.related.iter().map(|related| WireRelated {
        path: related.location.path.as_str(),
        span: span_to_wire(related.location.span),
        full: span_to_wire(related.location.full),
        message: &related.message,
    });
    WireDiagnostic {
        span: span_to_wire(diagnostic.span),
        severity: diagnostic.severity,
        code: &diagnostic.code,
        code_url: &diagnostic.code_url,
        message: &diagnostic.message,
        tags: u8::from(diagnostic.unnecessary) | u8::from(diagnostic.deprecated) << 1,
        related: related.collect(),
    }
}

fn diagnostic_from_wire(wire: &WireDiagnostic<'_>) -> Result<Diagnostic, DecodeFactsError> {
    if !(1..=4).contains(&wire.severity) || wire.tags > 0b11 {
        return Err(DecodeFactsError::Invalid("a diagnostic of unknown severity or tags"));
    }
    let related = wire.related.iter().map(|related| {
        let path = VfsPath::new(related.path).map_err(|_| DecodeFactsError::Invalid("a location without a path"))?;
        let (span, full) = (span_from_wire(&related.span)?, span_from_wire(&related.full)?);
        Ok(Related { location: Location { path, span, full }, message: related.message.to_owned() })
    });
    Ok(Diagnostic {
        span: span_from_wire(&wire.span)?,
        severity: wire.severity,
        code: wire.code.to_owned(),
        code_url: wire.code_url.to_owned(),
        message: wire.message.to_owned(),
        unnecessary: wire.tags & 1 != 0,
        deprecated: wire.tags & 2 != 0,
        related: related.collect::<Result<_, DecodeFactsError>>()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Roles;

    fn span(start: u32, end: u32) -> Span {
        Span::new(start, end).expect("ascending")
    }

    fn sample() -> Facts {
        let path = VfsPath::new("b.py").expect("a path");
        Facts {
            symbols: vec![
                Symbol {
                    name: "Shape".into(),
                    detail: String::new(),
                    kind: 5,
                    parent: None,
                    full: span(0, 60),
                    span: span(6, 11),
                    traits: SymbolTraits { exported: true, ..SymbolTraits::default() },
                },
                Symbol {
                    name: "_área".into(),
                    detail: "(self) -> float".into(),
                    kind: 6,
                    parent: Some(0),
                    full: span(20, 60),
                    span: span(24, 30),
                    traits: SymbolTraits { deprecated: true, private: true, ..SymbolTraits::default() },
                },
            ],
            names: vec!["Shape".into(), "_área".into()],
            occurrences: Occurrences::from_packed(vec![6, 5, 0, 1, 24, 6, 1, 1, 300, 5, 0, Roles::REFERS.0])
                .expect("ascending"),
            imports: vec![ImportRef { module: ".b".into(), span: span(1, 3), names: vec!["*".into()] }],
            folds: vec![0, 60, 0],
            diagnostics: vec![Diagnostic {
                span: span(7, 8),
                severity: 1,
                code: "invalid-syntax".into(),
                code_url: String::new(),
                message: "Expected an expression".into(),
                unnecessary: false,
                deprecated: true,
                related: vec![Related {
                    location: Location { path, span: span(1, 2), full: span(0, 3) },
                    message: "here".into(),
                }],
            }],
            interface_hash: 0xdead_beef,
        }
    }

    #[test]
    fn version_1_is_these_bytes() {
        let hex: String = encode_facts(&sample()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, GOLDEN);
    }

    const GOLDEN: &str = concat!(
        "0102055368617065000500003c060501065fc3a17265610f2873656c6629202d3e20666c6f61740601142818060602055368",
        "617065065fc3a17265610c0605000112060101940205000201022e62010201012a03003c00010701010e696e76616c69642d",
        "73796e7461780016457870656374656420616e2065787072657373696f6e020104622e7079010100030468657265effdb6f5",
        "0d",
    );

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(decode_facts(&encode_facts(&sample())), Ok(sample()));
        assert_eq!(decode_facts(&encode_facts(&Facts::default())), Ok(Facts::default()));
    }

    #[test]
    fn other_versions_and_cut_or_longer_bytes_are_refused() {
        let bytes = encode_facts(&sample());
        assert_eq!(decode_facts(&[]), Err(DecodeFactsError::UnknownVersion(0)));
        assert_eq!(decode_facts(&[2, 0, 0]), Err(DecodeFactsError::UnknownVersion(2)));
        for end in 1..bytes.len() {
            assert!(decode_facts(&bytes[..end]).is_err(), "cut at {end}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(decode_facts(&longer), Err(DecodeFactsError::Invalid("bytes behind the end")));
    }

    #[test]
    fn facts_that_cannot_be_are_refused() {
        let mut orphan = sample();
        orphan.symbols.remove(0);
        let mut nameless = sample();
        nameless.names.pop();
        let mut doubled = sample();
        doubled.names[1] = "Shape".into();
        let mut uneven = sample();
        uneven.folds.pop();
        let mut inverted = sample();
        inverted.folds = vec![2, 1, 0];
        let mut severe = sample();
        severe.diagnostics[0].severity = 5;
        for facts in [orphan, nameless, doubled, uneven, inverted, severe] {
            assert!(matches!(decode_facts(&encode_facts(&facts)), Err(DecodeFactsError::Invalid(_))), "{facts:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_from_anywhere_never_panic(bytes in vec(any::<u8>(), 0..200)) {
            let _ = decode_facts(&[&[VERSION], &bytes[..]].concat());
        }

        #[test]
        fn a_flipped_byte_never_panics(at in 0..200_usize, bits in 1..=255_u8) {
            let mut bytes = encode_facts(&sample());
            let at = at % bytes.len();
            bytes[at] ^= bits;
            if let Ok(facts) = decode_facts(&bytes) {
                // What decodes is whole: its occurrences name names, its parents exist.
                prop_assert!(facts.occurrences.iter().all(|place| (place.name as usize) < facts.names.len()));
                let mut symbols = facts.symbols.iter().enumerate();
                prop_assert!(symbols.all(|(idx, symbol)| symbol.parent.is_none_or(|parent| (parent as usize) < idx)));
            }
        }
    }
}
