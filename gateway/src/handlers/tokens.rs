//! What the three requests for semantic tokens share: from the analyzer's tokens to the numbers of the protocol.

use tower_lsp_server::ls_types::SemanticToken;
use vraftls_proto::{Answer, Query};
use vraftls_text::{LineIndex, PositionEncoding, Span};

use super::{Context, Located};
use crate::convert::to_lsp;
use crate::error::RequestError;

/// The tokens of a document; nothing where nobody serves it.
pub(super) async fn tokens(
    cx: &Context,
    located: &Located,
    span: Option<Span>,
) -> Result<Option<Vec<SemanticToken>>, RequestError> {
    let answered = match cx.ask(located, Query::SemanticTokens { path: located.path.clone(), span }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let Answer::SemanticTokens(found) = answered.answer else { return Err(RequestError::BadAnswer) };
    let words = cx.session().tokens().legend().of(&found.words);
    let mut row = Row::new(&located.part().lines, cx.encoding(), cx.profile().decorations.multiline_tokens);
    let part = located.part();
    for token in found.tokens {
        let Some(span) = part.local(token.span).filter(|span| span.len() == token.span.len()) else { continue };
        // A word that came after the editor learned the legend cannot be said to it.
        if let Some(kind) = words.kind(token.kind) {
            row.push(span, kind, words.modifiers(token.modifiers));
        }
    }
    Ok(Some(row.tokens))
}

/// Tokens as the protocol counts them: each from the one before.
struct Row<'a> {
    lines: &'a LineIndex,
    encoding: PositionEncoding,
    multiline: bool,
    line: u32,
    character: u32,
    tokens: Vec<SemanticToken>,
}

impl<'a> Row<'a> {
    fn new(lines: &'a LineIndex, encoding: PositionEncoding, multiline: bool) -> Self {
        Self { lines, encoding, multiline, line: 0, character: 0, tokens: Vec::new() }
    }

    /// Adds a token. One over several lines is cut at their ends for an editor that wants it so.
    fn push(&mut self, span: Span, kind: u32, modifiers: u32) {
        let (first, last) = (self.lines.line(span.start()), self.lines.line(span.end()));
        if first == last || self.multiline {
            return self.push_piece(span, kind, modifiers);
        }
        for line in first..=last {
            let Some(within) = self.lines.line_span(line) else { continue };
            let (start, end) = (within.start().max(span.start()), within.end().min(span.end()));
            if let Some(piece) = Span::new(start, end).filter(|piece| !piece.is_empty()) {
                self.push_piece(piece, kind, modifiers);
            }
        }
    }

    fn push_piece(&mut self, span: Span, kind: u32, modifiers: u32) {
        let range = to_lsp::range(self.lines, span, self.encoding);
        let start = range.start;
        let delta_line = start.line - self.line;
        let delta_start = if delta_line == 0 { start.character - self.character } else { start.character };
        (self.line, self.character) = (start.line, start.character);
        let length = self.length(span, range);
        self.tokens.push(SemanticToken {
            delta_line,
            delta_start,
            length,
            token_type: kind,
            token_modifiers_bitset: modifiers,
        });
    }

    /// The length of a piece in the units of the session, line breaks included, each as one unit.
    fn length(&self, span: Span, range: tower_lsp_server::ls_types::Range) -> u32 {
        if range.start.line == range.end.line {
            return range.end.character - range.start.character;
        }
        let width = |line: u32| {
            let within = self.lines.line_span(line).unwrap_or(span);
            to_lsp::range(self.lines, within, self.encoding).end.character + 1
        };
        let whole: u32 = (range.start.line..range.end.line).map(width).sum();
        whole - range.start.character + range.end.character
    }
}
