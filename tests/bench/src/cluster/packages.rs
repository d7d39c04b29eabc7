//! A tree of any number of real files: large packages as they were published, over and over in folders of their own.
//!
//! Contents are kept once for all files that have them, so no two files are the same: each says at its end which copy it is of.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::language::Language;
use crate::outside::Shelf;
use crate::sample;
use crate::trees::{PYTHON_TREES, Tree};

/// From many hands, from small files to large ones.
const PACKAGES: [Tree; 5] = [
    Tree::python("ansible", "11.1.0"),
    Tree::python("homeassistant", "2024.12.5"),
    Tree::python("google-ads", "25.1.0"),
    Tree::python("sympy", "1.13.3"),
    Tree::python("kubernetes", "31.0.0"),
];

/// Writes so many files into a folder; their bytes.
pub(super) fn write(root: &Path, shelf: &Shelf, count: usize) -> Result<u64> {
    let mut packages = Vec::new();
    for tree in PYTHON_TREES.iter().chain(&PACKAGES) {
        let directory = shelf.tree(*tree)?;
        packages.push((tree.name, sample::source_files(&directory, Language::Python)?, directory));
    }
    let (mut n_written, mut n_bytes) = (0, 0);
    for copy in 0_usize.. {
        for (name, files, directory) in &packages {
            for file in files {
                if n_written == count {
                    return Ok(n_bytes);
                }
                let mut bytes = fs::read(directory.join(file)).with_context(|| format!("cannot read {file}"))?;
                bytes.extend_from_slice(format!("\n# copy {copy}\n").as_bytes());
                let to = root.join(format!("copy{copy}/{name}/{file}"));
                fs::create_dir_all(to.parent().context("it lies in a folder")?)?;
                fs::write(to, &bytes)?;
                (n_written, n_bytes) = (n_written + 1, n_bytes + bytes.len() as u64);
            }
        }
        anyhow::ensure!(n_written > 0, "the packages have no sources");
    }
    Ok(n_bytes)
}
