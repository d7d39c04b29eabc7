//! An open notebook, and what changes make of it. A value: it knows no session, no folder and no analyzer.
//!
//! The code cells in one language are one module: their texts joined, so that what one defines is known in those behind it. The joined
//! text is what analyzers see (`wit/analyzer.wit`, at the top): a cell, the end of its last line, a line of two form feeds, the next.

mod change;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use tower_lsp_server::ls_types::{NotebookCell, NotebookCellKind, NotebookDocument, TextDocumentItem, Uri};
use vraftls_proto::OverlayFile;
use vraftls_text::LineIndex;
use vraftls_vfs::VfsPath;

use super::{Document, Place};
use crate::convert::{FilePath, Part, Parts, UriError};

pub(crate) use change::{Changed, Misfit};

/// Between two cells: white space in any language, and nothing that people write.
const SEPARATOR: &str = "\u{c}\u{c}\n";

/// An open notebook as of one change.
#[derive(Clone, Debug)]
pub(crate) struct Notebook {
    /// The editor's number of its state.
    pub(crate) version: i32,
    /// Unique among all states of all documents of the session, and growing.
    pub(crate) stamp: u64,
    /// Where its file is in a view; none while that is not known, or if it is in none.
    pub(crate) place: Option<Place>,
    /// Whether it has no file yet. Then it is as if it lay in the outermost folder.
    pub(crate) is_unsaved: bool,
    /// Why its cells are not what the editor has any more.
    pub(crate) poison: Option<Arc<str>>,
    cells: Vec<Cell>,
    /// By language.
    modules: Vec<Module>,
}

/// A cell of a notebook.
#[derive(Clone, Debug)]
struct Cell {
    uri: Uri,
    is_code: bool,
    /// None while the editor has not told it.
    text: Option<Arc<CellText>>,
}

/// The text of a cell.
#[derive(Clone, Debug)]
struct CellText {
    language: Arc<str>,
    version: i32,
    text: String,
    lines: Arc<LineIndex>,
    /// Why it is not what the editor has any more.
    poison: Option<Arc<str>>,
}

/// The code cells in one language.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// Their joined text.
    pub(crate) file: OverlayFile,
    /// The cells in it.
    pub(crate) parts: Parts,
}

/// Bounds of one notebook.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotebookLimits {
    pub(crate) n_cells_max: usize,
    /// Of all its cells.
    pub(crate) bytes_max: usize,
}

/// A cell as a part of its module.
pub(crate) struct CellPlace<'a> {
    pub(crate) module: &'a Module,
    /// Which part of the module it is.
    pub(crate) idx: usize,
}

impl Notebook {
    /// What a notebook is known by: its file, or what stands for it while it has none.
    pub(crate) fn key(uri: &Uri) -> Result<FilePath, UriError> {
        match FilePath::from_uri(uri) {
            Err(UriError::Scheme(_)) => Ok(FilePath::unsaved(uri)),
            file => file,
        }
    }

    /// A notebook that is opened. What does not fit is left out and is the reason of its poison.
    pub(crate) fn opened(document: NotebookDocument, texts: Vec<TextDocumentItem>, limits: NotebookLimits) -> Self {
        let NotebookDocument { uri, version, cells, .. } = document;
        let is_unsaved = matches!(FilePath::from_uri(&uri), Err(UriError::Scheme(_)));
        let cells = cells.into_iter().take(limits.n_cells_max + 1).map(Cell::new).collect();
        let (place, poison, modules) = (None, None, Vec::new());
        let mut notebook = Self { version, stamp: 0, place, is_unsaved, poison, cells, modules };
        let fitting = notebook.check_cells(limits).and_then(|()| notebook.open_texts(texts, limits));
        match fitting {
            Ok(()) => notebook,
            Err(misfit) => notebook.emptied(&misfit),
        }
    }

    /// Joins the cells anew.
    pub(crate) fn join(&mut self, is_served: impl Fn(&str) -> bool) {
        let mut languages: BTreeMap<Arc<str>, Joined> = BTreeMap::new();
        for cell in &self.cells {
            let Some(text) = cell.text.as_ref().filter(|text| cell.is_code && is_served(&text.language)) else {
                continue;
            };
            languages.entry(text.language.clone()).or_default().push(&cell.uri, text);
        }
        let modules = languages.into_iter().filter_map(|(language, joined)| {
            let parts = Parts::cells(joined.parts)?;
            Some(Module { file: Document::file_of(joined.text, language), parts })
        });
        self.modules = modules.collect();
    }

    /// The same, of which nothing is known.
    pub(crate) fn emptied(self, reason: &Misfit) -> Self {
        Self { cells: Vec::new(), modules: Vec::new(), poison: Some(reason.to_string().into()), ..self }
    }

    /// The path of a module in the view of a folder. It ends as analyzers know notebooks, and no file is there: whose cells they are and
    /// in which language is in the name.
    pub(crate) fn path_of(&self, module: &Module) -> Option<VfsPath> {
        let place = self.place.as_ref()?;
        VfsPath::new(&format!("{}.{}.ipynb", place.path, module.file.language)).ok()
    }

    /// Its modules with their paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = (VfsPath, &Module)> {
        self.modules.iter().filter_map(|module| Some((self.path_of(module)?, module)))
    }

    /// Where a cell is, if it is code in a language that is served.
    pub(crate) fn find(&self, uri: &str) -> Option<CellPlace<'_>> {
        self.modules.iter().find_map(|module| {
            let idx = module.parts.iter().position(|part| part.uri.as_ref().is_some_and(|it| it.as_str() == uri))?;
            Some(CellPlace { module, idx })
        })
    }

    /// The URIs of all its cells.
    pub(crate) fn cell_uris(&self) -> impl Iterator<Item = &Uri> {
        self.cells.iter().map(|cell| &cell.uri)
    }

    /// The cells that are code in a language that is served.
    pub(crate) fn served_uris(&self) -> impl Iterator<Item = &Uri> {
        self.modules.iter().flat_map(|module| module.parts.iter()).filter_map(|part| part.uri.as_ref())
    }

    /// The bytes of all its cells.
    pub(crate) fn bytes(&self) -> usize {
        self.cells.iter().filter_map(|cell| cell.text.as_ref()).map(|text| text.text.len()).sum()
    }
}

impl Cell {
    fn new(cell: NotebookCell) -> Self {
        Self { uri: cell.document, is_code: cell.kind == NotebookCellKind::CODE, text: None }
    }
}

/// Texts that are being joined.
#[derive(Default)]
struct Joined {
    text: String,
    parts: Vec<Part>,
}

impl Joined {
    fn push(&mut self, uri: &Uri, cell: &CellText) {
        if !self.parts.is_empty() {
            self.text.push_str(SEPARATOR);
        }
        // The limits are far below.
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let (lines, poison) = (cell.lines.clone(), cell.poison.clone());
        self.parts.push(Part { uri: Some(uri.clone()), version: Some(cell.version), lines, start, poison });
        self.text.push_str(&cell.text);
        if cell.text.ends_with('\r') {
            // Together with the next character it would be one end of a line, and a line would be missing.
            self.text.push(' ');
        }
        self.text.push('\n');
    }
}
