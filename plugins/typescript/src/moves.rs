//! The edits that keep imports right when files and directories move. All edits are of files under their old paths.

use vraftls_guest_sdk::{DocumentEdit, Failure, Move, TextEdit};

use crate::imports;
use crate::project::TypeScriptProject;
use crate::store::SUFFIXES;

/// Where a path is after the moves.
fn moved(path: &str, moves: &[Move]) -> Option<String> {
    moves.iter().find_map(|step| {
        let rest = path.strip_prefix(step.old_path.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", step.new_path))
    })
}

pub(crate) fn will_rename(project: &TypeScriptProject, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
    let store = project.store();
    let mut found = Vec::new();
    for path in store.files()?.iter() {
        store.check_cancelled()?;
        let (file, module) = match project.question(path, None) {
            Ok(opened) => opened,
            Err(Failure::NotFound(_)) => continue,
            Err(failure) => return Err(failure),
        };
        let here = moved(path, moves);
        let mut edits = Vec::new();
        for spec in module.specs.iter().filter(|spec| spec.text.starts_with('.')) {
            if spec.span.start >= spec.span.end {
                continue;
            }
            let Some(target) = store.resolve(file, &spec.text) else { continue };
            let old_target = store.path(target).to_string();
            let new_target = moved(&old_target, moves);
            if here.is_none() && new_target.is_none() {
                continue;
            }
            let from = here.as_deref().unwrap_or(path);
            let to = new_target.as_deref().unwrap_or(&old_target);
            let new_text = rewritten(&spec.text, from, to);
            if new_text != *spec.text {
                edits.push(TextEdit { span: spec.span.span(), new_text });
            }
        }
        edits.sort_by_key(|edit| edit.span.start);
        if !edits.is_empty() {
            found.push(DocumentEdit { path: path.clone(), edits });
        }
    }
    Ok(found)
}

/// The name of a module as it was spelled: with a suffix or without, with `index` or without.
fn rewritten(old: &str, from: &str, to: &str) -> String {
    let suffix = old.rsplit('/').next().and_then(|last| last.rsplit_once('.')).map(|(_, suffix)| suffix);
    let stem = imports::without_suffix(to);
    match suffix {
        Some("json") => imports::relative(from, to),
        Some(suffix) if SUFFIXES.contains(&suffix) => imports::relative(from, &format!("{stem}.{suffix}")),
        _ if old.ends_with("/index") => imports::relative(from, &stem),
        _ => {
            let bare = stem.strip_suffix("/index").unwrap_or(&stem);
            imports::relative(from, bare)
        }
    }
}
