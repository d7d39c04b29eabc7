//! What this server can, as `initialize` tells it: `gateway/docs/lsp.md` says the same for people, and a test holds the two together.

use std::sync::Arc;

use serde_json::{Value, json};
use tower_lsp_server::jsonrpc::Response;
use tower_lsp_server::ls_types::{
    CallHierarchyServerCapability, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions,
    CompletionOptions, CompletionOptionsCompletionItem, DeclarationCapability, DiagnosticOptions,
    DiagnosticServerCapabilities, DocumentLinkOptions, DocumentOnTypeFormattingOptions, FoldingRangeProviderCapability,
    HoverProviderCapability, ImplementationProviderCapability, InlayHintOptions, InlayHintServerCapabilities,
    LinkedEditingRangeServerCapabilities, NotebookCellSelector, NotebookDocumentSyncOptions,
    NotebookDocumentSyncRegistrationOptions, NotebookSelector, OneOf, RenameOptions, SaveOptions,
    SelectionRangeProviderCapability, SemanticTokensFullOptions, SemanticTokensLegend, SemanticTokensOptions,
    SemanticTokensServerCapabilities, ServerCapabilities, SignatureHelpOptions, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, TypeDefinitionProviderCapability,
    WorkspaceFileOperationsServerCapabilities, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
    WorkspaceSymbolOptions,
};
use vraftls_index::{Description, Features};

use super::file_operations;
use crate::convert::to_lsp;
use crate::session::{DiagnosticMode, Legend, Profile, Session};

/// What some analyzer answers, and what the gateway answers by itself.
pub(super) fn capabilities(session: &Session, analyzers: &[Arc<Description>]) -> ServerCapabilities {
    let profile = session.profile();
    let any = |has: fn(&Features) -> bool| analyzers.iter().any(|analyzer| has(&analyzer.features));
    let indexes = !analyzers.is_empty();
    let rename = RenameOptions { prepare_provider: Some(true), work_done_progress_options: Default::default() };
    let rename = if profile.prepares_rename { OneOf::Right(rename) } else { OneOf::Left(true) };
    ServerCapabilities {
        position_encoding: Some(to_lsp::encoding_kind(profile.encoding)),
        text_document_sync: Some(synchronization()),
        notebook_document_sync: indexes.then(|| notebooks(analyzers)),
        hover_provider: any(|f| f.hover).then_some(HoverProviderCapability::Simple(true)),
        completion_provider: any(|f| f.completion).then(|| completion(analyzers)),
        signature_help_provider: any(|f| f.signature_help).then(|| signature_help(analyzers)),
        definition_provider: provided(any(|f| f.definition)),
        declaration_provider: any(|f| f.declaration).then_some(DeclarationCapability::Simple(true)),
        type_definition_provider: any(|f| f.type_definition).then_some(TypeDefinitionProviderCapability::Simple(true)),
        implementation_provider: any(|f| f.implementation).then_some(ImplementationProviderCapability::Simple(true)),
        references_provider: provided(any(|f| f.references)),
        document_highlight_provider: provided(any(|f| f.highlight)),
        document_symbol_provider: provided(indexes),
        workspace_symbol_provider: indexes.then(|| workspace_symbols(profile)),
        folding_range_provider: indexes.then_some(FoldingRangeProviderCapability::Simple(true)),
        document_formatting_provider: provided(any(|f| f.formatting)),
        document_range_formatting_provider: provided(any(|f| f.range_formatting)),
        rename_provider: any(|f| f.rename).then_some(rename),
        document_on_type_formatting_provider: on_type_formatting(analyzers),
        call_hierarchy_provider: any(|f| f.call_hierarchy).then_some(CallHierarchyServerCapability::Simple(true)),
        semantic_tokens_provider: any(|f| f.semantic_tokens).then(|| semantic_tokens(session, analyzers)),
        inlay_hint_provider: any(|f| f.inlay_hints).then(inlay_hints),
        selection_range_provider: any(|f| f.selection_ranges).then_some(SelectionRangeProviderCapability::Simple(true)),
        code_lens_provider: any(|f| f.code_lens).then_some(CodeLensOptions { resolve_provider: Some(true) }),
        document_link_provider: any(|f| f.document_links).then(document_links),
        linked_editing_range_provider: any(|f| f.linked_editing)
            .then_some(LinkedEditingRangeServerCapabilities::Simple(true)),
        code_action_provider: (any(|f| f.code_actions) && profile.actions.literals).then(|| code_actions(profile)),
        diagnostic_provider: (any(|f| f.diagnostics) && profile.diagnostics.pulls).then(|| pulled_diagnostics(session)),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: file_operations(profile, analyzers),
        }),
        experimental: Some(json!({ "joinLines": indexes, "languages": languages(analyzers) })),
        ..ServerCapabilities::default()
    }
}

/// Adds to the response of `initialize` what the library's type for capabilities has no field for.
pub(crate) fn complete(session: &Session, response: Response) -> Response {
    let has_types = session.backend().analyzers().iter().any(|analyzer| analyzer.features.type_hierarchy);
    let (id, body) = response.into_parts();
    let body = body.map(|mut result| {
        if has_types && let Some(capabilities) = result.get_mut("capabilities").and_then(Value::as_object_mut) {
            capabilities.insert("typeHierarchyProvider".to_owned(), true.into());
        }
        result
    });
    Response::from_parts(id, body)
}

/// The languages of all analyzers, each once: an editor cannot know otherwise which files are worth opening here.
fn languages(analyzers: &[Arc<Description>]) -> Vec<&str> {
    let mut all: Vec<&str> =
        analyzers.iter().flat_map(|analyzer| &analyzer.languages).map(|language| &*language.id).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn provided<T>(is_provided: bool) -> Option<OneOf<bool, T>> {
    is_provided.then_some(OneOf::Left(true))
}

fn synchronization() -> TextDocumentSyncCapability {
    TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        will_save: None,
        will_save_wait_until: None,
        save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
    })
}

/// All notebooks that have cells in the languages of analyzers, and of those these cells.
fn notebooks(
    analyzers: &[Arc<Description>],
) -> OneOf<NotebookDocumentSyncOptions, NotebookDocumentSyncRegistrationOptions> {
    let cells = languages(analyzers).into_iter().map(|language| NotebookCellSelector { language: language.to_owned() });
    let selector = NotebookSelector::ByCells { notebook: None, cells: cells.collect() };
    OneOf::Left(NotebookDocumentSyncOptions { notebook_selector: vec![selector], save: Some(true) })
}

fn workspace_symbols(profile: &Profile) -> OneOf<bool, WorkspaceSymbolOptions> {
    let work_done_progress_options = Default::default();
    match profile.resolves_symbol_ranges {
        true => OneOf::Right(WorkspaceSymbolOptions { work_done_progress_options, resolve_provider: Some(true) }),
        false => OneOf::Left(true),
    }
}

fn on_type_formatting(analyzers: &[Arc<Description>]) -> Option<DocumentOnTypeFormattingOptions> {
    let format = analyzers.iter().filter(|analyzer| analyzer.features.on_type_formatting);
    let mut triggers: Vec<String> = Vec::new();
    for trigger in format.flat_map(|analyzer| &analyzer.on_type_triggers) {
        if !triggers.contains(trigger) {
            triggers.push(trigger.clone());
        }
    }
    let mut triggers = triggers.into_iter();
    let first_trigger_character = triggers.next()?;
    let more: Vec<String> = triggers.collect();
    let more_trigger_character = (!more.is_empty()).then_some(more);
    Some(DocumentOnTypeFormattingOptions { first_trigger_character, more_trigger_character })
}

fn semantic_tokens(session: &Session, analyzers: &[Arc<Description>]) -> SemanticTokensServerCapabilities {
    let legend = session.tokens().set_legend(Legend::new(analyzers));
    let options = SemanticTokensOptions {
        work_done_progress_options: Default::default(),
        legend: SemanticTokensLegend {
            token_types: legend.types.iter().cloned().map(Into::into).collect(),
            token_modifiers: legend.modifiers.iter().cloned().map(Into::into).collect(),
        },
        range: Some(true),
        full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
    };
    SemanticTokensServerCapabilities::SemanticTokensOptions(options)
}

fn inlay_hints() -> OneOf<bool, InlayHintServerCapabilities> {
    let options = InlayHintOptions { work_done_progress_options: Default::default(), resolve_provider: Some(true) };
    OneOf::Right(InlayHintServerCapabilities::Options(options))
}

fn document_links() -> DocumentLinkOptions {
    DocumentLinkOptions { resolve_provider: Some(true), work_done_progress_options: Default::default() }
}

fn code_actions(profile: &Profile) -> CodeActionProviderCapability {
    CodeActionProviderCapability::Options(CodeActionOptions {
        code_action_kinds: Some(vec![
            CodeActionKind::QUICKFIX,
            CodeActionKind::REFACTOR,
            CodeActionKind::SOURCE,
            CodeActionKind::SOURCE_ORGANIZE_IMPORTS,
            CodeActionKind::SOURCE_FIX_ALL,
        ]),
        work_done_progress_options: Default::default(),
        resolve_provider: Some(profile.actions.resolves_edit),
    })
}

/// What moves is told by the editor where it can; what that means for other files, some analyzer knows.
fn file_operations(
    profile: &Profile,
    analyzers: &[Arc<Description>],
) -> Option<WorkspaceFileOperationsServerCapabilities> {
    let told = profile.file_operations;
    let of_all = || file_operations::registration(analyzers, |_| true);
    let of_answering = || file_operations::registration(analyzers, |analyzer| analyzer.features.file_operations);
    let capabilities = WorkspaceFileOperationsServerCapabilities {
        did_create: told.did_create.then(of_all).flatten(),
        will_create: None,
        did_rename: told.did_rename.then(of_all).flatten(),
        will_rename: told.will_rename.then(of_answering).flatten(),
        did_delete: told.did_delete.then(of_all).flatten(),
        will_delete: None,
    };
    (capabilities != WorkspaceFileOperationsServerCapabilities::default()).then_some(capabilities)
}

fn pulled_diagnostics(session: &Session) -> DiagnosticServerCapabilities {
    DiagnosticServerCapabilities::Options(DiagnosticOptions {
        identifier: Some("vraftls".to_owned()),
        inter_file_dependencies: true,
        // An editor asks for all files as soon as it may, so only who wants it is told that it may.
        workspace_diagnostics: session.configuration().initial().diagnostics.mode == DiagnosticMode::Workspace,
        work_done_progress_options: Default::default(),
    })
}

fn completion(analyzers: &[Arc<Description>]) -> CompletionOptions {
    CompletionOptions {
        resolve_provider: Some(true),
        trigger_characters: union(analyzers, |analyzer| &analyzer.completion_triggers),
        completion_item: Some(CompletionOptionsCompletionItem { label_details_support: Some(true) }),
        ..CompletionOptions::default()
    }
}

fn signature_help(analyzers: &[Arc<Description>]) -> SignatureHelpOptions {
    let trigger_characters = union(analyzers, |analyzer| &analyzer.signature_triggers);
    SignatureHelpOptions { trigger_characters, ..SignatureHelpOptions::default() }
}

/// The characters of all analyzers, each once.
fn union(analyzers: &[Arc<Description>], of: fn(&Description) -> &Vec<String>) -> Option<Vec<String>> {
    let mut all: Vec<String> = analyzers.iter().flat_map(|analyzer| of(analyzer).iter().cloned()).collect();
    all.sort_unstable();
    all.dedup();
    (!all.is_empty()).then_some(all)
}
