//! Offsets and positions against the model, in all encodings.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod model;

use model::ENCODINGS;
use proptest::prelude::*;
use vraftls_text::{LineIndex, Position, PositionEncoding, PositionError, PositionRange, Span};

proptest! {
    #[test]
    fn every_offset_has_the_position_that_counting_gives(text in model::text(24)) {
        let index = LineIndex::new(&text);
        for encoding in ENCODINGS {
            for offset in 0..=text.len() + 2 {
                let expected = model::position(&text, offset, encoding);
                prop_assert_eq!(index.position(offset as u32, encoding), expected, "offset {} in {:?}", offset, encoding);
            }
        }
    }

    #[test]
    fn every_position_has_the_offset_that_counting_gives(
        (text, positions) in model::text(16)
            .prop_flat_map(|text| (Just(text.clone()), prop::collection::vec(model::position_near(&text), 20)))
    ) {
        let index = LineIndex::new(&text);
        for encoding in ENCODINGS {
            for position in &positions {
                let expected = model::offset(&text, *position, encoding);
                prop_assert_eq!(index.offset(*position, encoding), expected, "{:?} in {:?}", position, encoding);
            }
        }
    }

    #[test]
    fn a_character_boundary_comes_back_from_its_position(text in model::text(24)) {
        let index = LineIndex::new(&text);
        let boundaries = (0..=text.len()).filter(|&offset| text.is_char_boundary(offset));
        for offset in boundaries.filter(|&offset| !(text[..offset].ends_with('\r') && text[offset..].starts_with('\n'))) {
            for encoding in ENCODINGS {
                let position = index.position(offset as u32, encoding);
                prop_assert_eq!(index.offset(position, encoding), Ok(offset as u32));
            }
        }
    }

    #[test]
    fn lines_are_what_lies_between_line_breaks(text in model::text(24)) {
        let index = LineIndex::new(&text);
        let lines = model::lines(&text);
        prop_assert_eq!(index.n_lines() as usize, lines.len());
        prop_assert_eq!(index.len_bytes() as usize, text.len());
        for (line, (start, content)) in lines.iter().enumerate() {
            let span = index.line_span(line as u32).unwrap();
            prop_assert_eq!((span.start() as usize, span.slice(&text)), (*start, Some(*content)));
            prop_assert_eq!(index.line(*start as u32) as usize, line);
        }
        prop_assert_eq!(index.line_span(lines.len() as u32), None);
    }
}

fn at(line: u32, character: u32) -> Position {
    Position { line, character }
}

#[test]
fn the_example_of_the_specification_counts_as_it_says() {
    // LSP 3.17: in `a𐐀b` the character `b` has offset 3 in UTF-16, 2 in UTF-32 and 5 in UTF-8.
    let index = LineIndex::new("a𐐀b");
    for (encoding, character) in ENCODINGS.into_iter().zip([5, 3, 2]) {
        assert_eq!(index.position(5, encoding), at(0, character));
        assert_eq!(index.offset(at(0, character), encoding), Ok(5));
    }
    assert_eq!(
        index.offset(at(0, 2), PositionEncoding::Utf16),
        Err(PositionError::InsideCharacter(at(0, 2))),
        "between the halves of a surrogate pair"
    );
}

#[test]
fn a_character_behind_the_line_means_its_end_before_the_line_break() {
    let index = LineIndex::new("ab\r\ncd\re\n");
    let utf16 = PositionEncoding::Utf16;
    for (line, end) in [(0, 2), (1, 6), (2, 8), (3, 9)] {
        assert_eq!(index.offset(at(line, 99), utf16), Ok(end));
        assert_eq!(index.offset(at(line, u32::MAX), utf16), Ok(end));
    }
    assert_eq!(index.position(3, utf16), at(0, 2), "inside the line break");
    assert_eq!(index.offset(at(4, 0), utf16), Ok(9), "the line behind the last starts at the end");
    assert_eq!(index.offset(at(4, 1), utf16), Err(PositionError::NoSuchLine { line: 4, n_lines: 4 }));
    assert_eq!(index.offset(at(5, 0), utf16), Err(PositionError::NoSuchLine { line: 5, n_lines: 4 }));
}

#[test]
fn a_range_that_ends_before_it_starts_is_no_span() {
    let index = LineIndex::new("ab\ncd");
    let range = PositionRange { start: at(1, 1), end: at(0, 1) };
    assert_eq!(index.span(range, PositionEncoding::Utf8), Err(PositionError::Inverted(range)));
    let range = PositionRange { start: at(0, 1), end: at(1, 1) };
    assert_eq!(index.span(range, PositionEncoding::Utf8), Ok(Span::new(1, 4).unwrap()));
    assert_eq!(index.range(Span::new(1, 4).unwrap(), PositionEncoding::Utf8), range);
}

#[test]
fn an_index_is_small() {
    let ascii = "    let x = 1;\n".repeat(10_000);
    assert!(LineIndex::new(&ascii).weight_bytes() <= ascii.len() / 3, "four bytes a line");
    let chinese = "文字文字文字文字文字\n".repeat(10_000);
    assert!(LineIndex::new(&chinese).weight_bytes() < chinese.len(), "a run a line");
}
