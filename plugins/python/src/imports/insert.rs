//! Where an import goes: into a statement that imports from the same module, or on a line of its own in the block of imports
//! at the top of the file, where isort would put it. Never before the docstring or `from __future__`, and never into a
//! block that is entered on a condition.

use ruff_python_ast::{Expr, Stmt, StmtImportFrom};
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::{Span, TextEdit};

use super::order::{MemberKey, StatementKey};
use super::section::{Section, Sections};
use super::settings::ImportSettings;
use super::statement::{Member, Statement, module_of};
use super::text::{self, line_end, line_start, next_line};
use crate::project::Source;

/// What shall be imported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Wanted {
    /// Leading dots of the module.
    pub(crate) level: u32,
    /// The module; may be empty if there are dots.
    pub(crate) module: String,
    /// The name in the module; None imports the module itself.
    pub(crate) name: Option<String>,
    /// The name to give it.
    pub(crate) asname: Option<String>,
}

impl Wanted {
    /// The statement that would import it.
    pub(crate) fn statement(&self) -> Statement {
        match &self.name {
            None => Statement::Import { module: self.module.clone(), asname: self.asname.clone() },
            Some(name) => {
                let member = Member { name: name.clone(), asname: self.asname.clone() };
                Statement::From { level: self.level, module: self.module.clone(), members: vec![member] }
            }
        }
    }
}

/// Where imports go in one file, or in one cell of a notebook: each is edited by itself, and may be run without the others.
pub(crate) struct Insertions<'a, 'db> {
    source: &'a Source<'db>,
    /// The text to the end of the file or cell.
    whole: &'a str,
    /// The statements of the file or cell.
    suite: &'a [Stmt],
    settings: &'a ImportSettings,
    sections: Sections<'a, 'db>,
    /// All that is imported at the top of the file.
    present: Vec<(Statement, &'a Stmt)>,
    /// The block of imports at the top, each with its place in the order.
    block: Vec<(Section, StatementKey, &'a Stmt)>,
}

impl<'a, 'db> Insertions<'a, 'db> {
    /// Looks at what a file imports.
    pub(crate) fn new(source: &'a Source<'db>, settings: &'a ImportSettings) -> Self {
        let suite = source.parsed.suite();
        Self::within(source, settings, &source.text, suite)
    }

    /// Looks at what is imported around a place: in its file, or in its cell of a notebook.
    pub(crate) fn around(source: &'a Source<'db>, settings: &'a ImportSettings, place: TextSize) -> Self {
        let Some(cell) = source.cell_at(place) else { return Self::new(source, settings) };
        let suite: &[Stmt] = source.parsed.suite();
        let start = suite.partition_point(|statement| statement.start() < cell.start());
        let end = suite.partition_point(|statement| statement.start() <= cell.end());
        let whole = source.slice(TextRange::up_to(cell.end()));
        Self::within(source, settings, whole, suite.get(start..end).unwrap_or_default())
    }

    fn within(source: &'a Source<'db>, settings: &'a ImportSettings, whole: &'a str, suite: &'a [Stmt]) -> Self {
        let sections = Sections::new(&source.model, settings);
        let present = suite.iter().flat_map(|found| Statement::parts(found).into_iter().map(move |part| (part, found)));
        let present: Vec<(Statement, &Stmt)> = present.collect();
        let block = first_block(suite, n_leading(suite)).unwrap_or_default();
        let entry = |found: &'a Stmt| {
            let part = Statement::parts(found).into_iter().next()?;
            let (level, module) = part.module();
            Some((sections.of(level, module), part.key(), found))
        };
        let block = block.iter().filter_map(entry).collect();
        Self { source, whole, suite, settings, sections, present, block }
    }

    /// The edits that import something. Empty if it is there already.
    pub(crate) fn edits(&self, wanted: &Wanted) -> Vec<TextEdit> {
        let statement = wanted.statement();
        if self.present.iter().any(|(present, _)| *present == statement) {
            return Vec::new();
        }
        if let Some(name) = &wanted.name
            && let Some(existing) = self.present.iter().find_map(|(_, found)| extensible(found, wanted, self.settings))
        {
            let member = Member { name: name.clone(), asname: wanted.asname.clone() };
            return extension(self.source, self.settings, existing, &member);
        }
        let place = self.place(&statement);
        let newline = text::newline(&self.source.text);
        vec![place.edit(&statement.written(self.settings, false, "", newline), newline)]
    }

    /// The place for a line of its own.
    fn place(&self, new: &Statement) -> Place {
        let whole = self.whole;
        let (level, module) = new.module();
        let (section, key) = (self.sections.of(level, module), new.key());
        let same = || self.block.iter().filter(|(other, ..)| *other == section);
        if let Some((.., before)) = same().rfind(|(_, other, _)| *other < key) {
            return place_after(whole, before, 0, 0);
        }
        let first = self.block.first();
        if let Some((.., found)) = same().next() {
            let is_first = first.is_some_and(|(.., first)| found.start() == first.start());
            return place_before(whole, found, is_first, 0);
        }
        let lesser = self.block.iter().rposition(|(other, ..)| *other < section);
        match (lesser.and_then(|index| self.block.get(index)), first) {
            (Some((.., before)), _) => {
                let next = next_line(whole, before.end());
                let is_last = self.block.last().is_some_and(|(.., found)| found.start() == before.start());
                let after = usize::from(!is_last && text::blank_lines(whole, next) == 0);
                place_after(whole, before, 1, after)
            }
            (None, Some((.., first))) => place_before(whole, first, true, 1),
            (None, None) => place_at_top(whole, self.suite),
        }
    }
}

/// The `from` import that can take what is wanted.
fn extensible<'src>(found: &'src Stmt, wanted: &Wanted, settings: &ImportSettings) -> Option<&'src StmtImportFrom> {
    let Stmt::ImportFrom(import) = found else { return None };
    let is_same = import.level == wanted.level && module_of(import) == wanted.module && !import.is_lazy;
    let is_star = import.names.iter().any(|alias| alias.name.as_str() == "*" || alias.name.is_empty());
    // By default names with `as` stand alone.
    let are_apart =
        !settings.combine_as_imports && (wanted.asname.is_some() || import.names.iter().all(|a| a.asname.is_some()));
    (is_same && !is_star && !are_apart && !settings.force_single_line).then_some(import)
}

/// The edits that put a name into a statement.
fn extension(source: &Source<'_>, settings: &ImportSettings, import: &StmtImportFrom, new: &Member) -> Vec<TextEdit> {
    let mut members: Vec<Member> = import.names.iter().map(Member::of).collect();
    if members.contains(new) {
        return Vec::new();
    }
    let position = position_among(&members, &new.key());
    let is_one_line = line_end(&source.text, import.start()) >= import.end();
    let is_bare = import
        .names
        .last()
        .is_none_or(|last| source.text.get(last.end().to_usize()..import.end().to_usize()) == Some(""));
    if (is_one_line || is_bare) && !text::has_comment(source, import.range) {
        members.insert(position, new.clone());
        let statement = Statement::From { level: import.level, module: module_of(import), members };
        let start = line_start(&source.text, import.start());
        let indentation = " ".repeat((import.start() - start).to_usize());
        let new_text = statement.written(settings, false, &indentation, text::newline(&source.text));
        return vec![TextEdit { span: crate::project::span(import.range), new_text }];
    }
    in_parentheses(source, import, position, new)
}

/// Where a name goes among others: in order if they are, else at the end.
fn position_among(members: &[Member], key: &MemberKey) -> usize {
    if members.is_sorted_by_key(Member::key) {
        members.partition_point(|member| member.key() < *key)
    } else {
        members.len()
    }
}

/// The edits that put a name into parentheses over several lines, written as those around it are.
fn in_parentheses(source: &Source<'_>, import: &StmtImportFrom, position: usize, new: &Member) -> Vec<TextEdit> {
    let whole: &str = &source.text;
    let name = Statement::Import { module: new.name.clone(), asname: new.asname.clone() }.on_one_line();
    let name = name.trim_start_matches("import ");
    let own_line = |offset: TextSize| text::begins_line(whole, offset);
    if let Some(next) = import.names.get(position) {
        let separator = if own_line(next.start()) { line_break(whole, next.start()) } else { " ".to_owned() };
        return vec![insert(next.start(), format!("{name},{separator}"))];
    }
    let Some(last) = import.names.last() else { return Vec::new() };
    let separator = if own_line(last.start()) { line_break(whole, last.start()) } else { " ".to_owned() };
    let end = line_end(whole, last.end());
    let rest = whole.get(last.end().to_usize()..end.to_usize()).unwrap_or_default();
    if !rest.contains('#') {
        return vec![insert(last.end(), format!(",{separator}{name}"))];
    }
    // The comment is about the last name and stays with it.
    let line_break = line_break(whole, last.start());
    if rest.trim_start().starts_with(',') {
        return vec![insert(end, format!("{line_break}{name},"))];
    }
    vec![insert(last.end(), ",".to_owned()), insert(end, format!("{line_break}{name}"))]
}

/// A line end and the indentation of the line of an offset.
fn line_break(whole: &str, offset: TextSize) -> String {
    let line = text::line_at(whole, line_start(whole, offset));
    let indentation = &line[..line.len() - line.trim_start().len()];
    format!("{}{indentation}", text::newline(whole))
}

fn insert(offset: TextSize, new_text: String) -> TextEdit {
    TextEdit { span: Span { start: offset.to_u32(), end: offset.to_u32() }, new_text }
}

/// A place for a line of its own.
struct Place {
    /// Where.
    at: TextSize,
    /// Whether the line before lacks its end.
    after_unended: bool,
    /// Blank lines to put before.
    before: usize,
    /// Blank lines to put after.
    after: usize,
}

impl Place {
    fn edit(&self, statement: &str, newline: &str) -> TextEdit {
        let mut new_text = String::new();
        if self.after_unended {
            new_text.push_str(newline);
        }
        new_text.push_str(&newline.repeat(self.before));
        new_text.push_str(statement);
        if !self.after_unended {
            new_text.push_str(newline);
        }
        new_text.push_str(&newline.repeat(self.after));
        insert(self.at, new_text)
    }
}

/// How many statements must stay the first: a docstring, and magics of a cell.
fn n_leading(suite: &[Stmt]) -> usize {
    let docstring = usize::from(suite.first().is_some_and(is_docstring));
    let is_magic = |statement: &&Stmt| matches!(statement, Stmt::IpyEscapeCommand(_));
    docstring + suite.iter().skip(docstring).take_while(is_magic).count()
}

fn is_docstring(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(expression) if matches!(expression.value.as_ref(), Expr::StringLiteral(_)))
}

fn is_future(statement: &Stmt) -> bool {
    matches!(statement, Stmt::ImportFrom(import) if import.level == 0 && module_of(import) == "__future__")
}

fn is_import(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_))
}

/// The imports at the top of a file: the first run of them that has more than `from __future__`. Definitions end the top.
fn first_block(suite: &[Stmt], from: usize) -> Option<&[Stmt]> {
    let rest = suite.get(from..)?;
    let top = rest.iter().position(|found| matches!(found, Stmt::FunctionDef(_) | Stmt::ClassDef(_)));
    let rest = &rest[..top.unwrap_or(rest.len())];
    let mut runs = rest.chunk_by(|a, b| is_import(a) && is_import(b));
    runs.find(|run| run.iter().any(|found| is_import(found) && !is_future(found)))
}

/// The line after a statement.
fn place_after(whole: &str, statement: &Stmt, before: usize, after: usize) -> Place {
    let at = next_line(whole, statement.end());
    let after_unended = line_end(whole, statement.end()) == at;
    Place { at, after_unended, before, after }
}

/// The line before a statement and before the comments that belong to it; above the first statement they belong to the file.
fn place_before(whole: &str, statement: &Stmt, is_first: bool, after: usize) -> Place {
    if !text::begins_line(whole, statement.start()) {
        return place_after(whole, statement, 0, 0);
    }
    let mut at = line_start(whole, statement.start());
    while !is_first
        && let Some(previous) = text::previous_line(whole, at)
        && text::line_at(whole, previous).trim_start().starts_with('#')
    {
        at = previous;
    }
    Place { at, after_unended: false, before: 0, after }
}

/// The first place where an import may stand in a file that has none.
fn place_at_top(whole: &str, suite: &[Stmt]) -> Place {
    let leading = n_leading(suite);
    let n_before = leading + suite.iter().skip(leading).take_while(|found| is_future(found)).count();
    let wanted_after = |at: TextSize| -> usize {
        match suite.get(n_before) {
            None if whole.get(at.to_usize()..).is_some_and(|rest| !rest.trim().is_empty()) => 1,
            None => 0,
            Some(Stmt::FunctionDef(_) | Stmt::ClassDef(_)) => 2,
            Some(_) => 1,
        }
    };
    if let Some(before) = n_before.checked_sub(1).and_then(|index| suite.get(index)) {
        let mut place = place_after(whole, before, 1, 0);
        place.after = wanted_after(place.at).saturating_sub(text::blank_lines(whole, place.at));
        return place;
    }
    let at = behind_leading_comments(whole, suite.first().map(|first| line_start(whole, first.start())));
    let previous = text::previous_line(whole, at).map(|start| text::line_at(whole, start));
    let before = usize::from(previous.is_some_and(|line| !line.trim().is_empty()));
    let after_unended = at.to_usize() == whole.len()
        && !whole.is_empty()
        && !whole.ends_with(['\n', '\r'])
        && at.to_usize() > text::bom(whole);
    Place { at, after_unended, before, after: wanted_after(at).saturating_sub(text::blank_lines(whole, at)) }
}

/// The beginning of the line of the first statement, or of the comments right above it if others stand above those.
fn behind_leading_comments(whole: &str, first: Option<TextSize>) -> TextSize {
    let Some(first) = first else { return text::size(whole.len()) };
    let mut at = first;
    while let Some(previous) = text::previous_line(whole, at)
        && text::line_at(whole, previous).trim_start().starts_with('#')
    {
        at = previous;
    }
    // What begins the file is about the file.
    if at.to_usize() == text::bom(whole) { first } else { at }
}
