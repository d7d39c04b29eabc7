//! A tree on this machine's disk as the digests of its files, for whoever compares it with what a cluster has: a folder, or the
//! library roots of one.
//!
//! It follows the rules by which an embedded node takes a tree in, and knows no replicated state.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vraftls_query::ReadError;
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::libraries::{Environment, Mount, PushedLibraries};
use crate::tree::manifest::Manifest;
use crate::tree::pending::{PendingFile, read_bounded};
use crate::tree::walk::{Signature, Walk, in_view, signature_at, walk, walk_library};

/// How often a file is read that changes meanwhile.
const READS_MAX: usize = 8;

/// A tree on disk. It remembers what files looked like when they were read, and reads again only what looks different.
#[derive(Debug)]
pub struct LocalTree {
    place: Place,
    manifest: Manifest,
}

/// Where its files lie.
#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    /// Each root below its name in the view, and the list of them as a file of its own.
    Libraries {
        mounts: Vec<Mount>,
        /// The folder whose libraries they are, into which links may lead.
        folder: PathBuf,
        list: PushedLibraries,
        /// The list as its file.
        encoded: Vec<u8>,
    },
}

impl Place {
    /// Where a file lies, if it lies anywhere.
    fn on_disk(&self, path: &VfsPath) -> Option<PathBuf> {
        match self {
            Self::Folder(root) => Some(root.join(path.as_str())),
            Self::Libraries { mounts, .. } => {
                let path = PushedLibraries::in_view(path.as_str());
                mounts.iter().find_map(|mount| mount.on_disk(&path))
            }
        }
    }

    /// The contents of a file that lies nowhere.
    fn made(&self, path: &VfsPath) -> Option<&[u8]> {
        match self {
            Self::Libraries { encoded, .. } if path.as_str() == PushedLibraries::FILE => Some(encoded),
            _ => None,
        }
    }

    fn walk(&self, wants: &dyn Fn(&str) -> bool, is_stopped: &dyn Fn() -> bool) -> Walk {
        let mounts = match self {
            Self::Folder(root) => return walk(root, wants, is_stopped),
            Self::Libraries { mounts, .. } => mounts,
        };
        let mut all = Walk::default();
        for mount in mounts {
            let found = walk_library(&mount.directory, wants, is_stopped);
            let pushed = |path: &VfsPath| PushedLibraries::path_of(&format!("{}/{path}", mount.prefix));
            for (path, signature) in found.files {
                match pushed(&path) {
                    Some(path) => drop(all.files.insert(path, signature)),
                    None => {
                        all.skipped.push(format!("{path}: its path is too long"));
                        all.n_skipped += 1;
                    }
                }
            }
            all.directories.extend(found.directories);
            all.links.extend(found.links);
            all.skipped.extend(found.skipped);
            all.n_skipped += found.n_skipped;
            all.is_partial |= found.is_partial;
        }
        all
    }
}

/// Where links in library roots lead, both as the view has them; those that lead elsewhere than into a root or the folder are left out.
fn followed(links: &[PathBuf], mounts: &[Mount], folder: &Path) -> BTreeMap<String, String> {
    let real = |directory: &Path| std::fs::canonicalize(directory).ok();
    let real_mounts: Vec<Option<PathBuf>> = mounts.iter().map(|mount| real(&mount.directory)).collect();
    let real_folder = real(folder);
    let led = |target: &Path| {
        let around =
            real_mounts.iter().zip(mounts).filter_map(|(directory, mount)| Some((directory.as_deref()?, mount)));
        // Of roots within roots the innermost has its own name for what lies in it.
        let around = around.filter(|(directory, _)| target.starts_with(directory));
        match around.max_by_key(|(directory, _)| directory.as_os_str().len()) {
            Some((directory, mount)) => Mount { directory: directory.to_owned(), ..mount.clone() }.in_view(target),
            None => in_view(real_folder.as_deref()?, target).map(|path| path.as_str().to_owned()),
        }
    };
    let link = |link: &PathBuf| {
        let from = mounts.iter().find_map(|mount| mount.in_view(link))?;
        Some((from, led(&real(link)?)?))
    };
    links.iter().filter_map(link).filter(|(from, to)| from != to).collect()
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
        Self { place: Place::Folder(root.to_owned()), manifest: Manifest::default() }
    }

    /// The library roots of the workspace in a folder, as one tree: see [`PushedLibraries`].
    pub fn of_libraries(environment: &Environment, folder: &Path) -> Self {
        let list = PushedLibraries::of(environment);
        let (mounts, encoded) = (environment.mounts.clone(), list.encode());
        let place = Place::Libraries { mounts, folder: folder.to_owned(), list, encoded };
        Self { place, manifest: Manifest::default() }
    }

    /// Looks at the whole tree, until it is stopped: the files for which `wants` says yes and that no rule of .gitignore files leaves
    /// out. Blocks on the disk.
    pub fn look(&mut self, wants: &dyn Fn(&str) -> bool, is_stopped: &dyn Fn() -> bool) -> LocalFiles {
        let Walk { files, directories, links, skipped, is_partial, n_skipped } = self.place.walk(wants, is_stopped);
        let mut found = LocalFiles { directories, skipped, n_skipped, is_partial, ..LocalFiles::default() };
        if let Place::Libraries { mounts, folder, list, encoded } = &mut self.place {
            list.links = followed(&links, mounts, folder);
            *encoded = list.encode();
            let path = VfsPath::new(PushedLibraries::FILE).expect("a name");
            found.digests.insert(path, ContentDigest::of(encoded));
        }
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
        if let Some(made) = self.place.made(path) {
            return Ok(Some(ContentDigest::of(made)));
        }
        let Some(disk) = self.place.on_disk(path) else { return Ok(None) };
        match signature_at(&disk)? {
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
        if let Some(made) = self.place.made(path) {
            return Ok(Some(made.to_owned()));
        }
        let Some(disk) = self.place.on_disk(path) else { return Ok(None) };
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
        let Some(disk) = self.place.on_disk(path) else { return Ok(None) };
        let file = PendingFile::new(disk, signature);
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
    fn libraries_are_one_tree_with_all_that_was_installed() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let put = |path: &str, text: &str| {
            let file = scratch.path().join(path);
            fs::create_dir_all(file.parent().expect("it has one")).expect("writable");
            fs::write(file, text).expect("writable");
        };
        put("site/.gitignore", "build/\n");
        put("site/build/a.py", "one");
        put("site/notes.txt", "other");
        put("more/b.py", "two");
        let mount = |name: &str, directory: &str| Mount {
            prefix: format!("@lib/{name}"),
            kind: name.to_owned(),
            directory: scratch.path().join(directory),
            modified_ns: 0,
        };
        let mounts = vec![mount("site", "site"), mount("more", "more")];
        let environment = Environment { mounts, settings: vec![("python.version".to_owned(), "3.12".to_owned())] };
        let mut tree = LocalTree::of_libraries(&environment, scratch.path());
        let files = tree.look(&|path| path.ends_with(".py"), &|| false);
        let names: Vec<&str> = files.digests.keys().map(VfsPath::as_str).collect();
        assert_eq!(names, ["more/b.py", "roots.json", "site/build/a.py"]);
        for (path, digest) in &files.digests {
            assert_eq!(tree.digest(path), Ok(Some(*digest)), "{path}");
            let read = tree.read(path).expect("readable").expect("there");
            assert_eq!(ContentDigest::of(&read), *digest, "{path}");
        }
        let list = tree.read(&VfsPath::new("roots.json").expect("valid")).expect("readable").expect("there");
        assert_eq!(PushedLibraries::decode(&list), Ok(PushedLibraries::of(&environment)));
        assert_eq!(tree.digest(&VfsPath::new("gone/x.py").expect("valid")), Ok(None));
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

    #[cfg(unix)]
    #[test]
    fn links_to_directories_are_part_of_the_list_and_not_walked() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        for directory in
            ["ws/packages/ui", "ws/node_modules/.store/a/node_modules/a", "ws/node_modules/@own", "elsewhere"]
        {
            fs::create_dir_all(scratch.path().join(directory)).expect("writable");
        }
        fs::write(scratch.path().join("ws/node_modules/.store/a/node_modules/a/a.js"), "").expect("writable");
        for (link, target) in [
            ("a", ".store/a/node_modules/a"),
            ("@own/ui", "../../packages/ui"),
            ("all", ".."),
            ("gone", "nowhere"),
            ("out", "../../elsewhere"),
        ] {
            let link = scratch.path().join("ws/node_modules").join(link);
            std::os::unix::fs::symlink(target, link).expect("writable");
        }
        let mount = Mount {
            prefix: "@lib/node_modules".to_owned(),
            kind: "node_modules".to_owned(),
            directory: scratch.path().join("ws/node_modules"),
            modified_ns: 0,
        };
        let environment = Environment { mounts: vec![mount], settings: Vec::new() };
        let mut tree = LocalTree::of_libraries(&environment, &scratch.path().join("ws"));
        let files = tree.look(&|path| path.ends_with(".js"), &|| false);
        let names: Vec<&str> = files.digests.keys().map(VfsPath::as_str).collect();
        assert_eq!(names, ["node_modules/.store/a/node_modules/a/a.js", "roots.json"]);
        let list = tree.read(&VfsPath::new("roots.json").expect("valid")).expect("readable").expect("there");
        let links: Vec<_> = PushedLibraries::decode(&list).expect("sound").links.into_iter().collect();
        let link = |from: &str, to: &str| (format!("@lib/node_modules/{from}"), to.to_owned());
        let expected =
            [link("@own/ui", "packages/ui"), link("a", "@lib/node_modules/.store/a/node_modules/a"), link("all", "")];
        assert_eq!(links, expected);
    }
}
