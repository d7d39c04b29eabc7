//! Semantic tokens: what the names of a file are, by what they mean. Strings, comments and punctuation are left to grammars.

use ra_ap_ide::{HighlightConfig, HlMod, HlTag, SymbolKind};
use vraftls_guest_sdk::{Failure, Span};

use crate::project::Source;
use crate::settings::fixtures;

/// The names of token types, in the order of their numbers.
pub(crate) const TYPES: [&str; 25] = [
    "namespace",
    "struct",
    "enum",
    "interface",
    "typeParameter",
    "typeAlias",
    "enumMember",
    "property",
    "function",
    "method",
    "macro",
    "variable",
    "parameter",
    "selfKeyword",
    "selfTypeKeyword",
    "constParameter",
    "const",
    "static",
    "lifetime",
    "label",
    "keyword",
    "builtinType",
    "decorator",
    "boolean",
    "formatSpecifier",
];

/// The names of token modifiers, in the order of their bits.
pub(crate) const MODIFIERS: [&str; 12] = [
    "declaration",
    "async",
    "controlFlow",
    "defaultLibrary",
    "deprecated",
    "documentation",
    "library",
    "mutable",
    "public",
    "static",
    "unsafe",
    "readonly",
];

/// Tokens of a document, or of the span.
pub(crate) fn semantic_tokens(source: &Source<'_>, span: Option<Span>) -> Result<Vec<u32>, Failure> {
    let range = span.map(|span| source.range(span)).transpose()?;
    let config = HighlightConfig {
        strings: false,
        comments: false,
        punctuation: false,
        specialize_punctuation: false,
        operator: false,
        specialize_operator: false,
        inject_doc_comment: false,
        macro_bang: false,
        syntactic_name_ref_highlighting: false,
        ra_fixture: fixtures(),
    };
    let found = source.project.ask(|analysis| match range {
        Some(range) => analysis.highlight_range(config, range),
        None => analysis.highlight(config, source.file),
    })?;
    let mut tokens: Vec<u32> = Vec::new();
    let mut end = 0;
    for found in found {
        let (start, length) = (u32::from(found.range.start()), u32::from(found.range.len()));
        let is_outside =
            range.is_some_and(|asked| asked.range.intersect(found.range).is_none_or(|both| both.is_empty()));
        let Some(kind) = kind(found.highlight.tag) else { continue };
        if is_outside || length == 0 || start < end {
            continue;
        }
        end = start + length;
        let modifiers = found.highlight.mods.iter().filter_map(modifier).fold(0, |bits, bit| bits | 1 << bit);
        tokens.extend([start, length, kind, modifiers]);
    }
    Ok(tokens)
}

fn kind(tag: HlTag) -> Option<u32> {
    let name = match tag {
        HlTag::Symbol(symbol) => match symbol {
            SymbolKind::Module | SymbolKind::CrateRoot | SymbolKind::ToolModule => "namespace",
            SymbolKind::Struct | SymbolKind::Union | SymbolKind::Impl => "struct",
            SymbolKind::Enum => "enum",
            SymbolKind::Trait => "interface",
            SymbolKind::TypeParam => "typeParameter",
            SymbolKind::TypeAlias => "typeAlias",
            SymbolKind::Variant => "enumMember",
            SymbolKind::Field => "property",
            SymbolKind::Function => "function",
            SymbolKind::Method => "method",
            SymbolKind::Macro | SymbolKind::ProcMacro => "macro",
            SymbolKind::Local | SymbolKind::InlineAsmRegOrRegClass => "variable",
            SymbolKind::ValueParam => "parameter",
            SymbolKind::SelfParam => "selfKeyword",
            SymbolKind::SelfType => "selfTypeKeyword",
            SymbolKind::ConstParam => "constParameter",
            SymbolKind::Const => "const",
            SymbolKind::Static => "static",
            SymbolKind::LifetimeParam => "lifetime",
            SymbolKind::Label => "label",
            SymbolKind::Attribute | SymbolKind::BuiltinAttr | SymbolKind::Derive | SymbolKind::DeriveHelper => {
                "decorator"
            }
        },
        HlTag::Keyword => "keyword",
        HlTag::BuiltinType => "builtinType",
        HlTag::BoolLiteral => "boolean",
        HlTag::FormatSpecifier => "formatSpecifier",
        _ => return None,
    };
    TYPES.iter().position(|known| *known == name).and_then(|place| u32::try_from(place).ok())
}

fn modifier(modifier: HlMod) -> Option<usize> {
    let name = match modifier {
        HlMod::Definition => "declaration",
        HlMod::Async => "async",
        HlMod::ControlFlow => "controlFlow",
        HlMod::DefaultLibrary => "defaultLibrary",
        HlMod::Deprecated => "deprecated",
        HlMod::Documentation => "documentation",
        HlMod::Library => "library",
        HlMod::Mutable => "mutable",
        HlMod::Public => "public",
        HlMod::Static => "static",
        HlMod::Unsafe => "unsafe",
        HlMod::Const => "readonly",
        _ => return None,
    };
    MODIFIERS.iter().position(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_number() {
        assert_eq!(kind(HlTag::Symbol(SymbolKind::Trait)), Some(3));
        assert_eq!(kind(HlTag::FormatSpecifier), Some(24));
        assert_eq!(kind(HlTag::Comment), None);
        assert_eq!(modifier(HlMod::Const), Some(11));
    }
}
