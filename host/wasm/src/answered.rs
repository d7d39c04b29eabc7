//! Which feature of an analyzer answers a question.

use vraftls_index::Features;
use vraftls_query::Question;

/// Whether the analyzer says that it answers such questions.
pub(crate) fn is_answered(features: &Features, question: &Question) -> bool {
    match question {
        Question::Diagnostics { .. } => features.diagnostics,
        Question::Definition { .. } => features.definition,
        Question::Declaration { .. } => features.declaration,
        Question::TypeDefinition { .. } => features.type_definition,
        Question::Implementation { .. } => features.implementation,
        Question::Plan { .. } | Question::Confirm { .. } => features.references,
        Question::Highlights { .. } => features.highlight,
        Question::Hover { .. } => features.hover,
        Question::Complete { .. } | Question::ResolveCompletion { .. } => features.completion,
        Question::SignatureHelp { .. } => features.signature_help,
        Question::PrepareRename { .. }
        | Question::PlanRename { .. }
        | Question::RenameEdits { .. }
        | Question::RenameMoves { .. } => features.rename,
        Question::Format { span: None, .. } => features.formatting,
        Question::Format { span: Some(_), .. } => features.range_formatting,
        Question::FormatOnType { .. } => features.on_type_formatting,
        Question::PrepareCalls { .. }
        | Question::PlanIncoming { .. }
        | Question::Incoming { .. }
        | Question::Outgoing { .. } => features.call_hierarchy,
        Question::PrepareTypes { .. }
        | Question::Supertypes { .. }
        | Question::PlanSubtypes { .. }
        | Question::Subtypes { .. } => features.type_hierarchy,
        Question::SemanticTokens { .. } => features.semantic_tokens,
        Question::InlayHints { .. } => features.inlay_hints,
        Question::SelectionRanges { .. } => features.selection_ranges,
        Question::Lenses { .. } => features.code_lens,
        Question::Links { .. } => features.document_links,
        Question::LinkedRanges { .. } => features.linked_editing,
        Question::Actions { .. } | Question::ResolveAction { .. } => features.code_actions,
        Question::WillRename { .. } => features.file_operations,
        // What has no flag says so itself.
        Question::ResolveAll { .. }
        | Question::JoinLines { .. }
        | Question::Expand { .. }
        | Question::Bundled { .. } => true,
    }
}
