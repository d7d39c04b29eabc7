//! What each request means. One file per request; what they share is here and in [`context`] and [`files`].
//!
//! A handler finds its document in the [`Context`], asks the backend, and converts the answer. It never waits for the editor.

mod context;
mod files;
mod partial;
mod workspace_edit;

pub(crate) mod all_files;
pub(crate) mod capabilities;
pub(crate) mod catch_up;
pub(crate) mod code_action;
pub(crate) mod code_action_resolve;
pub(crate) mod code_lens;
pub(crate) mod code_lens_resolve;
pub(crate) mod completion;
pub(crate) mod completion_resolve;
pub(crate) mod declaration;
pub(crate) mod definition;
pub(crate) mod document_highlight;
pub(crate) mod document_link;
pub(crate) mod document_link_resolve;
pub(crate) mod document_symbol;
pub(crate) mod expand_macro;
pub(crate) mod file_operations;
pub(crate) mod folding_range;
pub(crate) mod formatting;
mod hierarchy;
pub(crate) mod hover;
pub(crate) mod implementation;
pub(crate) mod incoming_calls;
pub(crate) mod initialize;
pub(crate) mod inlay_hint;
pub(crate) mod inlay_hint_resolve;
pub(crate) mod join_lines;
pub(crate) mod linked_editing_range;
pub(crate) mod occurrences;
pub(crate) mod on_type_formatting;
pub(crate) mod outgoing_calls;
pub(crate) mod prepare_call_hierarchy;
pub(crate) mod prepare_rename;
pub(crate) mod prepare_type_hierarchy;
pub(crate) mod pull_diagnostics;
pub(crate) mod range_formatting;
pub(crate) mod references;
pub(crate) mod rename;
pub(crate) mod selection_range;
pub(crate) mod semantic_tokens_full;
pub(crate) mod semantic_tokens_full_delta;
pub(crate) mod semantic_tokens_range;
pub(crate) mod signature_help;
pub(crate) mod subtypes;
pub(crate) mod supertypes;
mod targets;
mod tokens;
pub(crate) mod type_definition;
pub(crate) mod watched_files;
pub(crate) mod workspace_diagnostic;
pub(crate) mod workspace_symbol;
pub(crate) mod workspace_symbol_resolve;

pub(crate) use code_lens::RUN_TEST;
pub(crate) use code_lens_resolve::SHOW_REFERENCES;
pub(crate) use context::{Context, Located};
pub(crate) use files::{AnswerFile, AnswerFiles};
