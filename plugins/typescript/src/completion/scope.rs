//! Names in scope, keys that an object literal is expected to have, names that would have to be imported, keywords.

use std::rc::Rc;

use vraftls_guest_sdk::CompletionItem;

use super::rank::Usage;
use super::{Question, Token, item, item_kind, plain};
use crate::imports;
use crate::module::{DeclId, DeclKind, Module, Name, Occ, Range};
use crate::store::{BUILTINS, FileId};

/// Words of the language.
const KEYWORDS: [&str; 46] = [
    "abstract",
    "any",
    "as",
    "async",
    "await",
    "boolean",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "default",
    "delete",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "from",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "number",
    "of",
    "return",
    "string",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "type",
    "typeof",
    "undefined",
    "while",
];
/// So many symbols of the index are looked at for imports.
const IMPORTS_MAX: u32 = 60;
/// So much must be typed before imports are proposed.
const IMPORT_CHARS_MIN: usize = 2;

pub(super) fn names(question: &Question<'_>, limit: usize) -> Vec<CompletionItem> {
    let usage = Usage::of(question.module, question.start, None);
    let mut ranked: Vec<(u32, usize, CompletionItem)> = Vec::new();
    let mut known: Vec<Name> = Vec::new();
    for (name, file, decl) in expected_keys(question) {
        if question.fits(&name)
            && let Some(item) = item(question, &name, file, decl)
        {
            known.push(Rc::clone(&name));
            ranked.push((80, ranked.len(), item));
        }
    }
    for (decl, near) in in_scope(question) {
        let name = &question.module.decl(decl).name;
        if known.contains(name) || !question.fits(name) || &**name == crate::scratch::PLACEHOLDER {
            continue;
        }
        known.push(Rc::clone(name));
        if let Some(item) = item(question, name, question.file, decl) {
            ranked.push((30 + near + usage.of_name(name), ranked.len(), item));
        }
    }
    for keyword in KEYWORDS.iter().filter(|keyword| question.fits(keyword)) {
        let exact = u32::from(question.typed == &keyword[..question.typed.len().min(keyword.len())]);
        ranked.push((20 + 4 * exact, ranked.len(), plain(keyword, 14)));
    }
    globals(question, &usage, &mut known, &mut ranked);
    ranked.sort_by_key(|(rank, place, _)| (std::cmp::Reverse(*rank), *place));
    let mut items: Vec<CompletionItem> = ranked.into_iter().map(|(_, _, item)| item).collect();
    if items.len() <= limit && question.typed.chars().count() >= IMPORT_CHARS_MIN {
        items.extend(to_import(question, &known));
    }
    items
}

/// The keys that the literal around the word is expected to have and lacks, or the properties of a component.
fn expected_keys(question: &Question<'_>) -> Vec<(Name, FileId, DeclId)> {
    let store = question.store();
    let Some(at) = question.module.starting_at(question.start) else { return Vec::new() };
    let (expected, shape) = match at.occ {
        Occ::Key { object, .. } => {
            let crate::module::ExprKind::Object(shape) = question.module.expr(object).kind else { return Vec::new() };
            (store.context_type(question.file, object), shape)
        }
        Occ::Attribute { jsx, .. } => {
            let crate::module::ExprKind::Jsx { attributes, .. } = question.module.expr(jsx).kind else {
                return Vec::new();
            };
            (store.props(question.file, jsx), attributes)
        }
        _ => return Vec::new(),
    };
    let Some(expected) = expected else { return Vec::new() };
    let builtins = store.id(BUILTINS);
    let written = &question.module.shape(shape).members;
    let is_written = |name: &Name| {
        written
            .iter()
            .any(|member| member.name == *name && question.module.decl(member.decl).span.start != question.start)
    };
    let members = store.all_members(&store.non_null(&expected));
    members
        .into_iter()
        .filter(|(name, found)| found.file != builtins && !is_written(name) && !name.starts_with('['))
        .map(|(name, found)| (name, found.file, found.decl))
        .collect()
}

/// The declarations that are seen at the place, nearest first, with how near they are.
fn in_scope(question: &Question<'_>) -> Vec<(DeclId, u32)> {
    let module: &Module = question.module;
    let mut found: Vec<(u32, DeclId)> = Vec::new();
    for (place, decl) in module.decls.iter().enumerate() {
        if decl.symbol.is_none() || decl.owner.is_some() || decl.kind == DeclKind::Label {
            continue;
        }
        let scope: Range = decl.scope;
        if scope.start <= question.start && question.start <= scope.end && decl.span.start != question.start {
            found.push((scope.end - scope.start, DeclId(place as u32)));
        }
    }
    found.sort();
    let near = |size: u32| match size {
        0..=400 => 10,
        401..=2000 => 7,
        2001..=u32::MAX if size < u32::MAX / 2 => 4,
        _ => 0,
    };
    found.into_iter().map(|(size, decl)| (decl, near(size))).collect()
}

/// What every program has.
fn globals(
    question: &Question<'_>,
    usage: &Usage,
    known: &mut Vec<Name>,
    ranked: &mut Vec<(u32, usize, CompletionItem)>,
) {
    let store = question.store();
    let builtins = store.id(BUILTINS);
    let Some(module) = store.module(builtins) else { return };
    let mut names: Vec<(&Name, crate::module::SymId)> =
        module.globals.iter().map(|(name, symbol)| (name, *symbol)).collect();
    names.sort();
    for (name, symbol) in names {
        if known.contains(name) || !question.fits(name) {
            continue;
        }
        let Some(decl) = module.symbol(symbol).decls.first() else { continue };
        if let Some(item) = item(question, name, builtins, *decl) {
            known.push(Rc::clone(name));
            ranked.push((10 + usage.of_name(name), ranked.len(), item));
        }
    }
}

/// What other files export, by the index.
fn to_import(question: &Question<'_>, known: &[Name]) -> Vec<CompletionItem> {
    let store = question.store();
    let mut found: Vec<(usize, String, CompletionItem)> = Vec::new();
    for symbol in store.workspace.symbols(question.typed, false, IMPORTS_MAX) {
        let path = &symbol.location.path;
        let taken = known.iter().any(|name| **name == *symbol.name);
        if taken || !symbol.container.is_empty() || path == question.path || !crate::store::is_code(path) {
            continue;
        }
        let target = store.id(path);
        let Some(module) = store.module(target) else { continue };
        if store.is_generated(target) || !module.exports.named.contains_key(symbol.name.as_str()) {
            continue;
        }
        let decl = module.decls.iter().find(|decl| decl.span.start == symbol.location.span.start);
        let source = imports::specifier(store, question.path, path);
        let token = Token { path: path.clone(), start: symbol.location.span.start, import: Some(symbol.name.clone()) };
        let item = CompletionItem {
            label_source: source.clone(),
            token: postcard::to_stdvec(&token).unwrap_or_default(),
            ..plain(&symbol.name, decl.map_or(6, item_kind))
        };
        if !found.iter().any(|(_, known, other)| *known == source && other.label == item.label) {
            found.push((source.matches("../").count(), source, item));
        }
    }
    found.sort_by(|a, b| (a.0, a.2.label.len(), &a.2.label, &a.1).cmp(&(b.0, b.2.label.len(), &b.2.label, &b.1)));
    found.into_iter().map(|(_, _, item)| item).collect()
}
