//! Another name for the same thing, everywhere. It finds by `references`; what is its own is to refuse what must not be
//! renamed, before anything is changed, and to take an alias for a thing of its own.

use ruff_python_ast::Expr;
use ruff_python_parser::parse_expression;
use vraftls_guest_sdk::{Candidate, DocumentEdit, Failure, RenameTarget, SearchPlan, TextEdit};

use crate::occurrence::{Occurrence, look_at};
use crate::project::{PythonProject, span};
use crate::resolve::Follow;
use crate::{paths, references};

/// Whether the name at the offset can be renamed.
pub(crate) fn prepare(project: &PythonProject, path: &str, offset: u32) -> Result<Option<RenameTarget>, Failure> {
    let source = project.source(path)?;
    let at = source.offset(offset)?;
    let target = look_at(&source, at, |at| {
        let target = RenameTarget { span: span(at.range), placeholder: source.slice(at.range).to_owned() };
        (target, matches!(at.occurrence, Occurrence::Key { .. }))
    });
    let Some((target, is_key)) = target else { return Ok(None) };
    if is_key {
        return Err(Failure::InvalidInput("a key of a dictionary is no name".to_owned()));
    }
    let plan = references::plan_following(project, path, offset, Follow::Originals)?
        .ok_or_else(|| Failure::InvalidInput(format!("nothing is known of `{}`", target.placeholder)))?;
    refuse_what_must_stay(project, &plan)?;
    Ok(Some(target))
}

/// What to search for to rename the name at the offset.
pub(crate) fn plan(
    project: &PythonProject,
    path: &str,
    offset: u32,
    new_name: &str,
) -> Result<Option<SearchPlan>, Failure> {
    refuse_no_identifier(new_name)?;
    if prepare(project, path, offset)?.is_none() {
        return Ok(None);
    }
    references::plan_following(project, path, offset, Follow::Originals)
}

/// The edits in the candidates, one entry for each file that has any.
pub(crate) fn edits(
    project: &PythonProject,
    plan: &SearchPlan,
    new_name: &str,
    files: &[Candidate],
) -> Result<Vec<DocumentEdit>, Failure> {
    refuse_no_identifier(new_name)?;
    refuse_what_must_stay(project, plan)?;
    let confirmed = references::confirm_following(project, plan, files, Follow::Originals)?;
    let edits = confirmed.into_iter().filter(|file| !paths::is_read_only(&file.path)).map(|file| DocumentEdit {
        path: file.path,
        edits: file
            .references
            .into_iter()
            .map(|reference| TextEdit { span: reference.span, new_text: new_name.to_owned() })
            .collect(),
    });
    Ok(edits.collect())
}

fn refuse_what_must_stay(project: &PythonProject, plan: &SearchPlan) -> Result<(), Failure> {
    for definition in &plan.definitions {
        if paths::is_read_only(&definition.path) {
            return Err(Failure::InvalidInput(format!("it is defined in a library: {}", definition.path)));
        }
        if definition.span.start == definition.span.end {
            let path = &definition.path;
            return Err(Failure::InvalidInput(format!("it is a module: rename its file, {path}, instead")));
        }
        project.file(&definition.path)?;
    }
    Ok(())
}

/// Keywords and whatever is no single name are refused by the parser itself.
fn refuse_no_identifier(new_name: &str) -> Result<(), Failure> {
    let is_name = parse_expression(new_name)
        .is_ok_and(|parsed| matches!(parsed.expr(), Expr::Name(name) if name.id.as_str() == new_name));
    if is_name { Ok(()) } else { Err(Failure::InvalidInput(format!("`{new_name}` is no Python identifier"))) }
}

#[cfg(test)]
mod tests {
    use super::refuse_no_identifier;

    #[test]
    fn only_single_names_are_identifiers() {
        for name in ["x", "_x1", "größe", "match", "type"] {
            assert!(refuse_no_identifier(name).is_ok(), "{name}");
        }
        for name in ["", "1x", "a b", "a.b", "class", "None", "x ", "(x)", "x\n", "a-b"] {
            assert!(refuse_no_identifier(name).is_err(), "{name:?}");
        }
    }
}
