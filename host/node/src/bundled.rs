//! Files that are in the view and on no disk, written out so that an editor can open them: those that analyzers carry themselves, and
//! those of libraries that a cluster has.

use std::fs;
use std::path::{Path, PathBuf};

use vraftls_vfs::{ContentDigest, VfsPath};

use crate::data_dir::{create_private_dir, write_durably};

/// Where the view has bundled files, and those of libraries. The latter keep it on disk too.
const BUNDLED: &str = "@bundled/";
const LIBRARIES: &str = "@lib/";

/// How many digits of a component's digest name the directory of its files.
const DIGITS: usize = 16;

/// Such files, those of each version below a directory of its own: another version has others, and an editor may still show those of one
/// that was replaced. What tells versions apart is a digest, of the component or of the file.
#[derive(Clone, Debug)]
pub struct BundledFiles {
    directory: PathBuf,
}

impl BundledFiles {
    /// Files below this directory.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Where a file of a version lies, or will.
    fn on_disk(&self, component: &ContentDigest, path: &VfsPath) -> Option<PathBuf> {
        let path = path.as_str();
        let inner = path.strip_prefix(BUNDLED).or_else(|| path.starts_with(LIBRARIES).then_some(path))?;
        Some(self.directory.join(&component.to_string()[..DIGITS]).join(inner))
    }

    /// The view's path of a file on disk, of whatever version it is.
    pub fn in_view(&self, file: &Path) -> Option<VfsPath> {
        let mut parts = file.strip_prefix(&self.directory).ok()?.components();
        let component = parts.next()?.as_os_str().to_str()?;
        if component.len() != DIGITS || !component.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let inner = parts.as_path().to_str()?;
        let prefix = if inner.starts_with(LIBRARIES) { "" } else { BUNDLED };
        VfsPath::new(&format!("{prefix}{inner}")).ok()
    }

    /// Writes a file of a version out, read-only, unless it is there. Blocks on the disk.
    ///
    /// # Errors
    /// What the disk says, or that the path is of no such file.
    pub fn write(&self, component: &ContentDigest, path: &VfsPath, text: &str) -> std::io::Result<PathBuf> {
        let file = self
            .on_disk(component, path)
            .ok_or_else(|| std::io::Error::other("neither a bundled file nor one of a library"))?;
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
    fn files_of_libraries_are_found_again_as_such() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let path = VfsPath::new("@lib/site-packages/shop/__init__.py").expect("valid");
        let written = BundledFiles::new(scratch.path());
        let file = written.write(&ContentDigest::of(b"x"), &path, "x = 1\n").expect("writable");
        assert_eq!(written.in_view(&file), Some(path));
        let inside = VfsPath::new("shop/__init__.py").expect("valid");
        written.write(&ContentDigest::of(b"x"), &inside, "").expect_err("it is of the folder");
    }

    #[test]
    fn what_lies_elsewhere_is_no_bundled_file() {
        let bundled = BundledFiles::new(Path::new("/data/bundled"));
        for file in ["/data/x.pyi", "/data/bundled", "/data/bundled/x.pyi", "/data/bundled/0123456789abcdeg/x.pyi"] {
            assert_eq!(bundled.in_view(Path::new(file)), None, "{file}");
        }
    }
}
