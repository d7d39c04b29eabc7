//! How a type is shown in a hint, and whether it could be written at that place.

use ruff_python_ast::AnyNodeRef;
use ty_python_semantic::types::{Type, TypeDetail, TypeDisplayDetails};
use ty_python_semantic::{ImportAliasResolution, ResolvedDefinition, SemanticModel};
use vraftls_guest_sdk::HintPart;

use crate::project::PythonProject;
use crate::resolve::definitions_of_name;
use crate::{definition, inferred};

/// The longest label, in characters. Beyond, it hides more code than it explains.
const LABEL_CHARS_MAX: usize = 60;

/// A type as a hint shows it.
pub(super) struct Label {
    /// Its parts, each with where it leads.
    pub(super) parts: Vec<HintPart>,
    /// Whether it is an annotation at all, and not what only the engine can say.
    pub(super) is_annotation: bool,
    /// How it is written, if it can be: all its names are known at the place, as what they mean in the type.
    pub(super) annotation: Option<String>,
}

/// How a type is shown at a node. None for what has parts that nobody knows.
pub(super) fn label<'db>(
    project: &'db PythonProject,
    model: &SemanticModel<'db>,
    ty: Type<'db>,
    node: AnyNodeRef<'_>,
) -> Option<Label> {
    let shown = ty.display(project.db(), &model.program_environment()).to_string_parts();
    // Words of the engine that no person has for a type.
    if ["Unknown", "Divergent", "Todo", "AlwaysTruthy", "AlwaysFalsy"].iter().any(|word| shown.label.contains(word)) {
        return None;
    }
    let annotation = (shown.is_valid_syntax && is_known(project, model, &shown, node)).then(|| shown.label.clone());
    Some(Label { parts: parts(project, model, &shown), is_annotation: shown.is_valid_syntax, annotation })
}

/// The label in parts: those that name a type lead to its definition.
fn parts<'db>(
    project: &'db PythonProject,
    model: &SemanticModel<'db>,
    shown: &TypeDisplayDetails<'db>,
) -> Vec<HintPart> {
    let plain = |label: &str| HintPart { label: label.to_owned(), location: None };
    if let Some((cut, _)) = shown.label.char_indices().nth(LABEL_CHARS_MAX) {
        return vec![plain(&format!("{}…", &shown.label[..cut]))];
    }
    let mut parts = Vec::new();
    let mut end = 0;
    for (start, until, ty) in types(shown) {
        let Some(name) = shown.label.get(start..until).filter(|_| start >= end) else { continue };
        if start > end {
            parts.push(plain(&shown.label[end..start]));
        }
        let found = inferred::definition_of_type(model, ty).map(|found| definition::locations(project, &[found]));
        let location = found.and_then(|found| found.into_iter().next()).filter(|_| name != "None");
        parts.push(HintPart { label: name.to_owned(), location });
        end = until;
    }
    if end < shown.label.len() {
        parts.push(plain(&shown.label[end..]));
    }
    parts
}

/// The types that a label names: where each starts and ends. Innermost ones come before those around them.
fn types<'db>(shown: &TypeDisplayDetails<'db>) -> Vec<(usize, usize, Type<'db>)> {
    let mut found: Vec<_> = shown
        .targets
        .iter()
        .zip(&shown.details)
        .filter_map(|(range, detail)| match detail {
            TypeDetail::Type(ty) => Some((range.start().to_usize(), range.end().to_usize(), *ty)),
            TypeDetail::SignatureStart | TypeDetail::SignatureEnd | TypeDetail::Parameter(_) => None,
        })
        .collect();
    found.sort_by_key(|(start, end, _)| (*start, *end));
    found
}

/// Whether every name of a label means at a node what it means in the type.
fn is_known<'db>(
    project: &'db PythonProject,
    model: &SemanticModel<'db>,
    shown: &TypeDisplayDetails<'db>,
    node: AnyNodeRef<'_>,
) -> bool {
    let types = types(shown);
    names(&shown.label).into_iter().all(|(start, name)| {
        if matches!(name, "None" | "True" | "False") {
            return true;
        }
        let found = definitions_of_name(model, name, node, ImportAliasResolution::ResolveAliases);
        let meant = types.iter().find(|(from, until, _)| (*from..*until).contains(&start));
        let meant = meant.and_then(|(_, _, ty)| inferred::definition_of_type(model, *ty));
        match meant {
            Some(meant) => same(project, &found, &meant),
            None => !found.is_empty(),
        }
    })
}

fn same<'db>(project: &'db PythonProject, found: &[ResolvedDefinition<'db>], meant: &ResolvedDefinition<'db>) -> bool {
    let place = |definition: &ResolvedDefinition<'db>| crate::resolve::focus(project.db(), definition);
    let meant = place(meant);
    found.iter().any(|found| place(found) == meant)
}

/// The names that a label begins an expression with, outside of strings: `a` of `a.b`.
fn names(label: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut start = None;
    let mut before = ' ';
    for (at, c) in label.char_indices().chain([(label.len(), ' ')]) {
        let is_word = quote.is_none() && (c == '_' || c.is_alphanumeric());
        match (start, is_word) {
            (None, true) => start = Some((at, before)),
            (Some((from, before)), false) => {
                let name = &label[from..at];
                let is_prefix = matches!(c, '"' | '\'');
                if before != '.' && !is_prefix && !name.starts_with(|c: char| c.is_numeric()) {
                    found.push((from, name));
                }
                start = None;
            }
            _ => {}
        }
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if c == open && before != '\\' => quote = None,
            _ => {}
        }
        before = c;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_what_expressions_begin_with() {
        let of = |label| names(label).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(of("dict[str, a.B | None]"), ["dict", "str", "a", "None"]);
        assert_eq!(of("Literal[\"x y\", 1, b'z']"), ["Literal"]);
        assert_eq!(of("größe"), ["größe"]);
    }
}
