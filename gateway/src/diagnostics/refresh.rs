//! Telling an editor to ask again for what it shows, because files changed or who analyzes them.

use std::sync::Arc;

use tower_lsp_server::ls_types::request::{
    CodeLensRefresh, InlayHintRefreshRequest, Request, SemanticTokensRefresh, WorkspaceDiagnosticRefresh,
};
use tracing::debug;

use crate::session::Session;

/// Tells the editor to ask again for all of it that it asks for and can be told about.
pub(super) fn refresh(session: &Arc<Session>) {
    let profile = session.profile();
    if profile.diagnostics.pulls && profile.diagnostics.refreshes {
        tell::<WorkspaceDiagnosticRefresh>(session);
    }
    if profile.decorations.refreshes_tokens {
        tell::<SemanticTokensRefresh>(session);
    }
    if profile.decorations.refreshes_hints {
        tell::<InlayHintRefreshRequest>(session);
    }
    if profile.decorations.refreshes_lenses {
        tell::<CodeLensRefresh>(session);
    }
}

fn tell<R: Request<Params = ()> + 'static>(session: &Arc<Session>) {
    let telling = session.clone();
    session.spawn(async move {
        if let Err(error) = telling.client().request::<R>(()).await {
            debug!(%error, method = R::METHOD, "the editor was not told to ask again");
        }
    });
}
