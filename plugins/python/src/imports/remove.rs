//! Edits that take imports away, whole statements or parts of them. What is left parses as before: a block that would be
//! empty gets a `pass`.

use std::collections::BTreeSet;

use ruff_python_ast::{Alias, ExceptHandler, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::TextEdit;

use super::text;
use crate::index::for_each_block;
use crate::project::{Source, span};

/// The edits that take away the parts of imports at these ranges, ascending.
pub(crate) fn removal(source: &Source<'_>, parts: &[TextRange]) -> Vec<TextEdit> {
    let parts: BTreeSet<(TextSize, TextSize)> = parts.iter().map(|range| (range.start(), range.end())).collect();
    let mut removal = Removal { source, parts, edits: Vec::new() };
    removal.block(source.parsed.suite(), true);
    removal.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    removal.edits
}

struct Removal<'src, 'db> {
    source: &'src Source<'db>,
    parts: BTreeSet<(TextSize, TextSize)>,
    edits: Vec<TextEdit>,
}

impl Removal<'_, '_> {
    fn block(&mut self, block: &[Stmt], may_be_empty: bool) {
        let goes = |statement: &Stmt| {
            let aliases = aliases(statement);
            !aliases.is_empty() && aliases.iter().all(|alias| self.is_removed(alias))
        };
        let all_go = block.iter().all(goes);
        for (number, statement) in block.iter().enumerate() {
            let aliases = aliases(statement);
            if aliases.is_empty() {
                self.nested(statement);
            } else if !aliases.iter().any(|alias| self.is_removed(alias)) {
                continue;
            } else if !aliases.iter().all(|alias| self.is_removed(alias)) {
                self.shorten(statement, aliases);
            } else if (all_go && number == 0 && !may_be_empty) || !self.is_alone(statement) {
                self.push(statement.range(), "pass");
            } else {
                let whole: &str = &self.source.text;
                let start = text::line_start(whole, statement.start());
                self.push(TextRange::new(start, text::next_line(whole, statement.end())), "");
            }
        }
    }

    fn nested(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.block(&function.body, false),
            Stmt::ClassDef(class) => self.block(&class.body, false),
            // An `else` and a `finally` that are not there have nothing to keep.
            Stmt::Try(statement) => {
                self.block(&statement.body, false);
                for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
                    self.block(&handler.body, false);
                }
                self.block(&statement.orelse, false);
                self.block(&statement.finalbody, false);
            }
            other => for_each_block(other, &mut |block| self.block(block, false)),
        }
    }

    fn is_removed(&self, alias: &Alias) -> bool {
        self.parts.contains(&(alias.start(), alias.end()))
    }

    /// Whether a statement has its lines for itself.
    fn is_alone(&self, statement: &Stmt) -> bool {
        let whole: &str = &self.source.text;
        let rest = TextRange::new(statement.end(), text::line_end(whole, statement.end()));
        let rest = self.source.slice(rest).trim();
        text::begins_line(whole, statement.start()) && (rest.is_empty() || rest.starts_with('#'))
    }

    /// Takes some of the names of a statement away.
    fn shorten(&mut self, statement: &Stmt, aliases: &[Alias]) {
        let removed: Vec<bool> = aliases.iter().map(|alias| self.is_removed(alias)).collect();
        let gone = || aliases.iter().zip(&removed).filter(|(_, removed)| **removed).map(|(alias, _)| alias);
        if gone().all(|alias| self.has_own_line(statement, aliases, alias)) {
            let whole: &str = &self.source.text;
            let lines: Vec<TextRange> = gone()
                .map(|alias| {
                    TextRange::new(text::line_start(whole, alias.start()), text::next_line(whole, alias.end()))
                })
                .collect();
            lines.into_iter().for_each(|line| self.push(line, ""));
            return;
        }
        let mut index = 0;
        while index < aliases.len() {
            let run = removed[index..].iter().take_while(|removed| **removed).count();
            let end = index + run;
            if run > 0 {
                let range = match (aliases.get(end), index.checked_sub(1).and_then(|before| aliases.get(before))) {
                    (Some(next), _) => TextRange::new(aliases[index].start(), next.start()),
                    (None, Some(before)) => TextRange::new(before.end(), aliases[end - 1].end()),
                    (None, None) => TextRange::empty(aliases[index].start()),
                };
                self.push(range, "");
            }
            index = end + 1;
        }
    }

    /// Whether nothing else of the statement stands on the line of a name but its comma.
    fn has_own_line(&self, statement: &Stmt, aliases: &[Alias], alias: &Alias) -> bool {
        let whole: &str = &self.source.text;
        let line = TextRange::new(text::line_start(whole, alias.start()), text::line_end(whole, alias.end()));
        let rest = self.source.slice(TextRange::new(alias.end(), line.end())).trim_start();
        let after = rest.strip_prefix(',').unwrap_or(rest).trim();
        let is_last = aliases.last().is_some_and(|last| last.range == alias.range);
        text::begins_line(whole, alias.start())
            && line.end() < statement.end()
            && (after.is_empty() || after.starts_with('#'))
            && (rest.starts_with(',') || is_last)
            && aliases.iter().filter(|other| line.contains_range(other.range)).count() == 1
    }

    fn push(&mut self, range: TextRange, new_text: &str) {
        self.edits.push(TextEdit { span: span(range), new_text: new_text.to_owned() });
    }
}

/// The parts of an import; none for other statements.
fn aliases(statement: &Stmt) -> &[Alias] {
    match statement {
        Stmt::Import(import) => &import.names,
        Stmt::ImportFrom(import) => &import.names,
        _ => &[],
    }
}
