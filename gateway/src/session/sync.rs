//! Document synchronization: the only way in which buffers change. None of it awaits.
//!
//! What does not fit is never guessed at:
//! - An edit whose range is not in the buffer, or that cannot be understood at all, poisons the buffer. Requests that touch it fail
//!   with `ContentModified` until the editor opens it again or sends its whole text, and the person is told once.
//! - A version that does not grow is an old or repeated message, and is ignored.
//! - A version that grows by more than one is fine: the protocol says that numbers need not be consecutive, and Neovim counts changes
//!   that it sends together. Since the wire keeps order and loses nothing, a lost edit is one that this side refused, and then it is
//!   known.
//! - Opening what is open replaces it; closing or editing what is not open is ignored.

use std::path::Path;
use std::sync::Arc;

use tower_lsp_server::ls_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, MessageType,
    PublishDiagnosticsParams, TextDocumentItem, Uri,
};
use tracing::{debug, warn};
use vraftls_text::{ChangeError, LineIndex};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

use super::{Document, FolderSlot, Session, World};
use crate::convert::FilePath;

/// What an edit came to.
enum Edited {
    Done(ContentDigest),
    NotOpen,
    OldVersion(i32),
    StillPoisoned,
    Misfit(ChangeError),
}

/// Why an edit does not fit, for a person.
pub(super) fn misfit(error: &ChangeError) -> String {
    use std::error::Error;

    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("an edit did not fit: {error}{cause}")
}

impl Session {
    /// `textDocument/didOpen`
    pub(crate) fn open_document(self: &Arc<Self>, params: DidOpenTextDocumentParams) {
        self.count_sync_call();
        let TextDocumentItem { uri, language_id, version, text } = params.text_document;
        let file = match FilePath::from_uri(&uri) {
            Ok(file) => file,
            // Requests on it will say why they fail.
            Err(error) => return debug!(%error, "an opened document is not served"),
        };
        self.open_parent_if_alone(&file);
        let limits = self.options().limits;
        let backend = self.backend().clone();
        let n_bytes = text.len();
        let too_long = n_bytes > limits.document_bytes_max;
        let text = if too_long { String::new() } else { text };
        let lines = Arc::new(LineIndex::new(&text));
        let overlay = Document::file_of(text, language_id.into());
        let digest = overlay.digest;
        let poison = self.update(|world| {
            let replaced = world.remove(&file);
            if replaced.is_some() {
                warn!(%file, "a document was opened twice; the second text holds");
            }
            let too_much = world.documents_bytes() + n_bytes > limits.documents_bytes_max;
            let poison: Option<Arc<str>> = (too_long || too_much).then(|| "it was opened with too much text".into());
            let stamp = world.next_stamp();
            let poisoned = poison.clone();
            let document = Document { uri, version, stamp, file: overlay, lines, place: None, poison };
            world.put(file.clone(), document, &|workspace, path| backend.inside_path(workspace, path));
            poisoned
        });
        self.saves().opened(&file, digest);
        match poison {
            Some(reason) => self.tell_poisoned(file.as_str(), &reason),
            None => self.checks().opened(&file),
        }
    }

    /// `textDocument/didChange`
    pub(crate) fn change_document(&self, params: DidChangeTextDocumentParams) {
        self.count_sync_call();
        let version = params.text_document.version;
        let file = match FilePath::from_uri(&params.text_document.uri) {
            Ok(file) => file,
            Err(error) => return debug!(%error, "an edited document is not served"),
        };
        let backend = self.backend().clone();
        let limits = self.options().limits;
        let encoding = self.profile().encoding;
        let edited = self.update(|world| {
            let Some(document) = world.document(&file).cloned() else { return Edited::NotOpen };
            if version <= document.version {
                return Edited::OldVersion(document.version);
            }
            let whole = params.content_changes.first().is_some_and(|change| change.range.is_none());
            if document.poison.is_some() && !whole {
                return Edited::StillPoisoned;
            }
            let room_bytes = limits.documents_bytes_max.saturating_sub(world.documents_bytes() - document.text().len());
            let bytes_max = limits.document_bytes_max.min(room_bytes);
            match document.edited(&params.content_changes, encoding, bytes_max) {
                Ok((overlay, lines)) => {
                    let (stamp, digest) = (world.next_stamp(), overlay.digest);
                    let edited = Document { version, stamp, file: overlay, lines, poison: None, ..(*document).clone() };
                    world.put(file.clone(), edited, &|workspace, path| backend.inside_path(workspace, path));
                    Edited::Done(digest)
                }
                Err(error) => Edited::Misfit(error),
            }
        });
        match edited {
            Edited::Done(digest) => {
                self.checks().edited(&file);
                self.saves().edited(&file, digest);
            }
            Edited::NotOpen => warn!(%file, "an edit of a document that is not open was ignored"),
            Edited::OldVersion(current) => warn!(%file, version, current, "an old or repeated edit was ignored"),
            Edited::StillPoisoned => debug!(%file, "an edit of an unknown buffer was ignored"),
            Edited::Misfit(error) => self.poison(&file, &misfit(&error)),
        }
    }

    /// `textDocument/didClose`
    pub(crate) fn close_document(&self, params: &DidCloseTextDocumentParams) {
        self.count_sync_call();
        let Ok(file) = FilePath::from_uri(&params.text_document.uri) else { return };
        let closed = self.update(|world| {
            let closed = world.remove(&file);
            // Said while no check can publish in between: nothing may come after it.
            if let Some(document) = &closed {
                self.forget_published(&document.uri);
            }
            closed
        });
        self.saves().closed(&file);
        match closed {
            Some(_) => self.checks().closed(&file),
            None => warn!(%file, "a document that is not open was closed"),
        }
    }

    /// Declares a buffer unknown until it is opened again or its whole text comes, and says so to the person.
    pub(crate) fn poison(&self, file: &FilePath, reason: &str) {
        let newly = self.update(|world| {
            let Some(document) = world.document(file).cloned() else { return false };
            let newly = document.poison.is_none();
            let stamp = world.next_stamp();
            // The last text that was known stays: the rest of the workspace is seen as it was, and no place in this file is told.
            let poisoned = Document { poison: Some(reason.into()), stamp, ..(*document).clone() };
            world.put(file.clone(), poisoned, &|_, _| None);
            newly
        });
        if newly {
            self.tell_poisoned(file.as_str(), reason);
        }
    }

    /// Takes back what was published of a document.
    pub(super) fn forget_published(&self, uri: &Uri) {
        if self.profile().pushes_diagnostics() {
            self.client().publish(PublishDiagnosticsParams::new(uri.clone(), Vec::new(), None));
            self.checks().taken_back(uri.as_str());
        }
    }

    pub(super) fn tell_poisoned(&self, file: &str, reason: &str) {
        warn!(file, reason, "a buffer is not known any more");
        let message = format!("{file}: {reason}. Close and open it again to have answers in it.");
        self.client().show(MessageType::WARNING, message);
    }

    /// Opens the directory of a file as a folder, if the editor gave no folder at all and the file is in none yet.
    pub(super) fn open_parent_if_alone(self: &Arc<Self>, file: &FilePath) {
        if !self.profile().is_folderless {
            return;
        }
        let world = self.world();
        let known = world.mounts().iter().any(|mount| file.strip_prefix(&mount.slot.root).is_some());
        if !known && world.locate(file, &self.inside()).is_none() {
            self.change_folders(vec![file.parent()], &[]);
        }
    }

    /// Adds folders and takes folders away. Opening runs beside.
    pub(crate) fn change_folders(self: &Arc<Self>, added: Vec<FilePath>, removed: &[FilePath]) {
        let n_folders_max = self.options().limits.n_folders_max;
        let new_slots = self.update(|world| {
            let mut slots: Vec<Arc<FolderSlot>> = Vec::new();
            for root in added {
                let known = world.mounts().iter().map(|mount| &mount.slot).chain(&slots).any(|slot| slot.root == root);
                let n_open = world.mounts().len() + slots.len();
                if known && !removed.contains(&root) {
                    debug!(%root, "a folder was added twice");
                } else if n_open >= n_folders_max {
                    warn!(%root, n_folders_max, "a folder was not opened: too many are");
                } else {
                    slots.push(Arc::new(FolderSlot::new(root)));
                }
            }
            world.change_folders(slots.iter().cloned(), removed, &self.inside());
            slots
        });
        if !new_slots.is_empty() {
            self.configuration().folder_added();
        }
        for slot in new_slots {
            let session = self.clone();
            self.spawn(async move { session.open_folder(slot).await });
        }
    }

    async fn open_folder(self: Arc<Self>, slot: Arc<FolderSlot>) {
        let opened = self.backend().open_folder(slot.root.to_path()).await;
        slot.set_opened(opened.clone());
        if let Err(error) = &opened {
            warn!(root = %slot.root, %error, "a folder could not be opened");
            self.client().show(MessageType::ERROR, format!("{} could not be opened: {error}", slot.root));
        }
        // The first answer is given by the folder's settings already.
        slot.configured().await;
        // First what the world knows, then who waits: whoever wakes must find the documents in their places.
        let folder = self.update(|world: &mut World| {
            let folder = opened.as_ref().ok().cloned();
            slot.set(opened);
            world.settle(&self.inside());
            folder
        });
        if let Some(folder) = folder {
            self.checks().folder_moved();
            self.saves().unknown.notify_one();
            crate::progress::follow(&self, &slot, folder).await;
        }
    }

    /// Finds files in libraries.
    pub(crate) fn inside(&self) -> impl Fn(WorkspaceId, &Path) -> Option<VfsPath> + use<> {
        let backend = self.backend().clone();
        move |workspace, path| backend.inside_path(workspace, path)
    }
}
