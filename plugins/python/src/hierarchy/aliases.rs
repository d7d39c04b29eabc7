//! The other names under which a thing is known: by `import .. as`, or by an assignment that gives it one. Told from the text
//! around its name, so a name too many is possible; who searches confirms what is found.

use vraftls_guest_sdk::Failure;

use crate::project::PythonProject;

/// How many names a thing is searched under at most.
const NAMES_MAX: usize = 64;

/// The names of some things, and all that they are called elsewhere. The first stay first.
///
/// # Errors
/// [`Failure::Cancelled`] if nobody waits any more.
pub(super) fn with_aliases(project: &PythonProject, mut names: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut asked = 0;
    while let Some(name) = names.get(asked).cloned() {
        asked += 1;
        project.check_cancelled()?;
        // Names that classes give to their members are never changed by an import.
        if name.starts_with("__") {
            continue;
        }
        for candidate in project.workspace().candidates(&name, 0) {
            let Ok(file) = project.file(&candidate.path) else { continue };
            let text = ruff_db::source::source_text(project.db(), file);
            let found = candidate.offsets.iter().filter_map(|offset| alias_at(&text, *offset as usize, &name));
            for alias in found {
                if names.len() < NAMES_MAX && !names.iter().any(|known| known == alias) {
                    names.push(alias.to_owned());
                }
            }
        }
    }
    Ok(names)
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
