//! Checks what a document says by itself.

use std::collections::HashSet;

use vraftls_index::{Facts, ImportRef, Occurrences, Symbol, SymbolTraits};
use vraftls_text::Span;

use crate::bindings::exports::vraftls::analyzer::indexing as guest;
use crate::bindings::vraftls::analyzer::types::{self, SymbolFlags};
use crate::check::{Check, Rejected, bad, show, span_in};

/// `parent` of a symbol that lies in no other.
const TOP: u32 = u32::MAX;
/// The last kind of a fold.
const FOLD_KIND_MAX: u32 = 3;
/// The last `SymbolKind` of the Language Server Protocol.
const SYMBOL_KIND_MAX: u32 = 26;

/// The facts of a document with this text, or why they are not accepted.
pub(crate) fn facts(check: &mut Check<'_>, facts: guest::Facts, text: &str) -> Result<Facts, Rejected> {
    let names = names(check, facts.names)?;
    Ok(Facts {
        symbols: symbols(check, facts.symbols, text)?,
        occurrences: occurrences(check, facts.occurrences, names.len(), text)?,
        imports: imports(check, facts.imports, text)?,
        folds: folds(check, facts.folds, text)?,
        diagnostics: check.diagnostics(facts.diagnostics, text)?,
        interface_hash: facts.interface_hash,
        names,
    })
}

fn names(check: &mut Check<'_>, names: Vec<String>) -> Result<Vec<Box<str>>, Rejected> {
    check.items(names.len())?;
    let names =
        names.into_iter().map(|name| check.line(name).map(String::into_boxed_str)).collect::<Result<Vec<_>, _>>()?;
    let mut seen = HashSet::with_capacity(names.len());
    match names.iter().find(|name| !seen.insert(&***name)) {
        Some(twice) => bad(format!("the name {twice:?} stands twice in the list of names")),
        None => Ok(names),
    }
}

fn symbols(check: &mut Check<'_>, symbols: Vec<types::Symbol>, text: &str) -> Result<Vec<Symbol>, Rejected> {
    check.items(symbols.len())?;
    let symbol = |(index, symbol): (usize, types::Symbol)| {
        let parent = match symbol.parent {
            TOP => None,
            parent if (parent as usize) < index => Some(parent),
            parent => return bad(format!("symbol {index} lies in {parent}, which does not precede it")),
        };
        if !(1..=SYMBOL_KIND_MAX).contains(&symbol.kind) {
            return bad(format!("a symbol of kind {}", symbol.kind));
        }
        let (full, span) = (span_in(symbol.full, text)?, span_in(symbol.span, text)?);
        if !full.contains(span) {
            return bad(format!("a symbol whose name {} is not in its construct {}", show(span), show(full)));
        }
        Ok(Symbol {
            name: check.line(symbol.name)?,
            detail: check.line(symbol.detail)?,
            kind: symbol.kind,
            parent,
            full,
            span,
            traits: traits(symbol.traits),
        })
    };
    symbols.into_iter().enumerate().map(symbol).collect()
}

fn traits(flags: SymbolFlags) -> SymbolTraits {
    SymbolTraits {
        exported: flags.contains(SymbolFlags::EXPORTED),
        deprecated: flags.contains(SymbolFlags::DEPRECATED),
        private: flags.contains(SymbolFlags::PRIVATE),
    }
}

fn occurrences(check: &mut Check<'_>, packed: Vec<u32>, n_names: usize, text: &str) -> Result<Occurrences, Rejected> {
    check.items(packed.len() / 4)?;
    let Some(occurrences) = Occurrences::from_packed(packed) else {
        return bad("occurrences that are not groups of 4 ascending by start");
    };
    for occurrence in occurrences.iter() {
        if !occurrence.span.fits(text) {
            return bad(format!("an occurrence at {} of a text of {} bytes", show(occurrence.span), text.len()));
        }
        if occurrence.name as usize >= n_names {
            return bad(format!("an occurrence of name {} of {n_names}", occurrence.name));
        }
    }
    Ok(occurrences)
}

fn imports(check: &mut Check<'_>, imports: Vec<guest::ImportRef>, text: &str) -> Result<Vec<ImportRef>, Rejected> {
    check.items(imports.len())?;
    let mut checked = Vec::with_capacity(imports.len());
    for import in imports {
        check.items(import.names.len())?;
        checked.push(ImportRef {
            module: check.line(import.module)?,
            span: span_in(import.span, text)?,
            names: import.names.into_iter().map(|name| check.line(name)).collect::<Result<_, _>>()?,
        });
    }
    Ok(checked)
}

fn folds(check: &mut Check<'_>, folds: Vec<u32>, text: &str) -> Result<Vec<u32>, Rejected> {
    check.items(folds.len() / 3)?;
    let groups = folds.chunks_exact(3);
    let whole = groups.remainder().is_empty();
    let fits =
        |fold: &[u32]| Span::new(fold[0], fold[1]).is_some_and(|span| span.fits(text)) && fold[2] <= FOLD_KIND_MAX;
    if whole && groups.clone().all(fits) { Ok(folds) } else { bad("folds that are not groups of 3 inside the text") }
}

#[cfg(test)]
mod tests;
