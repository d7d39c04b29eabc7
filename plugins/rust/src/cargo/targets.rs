//! The targets of a package: what its manifest lists, and what cargo finds by itself where it does not.

use toml::{Table, Value};
use vraftls_guest_sdk::{NodeKind, Workspace};

use super::manifest::{Manifest, joined};

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// The library.
    Library,
    /// A program.
    Binary,
    /// An example, a test or a benchmark.
    Development,
    /// The build script.
    Build,
}

/// A crate of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its name, as cargo spells it.
    pub(crate) name: String,
    /// Its root file.
    pub(crate) path: String,
    /// What it is.
    pub(crate) kind: TargetKind,
}

/// The library of a package first, if it has one, then all its other targets. Those without a file are left out.
pub(crate) fn targets(manifest: &Manifest, workspace: &dyn Workspace) -> Vec<Target> {
    let mut found: Vec<Target> = library(manifest).into_iter().collect();
    let groups = [
        ("bin", "autobins", "src/bin", TargetKind::Binary),
        ("example", "autoexamples", "examples", TargetKind::Development),
        ("test", "autotests", "tests", TargetKind::Development),
        ("bench", "autobenches", "benches", TargetKind::Development),
    ];
    for (section, switch, folder, kind) in groups {
        let listed = listed(manifest, section, folder, kind);
        let is_automatic = manifest.package(switch).and_then(Value::as_bool).unwrap_or(true);
        let automatic = if is_automatic { automatic(manifest, workspace, folder, kind) } else { Vec::new() };
        let more: Vec<Target> =
            automatic.into_iter().filter(|target| listed.iter().all(|known| known.name != target.name)).collect();
        found.extend(listed.into_iter().chain(more));
    }
    found.extend(build_script(manifest));
    let paths: Vec<String> = found.iter().map(|target| target.path.clone()).collect();
    let mut exists = workspace.exists(&paths).into_iter();
    found.retain(|_| exists.next().flatten().is_some_and(|metadata| metadata.kind == NodeKind::File));
    let mut seen = Vec::new();
    found.retain(|target| {
        let is_new = !seen.contains(&target.path);
        seen.push(target.path.clone());
        is_new
    });
    found
}

/// The library, whether or not its file exists.
pub(crate) fn library(manifest: &Manifest) -> Option<Target> {
    let table = manifest.table.get("lib").and_then(Value::as_table);
    let is_automatic = manifest.package("autolib").and_then(Value::as_bool).unwrap_or(true);
    if table.is_none() && !is_automatic {
        return None;
    }
    let text = |key: &str| table.and_then(|table| table.get(key)).and_then(Value::as_str);
    Some(Target {
        name: text("name").map_or_else(|| manifest.name.replace('-', "_"), str::to_owned),
        path: joined(&manifest.directory, text("path").unwrap_or("src/lib.rs"))?,
        kind: TargetKind::Library,
    })
}

fn build_script(manifest: &Manifest) -> Option<Target> {
    let path = match manifest.package("build") {
        Some(Value::Boolean(false)) => return None,
        Some(Value::String(path)) => path,
        _ => "build.rs",
    };
    let path = joined(&manifest.directory, path)?;
    Some(Target { name: "build_script_build".to_owned(), path, kind: TargetKind::Build })
}

/// `[[bin]]` and the like.
fn listed(manifest: &Manifest, section: &str, folder: &str, kind: TargetKind) -> Vec<Target> {
    let tables = manifest.table.get(section).and_then(Value::as_array).into_iter().flatten();
    let target = |table: &Table| {
        let name = table.get("name")?.as_str()?.to_owned();
        let path = match table.get("path").and_then(Value::as_str) {
            Some(path) => path.to_owned(),
            None if section == "bin" && name == manifest.name => "src/main.rs".to_owned(),
            None => format!("{folder}/{name}.rs"),
        };
        Some(Target { name, path: joined(&manifest.directory, &path)?, kind })
    };
    tables.filter_map(Value::as_table).filter_map(target).collect()
}

/// `folder/*.rs` and `folder/*/main.rs`, and `src/main.rs` among programs.
fn automatic(manifest: &Manifest, workspace: &dyn Workspace, folder: &str, kind: TargetKind) -> Vec<Target> {
    let Some(directory) = joined(&manifest.directory, folder) else { return Vec::new() };
    let entry = |entry: vraftls_guest_sdk::Entry| match entry.kind {
        NodeKind::File => {
            let name = entry.name.strip_suffix(".rs")?.to_owned();
            Some(Target { path: format!("{directory}/{name}.rs"), name, kind })
        }
        NodeKind::Directory => {
            Some(Target { path: format!("{directory}/{}/main.rs", entry.name), name: entry.name, kind })
        }
    };
    let mut found: Vec<Target> = workspace.list(&directory).into_iter().filter_map(entry).collect();
    if kind == TargetKind::Binary
        && let Some(path) = joined(&manifest.directory, "src/main.rs")
    {
        found.insert(0, Target { name: manifest.name.clone(), path, kind });
    }
    found
}

#[cfg(test)]
mod tests {
    use vraftls_guest_sdk::MemoryWorkspace;

    use super::*;
    use crate::cargo::Platform;

    fn found(manifest: &str, files: &[&str]) -> Vec<(String, String)> {
        let files = files.iter().map(|path| ((*path).to_owned(), String::new()));
        let workspace = MemoryWorkspace::new(files);
        let table: Table = manifest.parse().expect("TOML");
        let manifest = Manifest::read("p", table, None, &Platform::default()).expect("a package");
        targets(&manifest, &workspace).into_iter().map(|target| (target.name, target.path)).collect()
    }

    #[test]
    fn targets_are_found_as_cargo_finds_them() {
        let files = [
            "p/src/lib.rs",
            "p/src/main.rs",
            "p/src/bin/one.rs",
            "p/src/bin/two/main.rs",
            "p/src/bin/two/part.rs",
            "p/tests/it.rs",
            "p/tests/common/mod.rs",
            "p/examples/e.rs",
            "p/build.rs",
        ];
        let names = |manifest: &str| found(manifest, &files).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let all = names("[package]\nname = 'a-b'");
        assert_eq!(all, ["a_b", "a-b", "one", "two", "e", "it", "build_script_build"]);
        let few = names(
            "[package]\nname = 'a-b'\nautobins = false\nautotests = false\nbuild = false\nautoexamples = false\n\
             [lib]\nname = 'other'\n[[bin]]\nname = 'one'\n[[test]]\nname = 'missing'",
        );
        assert_eq!(few, ["other", "one"]);
    }

    #[test]
    fn a_listed_target_replaces_the_one_of_its_name() {
        let manifest = "[package]\nname = 'a'\n[[bin]]\nname = 'one'\npath = 'src/other.rs'";
        let found = found(manifest, &["p/src/bin/one.rs", "p/src/other.rs"]);
        assert_eq!(found, [("one".to_owned(), "p/src/other.rs".to_owned())]);
    }
}
