//! What tests say of names: `if (x instanceof A)`, `typeof x === "string"`, a call that may be a predicate, a discriminant.
//! Names carry the tests around them; what a test means for a type is decided where types are known.

use std::rc::Rc;

use oxc_ast::ast::Statement;

use super::Lower;
use crate::module::{ExprId, ExprKind, Guard, Ident, Literal, SymId};

/// So many tests are remembered of one name.
const GUARDS_MAX: usize = 8;

impl Lower<'_> {
    /// A name with the tests that hold where it stands.
    pub(super) fn narrowed(&self, symbol: SymId, ident: Ident) -> ExprKind {
        let mut known: Vec<Guard> = Vec::new();
        for (_, guard) in self.guards.iter().rev().filter(|(about, _)| *about == symbol).take(GUARDS_MAX) {
            known.push(guard.clone());
            if matches!(guard, Guard::Assigned(_)) {
                break;
            }
        }
        if known.is_empty() {
            return ExprKind::Ident(ident);
        }
        known.reverse();
        ExprKind::Narrowed(ident, Rc::from(known))
    }

    /// Runs with what a test says.
    pub(super) fn where_holds<R>(&mut self, test: ExprId, holds: bool, run: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.guards.len();
        self.assume(test, holds);
        let result = run(self);
        self.guards.truncate(before);
        result
    }

    /// Takes from here on that a test holds, or does not.
    pub(super) fn assume(&mut self, test: ExprId, holds: bool) {
        let kind = self.module.expr(test).kind.clone();
        match kind {
            ExprKind::Not(inner) => self.assume(inner, !holds),
            ExprKind::Same(inner) => self.assume(inner, holds),
            ExprKind::And(left, right) if holds => {
                self.assume(left, true);
                self.assume(right, true);
            }
            ExprKind::Or(left, right) if !holds => {
                self.assume(left, false);
                self.assume(right, false);
            }
            ExprKind::InstanceOf(left, class) if holds => self.guard(left, Guard::InstanceOf(class)),
            ExprKind::Equality { left, right, negated } => {
                self.compare(left, right, holds != negated);
                self.compare(right, left, holds != negated);
            }
            ExprKind::In(key, object) => {
                if let ExprKind::Literal(Literal::String(key)) = &self.module.expr(key).kind {
                    let guard = Guard::In(Rc::clone(key), holds);
                    self.guard(object, guard);
                }
            }
            ExprKind::Call { callee, arguments, is_new: false, .. } => {
                for (place, argument) in arguments.into_iter().enumerate() {
                    self.guard(argument, Guard::Predicate { callee, argument: place as u32, holds });
                }
            }
            ExprKind::Ident(_) | ExprKind::Narrowed(..) if holds => self.guard(test, Guard::Truthy),
            ExprKind::Member { object, name, .. } => {
                let truth = self.module.exprs.len() as u32;
                let value = ExprId(truth);
                let span = self.module.expr(test).span;
                self.push(ExprKind::Literal(Literal::Boolean(true)), span, Default::default());
                self.guard(object, Guard::Discriminant { path: name, value, holds });
            }
            _ => {}
        }
    }

    fn compare(&mut self, left: ExprId, right: ExprId, holds: bool) {
        match self.module.expr(left).kind.clone() {
            ExprKind::TypeOf(about) => {
                if let ExprKind::Literal(Literal::String(kind)) = &self.module.expr(right).kind {
                    let guard = Guard::TypeOf(Rc::clone(kind), holds);
                    self.guard(about, guard);
                }
            }
            ExprKind::Member { object, name, .. } => {
                self.guard(object, Guard::Discriminant { path: name, value: right, holds });
            }
            _ => {}
        }
    }

    fn guard(&mut self, about: ExprId, guard: Guard) {
        match &self.module.expr(about).kind {
            ExprKind::Ident(Ident::Local(symbol)) | ExprKind::Narrowed(Ident::Local(symbol), _) => {
                let symbol = *symbol;
                self.guards.push((symbol, guard));
            }
            ExprKind::Same(inner) | ExprKind::NonNull(inner) => {
                let inner = *inner;
                self.guard(inner, guard);
            }
            ExprKind::Assign(left, _) => {
                let left = *left;
                self.guard(left, guard);
            }
            _ => {}
        }
    }

    /// A name that has a new value from here on.
    pub(super) fn assigned(&mut self, symbol: SymId, value: ExprId) {
        self.guards.push((symbol, Guard::Assigned(value)));
    }
}

/// Whether what follows a statement is reached only if it was not.
pub(super) fn leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_)
        | Statement::ThrowStatement(_)
        | Statement::BreakStatement(_)
        | Statement::ContinueStatement(_) => true,
        Statement::BlockStatement(block) => block.body.last().is_some_and(leaves),
        Statement::IfStatement(branch) => leaves(&branch.consequent) && branch.alternate.as_ref().is_some_and(leaves),
        _ => false,
    }
}
