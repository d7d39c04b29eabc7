//! Notebooks. The host hands all code cells of one over as one document at a path that ends with `.ipynb`: plain code, cells parted by
//! lines of two form feeds (`wit/analyzer.wit`, at the top). Here that text is cut into cells again, and what IPython runs and Python
//! does not is made harmless. Knows no file format and no kernel.
//!
//! Cells are parsed one by one, so that what is broken in one stays there; names reach from each into all that follow. Magics
//! (`%matplotlib`, `!ls`, `x?`) are a part of the grammar that ruff's parser knows. A cell in another language (`%%bash`) is read as
//! white space of the same length: no offset moves.

use std::borrow::Cow;

use memchr::memmem;
use ruff_notebook::{
    Cell, CellMetadata, CodeCell, Notebook, NotebookError, RawNotebook, RawNotebookMetadata, SourceValue,
};
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, ModModule, PySourceType, Stmt};
use ruff_python_parser::{ParseOptions, Parsed, parse_cells_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::imports::text::size;

/// How a notebook's path ends.
const SUFFIX: &str = ".ipynb";

/// What stands between two cells: the end of the last line of one, and a line that belongs to none.
const BOUNDARY: &[u8] = b"\n\x0c\x0c\n";

/// The line that belongs to no cell.
const SEPARATOR: &str = "\u{c}\u{c}\n";

/// Whether the document at a path is a notebook's cells.
pub(crate) fn is_notebook(path: &str) -> bool {
    path.ends_with(SUFFIX)
}

/// The ranges of the cells as the parser takes them: one line end lies between two, the separators begin all but the first, and the
/// line end of the last is left out.
fn ranges(text: &str) -> Vec<TextRange> {
    let mut starts = vec![0];
    starts.extend(memmem::find_iter(text.as_bytes(), BOUNDARY).map(|at| at + 1));
    let last_end = text.strip_suffix('\n').unwrap_or(text).len();
    let ends = starts.iter().skip(1).map(|start| start - 1).chain([last_end]);
    let ranges = starts.iter().zip(ends).filter(|(start, end)| *start <= end);
    ranges.map(|(start, end)| TextRange::new(size(*start), size(end))).collect()
}

/// The cells without what parts them.
pub(crate) fn cells(text: &str) -> Vec<TextRange> {
    let cell = |range: TextRange| {
        let inner = &text[range.start().to_usize()..range.end().to_usize()];
        let skipped = if inner.starts_with(SEPARATOR) { size(SEPARATOR.len()) } else { TextSize::new(0) };
        TextRange::new(range.start() + skipped, range.end())
    };
    ranges(text).into_iter().map(cell).collect()
}

/// The text as Python reads it, of the same length and with the same lines.
pub(crate) fn readable(text: &str) -> Cow<'_, str> {
    let mut blank: Vec<TextRange> = Vec::new();
    for range in ranges(text) {
        let cell = &text[range.start().to_usize()..range.end().to_usize()];
        if is_foreign(cell) || is_foreign(cell.trim_start_matches(SEPARATOR)) {
            blank.push(range);
        } else if may_assign_magic(cell) {
            blank.extend(magic_types(text, range));
        }
    }
    if blank.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for range in blank {
        let whole = &mut bytes[range.start().to_usize()..range.end().to_usize()];
        whole.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r' | b'\x0c')).for_each(|byte| *byte = b' ');
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether a cell is not Python, as ruff decides it: by its magic, or because its first line is a command of IPython.
fn is_foreign(cell: &str) -> bool {
    // Such a cell is left out, and then there is none.
    notebook([cell]).is_ok_and(|notebook| notebook.cell_offsets().len() < 2)
}

/// A cheap look for `= !ls` and `= %pwd`.
fn may_assign_magic(cell: &str) -> bool {
    let is_magic = |at: usize| cell[at + 1..].trim_start_matches([' ', '\t']).starts_with(['!', '%']);
    memchr::memchr_iter(b'=', cell.as_bytes()).any(is_magic)
}

/// Magics where a type stands (`type X = !ls`), which the engine cannot bear. Without a value the statement is broken, and said so.
fn magic_types(text: &str, range: TextRange) -> Vec<TextRange> {
    struct Finder(Vec<TextRange>);

    impl<'ast> Visitor<'ast> for Finder {
        fn visit_stmt(&mut self, statement: &'ast Stmt) {
            let value = match statement {
                Stmt::AnnAssign(assignment) => assignment.value.as_deref(),
                Stmt::TypeAlias(alias) => Some(&*alias.value),
                _ => None,
            };
            if let Some(Expr::IpyEscapeCommand(magic)) = value {
                self.0.push(magic.range());
            }
            walk_stmt(self, statement);
        }
    }

    let parsed = parse_cells_unchecked(text, [range], &ParseOptions::from(PySourceType::Ipynb));
    let mut finder = Finder(Vec::new());
    parsed.suite().iter().for_each(|statement| finder.visit_stmt(statement));
    finder.0
}

/// The cells of a readable text, parsed one by one.
pub(crate) fn parse(readable: &str) -> Parsed<ModModule> {
    parse_cells_unchecked(readable, ranges(readable), &ParseOptions::from(PySourceType::Ipynb))
}

/// The text as the engine takes notebooks. Its source code is the readable text, with a line end at its end.
pub(crate) fn of_text(text: &str) -> Result<Notebook, NotebookError> {
    let readable = readable(text);
    notebook(ranges(&readable).into_iter().map(|range| &readable[range.start().to_usize()..range.end().to_usize()]))
}

fn notebook<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Notebook, NotebookError> {
    let cell = |text: &str| {
        Cell::Code(CodeCell {
            execution_count: None,
            id: None,
            metadata: CellMetadata::default(),
            outputs: Vec::new(),
            source: SourceValue::String(text.to_owned()),
        })
    };
    let cells = cells.into_iter().map(cell).collect();
    let raw = RawNotebook { cells, metadata: RawNotebookMetadata::default(), nbformat: 4, nbformat_minor: 4 };
    Notebook::from_raw_notebook(raw, true)
}
