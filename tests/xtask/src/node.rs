//! Node's packages: copied below `target/`, so that installing and building leaves no trace beside the sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::toolchain::node::Node;
use crate::{steps, tree};

/// What in a package is no source.
const NO_SOURCES: [&str; 2] = ["node_modules", "dist"];
/// What decides which packages are installed.
const LOCKED: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// Says for which of [`LOCKED`] the packages were installed, after they were.
const STAMP: &str = "installed";

/// A package of ours, copied and with its dependencies installed.
#[derive(Debug)]
pub(crate) struct Package {
    directory: PathBuf,
    node: Node,
}

impl Package {
    /// Copies the package that lies in `source` (from the root) to `target/node/<name>`, and installs there exactly what its
    /// lock file says, if that is not there already.
    pub(crate) fn install(source: &str, name: &str) -> Result<Self> {
        let source = tree::root().join(source);
        let package = Self { directory: tree::root().join("target/node").join(name), node: Node::ensure()? };
        mirror(&source, &package.directory)?;
        let stamp = package.directory.join("node_modules").join(STAMP);
        let locked = hash_of(LOCKED.iter().map(|file| source.join(file)))?;
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == locked) {
            return Ok(package);
        }
        // What a package would run when it is installed, none of ours needs.
        steps::run(&mut package.npm(&["ci", "--ignore-scripts", "--no-progress", "--loglevel=error"]))
            .with_context(|| format!("cannot install the packages that {name} needs"))?;
        fs::write(&stamp, locked).with_context(|| format!("cannot write {}", tree::shown(&stamp)))?;
        Ok(package)
    }

    /// Where the copy lies.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A command of npm on the copy.
    pub(crate) fn npm(&self, words: &[&str]) -> Command {
        let mut command = self.node.npm();
        command.current_dir(&self.directory).args(words);
        command
    }
}

/// A hash of files, by their names and contents.
pub(crate) fn hash_of(files: impl IntoIterator<Item = PathBuf>) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", tree::shown(&file)))?;
        for part in [file.as_os_str().as_encoded_bytes(), &bytes] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// The source files of a package, by path.
pub(crate) fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", tree::shown(folder)))? {
        let entry = entry?;
        if NO_SOURCES.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            found.extend(sources(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Makes the sources in `destination` those of `source`, without those that are gone.
fn mirror(source: &Path, destination: &Path) -> Result<()> {
    fs::create_dir_all(destination).with_context(|| format!("cannot make {}", tree::shown(destination)))?;
    for stale in sources(destination)? {
        fs::remove_file(&stale).with_context(|| format!("cannot remove {}", tree::shown(&stale)))?;
    }
    for file in sources(source)? {
        let copy = destination.join(file.strip_prefix(source)?);
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&file, &copy).with_context(|| format!("cannot copy {}", tree::shown(&file)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_sources_and_keeps_what_was_installed() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let (source, copy) = (directory.path().join("source"), directory.path().join("copy"));
        for file in
            ["source/src/a.ts", "source/b.json", "source/dist/c.js", "copy/src/gone.ts", "copy/node_modules/d/e.js"]
        {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().context("a file has a folder")?)?;
            fs::write(path, file)?;
        }
        mirror(&source, &copy)?;
        assert_eq!(sources(&copy)?, [copy.join("b.json"), copy.join("src/a.ts")]);
        assert!(copy.join("node_modules/d/e.js").is_file());
        Ok(())
    }
}
