//! Which `SymbolKind` of the Language Server Protocol a definition gets, by its spelling alone.

use ruff_python_ast::{self as ast, Expr};

use super::strings::last_name;

pub(super) const CLASS: u32 = 5;
pub(super) const METHOD: u32 = 6;
pub(super) const PROPERTY: u32 = 7;
pub(super) const FIELD: u32 = 8;
pub(super) const CONSTRUCTOR: u32 = 9;
pub(super) const ENUM: u32 = 10;
pub(super) const INTERFACE: u32 = 11;
pub(super) const FUNCTION: u32 = 12;
pub(super) const VARIABLE: u32 = 13;
pub(super) const CONSTANT: u32 = 14;
pub(super) const ENUM_MEMBER: u32 = 22;
/// A type parameter, and by lack of a better number an alias of a type.
pub(super) const TYPE_ALIAS: u32 = 26;

/// What a class is for, as far as its bases say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClassForm {
    /// An ordinary class.
    Plain,
    /// An enumeration.
    Enum,
    /// A protocol.
    Protocol,
}

impl ClassForm {
    pub(super) fn of(class: &ast::StmtClassDef) -> Self {
        let bases = class.arguments.iter().flat_map(|arguments| arguments.args.iter());
        for base in bases {
            let base = match base {
                Expr::Subscript(subscript) => subscript.value.as_ref(),
                other => other,
            };
            match last_name(base) {
                Some("Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag" | "TextChoices" | "IntegerChoices") => {
                    return Self::Enum;
                }
                Some("Protocol") => return Self::Protocol,
                _ => {}
            }
        }
        Self::Plain
    }
}

pub(super) fn kind_of_class(form: ClassForm) -> u32 {
    match form {
        ClassForm::Plain => CLASS,
        ClassForm::Enum => ENUM,
        ClassForm::Protocol => INTERFACE,
    }
}

pub(super) fn kind_of_function(function: &ast::StmtFunctionDef, in_class: bool) -> u32 {
    if !in_class {
        return FUNCTION;
    }
    let is_property = function.decorator_list.iter().any(|decorator| match &decorator.expression {
        Expr::Attribute(attribute) if matches!(attribute.attr.as_str(), "setter" | "deleter" | "getter") => true,
        other => last_name(other).is_some_and(|name| name == "property" || name.ends_with("_property")),
    });
    match function.name.as_str() {
        _ if is_property => PROPERTY,
        "__init__" => CONSTRUCTOR,
        _ => METHOD,
    }
}

pub(super) fn kind_of_variable(
    name: &str,
    annotation: Option<&Expr>,
    value: Option<&Expr>,
    in_class: Option<ClassForm>,
) -> u32 {
    if annotation.is_some_and(|annotation| last_name(annotation) == Some("TypeAlias")) {
        return TYPE_ALIAS;
    }
    if let Some(Expr::Call(call)) = value
        && matches!(last_name(&call.func), Some("TypeVar" | "ParamSpec" | "TypeVarTuple"))
    {
        return TYPE_ALIAS;
    }
    match in_class {
        // A member with an annotation alone has no value, so it is an attribute of the members.
        Some(ClassForm::Enum) if value.is_some() && !name.starts_with('_') => ENUM_MEMBER,
        _ if is_constant(name) => CONSTANT,
        Some(_) => FIELD,
        None => VARIABLE,
    }
}

/// `MAX_SIZE`, by the convention of PEP 8.
fn is_constant(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    name.len() > 1
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
