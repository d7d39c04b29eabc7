//! Places in texts.

/// The line and column of the `n`th `word` in a text, in UTF-16 units, which are characters here.
pub(crate) fn find(text: &str, word: &str, n: usize) -> (u32, u32) {
    let (offset, _) = text.match_indices(word).nth(n).unwrap();
    let line = text[..offset].matches('\n').count();
    let column = offset - text[..offset].rfind('\n').map_or(0, |at| at + 1);
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}
