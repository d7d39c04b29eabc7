//! The base of an answer when several logs have the files.

use serde::{Deserialize, Serialize};
use vraftls_vfs::Revision;

/// How many groups a vector speaks of at most: as many as a cluster may have.
pub const N_GROUPS_MAX: usize = 256;

/// The revision of each of several groups: a vector over their logs. A group that is not named is at any revision.
///
/// Invariant: ascending by group, each group once, at most [`N_GROUPS_MAX`] of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u32, Revision)>", into = "Vec<(u32, Revision)>")]
pub struct Revisions(Vec<(u32, Revision)>);

/// A list of groups and revisions is no vector of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RevisionsError {
    /// A group comes twice, or behind a greater one.
    #[error("the groups of a revision vector do not ascend")]
    NotAscending,
    /// There are too many.
    #[error("a revision vector of {0} groups; at most {N_GROUPS_MAX} are allowed")]
    TooMany(usize),
}

impl Revisions {
    /// The vector that says nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The revision of a group, where it is named.
    pub fn get(&self, group: u32) -> Option<Revision> {
        let idx = self.0.binary_search_by_key(&group, |(group, _)| *group).ok()?;
        Some(self.0[idx].1)
    }

    /// Groups and their revisions, by group.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, Revision)> + '_ {
        self.0.iter().copied()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says that a group is at least at a revision. A smaller one than is known changes nothing, nor does a group beyond
    /// [`N_GROUPS_MAX`] of them, which no cluster has.
    pub fn raise(&mut self, group: u32, revision: Revision) {
        match self.0.binary_search_by_key(&group, |(group, _)| *group) {
            Ok(idx) => self.0[idx].1 = self.0[idx].1.max(revision),
            Err(idx) if self.0.len() < N_GROUPS_MAX => self.0.insert(idx, (group, revision)),
            Err(_) => {}
        }
    }

    /// Says all that another vector says too.
    pub fn raise_all(&mut self, other: &Self) {
        other.iter().for_each(|(group, revision)| self.raise(group, revision));
    }

    /// Whether every group that the other names is here, at its revision or a later one.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|(group, wanted)| self.get(group).is_some_and(|revision| revision >= wanted))
    }
}

impl TryFrom<Vec<(u32, Revision)>> for Revisions {
    type Error = RevisionsError;

    fn try_from(list: Vec<(u32, Revision)>) -> Result<Self, RevisionsError> {
        if list.len() > N_GROUPS_MAX {
            return Err(RevisionsError::TooMany(list.len()));
        }
        if list.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(RevisionsError::NotAscending);
        }
        Ok(Self(list))
    }
}

impl From<Revisions> for Vec<(u32, Revision)> {
    fn from(revisions: Revisions) -> Self {
        revisions.0
    }
}

impl FromIterator<(u32, Revision)> for Revisions {
    /// Of a group that comes twice the greatest revision counts.
    fn from_iter<I: IntoIterator<Item = (u32, Revision)>>(list: I) -> Self {
        let mut revisions = Self::new();
        list.into_iter().for_each(|(group, revision)| revisions.raise(group, revision));
        revisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(list: &[(u32, u64)]) -> Revisions {
        list.iter().map(|(group, revision)| (*group, Revision(*revision))).collect()
    }

    #[test]
    fn a_vector_only_grows() {
        let mut revisions = vector(&[(3, 5), (1, 7), (3, 9), (3, 4)]);
        assert_eq!(revisions.iter().collect::<Vec<_>>(), [(1, Revision(7)), (3, Revision(9))]);
        revisions.raise_all(&vector(&[(2, 1), (1, 8), (3, 1)]));
        assert_eq!(revisions, vector(&[(1, 8), (2, 1), (3, 9)]));
        assert_eq!((revisions.get(2), revisions.get(4)), (Some(Revision(1)), None));
    }

    #[test]
    fn a_vector_covers_what_is_older_in_every_group() {
        let here = vector(&[(1, 8), (2, 1)]);
        assert!(here.covers(&Revisions::new()) && here.covers(&here) && here.covers(&vector(&[(2, 0)])));
        assert!(!here.covers(&vector(&[(1, 9)])) && !here.covers(&vector(&[(3, 0)])));
    }

    #[test]
    fn only_lists_that_ascend_are_vectors() {
        let of = |groups: &[u32]| Revisions::try_from(groups.iter().map(|g| (*g, Revision(1))).collect::<Vec<_>>());
        assert!(of(&[]).is_ok() && of(&[1, 5]).is_ok());
        assert_eq!(of(&[1, 1]), Err(RevisionsError::NotAscending));
        assert_eq!(of(&[2, 1]), Err(RevisionsError::NotAscending));
        assert_eq!(of(&(0..257).collect::<Vec<_>>()), Err(RevisionsError::TooMany(257)));
        assert!(of(&(0..256).collect::<Vec<_>>()).is_ok());
    }
}
