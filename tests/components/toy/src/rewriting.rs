//! The toy language's lines on one, and a use of a name written out.

use vraftls_guest_sdk::{Expansion, Failure, Span, TextEdit};

use crate::project::ToyProject;

impl ToyProject {
    /// One space for each end of a line in a span, and for the white space around it. What has no next line stays as it is.
    pub(crate) fn joined(&mut self, path: &str, spans: &[Span]) -> Result<Vec<TextEdit>, Failure> {
        let file = self.file(path)?;
        let text = file.0.as_str();
        let mut edits: Vec<TextEdit> = Vec::new();
        for span in spans {
            let inside = text
                .get(span.start as usize..span.end as usize)
                .ok_or_else(|| Failure::InvalidInput(format!("{}..{} is no part of {path}", span.start, span.end)))?;
            let first = text[span.start as usize..].find('\n').map(|at| span.start as usize + at);
            let ends: Vec<usize> = match inside.is_empty() {
                true => first.into_iter().collect(),
                false => inside.match_indices('\n').map(|(at, _)| span.start as usize + at).collect(),
            };
            for end in ends {
                let (before, after) = (&text[..end], &text[end..]);
                let white =
                    Span { start: before.trim_end().len() as u32, end: (text.len() - after.trim_start().len()) as u32 };
                let is_free = edits.iter().all(|edit| edit.span.end <= white.start || white.end <= edit.span.start);
                if is_free && (white.end as usize) < text.len() {
                    edits.push(TextEdit { span: white, new_text: " ".to_owned() });
                }
            }
        }
        edits.sort_by_key(|edit| edit.span.start);
        Ok(edits)
    }

    /// A name that is used stands for the line of its definition.
    pub(crate) fn written_out(&mut self, path: &str, offset: u32) -> Result<Option<Expansion>, Failure> {
        let Some((name, _)) = self.name_at(path, offset)? else { return Ok(None) };
        let Some(target) = self.resolve(path, &name)? else { return Ok(None) };
        let file = self.file(&target.path)?;
        let line = file.0.get(target.full.start as usize..target.full.end as usize).unwrap_or_default();
        Ok(Some(Expansion { name, text: line.trim_end().to_owned() }))
    }
}
