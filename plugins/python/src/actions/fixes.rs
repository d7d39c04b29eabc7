//! The engine's own fixes for its findings, and comments that silence them.

use ruff_db::diagnostic::{Diagnostic as Finding, UnifiedFile};
use ruff_text_size::{Ranged, TextRange};
use ty_python_semantic::{Db as _, default_lint_registry, suppress_single};
use vraftls_guest_sdk::{Action, TextEdit};

use super::{Asked, quick_fix, range_of};
use crate::project::{PythonProject, Source, span};

/// The fixes that the engine has for the findings asked about.
pub(super) fn fixes(asked: &Asked<'_, '_>) -> Vec<Action> {
    let mut offered = Vec::new();
    for (index, finding) in matching(asked) {
        let Some(fix) = finding.fix() else { continue };
        let code = finding.id().as_str().to_owned();
        let title = finding.first_help_text().map_or_else(|| format!("Fix `{code}`"), sentence);
        let edits = edits_of(asked.source, fix.edits().iter().map(|edit| (edit.range(), edit.content())));
        if !edits.is_empty() {
            offered.push(quick_fix(title, vec![index], fix.applicability().is_safe(), asked.path, edits));
        }
    }
    offered
}

/// Comments that silence the findings asked about.
pub(super) fn ignores(asked: &Asked<'_, '_>) -> Vec<Action> {
    let db = asked.project.db();
    let file = asked.source.model.python_file();
    let mut offered: Vec<Action> = Vec::new();
    for (index, finding) in matching(asked) {
        let code = finding.id().as_str().to_owned();
        // A comment about a comment would be the next finding.
        let Ok(lint) = default_lint_registry().get(&code) else { continue };
        if code.contains("ignore-comment") {
            continue;
        }
        let Some(range) = range_in(asked, &finding) else { continue };
        let fix = suppress_single(db, file, lint, range);
        let edits = edits_of(asked.source, fix.edits().iter().map(|edit| (edit.range(), edit.content())));
        let action = quick_fix(format!("Ignore `{code}` on this line"), vec![index], false, asked.path, edits);
        match offered.iter_mut().find(|other| other.title == action.title && other.edits == action.edits) {
            Some(same) => same.fixes.push(index),
            None if action.edits.is_empty() => {}
            None => offered.push(action),
        }
    }
    offered
}

/// Edits of a file and, where they do not collide with those, all safe fixes of the engine.
pub(super) fn all(project: &PythonProject, source: &Source<'_>, edits: Vec<TextEdit>) -> Vec<TextEdit> {
    let mut all = edits;
    for finding in project.db().check_file(source.file) {
        let Some(fix) = finding.fix().filter(|fix| fix.applicability().is_safe()) else { continue };
        let more = edits_of(source, fix.edits().iter().map(|edit| (edit.range(), edit.content())));
        let collides = |one: &TextEdit| {
            all.iter().any(|other| one.span.start <= other.span.end && other.span.start <= one.span.end)
        };
        if !more.iter().any(collides) {
            all.extend(more);
        }
    }
    all.sort_by_key(|edit| (edit.span.start, edit.span.end));
    all
}

/// The engine's findings that are asked about, each with the index by which it is.
fn matching(asked: &Asked<'_, '_>) -> Vec<(u32, Finding)> {
    let is_asked = |index: usize, finding: &Finding| {
        let diagnostic = &asked.diagnostics[index];
        finding.id().as_str() == diagnostic.code && range_in(asked, finding) == range_of(asked.source, diagnostic)
    };
    let findings = asked.project.db().check_file(asked.source.file);
    let mut found = Vec::new();
    for index in 0..asked.diagnostics.len() {
        found.extend(
            findings.iter().find(|finding| is_asked(index, finding)).map(|finding| (index as u32, finding.clone())),
        );
    }
    found
}

/// Where a finding is in the file asked about.
fn range_in(asked: &Asked<'_, '_>, finding: &Finding) -> Option<TextRange> {
    let place = finding.primary_span()?;
    (place.file() == &UnifiedFile::Ty(asked.source.file)).then(|| place.range()).flatten()
}

/// The edits of a fix, none if they do not fit the text.
fn edits_of<'a>(source: &Source<'_>, edits: impl Iterator<Item = (TextRange, Option<&'a str>)>) -> Vec<TextEdit> {
    let mut found: Vec<TextEdit> = Vec::new();
    for (range, content) in edits {
        let collides = found.last().is_some_and(|before| range.start().to_u32() < before.span.end);
        if collides || source.text.get(range.start().to_usize()..range.end().to_usize()).is_none() {
            return Vec::new();
        }
        found.push(TextEdit { span: span(range), new_text: content.unwrap_or_default().to_owned() });
    }
    found
}

/// A text that begins with a capital letter, as titles do.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
