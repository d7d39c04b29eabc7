//! `initialize` and `initialized`: what both sides can, and which folders are open.

use std::sync::Arc;

use serde_json::Value;
use tower_lsp_server::ls_types::request::{RegisterCapability, UnregisterCapability};
use tower_lsp_server::ls_types::{
    InitializeParams, InitializeResult, Registration, RegistrationParams, ServerInfo, Unregistration,
    UnregistrationParams,
};
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
    let following = session.clone();
    session.spawn(async move { follow_analyzers(following).await });
}

/// Has the editor watch the files that analyzers read, and ask again for what it shows whenever the analyzers were replaced. What it was told
/// of their features when it began holds as long as it is here.
async fn follow_analyzers(session: Arc<Session>) {
    let mut changed = session.backend().analyzers_changed();
    let mut watched = None;
    loop {
        let wanted = watched_files::registration(&session);
        if watched != wanted {
            watch_files(&session, watched.is_some(), wanted.clone()).await;
            watched = wanted;
        }
        if changed.changed().await.is_err() {
            return;
        }
        session.checks().analyzers_changed();
    }
}

async fn watch_files(session: &Session, is_registered: bool, options: Option<Value>) {
    let (id, method) = ("watched-files".to_owned(), "workspace/didChangeWatchedFiles".to_owned());
    if is_registered {
        let unregistration = Unregistration { id: id.clone(), method: method.clone() };
        let params = UnregistrationParams { unregisterations: vec![unregistration] };
        if let Err(error) = session.client().request::<UnregisterCapability>(params).await {
            debug!(%error, "the editor goes on watching other files");
        }
    }
    let Some(options) = options else { return };
    let registration = Registration { id, method, register_options: Some(options) };
    let params = RegistrationParams { registrations: vec![registration] };
    if let Err(error) = session.client().request::<RegisterCapability>(params).await {
        debug!(%error, "the editor does not watch files");
    }
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
