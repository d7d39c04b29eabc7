//! The view of the workspace that an analyzer reads through.

use crate::{Candidate, Entry, Level, Metadata, ReadError, WorkspaceSymbol};

/// What an analyzer may ask of the host during a call: the imports `workspace`, `linking` and `log` of the contract,
/// where every function is documented. One consistent view a call; between calls it may move, and `Project::update` says how.
pub trait Workspace: Send + Sync + std::fmt::Debug {
    /// The contents of a file.
    fn read(&self, path: &str) -> Result<String, ReadError>;
    /// The entries of a directory, sorted by name.
    fn list(&self, path: &str) -> Vec<Entry>;
    /// What the paths are, where they exist.
    fn exists(&self, paths: &[String]) -> Vec<Option<Metadata>>;
    /// Where a path of a library root really lies, if a symbolic link is on its way.
    fn real(&self, path: &str) -> Option<String> {
        let _ = path;
        None
    }
    /// The files in which a name occurs in one of the roles; 0 for all roles.
    fn candidates(&self, name: &str, roles: u32) -> Vec<Candidate>;
    /// Symbols that match a query, best first.
    fn symbols(&self, query: &str, exact: bool, limit: u32) -> Vec<WorkspaceSymbol>;
    /// Whether to stop: nobody waits for the answer any more, or something more urgent does and the same will be asked again.
    fn cancelled(&self) -> bool;
    /// Writes a line to the node's log.
    fn log(&self, level: Level, message: &str);
}
