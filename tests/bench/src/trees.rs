//! The source trees that are measured on, and how each comes from its registry: through pip, cargo and npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::language::Language;
use crate::outside::{Shelf, run};

/// A package of sources to measure on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) language: Language,
    /// As people type it.
    pub(crate) name: &'static str,
    /// Its name in the registry.
    pub(crate) package: &'static str,
    pub(crate) version: &'static str,
}

impl Tree {
    const fn new(language: Language, name: &'static str, version: &'static str) -> Self {
        Self { language, name, package: name, version }
    }

    /// A Python package whose name is as people type it.
    pub(crate) const fn python(name: &'static str, version: &'static str) -> Self {
        Self::new(Language::Python, name, version)
    }
}

/// Those of Python, from small to large.
pub(crate) const PYTHON_TREES: [Tree; 4] = [
    Tree::python("requests", "2.32.3"),
    Tree::python("rich", "13.9.4"),
    Tree::python("networkx", "3.4.2"),
    Tree { package: "Django", ..Tree::python("django", "5.1.4") },
];

/// All of them, by language.
pub(crate) const TREES: [Tree; 10] = [
    PYTHON_TREES[0],
    PYTHON_TREES[1],
    PYTHON_TREES[2],
    PYTHON_TREES[3],
    Tree::new(Language::Rust, "regex-syntax", "0.8.5"),
    Tree::new(Language::Rust, "clap_builder", "4.5.23"),
    Tree::new(Language::Rust, "jj-lib", "0.24.0"),
    Tree::new(Language::TypeScript, "immer", "11.2.10"),
    Tree::new(Language::TypeScript, "rxjs", "7.8.2"),
    Tree::new(Language::JavaScript, "express", "4.21.2"),
];

impl Shelf {
    /// The sources of a package, unpacked, and for Rust with the packages that it needs at hand.
    pub(crate) fn tree(&self, tree: Tree) -> Result<PathBuf> {
        let directory = self.place("trees").join(format!("{}-{}", tree.name, tree.version));
        if !directory.exists() {
            let scratch = self.scratch()?;
            let unpacked = scratch.path().join("unpacked");
            match tree.language {
                Language::Python => self.unpack_wheel(tree, scratch.path(), &unpacked)?,
                Language::Rust => self.copy_crate(tree, scratch.path(), &unpacked)?,
                Language::TypeScript | Language::JavaScript => unpack_npm(tree, scratch.path(), &unpacked)?,
            }
            fs::create_dir_all(directory.parent().context("it lies below the shelf")?)?;
            // All of it or nothing, even if we are interrupted.
            fs::rename(&unpacked, &directory)?;
        }
        Ok(directory)
    }

    fn unpack_wheel(&self, tree: Tree, scratch: &Path, unpacked: &Path) -> Result<()> {
        let python = self.python()?;
        let archives = scratch.join("archives");
        let requirement = format!("{}=={}", tree.package, tree.version);
        let options = ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest"];
        run(python.pip("download").args(options).arg(&archives).arg(requirement))?;
        run(Command::new(python.interpreter()).args(["-m", "zipfile", "-e"]).arg(only_file(&archives)?).arg(unpacked))
    }

    /// Cargo unpacks packages by itself, those that others need.
    fn copy_crate(&self, tree: Tree, scratch: &Path, unpacked: &Path) -> Result<()> {
        let rust = self.rust()?;
        let asking = scratch.join("asking");
        let cargo = |arguments: &[&str], directory: &Path| -> Result<()> {
            let mut cargo = rust.command("cargo");
            run(cargo.args(arguments).arg("--quiet").current_dir(directory))
        };
        cargo(&["init", "--name", "asking", &asking.to_string_lossy()], scratch)?;
        cargo(&["add", &format!("{}@={}", tree.package, tree.version)], &asking)?;
        cargo(&["vendor", "--versioned-dirs", "vendored"], &asking)?;
        fs::rename(asking.join("vendored").join(format!("{}-{}", tree.package, tree.version)), unpacked)?;
        // Servers look for versions in a lock file, and for the packages where cargo keeps them.
        cargo(&["fetch"], unpacked)
    }
}

fn unpack_npm(tree: Tree, scratch: &Path, unpacked: &Path) -> Result<()> {
    let archives = scratch.join("archives");
    fs::create_dir(&archives)?;
    fs::create_dir(unpacked)?;
    let package = format!("{}@{}", tree.package, tree.version);
    run(Command::new("npm").args(["pack", "--silent", &package]).current_dir(&archives))?;
    let archive = only_file(&archives)?;
    run(Command::new("tar").arg("-xzf").arg(archive).args(["--strip-components", "1", "-C"]).arg(unpacked))
}

fn only_file(directory: &Path) -> Result<PathBuf> {
    Ok(fs::read_dir(directory)?.next().context("nothing was downloaded")??.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_trees_apart_and_trees_of_a_language_follow_each_other() {
        let mut names: Vec<&str> = TREES.iter().map(|tree| tree.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TREES.len());
        let mut languages: Vec<&str> = TREES.iter().map(|tree| tree.language.name()).collect();
        languages.dedup();
        assert_eq!(languages, ["python", "rust", "typescript", "javascript"]);
    }
}
