//! Characters that take more than one byte, and what an offset is in other encodings because of them.

use crate::PositionEncoding;

/// A place in a text, counted from its start in all three encodings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Units {
    pub(crate) utf8: u32,
    pub(crate) utf16: u32,
    pub(crate) utf32: u32,
}

impl Units {
    pub(crate) fn get(self, encoding: PositionEncoding) -> u32 {
        match encoding {
            PositionEncoding::Utf8 => self.utf8,
            PositionEncoding::Utf16 => self.utf16,
            PositionEncoding::Utf32 => self.utf32,
        }
    }
}

/// The wide characters of a text.
///
/// Neighbors of the same width make one run, so a page of Chinese costs few runs and source code in ASCII none at all. A run knows
/// where it starts in every encoding; between runs every encoding counts bytes. So a conversion is one binary search, however
/// long a line is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct WideRuns {
    /// Ascending, and none touches the next unless their widths differ.
    runs: Vec<WideRun>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct WideRun {
    start: Units,
    /// The number of characters and, in the lowest two bits, their width in bytes minus 1. A text has fewer than 2^31 bytes and so
    /// fewer than 2^30 wide characters.
    n_chars_and_width: u32,
}

impl WideRun {
    fn new(start: Units, width: u32) -> Self {
        Self { start, n_chars_and_width: 1 << 2 | (width - 1) }
    }

    fn n_chars(self) -> u32 {
        self.n_chars_and_width >> 2
    }

    /// How many units one of its characters takes.
    fn width(self, encoding: PositionEncoding) -> u32 {
        let bytes = (self.n_chars_and_width & 3) + 1;
        match encoding {
            PositionEncoding::Utf8 => bytes,
            // Exactly the characters of four bytes lie beyond U+FFFF and need a surrogate pair.
            PositionEncoding::Utf16 => bytes / 4 + 1,
            PositionEncoding::Utf32 => 1,
        }
    }

    fn end(self, encoding: PositionEncoding) -> u32 {
        self.start.get(encoding) + self.n_chars() * self.width(encoding)
    }
}

impl WideRuns {
    /// Takes note of a character of `width` bytes behind all others, and returns the place behind it.
    pub(crate) fn push(&mut self, at: Units, width: u32) -> Units {
        let extended = self
            .runs
            .last_mut()
            .filter(|run| run.end(PositionEncoding::Utf8) == at.utf8 && run.width(PositionEncoding::Utf8) == width);
        let run = match extended {
            Some(run) => {
                run.n_chars_and_width += 1 << 2;
                *run
            }
            None => {
                let run = WideRun::new(at, width);
                self.runs.push(run);
                run
            }
        };
        Units { utf8: at.utf8 + width, utf16: at.utf16 + run.width(PositionEncoding::Utf16), utf32: at.utf32 + 1 }
    }

    /// What a byte offset is in an encoding. One inside a character counts as the character's start.
    pub(crate) fn units_at(&self, offset: u32, encoding: PositionEncoding) -> u32 {
        let n_before = self.runs.partition_point(|run| run.start.utf8 <= offset);
        let Some(run) = n_before.checked_sub(1).map(|last| self.runs[last]) else { return offset };
        match offset.checked_sub(run.end(PositionEncoding::Utf8)) {
            Some(n_narrow) => run.end(encoding) + n_narrow,
            None => {
                let n_chars = (offset - run.start.utf8) / run.width(PositionEncoding::Utf8);
                run.start.get(encoding) + n_chars * run.width(encoding)
            }
        }
    }

    /// What a byte offset is in all encodings.
    pub(crate) fn all_units_at(&self, offset: u32) -> Units {
        Units {
            utf8: offset,
            utf16: self.units_at(offset, PositionEncoding::Utf16),
            utf32: self.units_at(offset, PositionEncoding::Utf32),
        }
    }

    /// The byte offset of a place in an encoding, unless that lies inside a character.
    pub(crate) fn offset_at(&self, units: u32, encoding: PositionEncoding) -> Option<u32> {
        let n_before = self.runs.partition_point(|run| run.start.get(encoding) <= units);
        let Some(run) = n_before.checked_sub(1).map(|last| self.runs[last]) else { return Some(units) };
        if let Some(n_narrow) = units.checked_sub(run.end(encoding)) {
            return Some(run.end(PositionEncoding::Utf8) + n_narrow);
        }
        let in_run = units - run.start.get(encoding);
        let width = run.width(encoding);
        in_run.is_multiple_of(width).then(|| run.start.utf8 + in_run / width * run.width(PositionEncoding::Utf8))
    }

    /// Replaces the runs between two byte offsets, at neither of which a run goes on, by `new`; what is behind moves from
    /// `old_end` to `new_end`.
    pub(crate) fn splice(&mut self, start: u32, old_end: Units, new_end: Units, new: WideRuns) {
        let first = self.runs.partition_point(|run| run.start.utf8 < start);
        let behind = self.runs.partition_point(|run| run.start.utf8 < old_end.utf8);
        if old_end != new_end {
            for run in &mut self.runs[behind..] {
                // Modulo 2^32, so that moving forth and back are the same addition.
                run.start.utf8 = run.start.utf8.wrapping_add(new_end.utf8.wrapping_sub(old_end.utf8));
                run.start.utf16 = run.start.utf16.wrapping_add(new_end.utf16.wrapping_sub(old_end.utf16));
                run.start.utf32 = run.start.utf32.wrapping_add(new_end.utf32.wrapping_sub(old_end.utf32));
            }
        }
        self.runs.splice(first..behind, new.runs);
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.runs.shrink_to_fit();
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.runs.capacity() * size_of::<WideRun>()
    }
}
