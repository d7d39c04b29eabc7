//! What lies on disk below a root, by .gitignore rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use ignore::{DirEntry, WalkBuilder};
use serde::{Deserialize, Serialize};
use vraftls_vfs::VfsPath;

/// The largest file that is taken in. Source files are far below; what is larger is generated or data.
pub(crate) const FILE_BYTES_MAX: u64 = 4 << 20;

/// The most files of one workspace.
pub(crate) const FILES_MAX: usize = 1_000_000;

/// The most links to directories of one root.
pub(crate) const LINKS_MAX: usize = 50_000;

/// How much of what was left out is named.
const SKIPPED_MAX: usize = 1000;

/// What a file looks like without reading it. The same signature is taken for the same contents: that is what `make` and git
/// trust too, and the periodic reconcile reads again whatever was changed within the clock's grain of when it was last read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) size_bytes: u64,
    pub(crate) modified_ns: u64,
    pub(crate) inode: u64,
}

impl Signature {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self {
            size_bytes: metadata.len(),
            modified_ns: modified.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
            inode,
        }
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The files that some analyzer reads.
    pub(crate) files: BTreeMap<VfsPath, Signature>,
    /// The directories it went through.
    pub(crate) directories: BTreeSet<PathBuf>,
    /// The symbolic links to directories that it met, and did not follow; at most [`LINKS_MAX`].
    pub(crate) links: Vec<PathBuf>,
    /// What was left out, for people: the first [`SKIPPED_MAX`], each with its reason.
    pub(crate) skipped: Vec<String>,
    /// Whether something could not be listed: what was not found may be there all the same.
    pub(crate) is_partial: bool,
    /// How much was left out.
    pub(crate) n_skipped: u64,
}

impl Walk {
    fn skip(&mut self, what: String) {
        self.n_skipped += 1;
        if self.skipped.len() < SKIPPED_MAX {
            self.skipped.push(what);
        }
    }
}

/// Walks the tree below `root`, until it is stopped. Files for which `wants` says no are passed over without a word; the rest follows the rules of
/// .gitignore files (also outside a repository) and of `.ignore`, and leaves out `.git` and virtual environments.
pub(crate) fn walk(root: &Path, wants: &dyn Fn(&str) -> bool, is_stopped: &dyn Fn() -> bool) -> Walk {
    let mut walker = WalkBuilder::new(root);
    walker.require_git(false);
    walk_by(walker, root, wants, is_stopped)
}

/// Walks a library root: as [`walk`], but what was installed is there whatever rules of its makers came along.
pub(crate) fn walk_library(root: &Path, wants: &dyn Fn(&str) -> bool, is_stopped: &dyn Fn() -> bool) -> Walk {
    let mut walker = WalkBuilder::new(root);
    walker.standard_filters(false);
    walk_by(walker, root, wants, is_stopped)
}

fn walk_by(mut walker: WalkBuilder, root: &Path, wants: &dyn Fn(&str) -> bool, is_stopped: &dyn Fn() -> bool) -> Walk {
    let mut found = Walk::default();
    let walker = walker.hidden(false).follow_links(false).filter_entry(is_source).build();
    // A tree of this size takes seconds, and a node that ends does not wait for it.
    for entry in walker.take_while(|_| !is_stopped()) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.is_partial = true;
                found.skip(error.to_string());
                continue;
            }
        };
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            found.directories.insert(entry.into_path());
            continue;
        }
        if !entry.file_type().is_some_and(|kind| kind.is_file() || kind.is_symlink()) {
            continue;
        }
        if entry.path_is_symlink() && entry.path().is_dir() {
            match found.links.len() < LINKS_MAX {
                true => found.links.push(entry.into_path()),
                false => found.skip(format!("{}: more than {LINKS_MAX} links", entry.path().display())),
            }
            continue;
        }
        match look_at(root, &entry, wants) {
            Ok(Some((path, _))) if found.files.len() >= FILES_MAX => {
                found.skip(format!("{path}: more than {FILES_MAX} files"))
            }
            Ok(Some((path, signature))) => drop(found.files.insert(path, signature)),
            Ok(None) => {}
            Err(reason) => found.skip(reason),
        }
    }
    found
}

fn is_source(entry: &DirEntry) -> bool {
    if entry.file_type().is_some_and(|kind| kind.is_dir()) && entry.depth() > 0 {
        return entry.file_name() != ".git" && !entry.path().join("pyvenv.cfg").exists();
    }
    true
}

fn look_at(
    root: &Path,
    entry: &DirEntry,
    wants: &dyn Fn(&str) -> bool,
) -> Result<Option<(VfsPath, Signature)>, String> {
    let Some(path) = in_view(root, entry.path()) else {
        return Err(format!("{}: a name that is no text", entry.path().display()));
    };
    if !wants(path.as_str()) {
        return Ok(None);
    }
    match signature_at(entry.path()) {
        Ok(signature) => Ok(signature.map(|signature| (path, signature))),
        Err(reason) => Err(reason),
    }
}

/// The signature of the file at `path`: none where there is no regular file, an error where it cannot be taken in.
pub(crate) fn signature_at(path: &Path) -> Result<Option<Signature>, String> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Ok(None),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            Err(format!("{}: {} bytes, more than {FILE_BYTES_MAX}", path.display(), metadata.len()))
        }
        Ok(metadata) => Ok(Some(Signature::of(&metadata))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The view's path of a file below `root`, if it has one.
pub(crate) fn in_view(root: &Path, file: &Path) -> Option<VfsPath> {
    let inner = file.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = inner.components().map(|part| part.as_os_str().to_str()).collect();
    VfsPath::new(&parts?.join("/")).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn paths(root: &Path) -> Vec<String> {
        walk(root, &|path| path.ends_with(".py"), &|| false).files.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn leaves_out_what_git_would_and_virtual_environments() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let put = |path: &str, text: &str| {
            let file = scratch.path().join(path);
            fs::create_dir_all(file.parent().expect("it has one")).expect("writable");
            fs::write(file, text).expect("writable");
        };
        put(".gitignore", "build/\n*_generated.py\n");
        put("a.py", "");
        put("pkg/b.py", "");
        put("pkg/.gitignore", "secret.py\n");
        put("pkg/secret.py", "");
        put("pkg/c_generated.py", "");
        put("build/d.py", "");
        put(".git/hooks/e.py", "");
        put("env/pyvenv.cfg", "");
        put("env/lib/f.py", "");
        put(".hidden/g.py", "");
        put("notes.txt", "");
        assert_eq!(paths(scratch.path()), [".hidden/g.py", "a.py", "pkg/b.py"]);
    }

    #[test]
    fn says_what_it_left_out_for_its_size() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        fs::File::create(scratch.path().join("big.py"))
            .and_then(|file| file.set_len(FILE_BYTES_MAX + 1))
            .expect("writable");
        let found = walk(scratch.path(), &|_| true, &|| false);
        assert!(found.files.is_empty());
        assert_eq!(found.n_skipped, 1);
        assert!(found.skipped[0].contains("big.py"), "{:?}", found.skipped);
    }
}
