//! `codeLens/resolve`: what the line above a construct counts.

use serde_json::Value;
use tower_lsp_server::ls_types::{CodeLens, Command, Location};
use vraftls_proto::{Answer, At, Query};

use super::code_lens::{Counted, LensData};
use super::{AnswerFiles, Context};
use crate::error::RequestError;

/// The command of an editor that shows places; its arguments are a document, a position in it, and the places.
pub(crate) const SHOW_REFERENCES: &str = "vraftls.showReferences";

pub(crate) async fn code_lens_resolve(cx: &Context, mut lens: CodeLens) -> Result<CodeLens, RequestError> {
    let Some(data) = lens.data.clone() else { return Ok(lens) };
    let bad_data = |_| RequestError::Invalid("the lens' data is not what it was made with".to_owned());
    let LensData { uri, digest, offset, counts } = serde_json::from_value(data).map_err(bad_data)?;
    let located = cx.locate(&uri).await?;
    if located.digest.to_string() != digest {
        return Err(RequestError::Moved(located.path.clone()));
    }
    let at = At { path: located.path.clone(), offset };
    let query = match counts {
        Counted::References => Query::References { at, include_declaration: false },
        Counted::Implementations => Query::Implementation(at),
    };
    let answered = cx.ask(&located, query).await?;
    if answered.partial {
        cx.session().tell_partial("references");
    }
    // Where they are is of interest only to an editor that can show it.
    let locations = match cx.profile().commands.shows_references {
        true => Some(AnswerFiles::load(cx, &located, &answered).await?),
        false => None,
    };
    let n_places = match &answered.answer {
        Answer::References(files) => files.iter().map(|file| file.references.len()).sum(),
        Answer::Targets(targets) => targets.as_ref().map_or(0, |targets| targets.locations.len()),
        _ => return Err(RequestError::BadAnswer),
    };
    let title = title(counts, n_places, answered.partial);
    lens.command = Some(match locations {
        Some(files) if n_places > 0 => {
            let places = places(&files, &answered.answer)?;
            let arguments: [Result<Value, _>; 3] =
                [serde_json::to_value(&uri), serde_json::to_value(lens.range.start), serde_json::to_value(places)];
            let arguments = arguments.into_iter().filter_map(Result::ok).collect();
            Command::new(title, SHOW_REFERENCES.to_owned(), Some(arguments))
        }
        // An empty command shows the title and does nothing.
        _ => Command::new(title, String::new(), None),
    });
    Ok(lens)
}

fn places(files: &AnswerFiles, answer: &Answer) -> Result<Vec<Location>, RequestError> {
    match answer {
        Answer::References(found) => super::references::locations(files, found),
        Answer::Targets(Some(targets)) => targets.locations.iter().map(|location| files.location(location)).collect(),
        _ => Ok(Vec::new()),
    }
}

fn title(counts: Counted, n: usize, is_partial: bool) -> String {
    let (one, many) = match counts {
        Counted::References => ("reference", "references"),
        Counted::Implementations => ("implementation", "implementations"),
    };
    let at_least = if is_partial { "at least " } else { "" };
    format!("{at_least}{n} {}", if n == 1 { one } else { many })
}
