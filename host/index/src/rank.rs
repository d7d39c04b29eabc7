//! How well a name matches what a person typed.
//!
//! A score is a class and, within it, a finer measure. The classes in the order in which people expect them: the very
//! name, the name but for case, a prefix, a prefix but for case, the beginnings of words (`gUD` or `gud` for
//! `get_user_data`), and at last any subsequence. Subsequences and beginnings of words are measured as Helix does it
//! (`nucleo-matcher`).

use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Characters beyond this are not looked at for beginnings of words: the bits of a `u128`.
const HUMP_CHARACTERS_MAX: usize = 128;

/// Classes of matches, the worst first; the upper half of a score.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Class {
    Subsequence = 1,
    Humps = 2,
    PrefixButCase = 3,
    Prefix = 4,
    ExactButCase = 5,
    Exact = 6,
}

/// What a person typed, ready to be held against many names.
pub(crate) struct Pattern {
    typed: String,
    /// `typed` in lower case, character by character.
    lower: Vec<char>,
    letters: Letters,
    matcher: Matcher,
    name_lower: Vec<char>,
    needle_buffer: Vec<char>,
    needle: String,
}

impl Pattern {
    /// Takes what was typed; blanks in it mean nothing.
    pub(crate) fn new(typed: &str) -> Self {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let lower: Vec<char> = typed.chars().map(lower).collect();
        let mut config = Config::DEFAULT;
        // `é` is another letter than `e`: one rule for every class.
        config.normalize = false;
        Self {
            letters: Letters::of(&typed),
            needle: lower.iter().collect(),
            typed,
            lower,
            matcher: Matcher::new(config),
            name_lower: Vec::new(),
            needle_buffer: Vec::new(),
        }
    }

    /// The letters a name must have to match at all.
    pub(crate) fn letters(&self) -> Letters {
        self.letters
    }

    /// How well `name` matches, higher being better; nothing where it does not. A function of the two texts alone.
    pub(crate) fn score(&mut self, name: &str) -> Option<u32> {
        if self.typed.is_empty() {
            return Some(0);
        }
        self.name_lower.clear();
        self.name_lower.extend(name.chars().map(lower));
        let surplus = self.name_lower.len().checked_sub(self.lower.len())?;
        let starts_with = self.name_lower.starts_with(&self.lower);
        let class = match (starts_with, surplus, name.starts_with(&self.typed)) {
            (true, 0, true) => Class::Exact,
            (true, 0, false) => Class::ExactButCase,
            (true, _, true) => Class::Prefix,
            (true, _, false) => Class::PrefixButCase,
            (false, ..) => return self.score_apart(name),
        };
        Some(score(class, u16::MAX - u16::try_from(surplus).unwrap_or(u16::MAX)))
    }

    /// The score of a name that does not start with the pattern.
    fn score_apart(&mut self, name: &str) -> Option<u32> {
        let mut buffer = Vec::new();
        let haystack = Utf32Str::new(name, &mut buffer);
        let measure = self.matcher.fuzzy_match(haystack, Utf32Str::new(&self.needle, &mut self.needle_buffer))?;
        let class = if matches_humps(name, &self.name_lower, &self.lower) { Class::Humps } else { Class::Subsequence };
        // Of two names that match alike the shorter one is meant more often.
        let brevity = 63 - self.name_lower.len().min(63) as u16;
        Some(score(class, measure.min(1023) * 64 + brevity))
    }
}

fn score(class: Class, measure: u16) -> u32 {
    (class as u32) << 16 | u32::from(measure)
}

/// One character for one, so that offsets in characters stay what they are.
fn lower(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) }
}

/// Whether the pattern is made of pieces that each start where a word of the name starts.
///
/// One pass over the pattern with the set of all places where its last character may stand as the bits of a number: the
/// next character stands right behind such a place, or at the start of a word behind the first of them.
fn matches_humps(name: &str, name_lower: &[char], pattern: &[char]) -> bool {
    let starts = hump_starts(name);
    let at = |wanted: char| {
        let places = name_lower.iter().take(HUMP_CHARACTERS_MAX).enumerate();
        places.fold(0_u128, |set, (idx, &c)| if c == wanted { set | 1 << idx } else { set })
    };
    let Some((&first, rest)) = pattern.split_first() else { return true };
    let mut places = at(first) & starts;
    for &c in rest {
        if places == 0 {
            return false;
        }
        let behind_first = (u128::MAX << places.trailing_zeros()) << 1;
        places = at(c) & (places << 1 | starts & behind_first);
    }
    places != 0
}

/// Where words start: at the beginning, behind what is no letter or digit, at a capital behind a small letter, at the
/// last of several capitals before a small one (`HTTPServer`), and at a digit behind a letter.
fn hump_starts(name: &str) -> u128 {
    let mut starts = 0_u128;
    let mut before: Option<char> = None;
    let mut chars = name.chars().take(HUMP_CHARACTERS_MAX).enumerate().peekable();
    while let Some((idx, c)) = chars.next() {
        let next = chars.peek().map(|&(_, next)| next);
        let is_start = match before {
            None => true,
            Some(before) if !before.is_alphanumeric() => c.is_alphanumeric(),
            Some(before) if c.is_uppercase() => !before.is_uppercase() || next.is_some_and(char::is_lowercase),
            Some(before) => c.is_numeric() && !before.is_numeric(),
        };
        starts |= u128::from(is_start) << idx;
        before = Some(c);
    }
    starts
}

/// Which letters a text has, roughly: enough to pass over most names without looking at them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Letters(u32);

impl Letters {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().map(lower).fold(0, |set, c| {
            set | match c {
                'a'..='z' => 1 << (u32::from(c) - u32::from('a')),
                '0'..='9' => 1 << 26,
                _ if c.is_ascii() => 1 << 27,
                _ => 1 << 28,
            }
        }))
    }

    /// Whether it has all of `wanted`.
    pub(crate) fn has(self, wanted: Letters) -> bool {
        self.0 & wanted.0 == wanted.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The names that match, best first.
    fn ranked<'a>(typed: &str, names: &[&'a str]) -> Vec<&'a str> {
        let mut pattern = Pattern::new(typed);
        let mut hits: Vec<_> = names
            .iter()
            .filter_map(|name| pattern.score(name).map(|score| (std::cmp::Reverse(score), *name)))
            .collect();
        hits.sort_unstable();
        hits.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn exact_comes_before_prefix_before_humps_before_subsequence() {
        let names = ["regret", "get_it", "GET", "get", "getter", "Getter", "g_e_t", "unrelated"];
        assert_eq!(ranked("get", &names), ["get", "GET", "get_it", "getter", "Getter", "g_e_t", "regret"]);
    }

    #[test]
    fn words_are_found_by_their_beginnings() {
        for (typed, name) in [
            ("gud", "get_user_data"),
            ("gUD", "getUserData"),
            ("getdata", "get_user_data"),
            ("hs", "HTTPServer"),
            ("httpserv", "HTTP_server"),
            ("u8", "utf8"),
            ("fooBar", "foo_bar"),
        ] {
            let score = Pattern::new(typed).score(name).map(|score| score >> 16);
            assert_eq!(score, Some(Class::Humps as u32), "{typed} in {name}");
        }
        for (typed, name) in [("et", "get"), ("sr", "user"), ("gdu", "get_user_data")] {
            let score = Pattern::new(typed).score(name).map_or(0, |score| score >> 16);
            assert!(score < Class::Humps as u32, "{typed} in {name}");
        }
    }

    #[test]
    fn an_empty_pattern_matches_everything_alike() {
        assert_eq!(Pattern::new(" ").score("anything"), Some(0));
        assert_eq!(Pattern::new("").score(""), Some(0));
    }

    proptest! {
        #[test]
        fn what_matches_has_the_letters_of_the_pattern(
            typed in "[aBc1_é]{0,4}",
            name in "\\PC{0,12}|[abcB1_éé]{0,9}",
        ) {
            let mut pattern = Pattern::new(&typed);
            if pattern.score(&name).is_some() {
                prop_assert!(Letters::of(&name).has(pattern.letters()), "{typed} in {name}");
            }
        }

        #[test]
        fn every_subsequence_matches(
            name in "[a-zA-Z_]{1,150}",
            kept in proptest::collection::vec(any::<bool>(), 150),
        ) {
            let typed: String = name.chars().zip(kept).filter(|(_, kept)| *kept).map(|(c, _)| c).collect();
            prop_assert!(Pattern::new(&typed).score(&name).is_some(), "{typed} in {name}");
        }
    }
}
