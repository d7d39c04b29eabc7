//! A folder of sources.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of sources on disk, gone when it is dropped.
pub struct Project {
    directory: TempDir,
    root: PathBuf,
}

impl Project {
    /// With these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let directory = TempDir::with_prefix("vraftls-project-").unwrap();
        // Temporary directories lie behind a symbolic link on some systems.
        let root = directory.path().canonicalize().unwrap();
        let project = Self { directory, root };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// With the files of another folder.
    pub fn copy_of(folder: &Path) -> Self {
        let project = Self::new(&[]);
        copy(folder, project.root());
        project
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder's URI.
    pub fn root_uri(&self) -> String {
        uri(&self.root)
    }

    /// The path of a file.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The URI of a file. The test's own paths need no encoding.
    pub fn uri(&self, path: &str) -> String {
        uri(&self.root.join(path))
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Keeps the folder for looking at it, and says where it is.
    pub fn keep(self) -> PathBuf {
        self.directory.keep()
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap())
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
