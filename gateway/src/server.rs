//! The protocol's methods, each handed to its handler. Nothing is decided here.

use std::sync::Arc;

use tower_lsp_server::LanguageServer;
use tower_lsp_server::jsonrpc::Result;
use tower_lsp_server::ls_types::request::{
    GotoDeclarationParams, GotoDeclarationResponse, GotoImplementationParams, GotoImplementationResponse,
    GotoTypeDefinitionParams, GotoTypeDefinitionResponse,
};
use tower_lsp_server::ls_types::{
    CompletionItem, CompletionParams, CompletionResponse, DidChangeConfigurationParams, DidChangeTextDocumentParams,
    DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReportResult,
    DocumentFormattingParams, DocumentHighlight, DocumentHighlightParams, DocumentRangeFormattingParams,
    DocumentSymbolParams, DocumentSymbolResponse, FoldingRange, FoldingRangeParams, GotoDefinitionParams,
    GotoDefinitionResponse, Hover, HoverParams, InitializeParams, InitializeResult, InitializedParams, Location,
    PrepareRenameResponse, ReferenceParams, RenameParams, SignatureHelp, SignatureHelpParams,
    TextDocumentPositionParams, TextEdit, WorkspaceEdit, WorkspaceFolder, WorkspaceSymbolParams,
    WorkspaceSymbolResponse,
};

use crate::Status;
use crate::convert::FilePath;
use crate::error::RequestError;
use crate::handlers::{self, Context};
use crate::session::Session;

/// One session's side of the protocol.
pub(crate) struct Server {
    session: Arc<Session>,
}

impl Server {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// `vraftls/status`: how whoever answers stands.
    pub(crate) async fn status(&self) -> Result<Status> {
        Ok(self.session.backend().status().await)
    }
}

/// A request: its turn is awaited, its handler answers.
macro_rules! request {
    ($self:ident, $module:ident, $params:ident) => {{
        let cx = Context::begin(&$self.session).await?;
        Ok(handlers::$module::$module(&cx, $params).await?)
    }};
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
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        handlers::watched_files::did_save(&self.session, &params);
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

    // Requests about the workspace.

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        request!(self, workspace_symbol, params)
    }
}
