//! What the disk has beyond the replicated state, found out by comparing the two.
//!
//! What looks as it did when it was last read is passed over. What looks different is read here and now where that is little, so that a file
//! that was only touched is no change for anybody; after a branch was switched or at a first start it is a lot, and is read when needed.

use std::path::Path;
use std::sync::Arc;

use imbl::OrdMap;
use vraftls_vfs::VfsPath;

use super::base::{Pending, TreeBase};
use super::manifest::Manifest;
use super::pending::PendingFile;
use super::walk::{Signature, Walk, signature_at};

/// How many files are read at once to see whether they changed.
const READ_AT_ONCE_MAX: usize = 256;

/// What is pending after a walk. Blocks on the disk.
pub(crate) fn compare_tree(
    base: &TreeBase,
    root: &Path,
    walk: &Walk,
    manifest: &mut Manifest,
) -> OrdMap<VfsPath, Pending> {
    let mut pending = base.pending.clone();
    let (mut unclear, mut new) = (Vec::new(), Vec::new());
    for (path, signature) in &walk.files {
        let committed = base.snapshot.get(path).map(|entry| entry.digest);
        let was = base.pending.get(path);
        if committed.is_some() && committed == manifest.digest(path, *signature) {
            if was.is_some() {
                pending.remove(path);
            }
        } else if !matches!(was, Some(Pending::Written(file)) if is_as_before(file, *signature)) {
            let is_new = committed.is_none() && !matches!(was, Some(Pending::Written(_)));
            if is_new { &mut new } else { &mut unclear }.push((path, *signature));
        }
    }
    let is_little = unclear.len() <= READ_AT_ONCE_MAX;
    for (path, signature) in unclear {
        let file = PendingFile::new(root.join(path.as_str()), signature);
        if is_little {
            settle_file(base, path, file, manifest, &mut pending);
        } else {
            pending.insert(path.clone(), Pending::Written(Arc::new(file)));
        }
    }
    for (path, signature) in new {
        let file = PendingFile::new(root.join(path.as_str()), signature);
        pending.insert(path.clone(), Pending::Written(Arc::new(file)));
    }
    let known = base.snapshot.iter().map(|(path, _)| path).chain(base.pending.keys());
    for path in known.filter(|path| !walk.files.contains_key(*path)) {
        // Below a directory that cannot be listed nothing was found, which does not say that nothing is there.
        if !walk.is_partial || matches!(signature_at(&root.join(path.as_str())), Ok(None)) {
            remove(base, path, &mut pending);
        }
    }
    pending
}

/// What is pending after a look at these files only; none where only a walk can tell. Blocks on the disk.
pub(crate) fn compare_files(
    base: &TreeBase,
    root: &Path,
    paths: &[VfsPath],
    manifest: &mut Manifest,
) -> Option<OrdMap<VfsPath, Pending>> {
    let mut pending = base.pending.clone();
    for path in paths {
        let disk = root.join(path.as_str());
        match signature_at(&disk) {
            Ok(Some(signature)) => {
                settle_file(base, path, PendingFile::new(disk, signature), manifest, &mut pending);
            }
            Ok(None) if disk.is_dir() => return None,
            Ok(None) => remove(base, path, &mut pending),
            Err(reason) => {
                tracing::warn!(reason, "a file cannot be taken in any more");
                remove(base, path, &mut pending);
            }
        }
    }
    Some(pending)
}

/// Whether a pending file is still the one that was found.
fn is_as_before(file: &PendingFile, signature: Signature) -> bool {
    file.signature == signature && file.load_failed().is_none()
}

/// Reads a file, and makes it pending only if it says something else than what requests see.
fn settle_file(
    base: &TreeBase,
    path: &VfsPath,
    file: PendingFile,
    manifest: &mut Manifest,
    pending: &mut OrdMap<VfsPath, Pending>,
) {
    let committed = base.snapshot.get(path).map(|entry| entry.digest);
    let is_same = match (file.load(), base.pending.get(path)) {
        (Ok(loaded), Some(Pending::Written(was))) => was.digest_if_loaded() == Some(loaded.digest),
        (Ok(loaded), None) if committed == Some(loaded.digest) => {
            manifest.note(path.clone(), file.signature, loaded.digest, loaded.at_ns);
            true
        }
        (Err(error), Some(Pending::Written(was))) => was.load_failed() == Some(&error),
        _ => false,
    };
    if !is_same {
        pending.insert(path.clone(), Pending::Written(Arc::new(file)));
    }
}

fn remove(base: &TreeBase, path: &VfsPath, pending: &mut OrdMap<VfsPath, Pending>) {
    if base.snapshot.get(path).is_none() {
        pending.remove(path);
    } else if !matches!(pending.get(path), Some(Pending::Removed)) {
        pending.insert(path.clone(), Pending::Removed);
    }
}
