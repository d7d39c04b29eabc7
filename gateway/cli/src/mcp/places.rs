//! Tools about the thing at a place: where it is defined and used, what it is, what renaming it would change.

use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use super::arguments::{DefinitionArguments, HoverArguments, Kind, Meant, ReferencesArguments, RenameArguments, limit};
use super::texts::{Place, Reply, Sources, bounded, counted};
use crate::ask::navigation::{self, Lead};
use crate::ask::{Spot, edits};
use crate::client::Session;
use crate::preview::preview;

/// Places that an answer shows if the agent does not say.
const N_PLACES: u32 = 100;

/// Places that an answer shows at most, and edits.
const N_PLACES_MAX: u32 = 1000;

/// Lines of a preview.
const N_PREVIEW_LINES_MAX: usize = 500;

/// Places, as many as are shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Places {
    pub(super) places: Vec<Place>,
    /// How many there are in all
    pub(super) total: usize,
    /// How many of them were left off
    pub(super) left_off: usize,
}

/// What is known of a name.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Known {
    /// Whether anything is known
    pub(super) found: bool,
    /// In the language
    pub(super) signature: String,
    /// Of the signature
    pub(super) language: String,
    /// In Markdown
    pub(super) documentation: String,
}

/// A part of a file that would be replaced. Lines and columns from 1, columns in characters.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Edit {
    /// Relative to the folder
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    /// Of the first character behind it
    pub(super) end_column: u32,
    pub(super) new_text: String,
}

/// What a renaming would change.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Edits {
    pub(super) edits: Vec<Edit>,
    /// How many edits there are in all
    pub(super) total: usize,
    /// How many files they are in
    pub(super) files: usize,
    /// How many of the edits were left off: without them the program would break
    pub(super) left_off: usize,
}

pub(super) async fn definition(session: &Session, arguments: DefinitionArguments) -> anyhow::Result<Reply> {
    let Meant { uri, position } = arguments.place(session).await?;
    let lead = match arguments.kind.unwrap_or_default() {
        Kind::Definition => Lead::Definition,
        Kind::Declaration => Lead::Declaration,
        Kind::Type => Lead::TypeDefinition,
        Kind::Implementation => Lead::Implementation,
    };
    let found = navigation::targets(session, lead, &uri, position).await?;
    shown(session, &found, N_PLACES_MAX as usize, "nothing that is known stands there, or nothing defines it").await
}

pub(super) async fn references(session: &Session, arguments: ReferencesArguments) -> anyhow::Result<Reply> {
    let limit = limit(arguments.limit, N_PLACES, N_PLACES_MAX)?;
    let Meant { uri, position } = arguments.place(session).await?;
    let found = navigation::references(session, &uri, position).await?;
    shown(session, &found, limit, "nothing that is known stands there").await
}

async fn shown(session: &Session, found: &[Spot], limit: usize, none: &str) -> anyhow::Result<Reply> {
    let mut sources = Sources::new(session.root());
    let mut places = Vec::new();
    for spot in found.iter().take(limit) {
        places.push(sources.place(spot).await);
    }
    let left_off = found.len() - places.len();
    let mut lines = vec![if found.is_empty() { none.to_owned() } else { counted(found.len(), "place") }];
    lines.extend(places.iter().map(Place::text));
    if left_off > 0 {
        lines.push(format!("({left_off} more were left off; `limit` may be up to {N_PLACES_MAX})"));
    }
    Reply::new(&lines, &Places { places, total: found.len(), left_off })
}

pub(super) async fn hover(session: &Session, arguments: HoverArguments) -> anyhow::Result<Reply> {
    let Meant { uri, position } = arguments.place(session).await?;
    let found = crate::ask::hover::hover(session, &uri, position).await?;
    let is_found = found.is_some();
    let hover = found.unwrap_or_default();
    let (signature, documentation) = (bounded(&hover.signature), bounded(&hover.documentation));
    let parts = [&signature, &documentation];
    let mut lines: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).cloned().collect();
    if lines.is_empty() {
        lines.push("nothing is known of what stands there".to_owned());
    }
    Reply::new(&lines, &Known { found: is_found, signature, language: hover.language, documentation })
}

pub(super) async fn rename_preview(session: &Session, arguments: RenameArguments) -> anyhow::Result<Reply> {
    let Meant { uri, position } = arguments.place(session).await?;
    let found = edits::rename(session, &uri, position, &arguments.new_name).await?;
    anyhow::ensure!(!found.is_empty(), "nothing that can be renamed stands there");
    let mut files: Vec<&str> = found.iter().map(|edit| edit.spot.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let mut lines = vec![format!("{} in {}", counted(found.len(), "edit"), counted(files.len(), "file"))];
    let preview = preview(session.root(), &found).await?;
    let n_lines = preview.len();
    lines.extend(preview.into_iter().take(N_PREVIEW_LINES_MAX));
    if n_lines > N_PREVIEW_LINES_MAX {
        lines.push(format!(
            "({} lines of the preview were left off; the edits are in the structured answer)",
            n_lines - N_PREVIEW_LINES_MAX
        ));
    }
    let edits: Vec<Edit> = found.iter().take(N_PLACES_MAX as usize).map(edit).collect();
    let left_off = found.len() - edits.len();
    if left_off > 0 {
        lines.push(format!("({left_off} edits were left off: rename this thing in an editor)"));
    }
    Reply::new(&lines, &Edits { edits, total: found.len(), files: files.len(), left_off })
}

fn edit(edit: &edits::Edit) -> Edit {
    let crate::place::Region { line, column, end_line, end_column } = edit.spot.region;
    let (file, new_text) = (edit.spot.file.clone(), edit.new_text.clone());
    Edit { file, line, column, end_line, end_column, new_text }
}
