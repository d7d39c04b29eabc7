//! Backups of a cluster, and the clusters that are made of them again.
//!
//! ```text
//!   taking     node: group's state and contents as one stream --HTTP--> admin: parts of a directory, MANIFEST last
//!   restoring  directory --checked whole--> data directory of one node, of a new cluster --others join--> replicas as wanted
//! ```
//!
//! | module | does |
//! |---|---|
//! | `stream` | one group on its way from a node to whoever takes a backup |
//! | `group` | what is in a group's state, as far as a backup has to know |
//! | `manifest`, `parts` | the files of a backup |
//! | `take` | asks the nodes of a running cluster, group by group |
//! | `check` | looks whether a backup is whole, without any cluster |
//! | `restore` | makes a data directory of one |
//!
//! Each group is as it was at one index of its log, which was the newest when the node began to answer; the groups are not of one moment.
//! The metadata comes last, so it knows every workspace that a group speaks of. Contents that several files or groups have are there once.
//!
//! A directory without `MANIFEST` is no backup: that file is written when all others are on the disk. It has the size and the hash of each,
//! and its own. Nothing is restored before all of it was read and found to be what was written.
//!
//! A restored cluster has a new id and one node with a new incarnation, so whatever is left of the old one is refused by it. Each group
//! goes on at the index that it had. It stands as a replica does that installed a snapshot and then crashed before its log knew of it:
//! that is a state which consensus recovers from by itself. The position has the term 0, which comes before the terms of all elections.

mod check;
mod error;
mod group;
mod manifest;
mod parts;
mod restore;
mod stream;
mod take;

pub use check::{Summary, verify};
pub use error::BackupError;
pub use manifest::{GroupPart, Manifest, Part};
pub use restore::{RestoreConfig, Restored, restore};
pub use take::{Progress, take};

pub(crate) use group::components_of;
pub(crate) use restore::UNFINISHED;
pub(crate) use stream::{PIECES_MAX, PieceWriter, write_stream};

#[cfg(test)]
mod tests;
