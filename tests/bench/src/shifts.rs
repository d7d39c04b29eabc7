//! What a session's edits did to the lines of its files: where a place of the text on disk is now.
//!
//! The edits are comments on lines of their own, so that they move what follows and mean nothing.

use std::collections::BTreeMap;

/// The lines that were written into files and are still there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shifts {
    /// For each file the lines of the text on disk before which lines were written, as often as there are such, sorted.
    inserted: BTreeMap<String, Vec<u32>>,
}

impl Shifts {
    /// The line where a line of the text on disk is now.
    pub(crate) fn line(&self, file: &str, line: u32) -> u32 {
        let inserted = self.inserted.get(file).map(Vec::as_slice).unwrap_or_default();
        line + inserted.partition_point(|before| *before <= line) as u32
    }

    /// Notes one more line before a line of the text on disk; the line where it has to be written.
    pub(crate) fn insert(&mut self, file: &str, before: u32) -> u32 {
        let at = self.line(file, before);
        let inserted = self.inserted.entry(file.to_owned()).or_default();
        let index = inserted.partition_point(|other| *other <= before);
        inserted.insert(index, before);
        at
    }

    /// Forgets one line that was written before a line of the text on disk; the line where it is, if there is one.
    pub(crate) fn remove(&mut self, file: &str, before: u32) -> Option<u32> {
        let at = self.line(file, before).checked_sub(1)?;
        let inserted = self.inserted.get_mut(file)?;
        let index = inserted.iter().position(|other| *other == before)?;
        inserted.remove(index);
        Some(at)
    }

    /// The lines of a file before which something is written.
    pub(crate) fn written(&self, file: &str) -> &[u32] {
        self.inserted.get(file).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_are_where_the_edits_put_them(steps in prop::collection::vec((0_u32..6, any::<bool>()), 0..30)) {
            let mut lines: Vec<String> = (0..6).map(|line| line.to_string()).collect();
            let mut shifts = Shifts::default();
            for (line, inserts) in steps {
                if inserts {
                    lines.insert(shifts.insert("a.py", line) as usize, format!("before {line}"));
                } else if let Some(at) = shifts.remove("a.py", line) {
                    prop_assert_eq!(lines.remove(at as usize), format!("before {line}"));
                }
                for line in 0..6 {
                    prop_assert_eq!(&lines[shifts.line("a.py", line) as usize], &line.to_string());
                }
                prop_assert_eq!(shifts.line("b.py", line), line);
                prop_assert_eq!(shifts.written("a.py").len(), lines.len() - 6);
            }
        }
    }
}
