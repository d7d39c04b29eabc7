//! Members of what stands before the dot.

use std::cmp::Reverse;

use vraftls_guest_sdk::CompletionItem;

use super::rank::Usage;
use super::seen::seen;
use super::{Question, item};
use crate::eval::{Entity, Found, Type};
use crate::module::{ExprId, ExprKind, Name, Occ};
use crate::store::BUILTINS;

/// What the protocol calls what can be called.
const METHOD: u32 = 2;
const FUNCTION: u32 = 3;

pub(super) fn members(question: &Question<'_>) -> Vec<CompletionItem> {
    let Some((object, member)) = object(question) else { return Vec::new() };
    let store = question.store();
    let mut found: Vec<(Name, Found)> = Vec::new();
    let ty = store.expr_type(question.file, object);
    let entities = store.entity(question.file, object);
    for entity in &entities {
        for name in store.export_names(*entity, &mut Vec::new()) {
            let target =
                store.members_of_entity(*entity, &name).into_iter().flat_map(|entity| store.decls_of_entity(entity));
            if let Some((file, decl)) = target.into_iter().next() {
                found.push((name, Found { file, decl, env: crate::eval::Env::default() }));
            }
        }
    }
    for (name, member) in store.all_members(&listed(question, &ty)) {
        if !found.iter().any(|(known, _)| *known == name) {
            found.push((name, member));
        }
    }
    let is_unknown = found.is_empty()
        && matches!(ty, Type::Any | Type::Unknown)
        && entities.iter().all(|entity| !matches!(entity, Entity::Module(_)));
    let usage = Usage::of(question.module, question.start, Some(member));
    let builtins = store.id(BUILTINS);
    let inside = inside_classes(question);
    // What is not known to be a member comes last.
    let mut ranked: Vec<(bool, Reverse<u32>, usize, CompletionItem)> = Vec::new();
    for (place, (name, member)) in found.iter().enumerate() {
        if name.starts_with('[') || !question.fits(name) {
            continue;
        }
        let Some(module) = store.module(member.file) else { continue };
        let known = module.decl(member.decl);
        if known.flags.private && !inside && !name.starts_with('_') || (name.starts_with('#') && !inside) {
            continue;
        }
        let Some(item) = item(question, name, member.file, member.decl) else { continue };
        let own = if member.file == builtins { 0 } else { 4 };
        let deprecated = if item.deprecated { 3 } else { 0 };
        let rank = (usage.of_member(name, matches!(item.kind, METHOD | FUNCTION)) + own).saturating_sub(deprecated);
        ranked.push((false, Reverse(rank), place, item));
    }
    if is_unknown || question.module.is_js {
        let known = |name: &str| found.iter().any(|(known, _)| &**known == name);
        for seen in seen(question, &usage, member, is_unknown, known) {
            ranked.push((!seen.is_of_object, Reverse(seen.rank), ranked.len(), seen.item));
        }
    }
    ranked.sort_by_key(|(is_guess, rank, place, _)| (*is_guess, *rank, *place));
    ranked.into_iter().map(|(.., item)| item).collect()
}

/// Without what cannot have members: `x?.` asks of what is left.
fn listed(question: &Question<'_>, ty: &Type) -> Type {
    question.store().non_null(ty)
}

/// The object before the dot, and the member expression.
fn object(question: &Question<'_>) -> Option<(ExprId, ExprId)> {
    let occurrence = question.module.starting_at(question.start)?;
    let (Occ::Member(expr) | Occ::StringKey(expr)) = occurrence.occ else { return None };
    match question.module.expr(expr).kind {
        ExprKind::Member { object, .. } => Some((object, expr)),
        _ => None,
    }
}

/// Whether the place lies in a class, where its private members are seen.
fn inside_classes(question: &Question<'_>) -> bool {
    let is_around = |shape: &crate::module::Shape| {
        shape.is_class
            && shape.decl.is_some_and(|class| {
                let full = question.module.decl(class).full;
                full.start <= question.start && question.start <= full.end
            })
    };
    question.module.shapes.iter().any(is_around)
}
