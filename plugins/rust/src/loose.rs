//! Rust files without any manifest: which of them are crates, and which are modules of others.

use std::collections::BTreeSet;

use ra_ap_ide::Edition;
use ra_ap_syntax::ast::{HasModuleItem as _, HasName as _};
use ra_ap_syntax::{SourceFile, ast};
use vraftls_guest_sdk::Workspace;

/// So many files are looked at; beyond that each file is a crate of its own.
const LOOKED_AT_MAX: usize = 500;

/// The files that no other one declares as its module.
pub(crate) fn roots(workspace: &dyn Workspace, files: &[String]) -> Vec<String> {
    let mut modules = BTreeSet::new();
    for path in files.iter().take(LOOKED_AT_MAX) {
        let Ok(text) = workspace.read(path) else { continue };
        if crate::index::is_too_deep(&text) {
            continue;
        }
        for name in declared(&text) {
            modules.extend(places(path, &name).into_iter().filter(|place| place != path));
        }
    }
    files.iter().filter(|path| !modules.contains(*path)).cloned().collect()
}

/// The modules that a file declares without a body.
fn declared(text: &str) -> Vec<String> {
    let file = SourceFile::parse(text, Edition::CURRENT).tree();
    let name = |item: ast::Item| match item {
        ast::Item::Module(module) if module.item_list().is_none() => Some(module.name()?.text().to_string()),
        _ => None,
    };
    file.items().filter_map(name).collect()
}

/// Where a module that a file declares may lie.
fn places(path: &str, module: &str) -> Vec<String> {
    let (directory, name) = path.rsplit_once('/').map_or(("", path), |(directory, name)| (directory, name));
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let join = |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
    let file = format!("{module}.rs");
    let mut found = Vec::new();
    for below in ["", stem] {
        found.push(join(&[directory, below, &file]));
        found.push(join(&[directory, below, module, "mod.rs"]));
    }
    found
}

#[cfg(test)]
mod tests {
    use vraftls_guest_sdk::MemoryWorkspace;

    use super::*;

    #[test]
    fn modules_are_no_crates() {
        let files = [
            ("main.rs", "mod a; mod b { }"),
            ("a.rs", "pub mod deep;"),
            ("a/deep.rs", ""),
            ("b.rs", "mod b;"),
            ("x/other.rs", "mod part;"),
            ("x/part/mod.rs", ""),
        ];
        let workspace = MemoryWorkspace::new(files.map(|(path, text)| (path.to_owned(), text.to_owned())));
        let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(roots(&workspace, &paths), ["main.rs", "b.rs", "x/other.rs"]);
    }
}
