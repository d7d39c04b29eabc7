//! Lines above items: the number of their references, and of implementations where there may be any. Nothing is counted here.

use ra_ap_syntax::{Edition, SourceFile};
use vraftls_guest_sdk::{Failure, Lens, Symbol};

use crate::index::{kind, symbols};
use crate::project::Source;

/// Counts references.
const REFERENCES: u32 = 1;
/// Counts implementations.
const IMPLEMENTATIONS: u32 = 2;

/// The lines above functions, types, traits, constants and macros. What is local to a function has none, and neither has what a trait
/// asks for: who looks for its references means the trait's.
pub(crate) fn lenses(source: &Source<'_>) -> Result<Vec<Lens>, Failure> {
    let symbols = symbols(&SourceFile::parse(&source.text, Edition::CURRENT).tree());
    let mut found = Vec::new();
    for symbol in symbols.iter().filter(|symbol| !is_left_out(&symbols, symbol)) {
        let is_counted = matches!(
            symbol.kind,
            kind::FUNCTION
                | kind::METHOD
                | kind::STRUCT
                | kind::ENUM
                | kind::INTERFACE
                | kind::CONSTANT
                | kind::TYPE_PARAMETER
        );
        if is_counted {
            found.push(Lens { span: symbol.span, kind: REFERENCES });
        }
        if matches!(symbol.kind, kind::STRUCT | kind::ENUM | kind::INTERFACE) {
            found.push(Lens { span: symbol.span, kind: IMPLEMENTATIONS });
        }
    }
    Ok(found)
}

/// Whether an entry of an outline lies in a function, or in the implementation of a trait.
fn is_left_out(symbols: &[Symbol], symbol: &Symbol) -> bool {
    let mut around = symbols.get(symbol.parent as usize);
    let is_of_trait = |around: &&Symbol| around.kind == kind::OBJECT && around.name.contains(" for ");
    if around.filter(is_of_trait).is_some() {
        return true;
    }
    while let Some(outer) = around {
        if matches!(outer.kind, kind::FUNCTION | kind::METHOD) {
            return true;
        }
        around = symbols.get(outer.parent as usize);
    }
    false
}
