//! Sources to judge a plugin by: the files of its own fixtures. Whoever speaks the language wrote them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use vraftls_guest_sdk::fixture::{Fixture, Step};
use vraftls_index::Description;
use vraftls_query::is_outside;
use vraftls_vfs::VfsPath;

/// One small workspace that an author wrote: a case of a fixture.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Where it is written, for people.
    pub name: String,
    /// The files in the analyzer's languages, libraries included, by path; of those that change the first contents.
    pub files: Vec<(VfsPath, String)>,
}

impl Sample {
    /// The files of the workspace itself.
    pub fn own(&self) -> impl Iterator<Item = &(VfsPath, String)> {
        self.files.iter().filter(|(path, _)| !is_outside(path))
    }
}

/// The fixtures below a folder with their texts, by path.
pub(crate) fn fixtures(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut paths = Vec::new();
    find(folder, &mut paths).with_context(|| format!("cannot list {}", folder.display()))?;
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok((path, text))
    };
    paths.into_iter().map(read).collect()
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.extension().is_some_and(|suffix| suffix == "fixture") {
            found.push(path);
        }
    }
    Ok(())
}

/// The workspaces of fixtures that have a file in one of the languages.
pub(crate) fn samples(fixtures: &[(PathBuf, String)], description: &Description) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for (path, text) in fixtures {
        let fixture = Fixture::parse(text).with_context(|| path.display().to_string())?;
        for case in &fixture.cases {
            let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
            let mut sample = Sample { name: format!("{name}:{}", case.line), files: Vec::new() };
            for step in &case.steps {
                let Step::Write { path, text, .. } = step else { continue };
                let path = VfsPath::new(path).with_context(|| path.clone())?;
                let is_known = sample.files.iter().any(|(known, _)| *known == path);
                if !is_known && description.language_of(path.as_str()).is_some() {
                    sample.files.push((path, text.clone()));
                }
            }
            if sample.own().next().is_some() {
                sample.files.sort();
                samples.push(sample);
            }
        }
    }
    Ok(samples)
}
