//! Another name for the same thing, everywhere or not at all.

use vraftls_guest_sdk::{Candidate, DocumentEdit, Failure, RenameTarget, SearchPlan, TextEdit};

use crate::module::{Module, Occ, Occurrence};
use crate::project::TypeScriptProject;
use crate::references;
use crate::store::{BUILTINS, FileId};
use crate::targets::{Purpose, Target};

/// Words that name nothing.
const RESERVED: [&str; 42] = [
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
];

pub(crate) fn prepare(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Option<RenameTarget>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset) else { return Ok(None) };
    check(project, file, at)?;
    let placeholder = module.slice(at.span).to_owned();
    Ok(Some(RenameTarget { span: at.span.span(), placeholder }))
}

/// Why a name cannot be renamed.
fn check(project: &TypeScriptProject, file: FileId, at: &Occurrence) -> Result<(), Failure> {
    let refuse = |why: &str| Err(Failure::InvalidInput(why.to_owned()));
    if matches!(at.occ, Occ::Spec(_)) {
        return refuse("a module is renamed by moving its file");
    }
    if matches!(at.occ, Occ::Keyword | Occ::Intrinsic(_)) {
        return refuse("this name is the language's own");
    }
    let store = project.store();
    let targets = store.targets(file, at, Purpose::Identity);
    if targets.is_empty() {
        return refuse("it is not known what this name means");
    }
    for target in targets {
        match target {
            Target::File(_) => return refuse("a module is renamed by moving its file"),
            Target::Decl(of, decl) => {
                let path = store.path(of);
                if &*path == BUILTINS || path.starts_with("@lib/") || path.split('/').any(|part| part == "node_modules")
                {
                    return refuse("it is declared outside of the workspace");
                }
                if store.is_generated(of) {
                    return refuse("it is declared in a file that is made from another");
                }
                let is_this = store.module(of).is_some_and(|module| &*module.decl(decl).name == "this");
                if is_this {
                    return refuse("`this` has no other name");
                }
            }
        }
    }
    Ok(())
}

fn check_name(new_name: &str, is_private: bool) -> Result<(), Failure> {
    let bare = if is_private { new_name.strip_prefix('#').unwrap_or(new_name) } else { new_name };
    let mut characters = bare.chars();
    let starts = characters.next().is_some_and(|first| first.is_alphabetic() || matches!(first, '_' | '$'));
    let goes_on = characters.all(|character| character.is_alphanumeric() || matches!(character, '_' | '$'));
    if !starts || !goes_on || RESERVED.contains(&bare) {
        return Err(Failure::InvalidInput(format!("`{new_name}` is no name")));
    }
    Ok(())
}

pub(crate) fn plan(
    project: &TypeScriptProject,
    path: &str,
    offset: u32,
    new_name: &str,
) -> Result<Option<SearchPlan>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset) else { return Ok(None) };
    check(project, file, at)?;
    check_name(new_name, module.slice(at.span).starts_with('#'))?;
    let old = module.slice(at.span).to_owned();
    let mut plan = references::plan(project, path, offset)?;
    if let Some(plan) = &mut plan {
        // What others call it is left alone, and a name given by `as` is this file's own.
        let declared = plan.definitions.iter().any(|definition| {
            let module = project.store().module(project.store().id(&definition.path));
            let span = crate::module::Range { start: definition.span.start, end: definition.span.end };
            module.is_some_and(|module| module.slice(span) == old)
        });
        if !declared {
            plan.only = Some(path.to_owned());
        }
        plan.names.retain(|name| *name == old);
    }
    Ok(plan)
}

pub(crate) fn edits(
    project: &TypeScriptProject,
    plan: &SearchPlan,
    new_name: &str,
    files: &[Candidate],
) -> Result<Vec<DocumentEdit>, Failure> {
    let confirmed = references::confirm(project, plan, files)?;
    let wanted = references::wanted(project, plan);
    let mut found = Vec::new();
    for changed in confirmed {
        let (file, module) = project.question(&changed.path, None)?;
        let at = |start: u32| module.starting_at(start);
        let edits = changed.references.iter().filter_map(|reference| {
            let new_text = new_text(project, file, &module, at(reference.span.start)?, &wanted, new_name);
            Some(TextEdit { span: reference.span, new_text })
        });
        found.push(DocumentEdit { path: changed.path.clone(), edits: edits.collect() });
    }
    Ok(found)
}

/// What comes in the place of a name. A shorthand has two meanings; the one that is not renamed keeps the old name.
fn new_text(
    project: &TypeScriptProject,
    file: FileId,
    module: &Module,
    at: &Occurrence,
    wanted: &references::Places,
    new_name: &str,
) -> String {
    let store = project.store();
    let old = module.slice(at.span);
    let new_name = match old.strip_prefix('#') {
        Some(_) if !new_name.starts_with('#') => format!("#{new_name}"),
        _ => new_name.to_owned(),
    };
    let is_wanted = |target: &Target| {
        store.place(*target).is_some_and(|(file, span, _)| wanted.contains(&(file, span.start, span.end)))
    };
    let value = match &at.occ {
        Occ::Key { shorthand: Some(value), .. } => {
            let value = Occurrence { span: at.span, occ: Occ::Ident(*value), roles: at.roles };
            references::meant(project, file, &value)
        }
        Occ::PatternKey { shorthand: Some(decl), .. } => {
            let value = Occurrence { span: at.span, occ: Occ::Decl(*decl), roles: at.roles };
            references::meant(project, file, &value)
        }
        _ => return new_name,
    };
    let value_changes = value.iter().any(is_wanted);
    let others = references::meant(project, file, at).into_iter().filter(|target| !value.contains(target));
    let others: Vec<Target> = others.collect();
    let key_changes = others.iter().any(is_wanted);
    match (key_changes, value_changes) {
        (true, false) => format!("{new_name}: {old}"),
        (false, true) => format!("{old}: {new_name}"),
        _ => new_name,
    }
}
