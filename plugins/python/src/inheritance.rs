//! Classes and what is above them, as the source names them: no inference, and so an answer also in code that the engine
//! holds for unreachable or cannot make sense of. Of several classes that define a member it finds the one that comes first
//! in depth, which is Python's order where no class is inherited from twice.

use ruff_db::files::FileRange;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_core::place::ScopedPlaceId;
use ty_python_core::scope::{NodeWithScopeKind, NodeWithScopeRef, ScopeId};
use ty_python_core::{attribute_scopes, place_table, semantic_index, use_def_map};
use ty_python_semantic::{Db, ImportAliasResolution, SemanticModel};

use crate::resolve;

/// How many classes a member is followed through.
const DEPTH_MAX: u32 = 16;

/// What a class inherits from, as far as its source tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base<'db> {
    /// A class whose definition was found.
    Class(Definition<'db>),
    /// `object`, which adds nothing of a project.
    Object,
    /// Anything else.
    Unknown,
}

/// What a class names as its bases, in order. Empty for what is no class.
pub(crate) fn bases<'db>(db: &'db dyn Db, class: Definition<'db>) -> Vec<Base<'db>> {
    let DefinitionKind::Class(node) = class.kind(db) else { return Vec::new() };
    let parsed = parsed_module(db, class.python_file(db)).load(db);
    let arguments = node.node(&parsed).arguments.as_deref();
    let model = SemanticModel::new(db, class.program_file(db));
    arguments.map_or(&[][..], |arguments| &arguments.args).iter().map(|base| base_of(&model, base)).collect()
}

fn base_of<'db>(model: &SemanticModel<'db>, base: &Expr) -> Base<'db> {
    match base {
        Expr::Name(name) if name.id == "object" => Base::Object,
        Expr::Subscript(generic) => base_of(model, &generic.value),
        _ => class_named(model, base).map_or(Base::Unknown, Base::Class),
    }
}

/// The class that an expression names, if it names one and nothing else.
pub(crate) fn class_named<'db>(model: &SemanticModel<'db>, expression: &Expr) -> Option<Definition<'db>> {
    let found = match expression {
        Expr::Name(name) => {
            resolve::definitions_of_name(model, &name.id, name.into(), ImportAliasResolution::ResolveAliases)
        }
        Expr::Attribute(attribute) => resolve::of_module_attribute(model, attribute),
        Expr::Subscript(generic) => return class_named(model, &generic.value),
        _ => Vec::new(),
    };
    match found.as_slice() {
        [found] => found.definition().filter(|class| class.kind(model.db()).as_class().is_some()),
        _ => None,
    }
}

/// Whether a class is what it says: a decorator may make anything of it.
pub(crate) fn is_plain(db: &dyn Db, class: Definition<'_>) -> bool {
    let DefinitionKind::Class(node) = class.kind(db) else { return false };
    let parsed = parsed_module(db, class.python_file(db)).load(db);
    node.node(&parsed).decorator_list.is_empty()
}

/// The class in whose body a definition stands.
pub(crate) fn class_around<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Definition<'db>> {
    let NodeWithScopeKind::Class(class) = definition.scope(db).node(db) else { return None };
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let index = semantic_index(db, definition.program_file(db));
    index.try_definitions(class.node(&parsed).into())?.first().copied()
}

/// The class that a definition is a member of: in whose body it stands, or of whose instances it is an attribute.
pub(crate) fn class_of_member<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Option<Definition<'db>> {
    class_around(db, definition).or_else(|| definition.scope(db).class_definition_of_method(db))
}

/// Whether a class is another one, or inherits from it.
pub(crate) fn is_below<'db>(db: &'db dyn Db, class: Definition<'db>, other: Definition<'db>) -> bool {
    is_below_within(db, class, other, DEPTH_MAX)
}

fn is_below_within<'db>(db: &'db dyn Db, class: Definition<'db>, other: Definition<'db>, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    class == other
        || bases(db, class)
            .into_iter()
            .any(|base| matches!(base, Base::Class(base) if is_below_within(db, base, other, depth)))
}

/// The scope of a class's body.
pub(crate) fn body<'db>(db: &'db dyn Db, class: Definition<'db>) -> Option<ScopeId<'db>> {
    let DefinitionKind::Class(node) = class.kind(db) else { return None };
    let file = class.program_file(db);
    let parsed = parsed_module(db, class.python_file(db)).load(db);
    let scope = semantic_index(db, file).try_node_scope(NodeWithScopeRef::Class(node.node(&parsed)))?;
    Some(scope.to_scope_id(db, file))
}

/// What the first class that defines a member, the class itself or one above, defines it by.
pub(crate) fn member<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str) -> Vec<Definition<'db>> {
    member_within(db, class, name, DEPTH_MAX)
}

/// The same, but not of the class itself.
pub(crate) fn member_above<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str) -> Vec<Definition<'db>> {
    above(db, class, name, DEPTH_MAX)
}

/// The same, of the first class that defines it as asked for: those that define it otherwise are passed over.
pub(crate) fn member_above_that<'db>(
    db: &'db dyn Db,
    class: Definition<'db>,
    name: &str,
    is_asked_for: impl Fn(Definition<'db>) -> bool,
) -> Vec<Definition<'db>> {
    let mut below = class;
    for _ in 0..DEPTH_MAX {
        let mut found = member_above(db, below, name);
        let Some(first) = found.first() else { break };
        let Some(class) = class_of_member(db, *first) else { break };
        found.retain(|definition| is_asked_for(*definition));
        if !found.is_empty() {
            return found;
        }
        below = class;
    }
    Vec::new()
}

fn member_within<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str, depth: u32) -> Vec<Definition<'db>> {
    let own = own_member(db, class, name);
    match depth.checked_sub(1) {
        Some(depth) if own.is_empty() => above(db, class, name, depth),
        _ => own,
    }
}

fn above<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str, depth: u32) -> Vec<Definition<'db>> {
    let classes = bases(db, class).into_iter().filter_map(|base| match base {
        Base::Class(class) => Some(class),
        Base::Object | Base::Unknown => None,
    });
    classes.map(|class| member_within(db, class, name, depth)).find(|found| !found.is_empty()).unwrap_or_default()
}

/// What a class itself defines a member by: in its body, or else in the first of its methods that assigns it.
fn own_member<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str) -> Vec<Definition<'db>> {
    let Some(body) = body(db, class) else { return Vec::new() };
    if let Some(symbol) = place_table(db, body).symbol_id(name) {
        let found = definitions(db, body, symbol.into());
        if !found.is_empty() {
            return found;
        }
    }
    let file = class.program_file(db);
    let index = semantic_index(db, file);
    attribute_scopes(db, body)
        .filter_map(|scope| {
            let member = index.place_table(scope).member_id_by_instance_attribute_name(name)?;
            Some(definitions(db, scope.to_scope_id(db, file), member.into()))
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The string by which a class, or one above it, lists an attribute in `__slots__`.
pub(crate) fn slot(db: &dyn Db, class: Definition<'_>, name: &str) -> Option<FileRange> {
    slot_within(db, class, name, DEPTH_MAX)
}

fn slot_within(db: &dyn Db, class: Definition<'_>, name: &str, depth: u32) -> Option<FileRange> {
    let DefinitionKind::Class(node) = class.kind(db) else { return None };
    let parsed = parsed_module(db, class.python_file(db)).load(db);
    let lists = node.node(&parsed).body.iter().filter_map(|statement| match statement {
        Stmt::Assign(assign) => Some((assign.targets.first()?, &*assign.value)),
        Stmt::AnnAssign(assign) => Some((&*assign.target, assign.value.as_deref()?)),
        _ => None,
    });
    let slots = lists.filter(|(target, _)| matches!(target, Expr::Name(name) if name.id == "__slots__"));
    if let Some(range) = slots.filter_map(|(_, list)| entry(list, name)).next() {
        return Some(FileRange::new(class.file(db), range));
    }
    let depth = depth.checked_sub(1)?;
    bases(db, class).into_iter().find_map(|base| match base {
        Base::Class(class) => slot_within(db, class, name, depth),
        Base::Object | Base::Unknown => None,
    })
}

/// Where a list of strings has one of these contents, without escapes.
fn entry(list: &Expr, contents: &str) -> Option<TextRange> {
    match list {
        Expr::StringLiteral(literal) => {
            let part = literal.as_single_part_string()?;
            let range = part.content_range();
            (part.as_str() == contents && range.len().to_usize() == contents.len()).then_some(range)
        }
        Expr::List(list) => list.elts.iter().find_map(|element| entry(element, contents)),
        Expr::Tuple(tuple) => tuple.elts.iter().find_map(|element| entry(element, contents)),
        Expr::Set(set) => set.elts.iter().find_map(|element| entry(element, contents)),
        Expr::Dict(dict) => dict.items.iter().filter_map(|item| item.key.as_ref()).find_map(|key| entry(key, contents)),
        _ => None,
    }
}

/// The user-visible bindings and declarations of a place, in its whole scope.
pub(crate) fn definitions<'db>(db: &'db dyn Db, scope: ScopeId<'db>, place: ScopedPlaceId) -> Vec<Definition<'db>> {
    let map = use_def_map(db, scope);
    let bindings = map.reachable_bindings(place).filter_map(|binding| binding.binding.definition());
    let declarations = map.reachable_declarations(place).filter_map(|found| found.declaration.definition());
    let mut found = Vec::new();
    for definition in bindings.chain(declarations) {
        if definition.kind(db).is_user_visible() && !found.contains(&definition) {
            found.push(definition);
        }
    }
    found
}

/// The class whose method an expression is the instance, or the class, of: `self` by whatever name.
pub(crate) fn class_of_self<'db>(model: &SemanticModel<'db>, receiver: &Expr) -> Option<Definition<'db>> {
    let db = model.db();
    self_of(model, receiver)?.scope(db).class_definition_of_method(db)
}

/// The first parameter of a method, if an expression is that and nothing else.
pub(crate) fn self_of<'db>(model: &SemanticModel<'db>, receiver: &Expr) -> Option<Definition<'db>> {
    let Expr::Name(name) = receiver else { return None };
    let found = resolve::visible_bindings(model, &name.id, name.into());
    let [binding] = found.as_slice() else { return None };
    is_self(model.db(), *binding).then_some(*binding)
}

/// Whether a definition is the first parameter of a method: the instance, or the class.
pub(crate) fn is_self(db: &dyn Db, binding: Definition<'_>) -> bool {
    let DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(parameter)) = binding.kind(db) else {
        return false;
    };
    let scope = binding.scope(db);
    let NodeWithScopeKind::Function(function) = scope.node(db) else { return false };
    let parsed = parsed_module(db, binding.python_file(db)).load(db);
    let own = parameter.node(&parsed).range();
    let first = function.node(&parsed).parameters.iter_non_variadic_params().next();
    first.is_some_and(|first| first.range() == own) && scope.is_method_scope(db)
}

/// Whether a test may tell more of what `self` is than its class does.
pub(crate) fn is_tested(model: &SemanticModel<'_>, receiver: &Expr) -> bool {
    let db = model.db();
    let Expr::Name(name) = receiver else { return true };
    let found = resolve::visible_bindings(model, &name.id, name.into());
    found.iter().any(|binding| is_narrowed(db, binding.scope(db), binding.place(db)))
}

/// Whether a test may tell more of what an expression holds than its bindings do.
pub(crate) fn is_narrowed(db: &dyn Db, scope: ScopeId<'_>, place: ScopedPlaceId) -> bool {
    use_def_map(db, scope)
        .reachable_bindings(place)
        .any(|binding| binding.narrowing_constraint.predicate_narrowing_targets().contains_place(place))
}
