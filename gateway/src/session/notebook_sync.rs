//! Synchronization of notebooks: the only way in which cells change. None of it awaits.
//!
//! The rules are those of other documents (`sync`), for two kinds of things:
//! - The cells of a notebook. Cells put in or taken away where there are none, or two of one name, poison the notebook until it is opened
//!   again. A version that goes back is an old message; one that stays is not, because editors number edits of texts by themselves.
//! - The text of a cell. An edit that does not fit poisons the cell until its whole text comes or it is opened again; the others are
//!   answered as before, but for answers that lead into it.
//!
//! What editors tell of outputs, metadata and executions is ignored.

use std::collections::BTreeSet;
use std::sync::Arc;

use tower_lsp_server::ls_types::{
    DidChangeNotebookDocumentParams, DidCloseNotebookDocumentParams, DidOpenNotebookDocumentParams, Uri,
};
use tracing::{debug, warn};
use vraftls_index::Description;

use super::notebook::{Changed, Misfit, Notebook, NotebookLimits};
use super::{Session, World};
use crate::convert::FilePath;

/// What a change of a notebook came to.
enum Outcome {
    Done(Changed),
    NotOpen,
    OldVersion(i32),
    StillPoisoned,
    Misfit(Misfit),
}

impl Session {
    /// `notebookDocument/didOpen`
    pub(crate) fn open_notebook(self: &Arc<Self>, params: DidOpenNotebookDocumentParams) {
        self.count_sync_call();
        let file = match Notebook::key(&params.notebook_document.uri) {
            Ok(file) => file,
            // Requests on its cells will say why they fail.
            Err(error) => return debug!(%error, "an opened notebook is not served"),
        };
        if FilePath::from_uri(&params.notebook_document.uri).is_ok() {
            self.open_parent_if_alone(&file);
        }
        let analyzers = self.backend().analyzers();
        let inside = self.inside();
        let poison = self.update(|world| {
            let before = world.notebook(&file).cloned();
            if before.is_some() {
                warn!(%file, "a notebook was opened twice; the second holds");
                world.remove_notebook(&file);
            }
            let limits = self.notebook_limits(world, None);
            let mut notebook = Notebook::opened(params.notebook_document, params.cell_text_documents, limits);
            if let Err(misfit) = is_alone(world, &file, &notebook) {
                notebook = notebook.emptied(&misfit);
            }
            notebook.join(|language| serves(&analyzers, language));
            notebook.stamp = world.next_stamp();
            let poison = notebook.poison.clone();
            self.forget_findings(before.as_deref(), Some(&notebook));
            world.put_notebook(file.clone(), notebook, &inside);
            poison
        });
        match poison {
            Some(reason) => self.tell_poisoned(file.as_str(), &reason),
            None => self.checks().opened(&file),
        }
    }

    /// `notebookDocument/didChange`
    pub(crate) fn change_notebook(&self, params: DidChangeNotebookDocumentParams) {
        self.count_sync_call();
        let version = params.notebook_document.version;
        let file = match Notebook::key(&params.notebook_document.uri) {
            Ok(file) => file,
            Err(error) => return debug!(%error, "a changed notebook is not served"),
        };
        let analyzers = self.backend().analyzers();
        let inside = self.inside();
        let encoding = self.profile().encoding;
        let outcome = self.update(|world| {
            let Some(before) = world.notebook(&file).cloned() else { return Outcome::NotOpen };
            if version < before.version {
                return Outcome::OldVersion(before.version);
            }
            if before.poison.is_some() {
                return Outcome::StillPoisoned;
            }
            let mut notebook = (*before).clone();
            notebook.version = version;
            let limits = self.notebook_limits(world, Some(&before));
            let changed = match params.change.cells {
                Some(cells) => notebook.change(cells, encoding, limits),
                None => Ok(Changed::default()),
            };
            let changed = match changed.and_then(|changed| is_alone(world, &file, &notebook).map(|()| changed)) {
                Ok(changed) => changed,
                Err(misfit) => return Outcome::Misfit(misfit),
            };
            notebook.join(|language| serves(&analyzers, language));
            notebook.stamp = world.next_stamp();
            self.forget_findings(Some(&before), Some(&notebook));
            world.put_notebook(file.clone(), notebook, &inside);
            Outcome::Done(changed)
        });
        match outcome {
            Outcome::Done(changed) => {
                for (cell, reason) in changed.poisoned {
                    self.tell_poisoned(&cell, &reason);
                }
                self.checks().edited(&file);
            }
            Outcome::NotOpen => warn!(%file, "a change of a notebook that is not open was ignored"),
            Outcome::OldVersion(current) => warn!(%file, version, current, "an old change of a notebook was ignored"),
            Outcome::StillPoisoned => debug!(%file, "a change of an unknown notebook was ignored"),
            Outcome::Misfit(misfit) => self.poison_notebook(&file, &format!("a change did not fit: {misfit}")),
        }
    }

    /// `notebookDocument/didClose`
    pub(crate) fn close_notebook(&self, params: &DidCloseNotebookDocumentParams) {
        self.count_sync_call();
        let Ok(file) = Notebook::key(&params.notebook_document.uri) else { return };
        let closed = self.update(|world| {
            let closed = world.remove_notebook(&file);
            // Said while no check can publish in between: nothing may come after it.
            self.forget_findings(closed.as_deref(), None);
            closed
        });
        match closed {
            Some(_) => self.checks().closed(&file),
            None => warn!(%file, "a notebook that is not open was closed"),
        }
    }

    /// Declares a notebook unknown until it is opened again, and says so to the person.
    pub(crate) fn poison_notebook(&self, file: &FilePath, reason: &str) {
        let newly = self.update(|world| {
            let Some(before) = world.notebook(file).cloned() else { return false };
            let stamp = world.next_stamp();
            // What was known last stays: the rest of the workspace is seen as it was, and no place in a cell is told.
            let mut poisoned = (*before).clone();
            (poisoned.poison, poisoned.stamp) = (Some(reason.into()), stamp);
            world.put_notebook(file.clone(), poisoned, &|_, _| None);
            before.poison.is_none()
        });
        if newly {
            self.tell_poisoned(file.as_str(), reason);
        }
    }

    fn notebook_limits(&self, world: &World, notebook: Option<&Notebook>) -> NotebookLimits {
        let limits = self.options().limits;
        let other_bytes = world.documents_bytes() - notebook.map_or(0, Notebook::bytes);
        let room_bytes = limits.documents_bytes_max.saturating_sub(other_bytes);
        NotebookLimits {
            n_cells_max: limits.n_notebook_cells_max,
            bytes_max: limits.document_bytes_max.min(room_bytes),
        }
    }

    /// Takes back what was told of cells that are served no more: findings, and tokens.
    fn forget_findings(&self, before: Option<&Notebook>, now: Option<&Notebook>) {
        let kept: BTreeSet<&str> = now.into_iter().flat_map(Notebook::served_uris).map(|uri| uri.as_str()).collect();
        for uri in before.into_iter().flat_map(Notebook::served_uris).filter(|uri| !kept.contains(uri.as_str())) {
            self.tokens().forget(uri.as_str());
            self.forget_published(uri);
        }
    }
}

/// Whether no cell is another notebook's too.
fn is_alone(world: &World, file: &FilePath, notebook: &Notebook) -> Result<(), Misfit> {
    let is_elsewhere = |uri: &&Uri| world.notebook_of(uri.as_str()).is_some_and(|(other, _)| other != file);
    match notebook.cell_uris().find(is_elsewhere) {
        Some(cell) => Err(Misfit::Twice(cell.as_str().to_owned())),
        None => Ok(()),
    }
}

/// Whether some analyzer has a language.
fn serves(analyzers: &[Arc<Description>], language: &str) -> bool {
    analyzers.iter().flat_map(|analyzer| &analyzer.languages).any(|known| *known.id == *language)
}
