//! A tree on this machine's disk as the digests of its files, for whoever compares it with what a cluster has.
//!
//! It follows the rules by which an embedded node takes a tree in, and knows no replicated state.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vraftls_query::ReadError;
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::tree::manifest::Manifest;
use crate::tree::pending::{PendingFile, read_bounded};
use crate::tree::walk::{Signature, Walk, signature_at, walk};

/// How often a file is read that changes meanwhile.
const READS_MAX: usize = 8;

/// A tree on disk. It remembers what files looked like when they were read, and reads again only what looks different.
#[derive(Debug)]
pub struct LocalTree {
    root: PathBuf,
    manifest: Manifest,
}

/// What lies in a tree.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LocalFiles {
    /// The contents of each file.
    pub digests: BTreeMap<VfsPath, ContentDigest>,
    /// The directories it went through.
    pub directories: BTreeSet<PathBuf>,
    /// What was left out, for people: the first of them, each with its reason.
    pub skipped: Vec<String>,
    /// How much was left out.
    pub n_skipped: u64,
    /// Whether something could not be listed: what was not found may be there all the same.
    pub is_partial: bool,
}

impl LocalTree {
    /// The tree below a directory.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), manifest: Manifest::default() }
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Looks at the whole tree, until it is stopped: the files for which `wants` says yes and that no rule of .gitignore files leaves
    /// out. Blocks on the disk.
    pub fn look(&mut self, wants: &dyn Fn(&str) -> bool, is_stopped: &dyn Fn() -> bool) -> LocalFiles {
        let Walk { files, directories, skipped, is_partial, n_skipped } = walk(&self.root, wants, is_stopped);
        let mut found = LocalFiles { directories, skipped, n_skipped, is_partial, ..LocalFiles::default() };
        for (path, signature) in files {
            if is_stopped() {
                found.is_partial = true;
                break;
            }
            match self.digest_of(&path, signature) {
                Ok(Some(digest)) => drop(found.digests.insert(path, digest)),
                Ok(None) => {}
                Err(reason) => {
                    found.n_skipped += 1;
                    found.skipped.push(format!("{path}: {reason}"));
                }
            }
        }
        found
    }

    /// The digest of one file, whatever the rules say of it: none where there is no regular file. Blocks on the disk.
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    pub fn digest(&mut self, path: &VfsPath) -> Result<Option<ContentDigest>, String> {
        match signature_at(&self.root.join(path.as_str()))? {
            Some(signature) => self.digest_of(path, signature),
            None => Ok(None),
        }
    }

    /// The contents of one file as they are now, bounded as those of every file that is taken in: none where there is no regular file.
    /// One that changes while it is read is read again. Blocks on the disk.
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    pub fn read(&self, path: &VfsPath) -> Result<Option<Vec<u8>>, String> {
        let disk = self.root.join(path.as_str());
        for _ in 0..READS_MAX {
            let before = signature_at(&disk)?;
            let bytes = match read_bounded(&disk) {
                Ok(bytes) => bytes,
                Err(ReadError::NotFound | ReadError::IsDirectory) => return Ok(None),
                Err(error) => return Err(error.to_string()),
            };
            if signature_at(&disk)? == before {
                return Ok(Some(bytes));
            }
        }
        Err("it changes whenever it is read".to_owned())
    }

    fn digest_of(&mut self, path: &VfsPath, signature: Signature) -> Result<Option<ContentDigest>, String> {
        if let Some(known) = self.manifest.digest(path, signature) {
            return Ok(Some(known));
        }
        let file = PendingFile::new(self.root.join(path.as_str()), signature);
        match file.load() {
            Ok(loaded) => {
                self.manifest.note(path.clone(), signature, loaded.digest, loaded.at_ns);
                Ok(Some(loaded.digest))
            }
            Err(error) => {
                self.manifest.forget(path);
                if matches!(error, ReadError::NotFound | ReadError::IsDirectory) {
                    Ok(None)
                } else {
                    Err(error.to_string())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_tree_is_its_files_and_what_changes_is_read_again() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let at = |name: &str| scratch.path().join(name);
        fs::write(at(".gitignore"), "left_out.py\n").expect("writable");
        fs::write(at("left_out.py"), "x").expect("writable");
        fs::write(at("a.py"), "one").expect("writable");
        fs::write(at("b.py"), "two").expect("writable");
        fs::write(at("c.txt"), "other").expect("writable");
        let mut tree = LocalTree::new(scratch.path());
        let mut look = || {
            let files = tree.look(&|path| path.ends_with(".py"), &|| false);
            files.digests.into_iter().map(|(path, digest)| (path.to_string(), digest)).collect::<Vec<_>>()
        };
        let (one, two) = (ContentDigest::of(b"one"), ContentDigest::of(b"two"));
        assert_eq!(look(), [("a.py".to_owned(), one), ("b.py".to_owned(), two)]);
        fs::write(at("a.py"), "three").expect("writable");
        fs::remove_file(at("b.py")).expect("it is there");
        assert_eq!(look(), [("a.py".to_owned(), ContentDigest::of(b"three"))]);
    }

    #[test]
    fn a_file_that_the_rules_leave_out_can_be_asked_for() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        fs::write(scratch.path().join(".ignore"), "a.py\n").expect("writable");
        fs::write(scratch.path().join("a.py"), "one").expect("writable");
        let mut tree = LocalTree::new(scratch.path());
        let path = |path: &str| VfsPath::new(path).expect("valid");
        assert_eq!(tree.digest(&path("a.py")), Ok(Some(ContentDigest::of(b"one"))));
        assert_eq!(tree.read(&path("a.py")), Ok(Some(b"one".to_vec())));
        assert_eq!((tree.digest(&path("b.py")), tree.read(&path("b.py"))), (Ok(None), Ok(None)));
    }
}
