//! `FILE:LINE:COLUMN` as people and tools write it: both from 1, columns in characters.

use std::path::PathBuf;
use std::str::FromStr;

use vraftls_text::{LineIndex, Position, PositionEncoding};

/// A place in a file as it is written on the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// The file, as it was written.
    pub(crate) file: PathBuf,
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in characters (Unicode scalar values).
    pub(crate) column: u32,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || format!("`{text}` is not FILE:LINE:COLUMN, both numbers from 1");
        let mut parts = text.rsplitn(3, ':');
        let (column, line, file) = (parts.next(), parts.next(), parts.next());
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<u32>().ok()).filter(|&number| number > 0);
        match (file, number(line), number(column)) {
            (Some(file), Some(line), Some(column)) if !file.is_empty() => Ok(Self { file: file.into(), line, column }),
            _ => Err(shape()),
        }
    }
}

impl Place {
    /// Its byte offset in a text with these lines.
    pub(crate) fn offset(&self, lines: &LineIndex) -> anyhow::Result<u32> {
        let position = Position { line: self.line - 1, character: self.column - 1 };
        Ok(lines.offset(position, PositionEncoding::Utf32)?)
    }
}

/// The line and column of a byte offset, both from 1.
pub(crate) fn line_and_column(lines: &LineIndex, offset: u32) -> (u32, u32) {
    let position = lines.position(offset, PositionEncoding::Utf32);
    (position.line + 1, position.character + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_places() {
        let place: Place = "a:b/c.py:3:14".parse().expect("a place");
        assert_eq!((place.file, place.line, place.column), (PathBuf::from("a:b/c.py"), 3, 14));
        for wrong in ["", "a.py", "a.py:3", "a.py:0:1", "a.py:1:0", "a.py:x:1", ":1:1"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong:?} is no place");
        }
    }
}
