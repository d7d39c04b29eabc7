//! How the files of a folder on this machine differ from the base of its workspace: what is changed, new, or gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_index::Description;
use vraftls_node::LocalTree;
use vraftls_proto::{Overlaid, OverlayFile, OverlaySet, QueryError};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::base_list::BaseList;

/// How many files may differ.
pub(super) const N_FILES_MAX: usize = 2_000;

/// How many bytes the files that differ may have.
pub(super) const BYTES_MAX: usize = 64 << 20;

/// What an editor says of a text in a language that no analyzer serves.
const PLAIN: &str = "plaintext";

/// The contents of a file here, where the files here are so; none where it is not here.
pub(super) fn contents(differences: &OverlaySet, path: &VfsPath, base: &BaseList) -> Option<ContentDigest> {
    match differences.of(path) {
        Overlaid::Buffer(file) => Some(file.digest),
        Overlaid::Removed => None,
        Overlaid::Not => base.files.get(path).copied(),
    }
}

/// Too much differs to be sent along with every question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TooMuch;

impl TooMuch {
    /// In words for the person.
    pub(super) fn error(self, workspace: &str) -> QueryError {
        let limit = BYTES_MAX >> 20;
        QueryError::InvalidInput(format!(
            "the folder differs from the workspace `{workspace}` in more than {N_FILES_MAX} files or {limit} MiB: push it first \
             (`vraftls workspace push`), or name another workspace with --workspace"
        ))
    }
}

/// Compares a tree with a base: of the files that some analyzer reads, those that are changed or new, with what they have here, and those
/// that are gone. Blocks on the disk.
pub(super) fn compare(
    tree: &mut LocalTree,
    base: &BaseList,
    analyzers: &[Arc<Description>],
    is_stopped: &dyn Fn() -> bool,
) -> Result<Arc<OverlaySet>, TooMuch> {
    let reads = |path: &str| analyzers.iter().any(|analyzer| analyzer.reads(path));
    let found = tree.look(&reads, is_stopped);
    if found.n_skipped > 0 {
        tracing::info!(n = found.n_skipped, first = ?found.skipped.first(), "files of the folder are left out");
    }
    let mut differing: BTreeMap<VfsPath, bool> = BTreeMap::new();
    for (path, digest) in &found.digests {
        if base.files.get(path) != Some(digest) {
            differing.insert(path.clone(), true);
        }
    }
    for (path, digest) in &base.files {
        if found.digests.contains_key(path) || !reads(path.as_str()) {
            continue;
        }
        // The rules may leave out what the base has all the same, and what cannot be read is not gone.
        match tree.digest(path) {
            Ok(None) => drop(differing.insert(path.clone(), false)),
            Ok(Some(here)) if here != *digest => drop(differing.insert(path.clone(), true)),
            Ok(Some(_)) => {}
            Err(reason) => tracing::info!(%path, reason, "the file is taken as the cluster has it"),
        }
        if differing.len() > N_FILES_MAX {
            return Err(TooMuch);
        }
    }
    if differing.len() > N_FILES_MAX {
        return Err(TooMuch);
    }
    overlay(tree, base, analyzers, differing)
}

/// Reads what differs. What became what the base has meanwhile is no difference any more.
fn overlay(
    tree: &LocalTree,
    base: &BaseList,
    analyzers: &[Arc<Description>],
    differing: BTreeMap<VfsPath, bool>,
) -> Result<Arc<OverlaySet>, TooMuch> {
    let (mut files, mut removed, mut n_bytes) = (Vec::new(), Vec::new(), 0_usize);
    for (path, is_here) in differing {
        let bytes = if is_here { tree.read(&path) } else { Ok(None) };
        let text = match bytes {
            Ok(Some(bytes)) if base.files.get(&path) == Some(&ContentDigest::of(&bytes)) => continue,
            // What is no text defines nothing.
            Ok(Some(bytes)) => String::from_utf8(bytes).unwrap_or_default(),
            Ok(None) => {
                removed.extend(base.files.contains_key(&path).then_some(path));
                continue;
            }
            Err(reason) => {
                tracing::info!(%path, reason, "the file is taken as the cluster has it");
                continue;
            }
        };
        n_bytes += text.len();
        if n_bytes > BYTES_MAX {
            return Err(TooMuch);
        }
        let language = analyzers.iter().find_map(|analyzer| analyzer.language_of(path.as_str()));
        let language = language.map_or(PLAIN, |language| language.id.as_str()).into();
        files.push((path, OverlayFile { digest: ContentDigest::of(text.as_bytes()), text: text.into(), language }));
    }
    let files: OverlaySet = files.into_iter().collect();
    Ok(Arc::new(files.without(removed)))
}

/// The unsaved buffers of a session above what its files have.
pub(super) fn merged(local: &Arc<OverlaySet>, session: &Arc<OverlaySet>) -> Arc<OverlaySet> {
    if session.is_empty() {
        return Arc::clone(local);
    }
    if local.is_empty() {
        return Arc::clone(session);
    }
    Arc::new(session.above(local))
}

#[cfg(test)]
mod tests;
