//! What a module lists in `__all__`, and a class in `__slots__`.

use ruff_python_ast::{Expr, Stmt, StringLiteral};

/// Calls `visit` with every string that the statement puts into or takes from `__all__`.
///
/// Understood are `__all__ = […]`, `__all__ += […]`, sums of lists, and the methods `extend`, `append` and `remove`.
pub(super) fn for_each_export(statement: &Stmt, visit: &mut dyn FnMut(&StringLiteral)) {
    for_each_listed("__all__", statement, visit);
}

/// Calls `visit` with every string by which the statement names something: an export of a module or a slot of a class.
pub(super) fn for_each_name(statement: &Stmt, visit: &mut dyn FnMut(&StringLiteral)) {
    for_each_listed("__all__", statement, visit);
    for_each_listed("__slots__", statement, visit);
}

fn for_each_listed(list: &str, statement: &Stmt, visit: &mut dyn FnMut(&StringLiteral)) {
    let is_list = |target: &Expr| matches!(target, Expr::Name(name) if name.id.as_str() == list);
    match statement {
        Stmt::Assign(assign) if assign.targets.iter().any(is_list) => strings(&assign.value, visit),
        Stmt::AugAssign(assign) if is_list(&assign.target) => strings(&assign.value, visit),
        Stmt::AnnAssign(assign) if is_list(&assign.target) => {
            if let Some(value) = &assign.value {
                strings(value, visit);
            }
        }
        Stmt::Expr(expression) => {
            if let Expr::Call(call) = expression.value.as_ref()
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && is_list(&attribute.value)
                && matches!(attribute.attr.as_str(), "extend" | "append" | "remove")
            {
                call.arguments.args.iter().for_each(|argument| strings(argument, visit));
            }
        }
        _ => {}
    }
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
        Expr::Set(set) => set.elts.iter().for_each(|element| strings(element, visit)),
        // The values of `__slots__` may be documentation.
        Expr::Dict(dict) => dict.items.iter().filter_map(|item| item.key.as_ref()).for_each(|key| strings(key, visit)),
        Expr::BinOp(sum) => {
            strings(&sum.left, visit);
            strings(&sum.right, visit);
        }
        _ => {}
    }
}
