//! What a component depends on, as one hash.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Plugin;
use crate::tree;

/// Counts changes of how the hash is made.
const SCHEME: &str = "vraftls plugin sources 1";
/// Folders that no component depends on.
const IGNORED: [&str; 5] = ["target", "tests", "fixtures", "benches", "examples"];
/// Parts of the SDK that no component has in it.
const IGNORED_OF_SDK: [&str; 3] = ["guest-sdk/template", "guest-sdk/src/fixture", "guest-sdk/src/fixture.rs"];

/// The hash of all that the plugin's component depends on: its folder, the SDK, the contract, the manifest and lock file of
/// the workspace, and the environment of the compiler.
pub(super) fn hash(plugin: &Plugin, environment: &[&str]) -> Result<String> {
    let root = tree::root();
    let mut hasher = blake3::Hasher::new();
    for text in std::iter::once(&SCHEME).chain(environment) {
        update(&mut hasher, text.as_bytes());
    }
    let plugins = tree::plugins();
    let files = [plugins.join("Cargo.toml"), plugins.join("Cargo.lock")];
    let folders = [plugin.directory.clone(), root.join("guest-sdk"), root.join("wit")];
    update(&mut hasher, inherited(root)?.as_bytes());
    for path in files {
        hash_file(&mut hasher, root, &path)?;
    }
    for folder in folders {
        hash_folder(&mut hasher, root, &folder)?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// What the SDK inherits from the main workspace beyond versions, which the lock file has: the features of the bindings'
/// generator. The whole manifest would count every change of the host against the plugins.
fn inherited(root: &Path) -> Result<String> {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("cannot read Cargo.toml")?;
    Ok(manifest.lines().filter(|line| line.starts_with("wit-bindgen")).collect())
}

/// Every file below a folder, by path. Names come first and lengths before contents, so that no two trees are alike.
fn hash_folder(hasher: &mut blake3::Hasher, root: &Path, folder: &Path) -> Result<()> {
    let context = || format!("cannot list {}", tree::shown(folder));
    let entries = fs::read_dir(folder).with_context(context)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>().with_context(context)?;
    paths.sort();
    for path in paths {
        if IGNORED.iter().any(|name| path.ends_with(name)) || IGNORED_OF_SDK.iter().any(|part| path == root.join(part))
        {
            continue;
        }
        if path.is_dir() {
            hash_folder(hasher, root, &path)?;
        } else if path.extension().is_none_or(|suffix| suffix != "md") {
            hash_file(hasher, root, &path)?;
        }
    }
    Ok(())
}

fn hash_file(hasher: &mut blake3::Hasher, root: &Path, path: &Path) -> Result<()> {
    let name = path.strip_prefix(root).unwrap_or(path);
    update(hasher, name.to_string_lossy().as_bytes());
    update(hasher, &fs::read(path).with_context(|| format!("cannot read {}", tree::shown(path)))?);
    Ok(())
}

fn update(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(files: &[(&str, &str)]) -> Result<String> {
        let directory = tempfile::tempdir()?;
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().context("a file has a folder")?)?;
            fs::write(path, text)?;
        }
        let mut hasher = blake3::Hasher::new();
        hash_folder(&mut hasher, directory.path(), directory.path())?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    #[test]
    fn same_files_hash_alike_wherever_they_lie() -> Result<()> {
        let files = [("src/lib.rs", "//! A"), ("Cargo.toml", "[package]")];
        assert_eq!(hash_of(&files)?, hash_of(&files)?);
        Ok(())
    }

    #[test]
    fn names_and_contents_both_count() -> Result<()> {
        let one = hash_of(&[("a", "xy"), ("b", "")])?;
        assert_ne!(one, hash_of(&[("a", "x"), ("b", "y")])?);
        assert_ne!(one, hash_of(&[("ax", "y"), ("b", "")])?);
        Ok(())
    }

    #[test]
    fn tests_and_build_products_do_not_count() -> Result<()> {
        let one = hash_of(&[("src/lib.rs", "")])?;
        let two = [("src/lib.rs", ""), ("target/x", "x"), ("tests/y.rs", "y"), ("fixtures/z", "z"), ("README.md", "r")];
        assert_eq!(one, hash_of(&two)?);
        Ok(())
    }
}
