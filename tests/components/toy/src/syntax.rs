//! The toy language: one statement a line.
//!
//! ```text
//! # a comment
//! def name            # documentation of the name
//!   def inner         (deeper than the line above: lies in `name`)
//! use name
//! import other/file.toy
//! ```
//!
//! Knows text and byte offsets only, no workspace.

use vraftls_guest_sdk::Span;

/// A file in pieces.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct File {
    /// The `def` lines in source order.
    pub definitions: Vec<Definition>,
    /// The `use` lines in source order.
    pub uses: Vec<Word>,
    /// The `import` lines in source order.
    pub imports: Vec<Word>,
    /// Lines that are no statement.
    pub errors: Vec<Span>,
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// As it is written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A `def` line.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The name.
    pub name: Word,
    /// The whole line, without indentation and line end.
    pub line: Span,
    /// What stands behind `#`.
    pub documentation: String,
    /// The definition that it lies in, an index into the same list.
    pub parent: Option<usize>,
}

/// Takes a file apart. Never fails.
pub fn parse(text: &str) -> File {
    let mut file = File::default();
    // Definitions that enclose the current line, with their indentation.
    let mut enclosing: Vec<(usize, usize)> = Vec::new();
    // A byte-order mark is no part of the first line.
    let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
    for line in text[start..].split_inclusive('\n') {
        let statement = line.trim();
        let indentation = line.len() - line.trim_start().len();
        if !statement.is_empty() && !statement.starts_with('#') {
            enclosing.retain(|(depth, _)| *depth < indentation);
            let parent = enclosing.last().map(|(_, definition)| *definition);
            let before = file.definitions.len();
            parse_statement(&mut file, statement, start + indentation, parent);
            if file.definitions.len() > before {
                enclosing.push((indentation, before));
            }
        }
        start += line.len();
    }
    file
}

fn parse_statement(file: &mut File, statement: &str, start: usize, parent: Option<usize>) {
    let (code, comment) = statement.split_once('#').unwrap_or((statement, ""));
    let (keyword, rest) = code.split_once(char::is_whitespace).unwrap_or((code, ""));
    let name = rest.trim();
    let name_start = start + (code.len() - rest.trim_start().len());
    let word = || Word { text: name.to_owned(), span: span(name_start, name_start + name.len()) };
    let line = span(start, start + statement.len());
    match keyword {
        "def" if is_name(name) => {
            file.definitions.push(Definition { name: word(), line, documentation: comment.trim().to_owned(), parent })
        }
        "use" if is_name(name) => file.uses.push(word()),
        "import" if !name.is_empty() => file.imports.push(word()),
        _ => file.errors.push(line),
    }
}

/// Whether a text is a name of the language.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|other| other.is_alphanumeric() || other == '_')
}

fn span(start: usize, end: usize) -> Span {
    // The host hands out no text of 4 GiB, the contract counts in 32 bits.
    Span { start: u32::try_from(start).unwrap_or(u32::MAX), end: u32::try_from(end).unwrap_or(u32::MAX) }
}

impl File {
    /// Every name with the role bits of its occurrence, in source order.
    pub fn occurrences(&self) -> Vec<(&Word, u32)> {
        use vraftls_guest_sdk::roles::{DEFINES, REFERS};
        let definitions = self.definitions.iter().map(|definition| (&definition.name, DEFINES));
        let mut all: Vec<_> = definitions.chain(self.uses.iter().map(|word| (word, REFERS))).collect();
        all.sort_by_key(|(word, _)| word.span.start);
        all
    }

    /// The name at the offset, its end included, so that a cursor behind a word still means it.
    pub fn word_at(&self, offset: u32) -> Option<&Word> {
        let touches = |word: &&Word| word.span.start <= offset && offset <= word.span.end;
        self.occurrences().into_iter().map(|(word, _)| word).find(touches)
    }

    /// Where each definition ends, what lies in it included.
    pub fn ends(&self) -> Vec<u32> {
        let mut ends: Vec<u32> = self.definitions.iter().map(|definition| definition.line.end).collect();
        for (child, definition) in self.definitions.iter().enumerate().rev() {
            if let Some(parent) = definition.parent {
                ends[parent] = ends[parent].max(ends[child]);
            }
        }
        ends
    }

    /// The first definition of a name.
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.name.text == name)
    }
}
