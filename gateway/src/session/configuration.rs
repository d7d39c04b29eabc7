//! How settings come to a session: one task asks the editor for them, or takes what it sent, and has each folder adopt them.
//!
//! One task, one pass at a time: the last word of the editor is the last that is adopted. A folder answers nothing before its settings
//! are known, so that its first answer is right; an editor that keeps the server waiting has those that it began with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;
use tower_lsp_server::ls_types::request::{RegisterCapability, WorkspaceConfiguration};
use tower_lsp_server::ls_types::{
    ConfigurationItem, ConfigurationParams, MessageType, Registration, RegistrationParams,
};
use tracing::debug;

use super::settings::{Refused, SECTION, Settings};
use super::{FolderSlot, Session};

/// What the editor said of settings, and whom it is news to.
#[derive(Default)]
pub(crate) struct Configuration {
    said: Mutex<Said>,
    /// Grows with each thing that the task has to look at.
    news: watch::Sender<u64>,
    initialized: watch::Sender<bool>,
}

#[derive(Default)]
struct Said {
    /// With `initialize`: below all others.
    initial: Value,
    /// With the last notification.
    pushed: Value,
    /// What was wrong the last time, by folder: it is told once.
    refused: BTreeMap<String, BTreeSet<Refused>>,
}

impl Configuration {
    /// The editor initializes with these options.
    pub(crate) fn begin(&self, options: Option<&Value>) {
        self.said().initial = options.map(ours).unwrap_or_default();
    }

    /// What the editor began with, as far as it makes sense.
    pub(crate) fn initial(&self) -> Settings {
        let defaults = Settings::default();
        Settings::merged(&defaults, &defaults, &self.said().initial).0
    }

    /// The editor can be asked from now on.
    pub(crate) fn initialized(&self) {
        self.initialized.send_replace(true);
        self.tell();
    }

    /// The editor says that settings changed.
    pub(crate) fn changed(&self, settings: &Value) {
        self.said().pushed = ours(settings);
        self.tell();
    }

    /// There is a folder without settings.
    pub(crate) fn folder_added(&self) {
        self.tell();
    }

    fn tell(&self) {
        self.news.send_modify(|n| *n += 1);
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was wrong, and gives what was not wrong the last time.
    fn note_refused(&self, root: &str, refused: Vec<Refused>) -> Vec<Refused> {
        let refused: BTreeSet<Refused> = refused.into_iter().collect();
        let mut said = self.said();
        // A folder that has the same values is told of together with the first.
        let is_new = |one: &&Refused| !said.refused.values().any(|known| known.contains(one));
        let new = refused.iter().filter(is_new).cloned().collect();
        said.refused.insert(root.to_owned(), refused);
        new
    }
}

/// Our part of what an editor sends: the object of the section, or all of it.
fn ours(settings: &Value) -> Value {
    settings.get(SECTION).unwrap_or(settings).clone()
}

/// Has every folder adopt what the editor says, until the session ends.
pub(crate) async fn run(session: Arc<Session>) {
    let deadline = session.options().timing.configuration_deadline;
    if session.profile().configuration.pulls {
        let mut initialized = session.configuration().initialized.subscribe();
        // An editor that never says so is served with what it began with.
        drop(tokio::time::timeout(deadline, initialized.wait_for(|initialized| *initialized)).await);
    }
    if session.profile().configuration.registers {
        let registering = session.clone();
        session.spawn(async move { register(&registering).await });
    }
    let mut news = session.configuration().news.subscribe();
    loop {
        news.mark_unchanged();
        adopt_all(&session).await;
        if news.changed().await.is_err() {
            return;
        }
    }
}

async fn register(session: &Session) {
    let mut initialized = session.configuration().initialized.subscribe();
    if initialized.wait_for(|initialized| *initialized).await.is_err() {
        return;
    }
    let registration = Registration {
        id: "configuration".to_owned(),
        method: "workspace/didChangeConfiguration".to_owned(),
        register_options: Some(json!({ "section": SECTION })),
    };
    let params = RegistrationParams { registrations: vec![registration] };
    if let Err(error) = session.client().request::<RegisterCapability>(params).await {
        debug!(%error, "the editor will not say when settings change");
    }
}

async fn adopt_all(session: &Arc<Session>) {
    let slots: Vec<Arc<FolderSlot>> = session.world().mounts().iter().map(|mount| mount.slot.clone()).collect();
    let pushed = session.configuration().said().pushed.clone();
    let given: Vec<Option<Value>> = match session.profile().configuration.pulls {
        true => pull(session, &slots).await,
        false => slots.iter().map(|_| Some(pushed.clone())).collect(),
    };
    for (slot, given) in slots.into_iter().zip(given) {
        // Whoever did not answer said nothing new.
        let given = given.or_else(|| (!slot.is_configured()).then_some(Value::Null));
        if let Some(given) = given {
            adopt(session, &slot, &given).await;
        }
    }
    let roots: BTreeSet<String> = session.world().mounts().iter().map(|mount| mount.slot.root.to_string()).collect();
    session.configuration().said().refused.retain(|root, _| roots.contains(root));
}

/// Asks the editor for the settings of each folder; nothing where it does not answer in time.
async fn pull(session: &Session, slots: &[Arc<FolderSlot>]) -> Vec<Option<Value>> {
    let nothing = || slots.iter().map(|_| None).collect();
    if slots.is_empty() || !*session.configuration().initialized.borrow() {
        return nothing();
    }
    let item = |slot: &Arc<FolderSlot>| ConfigurationItem {
        scope_uri: Some(slot.root.to_uri()),
        section: Some(SECTION.to_owned()),
    };
    let params = ConfigurationParams { items: slots.iter().map(item).collect() };
    let asked = session.client().request::<WorkspaceConfiguration>(params);
    match tokio::time::timeout(session.options().timing.configuration_deadline, asked).await {
        Ok(Ok(values)) if values.len() == slots.len() => values.into_iter().map(Some).collect(),
        Ok(Ok(values)) => {
            debug!(n_values = values.len(), n_folders = slots.len(), "the editor answered for other folders");
            nothing()
        }
        Ok(Err(error)) => {
            debug!(%error, "the editor does not tell settings");
            nothing()
        }
        Err(_) => {
            debug!("the editor takes too long to tell settings");
            nothing()
        }
    }
}

/// Has a folder adopt what the editor says of it, and says what is wrong with that.
async fn adopt(session: &Arc<Session>, slot: &Arc<FolderSlot>, given: &Value) {
    let now = slot.settings();
    let initial = session.configuration().said().initial.clone();
    let (below, mut refused) = Settings::merged(&Settings::default(), &Settings::default(), &initial);
    let (mut settings, more) = Settings::merged(&below, &now.settings, given);
    refused.extend(more);
    let for_analyzers = Arc::new(settings.for_analyzers());
    if !for_analyzers.is_empty()
        && let Ok(folder) = slot.opened().await
    {
        for (name, reason) in session.backend().prepare_settings(folder.workspace, for_analyzers).await {
            settings = settings.restored(&name, &now.settings);
            refused.push(Refused { key: format!("{SECTION}.{name}"), reason });
        }
    }
    let changed = slot.adopt(settings.into());
    for Refused { key, reason } in session.configuration().note_refused(&slot.root.to_string(), refused) {
        session.client().show(MessageType::WARNING, format!("The setting `{key}` does not count: {reason}."));
    }
    if changed {
        // Other library roots give open files of libraries another place, and every finding may differ.
        session.update(|world| world.settle(&session.inside()));
        session.checks().folder_moved();
    }
}
