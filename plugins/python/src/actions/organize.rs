//! Imports sorted and merged, block by block.
//!
//! A block is a run of import statements with nothing between them; what stands between two blocks keeps them apart, and so
//! do `# isort: skip` and its like, `from m import *`, and lines with more than one statement. Bodies of `try` are left
//! alone: there the order decides which import fails first. A comment stays with its import, and so an import with comments
//! inside or behind it is never merged with another. A block in which one name is imported from two places is left alone,
//! because its order has a meaning.

use std::collections::BTreeMap;

use ruff_python_ast::Stmt;
use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::TextEdit;

use crate::format;
use crate::imports::order::StatementKey;
use crate::imports::statement::{Member, Statement};
use crate::imports::{ImportSettings, Section, Sections, text};
use crate::index::for_each_block;
use crate::project::{Source, span};

/// The edits that put the imports of a file in order. None where the syntax is broken: a block may not be what it seems.
pub(crate) fn organize(source: &Source<'_>, settings: &ImportSettings) -> Vec<TextEdit> {
    let marks = Marks::of(source);
    if !source.parsed.errors().is_empty() || marks.skip_file {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    collect(source, &marks, source.parsed.suite(), &mut blocks);
    let sections = Sections::new(&source.model, settings);
    let mut edits: Vec<TextEdit> =
        blocks.iter().flat_map(|block| edits_of(source, settings, &sections, block)).collect();
    // A body comes after the block that it lies in, which may go on behind it.
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    edits
}

/// What comments say about sorting.
#[derive(Default)]
struct Marks {
    skip_file: bool,
    /// Where blocks end: `isort: split`, and the beginnings of cells.
    splits: Vec<TextSize>,
    /// Between `isort: off` and `isort: on`.
    off: Vec<TextRange>,
    /// Statements whose line says `isort: skip`.
    skips: Vec<TextSize>,
}

impl Marks {
    fn of(source: &Source<'_>) -> Self {
        let mut marks = Self::default();
        let mut off = None;
        let comments = source.parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment);
        for comment in comments {
            // Often behind another mark: `# noqa isort:skip`.
            let Some((_, word)) = source.slice(comment.range()).split_once("isort:") else { continue };
            match word.split_whitespace().next().unwrap_or_default() {
                "skip_file" => marks.skip_file = true,
                "split" => marks.splits.push(comment.start()),
                "skip" => marks.skips.push(comment.start()),
                "off" => off = off.or(Some(comment.start())),
                "on" => marks.off.extend(off.take().map(|start| TextRange::new(start, comment.end()))),
                _ => {}
            }
        }
        marks.off.extend(off.map(|start| TextRange::new(start, text::size(source.text.len()))));
        // Cells of a notebook are edited, and run, each by itself.
        marks.splits.extend(source.cells().into_iter().flatten().map(|cell| cell.start()));
        marks
    }

    fn keeps(&self, source: &Source<'_>, statement: &Stmt) -> bool {
        let line = TextRange::new(statement.start(), text::line_end(&source.text, statement.end()));
        self.off.iter().any(|off| off.contains(statement.start()))
            || self.skips.iter().any(|skip| line.contains_inclusive(*skip))
    }

    fn split_between(&self, before: &Stmt, after: &Stmt) -> bool {
        self.splits.iter().any(|split| *split > before.start() && *split <= after.start())
    }
}

/// The blocks of a body and of the bodies in it.
fn collect<'src>(source: &Source<'_>, marks: &Marks, body: &'src [Stmt], blocks: &mut Vec<&'src [Stmt]>) {
    let sortable = |statement: &Stmt| is_sortable(source, statement) && !marks.keeps(source, statement);
    let joined = |a: &Stmt, b: &Stmt| sortable(a) && sortable(b) && !marks.split_between(a, b);
    blocks.extend(body.chunk_by(joined).filter(|run| run.first().is_some_and(sortable)));
    for statement in body {
        match statement {
            Stmt::Try(_) => {}
            Stmt::FunctionDef(function) => collect(source, marks, &function.body, blocks),
            Stmt::ClassDef(class) => collect(source, marks, &class.body, blocks),
            other => for_each_block(other, &mut |block| collect(source, marks, block, blocks)),
        }
    }
}

/// Whether a statement is an import alone on its lines that may change its place.
fn is_sortable(source: &Source<'_>, statement: &Stmt) -> bool {
    let is_plain = match statement {
        Stmt::Import(import) => !import.is_lazy,
        Stmt::ImportFrom(import) => !import.is_lazy && import.names.iter().all(|alias| alias.name.as_str() != "*"),
        _ => false,
    };
    let rest = || source.slice(TextRange::new(statement.end(), text::line_end(&source.text, statement.end()))).trim();
    is_plain && text::begins_line(&source.text, statement.start()) && (rest().is_empty() || rest().starts_with('#'))
}

/// An import and what belongs to it.
struct Unit<'src> {
    statement: Statement,
    section: Section,
    /// Whole lines of comments before it.
    above: Vec<&'src str>,
    /// The comment behind it.
    behind: Option<&'src str>,
    /// The statement as it is written, where comments stand inside.
    verbatim: Option<&'src str>,
    /// Whether it is written with one name a line whatever its width.
    exploded: bool,
}

impl Unit<'_> {
    /// Whether it has nothing that another import could not share.
    fn is_plain(&self) -> bool {
        self.behind.is_none() && self.verbatim.is_none()
    }

    fn key(&self) -> (Section, StatementKey) {
        (self.section, self.statement.key())
    }

    fn write(&self, settings: &ImportSettings, indentation: &str, newline: &str, to: &mut String) {
        for comment in &self.above {
            to.push_str(indentation);
            to.push_str(comment);
            to.push_str(newline);
        }
        to.push_str(indentation);
        match self.verbatim {
            Some(verbatim) => to.push_str(verbatim),
            None => {
                // Behind a parenthesis the comment would be about another line than it is now.
                let unbounded = settings.unbounded();
                let settings = if self.behind.is_some() { &unbounded } else { settings };
                to.push_str(&self.statement.written(settings, self.exploded, indentation, newline));
            }
        }
        if let Some(comment) = self.behind {
            to.push_str("  ");
            to.push_str(comment);
        }
    }
}

fn edits_of(
    source: &Source<'_>,
    settings: &ImportSettings,
    sections: &Sections<'_, '_>,
    block: &[Stmt],
) -> Vec<TextEdit> {
    let (Some(first), Some(last)) = (block.first(), block.last()) else { return Vec::new() };
    let whole: &str = &source.text;
    let range = TextRange::new(text::line_start(whole, first.start()), text::line_end(whole, last.end()));
    let indentation = source.slice(TextRange::new(range.start(), first.start()));
    if is_ambiguous(block) {
        return Vec::new();
    }
    let mut units = merged(settings, units_of(source, settings, sections, block));
    units.sort_by_key(Unit::key);
    let newline = text::newline(whole);
    let mut sorted = String::new();
    for (number, unit) in units.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|index| units.get(index));
        if let Some(before) = before {
            sorted.push_str(newline);
            sorted.push_str(if before.section == unit.section { "" } else { newline });
        }
        unit.write(settings, indentation, newline, &mut sorted);
    }
    format::differences(source.slice(range), &sorted)
        .into_iter()
        .map(|(edit, new_text)| TextEdit { span: span(edit + range.start()), new_text })
        .collect()
}

/// Whether a name is bound to two things, so that the last import wins.
fn is_ambiguous(block: &[Stmt]) -> bool {
    let mut origins: BTreeMap<String, (u32, String, String)> = BTreeMap::new();
    let mut is_new = |name: &str, origin: (u32, String, String)| {
        let known = origins.entry(name.to_owned()).or_insert_with(|| origin.clone());
        *known == origin
    };
    let parts = block.iter().flat_map(Statement::parts);
    !parts.into_iter().all(|part| match part {
        Statement::Import { module, asname: Some(asname) } => is_new(&asname, (0, module, String::new())),
        Statement::Import { module, asname: None } => {
            let root = module.split('.').next().unwrap_or(&module);
            is_new(root, (0, root.to_owned(), String::new()))
        }
        Statement::From { level, module, members } => members.into_iter().all(|member| {
            let bound = member.asname.as_ref().unwrap_or(&member.name).clone();
            is_new(&bound, (level, module.clone(), member.name))
        }),
    })
}

/// The imports of a block, each by itself.
fn units_of<'src>(
    source: &'src Source<'_>,
    settings: &ImportSettings,
    sections: &Sections<'_, '_>,
    block: &[Stmt],
) -> Vec<Unit<'src>> {
    let whole: &str = &source.text;
    let mut units = Vec::new();
    let mut end_of_previous = None;
    for statement in block {
        let start = text::line_start(whole, statement.start());
        let mut above: Vec<&str> = end_of_previous
            .map(|end| source.slice(TextRange::new(end, start)).lines().map(str::trim).collect())
            .unwrap_or_default();
        above.retain(|line| !line.is_empty());
        end_of_previous = Some(text::next_line(whole, statement.end()));
        let rest = source.slice(TextRange::new(statement.end(), text::line_end(whole, statement.end()))).trim();
        let behind = (!rest.is_empty()).then_some(rest);
        let parts = Statement::parts(statement);
        let has_inner = text::has_comment(source, statement.range());
        let verbatim = (has_inner || (behind.is_some() && parts.len() > 1)).then(|| source.slice(statement.range()));
        let exploded = has_trailing_comma(source, statement);
        let is_whole = verbatim.is_some() || behind.is_some();
        let parts = if is_whole { parts.into_iter().take(1).collect() } else { split(settings, parts) };
        for mut part in parts {
            if verbatim.is_none() {
                sort_members(&mut part);
            }
            let (level, module) = part.module();
            let section = sections.of(level, module);
            let above = std::mem::take(&mut above);
            units.push(Unit { section, statement: part, above, behind, verbatim, exploded });
        }
    }
    units
}

/// Statements with the names that must stand alone apart.
fn split(settings: &ImportSettings, parts: Vec<Statement>) -> Vec<Statement> {
    let mut apart = Vec::new();
    for part in parts {
        let Statement::From { level, module, members } = part else {
            apart.push(part);
            continue;
        };
        let stands_alone =
            |member: &Member| settings.force_single_line || (member.asname.is_some() && !settings.combine_as_imports);
        let (alone, together): (Vec<_>, Vec<_>) = members.into_iter().partition(stands_alone);
        if !together.is_empty() {
            apart.push(Statement::From { level, module: module.clone(), members: together });
        }
        apart.extend(alone.into_iter().map(|member| Statement::From {
            level,
            module: module.clone(),
            members: vec![member],
        }));
    }
    apart
}

fn sort_members(statement: &mut Statement) {
    if let Statement::From { members, .. } = statement {
        members.sort_by_key(Member::key);
        members.dedup();
    }
}

/// Whether the last name in parentheses has a comma behind it, which asks for one name a line.
fn has_trailing_comma(source: &Source<'_>, statement: &Stmt) -> bool {
    let tokens = source.parsed.tokens();
    let end = tokens.partition_point(|token| token.end() <= statement.end());
    let mut last = tokens[..end].iter().rev().filter(|token| {
        !matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::Newline)
    });
    last.next().is_some_and(|token| token.kind() == TokenKind::Rpar)
        && last.next().is_some_and(|token| token.kind() == TokenKind::Comma)
}

/// Units of which those for the same module are one.
fn merged<'src>(settings: &ImportSettings, units: Vec<Unit<'src>>) -> Vec<Unit<'src>> {
    let mut merged: Vec<Unit<'src>> = Vec::new();
    for unit in units {
        let twin =
            merged.iter_mut().find(|other| other.is_plain() && unit.is_plain() && can_merge(settings, other, &unit));
        let Some(twin) = twin else {
            merged.push(unit);
            continue;
        };
        twin.above.extend(unit.above);
        twin.exploded |= unit.exploded;
        if let (Statement::From { members, .. }, Statement::From { members: more, .. }) =
            (&mut twin.statement, unit.statement)
        {
            members.extend(more);
        }
        sort_members(&mut twin.statement);
    }
    merged
}

fn can_merge(settings: &ImportSettings, one: &Unit<'_>, other: &Unit<'_>) -> bool {
    match (&one.statement, &other.statement) {
        (
            Statement::From { level, module, members },
            Statement::From { level: other_level, module: other_module, members: others },
        ) => {
            let alone = |members: &[Member]| members.iter().any(|member| member.asname.is_some());
            let stand_alone =
                settings.force_single_line || (!settings.combine_as_imports && (alone(members) || alone(others)));
            level == other_level && module == other_module && (!stand_alone || members == others)
        }
        (one, other) => one == other,
    }
}
