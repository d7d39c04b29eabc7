//! Answers as an agent reads them: structured, and as text with the source of each place. Both are bounded, and say what was left off.

use std::collections::BTreeMap;
use std::path::Path;

use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;
use serde_json::Value;
use vraftls_text::LineIndex;

use crate::ask::Spot;
use crate::place::Region;
use crate::source;

/// Characters of a line of source that are shown.
const LINE_CHARACTERS_MAX: usize = 200;

/// Characters of a longer text that are shown.
const TEXT_CHARACTERS_MAX: usize = 20_000;

/// What a call gives.
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) structured: Value,
}

impl Reply {
    /// Of lines, and what they say in a form for programs.
    pub(super) fn new(lines: &[String], structured: &impl Serialize) -> anyhow::Result<Self> {
        Ok(Self { text: lines.join("\n"), structured: serde_json::to_value(structured)? })
    }
}

/// A place, with what stands there. Lines and columns from 1, columns in characters.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Place {
    /// Relative to the folder, or absolute if it lies outside
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    /// Of the first character behind it
    pub(super) end_column: u32,
    /// The line of source; empty if it cannot be read
    pub(super) source: String,
}

impl Place {
    /// `FILE:LINE:COLUMN: SOURCE`
    pub(super) fn text(&self) -> String {
        format!("{}:{}:{}: {}", self.file, self.line, self.column, self.source)
    }
}

/// The lines of files, each read once.
pub(super) struct Sources<'a> {
    root: &'a Path,
    read: BTreeMap<String, (String, LineIndex)>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, read: BTreeMap::new() }
    }

    /// A place with what stands there.
    pub(super) async fn place(&mut self, spot: &Spot) -> Place {
        let Region { line, column, end_line, end_column } = spot.region;
        if !self.read.contains_key(&spot.file) {
            // A file that is gone by now is shown without its source.
            let text = source::text_of(self.root.join(&spot.file)).await.unwrap_or_default();
            let lines = LineIndex::new(&text);
            self.read.insert(spot.file.clone(), (text, lines));
        }
        let (text, lines) = &self.read[&spot.file];
        let source = lines.line_span(line.saturating_sub(1)).and_then(|span| span.slice(text)).unwrap_or_default();
        let source = shortened(source.trim(), LINE_CHARACTERS_MAX);
        Place { file: spot.file.clone(), line, column, end_line, end_column, source }
    }
}

/// The beginning of a text, which says by its end that more was there.
fn shortened(text: &str, n_characters_max: usize) -> String {
    match text.char_indices().nth(n_characters_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A longer text as far as it is shown; whether some of it was left off is said in it.
pub(super) fn bounded(text: &str) -> String {
    let n_characters = text.chars().count();
    if n_characters <= TEXT_CHARACTERS_MAX {
        return text.to_owned();
    }
    let shown = shortened(text, TEXT_CHARACTERS_MAX);
    format!("{shown}\n({} characters more were left off)", n_characters - TEXT_CHARACTERS_MAX)
}

/// `1 place`, `2 places`.
pub(super) fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(bounded("short"), "short");
        let long = bounded(&"ä".repeat(TEXT_CHARACTERS_MAX + 7));
        assert!(long.ends_with("ä…\n(7 characters more were left off)"));
        assert_eq!(
            (counted(1, "place"), counted(2, "place"), counted(0, "place")),
            ("1 place".into(), "2 places".into(), "0 places".into())
        );
    }
}
