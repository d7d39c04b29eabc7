//! Another name for the same thing, everywhere, and for the files of a module. The engine finds and edits; what cannot be done is
//! refused before anything is changed.

use vraftls_guest_sdk::{Candidate, DocumentEdit, Failure, FileChange, Move, RenameTarget, SearchPlan};

use crate::project::{Source, span};
use crate::settings::renaming;
use crate::{edits, references};

/// Whether the name at the offset can be renamed.
pub(crate) fn prepare(source: &Source<'_>, offset: u32) -> Result<Option<RenameTarget>, Failure> {
    let position = source.position(offset)?;
    match source.project.ask(|analysis| analysis.prepare_rename(position))? {
        Ok(found) => {
            let placeholder = source.slice(found.range).to_owned();
            Ok(Some(RenameTarget { span: span(found.range), placeholder }))
        }
        Err(error) => match references::plan(source, offset)? {
            Some(_) => Err(Failure::InvalidInput(error.to_string())),
            None => Ok(None),
        },
    }
}

/// What to search for to rename the name at the offset.
pub(crate) fn plan(source: &Source<'_>, offset: u32, new_name: &str) -> Result<Option<SearchPlan>, Failure> {
    if prepare(source, offset)?.is_none() {
        return Ok(None);
    }
    all(source, offset, new_name)?;
    references::plan(source, offset)
}

/// The edits in the candidates, one entry for each file that has any.
pub(crate) fn edits(
    source: &Source<'_>,
    offset: u32,
    new_name: &str,
    files: &[Candidate],
) -> Result<Vec<DocumentEdit>, Failure> {
    let mut found = all(source, offset, new_name)?.edits;
    found.retain(|document| files.iter().any(|file| file.path == document.path));
    Ok(found)
}

/// The files and directories that move: those of a module that is renamed.
pub(crate) fn moves(source: &Source<'_>, offset: u32, new_name: &str) -> Result<Vec<Move>, Failure> {
    Ok(all(source, offset, new_name)?.moves)
}

fn all(source: &Source<'_>, offset: u32, new_name: &str) -> Result<FileChange, Failure> {
    let position = source.position(offset)?;
    let change = source.project.ask(|analysis| analysis.rename(position, new_name, &renaming()))?;
    edits::whole(source.project, &change.map_err(|error| Failure::InvalidInput(error.to_string()))?)
}
