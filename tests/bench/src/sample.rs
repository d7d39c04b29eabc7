//! Draws the positions that servers are asked about, the same for the same tree and seed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
pub(crate) use vraftls_harness::Random;

use crate::language::Language;
use crate::tokens::identifiers;

/// Larger files are generated, as a rule.
const FILE_BYTES_MAX: usize = 400_000;

/// Where a question is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// Relative to the root of the tree, with `/`.
    pub(crate) file: String,
    /// Counted from 0.
    pub(crate) line: u32,
    /// In UTF-16 code units.
    pub(crate) character: u32,
}

/// Draws identifiers from the files of a tree that are of a language.
pub(crate) fn positions(root: &Path, language: Language, count: usize, seed: u64) -> Result<Vec<Position>> {
    let mut all = Vec::new();
    for (file, text) in texts(root, language)? {
        let found = identifiers(language, &text).into_iter();
        all.extend(found.map(|id| Position { file: file.clone(), line: id.line, character: id.character }));
    }
    Ok(Random::new(seed).choose(all, count))
}

/// The files of a tree that are of a language and that questions are asked about, with their texts.
pub(crate) fn texts(root: &Path, language: Language) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for file in source_files(root, language)? {
        let text = fs::read_to_string(root.join(&file));
        // Servers differ in what they make of lone carriage returns and of broken encodings: not what is measured here.
        if let Some(text) = text.ok().filter(|text| text.len() <= FILE_BYTES_MAX && !text.contains('\r')) {
            all.push((file, text));
        }
    }
    Ok(all)
}

/// The files of a language below a directory, relative to it and sorted.
pub(crate) fn source_files(root: &Path, language: Language) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut waiting = vec![String::new()];
    while let Some(directory) = waiting.pop() {
        let path = root.join(&directory);
        for entry in fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let relative = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            if entry.file_type()?.is_dir() {
                waiting.push(relative);
            } else if language.owns(&relative) {
                found.push(relative);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sample_is_the_same_for_the_same_seed_and_another_for_another() -> Result<()> {
        let tree = tempfile::tempdir()?;
        fs::create_dir(tree.path().join("b"))?;
        fs::write(tree.path().join("a.py"), "one = two\n")?;
        fs::write(tree.path().join("b/c.py"), "three = four + five\n")?;
        fs::write(tree.path().join("b/notes.txt"), "six\n")?;
        fs::write(tree.path().join("crlf.py"), "seven\r\n")?;
        let all = positions(tree.path(), Language::Python, 100, 1)?;
        assert_eq!(all.len(), 5);
        assert_eq!(all[4], Position { file: "b/c.py".to_owned(), line: 0, character: 15 });
        let draw = |seed| positions(tree.path(), Language::Python, 2, seed);
        assert_eq!(draw(1)?, draw(1)?);
        let mut differing = 0;
        for seed in 2..10 {
            differing += usize::from(draw(1)? != draw(seed)?);
        }
        assert!(differing > 0);
        Ok(())
    }

    #[test]
    fn every_item_is_chosen_about_equally_often() {
        let mut counts = [0; 10];
        let mut random = Random::new(7);
        for _ in 0..1000 {
            random.choose((0..10).collect(), 3).into_iter().for_each(|item: usize| counts[item] += 1);
        }
        assert!(counts.iter().all(|count| (250..350).contains(count)), "{counts:?}");
    }

    proptest! {
        #[test]
        fn a_choice_is_a_sorted_part_without_repetition(n_items in 0_usize..50, count in 0_usize..60, seed: u64) {
            let chosen = Random::new(seed).choose((0..n_items).collect(), count);
            prop_assert_eq!(chosen.len(), count.min(n_items));
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(chosen.iter().all(|item| *item < n_items));
        }
    }
}
