//! The files as plain maps, changed in the slowest and plainest way, and the commands that tests feed to both.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vraftls_vfs::{
    Applied, ClientId, Command, Conflict, ContentDigest, Contents, Effect, Expected, FileOperation, FileVersion,
    Refusal, Request, Response, Revision, Sequence, State, VfsPath, WorkspaceId, WorkspaceName,
};

/// What the model knows of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct File {
    pub(crate) digest: ContentDigest,
    pub(crate) size_bytes: u64,
    pub(crate) version: FileVersion,
    pub(crate) revision: Revision,
}

pub(crate) type Files = BTreeMap<String, File>;

/// A workspace: its name, its files, and how often a file was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ModelWorkspace {
    pub(crate) name: String,
    pub(crate) files: Files,
    n_writes: u64,
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Model {
    pub(crate) workspaces: BTreeMap<WorkspaceId, ModelWorkspace>,
    /// Every id that is or was in use, or that was removed before it was.
    used: BTreeSet<u32>,
    pub(crate) epoch: u64,
}

impl Model {
    pub(crate) fn execute(&mut self, revision: Revision, request: &Request) -> Response {
        match request {
            Request::CreateWorkspace { name } => {
                let same = self.workspaces.iter().find(|(_, workspace)| workspace.name == name.as_str());
                if let Some((id, _)) = same {
                    return Err(Refusal::WorkspaceExists { workspace: *id });
                }
                let workspace = WorkspaceId(self.used.last().map_or(1, |last| last + 1));
                self.insert(workspace, name)
            }
            Request::RemoveWorkspace { workspace } => match self.workspaces.remove(workspace) {
                Some(_) => Ok(Applied::WorkspaceRemoved),
                None => {
                    if self.used.last().is_some_and(|last| workspace.0 < *last) {
                        self.used.insert(workspace.0);
                    }
                    Err(Refusal::NoSuchWorkspace { workspace: *workspace })
                }
            },
            Request::Batch { workspace, operations } => self.change_files(revision, *workspace, operations),
            Request::AdoptWorkspace { workspace, name } => {
                let same = self.workspaces.iter().find(|(_, other)| other.name == name.as_str());
                match (self.workspaces.get(workspace), same) {
                    (Some(known), _) if known.name == name.as_str() => {
                        Ok(Applied::WorkspaceCreated { workspace: *workspace })
                    }
                    (Some(_), _) => Err(Refusal::OtherName { workspace: *workspace }),
                    (None, _) if workspace.0 == 0 || self.used.contains(&workspace.0) => {
                        Err(Refusal::WorkspaceIdUsed { workspace: *workspace })
                    }
                    (None, Some((other, _))) => Err(Refusal::WorkspaceExists { workspace: *other }),
                    (None, None) => self.insert(*workspace, name),
                }
            }
            Request::SetEpoch { epoch } => {
                self.epoch = self.epoch.max(*epoch);
                Ok(Applied::Epoch { epoch: self.epoch })
            }
            Request::ShardBatch { workspace, epoch, operations } if *epoch == self.epoch => {
                self.change_files(revision, *workspace, operations)
            }
            Request::ShardBatch { .. } => Err(Refusal::WrongEpoch { current: self.epoch }),
        }
    }

    fn insert(&mut self, workspace: WorkspaceId, name: &WorkspaceName) -> Response {
        self.used.insert(workspace.0);
        let empty = ModelWorkspace { name: name.to_string(), files: Files::new(), n_writes: 0 };
        self.workspaces.insert(workspace, empty);
        Ok(Applied::WorkspaceCreated { workspace })
    }

    fn change_files(&mut self, revision: Revision, workspace: WorkspaceId, operations: &[FileOperation]) -> Response {
        let Some(before) = self.workspaces.get(&workspace) else {
            return Err(Refusal::NoSuchWorkspace { workspace });
        };
        let (mut after, mut n_changed) = (before.clone(), 0);
        for (idx, operation) in operations.iter().enumerate() {
            match after.operate(revision, operation) {
                Ok(changed) => n_changed += u32::from(changed),
                Err((path, conflict)) => {
                    return Err(Refusal::Conflict { operation_idx: idx as u32, path, conflict });
                }
            }
        }
        self.workspaces.insert(workspace, after);
        Ok(Applied::Batch { revision, n_changed })
    }

    /// How many files have each contents.
    pub(crate) fn references(&self) -> BTreeMap<ContentDigest, u64> {
        let mut references = BTreeMap::new();
        for file in self.workspaces.values().flat_map(|workspace| workspace.files.values()) {
            *references.entry(file.digest).or_insert(0) += 1;
        }
        references
    }
}

impl ModelWorkspace {
    fn operate(&mut self, revision: Revision, operation: &FileOperation) -> Result<bool, (VfsPath, Conflict)> {
        let conflict = |path: &VfsPath, conflict| Err((path.clone(), conflict));
        match operation {
            FileOperation::Write { path, expected, contents } => {
                let found = self.files.get(path.as_str()).copied();
                let wanted = match expected {
                    Expected::Anything => true,
                    Expected::Nothing => found.is_none(),
                    Expected::Digest(digest) => found.is_some_and(|file| file.digest == *digest),
                };
                match found {
                    Some(file) if !wanted => conflict(path, Conflict::Differs { current: file.digest }),
                    Some(file) if file.digest == contents.digest() => Ok(false),
                    None if !wanted => conflict(path, self.missing(path)),
                    None if self.obstacle(path).is_some() => conflict(path, self.obstacle(path).unwrap()),
                    _ => {
                        self.put(revision, path, contents.digest(), contents.size_bytes());
                        Ok(true)
                    }
                }
            }
            FileOperation::Delete { path, expected } => match (self.files.get(path.as_str()).copied(), expected) {
                (None, None) => Ok(false),
                (None, Some(_)) => conflict(path, self.missing(path)),
                (Some(file), Some(digest)) if file.digest != *digest => {
                    conflict(path, Conflict::Differs { current: file.digest })
                }
                (Some(_), _) => Ok(self.files.remove(path.as_str()).is_some()),
            },
            FileOperation::Rename { from, to, expected } => {
                let Some(file) = self.files.get(from.as_str()).copied() else {
                    return conflict(from, self.missing(from));
                };
                if expected.is_some_and(|digest| digest != file.digest) {
                    return conflict(from, Conflict::Differs { current: file.digest });
                }
                self.files.remove(from.as_str());
                if let Some(other) = self.files.get(to.as_str()) {
                    return conflict(to, Conflict::Differs { current: other.digest });
                }
                if let Some(obstacle) = self.obstacle(to) {
                    return conflict(to, obstacle);
                }
                self.put(revision, to, file.digest, file.size_bytes);
                Ok(true)
            }
        }
    }

    fn put(&mut self, revision: Revision, path: &VfsPath, digest: ContentDigest, size_bytes: u64) {
        self.n_writes += 1;
        let file = File { digest, size_bytes, version: FileVersion(self.n_writes), revision };
        self.files.insert(path.to_string(), file);
    }

    fn missing(&self, path: &VfsPath) -> Conflict {
        if is_directory(&self.files, path.as_str()) { Conflict::IsDirectory } else { Conflict::Missing }
    }

    fn obstacle(&self, path: &VfsPath) -> Option<Conflict> {
        if is_directory(&self.files, path.as_str()) {
            return Some(Conflict::IsDirectory);
        }
        let lies_in = |file: &&String| path.as_str().starts_with(&format!("{file}/"));
        self.files.keys().find(lies_in).map(|file| Conflict::InsideFile { file: self::path(file) })
    }
}

pub(crate) fn is_directory(files: &Files, path: &str) -> bool {
    path.is_empty() || files.keys().any(|file| file.starts_with(&format!("{path}/")))
}

/// The files of a workspace as the state has them.
pub(crate) fn files(state: &State, workspace: WorkspaceId) -> Files {
    let snapshot = state.snapshot(workspace).unwrap();
    let file = |entry: &vraftls_vfs::FileEntry| File {
        digest: entry.digest,
        size_bytes: entry.size_bytes,
        version: entry.version,
        revision: entry.revision,
    };
    snapshot.iter().map(|(path, entry)| (path.to_string(), file(entry))).collect()
}

/// A state machine whose log is a counter, with one session.
pub(crate) struct Machine {
    pub(crate) state: State,
    pub(crate) client: ClientId,
    sequence: Sequence,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let mut state = State::new();
        let (response, _) = state.apply(Revision(1), Command::OpenSession);
        let Ok(Applied::SessionOpened { client }) = response else { panic!("{response:?}") };
        Self { state, client, sequence: Sequence(0) }
    }

    /// The next command of the session.
    pub(crate) fn command(&mut self, request: Request) -> Command {
        self.sequence.0 += 1;
        Command::Once { client: self.client, sequence: self.sequence, request }
    }

    /// Applies a command at the next log index.
    pub(crate) fn apply(&mut self, command: Command) -> (Response, Vec<Effect>) {
        self.state.apply(next(&self.state), command)
    }

    pub(crate) fn execute(&mut self, request: Request) -> (Response, Vec<Effect>) {
        let command = self.command(request);
        self.apply(command)
    }
}

pub(crate) fn next(state: &State) -> Revision {
    Revision(state.revision().0 + 1)
}

pub(crate) fn path(path: &str) -> VfsPath {
    VfsPath::new(path).unwrap()
}

pub(crate) fn inline(text: &str) -> Contents {
    Contents::Inline(text.as_bytes().to_vec())
}

pub(crate) fn create_workspace(name: &str) -> Request {
    Request::CreateWorkspace { name: WorkspaceName::new(name).unwrap() }
}

/// Few paths, so that operations meet; some are each other's directories, and some sort between a directory and its files.
pub(crate) fn paths() -> impl Strategy<Value = VfsPath> {
    let component = prop::sample::select(vec!["a", "b", "a.py", "a-", "ä"]);
    prop_oneof![
        40 => prop::collection::vec(component, 1..4).prop_map(|components| path(&components.join("/"))),
        1 => Just(VfsPath::root()),
    ]
}

pub(crate) fn contents() -> impl Strategy<Value = Contents> {
    let text = || prop::sample::select(vec!["", "one", "two", "three"]);
    prop_oneof![
        3 => text().prop_map(inline),
        1 => text().prop_map(|text| Contents::Stored {
            digest: ContentDigest::of(text.as_bytes()),
            size_bytes: text.len() as u64,
        }),
    ]
}

pub(crate) fn operations() -> impl Strategy<Value = FileOperation> {
    let digest = || contents().prop_map(|contents| contents.digest());
    let expected = prop_oneof![
        2 => Just(Expected::Anything),
        2 => Just(Expected::Nothing),
        1 => digest().prop_map(Expected::Digest),
    ];
    prop_oneof![
        3 => (paths(), expected, contents())
            .prop_map(|(path, expected, contents)| FileOperation::Write { path, expected, contents }),
        1 => (paths(), prop::option::of(digest())).prop_map(|(path, expected)| FileOperation::Delete { path, expected }),
        1 => (paths(), paths(), prop::option::of(digest()))
            .prop_map(|(from, to, expected)| FileOperation::Rename { from, to, expected }),
    ]
}

pub(crate) fn requests() -> impl Strategy<Value = Request> {
    let workspace = || (1u32..4).prop_map(WorkspaceId);
    let operations = || prop::collection::vec(operations(), 0..5);
    prop_oneof![
        2 => ((0u32..12).prop_map(WorkspaceId), "[xyz]").prop_map(|(workspace, name)| {
            Request::AdoptWorkspace { workspace, name: WorkspaceName::new(&name).unwrap() }
        }),
        1 => (0u64..3).prop_map(|epoch| Request::SetEpoch { epoch }),
        8 => (workspace(), 0u64..3, operations())
            .prop_map(|(workspace, epoch, operations)| Request::ShardBatch { workspace, epoch, operations }),
        1 => (0u32..12).prop_map(|id| Request::RemoveWorkspace { workspace: WorkspaceId(id) }),
        2 => "[xy]".prop_map(|name| create_workspace(&name)),
        1 => workspace().prop_map(|workspace| Request::RemoveWorkspace { workspace }),
        30 => (workspace(), operations())
            .prop_map(|(workspace, operations)| Request::Batch { workspace, operations }),
    ]
}

/// Requests of which the first makes a workspace.
pub(crate) fn histories(n_max: usize) -> impl Strategy<Value = Vec<Request>> {
    prop::collection::vec(requests(), 1..n_max).prop_map(|mut requests| {
        requests.insert(0, create_workspace("x"));
        requests
    })
}
