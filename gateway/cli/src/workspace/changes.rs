//! What has to be done so that a workspace is as a folder is. Pure.

use std::collections::BTreeMap;

use vraftls_client::Routes;
use vraftls_vfs::{ContentDigest, Expected, VfsPath, WorkspaceId};

/// What has to be done with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// It is written.
    Write {
        /// What it has now; none if it is not there.
        was: Option<ContentDigest>,
    },
    /// It goes.
    Remove {
        /// What it has now.
        was: ContentDigest,
    },
}

impl Change {
    /// What must be there for it.
    pub(super) fn expected(self) -> Expected {
        match self {
            Self::Write { was: None } => Expected::Nothing,
            Self::Write { was: Some(was) } | Self::Remove { was } => Expected::Digest(was),
        }
    }
}

/// All that has to be done, by file.
pub(super) type Changes = BTreeMap<VfsPath, Change>;

/// Compares a folder with a base. A file that was not found in the folder goes if `is_gone` says so.
pub(super) fn compare(
    here: &BTreeMap<VfsPath, ContentDigest>,
    base: &BTreeMap<VfsPath, ContentDigest>,
    mut is_gone: impl FnMut(&VfsPath) -> bool,
) -> Changes {
    let mut changes = Changes::new();
    for (path, digest) in here {
        let was = base.get(path).copied();
        if was != Some(*digest) {
            changes.insert(path.clone(), Change::Write { was });
        }
    }
    for (path, was) in base {
        if !here.contains_key(path) && is_gone(path) {
            changes.insert(path.clone(), Change::Remove { was: *was });
        }
    }
    changes
}

/// The changes of each group, in the order in which they are made: what goes makes room for what comes, because a directory may come
/// in place of a file.
pub(super) fn divide(
    changes: Changes,
    routes: &Routes,
    workspace: WorkspaceId,
) -> Option<BTreeMap<u32, Vec<(VfsPath, Change)>>> {
    let mut groups: BTreeMap<u32, Vec<(VfsPath, Change)>> = BTreeMap::new();
    for (path, change) in changes {
        let group = routes.group_of(workspace, &path)?;
        groups.entry(group).or_default().push((path, change));
    }
    for list in groups.values_mut() {
        list.sort_by_key(|(_, change)| !matches!(change, Change::Remove { .. }));
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VfsPath {
        VfsPath::new(text).expect("a path")
    }

    fn files(list: &[(&str, &str)]) -> BTreeMap<VfsPath, ContentDigest> {
        list.iter().map(|(name, text)| (path(name), ContentDigest::of(text.as_bytes()))).collect()
    }

    #[test]
    fn what_is_the_same_is_left_alone_and_the_rest_expects_what_was_read() {
        let here = files(&[("same", "1"), ("other", "new"), ("fresh", "3")]);
        let base = files(&[("same", "1"), ("other", "old"), ("gone", "4"), ("unreadable", "5")]);
        let changes = compare(&here, &base, |path| path.as_str() != "unreadable");
        let old = ContentDigest::of(b"old");
        let expected = Changes::from([
            (path("other"), Change::Write { was: Some(old) }),
            (path("fresh"), Change::Write { was: None }),
            (path("gone"), Change::Remove { was: ContentDigest::of(b"4") }),
        ]);
        assert_eq!(changes, expected);
        assert_eq!(changes[&path("other")].expected(), Expected::Digest(old));
        assert_eq!(changes[&path("fresh")].expected(), Expected::Nothing);
    }
}
