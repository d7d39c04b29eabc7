//! Names and symbols of one view: the index of its base with the session's overlays in the place of what they hide.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use vraftls_index::{Candidate, Roles, ShardIndex, SymbolMatch, merge_candidates};
use vraftls_proto::OverlaySet;

use crate::failure::Failure;
use crate::text_search::find_word;
use crate::view::read_in;
use crate::{Analyzer, Base, CancelFlag, Lookup, ReadError};

/// Names and symbols of one view.
pub(crate) struct ViewIndex {
    pub(crate) base: Arc<dyn Base>,
    pub(crate) overlays: Arc<OverlaySet>,
    /// Of the base, with the overlays put in: hiding comes first, so every limit comes after.
    pub(crate) index: ShardIndex,
}

impl ViewIndex {
    /// The files of an analyzer in which one of the names occurs in one of the roles, sorted by path. Files without
    /// facts are searched as plain text. May read a disk.
    pub(crate) fn candidates(
        &self,
        analyzer: &dyn Analyzer,
        names: &[impl AsRef<str>],
        roles: Roles,
    ) -> Result<Vec<Candidate>, Failure> {
        let indexed = names.iter().map(|name| self.index.candidates(name.as_ref(), roles));
        let mut found = merge_candidates(indexed);
        // Another analyzer's files have the same names for other things; a buffer without a known suffix is its
        // session's.
        let serves = |candidate: &Candidate| {
            let path = candidate.path.as_str();
            let description = analyzer.description();
            description.language_of(path).is_some()
                || self.overlays.get(&candidate.path).is_some_and(|overlay| {
                    description.languages.iter().any(|language| *language.id == *overlay.language)
                })
        };
        let searched = self.search_unindexed(names)?;
        if !searched.is_empty() {
            found = merge_candidates([found, searched]);
        }
        found.retain(serves);
        Ok(found)
    }

    fn search_unindexed(&self, names: &[impl AsRef<str>]) -> Result<Vec<Candidate>, Failure> {
        let mut found = Vec::new();
        for (path, _) in self.index.unindexed() {
            let text = match read_in(&*self.base, &self.overlays, path) {
                Ok(text) => text,
                // No engine can read it either, so nothing in it is found by anybody.
                Err(ReadError::NotFound | ReadError::IsDirectory | ReadError::NotText | ReadError::TooLarge(_)) => {
                    continue;
                }
                Err(error @ ReadError::Unavailable(_)) => return Err(Failure::Read(path.clone(), error)),
            };
            let offsets: Vec<u32> = names.iter().flat_map(|name| find_word(&text, name.as_ref())).collect();
            found.push(Candidate { path: path.clone(), offsets });
        }
        Ok(merge_candidates([found]))
    }

    /// Symbols that match what a person typed, or whose name is exactly that, best first.
    pub(crate) fn symbols(&self, typed: &str, exact: bool, limit: u32) -> Vec<SymbolMatch> {
        if exact { self.index.symbols_named(typed, limit) } else { self.index.symbols(typed, limit) }
    }
}

/// The index of a view, which may come while a call is under way; nothing in it where that of the base is not ready.
pub(crate) type LateIndex = Arc<OnceLock<Option<Arc<ViewIndex>>>>;

/// What an engine looks names and symbols up in during one call.
///
/// Where the index is not ready, the call does not wait for it, because it holds a thread that indexing may need: it is
/// stopped, and asked again when the index is there. An empty list would not be told from a name that occurs nowhere. Only proposals
/// while a person types are better now than whole: there nothing is found, and the reply is told to be incomplete.
pub(crate) struct CallLookup {
    pub(crate) analyzer: Arc<dyn Analyzer>,
    pub(crate) index: LateIndex,
    /// Stops the call.
    pub(crate) cancel: CancelFlag,
    /// Why it was stopped.
    pub(crate) trouble: OnceLock<Failure>,
    pub(crate) without_index: WithoutIndex,
    /// Whether something was looked up in vain because the index was not ready.
    pub(crate) missed: AtomicBool,
}

/// What becomes of a look-up while the index is not ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WithoutIndex {
    /// The call is stopped, to be asked again.
    Stop,
    /// It finds nothing.
    FindNothing,
}

impl CallLookup {
    fn look_up<T: Default>(&self, find: impl FnOnce(&ViewIndex) -> Result<T, Failure>) -> T {
        let index = self.index.get();
        if matches!(index, Some(None)) && self.without_index == WithoutIndex::FindNothing {
            self.missed.store(true, Ordering::Relaxed);
            return T::default();
        }
        let index = index.and_then(Option::as_deref);
        let found = index.ok_or(Failure::IndexWanted).and_then(find);
        found.unwrap_or_else(|failure| {
            // The first trouble is the one to tell.
            let _ = self.trouble.set(failure);
            self.cancel.cancel();
            T::default()
        })
    }
}

impl Lookup for CallLookup {
    fn candidates(&self, name: &str, roles: Roles) -> Vec<Candidate> {
        self.look_up(|index| index.candidates(&*self.analyzer, &[name], roles))
    }

    fn symbols(&self, query: &str, exact: bool, limit: u32) -> Vec<SymbolMatch> {
        self.look_up(|index| Ok(index.symbols(query, exact, limit)))
    }
}
