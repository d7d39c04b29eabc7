//! The packages of a workspace and what they depend on, as cargo sees them.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::tree;

/// A package of ours.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// What it links, outside of its tests: normal and build dependencies.
    pub dependencies: Vec<Dependency>,
}

/// An edge from a package.
#[derive(Debug)]
pub struct Dependency {
    /// The name of the package that is depended on.
    pub name: String,
    /// Whether that is one of ours.
    pub ours: bool,
}

/// The packages of the workspace in a folder, by name.
pub fn of_workspace(folder: &str) -> Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(tree::root().join(folder))
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("`cargo metadata` failed in `{folder}`:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("`cargo metadata` writes no JSON")?;
    let mut packages =
        metadata["packages"].as_array().into_iter().flatten().map(package).collect::<Result<Vec<_>>>()?;
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

fn package(package: &Value) -> Result<Package> {
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let linked = dependencies.filter(|dependency| dependency["kind"] != "dev");
    Ok(Package { name: name(package)?, dependencies: linked.map(dependency).collect::<Result<_>>()? })
}

fn dependency(dependency: &Value) -> Result<Dependency> {
    Ok(Dependency { name: name(dependency)?, ours: dependency["path"].is_string() })
}

fn name(value: &Value) -> Result<String> {
    Ok(value["name"].as_str().context("`cargo metadata` names every package")?.to_owned())
}
