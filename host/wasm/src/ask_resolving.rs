//! The question of the interface `resolving`.

use vraftls_query::Reply;
use vraftls_vfs::VfsPath;

use crate::ask::{Asking, Returned, Unchecked, returned, unsupported};
use crate::check_resolved;

impl Asking<'_> {
    /// Asks where all names of a file lead.
    pub(crate) fn resolve_all<'q>(&mut self, path: &'q VfsPath) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.resolving else { return unsupported() };
        let resolved = interface.call_resolve_all(&mut *self.store, self.project, path.as_str())?;
        returned(resolved, move |check, resolved| {
            check_resolved::resolved(check, path, resolved).map(|resolved| Reply::Resolved(resolved.into()))
        })
    }
}
