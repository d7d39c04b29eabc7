//! A folder of the editor, the workspace it is opened as, and its settings.

use std::sync::Arc;

use tokio::sync::watch;
use vraftls_proto::QueryError;

use super::settings::FolderSettings;
use crate::Folder;
use crate::convert::FilePath;

/// A folder, from when the editor names it; opening it takes a while.
pub(crate) struct FolderSlot {
    /// As the editor names it.
    pub(crate) root: FilePath,
    /// What came of opening it.
    opened: watch::Sender<Option<Result<Folder, QueryError>>>,
    /// The same, once its settings are known too: from then on it is asked.
    ready: watch::Sender<Option<Result<Folder, QueryError>>>,
    /// None until they are known.
    settings: watch::Sender<Option<Arc<FolderSettings>>>,
}

impl FolderSlot {
    pub(crate) fn new(root: FilePath) -> Self {
        let (opened, ready, settings) = (watch::Sender::new(None), watch::Sender::new(None), watch::Sender::new(None));
        Self { root, opened, ready, settings }
    }

    /// Says what became of opening it.
    pub(crate) fn set_opened(&self, opened: Result<Folder, QueryError>) {
        self.opened.send_replace(Some(opened));
    }

    /// What became of opening it, settings or not.
    pub(crate) async fn opened(&self) -> Result<Folder, QueryError> {
        settled(&self.opened).await
    }

    /// Lets it be asked.
    pub(crate) fn set(&self, opened: Result<Folder, QueryError>) {
        self.ready.send_replace(Some(opened));
    }

    /// The workspace, if it can be asked now.
    pub(crate) fn now(&self) -> Option<Folder> {
        self.ready.borrow().as_ref().and_then(|opened| opened.as_ref().ok().cloned())
    }

    /// Whether opening it is done, well or not.
    pub(crate) fn is_settled(&self) -> bool {
        self.ready.borrow().is_some()
    }

    /// Waits until it can be asked.
    pub(crate) async fn ready(&self) -> Result<Folder, QueryError> {
        settled(&self.ready).await
    }

    /// Its settings; the defaults while none are known.
    pub(crate) fn settings(&self) -> Arc<FolderSettings> {
        self.settings.borrow().clone().unwrap_or_default()
    }

    /// Whether its settings are known.
    pub(crate) fn is_configured(&self) -> bool {
        self.settings.borrow().is_some()
    }

    /// Waits until its settings are known.
    pub(crate) async fn configured(&self) {
        // It cannot fail: the sender is here.
        drop(self.settings.subscribe().wait_for(Option::is_some).await);
    }

    /// Takes settings on; whether they differ from those before. The first differ from nothing that was asked.
    pub(crate) fn adopt(&self, settings: FolderSettings) -> bool {
        let before = self.settings.send_replace(Some(Arc::new(settings)));
        before.is_some_and(|before| *before != *self.settings())
    }
}

async fn settled(opened: &watch::Sender<Option<Result<Folder, QueryError>>>) -> Result<Folder, QueryError> {
    let mut opened = opened.subscribe();
    match opened.wait_for(Option::is_some).await {
        Ok(opened) => opened.clone().unwrap_or_else(|| Err(gone())),
        Err(_) => Err(gone()),
    }
}

fn gone() -> QueryError {
    QueryError::Unavailable("the folder is not open any more".to_owned())
}
