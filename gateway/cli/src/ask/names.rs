//! The words for the protocol's numbered kinds.

use serde::Serialize;
use vraftls_gateway::ls_types::{CompletionItemKind, SymbolKind};

/// The word for a kind of symbol.
pub(crate) fn symbol_kind(kind: SymbolKind) -> &'static str {
    const WORDS: [&str; 26] = [
        "file",
        "module",
        "namespace",
        "package",
        "class",
        "method",
        "property",
        "field",
        "constructor",
        "enum",
        "interface",
        "function",
        "variable",
        "constant",
        "string",
        "number",
        "boolean",
        "array",
        "object",
        "key",
        "null",
        "enum member",
        "struct",
        "event",
        "operator",
        "type parameter",
    ];
    word(&WORDS, kind)
}

/// The word for a kind of proposal.
pub(crate) fn completion_kind(kind: CompletionItemKind) -> &'static str {
    const WORDS: [&str; 25] = [
        "text",
        "method",
        "function",
        "constructor",
        "field",
        "variable",
        "class",
        "interface",
        "module",
        "property",
        "unit",
        "value",
        "enum",
        "keyword",
        "snippet",
        "color",
        "file",
        "reference",
        "folder",
        "enum member",
        "constant",
        "struct",
        "event",
        "operator",
        "type parameter",
    ];
    word(&WORDS, kind)
}

/// The protocol's types tell their numbers only when they are written. They begin at 1.
fn word(words: &[&'static str], kind: impl Serialize) -> &'static str {
    let number = serde_json::to_value(kind).ok().and_then(|kind| kind.as_u64());
    let idx = number.and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
    idx.and_then(|idx| words.get(idx)).copied().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_words() {
        assert_eq!(symbol_kind(SymbolKind::FILE), "file");
        assert_eq!(symbol_kind(SymbolKind::FUNCTION), "function");
        assert_eq!(symbol_kind(SymbolKind::TYPE_PARAMETER), "type parameter");
        assert_eq!(completion_kind(CompletionItemKind::KEYWORD), "keyword");
        assert_eq!(completion_kind(CompletionItemKind::TYPE_PARAMETER), "type parameter");
    }
}
