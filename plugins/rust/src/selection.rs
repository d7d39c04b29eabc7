//! The ranges around a place, each larger than the one before.

use ra_ap_ide::{FileRange, TextRange};
use vraftls_guest_sdk::{Failure, Span};

use crate::project::{Source, span};

/// More than any code nests that is analyzed.
const RANGES_MAX: usize = 2000;

/// For each offset the enclosing ranges, innermost first.
pub(crate) fn selection_ranges(source: &Source<'_>, offsets: &[u32]) -> Result<Vec<Vec<Span>>, Failure> {
    offsets.iter().map(|offset| around(source, *offset)).collect()
}

fn around(source: &Source<'_>, offset: u32) -> Result<Vec<Span>, Failure> {
    let mut range = TextRange::empty(source.offset(offset)?);
    let mut found = Vec::new();
    while found.len() < RANGES_MAX {
        let asked = FileRange { file_id: source.file, range };
        let larger = source.project.ask(|analysis| analysis.extend_selection(asked))?;
        if larger == range || !larger.contains_range(range) {
            break;
        }
        range = larger;
        found.push(span(range));
    }
    if found.is_empty() {
        found.push(span(range));
    }
    Ok(found)
}
