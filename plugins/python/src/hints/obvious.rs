//! What needs no hint, because it is plain to see from the source.

use ruff_python_ast::{Expr, ExprCall};
use ty_python_semantic::types::{KnownInstanceType, Type};
use ty_python_semantic::{HasType as _, SemanticModel};

/// Whether a value shows its type.
pub(super) fn shows_its_type(model: &SemanticModel<'_>, value: &Expr) -> bool {
    match value {
        Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::EllipsisLiteral(_)
        | Expr::FString(_)
        | Expr::TString(_)
        | Expr::Lambda(_)
        | Expr::Compare(_) => true,
        Expr::UnaryOp(operation) => {
            operation.op == ruff_python_ast::UnaryOp::Not || shows_its_type(model, &operation.operand)
        }
        Expr::List(list) => list.elts.iter().all(|element| shows_its_type(model, element)),
        Expr::Tuple(tuple) => tuple.elts.iter().all(|element| shows_its_type(model, element)),
        Expr::Set(set) => set.elts.iter().all(|element| shows_its_type(model, element)),
        Expr::Dict(dict) => dict.items.iter().all(|item| {
            item.key.as_ref().is_some_and(|key| shows_its_type(model, key)) && shows_its_type(model, &item.value)
        }),
        Expr::Call(call) => makes_what_it_names(model, call),
        _ => false,
    }
}

/// Whether a call names the class of its result: that class itself, or as the argument of `cast`.
fn makes_what_it_names(model: &SemanticModel<'_>, call: &ExprCall) -> bool {
    let called = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Subscript(_) => "",
        _ => return false,
    };
    called == "cast"
        || called == "super"
        || matches!(
            call.func.inferred_type(model),
            Some(Type::ClassLiteral(_) | Type::GenericAlias(_) | Type::SubclassOf(_) | Type::SpecialForm(_))
        )
}

/// Whether a type is not worth a hint: it says nothing, or names what the value is anyway.
pub(super) fn is_plain(ty: Type<'_>) -> bool {
    matches!(
        ty,
        Type::Dynamic(_)
            | Type::Divergent(_)
            | Type::Never
            | Type::ModuleLiteral(_)
            | Type::ClassLiteral(_)
            | Type::GenericAlias(_)
            | Type::FunctionLiteral(_)
            | Type::BoundMethod(_)
            | Type::KnownBoundMethod(_)
            | Type::WrapperDescriptor(_)
            | Type::SpecialForm(_)
            | Type::PropertyInstance(_)
            | Type::BoundSuper(_)
            | Type::DataclassDecorator(_)
            | Type::DataclassTransformer(_)
            | Type::KnownInstance(
                KnownInstanceType::TypeVar(_)
                    | KnownInstanceType::TypeAliasType(_)
                    | KnownInstanceType::NewType(_)
                    | KnownInstanceType::UnionType(_)
                    | KnownInstanceType::Literal(_)
                    | KnownInstanceType::Annotated(_)
                    | KnownInstanceType::TypeGenericAlias(_)
                    | KnownInstanceType::Callable(_)
                    | KnownInstanceType::LiteralStringAlias(_)
                    | KnownInstanceType::SubscriptedProtocol(_)
                    | KnownInstanceType::SubscriptedGeneric(_)
                    | KnownInstanceType::NamedTupleSpec(_)
                    | KnownInstanceType::Field(_)
                    | KnownInstanceType::Sentinel(_)
            )
    )
}

/// Whether an argument shows which parameter it fills: it has the parameter's name, or is made of what has.
pub(super) fn names_parameter(argument: &Expr, parameter: &str) -> bool {
    let names = |argument: &Expr| names_parameter(argument, parameter);
    match argument {
        Expr::Name(name) => is_alike(&name.id, parameter),
        Expr::Attribute(attribute) => is_alike(&attribute.attr, parameter),
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) => is_alike(&method.attr, parameter) || names(&method.value),
            function => names(function),
        },
        Expr::Await(awaited) => names(&awaited.value),
        Expr::Subscript(subscript) => match &*subscript.slice {
            Expr::StringLiteral(key) => is_alike(key.value.to_str(), parameter),
            _ => names(&subscript.value),
        },
        Expr::UnaryOp(operation) => names(&operation.operand),
        Expr::BinOp(operation) => names(&operation.left),
        Expr::BoolOp(operation) => operation.values.iter().any(names),
        Expr::If(choice) => names(&choice.body) || names(&choice.orelse),
        _ => false,
    }
}

/// Whether two names say the same: one is the other, its plural, or the other with words before or after it.
fn is_alike(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim_matches('_').to_lowercase().trim_end_matches('s').to_owned();
    let (one, other) = (plain(one), plain(other));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let rest = long.strip_prefix(&short).map(|rest| rest.starts_with('_'));
    let before = long.strip_suffix(&short).map(|before| before.ends_with('_'));
    !short.is_empty() && (short == long || rest == Some(true) || before == Some(true))
}

#[cfg(test)]
mod tests {
    use super::is_alike;

    #[test]
    fn names_are_alike_that_say_the_same() {
        for (one, other) in [("width", "width"), ("_width", "width"), ("max_width", "width"), ("first", "first_row")] {
            assert!(is_alike(one, other) && is_alike(other, one), "{one} {other}");
        }
        assert!(is_alike("minimums", "flex_minimum") && is_alike("Größe", "größe"));
        assert!(!is_alike("a", "at") && !is_alike("port", "host") && !is_alike("_", "x"));
    }
}
