//! The protocol's methods, each handed to its handler. Nothing is decided here.

use std::sync::Arc;
use std::time::Instant;

use tower_lsp_server::LanguageServer;
use tower_lsp_server::jsonrpc::Result;
use tower_lsp_server::ls_types::request::{
    GotoDeclarationParams, GotoDeclarationResponse, GotoImplementationParams, GotoImplementationResponse,
    GotoTypeDefinitionParams, GotoTypeDefinitionResponse,
};
use tower_lsp_server::ls_types::{
    self as lsp, CompletionItem, CompletionParams, CompletionResponse, DidChangeConfigurationParams,
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams,
    DocumentDiagnosticReportResult, DocumentFormattingParams, DocumentHighlight, DocumentHighlightParams,
    DocumentRangeFormattingParams, DocumentSymbolParams, DocumentSymbolResponse, FoldingRange, FoldingRangeParams,
    GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverParams, InitializeParams, InitializeResult,
    InitializedParams, Location, PrepareRenameResponse, ReferenceParams, RenameParams, SignatureHelp,
    SignatureHelpParams, TextDocumentPositionParams, TextEdit, WorkspaceEdit, WorkspaceFolder, WorkspaceSymbolParams,
    WorkspaceSymbolResponse,
};

use crate::convert::FilePath;
use crate::error::RequestError;
use crate::handlers::{self, Context};
use crate::session::Session;
use crate::{DocumentOccurrences, ExpandedMacro, JoinLinesParams, OccurrencesParams, Status};

/// One session's side of the protocol.
pub(crate) struct Server {
    session: Arc<Session>,
}

impl Server {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// `$/setTrace`, which the library's trait does not have.
    pub(crate) async fn set_trace(&self, params: lsp::SetTraceParams) {
        self.session.trace().set(params.value);
    }

    /// `vraftls/status`: how whoever answers stands.
    pub(crate) async fn status(&self) -> Result<Status> {
        Ok(self.session.backend().status().await)
    }
}

/// A request: its turn is awaited, its handler answers.
macro_rules! request {
    ($self:ident, $module:ident, $params:ident) => {
        request!($self, $module::$module, $params)
    };
    ($self:ident, $module:ident :: $handler:ident, $params:ident) => {{
        let since = Instant::now();
        let answered = async {
            let cx = Context::begin(&$self.session).await?;
            handlers::$module::$handler(&cx, $params).await
        };
        let answered = answered.await;
        let error = answered.as_ref().err();
        $self.session.trace().answered($self.session.client(), stringify!($handler), since, error);
        Ok(answered?)
    }};
}

impl Server {
    /// `vraftls/catchUp`
    pub(crate) async fn catch_up(&self) -> Result<()> {
        let nothing = ();
        request!(self, catch_up, nothing)
    }

    /// `vraftls/occurrences`
    pub(crate) async fn occurrences(&self, params: OccurrencesParams) -> Result<DocumentOccurrences> {
        request!(self, occurrences, params)
    }

    /// `experimental/joinLines`
    pub(crate) async fn join_lines(&self, params: JoinLinesParams) -> Result<Vec<TextEdit>> {
        request!(self, join_lines, params)
    }

    /// `rust-analyzer/expandMacro`
    pub(crate) async fn expand_macro(&self, params: TextDocumentPositionParams) -> Result<Option<ExpandedMacro>> {
        request!(self, expand_macro, params)
    }

    /// `vraftls/files`
    pub(crate) async fn files(&self) -> Result<Vec<lsp::Uri>> {
        let nothing = ();
        request!(self, all_files, nothing)
    }
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        Ok(handlers::initialize::initialize(&self.session, &params)?)
    }

    async fn initialized(&self, _: InitializedParams) {
        handlers::initialize::initialized(&self.session);
    }

    async fn shutdown(&self) -> Result<()> {
        self.session.shut_down();
        Ok(())
    }

    // Document synchronization: none of these may await before it is done.

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.session.open_document(params);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.session.change_document(params);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.session.close_document(&params);
        self.session.tokens().forget(params.text_document.uri.as_str());
    }

    async fn notebook_did_open(&self, params: lsp::DidOpenNotebookDocumentParams) {
        self.session.open_notebook(params);
    }

    async fn notebook_did_change(&self, params: lsp::DidChangeNotebookDocumentParams) {
        self.session.change_notebook(params);
    }

    async fn notebook_did_close(&self, params: lsp::DidCloseNotebookDocumentParams) {
        self.session.close_notebook(&params);
    }

    async fn notebook_did_save(&self, params: lsp::DidSaveNotebookDocumentParams) {
        handlers::watched_files::did_save_notebook(&self.session, &params);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        handlers::watched_files::did_save(&self.session, params);
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        handlers::watched_files::did_change_watched_files(&self.session, &params);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: Vec<WorkspaceFolder>| -> Vec<FilePath> {
            folders.iter().filter_map(|folder| FilePath::from_uri(&folder.uri).ok()).collect()
        };
        self.session.change_folders(paths(params.event.added), &paths(params.event.removed));
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.session.configuration().changed(&params.settings);
    }

    // Requests about a document.

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        request!(self, definition, params)
    }

    async fn goto_declaration(&self, params: GotoDeclarationParams) -> Result<Option<GotoDeclarationResponse>> {
        request!(self, declaration, params)
    }

    async fn goto_type_definition(
        &self,
        params: GotoTypeDefinitionParams,
    ) -> Result<Option<GotoTypeDefinitionResponse>> {
        request!(self, type_definition, params)
    }

    async fn goto_implementation(
        &self,
        params: GotoImplementationParams,
    ) -> Result<Option<GotoImplementationResponse>> {
        request!(self, implementation, params)
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        request!(self, references, params)
    }

    async fn document_highlight(&self, params: DocumentHighlightParams) -> Result<Option<Vec<DocumentHighlight>>> {
        request!(self, document_highlight, params)
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        request!(self, hover, params)
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        request!(self, completion, params)
    }

    async fn completion_resolve(&self, params: CompletionItem) -> Result<CompletionItem> {
        request!(self, completion_resolve, params)
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        request!(self, signature_help, params)
    }

    async fn prepare_rename(&self, params: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        request!(self, prepare_rename, params)
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        request!(self, rename, params)
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        request!(self, formatting, params)
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        request!(self, range_formatting, params)
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        request!(self, folding_range, params)
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        request!(self, document_symbol, params)
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let cx = Context::begin(&self.session).await?;
        handlers::pull_diagnostics::pull_diagnostics(&cx, params).await.map_err(RequestError::into_cancellable)
    }

    async fn prepare_call_hierarchy(
        &self,
        params: lsp::CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyItem>>> {
        request!(self, prepare_call_hierarchy, params)
    }

    async fn incoming_calls(
        &self,
        params: lsp::CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyIncomingCall>>> {
        request!(self, incoming_calls, params)
    }

    async fn outgoing_calls(
        &self,
        params: lsp::CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyOutgoingCall>>> {
        request!(self, outgoing_calls, params)
    }

    async fn prepare_type_hierarchy(
        &self,
        params: lsp::TypeHierarchyPrepareParams,
    ) -> Result<Option<Vec<lsp::TypeHierarchyItem>>> {
        request!(self, prepare_type_hierarchy, params)
    }

    async fn supertypes(
        &self,
        params: lsp::TypeHierarchySupertypesParams,
    ) -> Result<Option<Vec<lsp::TypeHierarchyItem>>> {
        request!(self, supertypes, params)
    }

    async fn subtypes(&self, params: lsp::TypeHierarchySubtypesParams) -> Result<Option<Vec<lsp::TypeHierarchyItem>>> {
        request!(self, subtypes, params)
    }

    async fn semantic_tokens_full(
        &self,
        params: lsp::SemanticTokensParams,
    ) -> Result<Option<lsp::SemanticTokensResult>> {
        request!(self, semantic_tokens_full, params)
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: lsp::SemanticTokensDeltaParams,
    ) -> Result<Option<lsp::SemanticTokensFullDeltaResult>> {
        request!(self, semantic_tokens_full_delta, params)
    }

    async fn semantic_tokens_range(
        &self,
        params: lsp::SemanticTokensRangeParams,
    ) -> Result<Option<lsp::SemanticTokensRangeResult>> {
        request!(self, semantic_tokens_range, params)
    }

    async fn inlay_hint(&self, params: lsp::InlayHintParams) -> Result<Option<Vec<lsp::InlayHint>>> {
        request!(self, inlay_hint, params)
    }

    async fn inlay_hint_resolve(&self, params: lsp::InlayHint) -> Result<lsp::InlayHint> {
        request!(self, inlay_hint_resolve, params)
    }

    async fn selection_range(&self, params: lsp::SelectionRangeParams) -> Result<Option<Vec<lsp::SelectionRange>>> {
        request!(self, selection_range, params)
    }

    async fn document_link(&self, params: lsp::DocumentLinkParams) -> Result<Option<Vec<lsp::DocumentLink>>> {
        request!(self, document_link, params)
    }

    async fn document_link_resolve(&self, params: lsp::DocumentLink) -> Result<lsp::DocumentLink> {
        request!(self, document_link_resolve, params)
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        request!(self, code_lens, params)
    }

    async fn code_lens_resolve(&self, params: lsp::CodeLens) -> Result<lsp::CodeLens> {
        request!(self, code_lens_resolve, params)
    }

    async fn linked_editing_range(
        &self,
        params: lsp::LinkedEditingRangeParams,
    ) -> Result<Option<lsp::LinkedEditingRanges>> {
        request!(self, linked_editing_range, params)
    }

    async fn on_type_formatting(&self, params: lsp::DocumentOnTypeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        request!(self, on_type_formatting, params)
    }

    async fn code_action(&self, params: lsp::CodeActionParams) -> Result<Option<lsp::CodeActionResponse>> {
        request!(self, code_action, params)
    }

    async fn code_action_resolve(&self, params: lsp::CodeAction) -> Result<lsp::CodeAction> {
        request!(self, code_action_resolve, params)
    }

    // Requests about the workspace.

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        request!(self, workspace_symbol, params)
    }

    async fn symbol_resolve(&self, params: lsp::WorkspaceSymbol) -> Result<lsp::WorkspaceSymbol> {
        request!(self, workspace_symbol_resolve, params)
    }

    async fn will_rename_files(&self, params: lsp::RenameFilesParams) -> Result<Option<WorkspaceEdit>> {
        request!(self, file_operations::will_rename_files, params)
    }

    async fn workspace_diagnostic(
        &self,
        params: lsp::WorkspaceDiagnosticParams,
    ) -> Result<lsp::WorkspaceDiagnosticReportResult> {
        let cx = Context::begin(&self.session).await?;
        handlers::workspace_diagnostic::workspace_diagnostic(&cx, params).await.map_err(RequestError::into_cancellable)
    }

    // Files that the editor created, moved or removed.

    async fn did_create_files(&self, params: lsp::CreateFilesParams) {
        handlers::file_operations::did_create_files(&self.session, &params);
    }

    async fn did_rename_files(&self, params: lsp::RenameFilesParams) {
        handlers::file_operations::did_rename_files(&self.session, &params);
    }

    async fn did_delete_files(&self, params: lsp::DeleteFilesParams) {
        handlers::file_operations::did_delete_files(&self.session, &params);
    }
}
