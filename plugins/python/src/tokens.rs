//! Semantic tokens: what the names of a file are, by what they mean and not by how they look. One walk over the syntax tree: a
//! name asks the scopes what binds it, and the inferred types of the scope it stands in, which are made once. Knows no colors,
//! and leaves to grammars what a grammar can tell: operators, numbers, strings that are no documentation.

mod bindings;
mod types;
mod walk;

use vraftls_guest_sdk::{Failure, Span};

use crate::project::PythonProject;

/// The names of token types, in the order of [`Kind`].
pub(crate) const TYPES: [&str; 17] = [
    "namespace",
    "class",
    "enum",
    "interface",
    "type",
    "typeParameter",
    "parameter",
    "selfParameter",
    "clsParameter",
    "variable",
    "property",
    "enumMember",
    "function",
    "method",
    "decorator",
    "builtinConstant",
    "keyword",
];

/// The name of the type of documentation, which is the last of all.
pub(crate) const STRING_TYPE: &str = "string";

/// The names of token modifiers, in the order of their bits.
pub(crate) const MODIFIERS: [&str; 8] =
    ["definition", "readonly", "static", "deprecated", "abstract", "async", "documentation", "defaultLibrary"];

/// The name is defined here.
const DEFINITION: u32 = 1;
/// It is not to be written again.
const READONLY: u32 = 1 << 1;
/// It is a method without an object.
const STATIC: u32 = 1 << 2;
/// Its author advises against it.
const DEPRECATED: u32 = 1 << 3;
/// It is a method that subclasses have to define.
const ABSTRACT: u32 = 1 << 4;
/// It is a coroutine function.
const ASYNC: u32 = 1 << 5;
/// It is documentation.
const DOCUMENTATION: u32 = 1 << 6;
/// It comes with Python.
const DEFAULT_LIBRARY: u32 = 1 << 7;

/// What a token is: a number into [`TYPES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Namespace,
    Class,
    Enum,
    Interface,
    Type,
    TypeParameter,
    Parameter,
    SelfParameter,
    ClsParameter,
    Variable,
    Property,
    EnumMember,
    Function,
    Method,
    Decorator,
    BuiltinConstant,
    Keyword,
    String,
}

/// What a name is, wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    kind: Kind,
    modifiers: u32,
}

impl Token {
    const fn new(kind: Kind) -> Self {
        Self { kind, modifiers: 0 }
    }

    const fn with(self, modifiers: u32) -> Self {
        Self { kind: self.kind, modifiers: self.modifiers | modifiers }
    }

    const fn with_if(self, condition: bool, modifiers: u32) -> Self {
        if condition { self.with(modifiers) } else { self }
    }
}

/// All names of token types, documentation among them.
pub(crate) fn type_names() -> Vec<String> {
    TYPES.iter().chain([&STRING_TYPE]).map(|name| (*name).to_owned()).collect()
}

/// The tokens of a file, or of those of its lines that the span touches: start, length, type, modifiers of each.
pub(crate) fn semantic_tokens(project: &PythonProject, path: &str, span: Option<Span>) -> Result<Vec<u32>, Failure> {
    let source = project.source(path)?;
    let within = span.map(|span| source.range(span)).transpose()?;
    let mut tokens = walk::tokens(project, &source, within)?;
    // The walk follows the source but for a few nodes, and broken code may give one place to two of them.
    tokens.sort_by_key(|(range, _)| (range.start(), range.end()));
    let mut packed = Vec::with_capacity(tokens.len() * 4);
    let mut end = 0;
    for (range, token) in tokens {
        let (start, length) = (range.start().to_u32(), range.len().to_u32());
        if start >= end && length > 0 {
            end = start + length;
            packed.extend([start, length, token.kind as u32, token.modifiers]);
        }
    }
    Ok(packed)
}

/// Whether a name is written as constants are.
fn is_constant_name(name: &str) -> bool {
    name.chars().count() > 1
        && name.contains(char::is_uppercase)
        && name.chars().all(|c| c.is_uppercase() || c.is_numeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_token_types_stand_in_the_order_of_their_kinds() {
        let names = type_names();
        for (kind, name) in [
            (Kind::Namespace, "namespace"),
            (Kind::TypeParameter, "typeParameter"),
            (Kind::ClsParameter, "clsParameter"),
            (Kind::EnumMember, "enumMember"),
            (Kind::Keyword, "keyword"),
            (Kind::String, "string"),
        ] {
            assert_eq!(names[kind as usize], name);
        }
        assert_eq!(MODIFIERS[DEFAULT_LIBRARY.trailing_zeros() as usize], "defaultLibrary");
    }

    #[test]
    fn constants_are_told_by_their_names() {
        assert!(is_constant_name("MAX_SIZE") && is_constant_name("ÄÖ2"));
        assert!(!is_constant_name("T") && !is_constant_name("Max") && !is_constant_name("__"));
    }
}
