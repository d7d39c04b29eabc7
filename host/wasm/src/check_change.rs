//! Checks changes of which edits are only a part: what comes to be and moves does so within the workspace, and destroys nothing.

use std::collections::BTreeSet;

use vraftls_proto::{Creation, FileChange, FileMove};
use vraftls_vfs::VfsPath;

use crate::bindings::exports::vraftls::analyzer::{actions, refiling};
use crate::check::{Check, Rejected, bad};
use crate::check_reply::document_edits;

/// A whole change.
pub(crate) fn change(check: &mut Check<'_>, change: refiling::Change) -> Result<FileChange, Rejected> {
    let edits = document_edits(check, change.edits)?;
    let mut ends = BTreeSet::new();
    check.items(change.creations.len())?;
    let mut creations = Vec::with_capacity(change.creations.len());
    for refiling::Creation { path, text } in change.creations {
        check.size(&text)?;
        creations.push(Creation { path: free(check, &path, &mut ends)?, text });
    }
    creations.sort_by(|a, b| a.path.cmp(&b.path));
    let moves = moves_beside(check, change.moves, ends)?;
    Ok(FileChange { edits, creations, moves })
}

/// Moves, each of something that is there to where nothing is.
pub(crate) fn moves(check: &mut Check<'_>, moves: Vec<actions::Move>) -> Result<Vec<FileMove>, Rejected> {
    moves_beside(check, moves, BTreeSet::new())
}

fn moves_beside(
    check: &mut Check<'_>,
    moves: Vec<actions::Move>,
    mut ends: BTreeSet<VfsPath>,
) -> Result<Vec<FileMove>, Rejected> {
    check.items(moves.len())?;
    let mut checked: Vec<FileMove> = Vec::with_capacity(moves.len());
    for actions::Move { old_path, new_path } in moves {
        let old = writable(check, &old_path)?;
        if !check.is_there(&old) || !ends.insert(old.clone()) {
            return bad(format!("{old} moves, which is not there or moves twice"));
        }
        checked.push(FileMove { new: free(check, &new_path, &mut ends)?, old });
    }
    Ok(checked)
}

/// A path at which nothing is, and at which nothing else comes to be.
fn free(check: &Check<'_>, path: &str, ends: &mut BTreeSet<VfsPath>) -> Result<VfsPath, Rejected> {
    let path = writable(check, path)?;
    match !check.is_there(&path) && ends.insert(path.clone()) {
        true => Ok(path),
        false => bad(format!("{path} would be overwritten")),
    }
}

fn writable(check: &Check<'_>, path: &str) -> Result<VfsPath, Rejected> {
    let path = check.path(path)?;
    match path.as_str().starts_with("@lib/") || path.as_str().starts_with("@bundled/") {
        true => bad(format!("a change at {path}, which is read-only")),
        false => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Limits;
    use crate::bindings::vraftls::analyzer::types::{DocumentEdit, Span, TextEdit};
    use crate::check::Texts;

    struct Files;

    impl Texts for Files {
        fn text(&mut self, path: &VfsPath) -> Result<Arc<str>, Rejected> {
            if self.is_there(path) { Ok("text".into()) } else { bad("no file") }
        }

        fn is_there(&self, path: &VfsPath) -> bool {
            matches!(path.as_str(), "a" | "b" | "d" | "@lib/l")
        }
    }

    fn moved(old: &str, new: &str) -> actions::Move {
        actions::Move { old_path: old.to_owned(), new_path: new.to_owned() }
    }

    fn created(path: &str) -> refiling::Creation {
        refiling::Creation { path: path.to_owned(), text: String::new() }
    }

    fn checked(creations: Vec<refiling::Creation>, moves: Vec<actions::Move>) -> Result<FileChange, Rejected> {
        let edit = TextEdit { span: Span { start: 0, end: 4 }, new_text: String::new() };
        let edits = vec![DocumentEdit { path: "a".to_owned(), edits: vec![edit] }];
        let limits = Limits { reply_items_max: 8, ..Limits::default() };
        change(&mut Check::new(&limits, &mut Files), refiling::Change { edits, creations, moves })
    }

    #[test]
    fn a_change_that_destroys_nothing_is_taken() {
        let change = checked(vec![created("y"), created("x/z")], vec![moved("a", "c"), moved("d", "e/f")]).unwrap();
        let paths = |paths: Vec<&VfsPath>| paths.into_iter().map(VfsPath::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(paths(change.creations.iter().map(|it| &it.path).collect()), "x/z y");
        assert_eq!(paths(change.moves.iter().flat_map(|it| [&it.old, &it.new]).collect()), "a c d e/f");
        assert_eq!(change.edits.len(), 1);
    }

    #[test]
    fn each_way_to_destroy_something_is_refused() {
        let broken = [
            (vec![created("b")], vec![]),
            (vec![created("x"), created("x")], vec![]),
            (vec![created("@lib/x")], vec![]),
            (vec![created("../x")], vec![]),
            (vec![created("")], vec![]),
            (vec![], vec![moved("a", "b")]),
            (vec![], vec![moved("a", "a")]),
            (vec![], vec![moved("gone", "c")]),
            (vec![], vec![moved("a", "c"), moved("b", "c")]),
            (vec![], vec![moved("a", "c"), moved("a", "e")]),
            (vec![], vec![moved("a", "c"), moved("c", "e")]),
            (vec![], vec![moved("@lib/l", "c")]),
            (vec![], vec![moved("a", "@bundled/c")]),
            (vec![created("c")], vec![moved("a", "c")]),
            ((0..9).map(|n| created(&n.to_string())).collect(), vec![]),
        ];
        for (n, (creations, moves)) in broken.into_iter().enumerate() {
            assert!(checked(creations, moves).is_err(), "case {n}");
        }
    }
}
