//! Which public names the modules of the standard library have, without reading one of them.
//!
//! The table is made from the stubs that the engine carries: `tests/stdlib_names.rs` makes it and fails when it is out of
//! date. A line is a module with its names, each behind a letter for its kind; `>=9` and `<13` say from and up to which minor
//! version of Python 3 there is such a thing.

use std::sync::OnceLock;

const TABLE: &str = include_str!("stdlib.txt");

/// Minor versions in which something exists: the first, and the first without it.
#[derive(Debug, Clone, Copy)]
struct Versions {
    from: u8,
    until: u8,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    name: &'static str,
    module: &'static str,
    kind: u32,
    versions: Versions,
}

/// The modules that have exactly this name in a version of Python 3, each with the name's CompletionItemKind.
pub(crate) fn named(name: &str, minor: u8) -> impl Iterator<Item = (&'static str, u32)> {
    let entries = entries();
    let first = entries.partition_point(|entry| entry.name < name);
    let same = entries[first..].iter().take_while(move |entry| entry.name == name).collect::<Vec<_>>();
    same.into_iter().filter(move |entry| entry.versions.has(minor)).map(|entry| (entry.module, entry.kind))
}

/// The names that begin with a character in a version of Python 3, whatever its case: module, name and CompletionItemKind.
pub(crate) fn beginning_with(first: char, minor: u8) -> impl Iterator<Item = (&'static str, &'static str, u32)> {
    let of = |first: char| {
        let entries = entries();
        let begin = entries.partition_point(|entry| entry.name.chars().next() < Some(first));
        entries[begin..].iter().take_while(move |entry| entry.name.starts_with(first))
    };
    let lower = first.to_lowercase().next().unwrap_or(first);
    let upper = first.to_uppercase().next().unwrap_or(first);
    let other = (upper != lower).then(|| of(upper)).into_iter().flatten();
    of(lower)
        .chain(other)
        .filter(move |entry| entry.versions.has(minor))
        .map(|entry| (entry.module, entry.name, entry.kind))
}

impl Versions {
    const ALL: Self = Self { from: 0, until: u8::MAX };

    fn has(self, minor: u8) -> bool {
        self.from <= minor && minor < self.until
    }

    fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }
}

/// All names, sorted.
fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let mut entries: Vec<Entry> = TABLE.lines().filter(|line| !line.starts_with('#')).flat_map(of_line).collect();
        entries.sort_unstable_by_key(|entry| (entry.name, entry.module));
        entries
    })
}

fn of_line(line: &'static str) -> impl Iterator<Item = Entry> {
    let mut words = line.split(' ');
    let (module, of_module) = bounded(words.next().unwrap_or_default());
    words.filter_map(move |word| {
        let (name, versions) = bounded(word.get(1..)?);
        let kind = match word.as_bytes().first()? {
            b'c' => 7,
            b'f' => 3,
            b'k' => 21,
            b'm' => 9,
            _ => 6,
        };
        Some(Entry { name, module, kind, versions: versions.and(of_module) })
    })
}

/// A word of the table without its versions.
fn bounded(word: &'static str) -> (&'static str, Versions) {
    let end = word.find(['>', '<']).unwrap_or(word.len());
    let (name, bounds) = word.split_at(end);
    let mut versions = Versions::ALL;
    let (lower, upper) = bounds.split_once('<').unwrap_or((bounds, ""));
    if let Some(from) = lower.strip_prefix(">=").and_then(|from| from.parse().ok()) {
        versions.from = from;
    }
    if let Ok(until) = upper.parse() {
        versions.until = until;
    }
    (name, versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(name: &str, minor: u8) -> Vec<&'static str> {
        named(name, minor).map(|(module, _)| module).collect()
    }

    #[test]
    fn names_are_found_with_their_modules_and_versions() {
        assert_eq!(modules("dataclass", 12), ["dataclasses"]);
        assert!(modules("Path", 12).contains(&"pathlib"));
        assert!(modules("sleep", 12).starts_with(&["asyncio"]) && modules("sleep", 12).contains(&"time"));
        assert_eq!((modules("batched", 11).len(), modules("batched", 12).len()), (0, 1));
        assert!(modules("nothing_of_the_kind", 12).is_empty());
    }

    #[test]
    fn either_case_begins_a_name() {
        let names: Vec<&str> = beginning_with('d', 12).map(|(_, name, _)| name).collect();
        assert!(names.contains(&"dataclass") && names.contains(&"Decimal") && !names.contains(&"Path"));
    }
}
