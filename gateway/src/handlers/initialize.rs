//! `initialize` and `initialized`: what both sides can, and which folders are open.

use std::sync::Arc;

use tower_lsp_server::ls_types::request::RegisterCapability;
use tower_lsp_server::ls_types::{
    CompletionOptions, CompletionOptionsCompletionItem, DeclarationCapability, DiagnosticOptions,
    DiagnosticServerCapabilities, FoldingRangeProviderCapability, HoverProviderCapability,
    ImplementationProviderCapability, InitializeParams, InitializeResult, OneOf, Registration, RegistrationParams,
    RenameOptions, SaveOptions, ServerCapabilities, ServerInfo, SignatureHelpOptions, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, TypeDefinitionProviderCapability,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use tracing::{debug, warn};
use vraftls_index::{Description, Features};

use super::watched_files;
use crate::ClientFacts;
use crate::convert::{FilePath, to_lsp};
use crate::error::RequestError;
use crate::session::{Profile, Session};

pub(crate) fn initialize(session: &Arc<Session>, params: &InitializeParams) -> Result<InitializeResult, RequestError> {
    let roots = roots(params)?;
    session.set_profile(Profile::new(params, names_no_folder(params)));
    let client = params.client_info.as_ref();
    if let Some(on_client) = &session.options().on_client {
        on_client(&ClientFacts {
            name: client.map(|client| client.name.clone()),
            version: client.and_then(|client| client.version.clone()),
            process_id: params.process_id,
        });
    }
    session.configuration().begin(params.initialization_options.as_ref());
    session.change_folders(roots, &[]);
    let configuring = session.clone();
    session.spawn(async move { crate::session::configuration::run(configuring).await });
    let version = Some(session.options().server_version.clone());
    Ok(InitializeResult {
        capabilities: capabilities(session.profile(), &session.backend().analyzers()),
        server_info: Some(ServerInfo { name: "vraftls".to_owned(), version }),
        offset_encoding: None,
    })
}

pub(crate) fn initialized(session: &Arc<Session>) {
    session.configuration().initialized();
    let checking = session.clone();
    session.spawn(async move { crate::diagnostics::run(checking).await });
    let Some(options) = watched_files::registration(session) else { return };
    let registering = session.clone();
    session.spawn(async move {
        let registration = Registration {
            id: "watched-files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: Some(options),
        };
        let params = RegistrationParams { registrations: vec![registration] };
        if let Err(error) = registering.client().request::<RegisterCapability>(params).await {
            debug!(%error, "the editor does not watch files");
        }
    });
}

/// The folders that the editor opens, each once. Old editors name one root and no folders.
fn roots(params: &InitializeParams) -> Result<Vec<FilePath>, RequestError> {
    let mut roots: Vec<FilePath> = Vec::new();
    for folder in params.workspace_folders.iter().flatten() {
        match FilePath::from_uri(&folder.uri) {
            Ok(root) if !roots.contains(&root) => roots.push(root),
            Ok(_) => {}
            Err(error) => warn!(%error, "a folder is not served"),
        }
    }
    #[expect(deprecated, reason = "editors that know no workspace folders say it so")]
    let (root_uri, root_path) = (&params.root_uri, &params.root_path);
    if params.workspace_folders.as_ref().is_none_or(Vec::is_empty) {
        match (root_uri, root_path) {
            (Some(uri), _) => roots.push(FilePath::from_uri(uri)?),
            (None, Some(path)) => roots.extend(FilePath::from_path(path.as_ref())),
            (None, None) => {}
        }
    }
    Ok(roots)
}

/// Whether the editor opens files and no folder, not even one that cannot be served.
fn names_no_folder(params: &InitializeParams) -> bool {
    #[expect(deprecated, reason = "editors that know no workspace folders say it so")]
    let names_root = params.root_uri.is_some() || params.root_path.is_some();
    !names_root && params.workspace_folders.as_ref().is_none_or(Vec::is_empty)
}

/// What some analyzer answers, and what the gateway answers by itself.
fn capabilities(profile: &Profile, analyzers: &[Arc<Description>]) -> ServerCapabilities {
    let any = |has: fn(&Features) -> bool| analyzers.iter().any(|analyzer| has(&analyzer.features));
    let indexes = !analyzers.is_empty();
    let rename = RenameOptions { prepare_provider: Some(true), work_done_progress_options: Default::default() };
    let rename = if profile.prepares_rename { OneOf::Right(rename) } else { OneOf::Left(true) };
    ServerCapabilities {
        position_encoding: Some(to_lsp::encoding_kind(profile.encoding)),
        text_document_sync: Some(synchronization()),
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
        workspace_symbol_provider: provided(indexes),
        folding_range_provider: indexes.then_some(FoldingRangeProviderCapability::Simple(true)),
        document_formatting_provider: provided(any(|f| f.formatting)),
        document_range_formatting_provider: provided(any(|f| f.range_formatting)),
        rename_provider: any(|f| f.rename).then_some(rename),
        diagnostic_provider: (any(|f| f.diagnostics) && profile.diagnostics.pulls).then(pulled_diagnostics),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            file_operations: None,
        }),
        ..ServerCapabilities::default()
    }
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

fn pulled_diagnostics() -> DiagnosticServerCapabilities {
    DiagnosticServerCapabilities::Options(DiagnosticOptions {
        identifier: Some("vraftls".to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: false,
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
