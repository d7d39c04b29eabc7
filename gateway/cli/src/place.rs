//! Places as people and tools write and read them: lines and columns from 1, columns in characters. Nothing else converts the
//! protocol's places.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use vraftls_gateway::ls_types as lsp;
use vraftls_gateway::path_of_uri;
use vraftls_text::{LineIndex, Position, PositionEncoding, PositionRange, Span};

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

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl Place {
    /// As the protocol counts.
    pub(crate) fn position(&self) -> lsp::Position {
        lsp::Position { line: self.line - 1, character: self.column - 1 }
    }
}

/// `LINE:COLUMN` of a file that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LineAndColumn {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in characters (Unicode scalar values).
    pub(crate) column: u32,
}

impl FromStr for LineAndColumn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| part.parse::<u32>().ok().filter(|&number| number > 0);
        let parts = text.split_once(':').and_then(|(line, column)| number(line).zip(number(column)));
        let (line, column) = parts.ok_or_else(|| format!("`{text}` is not LINE:COLUMN, both numbers from 1"))?;
        Ok(Self { line, column })
    }
}

impl LineAndColumn {
    /// As the protocol counts.
    pub(crate) fn position(&self) -> lsp::Position {
        lsp::Position { line: self.line - 1, character: self.column - 1 }
    }
}

/// A stretch of a file, as it is shown: lines and columns from 1, columns in characters (Unicode scalar values).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(crate) struct Region {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) end_line: u32,
    /// Of the first character behind it.
    pub(crate) end_column: u32,
}

impl From<lsp::Range> for Region {
    /// The session counts in UTF-32.
    fn from(range: lsp::Range) -> Self {
        let from_one = |number: u32| number.saturating_add(1);
        Self {
            line: from_one(range.start.line),
            column: from_one(range.start.character),
            end_line: from_one(range.end.line),
            end_column: from_one(range.end.character),
        }
    }
}

impl Region {
    /// Its bytes in a text with these lines; none if it is not in it, because the text changed since.
    pub(crate) fn span(&self, lines: &LineIndex) -> Option<Span> {
        let position = |line: u32, column: u32| Position { line: line - 1, character: column - 1 };
        let range =
            PositionRange { start: position(self.line, self.column), end: position(self.end_line, self.end_column) };
        lines.span(range, PositionEncoding::Utf32).ok()
    }
}

/// How a file is shown: relative to the folder, or where it lies outside. What is no file is shown as its URI.
pub(crate) fn shown(root: &Path, uri: &lsp::Uri) -> String {
    let Some(path) = path_of_uri(uri.as_str()) else { return uri.as_str().to_owned() };
    path.strip_prefix(root).unwrap_or(&path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_shown_from_one_and_found_in_the_text() {
        let range = lsp::Range::new(lsp::Position::new(1, 1), lsp::Position::new(1, 3));
        let region = Region::from(range);
        assert_eq!(region, Region { line: 2, column: 2, end_line: 2, end_column: 4 });
        let text = "a\n\u{1f600}\u{e9}b\n";
        let span = region.span(&LineIndex::new(text)).expect("it is in the text");
        assert_eq!(span.slice(text), Some("\u{e9}b"));
        assert_eq!(region.span(&LineIndex::new("a")), None);
    }

    #[test]
    fn files_are_shown_from_the_folder() {
        let of = |uri: &str| shown(Path::new("/w/x"), &uri.parse().expect("a URI"));
        assert_eq!(of("file:///w/x/a%20b/c.py"), "a b/c.py");
        assert_eq!(of("file:///w/xy/c.py"), "/w/xy/c.py");
        assert_eq!(of("https://example.com/x"), "https://example.com/x");
    }

    #[test]
    fn reads_places() {
        let place: Place = "a:b/c.py:3:14".parse().expect("a place");
        assert_eq!((place.file, place.line, place.column), (PathBuf::from("a:b/c.py"), 3, 14));
        for wrong in ["", "a.py", "a.py:3", "a.py:0:1", "a.py:1:0", "a.py:x:1", ":1:1"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong:?} is no place");
        }
    }
}
