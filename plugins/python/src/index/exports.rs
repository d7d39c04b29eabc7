//! What a module lists in `__all__`.

use ruff_python_ast::{Expr, Stmt, StringLiteral};

/// Calls `visit` with every string that the statement puts into or takes from `__all__`.
///
/// Understood are `__all__ = […]`, `__all__ += […]`, sums of lists, and the methods `extend`, `append` and `remove`.
pub(super) fn for_each_export(statement: &Stmt, visit: &mut dyn FnMut(&StringLiteral)) {
    match statement {
        Stmt::Assign(assign) if assign.targets.iter().any(is_dunder_all) => strings(&assign.value, visit),
        Stmt::AugAssign(assign) if is_dunder_all(&assign.target) => strings(&assign.value, visit),
        Stmt::AnnAssign(assign) if is_dunder_all(&assign.target) => {
            if let Some(value) = &assign.value {
                strings(value, visit);
            }
        }
        Stmt::Expr(expression) => {
            if let Expr::Call(call) = expression.value.as_ref()
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && is_dunder_all(&attribute.value)
                && matches!(attribute.attr.as_str(), "extend" | "append" | "remove")
            {
                call.arguments.args.iter().for_each(|argument| strings(argument, visit));
            }
        }
        _ => {}
    }
}

fn is_dunder_all(target: &Expr) -> bool {
    matches!(target, Expr::Name(name) if name.id.as_str() == "__all__")
}

fn strings(value: &Expr, visit: &mut dyn FnMut(&StringLiteral)) {
    match value {
        Expr::StringLiteral(literal) => {
            if let Some(part) = literal.as_single_part_string() {
                visit(part);
            }
        }
        Expr::List(list) => list.elts.iter().for_each(|element| strings(element, visit)),
        Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| strings(element, visit)),
        Expr::BinOp(sum) => {
            strings(&sum.left, visit);
            strings(&sum.right, visit);
        }
        _ => {}
    }
}
