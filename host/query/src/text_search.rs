//! Looking for a name in a text without knowing its language: for files whose facts could not be made.

/// The byte offsets at which `name` stands in `text` as a whole word, ascending. More than an analyzer would find,
/// never less.
pub(crate) fn find_word(text: &str, name: &str) -> Vec<u32> {
    if name.is_empty() {
        return Vec::new();
    }
    let continues = |c: char| c.is_alphanumeric() || c == '_';
    // What is no word at its border, as `operator+` or `$x`, is found wherever it stands.
    let (is_word_first, is_word_last) = (name.starts_with(continues), name.ends_with(continues));
    let found = text.match_indices(name).filter(|&(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        let is_cut = is_word_first && before.is_some_and(continues) || is_word_last && after.is_some_and(continues);
        !is_cut
    });
    found.filter_map(|(start, _)| u32::try_from(start).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_found() {
        assert_eq!(find_word("run(); rerun(); run", "run"), [0, 16]);
        assert_eq!(find_word("run_ run2 _run éрun ärun", "run"), []);
        assert_eq!(find_word("é=run", "run"), [3]);
        assert_eq!(find_word("a+b", "+"), [1]);
        assert_eq!(find_word("anything", ""), []);
    }
}
