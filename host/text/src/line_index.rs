//! Conversion between byte offsets and positions.

use crate::{Position, PositionEncoding, PositionError, PositionRange, Span};

/// Where the lines of one text begin, and where its characters are wider than a byte: enough to convert without the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineIndex {
    // placeholder
    text: String,
}

impl LineIndex {
    /// Reads the lines of `text`, which end with `\n`, `\r\n` or `\r` (LSP 3.17, "Text Documents").
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// How many lines there are; at least 1.
    pub fn n_lines(&self) -> u32 {
        0
    }

    /// How many bytes the text has.
    pub fn len_bytes(&self) -> u32 {
        self.text.len() as u32
    }

    /// How many bytes this index holds, for a cache's budget.
    pub fn weight_bytes(&self) -> usize {
        self.text.len()
    }

    /// The position of an offset. One that is inside a character or behind the end is moved back to a boundary.
    pub fn position(&self, _offset: u32, _encoding: PositionEncoding) -> Position {
        Position::default()
    }

    /// The offset of a position. A character behind the end of its line means the line's end, as the protocol says.
    pub fn offset(&self, _position: Position, _encoding: PositionEncoding) -> Result<u32, PositionError> {
        Ok(0)
    }

    /// The positions of a span.
    pub fn range(&self, span: Span, encoding: PositionEncoding) -> PositionRange {
        PositionRange { start: self.position(span.start(), encoding), end: self.position(span.end(), encoding) }
    }

    /// The span of a range of positions.
    pub fn span(&self, range: PositionRange, encoding: PositionEncoding) -> Result<Span, PositionError> {
        let (start, end) = (self.offset(range.start, encoding)?, self.offset(range.end, encoding)?);
        Span::new(start, end).ok_or(PositionError::Inverted(range))
    }
}
