//! Names and symbols of a workspace, by the index that a component's own facts make of it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use vraftls_index::{Candidate, Roles, ShardIndex, SymbolMatch};
use vraftls_query::{Analyzer, IndexDocument, Lookup, is_outside};

use crate::Files;
use crate::wait::wait;

/// The index of one project, brought up to date when it is asked at another revision, as a node does.
pub(crate) struct KeptIndex {
    analyzer: Arc<dyn Analyzer>,
    index: Mutex<ShardIndex>,
}

impl KeptIndex {
    pub(crate) fn new(analyzer: Arc<dyn Analyzer>) -> Arc<Self> {
        Arc::new(Self { analyzer, index: Mutex::default() })
    }

    /// The index of these files.
    fn at(&self, files: &Files) -> ShardIndex {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<_> = index.files().map(|(path, _)| path.clone()).filter(|path| !files.has(path)).collect();
        for path in gone {
            index.remove(&path);
        }
        for (path, digest, text) in files.iter() {
            let Some(language) = self.analyzer.description().language_of(path.as_str()) else { continue };
            if is_outside(path) || index.digest(path) == Some(digest) {
                continue;
            }
            let document = IndexDocument { path: path.clone(), language: language.id.clone(), text: text.clone() };
            match wait(self.analyzer.index(document)) {
                Ok(facts) => index.insert(path, digest, &facts),
                Err(_) => index.insert_unindexed(path, digest),
            }
        }
        index.clone()
    }
}

/// The lookup of one view. The index is made when it is first asked: most questions do not.
pub(crate) struct ViewLookup {
    pub(crate) kept: Arc<KeptIndex>,
    pub(crate) files: Arc<Files>,
    pub(crate) index: OnceLock<ShardIndex>,
}

impl ViewLookup {
    fn index(&self) -> &ShardIndex {
        self.index.get_or_init(|| self.kept.at(&self.files))
    }
}

impl Lookup for ViewLookup {
    fn candidates(&self, name: &str, roles: Roles) -> Vec<Candidate> {
        self.index().candidates(name, roles)
    }

    fn symbols(&self, query: &str, exact: bool, limit: u32) -> Vec<SymbolMatch> {
        if exact { self.index().symbols_named(query, limit) } else { self.index().symbols(query, limit) }
    }
}
