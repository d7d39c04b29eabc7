//! The classes of an expression as the source writes them, for where inference knows nothing: a class above one's own comes
//! from a library that is not there, and to the engine every attribute may be that library's. People still mean what they
//! wrote: `self.engine: Engine = engine` makes `self.engine` an `Engine`.
//!
//! It never contradicts `foreign`: of what that calls foreign, nothing here finds a class.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::helpers::ReturnStatementVisitor;
use ruff_python_ast::visitor::Visitor as _;
use ruff_python_ast::{AnyNodeRef, Expr, ExprSubscript, Operator, StmtFunctionDef};
use ruff_python_parser::parse_expression;
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_semantic::{Db, ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_name};

use crate::{inheritance, resolve};

/// How many definitions an expression is followed through.
const DEPTH_MAX: u32 = 8;

/// What looking into a function costs of that: functions call functions, and each may return in many places.
const CALL_DEPTH: u32 = 3;

/// The classes that an expression is written to be an instance of.
pub(crate) fn classes_of<'db>(model: &SemanticModel<'db>, expression: &Expr) -> Vec<Definition<'db>> {
    held_by_expression(model, expression, DEPTH_MAX)
}

fn held_by_expression<'db>(model: &SemanticModel<'db>, expression: &Expr, depth: u32) -> Vec<Definition<'db>> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    let all = |parts: &[&Expr]| parts.iter().flat_map(|part| held_by_expression(model, part, depth)).collect();
    match expression {
        Expr::Name(name) => match inheritance::class_of_self(model, expression) {
            Some(class) => vec![class],
            None => {
                let bindings = resolve::visible_bindings(model, &name.id, name.into());
                bindings.into_iter().flat_map(|binding| held_by_definition(model.db(), binding, depth)).collect()
            }
        },
        Expr::Attribute(attribute) => {
            let members = members_of(model, &attribute.value, &attribute.attr, depth);
            members.into_iter().flat_map(|member| held_by_definition(model.db(), member, depth)).collect()
        }
        Expr::Call(call) => made_by_call(model, &call.func, depth),
        Expr::Await(awaited) => all(&[&awaited.value]),
        Expr::Named(named) => all(&[&named.value]),
        Expr::If(choice) => all(&[&choice.body, &choice.orelse]),
        Expr::BoolOp(operation) => all(&operation.values.iter().collect::<Vec<_>>()),
        _ => Vec::new(),
    }
}

fn members_of<'db>(model: &SemanticModel<'db>, receiver: &Expr, name: &str, depth: u32) -> Vec<Definition<'db>> {
    let classes = held_by_expression(model, receiver, depth);
    classes.into_iter().flat_map(|class| inheritance::member(model.db(), class, name)).collect()
}

/// What calling an expression gives: an instance of a class, or what a function says that it returns.
fn made_by_call<'db>(model: &SemanticModel<'db>, function: &Expr, depth: u32) -> Vec<Definition<'db>> {
    let db = model.db();
    let found = match function {
        Expr::Name(name) => named(model, &name.id, name.into()),
        Expr::Attribute(attribute) => {
            let found = definitions(resolve::of_module_attribute(model, attribute));
            if found.is_empty() { members_of(model, &attribute.value, &attribute.attr, depth) } else { found }
        }
        _ => Vec::new(),
    };
    let made = |definition: Definition<'db>| match definition.kind(db) {
        DefinitionKind::Class(_) => vec![definition],
        DefinitionKind::Function(_) => returned_within(db, definition, depth),
        _ => Vec::new(),
    };
    found.into_iter().flat_map(made).collect()
}

/// What a definition makes its name hold.
fn held_by_definition<'db>(db: &'db dyn Db, definition: Definition<'db>, depth: u32) -> Vec<Definition<'db>> {
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let model = SemanticModel::new(db, definition.program_file(db));
    match definition.kind(db) {
        DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(parameter)) => {
            let annotation = parameter.node(&parsed).annotation();
            annotation.map_or_else(Vec::new, |annotation| annotated(&model, annotation, None))
        }
        DefinitionKind::AnnotatedAssignment(assignment) => annotated(&model, assignment.annotation(&parsed), None),
        DefinitionKind::Assignment(assignment) if assignment.unpack().is_none() => {
            held_by_expression(&model, assignment.value(&parsed), depth)
        }
        DefinitionKind::NamedExpression(named) => held_by_expression(&model, &named.node(&parsed).value, depth),
        DefinitionKind::Function(function) if is_property(function.node(&parsed)) => {
            returned_within(db, definition, depth)
        }
        DefinitionKind::WithItem(item) if matches!(item.target(&parsed), Expr::Name(_)) => {
            let managers = held_by_expression(&model, item.context_expr(&parsed), depth);
            let entered = managers.into_iter().flat_map(|class| inheritance::member(db, class, "__enter__"));
            entered.flat_map(|enter| returned_within(db, enter, depth)).collect()
        }
        _ => Vec::new(),
    }
}

/// What a function returns, as far as its annotation tells, or its `return` statements where it has none.
pub(crate) fn returned_by<'db>(db: &'db dyn Db, function: Definition<'db>) -> Vec<Definition<'db>> {
    returned_within(db, function, DEPTH_MAX)
}

fn returned_within<'db>(db: &'db dyn Db, function: Definition<'db>, depth: u32) -> Vec<Definition<'db>> {
    let DefinitionKind::Function(node) = function.kind(db) else { return Vec::new() };
    let parsed = parsed_module(db, function.python_file(db)).load(db);
    let node = node.node(&parsed);
    let model = SemanticModel::new(db, function.program_file(db));
    match node.returns.as_deref() {
        Some(Expr::Name(name)) if name.id == "Self" => inheritance::class_around(db, function).into_iter().collect(),
        Some(annotation) => annotated(&model, annotation, None),
        None => returned_by_statements(&model, node, depth),
    }
}

fn returned_by_statements<'db>(
    model: &SemanticModel<'db>,
    function: &StmtFunctionDef,
    depth: u32,
) -> Vec<Definition<'db>> {
    let Some(depth) = depth.checked_sub(CALL_DEPTH) else { return Vec::new() };
    let mut visitor = ReturnStatementVisitor::default();
    visitor.visit_body(&function.body);
    if function.is_async || visitor.is_generator {
        return Vec::new();
    }
    let mut found = Vec::new();
    for value in visitor.returns.iter().filter_map(|statement| statement.value.as_deref()) {
        for class in held_by_expression(model, value, depth) {
            if !found.contains(&class) {
                found.push(class);
            }
        }
    }
    found
}

fn is_property(function: &StmtFunctionDef) -> bool {
    function.decorator_list.iter().any(|decorator| match &decorator.expression {
        Expr::Name(name) => matches!(name.id.as_str(), "property" | "cached_property"),
        Expr::Attribute(attribute) => attribute.attr.as_str() == "cached_property",
        _ => false,
    })
}

/// The classes that an annotation names. What stands in a string is no node of the file; `string` is the string then.
fn annotated<'db>(
    model: &SemanticModel<'db>,
    annotation: &Expr,
    string: Option<AnyNodeRef<'_>>,
) -> Vec<Definition<'db>> {
    let found = match annotation {
        Expr::Name(name) => named(model, &name.id, string.unwrap_or(name.into())),
        Expr::Attribute(attribute) if string.is_none() => definitions(resolve::of_module_attribute(model, attribute)),
        Expr::BinOp(union) if union.op == Operator::BitOr => {
            let parts = [&*union.left, &*union.right];
            return parts.into_iter().flat_map(|part| annotated(model, part, string)).collect();
        }
        Expr::Subscript(generic) => {
            return instances_of(generic).into_iter().flat_map(|part| annotated(model, part, string)).collect();
        }
        Expr::StringLiteral(literal) if string.is_none() => {
            let inner = parse_expression(literal.value.to_str());
            return inner.map_or_else(|_| Vec::new(), |inner| annotated(model, inner.expr(), Some(literal.into())));
        }
        _ => Vec::new(),
    };
    found.into_iter().filter(|definition| definition.kind(model.db()).as_class().is_some()).collect()
}

/// The parts of a generic annotation that its values are instances of.
fn instances_of(generic: &ExprSubscript) -> Vec<&Expr> {
    let last_name = match &*generic.value {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return Vec::new(),
    };
    let parts = match &*generic.slice {
        Expr::Tuple(tuple) => tuple.elts.iter().collect(),
        slice => vec![slice],
    };
    match last_name {
        "Union" => parts,
        "Optional" | "Annotated" | "ClassVar" | "Final" => parts.into_iter().take(1).collect(),
        _ => vec![&*generic.value],
    }
}

fn named<'db>(model: &SemanticModel<'db>, name: &str, node: AnyNodeRef<'_>) -> Vec<Definition<'db>> {
    definitions(definitions_for_name(model, name, node, ImportAliasResolution::ResolveAliases))
}

fn definitions(found: Vec<ResolvedDefinition<'_>>) -> Vec<Definition<'_>> {
    found.iter().filter_map(ResolvedDefinition::definition).collect()
}
