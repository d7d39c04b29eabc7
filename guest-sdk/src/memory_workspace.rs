//! A workspace in memory, for running an analyzer natively in tests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::RwLock;

use crate::{Candidate, Entry, Level, Metadata, NodeKind, ReadError, Workspace, WorkspaceSymbol};

/// Files in memory. It has no index: [`Workspace::candidates`] looks for the name's text in every file, so its answers are a
/// superset of a host's.
#[derive(Debug, Default)]
pub struct MemoryWorkspace {
    files: RwLock<BTreeMap<String, String>>,
    /// Paths at which there is a symbolic link, with where it leads.
    links: RwLock<BTreeMap<String, String>>,
}

/// So many links are followed on the way of a path: more lead round in a circle.
const LINKS_FOLLOWED_MAX: usize = 40;

impl MemoryWorkspace {
    /// A workspace of these files.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { files: RwLock::new(files.into_iter().collect()), links: RwLock::default() }
    }

    /// Puts a symbolic link to another path of the view. Directories do not list it.
    pub fn link(&self, path: &str, target: &str) {
        self.links.write().expect("no writer panics").insert(path.to_owned(), target.to_owned());
    }

    /// Whether a file or a link lies below.
    fn is_directory(&self, files: &BTreeMap<String, String>, path: &str) -> bool {
        let prefix = format!("{path}/");
        let has = |all: &BTreeMap<String, String>| {
            all.range(prefix.clone()..).next().is_some_and(|(file, _)| file.starts_with(&prefix))
        };
        path.is_empty() || has(files) || has(&self.links.read().expect("no writer panics"))
    }

    /// The path with all links on its way followed; none where they lead round in a circle.
    fn followed<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        let links = self.links.read().expect("no writer panics");
        let mut path = Cow::Borrowed(path);
        for _ in 0..=LINKS_FOLLOWED_MAX {
            let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
            let link = ends.filter_map(|end| Some((end, links.get(&path[..end])?))).next();
            let Some((end, target)) = link else { return Some(path) };
            path = Cow::Owned(format!("{target}{}", &path[end..]));
        }
        None
    }

    /// Puts or replaces a file. The analyzer must be told through `Project::update`.
    pub fn write(&self, path: &str, text: &str) {
        self.files.write().expect("no writer panics").insert(path.to_owned(), text.to_owned());
    }

    /// Takes a file away.
    pub fn remove(&self, path: &str) {
        self.files.write().expect("no writer panics").remove(path);
    }
}

fn stamp(text: &str) -> u64 {
    // FNV-1a: enough to tell two contents of a test apart, and the same on every machine.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Workspace for MemoryWorkspace {
    fn read(&self, path: &str) -> Result<String, ReadError> {
        let Some(path) = self.followed(path) else { return Err(ReadError::NotFound) };
        let files = self.files.read().expect("no writer panics");
        match files.get(&*path) {
            Some(text) => Ok(text.clone()),
            None if self.is_directory(&files, &path) => Err(ReadError::IsDirectory),
            None => Err(ReadError::NotFound),
        }
    }

    fn list(&self, path: &str) -> Vec<Entry> {
        let Some(path) = self.followed(path) else { return Vec::new() };
        let files = self.files.read().expect("no writer panics");
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut entries: Vec<Entry> = files
            .range(prefix.clone()..)
            .take_while(|(file, _)| file.starts_with(&prefix))
            .map(|(file, _)| match file[prefix.len()..].split_once('/') {
                Some((directory, _)) => Entry { name: directory.to_owned(), kind: NodeKind::Directory },
                None => Entry { name: file[prefix.len()..].to_owned(), kind: NodeKind::File },
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup_by(|a, b| a.name == b.name);
        entries
    }

    fn exists(&self, paths: &[String]) -> Vec<Option<Metadata>> {
        let files = self.files.read().expect("no writer panics");
        let look = |path: &String| {
            let path = self.followed(path)?;
            match files.get(&*path) {
                Some(text) => Some(Metadata { kind: NodeKind::File, size: text.len() as u64, stamp: stamp(text) }),
                None => self.is_directory(&files, &path).then_some(Metadata {
                    kind: NodeKind::Directory,
                    size: 0,
                    stamp: 0,
                }),
            }
        };
        paths.iter().map(look).collect()
    }

    fn real(&self, path: &str) -> Option<String> {
        let real = self.followed(path)?.into_owned();
        let is_there = self.exists(std::slice::from_ref(&real)).iter().any(Option::is_some);
        (real != path && is_there).then_some(real)
    }

    fn candidates(&self, name: &str, _roles: u32) -> Vec<Candidate> {
        let files = self.files.read().expect("no writer panics");
        let offsets = |text: &str| text.match_indices(name).map(|(offset, _)| offset as u32).collect::<Vec<_>>();
        files
            .iter()
            .map(|(path, text)| Candidate { path: path.clone(), offsets: offsets(text) })
            .filter(|candidate| !name.is_empty() && !candidate.offsets.is_empty())
            .collect()
    }

    fn symbols(&self, _query: &str, _exact: bool, _limit: u32) -> Vec<WorkspaceSymbol> {
        Vec::new()
    }

    fn cancelled(&self) -> bool {
        false
    }

    fn log(&self, _level: Level, _message: &str) {}
}
