//! One file inside a shard's index: which names stand where, in a form that is small enough to keep of every file.

use vraftls_text::Span;
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::{Facts, Roles, Shown};

/// A name of a shard, as its name table numbers it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct NameId(pub(crate) u32);

/// What the index keeps of a file. Immutable: another content is another `IndexedFile`.
#[derive(Debug)]
pub(crate) struct IndexedFile {
    pub(crate) path: VfsPath,
    pub(crate) digest: ContentDigest,
    /// What it shows to other files.
    pub(crate) shown: Shown,
    /// The names that occur in the file or name a symbol of it, ascending by id.
    names: Box<[NameRun]>,
    /// The occurrences of the names, one run after another; within a run pairs of varints: how far behind the last
    /// start, roles.
    runs: Box<[u8]>,
    pub(crate) symbols: Box<[IndexedSymbol]>,
}

/// Where the occurrences of a name begin in `runs`; they end where those of the next name begin.
#[derive(Clone, Copy, Debug)]
struct NameRun {
    name: NameId,
    start: u32,
}

/// A symbol as the index keeps it: all but its detail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexedSymbol {
    pub(crate) name: NameId,
    pub(crate) kind: u32,
    pub(crate) parent: Option<u32>,
    pub(crate) full: Span,
    pub(crate) span: Span,
}

impl IndexedFile {
    /// Packs facts. `intern` gives the id of a name; it is asked once for every distinct name of the facts, and for
    /// symbols.
    pub(crate) fn new(
        path: VfsPath,
        digest: ContentDigest,
        facts: &Facts,
        mut intern: impl FnMut(&str) -> NameId,
    ) -> Self {
        let ids: Vec<NameId> = facts.names.iter().map(|name| intern(name)).collect();
        let symbols: Box<[IndexedSymbol]> = facts
            .symbols
            .iter()
            .map(|symbol| IndexedSymbol {
                name: intern(&symbol.name),
                kind: symbol.kind,
                parent: symbol.parent,
                full: symbol.full,
                span: symbol.span,
            })
            .collect();
        let mut places: Vec<(NameId, u32, Roles)> = facts
            .occurrences
            .iter()
            .filter_map(|occurrence| {
                ids.get(occurrence.name as usize).map(|&name| (name, occurrence.span.start(), occurrence.roles))
            })
            .collect();
        places.sort_unstable_by_key(|&(name, start, roles)| (name, start, roles.0));

        let mut all: Vec<NameId> = ids.into_iter().chain(symbols.iter().map(|symbol| symbol.name)).collect();
        all.sort_unstable();
        all.dedup();
        let (names, runs) = pack(&all, &places);
        Self { path, digest, shown: Shown::of(facts, digest), names, runs, symbols }
    }

    /// The ids of its names, ascending.
    pub(crate) fn name_ids(&self) -> impl ExactSizeIterator<Item = NameId> + '_ {
        self.names.iter().map(|run| run.name)
    }

    /// Where a name starts in one of the roles, ascending, each place once.
    pub(crate) fn offsets(&self, name: NameId, roles: Roles) -> Vec<u32> {
        let Ok(idx) = self.names.binary_search_by_key(&name, |run| run.name) else { return Vec::new() };
        let end = self.names.get(idx + 1).map_or(self.runs.len(), |next| next.start as usize);
        let mut run = &self.runs[self.names[idx].start as usize..end];
        let (mut offsets, mut start) = (Vec::new(), 0);
        while let Some(ahead) = read_varint(&mut run) {
            start += ahead;
            let Some(found) = read_varint(&mut run) else { break };
            if Roles(found).answers(roles) && offsets.last() != Some(&start) {
                offsets.push(start);
            }
        }
        offsets
    }

    /// The heap it holds, roughly.
    pub(crate) fn weight_bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.names) + self.runs.len() + size_of_val(&*self.symbols)
    }
}

/// Packs `places`, sorted and all of names in `names`.
fn pack(names: &[NameId], places: &[(NameId, u32, Roles)]) -> (Box<[NameRun]>, Box<[u8]>) {
    let (mut packed, mut runs) = (Vec::with_capacity(names.len()), Vec::with_capacity(places.len() * 3));
    let mut places = places.iter().peekable();
    for &name in names {
        // Bounded by the facts' size, which is bounded far below 4 GiB where they are taken in.
        packed.push(NameRun { name, start: u32::try_from(runs.len()).expect("facts are smaller than 4 GiB") });
        let mut last = 0;
        while let Some((_, start, roles)) = places.next_if(|place| place.0 == name) {
            write_varint(&mut runs, start - last);
            write_varint(&mut runs, roles.0);
            last = *start;
        }
    }
    (packed.into(), runs.into())
}

/// LEB128, as DWARF and WebAssembly have it.
fn write_varint(to: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn read_varint(from: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn varints_are_read_as_they_were_written(values in proptest::collection::vec(any::<u32>(), 0..20)) {
            let mut bytes = Vec::new();
            values.iter().for_each(|&value| write_varint(&mut bytes, value));
            let mut rest = &bytes[..];
            let read: Vec<u32> = std::iter::from_fn(|| read_varint(&mut rest)).collect();
            prop_assert_eq!(read, values);
        }
    }
}
