//! What an engine had seen when it was kept, and how a view differs from that.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use vraftls_proto::OverlayFile;
use vraftls_query::{Change, View};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::{Sight, Sighted};

/// What an engine had seen.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The files of the workspace, sorted by path, with the digests of their contents.
    files: Vec<(String, ContentDigest)>,
    /// Of the library roots.
    sights: Vec<(String, Sight)>,
}

impl Manifest {
    /// Of an engine that saw this view last. Nothing where it was shown unsaved contents, or no contents of a file that there is, because
    /// nobody may go on from those, or where it saw one file of a library in two states.
    pub(crate) fn of(view: &View, sighted: &Sighted) -> Option<Self> {
        let unsaved = |(path, overlay): (&VfsPath, &OverlayFile)| {
            view.base.file(path).is_none_or(|file| file.digest != overlay.digest)
        };
        let is_there = |path: &VfsPath| view.base.file(path).is_some();
        if view.overlays.iter().any(unsaved) || view.overlays.removed().any(is_there) {
            return None;
        }
        let files = view.base.files().into_iter();
        let text = |path: &VfsPath| path.as_str().to_owned();
        Some(Self {
            files: files.map(|(path, file)| (text(&path), file.digest)).collect(),
            sights: sighted.all()?.map(|(path, sight)| (text(path), *sight)).collect(),
        })
    }

    /// What was seen of the library roots, if it is still so in this view.
    pub(crate) fn sights_of(&self, view: &View) -> Option<Vec<(VfsPath, Sight)>> {
        let sight = |(path, sight): &(String, Sight)| {
            let path = VfsPath::new(path).ok()?;
            sight.holds(view, &path).then_some((path, *sight))
        };
        self.sights.iter().map(sight).collect()
    }

    /// How the files of the workspace differ in the base of this view, sorted by path.
    pub(crate) fn changes_to(&self, view: &View) -> Vec<Change> {
        let now = view.base.files();
        let (mut before, mut now) = (self.files.iter().peekable(), now.iter().peekable());
        let mut changes = Vec::new();
        loop {
            let order = match (before.peek(), now.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((before, _)), Some((now, _))) => before.as_str().cmp(now.as_str()),
            };
            let old = if order.is_le() { before.next() } else { None };
            let new = if order.is_ge() { now.next() } else { None };
            match (old, new) {
                (Some((path, _)), None) => changes.extend(VfsPath::new(path).ok().map(Change::Removed)),
                (None, Some((path, _))) => changes.push(Change::Created(path.clone())),
                (Some((_, old)), Some((path, new))) if *old != new.digest => {
                    changes.push(Change::Changed(path.clone()));
                }
                _ => {}
            }
        }
        changes
    }
}
