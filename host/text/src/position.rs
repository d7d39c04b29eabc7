//! Lines and characters, as editors count them.

/// How an editor counts characters in a line (LSP 3.17, `PositionEncodingKind`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum PositionEncoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units: the protocol's fallback.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

/// A place in a document as an editor names it. Both count from 0; `character` in units of the negotiated encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub character: u32,
}

/// From one position to before another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PositionRange {
    /// The first character.
    pub start: Position,
    /// The character after the last.
    pub end: Position,
}

/// Why a position names no place in a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PositionError {
    /// The document has only `n_lines` lines.
    NoSuchLine {
        /// The line asked for.
        line: u32,
        /// How many there are.
        n_lines: u32,
    },
    /// The position lies inside a character.
    InsideCharacter(Position),
    /// The range ends before it starts.
    Inverted(PositionRange),
}

impl std::fmt::Display for PositionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchLine { line, n_lines } => write!(f, "line {line} of a document of {n_lines} lines"),
            Self::InsideCharacter(at) => write!(f, "position {}:{} lies inside a character", at.line, at.character),
            Self::Inverted(range) => write!(
                f,
                "range {}:{} to {}:{} ends before it starts",
                range.start.line, range.start.character, range.end.line, range.end.character
            ),
        }
    }
}

impl std::error::Error for PositionError {}
