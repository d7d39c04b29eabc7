//! What each request means. One file per request; what they share is here and in [`context`] and [`files`].
//!
//! A handler finds its document in the [`Context`], asks the backend, and converts the answer. It never waits for the editor.

mod context;
mod files;

pub(crate) mod completion;
pub(crate) mod completion_resolve;
pub(crate) mod declaration;
pub(crate) mod definition;
pub(crate) mod document_highlight;
pub(crate) mod document_symbol;
pub(crate) mod folding_range;
pub(crate) mod formatting;
pub(crate) mod hover;
pub(crate) mod implementation;
pub(crate) mod initialize;
pub(crate) mod prepare_rename;
pub(crate) mod pull_diagnostics;
pub(crate) mod range_formatting;
pub(crate) mod references;
pub(crate) mod rename;
pub(crate) mod signature_help;
mod targets;
pub(crate) mod type_definition;
pub(crate) mod watched_files;
pub(crate) mod workspace_symbol;

pub(crate) use context::{Context, Located};
pub(crate) use files::{AnswerFile, AnswerFiles};
