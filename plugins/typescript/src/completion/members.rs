//! Members of what stands before the dot.

use vraftls_guest_sdk::CompletionItem;

use super::rank::Usage;
use super::{Question, item};
use crate::eval::{Entity, Found, Type};
use crate::module::{DeclId, ExprId, ExprKind, Name, Occ};
use crate::store::BUILTINS;

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
    if found.is_empty()
        && matches!(ty, Type::Any | Type::Unknown)
        && entities.iter().all(|entity| !matches!(entity, Entity::Module(_)))
    {
        return used_in_file(question, member);
    }
    let usage = Usage::of(question.module, question.start);
    let builtins = store.id(BUILTINS);
    let inside = inside_classes(question);
    let mut ranked: Vec<(u32, usize, CompletionItem)> = Vec::new();
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
        let rank = (usage.of_member(name) + own).saturating_sub(deprecated);
        ranked.push((rank, place, item));
    }
    ranked.sort_by_key(|(rank, place, _)| (std::cmp::Reverse(*rank), *place));
    ranked.into_iter().map(|(_, _, item)| item).collect()
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

/// Of a value of unknown type: the members that the file uses elsewhere, most used first.
fn used_in_file(question: &Question<'_>, member: ExprId) -> Vec<CompletionItem> {
    let usage = Usage::of(question.module, question.start);
    let object_text = match question.module.expr(member).kind {
        ExprKind::Member { object, .. } => question.module.slice(question.module.expr(object).span),
        _ => "",
    };
    let mut names: Vec<(u32, &str, Option<DeclId>)> = Vec::new();
    for occurrence in &question.module.occurrences {
        let Occ::Member(expr) = occurrence.occ else { continue };
        if expr == member {
            continue;
        }
        let name = question.module.slice(occurrence.span);
        if names.iter().any(|(_, known, _)| *known == name)
            || !question.fits(name)
            || name == crate::scratch::PLACEHOLDER
        {
            continue;
        }
        let same = match question.module.expr(expr).kind {
            ExprKind::Member { object, .. } => question.module.slice(question.module.expr(object).span) == object_text,
            _ => false,
        };
        names.push((usage.of_member(name) + if same { 40 } else { 0 }, name, None));
    }
    names.sort_by_key(|(rank, name, _)| (std::cmp::Reverse(*rank), *name));
    let item = |(_, name, _): (u32, &str, Option<DeclId>)| CompletionItem {
        label: name.to_owned(),
        label_detail: String::new(),
        label_source: String::new(),
        kind: 1,
        detail: String::new(),
        insert: String::new(),
        snippet: false,
        additional: Vec::new(),
        deprecated: false,
        token: Vec::new(),
    };
    names.into_iter().map(item).collect()
}
