//! The classes of an expression as the source writes them, for where inference knows nothing: a class above one's own comes
//! from a library that is not there, and to the engine every attribute may be that library's. People still mean what they
//! wrote: `self.engine: Engine = engine` makes `self.engine` an `Engine`.
//!
//! It never contradicts `foreign`: of what that calls foreign, nothing here finds a class.

use std::cell::Cell;

use ruff_db::parsed::parsed_module;
use ruff_python_ast::helpers::ReturnStatementVisitor;
use ruff_python_ast::visitor::Visitor as _;
use ruff_python_ast::{AnyNodeRef, Expr, ExprCall, ExprSubscript, Operator, StmtFunctionDef};
use ruff_python_parser::parse_expression;
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_semantic::{Db, ImportAliasResolution, ResolvedDefinition, SemanticModel};

use crate::{inheritance, resolve};

/// How many expressions deep a question is followed.
const DEPTH_MAX: u32 = 24;

/// How many expressions a question is followed through: functions call functions, and each may return in many places.
const STEPS_MAX: u32 = 200;

/// The classes that an expression is written to be an instance of.
pub(crate) fn classes_of<'db>(model: &SemanticModel<'db>, expression: &Expr) -> Vec<Definition<'db>> {
    Reader { model, me: None, budget: Budget::new(&Cell::new(STEPS_MAX)) }.held_by(expression)
}

/// What a function returns, as far as its annotation tells, or its `return` statements where it has none; if it is called as a
/// method, that of the class `me`.
pub(crate) fn returned_by<'db>(
    db: &'db dyn Db,
    function: Definition<'db>,
    me: Option<Definition<'db>>,
) -> Vec<Definition<'db>> {
    returned_within(db, function, me, Budget::new(&Cell::new(STEPS_MAX)))
}

/// How much further a question may be followed.
#[derive(Clone, Copy)]
struct Budget<'m> {
    depth: u32,
    steps: &'m Cell<u32>,
}

impl<'m> Budget<'m> {
    fn new(steps: &'m Cell<u32>) -> Self {
        Self { depth: DEPTH_MAX, steps }
    }

    /// Asks with half of what is left, so that one of several answers cannot use up what the others need.
    fn share<R>(self, ask: impl FnOnce(Budget<'_>) -> R) -> R {
        let whole = self.steps.get();
        let half = whole.div_ceil(2);
        let steps = Cell::new(half);
        let answer = ask(Budget { depth: self.depth, steps: &steps });
        self.steps.set(whole - (half - steps.get()));
        answer
    }

    /// What is left after another step. None if that is one too many.
    fn step(self) -> Option<Self> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        Some(Self { depth: self.depth.checked_sub(1)?, ..self })
    }
}

/// Reads expressions of one file.
#[derive(Clone, Copy)]
struct Reader<'m, 'db> {
    model: &'m SemanticModel<'db>,
    /// What `self` is an instance of in the method that is read, where that is known better than by where the method stands.
    me: Option<Definition<'db>>,
    budget: Budget<'m>,
}

/// A member, and the class that it was looked up in.
type Member<'db> = (Option<Definition<'db>>, Definition<'db>);

impl<'db> Reader<'_, 'db> {
    /// Each class once: of a variable that is set from itself again and again, every step would double them.
    fn held_by(self, expression: &Expr) -> Vec<Definition<'db>> {
        let mut found: Vec<Definition<'db>> = Vec::new();
        for class in self.all_held_by(expression) {
            if !found.contains(&class) {
                found.push(class);
            }
        }
        found
    }

    fn all_held_by(self, expression: &Expr) -> Vec<Definition<'db>> {
        let Some(budget) = self.budget.step() else { return Vec::new() };
        let reader = Self { budget, ..self };
        let all = |parts: &[&Expr]| parts.iter().flat_map(|part| reader.held_by(part)).collect();
        match expression {
            Expr::Name(name) => match reader.class_of_self(expression) {
                Some(class) => vec![class],
                None => {
                    let bindings = resolve::visible_bindings(self.model, &name.id, name.into());
                    let db = self.model.db();
                    bindings.into_iter().flat_map(|binding| held_by_definition(db, binding, self.me, budget)).collect()
                }
            },
            Expr::Attribute(attribute) => {
                let members = reader.members_of(&attribute.value, &attribute.attr);
                let held = |(me, member)| held_by_definition(self.model.db(), member, me, budget);
                members.into_iter().flat_map(held).collect()
            }
            Expr::Call(call) => reader.made_by(call),
            Expr::Await(awaited) => all(&[&awaited.value]),
            Expr::Named(named) => all(&[&named.value]),
            Expr::If(choice) => all(&[&choice.body, &choice.orelse]),
            Expr::BoolOp(operation) => all(&operation.values.iter().collect::<Vec<_>>()),
            _ => Vec::new(),
        }
    }

    /// The class that `self`, by whatever name, is an instance of.
    fn class_of_self(self, expression: &Expr) -> Option<Definition<'db>> {
        let class = inheritance::class_of_self(self.model, expression)?;
        Some(self.me.filter(|me| inheritance::is_below(self.model.db(), *me, class)).unwrap_or(class))
    }

    /// What an object, or a class, has by a name.
    fn members_of(self, receiver: &Expr, name: &str) -> Vec<Member<'db>> {
        let db = self.model.db();
        if let Some(class) = self.class_of_super(receiver) {
            let me = self.me.filter(|me| inheritance::is_below(db, *me, class)).unwrap_or(class);
            return inheritance::member_above(db, class, name).into_iter().map(|member| (Some(me), member)).collect();
        }
        let mut classes = self.held_by(receiver);
        if classes.is_empty() {
            classes = self.named(receiver);
            classes.retain(|definition| definition.kind(db).as_class().is_some());
        }
        let members = |class| inheritance::member(db, class, name).into_iter().map(move |member| (Some(class), member));
        classes.into_iter().flat_map(members).collect()
    }

    /// The class whose method says `super()`.
    fn class_of_super(self, receiver: &Expr) -> Option<Definition<'db>> {
        let Expr::Call(call) = receiver else { return None };
        if !matches!(&*call.func, Expr::Name(name) if name.id == "super") {
            return None;
        }
        let scope = self.model.scope(call.into())?.to_scope_id(self.model.db(), self.model.program_file());
        scope.class_definition_of_method(self.model.db())
    }

    /// What a name, or a module's attribute, is defined as.
    fn named(self, expression: &Expr) -> Vec<Definition<'db>> {
        match expression {
            Expr::Name(name) => named(self.model, &name.id, name.into()),
            Expr::Attribute(attribute) => definitions(resolve::of_module_attribute(self.model, attribute)),
            _ => Vec::new(),
        }
    }

    /// What a call gives: an instance of a class, or what a function says that it returns.
    fn made_by(self, call: &ExprCall) -> Vec<Definition<'db>> {
        if let Some(alike) = self.alike(call) {
            return alike;
        }
        let db = self.model.db();
        let mut found: Vec<Member<'db>> = self.named(&call.func).into_iter().map(|found| (None, found)).collect();
        if found.is_empty()
            && let Expr::Attribute(attribute) = &*call.func
        {
            found = self.members_of(&attribute.value, &attribute.attr);
        }
        let made = |(me, definition): Member<'db>| match definition.kind(db) {
            DefinitionKind::Class(_) => vec![definition],
            DefinitionKind::Function(_) => returned_within(db, definition, me, self.budget),
            _ => Vec::new(),
        };
        found.into_iter().flat_map(made).collect()
    }

    /// What a call gives that makes another of what there is: `cls()`, `self.__class__()`, `type(self)()`, `copy(self)`.
    fn alike(self, call: &ExprCall) -> Option<Vec<Definition<'db>>> {
        match &*call.func {
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__class__" => {
                Some(self.held_by(&attribute.value))
            }
            Expr::Call(inner) if matches!(&*inner.func, Expr::Name(name) if name.id == "type") => {
                only_argument(inner).map(|argument| self.held_by(argument))
            }
            Expr::Attribute(attribute)
                if matches!(&*attribute.value, Expr::Name(module) if module.id == "copy")
                    && matches!(attribute.attr.as_str(), "copy" | "deepcopy") =>
            {
                only_argument(call).map(|argument| self.held_by(argument))
            }
            Expr::Name(name) if matches!(name.id.as_str(), "copy" | "deepcopy") => {
                only_argument(call).map(|argument| self.held_by(argument))
            }
            Expr::Name(name) if name.id == "cls" => self.class_of_self(&call.func).map(|class| vec![class]),
            _ => None,
        }
    }

    fn returned_by_statements(self, function: &StmtFunctionDef) -> Vec<Definition<'db>> {
        let mut visitor = ReturnStatementVisitor::default();
        visitor.visit_body(&function.body);
        if function.is_async || visitor.is_generator {
            return Vec::new();
        }
        let mut found = Vec::new();
        for value in visitor.returns.iter().filter_map(|statement| statement.value.as_deref()) {
            let held = self.budget.share(|budget| Reader { budget, ..self }.held_by(value));
            for class in held {
                if !found.contains(&class) {
                    found.push(class);
                }
            }
        }
        found
    }
}

/// What a definition makes its name hold; of a member, that of the class `me`.
fn held_by_definition<'db>(
    db: &'db dyn Db,
    definition: Definition<'db>,
    me: Option<Definition<'db>>,
    budget: Budget<'_>,
) -> Vec<Definition<'db>> {
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let model = SemanticModel::new(db, definition.program_file(db));
    let reader = Reader { model: &model, me, budget };
    match definition.kind(db) {
        DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(parameter)) => {
            let annotation = parameter.node(&parsed).annotation();
            annotation.map_or_else(Vec::new, |annotation| annotated(&model, annotation, None))
        }
        DefinitionKind::AnnotatedAssignment(assignment) => annotated(&model, assignment.annotation(&parsed), None),
        DefinitionKind::Assignment(assignment) if assignment.unpack().is_none() => {
            reader.held_by(assignment.value(&parsed))
        }
        DefinitionKind::NamedExpression(named) => reader.held_by(&named.node(&parsed).value),
        DefinitionKind::Function(function) if is_property(function.node(&parsed)) => {
            returned_within(db, definition, me, budget)
        }
        DefinitionKind::WithItem(item) if matches!(item.target(&parsed), Expr::Name(_)) => {
            let managers = reader.held_by(item.context_expr(&parsed));
            let entered = managers.into_iter().flat_map(|class| {
                inheritance::member(db, class, "__enter__").into_iter().map(move |enter| (class, enter))
            });
            entered.flat_map(|(class, enter)| returned_within(db, enter, Some(class), budget)).collect()
        }
        _ => Vec::new(),
    }
}

fn returned_within<'db>(
    db: &'db dyn Db,
    function: Definition<'db>,
    me: Option<Definition<'db>>,
    budget: Budget<'_>,
) -> Vec<Definition<'db>> {
    let DefinitionKind::Function(node) = function.kind(db) else { return Vec::new() };
    let parsed = parsed_module(db, function.python_file(db)).load(db);
    let node = node.node(&parsed);
    let model = SemanticModel::new(db, function.program_file(db));
    match node.returns.as_deref() {
        Some(Expr::Name(name)) if name.id == "Self" => {
            me.or_else(|| inheritance::class_around(db, function)).into_iter().collect()
        }
        Some(annotation) => annotated(&model, annotation, None),
        None => Reader { model: &model, me, budget }.returned_by_statements(node),
    }
}

fn only_argument(call: &ExprCall) -> Option<&Expr> {
    match &*call.arguments.args {
        [argument] => Some(argument),
        _ => None,
    }
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
    definitions(resolve::definitions_of_name(model, name, node, ImportAliasResolution::ResolveAliases))
}

fn definitions(found: Vec<ResolvedDefinition<'_>>) -> Vec<Definition<'_>> {
    found.iter().filter_map(ResolvedDefinition::definition).collect()
}
