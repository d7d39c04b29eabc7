//! The outline: declarations in source order, each within what contains it.

use vraftls_guest_sdk::{Symbol, SymbolFlags};

use crate::module::{Decl, DeclKind, ExprKind, Module, Range};

/// The parent of an entry at the top.
const TOP: u32 = u32::MAX;
/// So much of a signature is shown.
const DETAIL_BYTES_MAX: usize = 120;

/// SymbolKind of a declaration.
pub(crate) fn symbol_kind(module: &Module, decl: &Decl) -> u32 {
    let is_function = decl.function.is_some();
    match decl.kind {
        DeclKind::Function => 12,
        DeclKind::Class => 5,
        DeclKind::Interface => 11,
        DeclKind::Alias => 26,
        DeclKind::Enum => 10,
        DeclKind::EnumMember => 22,
        DeclKind::Namespace => 3,
        DeclKind::TypeParameter => 26,
        DeclKind::Method => 6,
        DeclKind::Constructor => 9,
        DeclKind::Getter | DeclKind::Setter | DeclKind::Property => 7,
        DeclKind::Const if is_function => 12,
        DeclKind::Var | DeclKind::Let if is_function => 12,
        DeclKind::Const if !decl.flags.local => 14,
        DeclKind::Import => 2,
        _ => {
            let is_class = decl.value.is_some_and(|value| matches!(module.expr(value).kind, ExprKind::Class(_)));
            if is_class { 5 } else { 13 }
        }
    }
}

fn is_shown(module: &Module, decl: &Decl) -> bool {
    if &*decl.name == "module.exports" {
        return false;
    }
    if decl.span.start >= decl.span.end && !matches!(decl.kind, DeclKind::Class | DeclKind::Function) {
        return false;
    }
    match decl.kind {
        DeclKind::Parameter | DeclKind::Catch | DeclKind::Import | DeclKind::TypeParameter | DeclKind::Label => false,
        DeclKind::Property if decl.flags.expando => decl.function.is_some() || !decl.flags.local,
        // The members of object literals are shown where those are values of something shown.
        DeclKind::Property | DeclKind::Method | DeclKind::Getter | DeclKind::Setter => decl
            .owner
            .is_none_or(|shape| module.shape(shape).decl.is_some() || decl.function.is_some() || !decl.flags.local),
        DeclKind::Var | DeclKind::Let | DeclKind::Const => !decl.flags.local || decl.function.is_some(),
        DeclKind::Function => {
            decl.function.is_none_or(|function| module.function(function).expr.is_none() || !decl.flags.local)
        }
        _ => true,
    }
}

/// The outline.
pub(super) fn symbols(module: &Module) -> Vec<Symbol> {
    let mut shown: Vec<&Decl> = module.decls.iter().filter(|decl| is_shown(module, decl)).collect();
    shown.sort_by_key(|decl| (full(decl).start, std::cmp::Reverse(full(decl).end), decl.span.start));
    let mut found: Vec<Symbol> = Vec::with_capacity(shown.len());
    let mut open: Vec<(u32, Range)> = Vec::new();
    let mut last: Option<Range> = None;
    for decl in shown {
        // A parameter property is declared twice at one place.
        if last == Some(decl.span) {
            continue;
        }
        last = Some(decl.span);
        let full = full(decl);
        while open.last().is_some_and(|(_, range)| !range.covers(full) || *range == full) {
            open.pop();
        }
        let parent = open.last().map_or(TOP, |(number, _)| *number);
        open.push((found.len() as u32, full));
        found.push(symbol(module, decl, full, parent));
    }
    found
}

fn full(decl: &Decl) -> Range {
    Range { start: decl.full.start.min(decl.span.start), end: decl.full.end.max(decl.span.end) }
}

fn symbol(module: &Module, decl: &Decl, full: Range, parent: u32) -> Symbol {
    let mut traits = SymbolFlags::empty();
    if decl.flags.exported {
        traits = traits | SymbolFlags::EXPORTED;
    }
    if decl.flags.private {
        traits = traits | SymbolFlags::PRIVATE;
    }
    if module.docs.get(&decl.doc).is_some_and(|doc| module.slice(*doc).contains("@deprecated")) {
        traits = traits | SymbolFlags::DEPRECATED;
    }
    Symbol {
        name: decl.name.to_string(),
        detail: detail(module, decl),
        kind: symbol_kind(module, decl),
        parent,
        full: full.span(),
        span: decl.span.span(),
        traits,
    }
}

/// The parameters of a function on one line.
fn detail(module: &Module, decl: &Decl) -> String {
    let Some(function) = decl.function else { return String::new() };
    let text = module.slice(module.function(function).params_span);
    let line: Vec<&str> = text.split_whitespace().collect();
    let mut line = line.join(" ");
    if line.len() > DETAIL_BYTES_MAX {
        line.truncate(crate::syntax::floor(&line, DETAIL_BYTES_MAX));
        line.push('…');
    }
    line
}
