//! Names that a class asks for: of methods that it could override, and of their receivers.

use ruff_python_ast::{AtomicNodeIndex, ExprAttribute, ExprContext, Identifier, Stmt, StmtClassDef};
use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;
use ty_python_core::scope::NodeWithScopeRef;
use ty_python_semantic::types::Type;

use super::kinds;
use super::proposal::{Group, Origin, Proposal};
use super::scope::body_around;
use crate::project::Source;

/// Proposals for the name after `def`, if it stands directly in a class.
pub(super) fn proposals<'db>(source: &Source<'db>, word: TextRange) -> Vec<Proposal<'db>> {
    let Some((NodeWithScopeRef::Class(class), _)) = body_around(source, word.start()) else { return Vec::new() };
    let present: FxHashSet<&str> = class.body.iter().filter_map(|statement| defined(statement, word)).collect();
    let mut seen = FxHashSet::default();
    let mut proposals = Vec::new();
    for (position, base) in bases(class).enumerate() {
        for member in source.model.attribute_completions(&base) {
            let name = member.name.as_str();
            let is_method = matches!(member.ty, Some(Type::FunctionLiteral(_) | Type::BoundMethod(_)));
            if is_method && !present.contains(name) && seen.insert(name.to_owned()) {
                proposals.push(Proposal::new(name, Origin::Kind(kinds::METHOD), Group::Scope(position as u16)));
            }
        }
    }
    proposals
}

/// Proposals for the first parameter of a method.
pub(super) fn receivers<'db>(source: &Source<'db>, word: TextRange) -> Vec<Proposal<'db>> {
    let in_class = matches!(body_around(source, word.start()), Some((NodeWithScopeRef::Class(_), _)));
    let names: &[&str] = if in_class { &["self", "cls"] } else { &[] };
    let proposal = |(place, name): (usize, &&str)| {
        let weight = (names.len() - place) as u32;
        Proposal::new(*name, Origin::Kind(kinds::VARIABLE), Group::Expected).with_weight(weight)
    };
    names.iter().enumerate().map(proposal).collect()
}

/// The name of a method, unless it is the one being written.
fn defined(statement: &Stmt, word: TextRange) -> Option<&str> {
    match statement {
        Stmt::FunctionDef(function) if function.name.range != word => Some(function.name.as_str()),
        _ => None,
    }
}

/// An access of an unnamed member of each base, made up to ask the engine with.
pub(super) fn bases(class: &StmtClassDef) -> impl Iterator<Item = ExprAttribute> {
    class.arguments.iter().flat_map(|arguments| arguments.args.iter()).map(|base| ExprAttribute {
        node_index: AtomicNodeIndex::NONE,
        range: TextRange::default(),
        value: Box::new(base.clone()),
        attr: Identifier::new("", TextRange::default()),
        ctx: ExprContext::Load,
    })
}
