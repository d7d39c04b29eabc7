//! Files that analyzers carry themselves, written out so that an editor can open them.

use std::fs;
use std::path::{Path, PathBuf};

use vraftls_vfs::{ContentDigest, VfsPath};

use crate::data_dir::{create_private_dir, write_durably};

/// Where the view has bundled files.
const PREFIX: &str = "@bundled/";

/// Bundled files of one analyzer, below a directory of its own: another version of it has others.
#[derive(Clone, Debug)]
pub(crate) struct BundledFiles {
    directory: PathBuf,
}

impl BundledFiles {
    pub(crate) fn new(directory: &Path, analyzer: ContentDigest) -> Self {
        Self { directory: directory.join(&analyzer.to_string()[..16]) }
    }

    /// Where a file lies, or will.
    pub(crate) fn on_disk(&self, path: &VfsPath) -> Option<PathBuf> {
        Some(self.directory.join(path.as_str().strip_prefix(PREFIX)?))
    }

    /// The view's path of a file on disk.
    pub(crate) fn in_view(&self, file: &Path) -> Option<VfsPath> {
        let inner = file.strip_prefix(&self.directory).ok()?.to_str()?;
        VfsPath::new(&format!("{PREFIX}{inner}")).ok()
    }

    /// Writes a file out, read-only, unless it is there. Blocks on the disk.
    pub(crate) fn write(&self, path: &VfsPath, text: &str) -> std::io::Result<PathBuf> {
        let file = self.on_disk(path).ok_or_else(|| std::io::Error::other("not a bundled file"))?;
        if fs::read(&file).is_ok_and(|found| found == text.as_bytes()) {
            return Ok(file);
        }
        create_private_dir(file.parent().expect("it lies in a directory"))?;
        write_durably(&file, text.as_bytes())?;
        let mut permissions = fs::metadata(&file)?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_once_and_found_again() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let bundled = BundledFiles::new(scratch.path(), ContentDigest::of(b"component"));
        let path = VfsPath::new("@bundled/stdlib/builtins.pyi").expect("valid");
        let file = bundled.write(&path, "class int: ...\n").expect("writable");
        assert_eq!(bundled.write(&path, "class int: ...\n").expect("there already"), file);
        assert_eq!(fs::read_to_string(&file).expect("readable"), "class int: ...\n");
        assert_eq!(bundled.in_view(&file), Some(path));
        assert!(fs::metadata(&file).expect("there").permissions().readonly());
    }
}
