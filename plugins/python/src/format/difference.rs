//! The smallest edits between two texts, by lines.
//!
//! Lines are compared by E. W. Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986). Within
//! a changed run of lines, what its ends have in common is left alone too.

use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashMap;

/// From this many differing lines on, everything between the first and the last is one edit: memory grows by the square.
const DIFFERENCES_MAX: usize = 1000;

/// The edits that make `after` of `before`: ascending, none touching another.
pub(crate) fn edits(before: &str, after: &str) -> Vec<(TextRange, String)> {
    let (old, new) = (lines(before), lines(after));
    let (old_ids, new_ids) = number(&old, &new);
    let starts = offsets(&old);
    changes(&old_ids, &new_ids)
        .into_iter()
        .filter_map(|change| {
            let removed = &before[starts[change.old.0]..starts[change.old.1]];
            let inserted: String = new[change.new.0..change.new.1].concat();
            trimmed(removed, inserted, starts[change.old.0])
        })
        .collect()
}

/// A run of lines that differs, as half-open ranges of line numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    old: (usize, usize),
    new: (usize, usize),
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The offset of each line, and of the end.
fn offsets(lines: &[&str]) -> Vec<usize> {
    let mut offset = 0;
    let mut offsets = vec![0];
    for line in lines {
        offset += line.len();
        offsets.push(offset);
    }
    offsets
}

/// Gives equal lines equal numbers.
fn number<'a>(old: &[&'a str], new: &[&'a str]) -> (Vec<u32>, Vec<u32>) {
    let mut ids: FxHashMap<&str, u32> = FxHashMap::default();
    let mut number = |line: &&'a str| {
        let next = ids.len() as u32;
        *ids.entry(line).or_insert(next)
    };
    (old.iter().map(&mut number).collect(), new.iter().map(&mut number).collect())
}

/// The runs of lines that differ.
fn changes(old: &[u32], new: &[u32]) -> Vec<Change> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    if old_middle.is_empty() && new_middle.is_empty() {
        return Vec::new();
    }
    let whole = Change { old: (head, old.len() - tail), new: (head, new.len() - tail) };
    let Some(path) = shortest_path(old_middle, new_middle) else { return vec![whole] };
    let mut changes: Vec<Change> = Vec::new();
    for (x, y, is_insertion) in path {
        let (x, y) = (x + head, y + head);
        let step = if is_insertion { (x, y + 1) } else { (x + 1, y) };
        match changes.last_mut() {
            Some(last) if last.old.1 == x && last.new.1 == y => (last.old.1, last.new.1) = step,
            _ => changes.push(Change { old: (x, step.0), new: (y, step.1) }),
        }
    }
    changes
}

/// The insertions and deletions of a shortest edit script in order, as points of the edit graph; None if there are too many.
fn shortest_path(old: &[u32], new: &[u32]) -> Option<Vec<(usize, usize, bool)>> {
    let (old_len, new_len) = (old.len() as isize, new.len() as isize);
    let bound = (old.len() + new.len()).min(DIFFERENCES_MAX);
    // The furthest x on each diagonal, diagonals counted from -bound - 1.
    let mut furthest = vec![0_isize; 2 * bound + 3];
    let at = |diagonal: isize| (diagonal + bound as isize + 1) as usize;
    let mut history: Vec<Vec<isize>> = Vec::new();
    for count in 0..=bound as isize {
        history.push(furthest[at(-count - 1)..=at(count + 1)].to_vec());
        let mut diagonal = -count;
        while diagonal <= count {
            let (below, above) = (furthest[at(diagonal - 1)], furthest[at(diagonal + 1)]);
            let inserts = diagonal == -count || (diagonal != count && below < above);
            let mut x = if inserts { above } else { below + 1 };
            while x < old_len && x - diagonal < new_len && old[x as usize] == new[(x - diagonal) as usize] {
                x += 1;
            }
            furthest[at(diagonal)] = x;
            if x >= old_len && x - diagonal >= new_len {
                return Some(retrace(&history, old_len, new_len));
            }
            diagonal += 2;
        }
    }
    None
}

/// Walks back from the end through what was furthest at each count of differences.
fn retrace(history: &[Vec<isize>], old_len: isize, new_len: isize) -> Vec<(usize, usize, bool)> {
    let (mut x, mut y) = (old_len, new_len);
    let mut path = Vec::new();
    for (count, furthest) in history.iter().enumerate().rev() {
        if count == 0 {
            break;
        }
        let count = count as isize;
        let at = |diagonal: isize| furthest[(diagonal + count + 1) as usize];
        let diagonal = x - y;
        let inserts = diagonal == -count || (diagonal != count && at(diagonal - 1) < at(diagonal + 1));
        let before = if inserts { diagonal + 1 } else { diagonal - 1 };
        x = at(before);
        y = x - before;
        path.push((x as usize, y as usize, inserts));
    }
    path.reverse();
    path
}

/// An edit without what both sides begin and end with; None if nothing is left.
fn trimmed(removed: &str, inserted: String, start: usize) -> Option<(TextRange, String)> {
    let head: usize =
        removed.chars().zip(inserted.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let (removed, kept) = (&removed[head..], &inserted[head..]);
    let tail: usize =
        removed.chars().rev().zip(kept.chars().rev()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let (removed, kept) = (&removed[..removed.len() - tail], &kept[..kept.len() - tail]);
    if removed.is_empty() && kept.is_empty() {
        return None;
    }
    let start = u32::try_from(start + head).ok()?;
    let length = u32::try_from(removed.len()).ok()?;
    Some((TextRange::at(TextSize::new(start), TextSize::new(length)), kept.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(before: &str, edits: &[(TextRange, String)]) -> String {
        let mut text = before.to_owned();
        for (range, new_text) in edits.iter().rev() {
            text.replace_range(range.start().to_usize()..range.end().to_usize(), new_text);
        }
        text
    }

    #[test]
    fn edits_turn_one_text_into_the_other() {
        let pieces = ["a\n", "b\n", "é\n", "cc\n", "\n", "d"];
        // A fixed walk through many pairs of texts, the same on every machine.
        let mut state = 1_u64;
        let mut next = |bound: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % bound
        };
        for _ in 0..3000 {
            let mut text = || (0..next(12)).map(|_| pieces[next(pieces.len())]).collect::<String>();
            let (before, after) = (text(), text());
            let edits = edits(&before, &after);
            assert_eq!(apply(&before, &edits), after, "{before:?}");
            for pair in edits.windows(2) {
                assert!(pair[0].0.end() <= pair[1].0.start());
            }
        }
    }

    #[test]
    fn unchanged_lines_are_not_touched() {
        let before = "a = 1\nb=2\nc = 3\nd=4\n";
        let after = "a = 1\nb = 2\nc = 3\nd = 4\n";
        let edits = edits(before, after);
        assert_eq!(edits.len(), 2);
        assert_eq!((edits[0].0, edits[0].1.as_str()), (TextRange::new(7.into(), 8.into()), " = "));
    }

    #[test]
    fn too_many_differences_are_one_edit() {
        let before: String = (0..3000).map(|line| format!("old {line}\n")).collect();
        let after: String = (0..3000).map(|line| format!("new {line}\n")).collect();
        let edits = edits(&before, &after);
        assert_eq!(edits.len(), 1);
        assert_eq!(apply(&before, &edits), after);
    }
}
