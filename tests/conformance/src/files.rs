//! A workspace in memory, as a node shows it to engines: immutable, at a revision.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_query::{Base, BaseFile, Change, Changes, DirEntry, NodeKind, ReadError, is_outside};
use vraftls_vfs::{ContentDigest, Revision, VfsPath};

/// Called with each path that an engine reads.
type OnRead = Arc<dyn Fn(&VfsPath) + Send + Sync>;

/// Files at one revision. Cloning is cheap enough for tests: texts are shared.
#[derive(Clone, Default)]
pub struct Files {
    revision: u64,
    files: BTreeMap<VfsPath, (ContentDigest, Arc<str>)>,
    on_read: Option<OnRead>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("revision", &self.revision).field("paths", &self.files.keys()).finish()
    }
}

impl Files {
    /// The first revision, with these files.
    pub fn new<'a>(files: impl IntoIterator<Item = (VfsPath, &'a str)>) -> Self {
        let mut all = Self { revision: 1, ..Self::default() };
        all.files.extend(files.into_iter().map(|(path, text)| (path, entry(text))));
        all
    }

    /// The next revision, with one file written.
    #[must_use]
    pub fn with(&self, path: &VfsPath, text: &str) -> Self {
        let mut next = self.next();
        next.files.insert(path.clone(), entry(text));
        next
    }

    /// The next revision, with one file removed.
    #[must_use]
    pub fn without(&self, path: &VfsPath) -> Self {
        let mut next = self.next();
        next.files.remove(path);
        next
    }

    /// The next revision, with all files replaced.
    #[must_use]
    pub fn replaced<'a>(&self, files: impl IntoIterator<Item = (VfsPath, &'a str)>) -> Self {
        let mut next = self.next();
        next.files = files.into_iter().map(|(path, text)| (path, entry(text))).collect();
        next
    }

    /// The same, but `observer` is told of each read before it is answered.
    #[must_use]
    pub fn observed(mut self, observer: impl Fn(&VfsPath) + Send + Sync + 'static) -> Self {
        self.on_read = Some(Arc::new(observer));
        self
    }

    /// The files with their digests and texts, by path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&VfsPath, ContentDigest, &Arc<str>)> {
        self.files.iter().map(|(path, (digest, text))| (path, *digest, text))
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, path: &VfsPath) -> bool {
        self.files.contains_key(path)
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }

    /// What lies in a directory, without its own path in front.
    fn below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a str> {
        let below = move |path: &'a VfsPath| match directory {
            // Libraries are no entries of the workspace.
            "" if is_outside(path) => None,
            "" => Some(path.as_str()),
            _ => path.as_str().strip_prefix(directory)?.strip_prefix('/'),
        };
        self.files.keys().filter_map(below)
    }
}

fn entry(text: &str) -> (ContentDigest, Arc<str>) {
    (ContentDigest::of(text.as_bytes()), text.into())
}

impl Base for Files {
    fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        let (digest, text) = self.files.get(path)?;
        Some(BaseFile { digest: *digest, size_bytes: text.len() as u64 })
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        if let Some(on_read) = &self.on_read {
            on_read(path);
        }
        match self.files.get(path) {
            Some((_, text)) => Ok(text.clone()),
            None if self.is_directory(path.as_str()) => Err(ReadError::IsDirectory),
            None => Err(ReadError::NotFound),
        }
    }

    fn list(&self, directory: &str) -> Vec<DirEntry> {
        let entries: BTreeMap<&str, NodeKind> = self
            .below(directory)
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => (name, NodeKind::Directory),
                None => (rest, NodeKind::File),
            })
            .collect();
        entries.into_iter().map(|(name, kind)| DirEntry { name: name.to_owned(), kind }).collect()
    }

    fn is_directory(&self, path: &str) -> bool {
        path.is_empty() || self.below(path).next().is_some()
    }

    fn files(&self) -> Vec<(VfsPath, BaseFile)> {
        let file = |(path, digest, text): (&VfsPath, ContentDigest, &Arc<str>)| {
            (path.clone(), BaseFile { digest, size_bytes: text.len() as u64 })
        };
        self.iter().filter(|(path, ..)| !is_outside(path)).map(file).collect()
    }

    fn changes_since(&self, older: &dyn Base) -> Changes {
        let Some(older) = older.as_any().downcast_ref::<Files>() else { return Changes::Everything };
        let now = self.files.iter().filter_map(|(path, (digest, _))| match older.files.get(path) {
            None => Some(Change::Created(path.clone())),
            Some((before, _)) if before != digest => Some(Change::Changed(path.clone())),
            Some(_) => None,
        });
        let gone = older.files.keys().filter(|path| !self.files.contains_key(*path));
        let mut changes: Vec<Change> = now.chain(gone.map(|path| Change::Removed(path.clone()))).collect();
        changes.sort_unstable_by(|a, b| a.path().cmp(b.path()));
        Changes::Paths(changes)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> VfsPath {
        VfsPath::new(path).unwrap()
    }

    #[test]
    fn libraries_are_read_but_are_no_entries_of_the_workspace() {
        let files = Files::new([(path("src/a"), "1"), (path("b"), "2"), (path("@lib/l/c"), "3")]);
        let names: Vec<String> = files.list("").into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["b", "src"]);
        assert_eq!(files.list("@lib/l"), [DirEntry { name: "c".to_owned(), kind: NodeKind::File }]);
        assert_eq!(&*files.read(&path("@lib/l/c")).unwrap(), "3");
        assert_eq!(files.read(&path("src")).unwrap_err(), ReadError::IsDirectory);
        assert_eq!(files.files().len(), 2);
    }

    #[test]
    fn revisions_differ_by_what_was_written_and_what_is_gone() {
        let older = Files::new([(path("a"), "1"), (path("b"), "1"), (path("c"), "1")]);
        let newer = older.replaced([(path("a"), "1"), (path("b"), "2"), (path("d"), "1")]);
        let expected = [Change::Changed(path("b")), Change::Removed(path("c")), Change::Created(path("d"))];
        assert_eq!(newer.changes_since(&older), Changes::Paths(expected.to_vec()));
        assert!(newer.revision() > older.revision());
    }
}
