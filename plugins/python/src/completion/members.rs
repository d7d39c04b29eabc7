//! Members of the expression before a dot.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{AnyNodeRef, Expr, ExprAttribute};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::NodeWithScopeRef;
use ty_python_core::{attribute_scopes, semantic_index};
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, SemanticModel};

use super::proposal::{Group, Origin, Proposal, Subject};
use super::scope::body_around;
use super::usage::Usage;
use super::{common, kinds};
use crate::project::Source;

/// How many classes up a receiver's bases are looked at.
const ANCESTORS_MAX: usize = 32;

/// Proposals for the name after a dot.
pub(super) fn proposals<'db>(source: &Source<'db>, dot: TextRange, word: TextRange) -> Vec<Proposal<'db>> {
    let usage = Usage::of_members(source, dot, word);
    let Some(attribute) = attribute_at(source, dot) else { return Vec::new() };
    let model = &source.model;
    let ty = attribute.value.inferred_type(model);
    let (homes, usage) = match ty {
        Some(ty) => (homes(model, home(source, attribute, ty)), usage.with_home(source, ty)),
        None => (FxHashMap::default(), usage),
    };
    let is_module = matches!(ty, Some(Type::ModuleLiteral(_)));
    let mut proposals = Vec::new();
    let mut seen = FxHashSet::default();
    for member in model.attribute_completions(attribute) {
        let Some(ty) = member.ty.filter(|_| !member.is_type_check_only) else { continue };
        let name = member.name.as_str();
        let about = Subject::Member { dot: dot.start().to_u32(), name: name.to_owned() };
        let distance = homes.get(name).copied().unwrap_or(ANCESTORS_MAX as u32);
        // What a module merely imports is seldom what is wanted of it.
        let is_import = is_module && matches!(ty, Type::ModuleLiteral(_));
        let prior = common::weight(name) + 2 * (ANCESTORS_MAX as u32 - distance) + u32::from(!is_import);
        let weight = usage.weight(name).saturating_mul(USE).saturating_add(prior);
        let mut proposal = Proposal::new(name, Origin::Type(ty), Group::Scope(0)).with_weight(weight).about(about);
        proposal.deprecated = ty.is_deprecated(model.db());
        proposal.familiar = usage.is_familiar(name);
        proposals.push(proposal);
        seen.insert(name.to_owned());
    }
    if ty.is_none_or(|ty| matches!(ty, Type::Dynamic(_) | Type::Never | Type::Divergent(_))) {
        proposals.extend(guesses(&usage, &seen));
    }
    proposals.extend(parameters(source, attribute).filter(|proposal| !seen.contains(&proposal.name)));
    proposals
}

/// How much a unit of use outweighs a step up the ancestors.
const USE: u32 = 256;

/// Members that are used elsewhere in the file, for a receiver of which nothing is known.
fn guesses<'db>(usage: &Usage, seen: &FxHashSet<String>) -> impl Iterator<Item = Proposal<'db>> {
    usage.names().filter(|(name, _)| !seen.contains(*name)).map(|(name, weight)| {
        let mut guess = Proposal::new(name, Origin::Kind(kinds::TEXT), Group::Scope(0)).with_weight(weight);
        guess.familiar = true;
        guess
    })
}

/// In a method, the names of its parameters as attributes of its receiver: `self.name = name` is how most attributes begin.
fn parameters<'db>(source: &Source<'_>, attribute: &ExprAttribute) -> impl Iterator<Item = Proposal<'db>> {
    let names = match body_around(source, attribute.start()) {
        Some((NodeWithScopeRef::Function(function), _)) => {
            function.parameters.iter().map(|parameter| parameter.name().as_str()).collect()
        }
        _ => Vec::new(),
    };
    let is_receiver = match (attribute.value.as_ref(), names.first()) {
        (Expr::Name(name), Some(first)) => name.id.as_str() == *first && matches!(*first, "self" | "cls"),
        _ => false,
    };
    let names = if is_receiver { names } else { Vec::new() };
    let names: Vec<String> = names.into_iter().skip(1).map(str::to_owned).collect();
    names.into_iter().map(|name| {
        let mut proposal = Proposal::new(name, Origin::Kind(kinds::FIELD), Group::Scope(0));
        // Beside the members that are there already, but only those that were never used.
        proposal.weight = USE;
        proposal
    })
}

/// The attribute expression that a dot belongs to.
pub(super) fn attribute_at<'src>(source: &'src Source<'_>, dot: TextRange) -> Option<&'src ExprAttribute> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    if !root.range().contains_range(dot) {
        return None;
    }
    covering_node(root, dot).ancestors().find_map(|node| match node {
        AnyNodeRef::ExprAttribute(attribute) => {
            (attribute.value.end() <= dot.start() && dot.end() <= attribute.attr.start()).then_some(attribute)
        }
        _ => None,
    })
}

/// The class whose members a receiver has.
///
/// The receiver of a method is of a type variable, and `super()` of a type of its own: there it is the class around.
fn home<'db>(source: &Source<'db>, attribute: &ExprAttribute, ty: Type<'db>) -> Option<Definition<'db>> {
    let model = &source.model;
    let db = model.db();
    if !matches!(ty, Type::TypeVar(_) | Type::BoundSuper(_) | Type::SubclassOf(_)) {
        let found = ty.definition(db, &model.program_environment())?;
        return found.definition().copied();
    }
    let (NodeWithScopeRef::Function(method), _) = body_around(source, attribute.start())? else { return None };
    let index = semantic_index(db, model.program_file());
    index.class_definition_of_method(index.try_node_scope(NodeWithScopeRef::Function(method))?)
}

/// For each member of a class how many classes up it is defined first: 0 in the class itself.
fn homes<'db>(model: &SemanticModel<'db>, class: Option<Definition<'db>>) -> FxHashMap<String, u32> {
    let db = model.db();
    let mut homes = FxHashMap::default();
    let mut queue: Vec<Definition<'db>> = class.into_iter().collect();
    let mut next = 0;
    while let Some(&class) = queue.get(next).filter(|_| next < ANCESTORS_MAX) {
        let home = SemanticModel::new(db, class.program_file(db));
        let parsed = parsed_module(db, class.python_file(db)).load(db);
        if let DefinitionKind::Class(node) = class.kind(db) {
            let node = node.node(&parsed);
            let index = semantic_index(db, class.program_file(db));
            if let Some(body) = index.try_node_scope(NodeWithScopeRef::Class(node)) {
                let bound =
                    index.place_table(body).symbols().filter(|symbol| symbol.is_bound() || symbol.is_declared());
                for symbol in bound {
                    homes.entry(symbol.name().to_string()).or_insert(next as u32);
                }
                for method in attribute_scopes(db, body.to_scope_id(db, class.program_file(db))) {
                    let members = index.place_table(method).members();
                    for name in members.filter_map(|member| member.as_instance_attribute()) {
                        homes.entry(name.to_owned()).or_insert(next as u32);
                    }
                }
            }
            for base in node.arguments.iter().flat_map(|arguments| arguments.args.iter()) {
                let base = base.inferred_type(&home).and_then(|base| base.definition(db, &home.program_environment()));
                let base = base.and_then(|found| found.definition().copied());
                queue.extend(base.filter(|base| !queue.contains(base)));
            }
        }
        next += 1;
    }
    homes
}
