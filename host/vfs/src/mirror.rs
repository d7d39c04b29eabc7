//! The files of a shard as somebody follows them who has no replica of it: names and digests, kept up by differences.
//!
//! A mirror knows no sessions and counts no references: nothing can be applied to it, and nothing depends on it but reading.

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use serde::{Deserialize, Serialize};

use crate::state::Workspace;
use crate::{FileEntry, FileVersion, Revision, State, VfsPath, WorkspaceId, WorkspaceName};

/// How a shard differs from an earlier state of it, or from nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// The later state's.
    pub revision: Revision,
    /// The later state's.
    pub epoch: u64,
    /// All workspaces of the later state.
    pub workspaces: Vec<MirroredWorkspace>,
    /// What differs, by workspace and path; none stands for a file that is gone.
    pub files: Vec<(WorkspaceId, VfsPath, Option<FileEntry>)>,
}

/// A workspace of a mirrored shard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MirroredWorkspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: WorkspaceName,
    /// Where it last changed.
    pub changed: Revision,
}

impl State {
    /// How this state differs from an earlier one of the same shard, or from an empty one. Takes time in what differs.
    pub fn difference(&self, older: &Self) -> Difference {
        let mut files = Vec::new();
        for (id, workspace) in &self.workspaces {
            let none = OrdMap::new();
            let before = older.workspaces.get(id).map_or(&none, |before| &before.files);
            files.extend(before.diff(&workspace.files).map(|item| match item {
                DiffItem::Add(path, entry) | DiffItem::Update { new: (path, entry), .. } => {
                    (*id, path.clone(), Some(*entry))
                }
                DiffItem::Remove(path, _) => (*id, path.clone(), None),
            }));
        }
        let workspace = |(id, workspace): (&WorkspaceId, &Workspace)| MirroredWorkspace {
            id: *id,
            name: workspace.name.clone(),
            changed: workspace.changed,
        };
        let workspaces = self.workspaces.iter().map(workspace).collect();
        Difference { revision: self.revision, epoch: self.epoch, workspaces, files }
    }

    /// Makes a mirror what the shard is that a difference leads to. Parts of a difference may be applied one after the other; the mirror
    /// is a state of the shard only after the last of them.
    pub fn mirror(&mut self, difference: Difference) {
        let Difference { revision, epoch, workspaces, files } = difference;
        self.revision = revision;
        self.epoch = epoch;
        let mut kept = OrdMap::new();
        for MirroredWorkspace { id, name, changed } in workspaces {
            let files = self.workspaces.get(&id).map(|known| known.files.clone()).unwrap_or_default();
            kept.insert(id, Workspace { name, changed, last_version: FileVersion(0), files });
        }
        self.workspaces = kept;
        for (id, path, entry) in files {
            // A workspace that the difference does not name has no files either.
            let Some(workspace) = self.workspaces.get_mut(&id) else { continue };
            match entry {
                Some(entry) => drop(workspace.files.insert(path, entry)),
                None => drop(workspace.files.remove(&path)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Contents, FileOperation, Request, Sequence};

    fn path(text: &str) -> VfsPath {
        VfsPath::new(text).expect("a path")
    }

    fn files(state: &State, id: u32) -> Vec<(VfsPath, FileEntry)> {
        let snapshot = state.snapshot(WorkspaceId(id)).expect("there");
        snapshot.iter().map(|(path, entry)| (path.clone(), *entry)).collect()
    }

    #[test]
    fn a_mirror_follows_by_differences() {
        let mut state = State::new();
        let mut index = 0;
        let mut apply = |state: &mut State, request: Option<Request>| {
            index += 1;
            let client = crate::ClientId(1);
            let command = match request {
                None => Command::OpenSession,
                Some(request) => Command::Once { client, sequence: Sequence(index - 1), request },
            };
            state.apply(Revision(index), command).0.expect("applied");
        };
        let batch = |operations| Some(Request::Batch { workspace: WorkspaceId(1), operations });
        let put = |name: &str, text: &str| FileOperation::put(path(name), Contents::Inline(text.as_bytes().to_vec()));
        apply(&mut state, None);
        let name = WorkspaceName::new("w").expect("a name");
        apply(&mut state, Some(Request::CreateWorkspace { name }));
        apply(&mut state, batch(vec![put("a.py", "1"), put("b.py", "2"), put("d/c.py", "3")]));
        let mut mirror = State::new();
        let whole = state.difference(&mirror);
        assert_eq!(whole.files.len(), 3);
        mirror.mirror(whole);
        let before = state.clone();
        apply(
            &mut state,
            batch(vec![put("a.py", "other"), FileOperation::delete(path("b.py"), None), put("e.py", "4")]),
        );
        let next = state.difference(&before);
        assert_eq!(next.files.len(), 3, "what stayed does not travel");
        // In two parts, as a long difference travels.
        let (first, second) = next.files.split_at(1);
        mirror.mirror(Difference { files: first.to_vec(), ..next.clone() });
        mirror.mirror(Difference { files: second.to_vec(), ..next.clone() });
        assert_eq!(files(&mirror, 1), files(&state, 1));
        assert_eq!((mirror.revision(), mirror.epoch()), (state.revision(), state.epoch()));
        apply(&mut state, Some(Request::RemoveWorkspace { workspace: WorkspaceId(1) }));
        let gone = state.difference(&before);
        mirror.mirror(gone);
        assert!(mirror.snapshot(WorkspaceId(1)).is_none());
    }
}
