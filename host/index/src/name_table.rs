//! The names of a shard, each kept once, and the files that each stands in.

use std::sync::Arc;

use imbl::{OrdMap, Vector};

use crate::indexed_file::NameId;
use crate::rank::Letters;

/// A file of a shard, as its file table numbers it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct FileId(pub(crate) u32);

/// The names of a shard and where they occur. Clones share what they have in common; ids of names that no file has are
/// reused.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameTable {
    // Sorted rather than hashed: a persistent hash map takes five times as much memory for this.
    ids: OrdMap<Arc<str>, NameId>,
    slots: Vector<Slot>,
    free: Vector<NameId>,
}

#[derive(Clone, Debug)]
struct Slot {
    name: Arc<str>,
    letters: Letters,
    files: Files,
}

/// The files of a name, ascending. Most names stand in one file, which costs nothing beside the slot.
#[derive(Clone, Debug)]
enum Files {
    None,
    One(FileId),
    Some(Arc<Vec<FileId>>),
    /// Changed in pieces: what shares a short list with a snapshot copies all of it, and a name that all files have would cost
    /// the square of their number.
    Many(Vector<FileId>),
}

/// How many files a name has that are copied as a whole.
const SOME_MAX: usize = if cfg!(test) { 4 } else { 256 };

impl NameTable {
    /// The id of a name that is in the table.
    pub(crate) fn id(&self, name: &str) -> Option<NameId> {
        self.ids.get(name).copied()
    }

    /// The id of a name, made if need be. One that gets no file by [`Self::add_file`] stays in the table for nothing.
    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        if let Some(id) = self.id(name) {
            return id;
        }
        let name: Arc<str> = name.into();
        let slot = Slot { name: Arc::clone(&name), letters: Letters::of(&name), files: Files::None };
        let id = match self.free.pop_back() {
            Some(id) => {
                self.slots.set(id.0 as usize, slot);
                id
            }
            None => {
                let id = NameId(u32::try_from(self.slots.len()).expect("a shard has fewer than 2^32 names"));
                self.slots.push_back(slot);
                id
            }
        };
        self.ids.insert(name, id);
        id
    }

    /// Says that a name stands in a file.
    pub(crate) fn add_file(&mut self, name: NameId, file: FileId) {
        let Some(slot) = self.slots.get_mut(name.0 as usize) else { return };
        match &mut slot.files {
            Files::None => slot.files = Files::One(file),
            Files::One(other) if *other == file => {}
            Files::One(other) => {
                let other = *other;
                slot.files = Files::Some(Arc::new(vec![other.min(file), other.max(file)]));
            }
            Files::Some(files) => {
                if let Err(idx) = files.binary_search(&file) {
                    Arc::make_mut(files).insert(idx, file);
                }
                if files.len() > SOME_MAX {
                    slot.files = Files::Many(files.iter().copied().collect());
                }
            }
            // New files have the greatest numbers, unless they take those of files that are gone.
            Files::Many(files) if files.last().is_some_and(|last| *last < file) => files.push_back(file),
            Files::Many(files) => {
                if let Err(idx) = files.binary_search(&file) {
                    files.insert(idx, file);
                }
            }
        }
    }

    /// Says that a name does not stand in a file any more; a name in no file is forgotten.
    pub(crate) fn remove_file(&mut self, name: NameId, file: FileId) {
        let Some(slot) = self.slots.get_mut(name.0 as usize) else { return };
        match &mut slot.files {
            Files::One(other) if *other == file => {
                slot.files = Files::None;
                let text = std::mem::replace(&mut slot.name, "".into());
                self.ids.remove(&text);
                self.free.push_back(name);
            }
            Files::Some(files) => {
                if let Ok(idx) = files.binary_search(&file) {
                    Arc::make_mut(files).remove(idx);
                }
                if let [only] = files[..] {
                    slot.files = Files::One(only);
                }
            }
            Files::Many(files) => {
                if let Ok(idx) = files.binary_search(&file) {
                    files.remove(idx);
                }
                if files.len() <= SOME_MAX / 2 {
                    slot.files = Files::Some(Arc::new(files.iter().copied().collect()));
                }
            }
            Files::None | Files::One(_) => {}
        }
    }

    /// The files of a name, ascending by id.
    pub(crate) fn files(&self, name: NameId) -> impl Iterator<Item = FileId> {
        let (some, many): (&[FileId], Option<&Vector<FileId>>) = match self.of(name) {
            Files::One(file) => (std::slice::from_ref(file), None),
            Files::Some(files) => (files, None),
            Files::Many(files) => (&[], Some(files)),
            Files::None => (&[], None),
        };
        some.iter().chain(many.into_iter().flatten()).copied()
    }

    /// How many those are.
    pub(crate) fn n_files(&self, name: NameId) -> usize {
        match self.of(name) {
            Files::None => 0,
            Files::One(_) => 1,
            Files::Some(files) => files.len(),
            Files::Many(files) => files.len(),
        }
    }

    fn of(&self, name: NameId) -> &Files {
        self.slots.get(name.0 as usize).map_or(&Files::None, |slot| &slot.files)
    }

    /// The text of a name.
    pub(crate) fn text(&self, name: NameId) -> &str {
        self.slots.get(name.0 as usize).map_or("", |slot| &slot.name)
    }

    /// All names by id with their letters; the empty name in the place of those that are free.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Letters)> {
        self.slots.iter().map(|slot| (&*slot.name, slot.letters))
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The heap it holds, roughly: entries of the map are taken for twice as large as they are, for its half-full
    /// nodes.
    pub(crate) fn weight_bytes(&self) -> usize {
        const NAME_HEADER_BYTES: usize = 32;
        let texts = self.slots.iter().map(|slot| slot.name.len() + NAME_HEADER_BYTES);
        let files = self.slots.iter().map(|slot| match &slot.files {
            Files::Some(files) => size_of::<Vec<FileId>>() + NAME_HEADER_BYTES + files.capacity() * size_of::<FileId>(),
            // Chunks of 64, of which those that were split are half full.
            Files::Many(files) => files.len() * size_of::<FileId>() * 3 / 2,
            Files::None | Files::One(_) => 0,
        });
        let entry = size_of::<(Arc<str>, NameId)>() * 2 + size_of::<Slot>();
        texts.sum::<usize>() + files.sum::<usize>() + self.slots.len() * entry
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However many files a name has, and however they come and go; a snapshot sees nothing of it.
        #[test]
        fn a_name_stands_in_the_files_that_were_added_and_not_removed(steps in vec((any::<bool>(), 0..20_u32), 0..60)) {
            let mut table = NameTable::default();
            let kept = table.intern("kept");
            table.add_file(kept, FileId(99));
            let mut model = BTreeSet::from([FileId(99)]);
            for (adds, file) in steps {
                let (snapshot, before) = (table.clone(), model.clone());
                if adds {
                    table.add_file(kept, FileId(file));
                    model.insert(FileId(file));
                } else {
                    table.remove_file(kept, FileId(file));
                    model.remove(&FileId(file));
                }
                prop_assert!(table.files(kept).eq(model.iter().copied()));
                prop_assert_eq!(table.n_files(kept), model.len());
                prop_assert!(snapshot.files(kept).eq(before.iter().copied()));
            }
        }
    }
}
