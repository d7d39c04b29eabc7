//! What this server answers beyond the protocol, as the types that its own clients ask with.

use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::notification::Notification;
use tower_lsp_server::ls_types::request::Request;
use tower_lsp_server::ls_types::{Range, TextDocumentIdentifier, TextDocumentPositionParams, TextEdit, Uri};

use crate::Status;

/// `vraftls/status`: how whoever answers stands.
#[derive(Debug)]
pub enum StatusRequest {}

impl Request for StatusRequest {
    type Params = ();
    type Result = Status;
    const METHOD: &'static str = "vraftls/status";
}

/// `vraftls/catchUp`: looks at the files of all open folders again. Answered when later questions see them as they were when this was
/// asked, or newer: for clients that write a file and ask at once.
#[derive(Debug)]
pub enum CatchUpRequest {}

impl Request for CatchUpRequest {
    type Params = ();
    type Result = ();
    const METHOD: &'static str = "vraftls/catchUp";
}

/// `vraftls/files`: the files of all open folders that analyzers answer for, sorted within each folder.
#[derive(Debug)]
pub enum FilesRequest {}

impl Request for FilesRequest {
    type Params = ();
    type Result = Vec<Uri>;
    const METHOD: &'static str = "vraftls/files";
}

/// `experimental/joinLines`, as rust-analyzer has it: the edits that put the lines of each range onto one; an empty range takes the line
/// behind its own.
#[derive(Debug)]
pub enum JoinLinesRequest {}

impl Request for JoinLinesRequest {
    type Params = JoinLinesParams;
    type Result = Vec<TextEdit>;
    const METHOD: &'static str = "experimental/joinLines";
}

/// Which lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinLinesParams {
    /// The document.
    pub text_document: TextDocumentIdentifier,
    /// What is selected in it, or its cursors.
    pub ranges: Vec<Range>,
}

/// `rust-analyzer/expandMacro`, as rust-analyzer has it: what the macro at a place becomes.
#[derive(Debug)]
pub enum ExpandMacroRequest {}

impl Request for ExpandMacroRequest {
    type Params = TextDocumentPositionParams;
    type Result = Option<ExpandedMacro>;
    const METHOD: &'static str = "rust-analyzer/expandMacro";
}

/// What a macro becomes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExpandedMacro {
    /// The macro's name.
    pub name: String,
    /// The code that it becomes, laid out for reading.
    pub expansion: String,
}

/// `$/vraftls/partial`: the answer to a request that is under way is incomplete. Sent before that answer, to clients that announce
/// `experimental.vraftls.partialAnswers`.
#[derive(Debug)]
pub enum PartialAnswer {}

/// What is incomplete.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PartialAnswerParams {
    /// In words, for people: `references`.
    pub what: String,
}

impl Notification for PartialAnswer {
    type Params = PartialAnswerParams;
    const METHOD: &'static str = "$/vraftls/partial";
}
