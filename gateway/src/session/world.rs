//! What an editor has told up to one message: its folders and its open documents. A value; sharing it is cheap.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use vraftls_proto::{OverlayFile, OverlaySet};
use vraftls_vfs::{VfsPath, WorkspaceId};

use super::{Document, FolderSlot, Module, Notebook};
use crate::convert::FilePath;

/// What an editor has told up to one message.
#[derive(Clone, Default)]
pub(crate) struct World {
    mounts: Vec<Mount>,
    documents: BTreeMap<FilePath, Arc<Document>>,
    notebooks: BTreeMap<FilePath, Arc<Notebook>>,
    /// Which notebook a cell is in, by the cell's URI: the only truth about that.
    cells: BTreeMap<String, FilePath>,
    /// Whether every folder was open, or had failed to, when the documents were placed.
    settled: bool,
    n_stamps: u64,
    documents_bytes: usize,
}

/// A folder with the buffers that lie in its view.
#[derive(Clone)]
pub(crate) struct Mount {
    /// The folder.
    pub(crate) slot: Arc<FolderSlot>,
    /// The buffers, its libraries' included.
    pub(crate) overlays: Arc<OverlaySet>,
}

/// Where a file is: in the view of a folder.
#[derive(Clone)]
pub(crate) struct Place {
    /// The folder.
    pub(crate) slot: Arc<FolderSlot>,
    /// The path in its view.
    pub(crate) path: VfsPath,
}

/// Finds a file in the libraries of a workspace.
pub(crate) type InsidePath<'a> = &'a dyn Fn(WorkspaceId, &Path) -> Option<VfsPath>;

impl World {
    /// Whether every document's place is final.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled || self.mounts.is_empty()
    }

    pub(crate) fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// The folder of a place.
    pub(crate) fn mount(&self, slot: &Arc<FolderSlot>) -> Option<&Mount> {
        self.mounts.iter().find(|mount| Arc::ptr_eq(&mount.slot, slot))
    }

    pub(crate) fn document(&self, file: &FilePath) -> Option<&Arc<Document>> {
        self.documents.get(file)
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = (&FilePath, &Arc<Document>)> {
        self.documents.iter()
    }

    /// The open document at a place.
    pub(crate) fn document_at(&self, slot: &Arc<FolderSlot>, path: &VfsPath) -> Option<(&FilePath, &Arc<Document>)> {
        self.documents.iter().find(|(_, document)| {
            document.place.as_ref().is_some_and(|place| Arc::ptr_eq(&place.slot, slot) && place.path == *path)
        })
    }

    /// The bytes of all open documents.
    pub(crate) fn documents_bytes(&self) -> usize {
        self.documents_bytes
    }

    /// A number for a new state of a document.
    pub(crate) fn next_stamp(&mut self) -> u64 {
        self.n_stamps += 1;
        self.n_stamps
    }

    /// Puts a state of a document in the place of the one before, in its folder's overlays too.
    pub(crate) fn put(&mut self, file: FilePath, mut document: Document, inside: InsidePath<'_>) {
        if document.place.is_none() {
            document.place = self.locate(&file, inside);
        }
        self.documents_bytes += document.text().len();
        if let Some(place) = &document.place {
            self.overlay(place, Some(&document));
        }
        if let Some(old) = self.documents.insert(file, Arc::new(document)) {
            self.documents_bytes -= old.text().len();
        }
    }

    /// Takes a document away.
    pub(crate) fn remove(&mut self, file: &FilePath) -> Option<Arc<Document>> {
        let document = self.documents.remove(file)?;
        self.documents_bytes -= document.text().len();
        if let Some(place) = &document.place {
            self.overlay(place, None);
        }
        Some(document)
    }

    fn overlay(&mut self, place: &Place, document: Option<&Document>) {
        self.overlay_file(&place.slot, place.path.clone(), document.map(|document| document.file.clone()));
    }

    fn overlay_file(&mut self, slot: &Arc<FolderSlot>, path: VfsPath, file: Option<OverlayFile>) {
        let mount = self.mounts.iter_mut().find(|mount| Arc::ptr_eq(&mount.slot, slot));
        if let Some(mount) = mount {
            mount.overlays = Arc::new(mount.overlays.with(path, file));
        }
    }

    pub(crate) fn notebook(&self, file: &FilePath) -> Option<&Arc<Notebook>> {
        self.notebooks.get(file)
    }

    /// The notebook that a cell is in.
    pub(crate) fn notebook_of(&self, cell: &str) -> Option<(&FilePath, &Arc<Notebook>)> {
        self.notebooks.get_key_value(self.cells.get(cell)?)
    }

    pub(crate) fn notebooks(&self) -> impl Iterator<Item = (&FilePath, &Arc<Notebook>)> {
        self.notebooks.iter()
    }

    /// The cells that make up the file at a place.
    pub(crate) fn module_at(&self, slot: &Arc<FolderSlot>, path: &VfsPath) -> Option<(&FilePath, &Notebook, &Module)> {
        let notebooks = self.notebooks.iter().filter(|(_, notebook)| {
            notebook
                .place
                .as_ref()
                .is_some_and(|place| Arc::ptr_eq(&place.slot, slot) && path.as_str().starts_with(place.path.as_str()))
        });
        notebooks.into_iter().find_map(|(file, notebook)| {
            let (_, module) = notebook.files().find(|(known, _)| known == path)?;
            Some((file, &**notebook, module))
        })
    }

    /// Puts a state of a notebook in the place of the one before, in its folder's overlays too.
    pub(crate) fn put_notebook(&mut self, file: FilePath, mut notebook: Notebook, inside: InsidePath<'_>) {
        self.remove_notebook(&file);
        if notebook.place.is_none() {
            notebook.place = self.locate_notebook(&file, &notebook, inside);
        }
        self.documents_bytes += notebook.bytes();
        self.overlay_modules(&notebook, true);
        self.cells.extend(notebook.cell_uris().map(|uri| (uri.as_str().to_owned(), file.clone())));
        self.notebooks.insert(file, Arc::new(notebook));
    }

    /// Where a notebook is, or is as if it were.
    fn locate_notebook(&self, file: &FilePath, notebook: &Notebook, inside: InsidePath<'_>) -> Option<Place> {
        if !notebook.is_unsaved {
            return self.locate(file, inside);
        }
        let outermost = self.mounts.last()?;
        let path = VfsPath::new(file.as_str().trim_start_matches('/')).ok()?;
        Some(Place { slot: outermost.slot.clone(), path })
    }

    /// Takes a notebook away.
    pub(crate) fn remove_notebook(&mut self, file: &FilePath) -> Option<Arc<Notebook>> {
        let notebook = self.notebooks.remove(file)?;
        self.documents_bytes -= notebook.bytes();
        for uri in notebook.cell_uris() {
            self.cells.remove(uri.as_str());
        }
        self.overlay_modules(&notebook, false);
        Some(notebook)
    }

    fn overlay_modules(&mut self, notebook: &Notebook, is_there: bool) {
        let Some(slot) = notebook.place.as_ref().map(|place| place.slot.clone()) else { return };
        for (path, module) in notebook.files() {
            self.overlay_file(&slot, path, is_there.then(|| module.file.clone()));
        }
    }

    /// Adds folders and takes folders away, and places the documents anew.
    pub(crate) fn change_folders(
        &mut self,
        added: impl IntoIterator<Item = Arc<FolderSlot>>,
        removed: &[FilePath],
        inside: InsidePath<'_>,
    ) {
        self.mounts.retain(|mount| !removed.contains(&mount.slot.root));
        self.mounts.extend(added.into_iter().map(|slot| Mount { slot, overlays: Arc::default() }));
        // The innermost folder of a file is its folder.
        self.mounts.sort_by_key(|mount| std::cmp::Reverse(mount.slot.root.as_str().len()));
        self.settle(inside);
    }

    /// Places every document anew, by what is known of the folders now.
    pub(crate) fn settle(&mut self, inside: InsidePath<'_>) {
        self.settled = self.mounts.iter().all(|mount| mount.slot.is_settled());
        let mut overlays: Vec<OverlaySet> = vec![OverlaySet::default(); self.mounts.len()];
        let places: Vec<(FilePath, Option<Place>)> =
            self.documents.keys().map(|file| (file.clone(), self.locate(file, inside))).collect();
        for (file, place) in places {
            let Some(document) = self.documents.get_mut(&file) else { continue };
            if let Some(place) = &place
                && let Some(idx) = self.mounts.iter().position(|mount| Arc::ptr_eq(&mount.slot, &place.slot))
            {
                overlays[idx] = overlays[idx].with(place.path.clone(), Some(document.file.clone()));
            }
            Arc::make_mut(document).place = place;
        }
        let places: Vec<(FilePath, Option<Place>)> =
            self.notebooks.iter().map(|(file, it)| (file.clone(), self.locate_notebook(file, it, inside))).collect();
        for (file, place) in places {
            let Some(notebook) = self.notebooks.get_mut(&file) else { continue };
            let slot = place.as_ref().map(|place| place.slot.clone());
            Arc::make_mut(notebook).place = place;
            if let Some(idx) =
                slot.and_then(|slot| self.mounts.iter().position(|mount| Arc::ptr_eq(&mount.slot, &slot)))
            {
                for (path, module) in notebook.files() {
                    overlays[idx] = overlays[idx].with(path, Some(module.file.clone()));
                }
            }
        }
        for (mount, overlays) in self.mounts.iter_mut().zip(overlays) {
            mount.overlays = Arc::new(overlays);
        }
    }

    /// Where a file is. Libraries come first: a virtual environment lies inside the folder that uses it.
    pub(crate) fn locate(&self, file: &FilePath, inside: InsidePath<'_>) -> Option<Place> {
        let in_folder = self.mounts.iter().find_map(|mount| {
            let path = VfsPath::new(file.strip_prefix(&mount.slot.root)?).ok()?;
            Some(Place { slot: mount.slot.clone(), path })
        });
        let path = file.to_path();
        let in_library = |slot: &Arc<FolderSlot>| {
            let path = inside(slot.now()?.workspace, &path)?;
            Some(Place { slot: slot.clone(), path })
        };
        match in_folder {
            Some(place) => Some(in_library(&place.slot).unwrap_or(place)),
            None => self.mounts.iter().find_map(|mount| in_library(&mount.slot)),
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("root", &self.slot.root).field("path", &self.path).finish()
    }
}
