//! Strings that Python reads as code: where they may stand, and where in the text their contents begin.

use ruff_python_ast::{Expr, StringFlags, StringLiteral};
use ruff_text_size::{Ranged, TextRange};

/// Where the contents of a string stand, if the text has them as they are meant: no escapes.
pub(super) fn contents_range(text: &str, literal: &StringLiteral) -> Option<TextRange> {
    let range = literal.range();
    let (opener, closer) = (literal.flags.opener_len(), literal.flags.closer_len());
    if range.len() < opener + closer {
        return None;
    }
    let range = TextRange::new(range.start() + opener, range.end() - closer);
    let written = text.get(range.start().to_usize()..range.end().to_usize())?;
    (written == literal.as_str()).then_some(range)
}

/// Whether the contents are a plain ASCII identifier and no constant of the language.
pub(super) fn is_identifier(contents: &str) -> bool {
    let bytes = contents.as_bytes();
    bytes.first().is_some_and(|&first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric())
        && !matches!(contents, "None" | "True" | "False")
}

/// The last component of a dotted name.
pub(super) fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

/// Whether `value[…]` in ordinary code looks like a generic type, so that strings inside are types: `Optional["Node"]`, but
/// not `options["name"]`. Only a guess by spelling; what it lets in wrongly is one candidate more for the engine to refuse.
pub(super) fn looks_generic(value: &Expr) -> bool {
    let Some(name) = last_name(value) else { return false };
    let camel_case =
        name.starts_with(|first: char| first.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase());
    camel_case || matches!(name, "list" | "dict" | "tuple" | "set" | "frozenset" | "type")
}

/// Which arguments of a call are types when they are strings.
pub(super) enum TypeArguments {
    /// None.
    None,
    /// The positional argument of this number.
    At(usize),
    /// All positional ones after the first, and the keywords `bound` and `default`.
    TypeVariable,
}

/// What of a call to `function` takes types.
pub(super) fn type_arguments(function: &Expr) -> TypeArguments {
    match last_name(function) {
        Some("cast" | "ForwardRef") => TypeArguments::At(0),
        Some("NewType" | "assert_type") => TypeArguments::At(1),
        Some("TypeVar") => TypeArguments::TypeVariable,
        _ => TypeArguments::None,
    }
}
