//! Members of the expression before a dot.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{AnyNodeRef, Expr, ExprAttribute};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::NodeWithScopeRef;
use ty_python_core::{attribute_scopes, semantic_index};
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType, NameKind, SemanticModel};

use super::proposal::{Group, Origin, Proposal, Subject};
use super::resemblance::Resemblance;
use super::scope::body_around;
use super::usage::Usage;
use super::wanted::Wanted;
use super::{common, kinds, offered};
use crate::inheritance;
use crate::project::{PythonProject, Source};

/// How many classes up a receiver's bases are looked at.
const ANCESTORS_MAX: usize = 32;

/// What a member of the class itself is worth, against one that comes from far up. Like the weights of [`Usage`] and
/// [`Resemblance`], this was tuned on the sources of requests, rich, networkx and django.
const OWN: u32 = 300;
/// How many classes up a member has lost that.
const OWN_STEPS: u32 = 8;
/// What a method is worth against an attribute.
const CALLABLE: u32 = 30;
/// What is left of the weight of a value where a call follows, and of that of a method where none can.
const UNFIT: u32 = 4;
/// What the method is worth that overrides the one of `super()`.
const OVERRIDDEN: u32 = 4000;
/// What is left of the weight of the method that one is in: few call themselves.
const ITSELF: u32 = 8;
/// How much a name of the machinery, or one that is none of our business, is set back.
const HIDDEN: u32 = 300;

/// Proposals for the name after a dot.
pub(super) fn proposals<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    dot: TextRange,
    word: TextRange,
) -> Vec<Proposal<'db>> {
    let Some(attribute) = attribute_at(source, dot) else { return Vec::new() };
    let model = &source.model;
    let ty = attribute.value.inferred_type(model);
    let class = ty.and_then(|ty| home(source, attribute, ty));
    let mut worth = Worth {
        following: Following::after(source, dot, word),
        wanted: Wanted::before(source, attribute.value.start()),
        usage: Usage::of_members(source, dot, word),
        resemblance: Resemblance::before(source, dot.start(), Some(attribute.value.range())).with_surroundings(
            source,
            dot.start(),
            &project.path_of(source.file),
        ),
        homes: class.map(|class| homes(model, class)).unwrap_or_default(),
        is_super: matches!(ty, Some(Type::BoundSuper(_))),
    };
    if let Some(class) = class {
        worth.usage = worth.usage.with_home(source, class);
    }
    let is_module = matches!(ty, Some(Type::ModuleLiteral(_)));
    let mut proposals = Vec::new();
    let mut seen = FxHashSet::default();
    let members = offered::of_attribute(source, attribute);
    // An unknown type, and what is left of one when it is known not to be this or that, has the members of every object alone;
    // and what a class makes up when it is asked nobody knows.
    let is_unknown = ty.is_none_or(|ty| matches!(ty, Type::Dynamic(_) | Type::Never | Type::Divergent(_)))
        || members.iter().all(|member| NameKind::classify(&member.name) == NameKind::Dunder);
    let makes_up = !is_module && members.iter().any(|member| member.name == "__getattr__");
    // Of a module's many names the types say nothing about which is wanted; other files that import it use a few.
    if is_unknown || makes_up || is_module {
        worth.usage = worth.usage.with_namesakes(project, source, dot.start());
    }
    for member in members {
        let Some(ty) = member.ty.filter(|_| !member.is_type_check_only) else { continue };
        let name = member.name.as_str();
        let about = Subject::Member { dot: dot.start().to_u32(), name: name.to_owned() };
        let origin = if is_module { Origin::Kind(kinds::of_module_member(name, ty)) } else { Origin::Type(ty) };
        let mut proposal = Proposal::new(name, origin, Group::Scope(0)).about(about);
        // What a module merely imports is seldom what is wanted of it.
        let is_import = is_module && matches!(ty, Type::ModuleLiteral(_));
        proposal.weight = worth.of(name, ty) + if is_import { 0 } else { 1 };
        proposal.visibility = NameKind::Normal;
        proposal.deprecated = ty.is_deprecated(model.db());
        proposals.push(proposal);
        seen.insert(name.to_owned());
    }
    for (name, weight) in worth.usage.names() {
        let fits = is_unknown || (makes_up && worth.usage.is_familiar(name));
        if fits && seen.insert(name.to_owned()) {
            let weight = worth.following.adjusted(HIDDEN + weight, worth.usage.is_called(name));
            let mut proposal = Proposal::new(name, Origin::Kind(kinds::TEXT), Group::Scope(0)).with_weight(weight);
            // What is private elsewhere is no secret where it is used already.
            if worth.usage.is_familiar(name) {
                proposal.visibility = NameKind::Normal;
            }
            proposals.push(proposal);
        }
    }
    for name in parameters(source, attribute) {
        let weight = HIDDEN + OWN + worth.evidence(&name);
        if seen.insert(name.clone()) {
            proposals.push(Proposal::new(name, Origin::Kind(kinds::FIELD), Group::Scope(0)).with_weight(weight));
        }
    }
    proposals
}

/// What stands behind the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Following {
    /// The end of the line, or something that says nothing.
    Nothing,
    /// The parenthesis of a call.
    Call,
    /// What goes on with a value: a dot, an index, a comparison.
    Value,
}

impl Following {
    fn after(source: &Source<'_>, dot: TextRange, word: TextRange) -> Self {
        let end = dot.end().max(word.end());
        let tokens = source.parsed.tokens();
        let next = tokens.partition_point(|token| token.start() < end);
        match tokens.get(next).map(|token| token.kind()) {
            Some(TokenKind::Lpar) => Self::Call,
            Some(
                TokenKind::Dot
                | TokenKind::Lsqb
                | TokenKind::EqEqual
                | TokenKind::NotEqual
                | TokenKind::Is
                | TokenKind::In,
            ) => Self::Value,
            _ => Self::Nothing,
        }
    }

    /// The weight of something that can, or cannot, be called.
    fn adjusted(self, weight: u32, callable: bool) -> u32 {
        match self {
            Self::Call if !callable => weight / UNFIT,
            Self::Value if callable => weight / UNFIT,
            _ => weight,
        }
    }
}

/// What is known that tells the members of a receiver apart.
struct Worth {
    following: Following,
    wanted: Wanted,
    usage: Usage,
    resemblance: Resemblance,
    homes: FxHashMap<String, u32>,
    /// Whether the receiver is `super()`.
    is_super: bool,
}

impl Worth {
    /// What the text around says for a member.
    fn evidence(&self, name: &str) -> u32 {
        self.usage.weight(name).saturating_add(self.resemblance.weight(name)).saturating_add(common::weight(name))
    }

    /// The weight of a member.
    fn of(&self, name: &str, ty: Type<'_>) -> u32 {
        let steps = self.homes.get(name).map_or(0, |steps| OWN_STEPS.saturating_sub(*steps));
        let callable = matches!(ty, Type::BoundMethod(_) | Type::FunctionLiteral(_) | Type::KnownBoundMethod(_));
        // A class is called, and it is compared and has members too; of what has no type nothing is known.
        let either = matches!(ty, Type::ClassLiteral(_) | Type::Dynamic(_) | Type::SubclassOf(_) | Type::Callable(_));
        let hidden = match NameKind::classify(name) {
            NameKind::Normal => false,
            NameKind::Dunder => true,
            // That others use it on their own objects is no reason to use it here.
            // In a method a class uses what it defines itself, though mostly it has done so already.
            NameKind::Sunder if self.usage.is_of_receiver() && steps == OWN_STEPS => !self.usage.is_familiar(name),
            NameKind::Sunder if !self.usage.is_familiar(name) => return self.resemblance.weight(name) / 2,
            NameKind::Sunder => false,
        };
        let weight = self
            .evidence(name)
            .saturating_add(OWN * steps / OWN_STEPS)
            .saturating_add(if callable { CALLABLE } else { 0 })
            .saturating_add(if hidden { 0 } else { HIDDEN });
        let weight = match (self.resemblance.is_inside_of(name), self.is_super) {
            (true, true) => weight.saturating_add(OVERRIDDEN),
            (true, false) if self.usage.is_of_receiver() => weight / ITSELF,
            _ => weight,
        };
        let weight = self.wanted.adjusted(weight, name, ty);
        if either { weight } else { self.following.adjusted(weight, callable) }
    }
}

/// In a method, the names of its parameters as attributes of its receiver: `self.name = name` is how most attributes begin.
fn parameters(source: &Source<'_>, attribute: &ExprAttribute) -> Vec<String> {
    let Some((NodeWithScopeRef::Function(function), _)) = body_around(source, attribute.start()) else {
        return Vec::new();
    };
    let mut names = function.parameters.iter().map(|parameter| parameter.name().as_str());
    let first = names.next();
    let is_receiver = match (attribute.value.as_ref(), first) {
        (Expr::Name(name), Some(first)) => name.id.as_str() == first && matches!(first, "self" | "cls"),
        _ => false,
    };
    if is_receiver { names.map(str::to_owned).collect() } else { Vec::new() }
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
pub(super) fn home<'db>(source: &Source<'db>, attribute: &ExprAttribute, ty: Type<'db>) -> Option<Definition<'db>> {
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
fn homes<'db>(model: &SemanticModel<'db>, class: Definition<'db>) -> FxHashMap<String, u32> {
    let db = model.db();
    let mut homes = FxHashMap::default();
    let mut queue: Vec<Definition<'db>> = vec![class];
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
                // To ask the engine for it is to infer the whole module.
                let named = inheritance::class_named(&home, base).filter(|base| inheritance::is_plain(db, *base));
                let base = named.or_else(|| {
                    let base = base.inferred_type(&home)?.definition(db, &home.program_environment())?;
                    base.definition().copied()
                });
                queue.extend(base.filter(|base| !queue.contains(base)));
            }
        }
        next += 1;
    }
    homes
}
