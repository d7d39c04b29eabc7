//! The port to whatever keeps workspaces.

use std::sync::Arc;

use vraftls_index::Description;
use vraftls_proto::{QueryError, Request};
use vraftls_vfs::{Revision, WorkspaceId};

use crate::{Base, BoxFuture, ProjectSpec};

/// What keeps workspaces. Every method may be called from any task; none blocks; dropping a future leaves nothing
/// behind.
pub trait Workspaces: Send + Sync {
    /// The newest base of a workspace, as soon as it is at least at a revision. It may lack files that are still being
    /// taken in, as long as it has every file that it is asked for by name.
    fn base(&self, workspace: WorkspaceId, at_least: Revision) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>>;

    /// The same, as soon as it has all files: for questions about the whole workspace.
    fn whole_base(
        &self,
        workspace: WorkspaceId,
        at_least: Revision,
    ) -> BoxFuture<'_, Result<Arc<dyn Base>, QueryError>>;

    /// The project of an analyzer on a base that this port gave out: its root, libraries and settings, with what the session wants of
    /// them. The same value until one of them changes, so that its engine stays warm.
    fn project<'a>(
        &'a self,
        request: &'a Request,
        base: &'a Arc<dyn Base>,
        analyzer: &'a Description,
    ) -> BoxFuture<'a, Result<Arc<ProjectSpec>, QueryError>>;
}
