//! Texts of guests that people read: cut to size and without characters that a terminal or an editor would obey.
//!
//! Every character is replaced by one of the same length in bytes, so that offsets into a text stay true.

/// A text of several lines; at most `bytes_max` of it.
pub(crate) fn text(text: &str, bytes_max: usize) -> String {
    clean(cut(text, bytes_max), |char| matches!(char, '\n' | '\t' | '\r'))
}

/// A text of one line; at most `bytes_max` of it.
pub(crate) fn line(text: &str, bytes_max: usize) -> String {
    clean(cut(text, bytes_max), |char| char == '\t')
}

/// [`text`] without copying what is clean already, as nearly everything is.
pub(crate) fn clean_text(text: String) -> String {
    clean_owned(text, |char| matches!(char, '\n' | '\t' | '\r'))
}

/// [`line`] without copying what is clean already, as nearly everything is.
pub(crate) fn clean_line(text: String) -> String {
    clean_owned(text, |char| char == '\t')
}

/// The longest beginning of `text` of at most `bytes_max` bytes.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

fn clean_owned(text: String, keeps: fn(char) -> bool) -> String {
    // Names and signatures are plain ASCII nearly always, which is seen at a glance.
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain || text.chars().all(|char| keeps(char) || !is_obeyed(char)) { text } else { clean(&text, keeps) }
}

fn clean(text: &str, keeps: fn(char) -> bool) -> String {
    text.chars().map(|char| if keeps(char) || !is_obeyed(char) { char } else { stand_in(char) }).collect()
}

/// Control characters, and those that turn the direction of what follows (Unicode TR36, "Bidirectional Text Spoofing").
fn is_obeyed(char: char) -> bool {
    char.is_control() || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn stand_in(char: char) -> char {
    match char.len_utf8() {
        1 => ' ',
        2 => '·',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_replaced_in_the_same_length() {
        let hostile = "a\u{1b}[31mb\u{9b}c\u{202e}d\ne\tf\0";
        let line = line(hostile, 1000);
        assert_eq!(line, "a [31mb·c\u{fffd}d e\tf ");
        assert_eq!(line.len(), hostile.len());
        assert_eq!(text("a\r\nb\u{7}", 1000), "a\r\nb ");
        assert_eq!(clean_line("naïve\tname".to_owned()), "naïve\tname");
        assert_eq!(clean_text("a\u{1b}\n".to_owned()), "a \n");
    }

    #[test]
    fn cutting_keeps_characters_whole() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(line("abc", 0), "");
    }
}
