//! The edits that keep imports right when files and directories move.
//!
//! The moves are asked about before they happen, so every edit is of a file under its old path. Which modules get other names
//! is told by paths alone ([`Renamed`]); which files may import them, by the index; what changes in one file, by
//! [`rewrite`]. Strings that hold names of modules are left alone. Either all edits are given or none.

mod renamed;
mod rewrite;

use std::collections::BTreeSet;

use vraftls_guest_sdk::{DocumentEdit, Failure, Move, roles};

use crate::paths;
use crate::project::PythonProject;
use renamed::Renamed;

/// The edits that keep imports right when these files and directories move.
///
/// # Errors
/// [`Failure::Cancelled`] if nobody waits any more; [`Failure::Limited`] and [`Failure::NotFound`] where a file that may
/// import what moves cannot be read.
pub(crate) fn will_rename(project: &PythonProject, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
    let renamed = Renamed::by(project, moves)?;
    if renamed.is_empty() {
        return Ok(Vec::new());
    }
    let mut files: BTreeSet<String> = renamed.files().map(str::to_owned).collect();
    for name in renamed.last_components() {
        project.check_cancelled()?;
        // Where a package is imported, a module in it may be an attribute.
        for candidate in project.workspace().candidates(name, roles::IMPORTS | roles::ATTRIBUTE) {
            files.insert(candidate.path);
        }
    }
    let mut documents = Vec::new();
    let is_ours = |path: &String| renamed::is_python(path) && !paths::is_read_only(path);
    for path in files.into_iter().filter(is_ours) {
        project.check_cancelled()?;
        let edits = rewrite::edits(project, &renamed, &path)?;
        if !edits.is_empty() {
            documents.push(DocumentEdit { path, edits });
        }
    }
    Ok(documents)
}
