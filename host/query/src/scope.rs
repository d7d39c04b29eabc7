//! The part of a workspace that a search looks at, when several nodes share the work.

use std::sync::Arc;

use vraftls_vfs::{VfsPath, WorkspaceId};

type Holds = dyn Fn(WorkspaceId, &VfsPath) -> bool + Send + Sync;

/// The part of a workspace that a search looks at. What it does not hold is some other node's to find.
#[derive(Clone)]
pub struct Scope(Arc<Holds>);

impl Scope {
    /// The files that a function says yes to.
    pub fn new(holds: impl Fn(WorkspaceId, &VfsPath) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// Whether a file is looked at.
    pub fn holds(&self, workspace: WorkspaceId, path: &VfsPath) -> bool {
        (self.0)(workspace, path)
    }
}
