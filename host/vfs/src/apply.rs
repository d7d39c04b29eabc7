//! The transition: what a command does to the state.
//!
//! On paper, with `s` a state, `i` a log index above that of `s`:
//!
//! ```text
//! apply(s, i, OpenSession)            = session i exists; the least recently used one goes if there are too many
//! apply(s, i, Once{c, n, request})    = the remembered answer                     if c has one for n
//!                                       refused                                   if c is unknown, or n given up
//!                                       execute(s, i, request), answer remembered otherwise
//! execute(s, i, CreateWorkspace name) = refused if the name is taken, else a new id
//! execute(s, i, RemoveWorkspace w)    = its files are released
//! execute(s, i, Batch{w, ops})        = draft of w, each of ops in order; the first that fails discards the draft
//! execute(s, i, AdoptWorkspace{w, n}) = refused if w was here and is not, or n differs or is taken, else w exists
//! execute(s, i, SetEpoch e)           = the epoch is at least e
//! execute(s, i, ShardBatch{w, e, ..}) = refused if the epoch is not e, else as Batch
//! ```

use crate::draft::Draft;
use crate::session::Recall;
use crate::state::{N_WORKSPACES_MAX, Workspace};
use crate::{
    Applied, Command, Effect, FileOperation, FileVersion, Refusal, Request, Response, Revision, State, WorkspaceId,
    WorkspaceName,
};

impl State {
    /// Applies the command of the log entry at `index`.
    ///
    /// Total: every command at every state has an answer. Callers must apply entries in the order of their indexes, each once,
    /// and must do the effects before they record durably that `index` is applied.
    pub fn apply(&mut self, index: Revision, command: Command) -> (Response, Vec<Effect>) {
        self.advance(index);
        match command {
            Command::OpenSession => (Ok(Applied::SessionOpened { client: self.sessions.open(index) }), Vec::new()),
            Command::Once { client, sequence, request } => match self.sessions.recall(client, sequence, index) {
                Recall::Known(response) => (response, Vec::new()),
                Recall::NoSuchSession => (Err(Refusal::NoSuchSession { client }), Vec::new()),
                Recall::Forgotten { forgotten } => {
                    (Err(Refusal::AnswerForgotten { forgotten: forgotten.0 }), Vec::new())
                }
                Recall::New => {
                    let (response, effects) = match self.execute(request) {
                        Ok((applied, effects)) => (Ok(applied), effects),
                        Err(refusal) => (Err(refusal), Vec::new()),
                    };
                    self.sessions.remember(client, sequence, response.clone());
                    (response, effects)
                }
            },
        }
    }

    /// Notes a log entry that says nothing to this state machine, as a leader's first one or a change of membership.
    pub fn advance(&mut self, index: Revision) {
        debug_assert!(index > self.revision, "log entries are applied in order, each once");
        self.revision = index;
    }

    fn execute(&mut self, request: Request) -> Result<(Applied, Vec<Effect>), Refusal> {
        match request {
            Request::CreateWorkspace { name } => self.create_workspace(name),
            Request::RemoveWorkspace { workspace } => self.remove_workspace(workspace),
            Request::Batch { workspace, operations } => self.change_files(workspace, operations),
            Request::AdoptWorkspace { workspace, name } => self.adopt_workspace(workspace, name),
            Request::SetEpoch { epoch } => {
                self.epoch = self.epoch.max(epoch);
                Ok((Applied::Epoch { epoch: self.epoch }, Vec::new()))
            }
            Request::ShardBatch { epoch, .. } if epoch != self.epoch => {
                Err(Refusal::WrongEpoch { current: self.epoch })
            }
            Request::ShardBatch { workspace, operations, .. } => self.change_files(workspace, operations),
        }
    }

    fn create_workspace(&mut self, name: WorkspaceName) -> Result<(Applied, Vec<Effect>), Refusal> {
        if let Some(workspace) = self.workspace(name.as_str()) {
            return Err(Refusal::WorkspaceExists { workspace });
        }
        if self.workspaces.len() >= N_WORKSPACES_MAX {
            return Err(Refusal::TooManyWorkspaces);
        }
        // Ids are never reused: a reader may still hold answers about the workspace that had it.
        let id = WorkspaceId(self.last_workspace.0.checked_add(1).ok_or(Refusal::TooManyWorkspaces)?);
        self.last_workspace = id;
        Ok((self.insert_workspace(id, name), Vec::new()))
    }

    fn adopt_workspace(&mut self, id: WorkspaceId, name: WorkspaceName) -> Result<(Applied, Vec<Effect>), Refusal> {
        if let Some(known) = self.workspaces.get(&id) {
            let again = (Applied::WorkspaceCreated { workspace: id }, Vec::new());
            return if known.name == name { Ok(again) } else { Err(Refusal::OtherName { workspace: id }) };
        }
        if id.0 == 0 || (id <= self.last_workspace && !self.is_passed_over(id)) {
            return Err(Refusal::WorkspaceIdUsed { workspace: id });
        }
        if let Some(workspace) = self.workspace(name.as_str()) {
            return Err(Refusal::WorkspaceExists { workspace });
        }
        if self.workspaces.len() >= N_WORKSPACES_MAX {
            return Err(Refusal::TooManyWorkspaces);
        }
        self.use_up(id);
        Ok((self.insert_workspace(id, name), Vec::new()))
    }

    fn insert_workspace(&mut self, id: WorkspaceId, name: WorkspaceName) -> Applied {
        let files = imbl::OrdMap::new();
        let workspace = Workspace { name, changed: self.revision, last_version: FileVersion(0), files };
        self.workspaces.insert(id, workspace);
        Applied::WorkspaceCreated { workspace: id }
    }

    fn remove_workspace(&mut self, workspace: WorkspaceId) -> Result<(Applied, Vec<Effect>), Refusal> {
        let Some(removed) = self.workspaces.remove(&workspace) else {
            // It may be removed everywhere before it was adopted here; who wants to adopt it is late.
            if self.is_passed_over(workspace) {
                self.use_up(workspace);
            }
            return Err(Refusal::NoSuchWorkspace { workspace });
        };
        let files = removed.files.clone();
        let mut draft = Draft::new(removed, self.references.clone(), self.revision);
        for (path, _) in &files {
            draft.remove(path);
        }
        let changes = draft.finish();
        self.references = changes.references;
        Ok((Applied::WorkspaceRemoved, changes.effects))
    }

    fn change_files(
        &mut self,
        workspace: WorkspaceId,
        operations: Vec<FileOperation>,
    ) -> Result<(Applied, Vec<Effect>), Refusal> {
        let Some(current) = self.workspaces.get(&workspace) else {
            return Err(Refusal::NoSuchWorkspace { workspace });
        };
        // The draft shares everything with the state until it differs; dropping it is how a batch is undone.
        let mut draft = Draft::new(current.clone(), self.references.clone(), self.revision);
        for (operation_idx, operation) in (0..).zip(operations) {
            draft.operate(operation).map_err(|(path, conflict)| Refusal::Conflict { operation_idx, path, conflict })?;
        }
        let changes = draft.finish();
        self.workspaces.insert(workspace, changes.workspace);
        self.references = changes.references;
        Ok((Applied::Batch { revision: self.revision, n_changed: changes.n_changed }, changes.effects))
    }
}
