//! From the name of an argument to the parameters that it may be for, also where no signature says so: the functions that may
//! be called are looked at one by one.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, ExprCall, Keyword};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::NodeWithScopeKind;
use ty_python_core::semantic_index;
use ty_python_semantic::types::ide_support::{call_signature_details, definitions_for_keyword_argument};
use ty_python_semantic::{Db, HasType, ResolvedDefinition};

use super::{Follow, of_attribute, of_name};
use crate::inheritance;
use crate::occurrence::At;

/// The parameters that the name of an argument means.
pub(super) fn of_keyword<'db>(at: &At<'_, 'db>, keyword: &Keyword, call: &ExprCall) -> Vec<ResolvedDefinition<'db>> {
    let Some(name) = &keyword.arg else { return Vec::new() };
    let db = at.model.db();
    let mut found = of_argument(at, keyword, name, call);
    let parameters = found.iter().filter_map(ResolvedDefinition::definition);
    let others: Vec<_> = parameters.flat_map(|parameter| of_other_constructor(db, parameter, name)).collect();
    found.extend(others.into_iter().map(ResolvedDefinition::Definition));
    found
}

fn of_argument<'db>(at: &At<'_, 'db>, keyword: &Keyword, name: &str, call: &ExprCall) -> Vec<ResolvedDefinition<'db>> {
    let model = at.model;
    let db = model.db();
    let found = definitions_for_keyword_argument(model, keyword, call);
    if !found.is_empty() {
        return found;
    }
    // A union of callables, or one that is wrapped: look at each function that may be called.
    let called = call_signature_details(model, call).into_iter().filter_map(|details| details.definition);
    let found: Vec<_> = called.filter_map(|function| parameter_named(db, function, name)).collect();
    if !found.is_empty() {
        return found.into_iter().map(ResolvedDefinition::Definition).collect();
    }
    // A decorator that hides the signature: what is written at the function is what people mean.
    let called = functions_of(at, called_in_the_end(call));
    let found = called.iter().filter_map(|function| parameter_named(db, *function, name));
    found.map(ResolvedDefinition::Definition).collect()
}

/// What is called when a call comes to its end: `partial` hands its arguments on.
fn called_in_the_end(call: &ExprCall) -> &Expr {
    let last_name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return &call.func,
    };
    match call.arguments.args.first() {
        Some(function) if matches!(last_name, "partial" | "partialmethod") => function,
        _ => &call.func,
    }
}

/// The functions that an expression may be; for a class, those that make it.
fn functions_of<'db>(at: &At<'_, 'db>, callee: &Expr) -> Vec<Definition<'db>> {
    let model = at.model;
    let db = model.db();
    let found = match callee {
        Expr::Name(name) => of_name(model, &name.id, name.into(), Follow::Everything),
        Expr::Attribute(attribute) => of_attribute(at, attribute),
        _ => Vec::new(),
    };
    let mut functions = Vec::new();
    for definition in found.iter().filter_map(ResolvedDefinition::definition) {
        match definition.kind(db) {
            DefinitionKind::Class(_) => functions.extend(inheritance::member(db, definition, "__init__")),
            DefinitionKind::Function(_) => functions.push(definition),
            // A variable that holds a function.
            _ if !at.in_string => {
                let held = callee.inferred_type(model).and_then(|ty| ty.definition(db, &model.program_environment()));
                functions.extend(held.and_then(|held| held.definition().copied()));
            }
            _ => {}
        }
    }
    functions
}

/// The parameter of `__init__` that is called as one of `__new__` is, and the other way round: an argument is for both.
fn of_other_constructor<'db>(db: &'db dyn Db, parameter: Definition<'db>, name: &str) -> Vec<Definition<'db>> {
    let scope = parameter.scope(db);
    let NodeWithScopeKind::Function(function) = scope.node(db) else { return Vec::new() };
    let parsed = parsed_module(db, parameter.python_file(db)).load(db);
    let other = match function.node(&parsed).name.as_str() {
        "__new__" => "__init__",
        "__init__" => "__new__",
        _ => return Vec::new(),
    };
    let Some(class) = scope.class_definition_of_method(db) else { return Vec::new() };
    let functions = inheritance::member(db, class, other);
    functions.into_iter().filter_map(|function| parameter_named(db, function, name)).collect()
}

/// The parameter of a function by its name.
fn parameter_named<'db>(db: &'db dyn Db, function: Definition<'db>, name: &str) -> Option<Definition<'db>> {
    let DefinitionKind::Function(node) = function.kind(db) else { return None };
    let parsed = parsed_module(db, function.python_file(db)).load(db);
    let parameters = &node.node(&parsed).parameters;
    let parameter = parameters.iter_non_variadic_params().find(|parameter| parameter.name() == name)?;
    semantic_index(db, function.program_file(db)).try_definition(parameter)
}
