//! What files looked like on disk when they were last read: lets a start pass over what did not change.
//!
//! Only a hint for speed. A manifest that is missing, broken or of another version makes the next start read every file again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::walk::Signature;
use crate::data_dir::{create_private_dir, write_durably};

const VERSION: u8 = 1;

/// The signature and the digest of every file as last read.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    files: BTreeMap<VfsPath, Known>,
    changed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Known {
    signature: Signature,
    digest: ContentDigest,
    /// Whether the file was changed so shortly before it was read that a later change could look the same.
    racy: bool,
}

/// Two changes within this time may have the same timestamp on coarse file systems (git calls such entries racy).
const CLOCK_GRAIN_NS: u64 = 2_000_000_000;

impl Manifest {
    /// Reads the manifest of the tree at `root`.
    pub(crate) fn load(directory: &Path, root: &Path) -> Self {
        let files = fs::read(file_of(directory, root)).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Self { files, changed: false }
    }

    /// Writes it, if anything changed since it was read or last written.
    pub(crate) fn save(&mut self, directory: &Path, root: &Path) -> std::io::Result<()> {
        if !self.changed {
            return Ok(());
        }
        create_private_dir(directory)?;
        let mut bytes = vec![VERSION];
        let entries: Vec<(&VfsPath, &Known)> = self.files.iter().collect();
        bytes = postcard::to_extend(&entries, bytes).map_err(std::io::Error::other)?;
        write_durably(&file_of(directory, root), &bytes)?;
        self.changed = false;
        Ok(())
    }

    /// The digest of a file, if it looks as it did when it was read.
    pub(crate) fn digest(&self, path: &VfsPath, signature: Signature) -> Option<ContentDigest> {
        let known = self.files.get(path)?;
        (known.signature == signature && !known.racy).then_some(known.digest)
    }

    /// Notes what a file was when it was read at `now_ns` since the epoch.
    pub(crate) fn note(&mut self, path: VfsPath, signature: Signature, digest: ContentDigest, now_ns: u64) {
        let racy = now_ns.saturating_sub(signature.modified_ns) < CLOCK_GRAIN_NS;
        let known = Known { signature, digest, racy };
        self.changed |= self.files.insert(path, known) != Some(known);
    }

    /// Forgets a file.
    pub(crate) fn forget(&mut self, path: &VfsPath) {
        self.changed |= self.files.remove(path).is_some();
    }
}

fn file_of(directory: &Path, root: &Path) -> PathBuf {
    let digest = ContentDigest::of(root.as_os_str().as_encoded_bytes());
    directory.join(format!("{digest}.manifest"))
}

fn decode(bytes: &[u8]) -> Option<BTreeMap<VfsPath, Known>> {
    let (&version, body) = bytes.split_first()?;
    let entries: Vec<(VfsPath, Known)> = (version == VERSION).then(|| postcard::from_bytes(body).ok())??;
    Some(entries.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: u64 = 1_000_000_000_000;

    fn signature(modified_ns: u64) -> Signature {
        Signature { size_bytes: 3, modified_ns, inode: 7 }
    }

    #[test]
    fn remembers_across_a_restart_and_only_for_the_same_looks() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = VfsPath::new("a.py").expect("valid");
        let digest = ContentDigest::of(b"abc");
        let mut manifest = Manifest::load(scratch.path(), Path::new("/root"));
        manifest.note(path.clone(), signature(OLD), digest, OLD + 10 * CLOCK_GRAIN_NS);
        manifest.save(scratch.path(), Path::new("/root")).expect("writable");
        let again = Manifest::load(scratch.path(), Path::new("/root"));
        assert_eq!(again.digest(&path, signature(OLD)), Some(digest));
        assert_eq!(again.digest(&path, signature(OLD + 1)), None);
        assert_eq!(Manifest::load(scratch.path(), Path::new("/other")).digest(&path, signature(OLD)), None);
    }

    #[test]
    fn does_not_trust_a_timestamp_that_was_fresh() {
        let path = VfsPath::new("a.py").expect("valid");
        let mut manifest = Manifest::default();
        manifest.note(path.clone(), signature(OLD), ContentDigest::of(b"abc"), OLD + 1);
        assert_eq!(manifest.digest(&path, signature(OLD)), None);
    }

    #[test]
    fn broken_bytes_are_no_manifest() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        for bytes in [&b""[..], &[0], &[VERSION, 0xff, 0xff, 0xff, 0xff, 0xff], &[VERSION + 1, 0]] {
            fs::write(file_of(scratch.path(), Path::new("/root")), bytes).expect("writable");
            assert!(Manifest::load(scratch.path(), Path::new("/root")).files.is_empty());
        }
    }
}
