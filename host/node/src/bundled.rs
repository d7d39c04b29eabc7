//! Files that analyzers carry themselves, written out so that an editor can open them.

use std::fs;
use std::path::{Path, PathBuf};

use vraftls_vfs::{ContentDigest, VfsPath};

use crate::data_dir::{create_private_dir, write_durably};

/// Where the view has bundled files.
const PREFIX: &str = "@bundled/";

/// How many digits of a component's digest name the directory of its files.
const DIGITS: usize = 16;

/// The bundled files of all analyzers, those of each component below a directory of its own: another version has others, and an editor may
/// still show those of one that was replaced.
#[derive(Clone, Debug)]
pub struct BundledFiles {
    directory: PathBuf,
}

impl BundledFiles {
    /// Files below this directory.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Where a file of a component lies, or will.
    fn on_disk(&self, component: &ContentDigest, path: &VfsPath) -> Option<PathBuf> {
        let inner = path.as_str().strip_prefix(PREFIX)?;
        Some(self.directory.join(&component.to_string()[..DIGITS]).join(inner))
    }

    /// The view's path of a file on disk, of whatever version it is.
    pub fn in_view(&self, file: &Path) -> Option<VfsPath> {
        let mut parts = file.strip_prefix(&self.directory).ok()?.components();
        let component = parts.next()?.as_os_str().to_str()?;
        if component.len() != DIGITS || !component.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        VfsPath::new(&format!("{PREFIX}{}", parts.as_path().to_str()?)).ok()
    }

    /// Writes a file of a component out, read-only, unless it is there. Blocks on the disk.
    ///
    /// # Errors
    /// What the disk says, or that the path is not that of a bundled file.
    pub fn write(&self, component: &ContentDigest, path: &VfsPath, text: &str) -> std::io::Result<PathBuf> {
        let file = self.on_disk(component, path).ok_or_else(|| std::io::Error::other("not a bundled file"))?;
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
        let bundled = BundledFiles::new(scratch.path());
        let path = VfsPath::new("@bundled/stdlib/builtins.pyi").expect("valid");
        let (old, new) = (ContentDigest::of(b"component"), ContentDigest::of(b"another version"));
        let file = bundled.write(&old, &path, "class int: ...\n").expect("writable");
        assert_eq!(bundled.write(&old, &path, "class int: ...\n").expect("there already"), file);
        let newer = bundled.write(&new, &path, "class int: pass\n").expect("writable");
        for (file, text) in [(&file, "class int: ...\n"), (&newer, "class int: pass\n")] {
            assert_eq!(fs::read_to_string(file).expect("readable"), text);
            assert_eq!(bundled.in_view(file), Some(path.clone()));
            assert!(fs::metadata(file).expect("there").permissions().readonly());
        }
    }

    #[test]
    fn what_lies_elsewhere_is_no_bundled_file() {
        let bundled = BundledFiles::new(Path::new("/data/bundled"));
        for file in ["/data/x.pyi", "/data/bundled", "/data/bundled/x.pyi", "/data/bundled/0123456789abcdeg/x.pyi"] {
            assert_eq!(bundled.in_view(Path::new(file)), None, "{file}");
        }
    }
}
