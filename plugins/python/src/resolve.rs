//! What an occurrence means: the definitions it leads to, through imports or not. The one place that knows how ty's answers
//! about names, attributes and arguments fit together; every feature that goes from a name to a thing asks here.

mod arguments;
mod named_tuple;
mod receiver;

use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::{
    Alias, AnyNodeRef, AtomicNodeIndex, Expr, ExprAttribute, ExprContext, ExprEllipsisLiteral, Identifier,
    StmtImportFrom,
};
use ruff_text_size::{Ranged, TextRange};
use ty_module_resolver::{Module, ModuleName, file_to_module};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::place::ScopedPlaceId;
use ty_python_core::{ProgramFile, place_table, semantic_index, use_def_map};
use ty_python_semantic::types::Type;
use ty_python_semantic::types::ide_support::typed_dict_key_definition;
use ty_python_semantic::{
    Db, HasType, ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_attribute,
    definitions_for_imported_symbol, definitions_for_name,
};

use crate::occurrence::{At, ModulePath, Occurrence};
use crate::{inferred, inheritance, written};

/// What every module holds without defining it.
const IMPLICIT_GLOBALS: [&str; 9] =
    ["__name__", "__file__", "__doc__", "__package__", "__spec__", "__path__", "__loader__", "__dict__", "__cached__"];

/// The builtins that mean more in an annotation than elsewhere: `float` is `int | float` there.
const WIDENED: [&str; 2] = ["float", "complex"];

/// How far imports are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// To the original.
    Everything,
    /// To the original, but a name given by `as` is a thing of its own.
    Originals,
}

impl From<Follow> for ImportAliasResolution {
    fn from(follow: Follow) -> Self {
        match follow {
            Follow::Everything => Self::ResolveAliases,
            Follow::Originals => Self::PreserveAliases,
        }
    }
}

/// The definitions that an occurrence leads to, each once. Empty where the engine does not know.
pub(crate) fn definitions<'db>(at: &At<'_, 'db>, follow: Follow) -> Vec<ResolvedDefinition<'db>> {
    let model = at.model;
    let mut found = match at.occurrence {
        Occurrence::Name(name) => of_name(model, &name.id, name.into(), follow),
        Occurrence::Scoped(name) => of_name(model, &name.id, name.into(), follow),
        Occurrence::Attribute(attribute) => of_attribute(at, attribute),
        Occurrence::Definition => of_local_definition(at, follow),
        Occurrence::Keyword { keyword, call } => arguments::of_keyword(at, keyword, call),
        Occurrence::PatternKeyword { attribute, pattern } => {
            definitions_for_attribute(model, &attribute_of(&pattern.cls, attribute))
        }
        Occurrence::Module(path) => of_module(model, path).into_iter().collect(),
        Occurrence::ImportedName { import, alias } => {
            let found = definitions_for_imported_symbol(model, import, &alias.name, follow.into());
            if found.is_empty() { of_local_definition(at, follow) } else { found }
        }
        Occurrence::ImportAlias { import, alias } => {
            let found = of_import(model, import, alias, follow);
            if found.is_empty() { of_local_definition(at, follow) } else { found }
        }
        Occurrence::Exported(literal) => of_name(model, literal.value.to_str(), literal.into(), follow),
        Occurrence::Slot(literal) => of_slot(at, literal.value.to_str()),
        Occurrence::Key { key, subscript } => {
            typed_dict_key_definition(model, subscript, key.value.to_str()).into_iter().collect()
        }
    };
    name_submodules(model, &mut found);
    let mut seen = Vec::with_capacity(found.len());
    found.retain(|definition| {
        !seen.contains(definition) && {
            seen.push(definition.clone());
            true
        }
    });
    found
}

/// The file and the name of a definition; for a module the empty range at the start of its file.
pub(crate) fn focus(db: &dyn Db, definition: &ResolvedDefinition<'_>) -> (File, TextRange) {
    match definition {
        ResolvedDefinition::Definition(definition) => (definition.file(db), name_range(db, *definition)),
        ResolvedDefinition::Module(module) => (module.file(db), TextRange::default()),
        ResolvedDefinition::FileWithRange(range) => (range.file(), range.range()),
    }
}

/// The whole construct of a definition.
pub(crate) fn full_range(db: &dyn Db, definition: &ResolvedDefinition<'_>) -> TextRange {
    match definition {
        ResolvedDefinition::Definition(definition) => {
            let parsed = parsed_module(db, definition.python_file(db)).load(db);
            definition.full_range(db, &parsed).range()
        }
        ResolvedDefinition::Module(_) => TextRange::default(),
        ResolvedDefinition::FileWithRange(range) => range.range(),
    }
}

/// The file of a definition, which is cheaper to know than its place.
pub(crate) fn file_of(db: &dyn Db, definition: &ResolvedDefinition<'_>) -> File {
    match definition {
        ResolvedDefinition::Definition(definition) => definition.file(db),
        ResolvedDefinition::Module(module) => module.file(db),
        ResolvedDefinition::FileWithRange(range) => range.file(),
    }
}

/// The name that a definition defines. The engine selects more of some: `self.x` of an attribute, `a as b` of an import.
pub(crate) fn name_range(db: &dyn Db, definition: Definition<'_>) -> TextRange {
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let kind = definition.kind(db);
    let target = match kind {
        DefinitionKind::Import(import) => {
            let alias = import.alias(&parsed);
            return alias.asname.as_ref().map_or(alias.name.range(), Ranged::range);
        }
        DefinitionKind::ImportFrom(import) => {
            let alias = import.alias(&parsed);
            return alias.asname.as_ref().unwrap_or(&alias.name).range();
        }
        DefinitionKind::Assignment(assignment) => assignment.target(&parsed),
        DefinitionKind::AnnotatedAssignment(assignment) => assignment.target(&parsed),
        DefinitionKind::AugmentedAssignment(assignment) => &assignment.node(&parsed).target,
        DefinitionKind::For(statement) => statement.target(&parsed),
        DefinitionKind::WithItem(item) => item.target(&parsed),
        kind => return kind.target_range(&parsed),
    };
    match target {
        Expr::Attribute(attribute) => attribute.attr.range(),
        target => target.range(),
    }
}

/// All definitions of the place that a definition defines, itself among them: overloads, the branches of an `if`, each
/// assignment to a variable.
pub(crate) fn siblings<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Vec<Definition<'db>> {
    let mut found = inheritance::definitions(db, definition.scope(db), definition.place(db));
    if !found.contains(&definition) {
        found.insert(0, definition);
    }
    found
}

/// The definitions of a name as it is seen from a node.
///
/// Of a builtin that a name leads to, the engine infers the whole scope to learn whether it is a [`WIDENED`] one in an annotation.
/// Another node at the same place leads to the same scope, and spares that.
pub(crate) fn definitions_of_name<'db>(
    model: &SemanticModel<'db>,
    name: &str,
    node: AnyNodeRef<'_>,
    aliases: ImportAliasResolution,
) -> Vec<ResolvedDefinition<'db>> {
    match node {
        AnyNodeRef::ExprName(written) if !WIDENED.contains(&name) => {
            let place = ExprEllipsisLiteral { node_index: written.node_index.clone(), range: written.range };
            definitions_for_name(model, name, (&place).into(), aliases)
        }
        node => definitions_for_name(model, name, node, aliases),
    }
}

fn of_name<'db>(
    model: &SemanticModel<'db>,
    name: &str,
    node: AnyNodeRef<'_>,
    follow: Follow,
) -> Vec<ResolvedDefinition<'db>> {
    let mut found = definitions_of_name(model, name, node, follow.into());
    name_submodules(model, &mut found);
    if found.iter().any(|definition| matches!(definition, ResolvedDefinition::Module(_)))
        && let Some(package) = package_bound_by_dotted_import(model, name, node)
    {
        found.retain(|definition| !matches!(definition, ResolvedDefinition::Module(_)));
        found.push(package);
    }
    if found.is_empty() {
        found.extend(unreachable_definitions(model, name, node).into_iter().map(ResolvedDefinition::Definition));
    }
    // What every module holds without saying so.
    if found.is_empty() && IMPLICIT_GLOBALS.contains(&name) {
        found.push(ResolvedDefinition::Module(model.program_file()));
    }
    found
}

/// The definitions of a name in code that nothing reaches: no use of the name can see them, but people can.
fn unreachable_definitions<'db>(model: &SemanticModel<'db>, name: &str, node: AnyNodeRef<'_>) -> Vec<Definition<'db>> {
    let db = model.db();
    let index = semantic_index(db, model.program_file());
    let Some(scope) = model.scope(node) else { return Vec::new() };
    for (scope, _) in index.visible_ancestor_scopes(scope) {
        let Some(symbol) = index.place_table(scope).symbol_id(name) else { continue };
        let place = ScopedPlaceId::Symbol(symbol);
        let found: Vec<_> = index
            .use_def_map(scope)
            .definitions_with_usage()
            .map(|(_, definition, _)| definition)
            .filter(|definition| definition.place(db) == place && definition.kind(db).is_user_visible())
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// `import a.b` binds `a`, to the package and not to the module that is named.
fn package_bound_by_dotted_import<'db>(
    model: &SemanticModel<'db>,
    name: &str,
    node: AnyNodeRef<'_>,
) -> Option<ResolvedDefinition<'db>> {
    let db = model.db();
    let dotted = visible_bindings(model, name, node).into_iter().any(|definition| match definition.kind(db) {
        DefinitionKind::Import(import) => {
            let parsed = parsed_module(db, definition.python_file(db)).load(db);
            let alias = import.alias(&parsed);
            alias.asname.is_none() && alias.name.contains('.')
        }
        _ => false,
    });
    dotted.then(|| of_module(model, ModulePath { name, level: 0, binds: true })).flatten()
}

/// Puts the submodule in place of every import that binds one without saying so.
fn name_submodules<'db>(model: &SemanticModel<'db>, found: &mut [ResolvedDefinition<'db>]) {
    for definition in found {
        if let Some(module) = submodule_bound_by_import(model, definition) {
            *definition = module;
        }
    }
}

/// In the `__init__.py` of a package, `from .a.b import c` also binds `a`, to the submodule.
fn submodule_bound_by_import<'db>(
    model: &SemanticModel<'db>,
    definition: &ResolvedDefinition<'db>,
) -> Option<ResolvedDefinition<'db>> {
    let db = model.db();
    let ResolvedDefinition::Definition(definition) = definition else { return None };
    let DefinitionKind::ImportFromSubmodule(_) = definition.kind(db) else { return None };
    let ScopedPlaceId::Symbol(symbol) = definition.place(db) else { return None };
    let name = place_table(db, definition.scope(db)).symbol(symbol).name();
    let package = SemanticModel::new(db, definition.program_file(db));
    let module = package.resolve_module(Some(name), 1)?;
    Some(module_of(model, module.file(db)?))
}

/// The bindings of a name in the innermost scope around the node that has any.
pub(crate) fn visible_bindings<'db>(
    model: &SemanticModel<'db>,
    name: &str,
    node: AnyNodeRef<'_>,
) -> Vec<Definition<'db>> {
    let db = model.db();
    let index = semantic_index(db, model.program_file());
    let Some(scope) = model.scope(node) else { return Vec::new() };
    for (scope, _) in index.visible_ancestor_scopes(scope) {
        let scope = scope.to_scope_id(db, model.program_file());
        let Some(symbol) = place_table(db, scope).symbol_id(name) else { continue };
        let bindings: Vec<_> = use_def_map(db, scope)
            .reachable_symbol_bindings(symbol)
            .filter_map(|binding| binding.binding.definition())
            .filter(|definition| definition.kind(db).is_user_visible())
            .collect();
        if !bindings.is_empty() {
            return bindings;
        }
    }
    Vec::new()
}

/// What an import brings in, by the name that it gives to it. Empty where that cannot be found, or is a thing of its own.
fn of_import<'db>(
    model: &SemanticModel<'db>,
    import: Option<&StmtImportFrom>,
    alias: &Alias,
    follow: Follow,
) -> Vec<ResolvedDefinition<'db>> {
    match (follow, import) {
        (Follow::Originals, _) if alias.asname.is_some() => Vec::new(),
        (_, Some(import)) => definitions_for_imported_symbol(model, import, &alias.name, follow.into()),
        (_, None) => {
            // Without `as` the first component is bound.
            let bound = alias.name.split('.').next().filter(|_| alias.asname.is_none());
            let path = ModulePath { name: bound.unwrap_or(&alias.name), level: 0, binds: false };
            of_module(model, path).into_iter().collect()
        }
    }
}

/// All that the place holds whose name is written here. Of what is imported into it, the originals.
fn of_local_definition<'db>(at: &At<'_, 'db>, follow: Follow) -> Vec<ResolvedDefinition<'db>> {
    // Nodes of a string annotation are in no index, and define nothing.
    if at.in_string {
        return Vec::new();
    }
    let db = at.model.db();
    let definition = at.model.first_local_definition(at.node);
    definition
        .into_iter()
        .flat_map(|definition| siblings(db, definition))
        .flat_map(|definition| {
            let parsed = parsed_module(db, definition.python_file(db)).load(db);
            let originals = match definition.kind(db) {
                DefinitionKind::Import(import) => of_import(at.model, None, import.alias(&parsed), follow),
                DefinitionKind::ImportFrom(import) => {
                    of_import(at.model, Some(import.import(&parsed)), import.alias(&parsed), follow)
                }
                _ => Vec::new(),
            };
            if originals.is_empty() { vec![ResolvedDefinition::Definition(definition)] } else { originals }
        })
        .collect()
}

/// What else the place holds that an import without another binding of the name would bind alone: the function by which
/// `except ImportError` replaces what is missing. Empty for what is no import that binds its own name.
pub(crate) fn beside_import<'db>(at: &At<'_, 'db>, follow: Follow) -> Vec<ResolvedDefinition<'db>> {
    let binds = match at.occurrence {
        Occurrence::ImportedName { alias, .. } => alias.asname.is_none(),
        Occurrence::ImportAlias { .. } => true,
        _ => false,
    };
    if binds { of_local_definition(at, follow) } else { Vec::new() }
}

fn of_attribute<'db>(at: &At<'_, 'db>, attribute: &ExprAttribute) -> Vec<ResolvedDefinition<'db>> {
    let model = at.model;
    let db = model.db();
    if let Some(module) = module_named(model, &attribute.value) {
        return of_module_member(model, &module, &attribute.attr);
    }
    let mut found =
        receiver::of_self_member(at, attribute).unwrap_or_else(|| definitions_for_attribute(model, attribute));
    if !found.is_empty() {
        found.extend(declared_above(db, &found, &attribute.attr));
        return found;
    }
    // What is left: submodules, that are no symbols of their package, proxies made by `super()`, and unreachable code.
    match attribute.inferred_type(model) {
        Some(Type::ModuleLiteral(module)) => {
            return module.module(db).file(db).map(|file| module_of(model, file)).into_iter().collect();
        }
        Some(ty @ (Type::FunctionLiteral(_) | Type::BoundMethod(_))) => {
            let definition = ty.definition(db, &model.program_environment());
            if let Some(function) = definition.as_ref().and_then(|definition| definition.definition()) {
                return siblings(db, *function).into_iter().map(ResolvedDefinition::Definition).collect();
            }
        }
        _ => {}
    }
    if let Some(class) = class_of_super(at, attribute) {
        let found = inheritance::member_above(db, class, &attribute.attr);
        return found.into_iter().map(ResolvedDefinition::Definition).collect();
    }
    if at.in_string {
        return Vec::new();
    }
    let classes = written::classes_of(model, &attribute.value);
    let found: Vec<_> = classes.into_iter().flat_map(|class| of_member(db, class, &attribute.attr)).collect();
    if found.is_empty() { of_field(at, attribute).into_iter().collect() } else { found }
}

/// The field of a named tuple.
fn of_field<'db>(at: &At<'_, 'db>, attribute: &ExprAttribute) -> Option<ResolvedDefinition<'db>> {
    let model = at.model;
    let tuple = inheritance::class_of_self(model, &attribute.value).or_else(|| {
        let ty = attribute.value.inferred_type(model)?;
        inferred::definition_of_type(model, ty)?.definition()
    })?;
    named_tuple::field(model.db(), tuple, &attribute.attr).map(ResolvedDefinition::FileWithRange)
}

/// The declarations of an attribute in the classes above those that merely assign it: it is the same attribute.
fn declared_above<'db>(db: &'db dyn Db, found: &[ResolvedDefinition<'db>], name: &str) -> Vec<ResolvedDefinition<'db>> {
    let assigned = found.iter().filter_map(ResolvedDefinition::definition);
    let assigned = assigned.filter(|definition| matches!(definition.kind(db), DefinitionKind::Assignment(_)));
    let classes = assigned.filter_map(|definition| inheritance::class_of_member(db, definition));
    let declared =
        classes.flat_map(|class| inheritance::member_above_that(db, class, name, |found| declares(db, found)));
    declared.map(ResolvedDefinition::Definition).collect()
}

/// Whether a definition says for all classes below what a member is: whoever assigns it there means the same.
fn declares(db: &dyn Db, definition: Definition<'_>) -> bool {
    let kind = definition.kind(db);
    matches!(kind, DefinitionKind::AnnotatedAssignment(_) | DefinitionKind::Function(_))
}

/// What a class or one above it defines a member by; else the entry of `__slots__` that announces it.
fn of_member<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str) -> Vec<ResolvedDefinition<'db>> {
    let found = inheritance::member(db, class, name);
    if found.is_empty() {
        return inheritance::slot(db, class, name).map(ResolvedDefinition::FileWithRange).into_iter().collect();
    }
    found.into_iter().map(ResolvedDefinition::Definition).collect()
}

fn of_slot<'db>(at: &At<'_, 'db>, name: &str) -> Vec<ResolvedDefinition<'db>> {
    let db = at.model.db();
    let class = at.node.ancestors().find(|node| matches!(node, AnyNodeRef::StmtClassDef(_)));
    let definitions = class.and_then(|class| semantic_index(db, at.model.program_file()).try_definitions(class));
    definitions.and_then(<[_]>::first).map_or_else(Vec::new, |class| of_member(db, *class, name))
}

/// The class that `super()` looks above of, if the attribute is one of `super()`.
fn class_of_super<'db>(at: &At<'_, 'db>, attribute: &ExprAttribute) -> Option<Definition<'db>> {
    let Expr::Call(call) = &*attribute.value else { return None };
    if at.in_string || !matches!(&*call.func, Expr::Name(name) if name.id == "super") {
        return None;
    }
    let mut classes = at.node.ancestors().filter_map(|node| match node {
        AnyNodeRef::StmtClassDef(class) => Some(class),
        _ => None,
    });
    let class = match call.arguments.args.first() {
        None => classes.next(),
        Some(Expr::Name(named)) => classes.find(|class| class.name.id == named.id),
        Some(_) => None,
    }?;
    semantic_index(at.model.db(), at.model.program_file()).try_definitions(class.into())?.first().copied()
}

/// What an attribute of a module is, told from imports alone. Empty where the receiver may be anything else.
pub(crate) fn of_module_attribute<'db>(
    model: &SemanticModel<'db>,
    attribute: &ExprAttribute,
) -> Vec<ResolvedDefinition<'db>> {
    module_named(model, &attribute.value)
        .map(|module| of_module_member(model, &module, &attribute.attr))
        .unwrap_or_default()
}

/// The module that an expression names and nothing else can be, told from imports alone. Inference would look at the whole
/// function around it first.
fn module_named(model: &SemanticModel<'_>, expression: &Expr) -> Option<ModuleName> {
    let db = model.db();
    let found = match expression {
        Expr::Name(name) => of_name(model, &name.id, name.into(), Follow::Everything),
        Expr::Attribute(attribute) => {
            let package = module_named(model, &attribute.value)?;
            of_module_member(model, &package, &attribute.attr)
        }
        _ => return None,
    };
    match found.as_slice() {
        [ResolvedDefinition::Module(file)] => Some(file_to_module(db, file.resolver_file(db))?.name(db).clone()),
        _ => None,
    }
}

/// What a module holds by a name, as if it were imported from there.
fn of_module_member<'db>(
    model: &SemanticModel<'db>,
    module: &ModuleName,
    member: &Identifier,
) -> Vec<ResolvedDefinition<'db>> {
    let import = StmtImportFrom {
        node_index: AtomicNodeIndex::NONE,
        range: member.range(),
        module: Some(Identifier::new(module.as_str(), member.range())),
        names: Vec::new(),
        level: 0,
        is_lazy: false,
    };
    let mut found = definitions_for_imported_symbol(model, &import, member, ImportAliasResolution::ResolveAliases);
    name_submodules(model, &mut found);
    found
}

/// The attribute of an expression as if it were written there. The engine knows the expression by its index, which a copy
/// keeps.
fn attribute_of(value: &Expr, attribute: &Identifier) -> ExprAttribute {
    ExprAttribute {
        range: attribute.range(),
        node_index: AtomicNodeIndex::NONE,
        value: Box::new(value.clone()),
        attr: attribute.clone(),
        ctx: ExprContext::Load,
    }
}

fn of_module<'db>(model: &SemanticModel<'db>, path: ModulePath<'_>) -> Option<ResolvedDefinition<'db>> {
    let name = path.name.split('.').map(str::trim).collect::<Vec<_>>().join(".");
    let module: Module<'db> =
        model.resolve_module(Some(&name).filter(|name| !name.is_empty()).map(String::as_str), path.level)?;
    Some(module_of(model, module.file(model.db())?))
}

fn module_of<'db>(model: &SemanticModel<'db>, file: File) -> ResolvedDefinition<'db> {
    ResolvedDefinition::Module(ProgramFile::new(model.db(), file, model.program()))
}
