//! How much a name resembles what stands before it on its line: `title = self.` wants `title`, `"left", box.` wants
//! `head_left`. People name things alike that hold the same. And what a function calls is often named like the function.

use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;

use super::scope::names_around;
use crate::project::Source;

/// The weight of a name of which every word was said before.
const FULL: u32 = 4000;
/// What any word in common is worth at least.
const ANY: u32 = 100;
/// What the words are worth that name what is around: the function, its class, the file.
const AROUND: u32 = 600;
/// The longest string whose words count, in bytes.
const STRING_BYTES_MAX: u32 = 48;

/// The words that stand on a line before a place, and those of the names around it.
#[derive(Default)]
pub(super) struct Resemblance {
    words: FxHashSet<String>,
    around: FxHashSet<String>,
    /// What the innermost function or class is called.
    innermost: Option<String>,
}

impl Resemblance {
    /// The words on the line of a place up to it, without those of `receiver`.
    pub(super) fn before(source: &Source<'_>, place: TextSize, receiver: Option<TextRange>) -> Self {
        let line = source.text[..place.to_usize()].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
        let tokens = source.parsed.tokens();
        let end = tokens.partition_point(|token| token.end() <= place);
        let mut words = FxHashSet::default();
        for token in tokens[..end].iter().rev().take_while(|token| token.start().to_usize() >= line) {
            let counts = match token.kind() {
                TokenKind::Name => true,
                TokenKind::String => token.range().len().to_u32() <= STRING_BYTES_MAX,
                kind => kind.is_soft_keyword(),
            };
            if counts && receiver.is_none_or(|receiver| !receiver.contains_range(token.range())) {
                words.extend(words_of(source.slice(token.range())));
            }
        }
        Self { words, ..Self::default() }
    }

    /// Adds what the function, the classes and the file around a place are called: inside of `path_info` one calls `get_path_info`.
    pub(super) fn with_surroundings(mut self, source: &Source<'_>, place: TextSize, file: &str) -> Self {
        let names = names_around(source, place);
        self.around.extend(names.iter().flat_map(|name| words_of(name)));
        self.innermost = names.last().map(|name| (*name).to_owned());
        let stem = file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
        self.around.extend(words_of(stem));
        self
    }

    /// Whether the innermost function or class around has this name.
    pub(super) fn is_inside_of(&self, name: &str) -> bool {
        self.innermost.as_deref() == Some(name)
    }

    /// How much a name resembles the line and what is around: 0 for not at all.
    pub(super) fn weight(&self, name: &str) -> u32 {
        if self.words.is_empty() && self.around.is_empty() {
            return 0;
        }
        let (mut all, mut said, mut around) = (0_u32, 0_u32, 0_u32);
        for word in words_of(name) {
            all += 1;
            said += u32::from(self.words.contains(&word));
            around += u32::from(self.around.contains(&word));
        }
        let near = if said == 0 { 0 } else { ANY + FULL * said / all };
        near + AROUND * around / all.max(1)
    }
}

/// The words of an identifier or of a short text, in lower case and without the `s` of a plural; letters alone are no words.
pub(super) fn words_of(text: &str) -> impl Iterator<Item = String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = '_';
    for c in text.chars().chain(['_']) {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && !before.is_uppercase());
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.into_iter().filter(|word| word.len() > 1).map(|mut word| {
        if word.len() > 3 && word.ends_with('s') {
            word.pop();
        }
        word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(said: &str, name: &str) -> u32 {
        Resemblance { words: words_of(said).collect(), ..Resemblance::default() }.weight(name)
    }

    #[test]
    fn what_is_around_counts_less_than_what_was_said() {
        let around = Resemblance { around: words_of("path_info").collect(), ..Resemblance::default() };
        assert_eq!(around.weight("get_path_info"), AROUND * 2 / 3);
        assert_eq!(around.weight("union"), 0);
        assert!(around.weight("path_info") < weight("path", "get_path_info"));
    }

    #[test]
    fn names_resemble_by_their_words() {
        assert_eq!(weight("title", "title"), ANY + FULL);
        assert_eq!(weight("right", "mid_right"), ANY + FULL / 2);
        assert_eq!(weight("inline_class", "get_inlines"), ANY + FULL / 2);
        assert_eq!(weight("HTTPStatus", "httpstatus"), ANY + FULL);
        assert_eq!(weight("x", "x"), 0);
        assert_eq!(weight("left", "right"), 0);
    }
}
