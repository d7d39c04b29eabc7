//! What follows from a character that was typed: `;` after `let x =`, an indented `.`, a closing `}`.

use vraftls_guest_sdk::{Failure, TextEdit};

use crate::edits::{in_document, is_read_only};
use crate::project::Source;

/// Characters that ask for it as they are typed; the first is the main one.
pub(crate) const TRIGGERS: [&str; 4] = ["=", ".", ">", "{"];

/// The edits after a character was typed before the offset.
pub(crate) fn format_on_type(
    source: &Source<'_>,
    path: &str,
    offset: u32,
    typed: &str,
) -> Result<Vec<TextEdit>, Failure> {
    let mut position = source.position(offset)?;
    let before = source.text.get(..offset as usize).unwrap_or_default();
    let (Some(character), true) = (typed.chars().next(), before.ends_with(typed) && TRIGGERS.contains(&typed)) else {
        return Ok(Vec::new());
    };
    if is_read_only(path) {
        return Ok(Vec::new());
    }
    // The engine asks where the character stands.
    position.offset -= ra_ap_ide::TextSize::of(character);
    let found = source.project.ask(|analysis| analysis.on_char_typed(position, character))?;
    let found = found.filter(|change| !change.is_snippet && change.file_system_edits.is_empty());
    let edit = found.and_then(|change| change.source_file_edits.get(&source.file).map(|(edit, _)| in_document(edit)));
    Ok(edit.unwrap_or_default())
}
