//! What the host says, as the protocol says it.

use serde::de::DeserializeOwned;
use tower_lsp_server::ls_types as lsp;
use vraftls_text::{LineIndex, Position, PositionEncoding, Span};

pub(crate) fn position(position: Position) -> lsp::Position {
    lsp::Position { line: position.line, character: position.character }
}

/// The range of a span.
pub(crate) fn range(lines: &LineIndex, span: Span, encoding: PositionEncoding) -> lsp::Range {
    let range = lines.range(span, encoding);
    lsp::Range { start: position(range.start), end: position(range.end) }
}

pub(crate) fn encoding_kind(encoding: PositionEncoding) -> lsp::PositionEncodingKind {
    match encoding {
        PositionEncoding::Utf8 => lsp::PositionEncodingKind::UTF8,
        PositionEncoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        PositionEncoding::Utf32 => lsp::PositionEncodingKind::UTF32,
    }
}

/// One of the protocol's numbered kinds. The types of the protocol take numbers only when they are read, not when they are made.
fn numbered<T: DeserializeOwned>(number: u32, or: T) -> T {
    serde_json::from_value(number.into()).unwrap_or(or)
}

pub(crate) fn symbol_kind(kind: u32) -> lsp::SymbolKind {
    numbered(kind, lsp::SymbolKind::VARIABLE)
}

/// The number of a kind; 0 for one that the protocol does not have.
pub(crate) fn symbol_number(kind: lsp::SymbolKind) -> u32 {
    serde_json::to_value(kind)
        .ok()
        .and_then(|kind| kind.as_u64())
        .and_then(|kind| u32::try_from(kind).ok())
        .unwrap_or(0)
}

pub(crate) fn completion_kind(kind: u32) -> lsp::CompletionItemKind {
    numbered(kind, lsp::CompletionItemKind::TEXT)
}

pub(crate) fn highlight_kind(kind: u8) -> lsp::DocumentHighlightKind {
    match kind {
        2 => lsp::DocumentHighlightKind::READ,
        3 => lsp::DocumentHighlightKind::WRITE,
        _ => lsp::DocumentHighlightKind::TEXT,
    }
}

/// Nothing for a hint that is neither of a type nor of a parameter.
pub(crate) fn hint_kind(kind: u8) -> Option<lsp::InlayHintKind> {
    match kind {
        1 => Some(lsp::InlayHintKind::TYPE),
        2 => Some(lsp::InlayHintKind::PARAMETER),
        _ => None,
    }
}

pub(crate) fn severity(severity: u8) -> lsp::DiagnosticSeverity {
    match severity {
        2 => lsp::DiagnosticSeverity::WARNING,
        3 => lsp::DiagnosticSeverity::INFORMATION,
        4 => lsp::DiagnosticSeverity::HINT,
        _ => lsp::DiagnosticSeverity::ERROR,
    }
}

/// Documentation in Markdown, for an editor that may show only plain text. Markdown is readable as it is written.
pub(crate) fn documentation(markdown: String, shows_markdown: bool) -> Option<lsp::Documentation> {
    if markdown.is_empty() {
        return None;
    }
    Some(if shows_markdown {
        lsp::Documentation::MarkupContent(lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: markdown })
    } else {
        lsp::Documentation::String(markdown)
    })
}

/// A signature above its documentation.
pub(crate) fn hover_content(
    signature: &str,
    language: &str,
    documentation: &str,
    shows_markdown: bool,
) -> lsp::MarkupContent {
    let mut value = String::with_capacity(signature.len() + documentation.len() + 32);
    if !signature.is_empty() && shows_markdown {
        let fence = fence_for(signature);
        value.push_str(&format!("{fence}{language}\n{signature}\n{fence}"));
    } else {
        value.push_str(signature);
    }
    if !documentation.is_empty() {
        if !value.is_empty() {
            value.push_str(if shows_markdown { "\n\n---\n\n" } else { "\n\n" });
        }
        value.push_str(documentation);
    }
    let kind = if shows_markdown { lsp::MarkupKind::Markdown } else { lsp::MarkupKind::PlainText };
    lsp::MarkupContent { kind, value }
}

/// A fence that is longer than any in the code (CommonMark, section 4.5).
fn fence_for(code: &str) -> String {
    let longest = code.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// The part of a label that a span in bytes names, in UTF-16 code units, which is what the protocol counts in labels whatever encoding
/// the session negotiated. Nothing where it does not fit.
pub(crate) fn label_offsets(label: &str, span: Span) -> Option<[u32; 2]> {
    let units = |text: &str| u32::try_from(text.encode_utf16().count()).ok();
    let start = units(label.get(..span.start() as usize)?)?;
    Some([start, start + units(span.slice(label)?)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_keep_their_numbers() {
        assert_eq!(symbol_kind(12), lsp::SymbolKind::FUNCTION);
        assert_eq!(completion_kind(25), lsp::CompletionItemKind::TYPE_PARAMETER);
        assert_eq!(symbol_kind(u32::MAX), lsp::SymbolKind::VARIABLE);
    }

    #[test]
    fn labels_are_counted_in_utf16() {
        let label = "f(ä: 😀, b)";
        let span = |part: &str| {
            let start = u32::try_from(label.find(part).unwrap()).unwrap();
            Span::new(start, start + u32::try_from(part.len()).unwrap()).unwrap()
        };
        assert_eq!(label_offsets(label, span("ä: 😀")), Some([2, 7]));
        assert_eq!(label_offsets(label, span("b")), Some([9, 10]));
        assert_eq!(label_offsets(label, Span::new(3, 4).unwrap()), None);
        assert_eq!(label_offsets(label, Span::new(0, 400).unwrap()), None);
    }

    #[test]
    fn a_signature_with_fences_stays_inside_its_own() {
        let content = hover_content("a = \"\"\"```\"\"\"", "python", "Doc.", true);
        assert_eq!(content.value, "````python\na = \"\"\"```\"\"\"\n````\n\n---\n\nDoc.");
        assert_eq!(hover_content("x: int", "python", "Doc.", false).value, "x: int\n\nDoc.");
        assert_eq!(hover_content("", "python", "Doc.", true).value, "Doc.");
    }
}
