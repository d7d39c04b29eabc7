//! Edits against the model, which replaces one after another from the back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod model;

use proptest::prelude::*;
use proptest::sample::Index;
use vraftls_text::{
    ChangeError, ContentChange, EditError, LineIndex, PositionEncoding, PositionRange, Span, TextEdit, apply_change,
    apply_edits,
};

/// Edits whose spans do not overlap, in the order of the text: inserts and replacements between random boundaries.
fn apart(text: String) -> impl Strategy<Value = (String, Vec<TextEdit>)> {
    let boundaries: Vec<u32> =
        (0..=text.len()).filter(|&offset| text.is_char_boundary(offset)).map(|offset| offset as u32).collect();
    let edit = (any::<Index>(), any::<bool>(), model::text(3));
    prop::collection::vec(edit, 0..8).prop_map(move |edits| {
        let mut cuts: Vec<u32> = edits.iter().map(|(cut, ..)| *cut.get(&boundaries)).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().skip(1).chain([text.len() as u32]);
        let edits = cuts.iter().zip(ends).zip(&edits).map(|((&start, end), (_, inserts, new_text))| TextEdit {
            span: if *inserts { Span::empty(start) } else { Span::new(start, end).unwrap() },
            new_text: new_text.clone(),
        });
        (text.clone(), edits.collect())
    })
}

fn replace_from_the_back(text: &str, edits: &[TextEdit]) -> String {
    let mut sorted: Vec<_> = edits.iter().enumerate().collect();
    sorted.sort_by_key(|(idx, edit)| (edit.span.start(), edit.span.end(), *idx));
    let mut text = text.to_owned();
    for (_, edit) in sorted.into_iter().rev() {
        text.replace_range(edit.span.start() as usize..edit.span.end() as usize, &edit.new_text);
    }
    text
}

proptest! {
    #[test]
    fn edits_apart_do_what_replacing_from_the_back_does(
        (text, edits) in model::text(16).prop_flat_map(apart).prop_flat_map(|(text, edits)| (Just(text), Just(edits).prop_shuffle()))
    ) {
        let expected = replace_from_the_back(&text, &edits);
        prop_assert_eq!(apply_edits(&text, &edits), Ok(expected));
    }

    #[test]
    fn any_edits_either_fit_or_are_refused_with_a_reason(
        text in model::text(8),
        spans in prop::collection::vec((0u32..40, 0u32..6), 0..4),
    ) {
        let edits: Vec<_> = spans
            .iter()
            .map(|&(start, len)| TextEdit { span: Span::new(start, start + len).unwrap(), new_text: "é".to_owned() })
            .collect();
        let overlap = |a: Span, b: Span| a.start() < b.end() && b.start() < a.end();
        let overlaps = edits.iter().enumerate().any(|(i, a)| edits[..i].iter().any(|b| overlap(a.span, b.span)));
        let fits = edits.iter().all(|edit| edit.span.fits(&text));
        match apply_edits(&text, &edits) {
            Ok(_) => prop_assert!(fits && !overlaps),
            Err(EditError::DoesNotFit(span)) => prop_assert!(!span.fits(&text)),
            Err(EditError::Overlap(a, b)) => prop_assert!(fits && overlap(a, b)),
        }
    }

    #[test]
    fn an_index_follows_any_sequence_of_changes(
        text in model::text(12),
        changes in prop::collection::vec((any::<(Index, Index)>(), 0usize..3, model::text(4)), 1..12),
    ) {
        let (mut text, mut index) = (text.clone(), LineIndex::new(&text));
        for ((a, b), encoding, new_text) in changes {
            let encoding = model::ENCODINGS[encoding];
            let boundaries: Vec<_> = (0..=text.len()).filter(|&offset| text.is_char_boundary(offset)).collect();
            // What a position can name; the model tells where a cut inside `\r\n` goes.
            let [mut a, mut b] = [a, b].map(|cut| model::position(&text, *cut.get(&boundaries), encoding));
            if a > b {
                std::mem::swap(&mut a, &mut b);
            }
            let [from, to] = [a, b].map(|at| model::offset(&text, at, encoding).unwrap() as usize);
            let mut expected = text.clone();
            expected.replace_range(from..to, &new_text);

            let change = ContentChange { range: Some(PositionRange { start: a, end: b }), new_text: &new_text };
            prop_assert_eq!(apply_change(&mut text, &mut index, change, encoding, usize::MAX), Ok(()));
            prop_assert_eq!(&text, &expected);
            prop_assert_eq!(&index, &LineIndex::new(&expected));
        }
    }

    #[test]
    fn a_change_beside_the_text_leaves_it_as_it_was(
        (text, start, end) in model::text(8)
            .prop_flat_map(|text| (Just(text.clone()), model::position_near(&text), model::position_near(&text))),
        encoding in 0usize..3,
    ) {
        let encoding = model::ENCODINGS[encoding];
        let (mut changed, mut index) = (text.clone(), LineIndex::new(&text));
        let change = ContentChange { range: Some(PositionRange { start, end }), new_text: "x\r" };
        let offsets = (model::offset(&text, start, encoding), model::offset(&text, end, encoding));
        let result = apply_change(&mut changed, &mut index, change, encoding, usize::MAX);
        match offsets {
            (Ok(start), Ok(end)) if start <= end => prop_assert_eq!(result, Ok(())),
            _ => {
                prop_assert!(matches!(result, Err(ChangeError::Position(_))));
                prop_assert_eq!(&changed, &text);
            }
        }
        prop_assert_eq!(&index, &LineIndex::new(&changed));
    }
}

#[test]
fn a_change_without_a_range_replaces_everything() {
    let mut text = "a\nb".to_owned();
    let mut index = LineIndex::new(&text);
    let change = ContentChange { range: None, new_text: "é\r\n\r" };
    apply_change(&mut text, &mut index, change, PositionEncoding::Utf16, 100).unwrap();
    assert_eq!((text.as_str(), &index), ("é\r\n\r", &LineIndex::new("é\r\n\r")));
}

#[test]
fn a_document_does_not_grow_beyond_its_bound() {
    let mut text = "abc".to_owned();
    let mut index = LineIndex::new(&text);
    for range in [None, Some(PositionRange::default())] {
        let change = ContentChange { range, new_text: "12345" };
        let bytes = if range.is_some() { 8 } else { 5 };
        assert_eq!(
            apply_change(&mut text, &mut index, change, PositionEncoding::Utf8, 4),
            Err(ChangeError::TooLong { bytes, bytes_max: 4 })
        );
        assert_eq!(text, "abc");
    }
}

#[test]
fn a_line_break_that_is_typed_in_halves_becomes_one() {
    let at = |line, character| {
        let at = vraftls_text::Position { line, character };
        Some(PositionRange { start: at, end: at })
    };
    let mut text = "ab".to_owned();
    let mut index = LineIndex::new(&text);
    for (range, new_text, n_lines) in
        [(at(0, 1), "\r", 2), (at(1, 0), "\n", 2), (at(1, 0), "\n", 3), (at(0, 1), "\r", 4)]
    {
        apply_change(&mut text, &mut index, ContentChange { range, new_text }, PositionEncoding::Utf8, 100).unwrap();
        assert_eq!((index.n_lines(), &index), (n_lines, &LineIndex::new(&text)), "{text:?}");
    }
    assert_eq!(text, "a\r\r\n\nb");
}
