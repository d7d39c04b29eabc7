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
    Many(Arc<Vec<FileId>>),
}

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
                slot.files = Files::Many(Arc::new(vec![other.min(file), other.max(file)]));
            }
            Files::Many(files) => {
                if let Err(idx) = files.binary_search(&file) {
                    Arc::make_mut(files).insert(idx, file);
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
            Files::Many(files) => {
                if let Ok(idx) = files.binary_search(&file) {
                    Arc::make_mut(files).remove(idx);
                }
                if let [only] = files[..] {
                    slot.files = Files::One(only);
                }
            }
            Files::None | Files::One(_) => {}
        }
    }

    /// The files of a name, ascending by id.
    pub(crate) fn files(&self, name: NameId) -> &[FileId] {
        match self.slots.get(name.0 as usize).map(|slot| &slot.files) {
            Some(Files::One(file)) => std::slice::from_ref(file),
            Some(Files::Many(files)) => files,
            Some(Files::None) | None => &[],
        }
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
            Files::Many(files) => size_of::<Vec<FileId>>() + NAME_HEADER_BYTES + files.capacity() * size_of::<FileId>(),
            Files::None | Files::One(_) => 0,
        });
        let entry = size_of::<(Arc<str>, NameId)>() * 2 + size_of::<Slot>();
        texts.sum::<usize>() + files.sum::<usize>() + self.slots.len() * entry
    }
}
