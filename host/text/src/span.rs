//! A half-open range of byte offsets.

use serde::{Deserialize, Serialize};

/// A half-open range of UTF-8 byte offsets in one document. Invariant: `start <= end`.
///
/// A document is smaller than 2 GiB ([`crate::TEXT_BYTES_MAX`]); the limits of every room that takes text are far below it.
/// Serialized as start and length, which are small numbers more often than the end is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "(u32, u32)", into = "(u32, u32)")]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The range from `start` to before `end`, or nothing where `start > end`.
    pub const fn new(start: u32, end: u32) -> Option<Self> {
        if start <= end { Some(Self { start, end }) } else { None }
    }

    /// The empty range at `offset`.
    pub const fn empty(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// The first byte.
    pub const fn start(self) -> u32 {
        self.start
    }

    /// The byte after the last.
    pub const fn end(self) -> u32 {
        self.end
    }

    /// Its length in bytes.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it contains no byte.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies in it, borders included.
    pub const fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether `offset` lies in it or right behind it, as a cursor touches a word.
    pub const fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }

    /// Whether it lies inside `text` with both ends on character boundaries.
    pub fn fits(self, text: &str) -> bool {
        text.is_char_boundary(self.start as usize) && text.is_char_boundary(self.end as usize)
    }

    /// The part of `text` that it names, or nothing where it does not fit.
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.start as usize..self.end as usize)
    }
}

/// A start and a length lead beyond 4 GiB, where no document reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpanOverflow;

impl std::fmt::Display for SpanOverflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a span beyond 4 GiB")
    }
}

impl std::error::Error for SpanOverflow {}

impl From<Span> for (u32, u32) {
    /// Start and length.
    fn from(span: Span) -> Self {
        (span.start, span.len())
    }
}

impl TryFrom<(u32, u32)> for Span {
    type Error = SpanOverflow;

    /// Of start and length.
    fn try_from((start, len): (u32, u32)) -> Result<Self, SpanOverflow> {
        let end = start.checked_add(len).ok_or(SpanOverflow)?;
        Ok(Self { start, end })
    }
}
