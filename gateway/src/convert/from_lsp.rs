//! What the protocol says, as the host says it.

use tower_lsp_server::ls_types as lsp;
use vraftls_proto::FormattingOptions;
use vraftls_text::{LineIndex, Position, PositionEncoding, PositionError, PositionRange, Span};

pub(crate) fn position(position: lsp::Position) -> Position {
    Position { line: position.line, character: position.character }
}

pub(crate) fn range(range: lsp::Range) -> PositionRange {
    PositionRange { start: position(range.start), end: position(range.end) }
}

/// The offset of a position.
pub(crate) fn offset(lines: &LineIndex, at: lsp::Position, encoding: PositionEncoding) -> Result<u32, PositionError> {
    lines.offset(position(at), encoding)
}

/// The span of a range.
pub(crate) fn span(lines: &LineIndex, of: lsp::Range, encoding: PositionEncoding) -> Result<Span, PositionError> {
    lines.span(range(of), encoding)
}

/// How bad a finding is; an error, if the editor does not say.
pub(crate) fn severity(severity: Option<lsp::DiagnosticSeverity>) -> u8 {
    match severity {
        Some(lsp::DiagnosticSeverity::WARNING) => 2,
        Some(lsp::DiagnosticSeverity::INFORMATION) => 3,
        Some(lsp::DiagnosticSeverity::HINT) => 4,
        _ => 1,
    }
}

pub(crate) fn formatting_options(options: &lsp::FormattingOptions) -> FormattingOptions {
    FormattingOptions { tab_size: options.tab_size, insert_spaces: options.insert_spaces }
}
