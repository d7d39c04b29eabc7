//! How a file uses members, to rank them: what it reads often, near by and of the same value it most likely reads again.
//!
//! The engine ranks by types; among members that fit alike it knows no better than the alphabet. This looks at the text alone.

use std::collections::HashMap;

/// How often, and how near to the place at the nearest.
type Use = (u32, usize);

/// The members that a file uses, as seen from the place behind a dot.
#[derive(Debug)]
pub(super) struct Usage<'t> {
    members: HashMap<&'t str, Use>,
    /// Those of a value of the same name.
    of_receiver: HashMap<&'t str, Use>,
    /// Whether a call follows; none where nothing does, so that nobody can tell yet.
    is_called: Option<bool>,
}

impl<'t> Usage<'t> {
    /// Nothing where the word from `start` to `end` stands behind no dot.
    pub(super) fn of(text: &'t str, start: usize, end: usize) -> Option<Self> {
        let receiver = receiver(text.get(..start)?.strip_suffix('.')?);
        let rest = text.get(end..)?.lines().next().unwrap_or_default().trim_start();
        // What only closes, an editor may have written by itself.
        let rest = rest.trim_end_matches([';', ',', ')', ']', '}', ' ']);
        let is_called = (!rest.is_empty()).then(|| rest.starts_with('(') || rest.starts_with("::<"));
        let mut usage = Self { members: HashMap::new(), of_receiver: HashMap::new(), is_called };
        for (dot, _) in text.match_indices('.') {
            let name = &text[dot + 1..];
            let name = &name[..name.find(|c| !is_word(c)).unwrap_or(name.len())];
            if dot + 1 == start || !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
                continue;
            }
            count(&mut usage.members, name, dot.abs_diff(start));
            if receiver.is_some() && self::receiver(&text[..dot]) == receiver {
                count(&mut usage.of_receiver, name, dot.abs_diff(start));
            }
        }
        Some(usage)
    }

    /// How much speaks for a member. A type that fits exactly is worth 18 to the engine.
    pub(super) fn score(&self, name: &str, is_function: bool) -> u32 {
        let of = |table: &HashMap<&str, Use>| table.get(name).map_or(0, |known| score(*known));
        let fits = if self.is_called == Some(is_function) { 6 } else { 0 };
        of(&self.members) + of(&self.of_receiver) / 2 + fits
    }
}

/// The name that a text ends with.
fn receiver(text: &str) -> Option<&str> {
    let start = text.rfind(|c| !is_word(c)).map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    (start < text.len()).then(|| &text[start..])
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn count<'t>(table: &mut HashMap<&'t str, Use>, name: &'t str, distance: usize) {
    let (count, near) = table.entry(name).or_insert((0, distance));
    *count += 1;
    *near = (*near).min(distance);
}

fn score((count, near): Use) -> u32 {
    let near = match near {
        0..=300 => 6,
        301..=1200 => 4,
        1201..=5000 => 2,
        _ => 0,
    };
    count.min(8) + near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn scores(text: &str, names: [&str; 2], is_function: bool) -> [u32; 2] {
        let at = text.find("$0").unwrap();
        let text = text.replace("$0", "");
        let usage = Usage::of(&text, at, at).unwrap();
        names.map(|name| usage.score(name, is_function))
    }

    #[test]
    fn what_is_used_more_and_of_the_same_value_is_better() {
        let [len, push] = scores("a.len(); b.push(a.len()); a.$0", ["len", "push"], true);
        assert!(len > push && push > 0, "{len} {push}");
        let [own, other] = scores("a.own; b.other; b.é; a.$0", ["own", "other"], false);
        assert!(own > other, "{own} {other}");
        assert_eq!(scores("1.5 + x.0; a.$0", ["5", "0"], false), [0, 0]);
    }

    #[test]
    fn what_follows_says_whether_it_is_called() {
        let field = |text| scores(text, ["x", "x"], false)[0];
        let function = |text| scores(text, ["x", "x"], true)[0];
        assert!(function("a.$0(1)") > field("a.$0(1)"));
        assert!(function("a.$0::<u8>()") > field("a.$0::<u8>()"));
        assert!(field("a.$0 + 1") > function("a.$0 + 1"));
        assert_eq!(field("f(a.$0);"), function("f(a.$0);"));
    }

    #[test]
    fn only_members_are_ranked_by_their_use() {
        assert!(Usage::of("a::b", 3, 4).is_none());
        assert!(Usage::of("", 0, 0).is_none());
    }
}
