//! What a change makes of a notebook: cells that come and go, texts that are edited.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tower_lsp_server::ls_types::{
    NotebookCell, NotebookCellKind, NotebookDocumentCellChange, NotebookDocumentCellChangeStructure,
    NotebookDocumentChangeTextContent, TextDocumentItem,
};
use tracing::{debug, warn};
use vraftls_text::{LineIndex, PositionEncoding};

use super::{Cell, CellText, Notebook, NotebookLimits};
use crate::session::document::edited_text;
use crate::session::sync::misfit;

/// Why the cells of a notebook are not known any more.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Misfit {
    /// Cells are taken away or put in where there are none.
    #[error("cells {start} to {end} of {n_cells} cannot be replaced")]
    Splice { start: usize, end: usize, n_cells: usize },
    /// Two cells have one name, so that nobody knows which is meant.
    #[error("the cell {0} is there twice")]
    Twice(String),
    /// There are more cells than a notebook may have.
    #[error("it has more than {0} cells")]
    TooManyCells(usize),
    /// Its cells have more text than a notebook may have.
    #[error("it has too much text")]
    TooLong,
}

/// What a change came to.
#[derive(Default, Debug)]
pub(crate) struct Changed {
    /// The cells whose text is not known any more from this change on, and why.
    pub(crate) poisoned: Vec<(String, Arc<str>)>,
}

impl Notebook {
    /// Takes a change on. If it does not fit, what is left is of no use.
    pub(crate) fn change(
        &mut self,
        change: NotebookDocumentCellChange,
        encoding: PositionEncoding,
        limits: NotebookLimits,
    ) -> Result<Changed, Misfit> {
        if let Some(structure) = change.structure {
            self.restructure(structure, limits)?;
        }
        // A change may speak of every cell, so each is found at once.
        let places: BTreeMap<String, usize> =
            self.cells.iter().enumerate().map(|(idx, cell)| (cell.uri.as_str().to_owned(), idx)).collect();
        for NotebookCell { kind, document, .. } in change.data.into_iter().flatten() {
            match places.get(document.as_str()) {
                Some(idx) => self.cells[*idx].is_code = kind == NotebookCellKind::CODE,
                None => debug!(cell = document.as_str(), "a cell that is not there was described"),
            }
        }
        let mut changed = Changed::default();
        let mut bytes = self.bytes();
        for content in change.text_content.into_iter().flatten() {
            let uri = content.document.uri.as_str().to_owned();
            let Some(cell) = places.get(&uri).map(|idx| &mut self.cells[*idx]).filter(|cell| cell.text.is_some())
            else {
                warn!(cell = uri, "an edit of a cell that is not open was ignored");
                continue;
            };
            let bytes_before = cell.bytes();
            let other_bytes = bytes - bytes_before;
            if let Some(reason) = cell.edit(content, encoding, limits.bytes_max.saturating_sub(other_bytes)) {
                changed.poisoned.push((uri, reason));
            }
            bytes = other_bytes + cell.bytes();
        }
        Ok(changed)
    }

    fn restructure(
        &mut self,
        structure: NotebookDocumentCellChangeStructure,
        limits: NotebookLimits,
    ) -> Result<(), Misfit> {
        let NotebookDocumentCellChangeStructure { array, did_open, did_close } = structure;
        let (start, n_cells) = (array.start as usize, self.cells.len());
        let end = start.saturating_add(array.delete_count as usize);
        if end > n_cells {
            return Err(Misfit::Splice { start, end, n_cells });
        }
        let added = array.cells.unwrap_or_default().into_iter().take(limits.n_cells_max + 1).map(Cell::new);
        let removed: Vec<Cell> = self.cells.splice(start..end, added).collect();
        self.check_cells(limits)?;
        // A cell that only moves is not opened again.
        let mut kept: BTreeMap<String, Arc<CellText>> =
            removed.into_iter().filter_map(|cell| Some((cell.uri.as_str().to_owned(), cell.text?))).collect();
        for cell in self.cells.iter_mut().filter(|cell| cell.text.is_none()) {
            cell.text = kept.remove(cell.uri.as_str());
        }
        let closed: BTreeSet<String> =
            did_close.into_iter().flatten().map(|closed| closed.uri.as_str().to_owned()).collect();
        for cell in self.cells.iter_mut().filter(|cell| closed.contains(cell.uri.as_str())) {
            warn!(cell = cell.uri.as_str(), "a cell was closed and stays");
            cell.text = None;
        }
        self.open_texts(did_open.unwrap_or_default(), limits)
    }

    /// Takes on what the texts of cells are.
    pub(super) fn open_texts(&mut self, texts: Vec<TextDocumentItem>, limits: NotebookLimits) -> Result<(), Misfit> {
        let mut by_uri: BTreeMap<String, TextDocumentItem> = BTreeMap::new();
        for item in texts {
            by_uri.insert(item.uri.as_str().to_owned(), item);
        }
        for cell in &mut self.cells {
            let Some(TextDocumentItem { language_id, version, text, .. }) = by_uri.remove(cell.uri.as_str()) else {
                continue;
            };
            if text.len() > limits.bytes_max {
                return Err(Misfit::TooLong);
            }
            let lines = Arc::new(LineIndex::new(&text));
            let text = CellText { language: language_id.into(), version, text, lines, poison: None };
            cell.text = Some(Arc::new(text));
        }
        for uri in by_uri.keys() {
            warn!(cell = uri, "the text of a cell that is not there was ignored");
        }
        if self.bytes() > limits.bytes_max { Err(Misfit::TooLong) } else { Ok(()) }
    }

    pub(super) fn check_cells(&self, limits: NotebookLimits) -> Result<(), Misfit> {
        if self.cells.len() > limits.n_cells_max {
            return Err(Misfit::TooManyCells(limits.n_cells_max));
        }
        let mut known = BTreeSet::new();
        match self.cells.iter().find(|cell| !known.insert(cell.uri.as_str())) {
            Some(twice) => Err(Misfit::Twice(twice.uri.as_str().to_owned())),
            None => Ok(()),
        }
    }
}

impl Cell {
    fn bytes(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.text.len())
    }

    /// Edits the text, by the rules of other documents. If it is not known any more from now on, says why.
    fn edit(
        &mut self,
        content: NotebookDocumentChangeTextContent,
        encoding: PositionEncoding,
        bytes_max: usize,
    ) -> Option<Arc<str>> {
        let NotebookDocumentChangeTextContent { document, changes } = content;
        let text = self.text.clone()?;
        let cell = document.uri.as_str();
        if document.version <= text.version {
            warn!(cell, document.version, current = text.version, "an old or repeated edit was ignored");
            return None;
        }
        let is_whole = changes.first().is_some_and(|change| change.range.is_none());
        if text.poison.is_some() && !is_whole {
            debug!(cell, "an edit of an unknown cell was ignored");
            return None;
        }
        match edited_text(&text.text, &text.lines, &changes, encoding, bytes_max) {
            Ok((edited, lines)) => {
                let (language, lines) = (text.language.clone(), Arc::new(lines));
                let edited = CellText { version: document.version, text: edited, lines, poison: None, language };
                self.text = Some(Arc::new(edited));
                None
            }
            Err(error) => {
                let reason: Arc<str> = misfit(&error).into();
                // The last text that was known stays, so that the other cells are seen as they were.
                let poisoned = CellText { poison: Some(reason.clone()), ..(*text).clone() };
                self.text = Some(Arc::new(poisoned));
                text.poison.is_none().then_some(reason)
            }
        }
    }
}
