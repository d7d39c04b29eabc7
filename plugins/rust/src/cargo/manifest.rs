//! `Cargo.toml`: a package, its dependencies, and what members inherit from their workspace.
//!
//! Any value may be missing or of another type: what cannot be read is as if it were not there.

use std::collections::BTreeMap;

use semver::VersionReq;
use toml::{Table, Value};

use super::cfg::Platform;

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The package itself.
    Normal,
    /// Its tests, examples and benchmarks.
    Development,
    /// Its build script.
    Build,
}

/// A dependency as its package asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// What the package calls it.
    pub(crate) alias: String,
    /// The name of the package that it is.
    pub(crate) package: String,
    /// The versions that will do.
    pub(crate) requirement: VersionReq,
    /// The directory it lies in, in the words of the contract, if its package says that.
    pub(crate) path: Option<String>,
    /// Whether it comes out of a repository.
    pub(crate) is_of_repository: bool,
    /// What it is for.
    pub(crate) kind: Kind,
    /// Whether a feature must ask for it.
    pub(crate) optional: bool,
    /// Whether its default features are asked for.
    pub(crate) default_features: bool,
    /// Its features that are asked for.
    pub(crate) features: Vec<String>,
}

/// A package.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// The directory of its `Cargo.toml`; empty for the root of the workspace.
    pub(crate) directory: String,
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its edition, for example `2024`.
    pub(crate) edition: String,
    /// Its features and what each asks for.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Its dependencies on the platform.
    pub(crate) dependencies: Vec<Dependency>,
    /// The whole of it.
    pub(crate) table: Table,
}

/// What the members of a workspace may inherit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inherited {
    /// The directory of the workspace.
    pub(crate) directory: String,
    /// `[workspace]`.
    table: Table,
    /// `[patch.*]` that lead to directories: package and path.
    patches: BTreeMap<String, String>,
}

impl Inherited {
    /// What a manifest lets others inherit, if it is a workspace's.
    pub(crate) fn of(directory: &str, manifest: &Table) -> Option<Self> {
        let table = manifest.get("workspace")?.as_table()?.clone();
        let sources = manifest.get("patch").and_then(Value::as_table).into_iter().flat_map(Table::values);
        let patches = sources.filter_map(Value::as_table).flatten().filter_map(|(name, patch)| {
            let path = joined(directory, text(patch, "path")?)?;
            Some((text(patch, "package").unwrap_or(name).to_owned(), path))
        });
        Some(Self { directory: directory.to_owned(), patches: patches.collect(), table })
    }

    fn package(&self, key: &str) -> Option<&Value> {
        self.table.get("package")?.get(key)
    }

    fn dependency(&self, name: &str) -> Option<&Value> {
        self.table.get("dependencies")?.get(name)
    }
}

impl Manifest {
    /// The package of a manifest, if it has one.
    pub(crate) fn read(
        directory: &str,
        table: Table,
        inherited: Option<&Inherited>,
        platform: &Platform,
    ) -> Option<Self> {
        let package = table.get("package").or_else(|| table.get("project"))?;
        let name = text(package, "name")?.to_owned();
        let own_or_inherited = |key: &str| match package.get(key)? {
            Value::Table(table) if is_inherited(table) => inherited?.package(key)?.as_str(),
            own => own.as_str(),
        };
        let features = table.get("features").and_then(Value::as_table).into_iter().flatten();
        Some(Self {
            directory: directory.to_owned(),
            version: own_or_inherited("version").unwrap_or("0.0.0").to_owned(),
            edition: own_or_inherited("edition").unwrap_or("2015").to_owned(),
            features: features.map(|(name, asks)| (name.clone(), texts(asks))).collect(),
            dependencies: dependencies(directory, &table, inherited, platform),
            name,
            table,
        })
    }

    /// A value of `[package]`.
    pub(crate) fn package(&self, key: &str) -> Option<&Value> {
        self.table.get("package").or_else(|| self.table.get("project"))?.get(key)
    }

    /// Whether it is a crate of procedural macros.
    pub(crate) fn is_proc_macro(&self) -> bool {
        let library = self.table.get("lib");
        let flag =
            |key: &str| library.and_then(|library| library.get(key)).and_then(Value::as_bool).unwrap_or_default();
        let types = library.and_then(|library| library.get("crate-type")).map(texts).unwrap_or_default();
        flag("proc-macro") || flag("proc_macro") || types.iter().any(|kind| kind == "proc-macro")
    }
}

fn dependencies(
    directory: &str,
    manifest: &Table,
    inherited: Option<&Inherited>,
    platform: &Platform,
) -> Vec<Dependency> {
    let mut found = Vec::new();
    add_dependencies(directory, manifest, inherited, &mut found);
    for (condition, table) in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
        if let Some(table) = table.as_table().filter(|_| platform.matches(condition)) {
            add_dependencies(directory, table, inherited, &mut found);
        }
    }
    found
}

fn add_dependencies(directory: &str, table: &Table, inherited: Option<&Inherited>, found: &mut Vec<Dependency>) {
    let sections = [
        ("dependencies", Kind::Normal),
        ("dev-dependencies", Kind::Development),
        ("dev_dependencies", Kind::Development),
        ("build-dependencies", Kind::Build),
        ("build_dependencies", Kind::Build),
    ];
    for (section, kind) in sections {
        for (alias, value) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
            found.extend(dependency(directory, alias, value, kind, inherited));
        }
    }
}

fn dependency(
    directory: &str,
    alias: &str,
    own: &Value,
    kind: Kind,
    inherited: Option<&Inherited>,
) -> Option<Dependency> {
    let takes_over = own.as_table().is_some_and(is_inherited);
    let (value, base) = if takes_over {
        let workspace = inherited?;
        (workspace.dependency(alias)?, workspace.directory.as_str())
    } else {
        (own, directory)
    };
    let package = text(value, "package").unwrap_or(alias);
    let requirement = value.as_str().or_else(|| text(value, "version")).unwrap_or("*");
    let patched = || inherited?.patches.get(package).cloned();
    let flag = |value: &Value, key: &str| value.get(key).and_then(Value::as_bool);
    let default = |value: &Value| flag(value, "default-features").or_else(|| flag(value, "default_features"));
    let mut features = value.get("features").map(texts).unwrap_or_default();
    if takes_over {
        features.extend(own.get("features").map(texts).unwrap_or_default());
    }
    Some(Dependency {
        alias: alias.to_owned(),
        package: package.to_owned(),
        requirement: VersionReq::parse(requirement).unwrap_or_default(),
        path: text(value, "path").and_then(|path| joined(base, path)).or_else(patched),
        is_of_repository: text(value, "git").is_some(),
        kind,
        optional: flag(own, "optional").unwrap_or_default(),
        // A member cannot switch off what its workspace leaves on, and can switch on what that switches off.
        default_features: default(value).unwrap_or(true) || takes_over && default(own) == Some(true),
        features,
    })
}

fn is_inherited(table: &Table) -> bool {
    table.get("workspace").and_then(Value::as_bool).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The path that a manifest in a directory writes, from the root of the view; none where it leaves that.
pub(crate) fn joined(directory: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(directory: &str, text: &str, workspace: &str) -> Manifest {
        let workspace: Table = workspace.parse().expect("TOML");
        let inherited = Inherited::of("", &workspace);
        let table: Table = text.parse().expect("TOML");
        Manifest::read(directory, table, inherited.as_ref(), &Platform::default()).expect("a package")
    }

    #[test]
    fn members_inherit_from_their_workspace() {
        let workspace = "[workspace.package]\nversion = '1.2.3'\nedition = '2024'\n\
            [workspace.dependencies]\nnear = { path = 'libs/near', features = ['a'] }\nfar = { version = '2', default-features = false }\n\
            [patch.crates-io]\nother = { path = 'libs/other' }";
        let member = "[package]\nname = 'm'\nversion.workspace = true\nedition = { workspace = true }\n\
            [dependencies]\nnear = { workspace = true, features = ['b'], optional = true }\nfar.workspace = true\nother = '1'";
        let member = read("crates/m", member, workspace);
        assert_eq!((member.version.as_str(), member.edition.as_str()), ("1.2.3", "2024"));
        let of = |alias: &str| member.dependencies.iter().find(|found| found.alias == alias).expect("there").clone();
        assert_eq!(of("near").path.as_deref(), Some("libs/near"));
        assert_eq!((of("near").features, of("near").optional), (vec!["a".to_owned(), "b".to_owned()], true));
        assert!(!of("far").default_features && of("far").requirement.matches(&semver::Version::new(2, 5, 0)));
        assert_eq!(of("other").path.as_deref(), Some("libs/other"));
    }

    #[test]
    fn dependencies_of_other_platforms_are_left_out() {
        let text = "[package]\nname = 'm'\n[target.'cfg(windows)'.dependencies]\nw = '1'\n\
            [target.'cfg(unix)'.dev-dependencies]\nu = { version = '1', package = 'unix-things' }";
        let found = read("", text, "").dependencies;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].package.as_str(), found[0].kind), ("unix-things", Kind::Development));
    }

    #[test]
    fn wrong_types_are_as_if_they_were_not_there() {
        let text = "dependencies = 3\n[package]\nname = 'm'\nversion = 1\nedition = []\n[features]\na = 'x'\n[lib]\nproc-macro = 'yes'";
        let read = read("", text, "");
        assert_eq!((read.version.as_str(), read.edition.as_str()), ("0.0.0", "2015"));
        assert!(read.dependencies.is_empty() && !read.is_proc_macro());
    }

    #[test]
    fn paths_do_not_leave_the_view() {
        assert_eq!(joined("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(joined("a", ".."), Some(String::new()));
        assert_eq!((joined("a", "../.."), joined("", "/etc")), (None, None));
    }
}
