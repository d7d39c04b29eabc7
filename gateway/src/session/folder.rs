//! A folder of the editor, and the workspace it is opened as.

use tokio::sync::watch;
use vraftls_proto::QueryError;

use crate::Folder;
use crate::convert::FilePath;

/// A folder, from when the editor names it; opening it takes a while.
pub(crate) struct FolderSlot {
    /// As the editor names it.
    pub(crate) root: FilePath,
    opened: watch::Sender<Option<Result<Folder, QueryError>>>,
}

impl FolderSlot {
    pub(crate) fn new(root: FilePath) -> Self {
        Self { root, opened: watch::Sender::new(None) }
    }

    /// Says what became of opening it.
    pub(crate) fn set(&self, opened: Result<Folder, QueryError>) {
        self.opened.send_replace(Some(opened));
    }

    /// The workspace, if it is open now.
    pub(crate) fn now(&self) -> Option<Folder> {
        self.opened.borrow().as_ref().and_then(|opened| opened.as_ref().ok().cloned())
    }

    /// Whether opening it is done, well or not.
    pub(crate) fn is_settled(&self) -> bool {
        self.opened.borrow().is_some()
    }

    /// Waits until opening it is done.
    pub(crate) async fn ready(&self) -> Result<Folder, QueryError> {
        let mut opened = self.opened.subscribe();
        match opened.wait_for(Option::is_some).await {
            Ok(opened) => opened.clone().unwrap_or_else(|| Err(gone())),
            Err(_) => Err(gone()),
        }
    }
}

fn gone() -> QueryError {
    QueryError::Unavailable("the folder is not open any more".to_owned())
}
