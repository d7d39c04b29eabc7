//! The workspace inside a component: the host's imports.

use crate::bindings::engine::vraftls::analyzer::{linking, log, workspace};
use crate::{Candidate, Entry, Level, Metadata, ReadError, Workspace, WorkspaceSymbol};

/// The imports `workspace`, `linking` and `log`. Outside a component there is no host, and every call panics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostWorkspace;

impl Workspace for HostWorkspace {
    fn read(&self, path: &str) -> Result<String, ReadError> {
        workspace::read(path)
    }

    fn list(&self, path: &str) -> Vec<Entry> {
        workspace::list(path)
    }

    fn exists(&self, paths: &[String]) -> Vec<Option<Metadata>> {
        workspace::exists(paths)
    }

    fn real(&self, path: &str) -> Option<String> {
        linking::real(path)
    }

    fn candidates(&self, name: &str, roles: u32) -> Vec<Candidate> {
        workspace::candidates(name, roles)
    }

    fn symbols(&self, query: &str, exact: bool, limit: u32) -> Vec<WorkspaceSymbol> {
        workspace::symbols(query, exact, limit)
    }

    fn cancelled(&self) -> bool {
        workspace::cancelled()
    }

    fn log(&self, level: Level, message: &str) {
        log::write(level, message);
    }
}
