//! The transition: what a command does to the metadata.
//!
//! ```text
//! apply(s, i, OpenSession)            = session i exists; the least recently used one goes if there are too many
//! apply(s, i, Once{c, n, request})    = the remembered answer                     if c has one for n
//!                                       refused                                   if c is unknown, or n given up
//!                                       execute(s, i, request), answer remembered otherwise
//! execute(s, i, request)              = refused, and s as it was                  if its conditions do not hold
//!                                       the new s, and what was given out         otherwise
//! ```
//!
//! Every request looks before it changes anything, so a refusal changes nothing.

use vraftls_vfs::{Recall, Revision, WorkspaceId, WorkspaceName};

use crate::state::{Cluster, N_SETTINGS_MAX, N_TOKENS_MAX, N_WORKSPACES_MAX, SETTING_BYTES_MAX, Tables};
use crate::{Applied, Bounded, Command, Counted, Refusal, Request, Response, State, TokenHash, Word};

/// What a request comes to.
pub(crate) type Executed = Result<Applied, Refusal>;

impl State {
    /// Applies the command of the log entry at `index`.
    ///
    /// Total: every command at every state has an answer. Callers must apply entries in the order of their indexes, each once.
    pub fn apply(&mut self, index: Revision, command: Command) -> Response {
        debug_assert!(index > self.revision, "log entries are applied in order, each once");
        self.revision = index;
        match command {
            Command::OpenSession => Ok(Applied::SessionOpened { client: self.sessions.open(index) }),
            Command::Once { client, sequence, request } => match self.sessions.recall(client, sequence, index) {
                Recall::Known(response) => response,
                Recall::NoSuchSession => Err(Refusal::NoSuchSession { client }),
                Recall::Forgotten { forgotten } => Err(Refusal::AnswerForgotten { forgotten: forgotten.0 }),
                Recall::New => {
                    let response = self.tables.execute(index, request);
                    self.sessions.remember(client, sequence, response.clone());
                    response
                }
            },
        }
    }
}

impl Tables {
    fn execute(&mut self, index: Revision, request: Request) -> Executed {
        match request {
            Request::Bootstrap { cluster, replication, n_data_groups, node, registration, token } => {
                self.bootstrap(Cluster { id: cluster, replication }, n_data_groups, node, registration, token)
            }
            _ if self.cluster.is_none() => Err(Refusal::NoCluster),
            Request::RegisterNode { node, registration } => self.register(node, registration),
            Request::SetDraining { node, draining } => self.set_draining(node, draining),
            Request::RemoveNode { node } => self.remove_node(node),
            Request::BeginMove { group, epoch, add, remove } => self.begin_move(index, group, epoch, add, remove),
            Request::AdvanceMove { group, id, step } => self.advance_move(group, id, step),
            Request::AbandonMove { group, id } => self.abandon_move(group, id),
            Request::CreateWorkspace { name } => self.create_workspace(name),
            Request::RemoveWorkspace { workspace } => self.remove_workspace(workspace),
            Request::PushPlugin { plugin, component } => self.push_plugin(plugin, component),
            Request::ActivatePlugin { plugin, digest } => self.activate_plugin(index, plugin, digest),
            Request::RollBackPlugin { plugin, active } => self.roll_back_plugin(index, plugin, active),
            Request::RemovePlugin { plugin } => self.remove_plugin(plugin),
            Request::SetSetting { key, value } => self.set_setting(key, value),
            Request::AddToken { name, hash } => self.add_token(name, hash),
            Request::RevokeToken { name } => self.revoke_token(name),
            Request::Relieve { node } => self.relieve(node),
        }
    }

    fn create_workspace(&mut self, name: WorkspaceName) -> Executed {
        if let Some(workspace) = self.named.get(&name) {
            return Err(Refusal::WorkspaceExists { workspace: *workspace });
        }
        let too_many = Refusal::TooMany { what: Counted::Workspaces };
        if self.workspaces.len() >= N_WORKSPACES_MAX {
            return Err(too_many);
        }
        // Ids are never reused: a reader may still hold answers about the workspace that had it.
        let workspace = WorkspaceId(self.last_workspace.0.checked_add(1).ok_or(too_many)?);
        self.last_workspace = workspace;
        self.workspaces.insert(workspace, name.clone());
        self.named.insert(name, workspace);
        Ok(Applied::WorkspaceCreated { workspace })
    }

    fn remove_workspace(&mut self, workspace: WorkspaceId) -> Executed {
        match self.workspaces.remove(&workspace) {
            Some(name) => {
                self.named.remove(&name);
                Ok(Applied::Done)
            }
            None => Err(Refusal::NoSuchWorkspace { workspace }),
        }
    }

    fn set_setting(&mut self, key: Word, value: Option<String>) -> Executed {
        match value {
            None => drop(self.settings.remove(&key)),
            Some(value) if value.len() > SETTING_BYTES_MAX => {
                let max = u32::try_from(SETTING_BYTES_MAX).unwrap_or(u32::MAX);
                return Err(Refusal::OutOfBounds { what: Bounded::SettingBytes, min: 0, max });
            }
            Some(_) if self.settings.len() >= N_SETTINGS_MAX && !self.settings.contains_key(&key) => {
                return Err(Refusal::TooMany { what: Counted::Settings });
            }
            Some(value) => drop(self.settings.insert(key, value)),
        }
        Ok(Applied::Done)
    }

    fn add_token(&mut self, name: Word, hash: TokenHash) -> Executed {
        match self.tokens.get(&name) {
            Some(known) if *known == hash => return Ok(Applied::Done),
            Some(_) => return Err(Refusal::TokenExists { name }),
            None if self.tokens.len() >= N_TOKENS_MAX => return Err(Refusal::TooMany { what: Counted::Tokens }),
            None => {}
        }
        self.tokens.insert(name, hash);
        Ok(Applied::Done)
    }

    fn revoke_token(&mut self, name: Word) -> Executed {
        match self.tokens.contains_key(&name) {
            false => Err(Refusal::NoSuchToken { name }),
            true if self.tokens.len() == 1 => Err(Refusal::LastToken),
            true => {
                self.tokens.remove(&name);
                Ok(Applied::Done)
            }
        }
    }
}
