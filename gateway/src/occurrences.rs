//! What `vraftls/occurrences` answers: every name of a document and what it leads to, for whoever reads a whole tree.
//!
//! Lists are packed into numbers, as the protocol packs semantic tokens: as objects they would be ten times as large.

use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::request::Request;
use tower_lsp_server::ls_types::{TextDocumentIdentifier, Uri};

/// `vraftls/occurrences`: every name of a document, and what it leads to.
#[derive(Debug)]
pub enum OccurrencesRequest {}

impl Request for OccurrencesRequest {
    type Params = OccurrencesParams;
    type Result = DocumentOccurrences;
    const METHOD: &'static str = "vraftls/occurrences";
}

/// Which document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OccurrencesParams {
    /// The document.
    pub text_document: TextDocumentIdentifier,
}

/// Every name of a document, and what it leads to. Positions are counted as the session counts them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentOccurrences {
    /// The document's language, as editors name it.
    pub language: String,
    /// The file that the document is, or is a part of, relative to its folder.
    pub path: String,
    /// The documents that targets are in, each once.
    pub documents: Vec<TargetDocument>,
    /// The names of targets, each once; may be empty where a target has none.
    pub names: Vec<String>,
    /// What names lead to, each place once, and what those lie in. See [`TargetNumbers`].
    pub targets: Vec<TargetNumbers>,
    /// The names, by place. See [`NameNumbers`].
    pub occurrences: Vec<NameNumbers>,
    /// What each name leads to, best first, as indices into `targets`.
    pub leads: Vec<u32>,
    /// What is known of targets in the document's file.
    pub descriptions: Vec<TargetDescription>,
    /// Pairs of targets, of which the first is in the document's file and extends, implements or overrides the second.
    pub relations: Vec<[u32; 2]>,
}

/// A document that targets are in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetDocument {
    /// Where an editor finds it.
    pub uri: Uri,
    /// Its file: relative to the folder; `@lib/` before the path of a library's file, `@bundled/` before that of one which an analyzer
    /// carries itself.
    pub path: String,
}

/// A target: an index into `documents`; start and end of its name, each as line and character; the same of the whole construct; an
/// index into `names`; `SymbolKind`; 1 for a parameter and 2 for what is local to a function, added; and the target that it lies
/// in, which stands before it, or -1.
pub type TargetNumbers = [i64; 13];

/// A name: start and end, each as line and character; role bits as in `indexing.facts` of the contract; start and length of its part
/// of `leads`.
pub type NameNumbers = [u32; 7];

/// What is known of a target.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetDescription {
    /// An index into `targets`.
    pub target: u32,
    /// Code; may be empty.
    pub signature: String,
    /// Markdown; may be empty.
    pub documentation: String,
}
