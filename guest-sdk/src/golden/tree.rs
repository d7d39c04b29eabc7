//! A source tree on disk as the workspace of an analyzer, with an index that knows where each word stands.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Rules;
use super::rows::{Place, Row};
use crate::{Candidate, Entry, Level, MemoryWorkspace, Metadata, NodeKind, ReadError, Workspace, WorkspaceSymbol};

/// The tree in memory, libraries where they lie.
#[derive(Debug)]
pub(super) struct Tree {
    files: MemoryWorkspace,
    /// Where the view has library roots, and where they lie.
    libraries: Vec<(String, PathBuf)>,
    texts: BTreeMap<String, String>,
    words: HashMap<String, Vec<Candidate>>,
}

impl Tree {
    pub(super) fn read(rules: &Rules, root: &Path, libraries: Vec<(String, PathBuf)>) -> io::Result<Self> {
        let mut texts = BTreeMap::new();
        read_into(root, root, &mut texts)?;
        let mut words: HashMap<String, Vec<Candidate>> = HashMap::new();
        let is_code = |path: &str| path.rsplit_once('.').is_some_and(|(_, suffix)| rules.suffixes.contains(&suffix));
        for (path, text) in texts.iter().filter(|(path, _)| is_code(path)) {
            for (offset, word) in words_of(text, rules.name_characters) {
                let found = words.entry(word.to_owned()).or_default();
                match found.last_mut() {
                    Some(last) if last.path == *path => last.offsets.push(offset),
                    _ => found.push(Candidate { path: path.clone(), offsets: vec![offset] }),
                }
            }
        }
        Ok(Self { files: MemoryWorkspace::new(texts.clone()), libraries, texts, words })
    }

    pub(super) fn offset(&self, row: &Row) -> Option<u32> {
        let text = self.texts.get(&row.file)?;
        let start = match row.line {
            0 => 0,
            line => text.match_indices('\n').nth(line as usize - 1)?.0 + 1,
        };
        let mut units = 0;
        for (offset, character) in text[start..].char_indices() {
            if units == row.character {
                return u32::try_from(start + offset).ok();
            }
            units += character.len_utf16() as u32;
        }
        None
    }

    pub(super) fn place(&self, path: &str, offset: u32) -> Option<Place> {
        let before = self.texts.get(path)?.get(..offset as usize)?;
        let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32;
        let last = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
        Some((path.to_owned(), line, last.encode_utf16().count() as u32))
    }

    fn on_disk(&self, path: &str) -> Option<PathBuf> {
        self.libraries.iter().find_map(|(prefix, directory)| {
            let rest = path.strip_prefix(prefix.as_str())?;
            if rest.is_empty() { Some(directory.clone()) } else { Some(directory.join(rest.strip_prefix('/')?)) }
        })
    }
}

/// What lies in a directory, by name.
pub(super) fn entries(directory: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let listed = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    let mut found: Vec<_> =
        listed.iter().map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect();
    found.sort();
    Ok(found)
}

fn read_into(root: &Path, directory: &Path, texts: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            read_into(root, &path, texts)?;
        } else if let (Ok(text), Ok(relative)) = (fs::read_to_string(&path), path.strip_prefix(root)) {
            texts.insert(relative.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}

fn words_of<'t>(text: &'t str, name_characters: &[char]) -> impl Iterator<Item = (u32, &'t str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || name_characters.contains(&c);
    text.split(move |c| !is_word(c)).filter(|word| !word.is_empty()).map(|word| {
        let offset = word.as_ptr() as usize - text.as_ptr() as usize;
        (offset as u32, word)
    })
}

impl Workspace for Tree {
    fn read(&self, path: &str) -> Result<String, ReadError> {
        match self.on_disk(path) {
            Some(path) => fs::read_to_string(path).map_err(|_| ReadError::NotFound),
            None => self.files.read(path),
        }
    }

    fn list(&self, path: &str) -> Vec<Entry> {
        let Some(directory) = self.on_disk(path) else { return self.files.list(path) };
        let entry = |(name, path): (String, PathBuf)| Entry {
            name,
            kind: if path.is_dir() { NodeKind::Directory } else { NodeKind::File },
        };
        entries(&directory).unwrap_or_default().into_iter().map(entry).collect()
    }

    fn exists(&self, paths: &[String]) -> Vec<Option<Metadata>> {
        self.files.exists(paths)
    }

    fn candidates(&self, name: &str, _roles: u32) -> Vec<Candidate> {
        // A lifetime of Rust is a name behind a quote.
        self.words.get(name.trim_start_matches('\'')).cloned().unwrap_or_default()
    }

    fn symbols(&self, _query: &str, _exact: bool, _limit: u32) -> Vec<WorkspaceSymbol> {
        Vec::new()
    }

    fn cancelled(&self) -> bool {
        false
    }

    fn log(&self, _level: Level, _message: &str) {}
}
