//! The table of names and the list of occurrences, packed as the contract wants them.

use std::borrow::Cow;

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

/// An index into the table of names.
pub(super) type NameId = u32;
/// An index into the list of occurrences, valid until the list is packed.
pub(super) type OccurrenceId = u32;

/// An identifier in the text.
#[derive(Clone, Copy)]
struct Occurrence {
    start: u32,
    length: u32,
    name: NameId,
    roles: u32,
}

/// Collects identifiers. Names are numbered in the order in which they are first recorded.
pub(super) struct Recorder<'text> {
    text: &'text str,
    ids: FxHashMap<Cow<'text, str>, NameId>,
    occurrences: Vec<Occurrence>,
}

impl<'text> Recorder<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        // About one identifier every ten bytes, one name every eighty; only a guess to spare growth.
        Self {
            text,
            ids: FxHashMap::with_capacity_and_hasher(text.len() / 80, rustc_hash::FxBuildHasher),
            occurrences: Vec::with_capacity(text.len() / 10),
        }
    }

    pub(super) fn text(&self) -> &'text str {
        self.text
    }

    /// Records the identifier `id` that stands at `range`. None where nothing stands there, as in the nodes that a parser
    /// makes up for broken code.
    ///
    /// `id` differs from the text where Python normalizes it (NFKC); the table holds the normalized name.
    pub(super) fn record(&mut self, id: &str, range: TextRange, roles: u32) -> Option<(OccurrenceId, NameId)> {
        let written = self.text.get(range.start().to_usize()..range.end().to_usize())?;
        if written.is_empty() || id.is_empty() {
            return None;
        }
        let name = match self.ids.get(id) {
            Some(&name) => name,
            None => self.add(written, id),
        };
        let occurrence = self.occurrences.len() as OccurrenceId;
        self.occurrences.push(Occurrence { start: range.start().to_u32(), length: range.len().to_u32(), name, roles });
        Some((occurrence, name))
    }

    /// Numbers a name that was not recorded before.
    fn add(&mut self, written: &'text str, id: &str) -> NameId {
        let key = if written == id { Cow::Borrowed(written) } else { Cow::Owned(id.to_owned()) };
        let name = self.ids.len() as NameId;
        self.ids.insert(key, name);
        name
    }

    /// The number of a name that was recorded before.
    pub(super) fn id(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    /// How many names there are.
    pub(super) fn name_count(&self) -> usize {
        self.ids.len()
    }

    /// Adds roles to an occurrence.
    pub(super) fn add_roles(&mut self, occurrence: OccurrenceId, roles: u32) {
        if let Some(occurrence) = self.occurrences.get_mut(occurrence as usize) {
            occurrence.roles |= roles;
        }
    }

    /// The names by number, and the occurrences as groups of 4, ascending by start.
    pub(super) fn pack(mut self) -> (Vec<String>, Vec<u32>) {
        let mut names = vec![String::new(); self.ids.len()];
        for (name, id) in self.ids {
            if let Some(slot) = names.get_mut(id as usize) {
                *slot = name.into_owned();
            }
        }
        // Parameters and decorators are recorded a little out of order; the sort is for runs that are nearly sorted.
        self.occurrences.sort_by_key(|occurrence| occurrence.start);
        self.occurrences.dedup_by_key(|occurrence| occurrence.start);
        let mut packed = Vec::with_capacity(self.occurrences.len() * 4);
        for occurrence in &self.occurrences {
            packed.extend_from_slice(&[occurrence.start, occurrence.length, occurrence.name, occurrence.roles]);
        }
        (names, packed)
    }
}
