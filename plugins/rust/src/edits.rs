//! The engine's changes in the words of the contract.

use ra_ap_ide::{SourceChange, TextEdit as Change};
use vraftls_guest_sdk::{DocumentEdit, Failure, TextEdit};

use crate::project::{RustProject, span};

/// The edits of one document.
pub(crate) fn in_document(change: &Change) -> Vec<TextEdit> {
    change.iter().map(|part| TextEdit { span: span(part.delete), new_text: part.insert.clone() }).collect()
}

/// The edits of all documents, sorted by path.
///
/// # Errors
/// [`Failure::InvalidInput`] if files would have to be made or moved, which the contract has no word for, or if a library would
/// have to change.
pub(crate) fn in_documents(project: &RustProject, change: &SourceChange) -> Result<Vec<DocumentEdit>, Failure> {
    if !change.file_system_edits.is_empty() {
        return Err(Failure::InvalidInput("it needs files to be made or moved".to_owned()));
    }
    let mut found = Vec::new();
    for (file, (change, _)) in &change.source_file_edits {
        let path = project.world().path(*file).unwrap_or_default().to_owned();
        if is_read_only(&path) {
            return Err(Failure::InvalidInput(format!("it would change a library: {path}")));
        }
        found.push(DocumentEdit { path, edits: in_document(change) });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Whether nobody may write there.
pub(crate) fn is_read_only(path: &str) -> bool {
    path.starts_with("@lib/")
}
