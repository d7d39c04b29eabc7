//! The other names under which a thing is known: by `import .. as`, or by an assignment that gives it one. The text around a
//! name tells where one may be given, and only there the engine is asked whether it is the thing.

use ruff_db::source::source_text;
use ruff_text_size::{TextRange, TextSize};
use ty_python_core::definition::Definition;
use vraftls_guest_sdk::{Candidate, Failure, roles};

use super::sites;
use crate::project::PythonProject;

/// How many names a thing is searched under at most.
const NAMES_MAX: usize = 64;

/// The names of some things, and all that they are called elsewhere. The first stay first.
///
/// # Errors
/// [`Failure::Cancelled`] if nobody waits any more.
pub(super) fn with_aliases(
    project: &PythonProject,
    things: &[Definition<'_>],
    mut names: Vec<String>,
) -> Result<Vec<String>, Failure> {
    let mut asked = 0;
    while let Some(name) = names.get(asked).cloned() {
        asked += 1;
        // Names that classes give to their members are never changed by an import.
        if name.starts_with("__") {
            continue;
        }
        for candidate in project.workspace().candidates(&name, roles::REFERS) {
            project.check_cancelled()?;
            for alias in given_in(project, things, &candidate, &name) {
                if names.len() < NAMES_MAX && !names.contains(&alias) {
                    names.push(alias);
                }
            }
        }
    }
    Ok(names)
}

/// The names that a file gives to things which it calls by one name.
fn given_in(project: &PythonProject, things: &[Definition<'_>], candidate: &Candidate, name: &str) -> Vec<String> {
    let Ok(file) = project.file(&candidate.path) else { return Vec::new() };
    let text = source_text(project.db(), file);
    let given = |offset: &u32| Some((*offset, alias_at(&text, *offset as usize, name)?));
    let mut given = candidate.offsets.iter().filter_map(given).peekable();
    // Most files give no name to anything, and are not parsed.
    if given.peek().is_none() {
        return Vec::new();
    }
    let source = project.source_of(file);
    let is_thing = |offset: u32| {
        let meant = sites::meant_at(project, &source, TextRange::at(TextSize::new(offset), TextSize::of(name)));
        meant.iter().any(|meant| things.contains(meant))
    };
    given.filter(|(offset, _)| is_thing(*offset)).map(|(_, alias)| alias.to_owned()).collect()
}

/// The name that stands for the one at an offset: `name as alias`, or `alias = name` as a whole line.
fn alias_at<'text>(text: &'text str, offset: usize, name: &str) -> Option<&'text str> {
    let (before, rest) = (text.get(..offset)?, text.get(offset..)?);
    let after = rest.strip_prefix(name)?.trim_start_matches([' ', '\t']);
    if let Some(alias) = after.strip_prefix("as").filter(|alias| alias.starts_with([' ', '\t'])) {
        return Some(identifier(alias.trim_start_matches([' ', '\t'])));
    }
    if !(after.is_empty() || after.starts_with(['\n', '\r', '#', ';'])) {
        return None;
    }
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    let (target, value) = line.split_once('=')?;
    let target = target.split(':').next()?.trim();
    // What stands before the name may only be the modules that lead to it.
    let leads = value.trim().chars().all(|c| c == '.' || c == '_' || c.is_alphanumeric());
    (leads && !target.is_empty() && identifier(target) == target).then_some(target)
}

/// The identifier that a text begins with.
fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::alias_at;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let offset = text.find("Base").expect("the text holds the name");
        assert_eq!(alias_at(text, offset, "Base").filter(|alias| !alias.is_empty()), expected, "{text}");
    }

    #[test]
    fn aliases_are_read_from_imports_and_assignments() {
        check("from a import Base as B", Some("B"));
        check("from a import (Base as Größe, x)", Some("Größe"));
        check("x = 1\nParent = Base\n", Some("Parent"));
        check("Parent: type = mod.Base  # why", Some("Parent"));
        check("from a import Base", None);
        check("x = f(Base)", None);
        check("x = 1 + Base", None);
        check("x == Base", None);
        check("a.b = Base", None);
        check("Base asks", None);
    }
}
