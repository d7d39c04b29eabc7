//! The questions that commands ask, each with its parameters and with the answer as commands show it: places from 1, words for kinds.
//!
//! One file for questions of a kind. They know the protocol; they do not know a command line, a terminal, or who the answer is for.

pub(crate) mod completion;
pub(crate) mod document;
pub(crate) mod edits;
pub(crate) mod hierarchy;
pub(crate) mod hints;
pub(crate) mod hover;
pub(crate) mod names;
pub(crate) mod navigation;
pub(crate) mod symbols;
pub(crate) mod tokens;

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use vraftls_gateway::ls_types::{Location, Position, Range, TextDocumentIdentifier, TextDocumentPositionParams, Uri};

use crate::place::{Region, shown};

/// A place in a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(crate) struct Spot {
    /// As it is shown.
    pub(crate) file: String,
    #[serde(flatten)]
    pub(crate) region: Region,
}

impl Spot {
    /// A range of a file.
    pub(crate) fn new(root: &Path, uri: &Uri, range: Range) -> Self {
        Self { file: shown(root, uri), region: range.into() }
    }

    /// A location.
    pub(crate) fn of(root: &Path, location: &Location) -> Self {
        Self::new(root, &location.uri, location.range)
    }

    /// `FILE:LINE:COLUMN`
    pub(crate) fn line(&self) -> String {
        format!("{}:{}:{}", self.file, self.region.line, self.region.column)
    }
}

/// An answer as a command prints it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For tools.
    pub(crate) json: Value,
    /// For people.
    pub(crate) lines: Vec<String>,
    /// Whether nothing was found.
    pub(crate) is_empty: bool,
}

impl Answer {
    /// A list of things, each with its line for people.
    pub(crate) fn list<T: Serialize>(found: &[T], line: impl Fn(&T) -> String) -> anyhow::Result<Self> {
        let lines = found.iter().map(line).collect();
        Ok(Self { json: serde_json::to_value(found)?, lines, is_empty: found.is_empty() })
    }
}

/// A place in a document, as most requests name it.
pub(crate) fn place_in(uri: &Uri, position: Position) -> TextDocumentPositionParams {
    TextDocumentPositionParams { text_document: TextDocumentIdentifier { uri: uri.clone() }, position }
}

/// A document, as requests name it.
pub(crate) fn document(uri: &Uri) -> TextDocumentIdentifier {
    TextDocumentIdentifier { uri: uri.clone() }
}
