//! `initialize` and `initialized`: what both sides can, and which folders are open.

use std::sync::Arc;

use tower_lsp_server::ls_types::request::RegisterCapability;
use tower_lsp_server::ls_types::{InitializeParams, InitializeResult, Registration, RegistrationParams, ServerInfo};
use tracing::{debug, warn};

use super::capabilities::capabilities;
use super::watched_files;
use crate::ClientFacts;
use crate::convert::FilePath;
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
    session.trace().set(params.trace.unwrap_or_default());
    session.change_folders(roots, &[]);
    let configuring = session.clone();
    session.spawn(async move { crate::session::configuration::run(configuring).await });
    let version = Some(session.options().server_version.clone());
    Ok(InitializeResult {
        capabilities: capabilities(session, &session.backend().analyzers()),
        server_info: Some(ServerInfo { name: "vraftls".to_owned(), version }),
        offset_encoding: None,
    })
}

pub(crate) fn initialized(session: &Arc<Session>) {
    session.configuration().initialized();
    let checking = session.clone();
    session.spawn(async move { crate::diagnostics::run(checking).await });
    let saving = session.clone();
    session.spawn(async move { crate::saving::run(saving).await });
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
