//! What one session sees: the files on disk, below the buffers that it has open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::dialect::{Dialect, Line};

/// The files on disk, which never change.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) dialect: Dialect,
    /// The lines of each file after its header.
    pub(crate) files: Vec<Vec<Line>>,
}

/// A place of a name: file, line, column. Everything is ASCII, so columns are the same in every encoding.
pub(crate) type Place = (usize, u32, u32);

/// An open buffer.
#[derive(Debug, Clone)]
pub(crate) struct Buffer {
    pub(crate) version: i64,
    pub(crate) lines: Vec<Line>,
}

/// The disk with one session's buffers above it.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) disk: Arc<Disk>,
    pub(crate) buffers: BTreeMap<usize, Buffer>,
}

impl Disk {
    /// A project of so many files, each with its own definitions and with uses of others'.
    pub(crate) fn new(dialect: Dialect, n_files: usize) -> Self {
        let name = |file: usize, number: usize| format!("disk_{file}_{number}");
        let lines = |file: usize| {
            let next = (file + 1) % n_files;
            vec![
                Line::Definition(name(file, 0)),
                Line::Use { file, name: name(file, 0) },
                Line::Definition(name(file, 1)),
                Line::Use { file: next, name: name(next, 1) },
                Line::Use { file: next, name: "nowhere".to_owned() },
            ]
        };
        Self { dialect, files: (0..n_files).map(lines).collect() }
    }

    /// A text with these lines.
    pub(crate) fn text(&self, file: usize, lines: &[Line]) -> String {
        let mut all = self.dialect.header(self.files.len());
        all.extend(lines.iter().map(|line| self.dialect.written(line, file).0));
        all.join("\n") + "\n"
    }

    /// The line of the text where a line after the header is.
    pub(crate) fn number(&self, line: usize) -> u32 {
        (self.files.len() + line) as u32
    }
}

impl View {
    pub(crate) fn new(disk: Arc<Disk>) -> Self {
        Self { disk, buffers: BTreeMap::new() }
    }

    /// The lines of a file.
    pub(crate) fn lines(&self, file: usize) -> &[Line] {
        self.buffers.get(&file).map_or(&self.disk.files[file], |buffer| &buffer.lines)
    }

    /// Every line, with the place of its name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Place, &Line)> {
        (0..self.disk.files.len()).flat_map(move |file| {
            self.lines(file).iter().enumerate().map(move |(number, line)| (self.place(file, number, line), line))
        })
    }

    pub(crate) fn place(&self, file: usize, number: usize, line: &Line) -> Place {
        (file, self.disk.number(number), self.disk.dialect.written(line, file).1)
    }

    /// Where the name of a line is defined; names are defined once or nowhere.
    pub(crate) fn definition(&self, line: &Line) -> Option<Place> {
        let is_it = |place: &Place, other: &Line| match (line, other) {
            (Line::Definition(name), Line::Definition(other)) => name == other,
            (Line::Use { file, name }, Line::Definition(other)) => {
                name == other && (self.disk.dialect.is_global() || place.0 == *file)
            }
            _ => false,
        };
        self.all().find(|(place, other)| is_it(place, other)).map(|(place, _)| place)
    }

    /// The definition and the uses of a name that is defined.
    pub(crate) fn references(&self, definition: Place) -> BTreeSet<Place> {
        self.all().filter(|(_, line)| self.definition(line) == Some(definition)).map(|(place, _)| place).collect()
    }

    /// The names that a file defines, in order.
    pub(crate) fn defined(&self, file: usize) -> Vec<&str> {
        let defines = |line: &&Line| matches!(line, Line::Definition(_));
        self.lines(file).iter().filter(defines).map(Line::name).collect()
    }

    /// The lines of a file whose names are defined nowhere.
    pub(crate) fn undefined(&self, file: usize) -> BTreeSet<u32> {
        let lines = self.lines(file).iter().enumerate().filter(|(_, line)| self.definition(line).is_none());
        lines.map(|(number, _)| self.disk.number(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(dialect: Dialect) -> View {
        View::new(Arc::new(Disk::new(dialect, 2)))
    }

    #[test]
    fn buffers_hide_the_disk() {
        let mut view = view(Dialect::Toy);
        assert_eq!(view.references((0, 2, 4)), [(0, 2, 4), (0, 3, 4)].into());
        assert_eq!(view.undefined(0), [6].into());
        let lines = vec![Line::Definition("nowhere".to_owned())];
        view.buffers.insert(1, Buffer { version: 1, lines });
        assert_eq!(view.undefined(0), [5].into());
        assert_eq!(view.definition(&Line::Use { file: 0, name: "nowhere".to_owned() }), Some((1, 2, 4)));
        assert_eq!(view.defined(1), ["nowhere"]);
    }

    #[test]
    fn a_qualified_use_asks_its_file_alone() {
        let view = view(Dialect::Python);
        let of = |file| Line::Use { file, name: "disk_0_0".to_owned() };
        assert_eq!((view.definition(&of(0)), view.definition(&of(1))), (Some((0, 2, 4)), None));
        assert_eq!(view.disk.text(0, &[of(0), of(1)]), "import m0\nimport m1\nlambda: disk_0_0\nlambda: m1.disk_0_0\n");
    }
}
