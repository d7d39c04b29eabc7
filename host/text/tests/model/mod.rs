//! What a position means, in the slowest and plainest way: by walking the text character by character.

use proptest::prelude::*;
use vraftls_text::{Position, PositionEncoding, PositionError};

pub(crate) const ENCODINGS: [PositionEncoding; 3] =
    [PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Utf32];

/// How many units a text has.
pub(crate) fn units(text: &str, encoding: PositionEncoding) -> u32 {
    match encoding {
        PositionEncoding::Utf8 => text.len() as u32,
        PositionEncoding::Utf16 => text.encode_utf16().count() as u32,
        PositionEncoding::Utf32 => text.chars().count() as u32,
    }
}

/// The lines: where each starts, and its text without the line break.
pub(crate) fn lines(text: &str) -> Vec<(usize, &str)> {
    let (mut lines, mut start, mut idx) = (Vec::new(), 0, 0);
    while idx < text.len() {
        let break_len = match &text.as_bytes()[idx..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if break_len > 0 {
            lines.push((start, &text[start..idx]));
            start = idx + break_len;
        }
        idx += break_len.max(1);
    }
    lines.push((start, &text[start..]));
    lines
}

/// The position of an offset.
pub(crate) fn position(text: &str, offset: usize, encoding: PositionEncoding) -> Position {
    let lines = lines(text);
    let line = lines.iter().rposition(|(start, _)| *start <= offset).unwrap();
    let (start, content) = lines[line];
    let mut in_line = (offset - start).min(content.len());
    while !content.is_char_boundary(in_line) {
        in_line -= 1;
    }
    Position { line: line as u32, character: units(&content[..in_line], encoding) }
}

/// The offset of a position.
pub(crate) fn offset(text: &str, position: Position, encoding: PositionEncoding) -> Result<u32, PositionError> {
    let lines = lines(text);
    if position == (Position { line: lines.len() as u32, character: 0 }) {
        return Ok(text.len() as u32);
    }
    let Some((start, content)) = lines.get(position.line as usize) else {
        return Err(PositionError::NoSuchLine { line: position.line, n_lines: lines.len() as u32 });
    };
    let boundaries = content.char_indices().map(|(idx, _)| idx).chain([content.len()]);
    for idx in boundaries {
        let here = units(&content[..idx], encoding);
        if here == position.character {
            return Ok((start + idx) as u32);
        }
        if here > position.character {
            return Err(PositionError::InsideCharacter(position));
        }
    }
    Ok((start + content.len()) as u32)
}

/// Texts in which everything that makes positions hard is frequent: all line breaks and their halves, a byte order mark,
/// characters of each width, surrogate pairs, combining characters, emoji made of several characters.
pub(crate) fn text(n_pieces_max: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z_ \t(]{1,6}",
        2 => Just("\n".to_owned()),
        2 => Just("\r\n".to_owned()),
        1 => Just("\r".to_owned()),
        2 => prop::sample::select(vec![
            "\u{feff}", "é", "e\u{301}", "ß", "中文", "語", "\u{2028}", "\u{85}", "\u{ffff}", "😀", "👩‍👩‍👧", "𝒳", "🇩🇪", "\0",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..=n_pieces_max).prop_map(|pieces| pieces.concat())
}

/// A position in a text or somewhat beside it.
pub(crate) fn position_near(text: &str) -> impl Strategy<Value = Position> + use<> {
    let lines: Vec<u32> = lines(text).iter().map(|(_, line)| line.len() as u32).collect();
    (0..lines.len() as u32 + 2).prop_flat_map(move |line| {
        let n_bytes = lines.get(line as usize).copied().unwrap_or(1);
        prop_oneof![9 => 0..=n_bytes + 1, 1 => Just(u32::MAX)].prop_map(move |character| Position { line, character })
    })
}
