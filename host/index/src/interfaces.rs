//! What the files of a view show each other, as one number: where it is equal, files that did not change themselves need no new look.

use vraftls_vfs::{ContentDigest, VfsPath};

use crate::Facts;

/// What a file shows to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// As its analyzer says: [`Facts::interface_hash`].
    Interface(u64),
    /// All that it has, because nobody says less.
    Contents(ContentDigest),
}

impl Shown {
    /// What a file with these facts and contents shows.
    pub fn of(facts: &Facts, contents: ContentDigest) -> Self {
        match facts.interface_hash {
            0 => Self::Contents(contents),
            hash => Self::Interface(hash),
        }
    }
}

/// What a set of files shows: a sum of one strong hash for each file, so that order does not matter and a change of one file takes one step.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Interfaces(u128);

impl Interfaces {
    /// With one file more.
    #[must_use]
    pub fn with(self, path: &VfsPath, shown: Shown) -> Self {
        Self(self.0.wrapping_add(entry(path, shown)))
    }

    /// Without a file that was put in.
    #[must_use]
    pub fn without(self, path: &VfsPath, shown: Shown) -> Self {
        Self(self.0.wrapping_sub(entry(path, shown)))
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

fn entry(path: &VfsPath, shown: Shown) -> u128 {
    let mut bytes = Vec::with_capacity(path.as_str().len() + 64);
    bytes.extend_from_slice(b"vraftls interface 1\0");
    bytes.extend_from_slice(path.as_str().as_bytes());
    // No path has this byte.
    bytes.push(0);
    match shown {
        Shown::Interface(hash) => bytes.extend_from_slice(&hash.to_le_bytes()),
        Shown::Contents(digest) => bytes.extend_from_slice(digest.as_bytes()),
    }
    let digest = ContentDigest::of(&bytes);
    let (half, _) = digest.as_bytes().split_first_chunk().expect("a digest has 32 bytes");
    u128::from_le_bytes(*half)
}
