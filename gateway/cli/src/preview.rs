//! What edits would change, as lines: what stands there and what would stand there instead.

use std::collections::BTreeMap;
use std::path::Path;

use vraftls_text::{LineIndex, Span, TextEdit, apply_edits};

use crate::ask::edits::Edit;
use crate::source;

/// The lines that edits would change, file by file.
pub(crate) async fn preview(root: &Path, edits: &[Edit]) -> anyhow::Result<Vec<String>> {
    let mut by_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(&edit.spot.file).or_default().push(edit);
    }
    let mut lines = Vec::new();
    for (file, mut edits) in by_file {
        edits.sort_by_key(|edit| edit.spot.region);
        let text = source::text_of(root.join(file)).await?;
        lines.extend(hunks(file, &text, &edits)?);
    }
    Ok(lines)
}

/// The changes of one file. Edits that share a line, or follow each other line by line, are shown together.
fn hunks(file: &str, text: &str, edits: &[&Edit]) -> anyhow::Result<Vec<String>> {
    let index = LineIndex::new(text);
    let mut lines = Vec::new();
    for together in edits.chunk_by(|before, after| after.spot.region.line <= before.spot.region.end_line) {
        let first = together[0].spot.region.line;
        let last = together.iter().map(|edit| edit.spot.region.end_line).max().unwrap_or(first);
        let start = index.line_span(first - 1).map_or(index.len_bytes(), |span| span.start());
        // The line end belongs to the line, because an edit may take it away.
        let end = index.line_span(last).map_or(index.len_bytes(), |span| span.start());
        let old = &text[start as usize..end as usize];
        let moved = together.iter().map(|edit| {
            let span = edit.spot.region.span(&index).filter(|span| span.start() >= start && span.end() <= end);
            let span = span.ok_or_else(|| anyhow::anyhow!("{file} changed meanwhile"))?;
            let moved = Span::new(span.start() - start, span.end() - start).expect("both moved alike");
            Ok(TextEdit { span: moved, new_text: edit.new_text.clone() })
        });
        let new = apply_edits(old, &moved.collect::<anyhow::Result<Vec<_>>>()?)?;
        lines.push(format!("{file}:{first}"));
        lines.extend(old.lines().map(|line| format!("- {line}")));
        lines.extend(new.lines().map(|line| format!("+ {line}")));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Spot;
    use crate::place::Region;

    fn edit(region: [u32; 4], new_text: &str) -> Edit {
        let [line, column, end_line, end_column] = region;
        let region = Region { line, column, end_line, end_column };
        Edit { spot: Spot { file: "a.py".into(), region }, new_text: new_text.into() }
    }

    fn shown(text: &str, edits: &[Edit]) -> Vec<String> {
        hunks("a.py", text, &edits.iter().collect::<Vec<_>>()).expect("the edits fit")
    }

    #[test]
    fn changed_lines_are_shown_before_and_after() {
        let text = "one = 1\ntwo = one + one\nend\n";
        let edits = [edit([1, 1, 1, 4], "uno"), edit([2, 7, 2, 10], "uno"), edit([2, 13, 2, 16], "uno")];
        let expected = ["a.py:1", "- one = 1", "+ uno = 1", "a.py:2", "- two = one + one", "+ two = uno + uno"];
        assert_eq!(shown(text, &edits), expected);
    }

    #[test]
    fn lines_come_and_go_also_at_the_end_and_without_a_line_end() {
        assert_eq!(shown("a\nb\n", &[edit([1, 2, 2, 1], "")]), ["a.py:1", "- a", "- b", "+ ab"]);
        assert_eq!(shown("é", &[edit([1, 2, 1, 2], "\nx")]), ["a.py:1", "- é", "+ é", "+ x"]);
        assert_eq!(shown("a\n", &[edit([2, 1, 2, 1], "b\n")]), ["a.py:2", "+ b"]);
        assert_eq!(shown("", &[edit([1, 1, 1, 1], "b\n")]), ["a.py:1", "+ b"]);
    }

    #[test]
    fn edits_of_another_text_are_refused() {
        assert!(hunks("a.py", "a\n", &[&edit([5, 1, 5, 2], "x")]).is_err());
    }
}
