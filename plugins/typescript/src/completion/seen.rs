//! Names that files use, for values whose members nobody declares.
//!
//! Much of JavaScript gives no value a type. What is read from a value elsewhere, under the same name, it most likely has; and
//! any name of the file may be one of its members. Other tools list those too, so the list holds them, behind all that is
//! known better.

use rustc_hash::FxHashMap;
use vraftls_guest_sdk::CompletionItem;

use super::rank::Usage;
use super::{Question, plain};
use crate::module::{ExprId, ExprKind, Module, Occ};
use crate::scratch::PLACEHOLDER;

/// CompletionItemKind of a name of which nothing else is known.
const TEXT: u32 = 1;
/// So many other files are read for what they use of a value of the same name.
const FILES_MAX: usize = 24;

/// A name, and how much speaks for it.
pub(super) struct Seen {
    pub(super) item: CompletionItem,
    /// Whether it is used of what is written as the object is, so that the object has it or should.
    pub(super) is_of_object: bool,
    pub(super) rank: u32,
}

/// What may be a member of the object of `member`, except what is in `known`. All that the file uses of the same object comes
/// along; of a value of unknown type also what other files use of the same name, and other members that this file uses; and
/// in JavaScript all names of the file.
pub(super) fn seen(
    question: &Question<'_>,
    usage: &Usage,
    member: ExprId,
    is_unknown: bool,
    known: impl Fn(&str) -> bool,
) -> Vec<Seen> {
    let elsewhere = if is_unknown { used_elsewhere(question, member) } else { FxHashMap::default() };
    let mut names: Vec<&str> = usage.members().chain(elsewhere.keys().map(String::as_str)).collect();
    if question.module.is_js {
        names.extend(usage.names());
    }
    names.sort_unstable();
    names.dedup();
    let fits = |name: &&str| !known(name) && is_name(name) && *name != PLACEHOLDER && question.fits(name);
    let proposal = |name: &str| {
        let of_others = elsewhere.get(name).copied().unwrap_or(0);
        Seen {
            item: plain(name, TEXT),
            is_of_object: usage.is_of_object(name) || of_others > 0,
            rank: usage.of_member(name, false) + of_others.min(12),
        }
    };
    names.into_iter().filter(fits).map(proposal).collect()
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    characters.next().is_some_and(|first| is_inside(first) && !first.is_numeric()) && characters.all(is_inside)
}

/// How often other files use which members of a variable that is called as the object is.
fn used_elsewhere(question: &Question<'_>, member: ExprId) -> FxHashMap<String, u32> {
    let mut found = FxHashMap::default();
    let Some(object) = object_text(question.module, member).filter(|object| is_name(object)) else { return found };
    let store = question.store();
    let is_ours = |path: &String| path != question.path && !path.contains("node_modules/");
    let mut paths: Vec<String> =
        store.workspace.candidates(object, 0).into_iter().map(|found| found.path).filter(is_ours).collect();
    let folder = |path: &str| path.rfind('/').map_or(0, |end| end + 1);
    let here = &question.path[..folder(question.path)];
    // Files of the same folder speak of the same things.
    paths.sort_unstable_by_key(|path| (path[..folder(path)] != *here, path.clone()));
    for path in paths.iter().take(FILES_MAX).take_while(|_| !store.workspace.cancelled()) {
        let Some(module) = store.module(store.id(path)) else { continue };
        for (name, other) in module.occurrences.iter().filter_map(|occurrence| member_of(&module, &occurrence.occ)) {
            if other == object {
                *found.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    found
}

fn member_of<'m>(module: &'m Module, occ: &Occ) -> Option<(&'m str, &'m str)> {
    let Occ::Member(expr) = occ else { return None };
    match &module.expr(*expr).kind {
        ExprKind::Member { name_span, .. } => Some((module.slice(*name_span), object_text(module, *expr)?)),
        _ => None,
    }
}

/// What stands before the dot of a member.
pub(super) fn object_text(module: &Module, member: ExprId) -> Option<&str> {
    match module.expr(member).kind {
        ExprKind::Member { object, .. } => Some(module.slice(module.expr(object).span)),
        _ => None,
    }
}
