//! The inverted index of a shard: from a name to where it stands, and from a query to symbols.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use imbl::{OrdMap, Vector};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::indexed_file::{IndexedFile, IndexedSymbol, NameId};
use crate::name_table::{FileId, NameTable};
use crate::rank::{Letters, Pattern};
use crate::{Candidate, Facts, Interfaces, Location, Roles, Shown, SymbolMatch};

/// In the place of a score, which is never as high.
const NO_MATCH: u32 = u32::MAX;

/// What the files of a shard say, turned around.
///
/// Cloning costs next to nothing and gives a snapshot: a query holds a clone and sees one consistent index while the
/// original moves on. An index is a function of the facts put in, whatever was in it before and in whatever order they
/// came.
#[derive(Clone, Debug, Default)]
pub struct ShardIndex {
    by_path: OrdMap<VfsPath, FileId>,
    files: Vector<Option<Arc<IndexedFile>>>,
    free: Vector<FileId>,
    names: NameTable,
    /// Files of which nothing is known because their facts could not be made: whoever searches must look into them
    /// itself.
    unindexed: OrdMap<VfsPath, ContentDigest>,
    /// Files that nobody indexes, and that others may depend on nevertheless: there is nothing in them to be found.
    plain: OrdMap<VfsPath, ContentDigest>,
    /// What all of these show.
    interfaces: Interfaces,
}

impl ShardIndex {
    /// Puts a file in, in the place of what was known of its path before.
    pub fn insert(&mut self, path: &VfsPath, digest: ContentDigest, facts: &Facts) {
        self.forget_shown(path);
        self.unindexed.remove(path);
        self.plain.remove(path);
        let names = &mut self.names;
        let file = Arc::new(IndexedFile::new(path.clone(), digest, facts, |name| names.intern(name)));
        self.interfaces = self.interfaces.with(path, file.shown);
        let id = self.by_path.get(path).copied().unwrap_or_else(|| self.new_file_id(path));
        let before = self.files.set(id.0 as usize, Some(Arc::clone(&file)));
        // In this order a name that both have is never forgotten in between.
        file.name_ids().for_each(|name| self.names.add_file(name, id));
        if let Some(before) = before {
            self.forget_names(&before, id, Some(&file));
        }
    }

    /// Records that a file's facts could not be made, in the place of what was known of its path before.
    pub fn insert_unindexed(&mut self, path: &VfsPath, digest: ContentDigest) {
        self.remove(path);
        self.unindexed.insert(path.clone(), digest);
        self.interfaces = self.interfaces.with(path, Shown::Contents(digest));
    }

    /// Records a file that has nothing to be found in it, in the place of what was known of its path before.
    pub fn insert_plain(&mut self, path: &VfsPath, digest: ContentDigest) {
        self.remove(path);
        self.plain.insert(path.clone(), digest);
        self.interfaces = self.interfaces.with(path, Shown::Contents(digest));
    }

    /// Takes a file out. Whether it was in.
    pub fn remove(&mut self, path: &VfsPath) -> bool {
        self.forget_shown(path);
        let was_without_facts = self.unindexed.remove(path).or_else(|| self.plain.remove(path)).is_some();
        let Some(id) = self.by_path.remove(path) else { return was_without_facts };
        if let Some(before) = self.files.set(id.0 as usize, None) {
            self.forget_names(&before, id, None);
        }
        self.free.push_back(id);
        true
    }

    /// The contents that a file had when it was put in, indexed or not.
    pub fn digest(&self, path: &VfsPath) -> Option<ContentDigest> {
        let without_facts = || self.unindexed.get(path).or_else(|| self.plain.get(path)).copied();
        self.file(path).map(|file| file.digest).or_else(without_facts)
    }

    /// What a file shows to others.
    pub fn shown(&self, path: &VfsPath) -> Option<Shown> {
        let without_facts = || self.unindexed.get(path).or_else(|| self.plain.get(path)).copied().map(Shown::Contents);
        self.file(path).map(|file| file.shown).or_else(without_facts)
    }

    /// What all files show to others.
    pub fn interfaces(&self) -> Interfaces {
        self.interfaces
    }

    /// The files that are in, indexed or not, with their contents; by path within each of the kinds.
    pub fn files(&self) -> impl Iterator<Item = (&VfsPath, ContentDigest)> {
        let indexed = self.by_path.iter().filter_map(|(path, id)| self.slot(*id).map(|file| (path, file.digest)));
        indexed.chain(self.unindexed()).chain(self.plain.iter().map(|(path, digest)| (path, *digest)))
    }

    /// The files of which nothing but their being there is known, by path.
    pub fn unindexed(&self) -> impl Iterator<Item = (&VfsPath, ContentDigest)> {
        self.unindexed.iter().map(|(path, digest)| (path, *digest))
    }

    /// How many files are indexed.
    pub fn n_files(&self) -> usize {
        self.by_path.len()
    }

    /// How many files are not indexed though they should be.
    pub fn n_unindexed(&self) -> usize {
        self.unindexed.len()
    }

    /// How many distinct names occur.
    pub fn n_names(&self) -> usize {
        self.names.len()
    }

    /// The indexed files in which a name occurs in one of the roles (none asks for all), sorted by path.
    pub fn candidates(&self, name: &str, roles: Roles) -> Vec<Candidate> {
        let Some(name) = self.names.id(name) else { return Vec::new() };
        let files = self.names.files(name).filter_map(|id| self.slot(id));
        let found = files.map(|file| Candidate { path: file.path.clone(), offsets: file.offsets(name, roles) });
        let mut found: Vec<Candidate> = found.filter(|candidate| !candidate.offsets.is_empty()).collect();
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        found
    }

    /// The best `limit` symbols for what a person typed, in the order of [`SymbolMatch::cmp_rank`].
    pub fn symbols(&self, typed: &str, limit: u32) -> Vec<SymbolMatch> {
        let mut pattern = Pattern::new(typed);
        // Names are scored in the order in which they lie in memory, each once however many symbols have it.
        let mut score = |letters: Letters, name: &str| {
            let may_match = letters.has(pattern.letters());
            may_match.then(|| pattern.score(name)).flatten().unwrap_or(NO_MATCH)
        };
        let scores: Vec<u32> = self.names.iter().map(|(name, letters)| score(letters, name)).collect();
        let matching = (0..).map(NameId).zip(&scores).filter(|(_, score)| **score != NO_MATCH);
        let mut matching: Vec<(Reverse<u32>, NameId)> = matching.map(|(name, score)| (Reverse(*score), name)).collect();
        matching.sort_unstable();
        // The best names first, until there are enough: what a person types matches most names somehow.
        let mut hits = Vec::new();
        for alike in matching.chunk_by(|a, b| a.0 == b.0) {
            if hits.len() >= limit as usize {
                break;
            }
            let (Reverse(score), _) = alike[0];
            let n_places: usize = alike.iter().map(|(_, name)| self.names.n_files(*name)).sum();
            if n_places < self.by_path.len() {
                alike.iter().for_each(|(_, name)| self.hits_of(*name, score, &mut hits));
            } else {
                let is_alike = |name: NameId| scores.get(name.0 as usize) == Some(&score);
                self.hits_by_path(is_alike, score, limit as usize, &mut hits);
            }
        }
        self.best(hits, limit)
    }

    /// The first `limit` symbols of exactly this name, by path and place.
    pub fn symbols_named(&self, name: &str, limit: u32) -> Vec<SymbolMatch> {
        let mut hits = Vec::new();
        if let Some(wanted) = self.names.id(name) {
            self.hits_of(wanted, 0, &mut hits);
        }
        self.best(hits, limit)
    }

    /// The heap it holds, roughly.
    pub fn weight_bytes(&self) -> usize {
        const PATH_HEADER_BYTES: usize = 24;
        let files =
            self.files.iter().flatten().map(|file| file.weight_bytes() + PATH_HEADER_BYTES + file.path.as_str().len());
        let slot = size_of::<Option<Arc<IndexedFile>>>() + size_of::<(VfsPath, FileId)>() * 3 / 2;
        files.sum::<usize>() + self.files.len() * slot + self.names.weight_bytes()
    }

    /// The symbols of a name, from the files in which it occurs.
    fn hits_of<'a>(&'a self, name: NameId, score: u32, hits: &mut Vec<Hit<'a>>) {
        for file in self.names.files(name).filter_map(|id| self.slot(id)) {
            let symbols = file.symbols.iter().filter(|symbol| symbol.name == name);
            hits.extend(symbols.map(|symbol| Hit { score, file, symbol }));
        }
    }

    /// The symbols of many names of one score, file by file until there are enough: no later file has a better one.
    fn hits_by_path<'a>(
        &'a self,
        is_wanted: impl Fn(NameId) -> bool,
        score: u32,
        limit: usize,
        hits: &mut Vec<Hit<'a>>,
    ) {
        for file in self.by_path.values().filter_map(|id| self.slot(*id)) {
            if hits.len() >= limit {
                break;
            }
            let symbols = file.symbols.iter().filter(|symbol| is_wanted(symbol.name));
            hits.extend(symbols.map(|symbol| Hit { score, file, symbol }));
        }
    }

    fn best(&self, mut hits: Vec<Hit<'_>>, limit: u32) -> Vec<SymbolMatch> {
        let limit = limit as usize;
        if limit == 0 {
            return Vec::new();
        }
        if hits.len() > limit {
            hits.select_nth_unstable_by(limit - 1, Hit::cmp_rank);
            hits.truncate(limit);
        }
        let mut found: Vec<SymbolMatch> = hits.into_iter().map(|hit| self.resolve(&hit)).collect();
        found.sort_unstable_by(SymbolMatch::cmp_rank);
        found
    }

    fn resolve(&self, hit: &Hit<'_>) -> SymbolMatch {
        let symbols = &hit.file.symbols;
        let mut outer: Vec<&str> = Vec::new();
        // Parents come before their children, so this ends.
        let mut parent = hit.symbol.parent;
        while let Some(symbol) = parent.and_then(|idx| symbols.get(idx as usize)) {
            outer.push(self.names.text(symbol.name));
            parent = symbol.parent.filter(|next| Some(*next) < parent);
        }
        outer.reverse();
        let location = Location { path: hit.file.path.clone(), span: hit.symbol.span, full: hit.symbol.full };
        SymbolMatch {
            name: self.names.text(hit.symbol.name).to_owned(),
            container: outer.join("."),
            kind: hit.symbol.kind,
            location,
            score: hit.score,
        }
    }

    fn file(&self, path: &VfsPath) -> Option<&Arc<IndexedFile>> {
        self.by_path.get(path).and_then(|id| self.slot(*id))
    }

    fn slot(&self, id: FileId) -> Option<&Arc<IndexedFile>> {
        self.files.get(id.0 as usize).and_then(Option::as_ref)
    }

    fn new_file_id(&mut self, path: &VfsPath) -> FileId {
        let id = self.free.pop_back().unwrap_or_else(|| {
            self.files.push_back(None);
            FileId(u32::try_from(self.files.len() - 1).expect("a shard has fewer than 2^32 files"))
        });
        self.by_path.insert(path.clone(), id);
        id
    }

    /// Takes what a file shows out of what all show.
    fn forget_shown(&mut self, path: &VfsPath) {
        if let Some(shown) = self.shown(path) {
            self.interfaces = self.interfaces.without(path, shown);
        }
    }

    /// Takes the names of an old content out that the new one has not.
    fn forget_names(&mut self, before: &IndexedFile, id: FileId, now: Option<&IndexedFile>) {
        let mut kept = now.into_iter().flat_map(IndexedFile::name_ids).peekable();
        for name in before.name_ids() {
            while kept.next_if(|other| *other < name).is_some() {}
            if kept.peek() != Some(&name) {
                self.names.remove_file(name, id);
            }
        }
    }
}

/// A symbol that matches, before it is known whether it is among the best.
struct Hit<'a> {
    score: u32,
    file: &'a IndexedFile,
    symbol: &'a IndexedSymbol,
}

impl Hit<'_> {
    /// As [`SymbolMatch::cmp_rank`], as far as it matters which are the best.
    fn cmp_rank(&self, other: &Self) -> Ordering {
        let place = |hit: &Self| (hit.symbol.span, hit.symbol.full, hit.symbol.kind);
        let by_path = || self.file.path.cmp(&other.file.path);
        Reverse(self.score).cmp(&Reverse(other.score)).then_with(by_path).then_with(|| place(self).cmp(&place(other)))
    }
}

#[cfg(test)]
mod tests;
