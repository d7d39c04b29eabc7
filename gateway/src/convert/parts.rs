//! The documents of an editor that make up one file: a file is one document, or, if it is a notebook, the cells in one language.
//!
//! Everybody else counts in bytes of the file. Here alone is known where in it a document begins, and that what stands between two
//! documents belongs to none: answers end at the end of the document that they begin in, and an edit that needs two is refused.

use std::sync::Arc;

use tower_lsp_server::ls_types as lsp;
use vraftls_text::{LineIndex, PositionEncoding, PositionError, Span, TextEdit};

use super::{from_lsp, to_lsp};

/// A document of an editor, as a part of a file.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Where an editor finds it, if it does.
    pub(crate) uri: Option<lsp::Uri>,
    /// The editor's number of its state, if it is open.
    pub(crate) version: Option<i32>,
    /// Of its text.
    pub(crate) lines: Arc<LineIndex>,
    /// Where it begins in the file, in bytes.
    pub(crate) start: u32,
    /// Why its text is not what the editor has any more.
    pub(crate) poison: Option<Arc<str>>,
}

/// The documents of a file in their order, at least one. No two touch.
#[derive(Clone, Debug)]
pub(crate) struct Parts(Arc<[Part]>);

/// The edits of one document.
pub(crate) struct PartEdits<'a> {
    pub(crate) part: &'a Part,
    pub(crate) edits: Vec<lsp::TextEdit>,
}

/// An edit needs text of two documents, or of none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Across;

impl Part {
    /// A file that is one document.
    pub(crate) fn whole(uri: Option<lsp::Uri>, version: Option<i32>, lines: Arc<LineIndex>) -> Self {
        Self { uri, version, lines, start: 0, poison: None }
    }

    /// Where it is in the file.
    pub(crate) fn span(&self) -> Span {
        Span::new(self.start, self.end()).unwrap_or_default()
    }

    fn end(&self) -> u32 {
        self.start.saturating_add(self.lines.len_bytes())
    }

    /// The place in the file of a position in the document.
    pub(crate) fn offset(&self, at: lsp::Position, encoding: PositionEncoding) -> Result<u32, PositionError> {
        Ok(self.start + from_lsp::offset(&self.lines, at, encoding)?)
    }

    /// The place in the file of a range in the document.
    pub(crate) fn span_of(&self, range: lsp::Range, encoding: PositionEncoding) -> Result<Span, PositionError> {
        let local = from_lsp::span(&self.lines, range, encoding)?;
        Ok(Span::new(self.start + local.start(), self.start + local.end()).unwrap_or_default())
    }

    /// What of a place in the file lies in the document, counted from its beginning.
    pub(crate) fn local(&self, span: Span) -> Option<Span> {
        let (start, end) = (span.start().max(self.start), span.end().min(self.end()));
        Span::new(start.checked_sub(self.start)?, end.checked_sub(self.start)?)
    }

    /// The range of what of a place in the file lies in the document.
    pub(crate) fn range(&self, span: Span, encoding: PositionEncoding) -> Option<lsp::Range> {
        self.local(span).map(|local| to_lsp::range(&self.lines, local, encoding))
    }

    /// An edit of the file, if it is one of this document alone.
    fn edit(&self, edit: TextEdit, encoding: PositionEncoding) -> Result<lsp::TextEdit, Across> {
        let TextEdit { span, mut new_text } = edit;
        let (start, end) = (span.start(), span.end());
        if start < self.start {
            return Err(Across);
        }
        let line_end = self.end();
        if end > line_end {
            // A cell's last line ends in the file, and does not in the cell: an edit that speaks of whole lines means that one too.
            if end > line_end + 1 {
                return Err(Across);
            }
            let appends = start > line_end && !new_text.is_empty();
            if let Some(without) = new_text.strip_suffix('\n') {
                new_text.truncate(without.strip_suffix('\r').unwrap_or(without).len());
            }
            if appends {
                new_text.insert(0, '\n');
            }
        }
        let within = Span::new(start.min(line_end), end.min(line_end)).ok_or(Across)?;
        let range = self.range(within, encoding).ok_or(Across)?;
        Ok(lsp::TextEdit { range, new_text })
    }
}

impl Parts {
    /// A file that is one document.
    pub(crate) fn one(part: Part) -> Self {
        Self(Arc::new([part]))
    }

    /// The cells of a notebook; nothing without any.
    pub(crate) fn cells(parts: Vec<Part>) -> Option<Self> {
        (!parts.is_empty()).then(|| Self(parts.into()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter()
    }

    /// Whether it is a file that is one document.
    pub(crate) fn is_one(&self) -> bool {
        matches!(&*self.0, [part] if part.start == 0)
    }

    /// A document by its place in the order; the first, if there is none there.
    pub(crate) fn get(&self, idx: usize) -> &Part {
        self.0.get(idx).unwrap_or(&self.0[0])
    }

    /// Which document a place belongs to. What stands behind a document, before the next, belongs to it.
    pub(crate) fn idx_at(&self, offset: u32) -> usize {
        self.0.partition_point(|part| part.start <= offset).saturating_sub(1)
    }

    pub(crate) fn at(&self, offset: u32) -> &Part {
        self.get(self.idx_at(offset))
    }

    /// The bytes to the end of the last document.
    pub(crate) fn end(&self) -> u32 {
        self.0.last().map_or(0, Part::end)
    }

    /// Edits of the file, by document.
    pub(crate) fn edits(&self, edits: Vec<TextEdit>, encoding: PositionEncoding) -> Result<Vec<PartEdits<'_>>, Across> {
        let mut by_part: Vec<(usize, Vec<lsp::TextEdit>)> = Vec::new();
        for edit in edits {
            let idx = self.idx_at(edit.span.start());
            let edit = self.get(idx).edit(edit, encoding)?;
            match by_part.iter_mut().find(|(known, _)| *known == idx) {
                Some((_, edits)) => edits.push(edit),
                None => by_part.push((idx, vec![edit])),
            }
        }
        Ok(by_part.into_iter().map(|(idx, edits)| PartEdits { part: self.get(idx), edits }).collect())
    }
}

#[cfg(test)]
mod tests {
    use vraftls_text::apply_edits;

    use super::*;

    const CELLS: [&str; 3] = ["ä = 1", "", "b\nc"];

    fn parts() -> (String, Parts) {
        let mut text = String::new();
        let mut parts = Vec::new();
        for (idx, cell) in CELLS.iter().enumerate() {
            if idx > 0 {
                text.push_str("\u{c}\u{c}\n");
            }
            let start = u32::try_from(text.len()).unwrap();
            parts.push(Part { start, ..Part::whole(None, None, Arc::new(LineIndex::new(cell))) });
            text.push_str(cell);
            text.push('\n');
        }
        (text, Parts::cells(parts).unwrap())
    }

    fn edit(text: &str, start: usize, end: usize) -> TextEdit {
        let span = Span::new(u32::try_from(start).unwrap(), u32::try_from(end).unwrap()).unwrap();
        TextEdit { span, new_text: text.to_owned() }
    }

    /// The cells after an edit of the file.
    fn edited(edit: TextEdit) -> Result<Vec<String>, Across> {
        let (_, parts) = parts();
        let mut cells: Vec<String> = CELLS.iter().map(|cell| (*cell).to_owned()).collect();
        for PartEdits { part, edits } in parts.edits(vec![edit], PositionEncoding::Utf16)? {
            let idx = parts.iter().position(|other| other.start == part.start).unwrap();
            let lines = LineIndex::new(&cells[idx]);
            let back = |edit: lsp::TextEdit| TextEdit {
                span: from_lsp::span(&lines, edit.range, PositionEncoding::Utf16).unwrap(),
                new_text: edit.new_text,
            };
            let edits: Vec<TextEdit> = edits.into_iter().map(back).collect();
            cells[idx] = apply_edits(&cells[idx], &edits).unwrap();
        }
        Ok(cells)
    }

    #[test]
    fn every_edit_of_the_file_is_the_same_edit_of_a_cell_or_none() {
        let (text, parts) = parts();
        let join = |cells: &[String]| cells.join("\n\u{c}\u{c}\n") + "\n";
        assert_eq!(join(&CELLS.map(str::to_owned)), text);
        let boundaries: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let mut n_done = 0;
        for (start, end) in boundaries.iter().flat_map(|start| boundaries.iter().map(move |end| (*start, *end))) {
            if start > end {
                continue;
            }
            for new_text in ["", "x", "x\n", "x\ny"] {
                let edit = edit(new_text, start, end);
                let crosses = parts.idx_at(edit.span.start()) != parts.idx_at(edit.span.end());
                let Ok(cells) = edited(edit.clone()) else { continue };
                assert!(!crosses || end as u32 == parts.at(edit.span.start()).end() + 1, "{edit:?}");
                n_done += 1;
                let whole = apply_edits(&text, &[edit]).unwrap();
                // The end of a cell's last line is always there again.
                let mended = [
                    whole.clone(),
                    format!("{}\n{}", &whole[..start + new_text.len()], &whole[start + new_text.len()..]),
                ];
                assert!(mended.contains(&join(&cells)), "{start}..{end} {new_text:?}: {cells:?}");
            }
        }
        assert!(n_done > 100, "{n_done}");
    }

    #[test]
    fn places_go_there_and_back() {
        let (text, parts) = parts();
        for (idx, cell) in CELLS.iter().enumerate() {
            let part = parts.get(idx);
            assert_eq!(part.span().slice(&text), Some(*cell));
            for at in (0..=cell.len()).filter(|at| cell.is_char_boundary(*at)) {
                let offset = part.start + u32::try_from(at).unwrap();
                let position = part.range(Span::empty(offset), PositionEncoding::Utf16).unwrap().start;
                assert_eq!(part.offset(position, PositionEncoding::Utf16), Ok(offset));
                assert_eq!(parts.idx_at(offset), idx);
            }
        }
        let first = parts.get(0);
        assert!(first.offset(lsp::Position::new(2, 0), PositionEncoding::Utf8).is_err(), "it has one line");
        assert_eq!(first.range(parts.get(2).span(), PositionEncoding::Utf8), None);
    }
}
