//! The engine's changes in the words of the contract.

use ra_ap_ide::{SourceChange, TextEdit as Change};
use ra_ap_ide_db::base_db::AnchoredPathBuf;
use ra_ap_ide_db::source_change::FileSystemEdit;
use vraftls_guest_sdk::{Creation, DocumentEdit, Failure, FileChange, Move, TextEdit};

use crate::project::{RustProject, span};

/// The edits of one document.
pub(crate) fn in_document(change: &Change) -> Vec<TextEdit> {
    change.iter().map(|part| TextEdit { span: span(part.delete), new_text: part.insert.clone() }).collect()
}

/// The edits of all documents, sorted by path, of a change that is nothing else.
///
/// # Errors
/// [`Failure::InvalidInput`] if files would have to be made or moved, or if a library would have to change.
pub(crate) fn in_documents(project: &RustProject, change: &SourceChange) -> Result<Vec<DocumentEdit>, Failure> {
    if !change.file_system_edits.is_empty() {
        return Err(Failure::InvalidInput("it needs files to be made or moved".to_owned()));
    }
    Ok(whole(project, change)?.edits)
}

/// A change with the files that come to be and move.
///
/// # Errors
/// [`Failure::InvalidInput`] if a library would have to change, or if a file would have to go where there is one.
pub(crate) fn whole(project: &RustProject, change: &SourceChange) -> Result<FileChange, Failure> {
    let world = project.world();
    let mut found = FileChange { edits: Vec::new(), creations: Vec::new(), moves: Vec::new() };
    for (file, (change, _)) in &change.source_file_edits {
        let path = writable(world.path(*file).unwrap_or_default().to_owned())?;
        found.edits.push(DocumentEdit { path, edits: in_document(change) });
    }
    found.edits.sort_by(|a, b| a.path.cmp(&b.path));
    for edit in &change.file_system_edits {
        match edit {
            FileSystemEdit::CreateFile { dst, initial_contents } => {
                found.creations.push(Creation { path: free(project, dst)?, text: initial_contents.clone() });
            }
            FileSystemEdit::MoveFile { src, dst } => {
                let old_path = writable(world.path(*src).unwrap_or_default().to_owned())?;
                found.moves.push(Move { old_path, new_path: free(project, dst)? });
            }
            FileSystemEdit::MoveDir { src, src_id: _, dst } => {
                let old_path = writable(beside(project, src)?)?;
                found.moves.push(Move { old_path, new_path: free(project, dst)? });
            }
        }
    }
    Ok(found)
}

/// The path of a file that need not be there.
fn beside(project: &RustProject, path: &AnchoredPathBuf) -> Result<String, Failure> {
    let anchor = project.world().path(path.anchor).unwrap_or_default();
    beside_path(anchor, &path.path)
        .ok_or_else(|| Failure::InvalidInput(format!("`{}` lies outside of the workspace", path.path)))
}

fn beside_path(anchor: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = anchor.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn writable(path: String) -> Result<String, Failure> {
    match is_read_only(&path) {
        true => Err(Failure::InvalidInput(format!("it would change a library: {path}"))),
        false => Ok(path),
    }
}

fn free(project: &RustProject, path: &AnchoredPathBuf) -> Result<String, Failure> {
    let path = writable(beside(project, path)?)?;
    match project.is_there(&path) {
        true => Err(Failure::InvalidInput(format!("{path} is there already"))),
        false => Ok(path),
    }
}

/// Whether nobody may write there.
pub(crate) fn is_read_only(path: &str) -> bool {
    path.starts_with("@lib/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_workspace() {
        for (anchor, relative, expected) in [
            ("src/lib.rs", "a.rs", Some("src/a.rs")),
            ("src/a/mod.rs", "../b/mod.rs", Some("src/b/mod.rs")),
            ("lib.rs", "./a/b.rs", Some("a/b.rs")),
            ("lib.rs", "../a.rs", None),
        ] {
            assert_eq!(beside_path(anchor, relative).as_deref(), expected, "{anchor} {relative}");
        }
    }
}
