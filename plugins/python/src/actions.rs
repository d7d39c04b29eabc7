//! Changes that are offered: imports that are missing, unused or out of order, findings to settle or to ignore.
//!
//! What costs is left to [`resolve`], which gets a token. There is no linter here: every fix belongs to a finding of the
//! engine, or to an import. Nothing is offered in libraries.

mod fixes;
mod missing;
mod organize;

use ruff_text_size::{TextRange, TextSize};
use serde::{Deserialize, Serialize};
use vraftls_guest_sdk::{Action, Diagnostic, DocumentEdit, Failure, Span, TextEdit};

use crate::imports::ImportSettings;
use crate::imports::remove::removal;
use crate::imports::unused::{Unused, unused_imports};
use crate::paths;
use crate::project::{PythonProject, Source};

const QUICK_FIX: &str = "quickfix";
const ORGANIZE: &str = "source.organizeImports";
const REMOVE_UNUSED: &str = "source.removeUnusedImports";
const FIX_ALL: &str = "source.fixAll";

/// The code of the hint about an import that nothing reads.
pub(crate) const UNUSED_IMPORT: &str = "unused-import";

/// What `resolve` has to do.
#[derive(Debug, Serialize, Deserialize)]
enum Todo {
    Organize,
    RemoveUnused,
    FixAll,
}

/// What a question about actions is about.
struct Asked<'a, 'db> {
    project: &'db PythonProject,
    source: &'a Source<'db>,
    path: &'a str,
    diagnostics: &'a [Diagnostic],
}

/// The changes for a span.
pub(crate) fn actions(
    project: &PythonProject,
    path: &str,
    _: Span,
    diagnostics: &[Diagnostic],
    kinds: &[String],
) -> Result<Vec<Action>, Failure> {
    let source = project.source(path)?;
    if paths::is_read_only(path) {
        return Ok(Vec::new());
    }
    let asked = Asked { project, source: &source, path, diagnostics };
    let mut offered = Vec::new();
    if asks_for(kinds, QUICK_FIX) && !diagnostics.is_empty() {
        offered.extend(fixes::fixes(&asked));
        offered.extend(unused(&asked));
        offered.extend(missing::imports(&asked)?);
        offered.extend(fixes::ignores(&asked));
    }
    let sources = [
        (ORGANIZE, "Organize imports", Todo::Organize),
        (REMOVE_UNUSED, "Remove unused imports", Todo::RemoveUnused),
        (FIX_ALL, "Fix all that can be fixed safely", Todo::FixAll),
    ];
    for (kind, title, todo) in sources {
        if asks_for(kinds, kind) {
            offered.push(later(title, kind, &todo));
        }
    }
    Ok(offered)
}

/// The edits of an action that was offered without.
pub(crate) fn resolve(project: &PythonProject, path: &str, token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
    let todo: Todo =
        postcard::from_bytes(token).map_err(|_| Failure::InvalidInput("no token of this analyzer".to_owned()))?;
    let source = project.source(path)?;
    if paths::is_read_only(path) {
        return Ok(Vec::new());
    }
    let edits = match todo {
        Todo::Organize => organize::organize(&source, &ImportSettings::of(project.workspace(), path)),
        Todo::RemoveUnused => remove_unused(&source, path),
        Todo::FixAll => fixes::all(project, &source, remove_unused(&source, path)),
    };
    Ok(in_file(path, edits))
}

/// Whether one of the kinds asked for takes in a kind; without any, all are asked for.
fn asks_for(kinds: &[String], kind: &str) -> bool {
    let takes_in = |asked: &String| {
        kind.strip_prefix(asked.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || asked.is_empty())
    };
    kinds.is_empty() || kinds.iter().any(takes_in)
}

/// An action whose edits come with [`resolve`].
fn later(title: &str, kind: &str, todo: &Todo) -> Action {
    let token = postcard::to_stdvec(todo).expect("a token has no map and no sequence of unknown length");
    Action {
        title: title.to_owned(),
        kind: kind.to_owned(),
        fixes: Vec::new(),
        preferred: false,
        edits: Vec::new(),
        token,
    }
}

/// A quick fix with its edits.
fn quick_fix(title: String, fixes: Vec<u32>, preferred: bool, path: &str, edits: Vec<TextEdit>) -> Action {
    Action { title, kind: QUICK_FIX.to_owned(), fixes, preferred, edits: in_file(path, edits), token: Vec::new() }
}

/// Edits as those of one file; none if there are none.
fn in_file(path: &str, edits: Vec<TextEdit>) -> Vec<DocumentEdit> {
    if edits.is_empty() { Vec::new() } else { vec![DocumentEdit { path: path.to_owned(), edits }] }
}

/// The range of a finding, if the text still has one there.
fn range_of(source: &Source<'_>, diagnostic: &Diagnostic) -> Option<TextRange> {
    let Span { start, end } = diagnostic.span;
    let range = (start <= end).then(|| TextRange::new(TextSize::new(start), TextSize::new(end)))?;
    source.text.get(range.start().to_usize()..range.end().to_usize()).map(|_| range)
}

/// What takes unused imports away: the one of each finding, and all of the file if there are more.
fn unused(asked: &Asked<'_, '_>) -> Vec<Action> {
    let hints = asked.diagnostics.iter().enumerate().filter(|(_, diagnostic)| diagnostic.code == UNUSED_IMPORT);
    let hints: Vec<(usize, TextRange)> =
        hints.filter_map(|(index, diagnostic)| Some((index, range_of(asked.source, diagnostic)?))).collect();
    if hints.is_empty() {
        return Vec::new();
    }
    let found = unused_imports(asked.source, asked.path);
    let mut offered = Vec::new();
    for (index, range) in hints {
        if let Some(unused) = found.iter().find(|unused| unused.range == range) {
            let title = format!("Remove unused import `{}`", unused.title);
            let edits = removal(asked.source, &[unused.range]);
            offered.push(quick_fix(title, vec![index as u32], true, asked.path, edits));
        }
    }
    if found.len() > 1 && !offered.is_empty() {
        let fixes = offered.iter().flat_map(|action| action.fixes.clone()).collect();
        let action = later("Remove all unused imports", QUICK_FIX, &Todo::RemoveUnused);
        offered.push(Action { fixes, ..action });
    }
    offered
}

fn remove_unused(source: &Source<'_>, path: &str) -> Vec<TextEdit> {
    let parts: Vec<TextRange> = unused_imports(source, path).iter().map(|Unused { range, .. }| *range).collect();
    removal(source, &parts)
}
