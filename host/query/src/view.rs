//! What one request sees.

use std::sync::Arc;

use vraftls_index::Roles;
use vraftls_proto::{Candidate, OverlaySet, SymbolMatch};

use crate::Base;

/// What one request sees: a pinned base with the session's overlays above. A file in the overlays hides the base's.
#[derive(Clone)]
pub struct View {
    /// The base.
    pub base: Arc<dyn Base>,
    /// The overlays.
    pub overlays: Arc<OverlaySet>,
    /// Names and symbols of the same base and overlays.
    pub lookup: Arc<dyn Lookup>,
}

/// Names and symbols of a view, by the indexes of its files.
pub trait Lookup: Send + Sync {
    /// The files in which a name occurs in one of the roles (none asks for all), sorted by path.
    fn candidates(&self, name: &str, roles: Roles) -> Vec<Candidate>;

    /// Symbols that match a query, best first.
    fn symbols(&self, query: &str, exact: bool, limit: u32) -> Vec<SymbolMatch>;
}
