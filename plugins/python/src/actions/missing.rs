//! Imports for names that nothing defines, and for submodules that were never imported.

use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{AnyNodeRef, Expr, ExprAttribute};
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::{Action, Failure};

use super::{Asked, quick_fix, range_of};
use crate::imports::candidates::{self, Style};
use crate::imports::{ImportSettings, Insertions, Wanted};
use crate::project::Source;

/// How many imports are offered for one name.
const OFFERED_MAX: usize = 8;
/// For how many names in one question.
const NAMES_MAX: usize = 16;

/// A name that is missing in a file, or in a cell of a notebook.
struct Missing {
    name: String,
    /// Where it is missed first.
    place: TextSize,
    cell: Option<TextRange>,
    /// What would bring it in.
    wanted: Vec<Wanted>,
    /// The findings that are about it.
    fixes: Vec<u32>,
}

/// Imports for what is missing, best first for each name; preferred where there is just one.
pub(super) fn imports(asked: &Asked<'_, '_>) -> Result<Vec<Action>, Failure> {
    let mut missing: Vec<Missing> = Vec::new();
    for (index, diagnostic) in asked.diagnostics.iter().enumerate() {
        let Some(range) = range_of(asked.source, diagnostic) else { continue };
        let name = match diagnostic.code.as_str() {
            "unresolved-reference" => asked.source.slice(range).to_owned(),
            "unresolved-attribute" | "possibly-missing-attribute" | "possibly-missing-submodule" => {
                let Some(module) = submodule_at(asked.source, range) else { continue };
                module
            }
            _ => continue,
        };
        let cell = asked.source.cell_at(range.start());
        if let Some(known) = missing.iter_mut().find(|known| known.name == name && known.cell == cell) {
            known.fixes.push(index as u32);
            continue;
        }
        if missing.len() < NAMES_MAX {
            let wanted = if name.contains('.') {
                vec![Wanted { level: 0, module: name.clone(), name: None, asname: None }]
            } else {
                imports_of(asked, &name)?
            };
            missing.push(Missing { name, place: range.start(), cell, wanted, fixes: vec![index as u32] });
        }
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let settings = ImportSettings::of(asked.project.workspace(), asked.path);
    let mut offered = Vec::new();
    for Missing { place, wanted, fixes, .. } in missing {
        let insertions = Insertions::around(asked.source, &settings, place);
        let is_only = wanted.len() == 1;
        for wanted in wanted {
            let edits = insertions.edits(&wanted);
            if !edits.is_empty() {
                let title = format!("Add `{}`", wanted.statement().on_one_line());
                offered.push(quick_fix(title, fixes.clone(), is_only, asked.path, edits));
            }
        }
    }
    Ok(offered)
}

/// The imports that would bring in a name, as this file would write them.
fn imports_of(asked: &Asked<'_, '_>, name: &str) -> Result<Vec<Wanted>, Failure> {
    let style = Style::of(asked.source);
    let mut imports: Vec<Wanted> = Vec::new();
    for found in candidates::named(asked.project, asked.source, name)? {
        let wanted = style.apply(&found.wanted);
        if !imports.contains(&wanted) {
            imports.push(wanted);
        }
    }
    imports.truncate(OFFERED_MAX);
    Ok(imports)
}

/// The module that a dotted name would be if it were imported: `xml.etree` where only `xml` is.
fn submodule_at(source: &Source<'_>, range: TextRange) -> Option<String> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    let node = root.range().contains_range(range).then(|| covering_node(root, range))?;
    let attribute: &ExprAttribute = node.ancestors().find_map(|node| match node {
        AnyNodeRef::ExprAttribute(attribute) => Some(attribute),
        _ => None,
    })?;
    let name = dotted_name(&attribute.value)? + "." + attribute.attr.as_str();
    let module = source.model.resolve_module(Some(&name), 0)?;
    (module.name(source.model.db()).as_str() == name).then_some(name)
}

fn dotted_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(dotted_name(&attribute.value)? + "." + attribute.attr.as_str()),
        _ => None,
    }
}
