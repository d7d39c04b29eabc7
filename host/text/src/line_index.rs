//! Conversion between byte offsets and positions.

use crate::wide::{Units, WideRuns};
use crate::{Position, PositionEncoding, PositionError, PositionRange, Span};

/// How many bytes a text may have that a [`LineIndex`] is made of: just below 2 GiB.
pub const TEXT_BYTES_MAX: usize = i32::MAX as usize;

/// Where the lines of one text begin, and where its characters are wider than a byte: enough to convert without the text.
///
/// Takes 4 bytes a line, and 16 bytes for each run of wide characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineIndex {
    len: u32,
    /// At least one, ascending; the first is 0.
    lines: Vec<LineStart>,
    wide: WideRuns,
}

/// The offset of a line's first byte and, in the lowest bit, whether the line before it ends with `\r\n`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct LineStart(u32);

impl LineStart {
    fn new(offset: u32, behind_crlf: bool) -> Self {
        Self(offset << 1 | u32::from(behind_crlf))
    }

    fn offset(self) -> u32 {
        self.0 >> 1
    }

    /// Where the text of the line before ends.
    fn previous_end(self) -> u32 {
        self.offset() - 1 - (self.0 & 1)
    }

    /// Moves it from where `old` was to where `new` is.
    fn shift(&mut self, old: u32, new: u32) {
        self.0 = self.0.wrapping_add(new.wrapping_sub(old) << 1);
    }
}

impl LineIndex {
    /// Reads the lines of `text`, which end with `\n`, `\r\n` or `\r` (LSP 3.17, "Text Documents").
    ///
    /// # Panics
    /// If the text is longer than [`TEXT_BYTES_MAX`]; those who take text in have bounds far below.
    pub fn new(text: &str) -> Self {
        assert!(text.len() <= TEXT_BYTES_MAX, "a text of {} bytes is no document", text.len());
        let (mut lines, mut wide) = (vec![LineStart::new(0, false)], WideRuns::default());
        scan(text, Units::default(), &mut lines, &mut wide);
        lines.shrink_to_fit();
        wide.shrink_to_fit();
        Self { len: text.len() as u32, lines, wide }
    }

    /// How many lines there are; at least 1.
    pub fn n_lines(&self) -> u32 {
        self.lines.len() as u32
    }

    /// How many bytes the text has.
    pub fn len_bytes(&self) -> u32 {
        self.len
    }

    /// How many bytes this index holds, for a cache's budget.
    pub fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.lines.capacity() * size_of::<LineStart>() + self.wide.heap_bytes()
    }

    /// The line of an offset, from 0. A line break belongs to the line it ends; what is behind the end, to the last.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_idx(offset) as u32
    }

    /// The text of a line, without its line break. Nothing where there is no such line.
    pub fn line_span(&self, line: u32) -> Option<Span> {
        let start = self.lines.get(line as usize)?.offset();
        Span::new(start, self.line_end(line as usize))
    }

    /// The position of an offset. One that is inside a character, inside `\r\n` or behind the end is moved back to a boundary.
    pub fn position(&self, offset: u32, encoding: PositionEncoding) -> Position {
        let line = self.line_idx(offset);
        let offset = offset.min(self.line_end(line));
        let start = self.lines[line].offset();
        let character = self.wide.units_at(offset, encoding) - self.wide.units_at(start, encoding);
        Position { line: line as u32, character }
    }

    /// The offset of a position. A character behind the end of its line means the line's end, as the protocol says.
    ///
    /// The start of the line behind the last is the end of the text: editors that think of every line as ended, the last one too,
    /// name it so when they delete or replace the last line. What is further down names nothing.
    pub fn offset(&self, position: Position, encoding: PositionEncoding) -> Result<u32, PositionError> {
        let Position { line, character } = position;
        if line == self.n_lines() && character == 0 {
            return Ok(self.len);
        }
        let Some(span) = self.line_span(line) else {
            return Err(PositionError::NoSuchLine { line, n_lines: self.n_lines() });
        };
        let start = self.wide.units_at(span.start(), encoding);
        let length = self.wide.units_at(span.end(), encoding) - start;
        if character >= length {
            return Ok(span.end());
        }
        self.wide.offset_at(start + character, encoding).ok_or(PositionError::InsideCharacter(position))
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

    /// Follows a replacement of `span` by `new_len` bytes, of which `text` is the result.
    ///
    /// Reads only the lines that the replacement touches, and moves what is behind. `text` must be shorter than
    /// [`TEXT_BYTES_MAX`].
    pub(crate) fn replace(&mut self, text: &str, span: Span, new_len: u32) {
        // From the line of the byte before: if that is a `\r`, a `\n` may now follow it or no longer do.
        let first = self.line_idx(span.start().saturating_sub(1));
        let last = self.line_idx(span.end());
        let start = self.lines[first].offset();
        // Up to and with the line break behind the span. What follows a break begins a line, whatever came before it.
        let old_end = self.lines.get(last + 1).map_or(self.len, |line| line.offset());
        let new_end = old_end - span.len() + new_len;

        let (mut lines, mut wide) = (Vec::new(), WideRuns::default());
        let read = &text[start as usize..new_end as usize];
        let new_end_units = scan(read, self.wide.all_units_at(start), &mut lines, &mut wide);
        let old_end_units = self.wide.all_units_at(old_end);
        self.wide.splice(start, old_end_units, new_end_units, wide);

        let behind = (last + 2).min(self.lines.len());
        if old_end != new_end {
            self.lines[behind..].iter_mut().for_each(|line| line.shift(old_end, new_end));
        }
        self.lines.splice(first + 1..behind, lines);
        self.len = text.len() as u32;
    }

    fn line_idx(&self, offset: u32) -> usize {
        // The first line starts at 0, so there is always one to subtract.
        self.lines.partition_point(|line| line.offset() <= offset) - 1
    }

    fn line_end(&self, line: usize) -> u32 {
        self.lines.get(line + 1).map_or(self.len, |next| next.previous_end())
    }
}

/// Appends the lines that begin in or right behind `text`, which stands at `at`, and its wide characters. Returns where it ends.
fn scan(text: &str, at: Units, lines: &mut Vec<LineStart>, wide: &mut WideRuns) -> Units {
    let bytes = text.as_bytes();
    // What was behind the last wide character, and the index of the byte there.
    let (mut known, mut known_idx) = (at, 0);
    let units_at = |known: Units, known_idx: usize, idx: usize| {
        let n_narrow = (idx - known_idx) as u32;
        Units { utf8: known.utf8 + n_narrow, utf16: known.utf16 + n_narrow, utf32: known.utf32 + n_narrow }
    };
    let mut idx = 0;
    while let Some(n_plain) = bytes[idx..].iter().position(|&byte| !is_plain(byte)) {
        idx += n_plain;
        match bytes[idx] {
            b'\n' => {
                idx += 1;
                lines.push(LineStart::new(at.utf8 + idx as u32, false));
            }
            b'\r' => {
                let is_crlf = bytes.get(idx + 1) == Some(&b'\n');
                idx += 1 + usize::from(is_crlf);
                lines.push(LineStart::new(at.utf8 + idx as u32, is_crlf));
            }
            lead => {
                // The number of leading ones is the length of the character, by the definition of UTF-8.
                let width = lead.leading_ones();
                known = wide.push(units_at(known, known_idx, idx), width);
                idx += width as usize;
                known_idx = idx;
            }
        }
    }
    units_at(known, known_idx, bytes.len())
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii() && byte != b'\n' && byte != b'\r'
}
