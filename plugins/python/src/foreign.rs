//! Of which expressions the engine knows no class of a project, told without asking it: what an unannotated parameter holds,
//! and what comes of it by attributes, calls, loops and assignments; numbers and strings; containers of these. In code without
//! annotations that is most of it, and inferring whole functions to learn it is what a search would spend its time on.
//!
//! It errs on one side: what it calls foreign has no attribute that a project defines. It leans on three things the engine
//! does: an unannotated parameter is unknown but for its default, a function without a return annotation returns something
//! unknown, and whatever is done to something unknown is unknown again.

mod members;

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{AnyNodeRef, Expr, ExprCall, ExprName, StmtFunctionDef};
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_core::place::{PlaceExpr, ScopedPlaceId};
use ty_python_core::scope::ScopeId;
use ty_python_core::{place_table, semantic_index, use_def_map};
use ty_python_semantic::{
    Db, ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_imported_symbol,
};

use crate::inheritance::{is_narrowed, is_self};
use crate::resolve::definitions_of_name;
use crate::written;

/// How many definitions a chain of assignments and base classes is followed through. Longer ones are left to the engine.
const DEPTH_MAX: u32 = 8;

/// Builtin functions whose results hold nothing that their arguments do not.
const HARMLESS_BUILTINS: [&str; 36] = [
    "abs",
    "all",
    "any",
    "bool",
    "bytes",
    "callable",
    "chr",
    "dict",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "hasattr",
    "hash",
    "id",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "max",
    "min",
    "next",
    "ord",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
    "str",
    "zip",
];

/// Whether the engine knows no class of a project for the expression, which must stand in the file itself, not in a string.
pub(crate) fn is_foreign(model: &SemanticModel<'_>, expression: &Expr) -> bool {
    Judge { model, depth: DEPTH_MAX }.is_foreign(expression)
}

/// The user-visible bindings of a place, in its whole scope.
fn bindings<'db>(db: &'db dyn Db, scope: ScopeId<'db>, place: ScopedPlaceId) -> impl Iterator<Item = Definition<'db>> {
    use_def_map(db, scope)
        .reachable_bindings(place)
        .filter_map(|binding| binding.binding.definition())
        // It stands for the other bindings of a loop, which are looked at by themselves.
        .filter(|definition| !matches!(definition.kind(db), DefinitionKind::LoopHeader(_)))
}

/// Judges the expressions of one file.
struct Judge<'m, 'db> {
    model: &'m SemanticModel<'db>,
    depth: u32,
}

impl<'db> Judge<'_, 'db> {
    fn deeper(&self) -> Option<Self> {
        self.depth.checked_sub(1).map(|depth| Judge { model: self.model, depth })
    }

    fn is_foreign(&self, expression: &Expr) -> bool {
        let Some(judge) = self.deeper() else { return false };
        let all = |parts: &[Expr]| parts.iter().all(|part| judge.is_foreign(part));
        match expression {
            Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::FString(_) | Expr::NumberLiteral(_) => true,
            Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => true,
            Expr::List(list) => all(&list.elts),
            Expr::Set(set) => all(&set.elts),
            Expr::Tuple(tuple) => all(&tuple.elts),
            Expr::Dict(dict) => dict
                .iter()
                .all(|item| item.key.as_ref().is_none_or(|key| judge.is_foreign(key)) && judge.is_foreign(&item.value)),
            Expr::BinOp(operation) => judge.is_foreign(&operation.left) && judge.is_foreign(&operation.right),
            Expr::BoolOp(operation) => all(&operation.values),
            Expr::UnaryOp(operation) => judge.is_foreign(&operation.operand),
            Expr::If(choice) => judge.is_foreign(&choice.body) && judge.is_foreign(&choice.orelse),
            Expr::Named(named) => judge.is_foreign(&named.value),
            Expr::Await(awaited) => judge.is_foreign(&awaited.value),
            Expr::ListComp(comprehension) => judge.is_foreign(&comprehension.elt),
            Expr::SetComp(comprehension) => judge.is_foreign(&comprehension.elt),
            Expr::Generator(generator) => judge.is_foreign(&generator.elt),
            Expr::Name(name) => judge.is_foreign_name(name),
            Expr::Subscript(subscript) => judge.is_foreign(&subscript.value) && !judge.is_known_place(expression),
            Expr::Attribute(attribute) => {
                !judge.is_known_place(expression)
                    && (judge.is_foreign(&attribute.value) || judge.is_foreign_member(attribute))
            }
            Expr::Call(call) => judge.is_foreign_call(call),
            _ => false,
        }
    }

    fn is_foreign_name(&self, name: &ExprName) -> bool {
        let db = self.model.db();
        let file = self.model.program_file();
        let Some(scope) = self.model.scope(AnyNodeRef::from(name)) else { return false };
        for (scope, _) in semantic_index(db, file).visible_ancestor_scopes(scope) {
            let scope = scope.to_scope_id(db, file);
            let table = place_table(db, scope);
            let Some(symbol) = table.symbol_id(&name.id) else { continue };
            let place = table.symbol(symbol);
            if place.is_global() || place.is_nonlocal() || is_narrowed(db, scope, symbol.into()) {
                return false;
            }
            if place.is_local() {
                let mut bindings = bindings(db, scope, symbol.into()).peekable();
                return bindings.peek().is_some() && bindings.all(|binding| self.binds_foreign(binding));
            }
        }
        false
    }

    /// Whether something is assigned to an attribute or an element itself, or a test tells more of it.
    fn is_known_place(&self, expression: &Expr) -> bool {
        let db = self.model.db();
        let file = self.model.program_file();
        let Some(place) = PlaceExpr::try_from_expr(expression) else { return false };
        let Some(scope) = self.model.scope(AnyNodeRef::from(expression)) else { return true };
        semantic_index(db, file).visible_ancestor_scopes(scope).any(|(scope, _)| {
            let scope = scope.to_scope_id(db, file);
            place_table(db, scope)
                .place_id(&place)
                .is_some_and(|place| is_narrowed(db, scope, place) || bindings(db, scope, place).next().is_some())
        })
    }

    /// Whether a binding gives its name something foreign.
    fn binds_foreign(&self, binding: Definition<'db>) -> bool {
        let db = self.model.db();
        let parsed = parsed_module(db, binding.python_file(db)).load(db);
        match binding.kind(db) {
            DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(parameter)) => {
                let parameter = parameter.node(&parsed);
                parameter.annotation().is_none()
                    && parameter.default().is_none_or(|default| self.is_foreign(default))
                    && !is_self(db, binding)
            }
            DefinitionKind::Parameter(
                ParameterDefinitionNodeKind::VariadicPositionalParameter(parameter)
                | ParameterDefinitionNodeKind::VariadicKeywordParameter(parameter),
            ) => parameter.node(&parsed).annotation.is_none(),
            DefinitionKind::Assignment(assignment) => self.is_foreign(assignment.value(&parsed)),
            DefinitionKind::AugmentedAssignment(assignment) => self.is_foreign(&assignment.node(&parsed).value),
            DefinitionKind::NamedExpression(named) => self.is_foreign(&named.node(&parsed).value),
            DefinitionKind::For(statement) => self.is_foreign(statement.iterable(&parsed)),
            DefinitionKind::Comprehension(comprehension) => self.is_foreign(comprehension.iterable(&parsed)),
            DefinitionKind::WithItem(item) => self.is_foreign(item.context_expr(&parsed)),
            DefinitionKind::Import(import) => self.model.resolve_module(Some(&import.alias(&parsed).name), 0).is_none(),
            DefinitionKind::ImportFrom(import) => {
                let (import, alias) = (import.import(&parsed), import.alias(&parsed));
                let follow = ImportAliasResolution::ResolveAliases;
                definitions_for_imported_symbol(self.model, import, &alias.name, follow).is_empty()
            }
            _ => false,
        }
    }

    fn is_foreign_call(&self, call: &ExprCall) -> bool {
        if self.is_foreign(&call.func) {
            return true;
        }
        match &*call.func {
            Expr::Name(name) => {
                let follow = ImportAliasResolution::ResolveAliases;
                let found = definitions_of_name(self.model, &name.id, name.into(), follow);
                let is_builtin =
                    HARMLESS_BUILTINS.contains(&name.id.as_str()) && found.iter().all(|found| self.is_vendored(found));
                if is_builtin {
                    return call.arguments.iter_source_order().all(|argument| self.is_foreign(argument.value()));
                }
                !found.is_empty() && found.iter().all(|found| self.returns_unknown(found))
            }
            Expr::Attribute(method) => self.is_unannotated_method(method),
            _ => false,
        }
    }

    fn is_vendored(&self, found: &ResolvedDefinition<'db>) -> bool {
        let db = self.model.db();
        found.definition().is_some_and(|definition| definition.file(db).path(db).is_vendored_path())
    }

    /// Whether a definition is a function that does not say what it returns.
    fn returns_unknown(&self, found: &ResolvedDefinition<'db>) -> bool {
        found.definition().is_some_and(|definition| returns_unknown(self.model.db(), definition, None, |_| false))
    }
}

/// Whether nobody can tell what a function returns, neither the engine nor who reads it; called as a method, that of `me`.
fn returns_unknown<'db>(
    db: &'db dyn Db,
    definition: Definition<'db>,
    me: Option<Definition<'db>>,
    allowed: impl Fn(&StmtFunctionDef) -> bool,
) -> bool {
    is_unannotated(db, definition, allowed) && written::returned_by(db, definition, me).is_empty()
}

/// Whether a definition is a function without a return annotation, and without decorators but those that are allowed.
fn is_unannotated(db: &dyn Db, definition: Definition<'_>, allowed: impl Fn(&StmtFunctionDef) -> bool) -> bool {
    let DefinitionKind::Function(function) = definition.kind(db) else { return false };
    if definition.file(db).is_stub(db) {
        return false;
    }
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let function = function.node(&parsed);
    function.returns.is_none() && !function.is_async && (function.decorator_list.is_empty() || allowed(function))
}
