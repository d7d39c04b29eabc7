//! Changes that are offered: the engine's assists, and what settles its findings.
//!
//! The edits are left to [`resolve`], which gets a token: an assist is named often and taken seldom. Nothing is offered in libraries.

use ra_ap_ide::{Assist, AssistKind, AssistResolveStrategy, FileRange, SingleResolve};
use serde::{Deserialize, Serialize};
use vraftls_guest_sdk::{Action, Diagnostic, DocumentEdit, Failure, FileChange, Move, Span};

use crate::edits::{in_documents, is_read_only, whole};
use crate::project::{RustProject, Source};
use crate::settings;

/// So many are offered at one place.
const ACTIONS_MAX: usize = 200;

/// What `resolve` has to do.
#[derive(Debug, Serialize, Deserialize)]
struct Todo {
    id: String,
    kind: u8,
    subtype: Option<u32>,
    start: u32,
    end: u32,
}

const KINDS: [(AssistKind, &str); 6] = [
    (AssistKind::QuickFix, "quickfix"),
    (AssistKind::Generate, "refactor"),
    (AssistKind::Refactor, "refactor"),
    (AssistKind::RefactorExtract, "refactor.extract"),
    (AssistKind::RefactorInline, "refactor.inline"),
    (AssistKind::RefactorRewrite, "refactor.rewrite"),
];

/// The changes for a span.
pub(crate) fn actions(
    source: &Source<'_>,
    path: &str,
    asked: Span,
    diagnostics: &[Diagnostic],
    kinds: &[String],
) -> Result<Vec<Action>, Failure> {
    let range = source.range(asked)?;
    if is_read_only(path) {
        return Ok(Vec::new());
    }
    let found = offered(source, range, AssistResolveStrategy::None)?;
    let mut actions: Vec<Action> = Vec::new();
    for assist in found {
        let Some(place) = KINDS.iter().position(|(kind, _)| *kind == assist.id.1) else { continue };
        let kind = KINDS[place].1;
        if !asks_for(kinds, kind) || actions.len() >= ACTIONS_MAX {
            continue;
        }
        let todo = Todo {
            id: assist.id.0.to_owned(),
            kind: place as u8,
            subtype: assist.id.2.and_then(|subtype| u32::try_from(subtype).ok()),
            start: asked.start,
            end: asked.end,
        };
        let is_fix = assist.id.1 == AssistKind::QuickFix;
        let fixes = diagnostics.iter().enumerate().filter(|(_, finding)| is_fix && settles(&assist, finding));
        actions.push(Action {
            title: assist.label.to_string(),
            kind: kind.to_owned(),
            fixes: fixes.filter_map(|(place, _)| u32::try_from(place).ok()).collect(),
            preferred: false,
            edits: Vec::new(),
            token: postcard::to_allocvec(&todo).map_err(|error| Failure::Internal(error.to_string()))?,
        });
    }
    Ok(actions)
}

/// Whether a fix stands where a finding does.
fn settles(assist: &Assist, finding: &Diagnostic) -> bool {
    let (start, end) = (u32::from(assist.target.start()), u32::from(assist.target.end()));
    start <= finding.span.end && finding.span.start <= end
}

/// What an action does that was offered without its edits.
pub(crate) fn resolve(source: &Source<'_>, token: &[u8]) -> Result<FileChange, Failure> {
    let no_token = |_| Failure::InvalidInput("no token of this analyzer".to_owned());
    let todo: Todo = postcard::from_bytes(token).map_err(no_token)?;
    let Some((kind, _)) = KINDS.get(usize::from(todo.kind)) else {
        return Err(Failure::InvalidInput("no token of this analyzer".to_owned()));
    };
    let range = source.range(Span { start: todo.start, end: todo.end })?;
    let subtype = todo.subtype.map(|subtype| subtype as usize);
    let one = SingleResolve { assist_id: todo.id.clone(), assist_kind: *kind, assist_subtype: subtype };
    let found = offered(source, range, AssistResolveStrategy::Single(one))?;
    let is_meant = |assist: &Assist| assist.id.0 == todo.id && assist.id.1 == *kind && assist.id.2 == subtype;
    let change = found.into_iter().filter(is_meant).find_map(|assist| assist.source_change);
    match change {
        Some(change) => whole(source.project, &change),
        None => Err(Failure::InvalidInput("the change is not offered any more".to_owned())),
    }
}

fn offered(source: &Source<'_>, range: FileRange, strategy: AssistResolveStrategy) -> Result<Vec<Assist>, Failure> {
    let (assists, diagnostics) = (settings::assists(), settings::diagnostics());
    source.project.ask(|analysis| analysis.assists_with_fixes(&assists, &diagnostics, strategy, range))
}

/// Whether one of the kinds asked for takes in a kind; without any, all are asked for.
fn asks_for(kinds: &[String], kind: &str) -> bool {
    let takes_in = |asked: &String| {
        kind.strip_prefix(asked.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || asked.is_empty())
    };
    kinds.is_empty() || kinds.iter().any(takes_in)
}

/// The edits that keep `mod` items and paths right when files get other names in their directories. Files that go to other
/// directories are left to their authors: the engine has no answer for those.
pub(crate) fn will_rename(project: &RustProject, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
    let mut found: Vec<DocumentEdit> = Vec::new();
    for moved in moves {
        let parts = |path: &str| {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            Some((directory.to_owned(), name.strip_suffix(".rs")?.to_owned()))
        };
        let (Some((from, _)), Some((to, stem))) = (parts(&moved.old_path), parts(&moved.new_path)) else { continue };
        let Some(file) = project.world().id(&moved.old_path).filter(|_| from == to) else { continue };
        let change = project.ask(|analysis| analysis.will_rename_file(file, &stem, &settings::renaming()))?;
        if let Some(mut change) = change {
            // The file itself is moved by who asks.
            change.file_system_edits.clear();
            found.extend(in_documents(project, &change)?);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
