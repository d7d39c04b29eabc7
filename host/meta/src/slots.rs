//! The shard map: which group has which files.
//!
//! A path of a workspace hashes to one of [`N_SLOTS`] virtual slots, for ever. Slots are what the map gives to groups; so the map
//! is small whatever the number of files, and a change of it moves whole slots. Whoever asks a group names the epoch of the map
//! it looked at.

use serde::{Deserialize, Serialize};
use vraftls_vfs::{VfsPath, WorkspaceId};

use crate::{Epoch, GroupId};

/// How many slots there are. Part of the format of every cluster.
pub const N_SLOTS: u16 = 1024;

/// A virtual slot, below [`N_SLOTS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(u16);

impl Slot {
    /// The slot of a file: the first 8 bytes, little end first, of the BLAKE3 hash of the workspace's id (4 bytes, little end
    /// first) and the path, modulo [`N_SLOTS`].
    pub fn of(workspace: WorkspaceId, path: &VfsPath) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&workspace.0.to_le_bytes());
        hasher.update(path.as_str().as_bytes());
        let hash = hasher.finalize();
        let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
        let slot = u64::from_le_bytes(*first) % u64::from(N_SLOTS);
        Self(u16::try_from(slot).expect("a remainder of a u16 fits into one"))
    }

    /// Its number.
    pub fn number(self) -> u16 {
        self.0
    }
}

/// Which group has which slot, and since when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SlotMap {
    epoch: Epoch,
    /// The group of each slot; empty before there are groups.
    groups: Vec<GroupId>,
}

impl Default for SlotMap {
    fn default() -> Self {
        Self { epoch: Epoch(0), groups: Vec::new() }
    }
}

impl SlotMap {
    /// Gives the slots to groups in equal parts. Without any group the map is empty.
    pub(crate) fn even(groups: &[GroupId]) -> Self {
        let group_of = |slot: u16| groups[usize::from(slot) % groups.len()];
        let slots = if groups.is_empty() { 0 } else { N_SLOTS };
        Self { epoch: Epoch(1), groups: (0..slots).map(group_of).collect() }
    }

    /// Counts the changes of the map. 0 before there are groups.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The group of a slot; none before there are groups.
    pub fn group_of(&self, slot: Slot) -> Option<GroupId> {
        self.groups.get(usize::from(slot.0)).copied()
    }

    /// The group of a file; none before there are groups.
    pub fn group_of_file(&self, workspace: WorkspaceId, path: &VfsPath) -> Option<GroupId> {
        self.group_of(Slot::of(workspace, path))
    }

    /// The slots of a group, ascending.
    pub fn slots_of(&self, group: GroupId) -> impl Iterator<Item = Slot> {
        (0..).zip(&self.groups).filter(move |(_, owner)| **owner == group).map(|(slot, _)| Slot(slot))
    }

    /// Whether it is empty, or whole and of groups that exist.
    pub(crate) fn is_sound(&self, exists: impl Fn(GroupId) -> bool) -> bool {
        let is_whole = self.groups.len() == usize::from(N_SLOTS) && self.epoch > Epoch(0);
        (self.groups.is_empty() && self.epoch == Epoch(0))
            || (is_whole && self.groups.iter().all(|group| exists(*group)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(workspace: u32, path: &str) -> u16 {
        Slot::of(WorkspaceId(workspace), &VfsPath::new(path).unwrap()).number()
    }

    #[test]
    fn the_slot_of_a_file_never_changes() {
        assert_eq!([slot(1, "a.py"), slot(2, "a.py"), slot(1, "src/b.py")], [52, 365, 381]);
    }

    #[test]
    fn groups_have_equal_parts() {
        let groups: Vec<GroupId> = (1..=7).map(GroupId).collect();
        let map = SlotMap::even(&groups);
        let sizes: Vec<usize> = groups.iter().map(|group| map.slots_of(*group).count()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), usize::from(N_SLOTS));
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        assert_eq!(SlotMap::even(&[]).group_of(Slot(3)), None);
    }

    #[test]
    fn files_spread_evenly() {
        let map = SlotMap::even(&(1..=8).map(GroupId).collect::<Vec<_>>());
        let mut counts = [0_u32; 9];
        for n in 0..8000 {
            let path = VfsPath::new(&format!("package/module_{n}.py")).unwrap();
            counts[map.group_of_file(WorkspaceId(1), &path).unwrap().0 as usize] += 1;
        }
        assert!(counts[1..].iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
