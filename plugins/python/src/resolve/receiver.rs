//! Members of `self`, told without the method around: the engine infers a whole function to say what a receiver is, and of the
//! first parameter of a method it says what the class says.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Comprehension, Expr, ExprAttribute, Stmt, StmtAnnAssign};
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_core::place::ScopedPlaceId;
use ty_python_core::scope::{NodeWithScopeKind, ScopeId};
use ty_python_core::{attribute_scopes, place_table, semantic_index, use_def_map};
use ty_python_semantic::types::Type;
use ty_python_semantic::{Db, ResolvedDefinition};

use crate::inferred;
use crate::inheritance::{self, Base};
use crate::occurrence::At;

/// How many classes a member is looked for in. A longer line is left to the engine.
const CLASSES_MAX: usize = 64;

/// The definitions of a member of `self`, the same and in the same order as the engine's. None where the engine has to say.
pub(super) fn of_self_member<'db>(at: &At<'_, 'db>, attribute: &ExprAttribute) -> Option<Vec<ResolvedDefinition<'db>>> {
    if at.in_string {
        return None;
    }
    let db = at.model.db();
    let receiver = inheritance::self_of(at.model, &attribute.value)?;
    if !is_engines_self(db, receiver) {
        return None;
    }
    let found = of_class(db, receiver.scope(db).class_definition_of_method(db)?, &attribute.attr)?;
    // What is imported leads further, and the engine knows where.
    let is_own = found.iter().all(|definition| !definition.kind(db).is_import());
    is_own.then(|| found.into_iter().map(ResolvedDefinition::Definition).collect())
}

/// Whether a parameter is to the engine, wherever it is used, the instance or the class of the method that it belongs to. The
/// engine knows which decorators leave a method without either.
fn is_engines_self(db: &dyn Db, receiver: Definition<'_>) -> bool {
    let DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(parameter)) = receiver.kind(db) else {
        return false;
    };
    let parsed = parsed_module(db, receiver.python_file(db)).load(db);
    parameter.node(&parsed).annotation().is_none()
        && !is_told_apart(db, receiver)
        && matches!(inferred::type_of_parameter(db, receiver), Some(Type::TypeVar(_) | Type::SubclassOf(_)))
}

/// Whether a test in its method may tell more of what `self` is than its class does. A test of what `self` has does not: to the
/// engine that tells the members of a union apart, and `self` is none.
fn is_told_apart(db: &dyn Db, receiver: Definition<'_>) -> bool {
    let scope = receiver.scope(db);
    if !inheritance::is_narrowed(db, scope, receiver.place(db)) {
        return false;
    }
    let NodeWithScopeKind::Function(function) = scope.node(db) else { return true };
    let parsed = parsed_module(db, receiver.python_file(db)).load(db);
    let function = function.node(&parsed);
    let Some(first) = function.parameters.iter_non_variadic_params().next() else { return true };
    let mut tests = Tests::of(first.name());
    tests.visit_body(&function.body);
    tests.found || tests.results.iter().any(|result| tests.tested.contains(result))
}

/// Looks for a name, but for what it is the receiver of, in all that a test may compare or hand to a function. Whether it is true
/// tells nothing of its class.
struct Tests<'ast> {
    name: &'ast str,
    in_test: bool,
    in_operand: bool,
    found: bool,
    /// Variables that may be the result of such a test, which the engine remembers, and all names that are in tests.
    results: Vec<&'ast str>,
    tested: Vec<&'ast str>,
}

impl<'ast> Tests<'ast> {
    fn of(name: &'ast str) -> Self {
        Self { name, in_test: false, in_operand: false, found: false, results: Vec::new(), tested: Vec::new() }
    }

    /// Notes a variable that something is assigned to.
    fn assign(&mut self, target: &'ast Expr, value: &'ast Expr) {
        let Expr::Name(target) = target else { return };
        let mut assigned = Self { in_test: true, ..Self::of(self.name) };
        assigned.visit_expr(value);
        if assigned.found {
            self.results.push(&target.id);
        }
    }

    fn within(&mut self, in_test: bool, in_operand: bool, walk: impl FnOnce(&mut Self)) {
        let around = (self.in_test, self.in_operand);
        (self.in_test, self.in_operand) = (in_test, in_operand);
        walk(self);
        (self.in_test, self.in_operand) = around;
    }
}

impl<'ast> Visitor<'ast> for Tests<'ast> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.assign(target, &assign.value)),
            Stmt::AnnAssign(StmtAnnAssign { target, value: Some(value), .. }) => self.assign(target, value),
            _ => {}
        }
        let is_test = matches!(statement, Stmt::If(_) | Stmt::While(_) | Stmt::Assert(_) | Stmt::Match(_));
        let is_match = matches!(statement, Stmt::Match(_));
        self.within(is_test, is_match, |tests| walk_stmt(tests, statement));
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        let is_test = self.in_test
            || matches!(
                expression,
                Expr::BoolOp(_) | Expr::If(_) | Expr::UnaryOp(_) | Expr::Compare(_) | Expr::Named(_)
            );
        let is_operand = self.in_operand || matches!(expression, Expr::Call(_) | Expr::Compare(_));
        match expression {
            Expr::Attribute(attribute) if attribute.value.is_name_expr() => {}
            Expr::Name(name) if self.in_test => {
                self.found |= self.in_operand && name.id == self.name;
                if !self.in_operand {
                    self.tested.push(&name.id);
                }
            }
            _ => self.within(is_test, is_operand, |tests| walk_expr(tests, expression)),
        }
    }

    fn visit_comprehension(&mut self, comprehension: &'ast Comprehension) {
        self.visit_expr(&comprehension.iter);
        for test in &comprehension.ifs {
            self.within(true, false, |tests| tests.visit_expr(test));
        }
    }
}

/// What the first of a class and those above it defines a member by, in Python's order. None where that has to be inferred.
fn of_class<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str) -> Option<Vec<Definition<'db>>> {
    if is_protocol(db, class) {
        return None;
    }
    let own = own_member(db, class, name)?;
    if !own.is_empty() {
        return Some(own);
    }
    let line = line_above(db, class)?;
    line.into_iter()
        .map(|class| own_member(db, class, name))
        .find(|own| own.as_ref().is_none_or(|own| !own.is_empty()))?
}

/// The classes above one, in Python's order. None where that has to be inferred.
fn line_above<'db>(db: &'db dyn Db, class: Definition<'db>) -> Option<Vec<Definition<'db>>> {
    let (mut line, mut next) = (vec![class], vec![class]);
    // Depth first is Python's order where no class is inherited from twice.
    let mut ordered = Vec::new();
    while let Some(class) = next.pop() {
        ordered.push(class);
        for base in inheritance::bases(db, class).into_iter().rev() {
            match base {
                Base::Object => {}
                Base::Class(base)
                    if inheritance::is_plain(db, base) && !line.contains(&base) && line.len() < CLASSES_MAX =>
                {
                    line.push(base);
                    next.push(base);
                }
                Base::Class(_) | Base::Unknown => return None,
            }
        }
    }
    ordered.remove(0);
    Some(ordered)
}

/// A protocol is to the engine what it asks for, and no class.
fn is_protocol(db: &dyn Db, class: Definition<'_>) -> bool {
    let DefinitionKind::Class(node) = class.kind(db) else { return true };
    let parsed = parsed_module(db, class.python_file(db)).load(db);
    let bases = node.node(&parsed).bases();
    let named = |base: &Expr| match base {
        Expr::Name(name) => name.id == "Protocol",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "Protocol",
        _ => false,
    };
    bases.iter().any(|base| named(base) || base.as_subscript_expr().is_some_and(|generic| named(&generic.value)))
}

/// What a class itself defines a member by: in its body, or else in the first of its methods that assigns it. None where the
/// engine would look further.
fn own_member<'db>(db: &'db dyn Db, class: Definition<'db>, name: &str) -> Option<Vec<Definition<'db>>> {
    let body = inheritance::body(db, class)?;
    if let Some(symbol) = place_table(db, body).symbol_id(name) {
        let found = definitions(db, body, symbol.into())?;
        if !found.is_empty() {
            return Some(found);
        }
    }
    let file = class.program_file(db);
    let index = semantic_index(db, file);
    for scope in attribute_scopes(db, body) {
        if let Some(member) = index.place_table(scope).member_id_by_instance_attribute_name(name) {
            let found = definitions(db, scope.to_scope_id(db, file), member.into())?;
            if !found.is_empty() {
                return Some(found);
            }
        }
    }
    Some(Vec::new())
}

/// The declarations of a place and then its bindings, as the engine lists those of members. None where one of them stands for
/// others in an inner scope.
fn definitions<'db>(db: &'db dyn Db, scope: ScopeId<'db>, place: ScopedPlaceId) -> Option<Vec<Definition<'db>>> {
    let map = use_def_map(db, scope);
    let declarations = map.reachable_declarations(place).filter_map(|found| found.declaration.definition());
    let bindings = map.reachable_bindings(place).filter_map(|binding| binding.binding.definition());
    let mut found = Vec::new();
    for definition in declarations.chain(bindings) {
        match definition.kind(db) {
            DefinitionKind::NestedBindings(_) => return None,
            kind if kind.is_user_visible() && !found.contains(&definition) => found.push(definition),
            _ => {}
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests;
