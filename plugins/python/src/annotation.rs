//! Where a string may be read as an annotation, by what stands around it. To ask the engine is to infer all of the scope that
//! the string stands in, and next to no string of a program is one.

use ruff_python_ast::find_node::CoveringNode;
use ruff_python_ast::{AnyNodeRef, Expr};

/// Functions of `typing` that take types as arguments.
const TAKES_TYPES: [&str; 9] =
    ["cast", "assert_type", "TypeVar", "NewType", "NamedTuple", "TypedDict", "TypeAliasType", "ParamSpec", "TypeForm"];

/// Generic classes whose names begin in lower case.
const GENERIC_BUILTINS: [&str; 8] = ["list", "dict", "set", "tuple", "type", "frozenset", "deque", "defaultdict"];

/// Whether the innermost string around a node may be read as an annotation. It errs towards saying yes.
pub(crate) fn may_be_annotation(node: &CoveringNode<'_>) -> bool {
    let mut in_generic = false;
    let mut around = node.ancestors().skip_while(|node| node.expr_string_literal().is_none());
    let Some(mut inner) = around.next() else { return false };
    for outer in around {
        match outer {
            AnyNodeRef::ExprSubscript(subscript) => {
                use ruff_text_size::Ranged as _;
                if !subscript.slice.range().contains_range(inner.range()) {
                    return false;
                }
                in_generic |= is_generic(&subscript.value);
            }
            AnyNodeRef::ExprTuple(_)
            | AnyNodeRef::ExprList(_)
            | AnyNodeRef::ExprBinOp(_)
            | AnyNodeRef::ExprStarred(_)
            | AnyNodeRef::ExprDict(_)
            | AnyNodeRef::Keyword(_)
            | AnyNodeRef::Arguments(_) => {}
            AnyNodeRef::ExprCall(call) => {
                return in_generic || takes_types(&call.func);
            }
            AnyNodeRef::Parameter(_) | AnyNodeRef::StmtAnnAssign(_) | AnyNodeRef::StmtFunctionDef(_) => return true,
            AnyNodeRef::StmtTypeAlias(_) | AnyNodeRef::TypeParamTypeVar(_) => return true,
            _ => return in_generic,
        }
        inner = outer;
    }
    // The root of an annotation in a string: what is a string inside of it may be one again.
    true
}

/// Whether an expression may be a generic class, whose arguments are types.
pub(crate) fn is_generic(expression: &Expr) -> bool {
    last_name(expression).is_some_and(|name| name.starts_with(char::is_uppercase) || GENERIC_BUILTINS.contains(&name))
}

/// Whether what is called takes types as arguments.
pub(crate) fn takes_types(function: &Expr) -> bool {
    last_name(function).is_some_and(|name| TAKES_TYPES.contains(&name))
}

fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}
