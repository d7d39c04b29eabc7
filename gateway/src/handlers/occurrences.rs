//! `vraftls/occurrences`: every name of a document, and what it leads to.

use std::collections::HashMap;
use std::sync::Arc;

use tower_lsp_server::ls_types::{Range, Uri};
use vraftls_proto::{Answer, Query, Resolved};

use super::{AnswerFiles, Context, Located};
use crate::error::RequestError;
use crate::{DocumentOccurrences, OccurrencesParams, TargetDescription, TargetDocument, TargetNumbers};

pub(crate) async fn occurrences(cx: &Context, params: OccurrencesParams) -> Result<DocumentOccurrences, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let answered = cx.ask(&located, Query::ResolveAll { path: located.path.clone() }).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::Resolved(resolved) = answered.answer else { return Err(RequestError::BadAnswer) };
    let mut found = DocumentOccurrences {
        language: language(cx, &located),
        path: located.path.to_string(),
        ..DocumentOccurrences::default()
    };
    put_targets(&mut found, &files, &resolved)?;
    let file = files.get(&located.path)?;
    for name in &resolved.occurrences {
        // Of a notebook, those of the cell that was asked about.
        let Some(range) = file.here(name.span) else { continue };
        let [a, b, c, d] = numbers(range);
        found.occurrences.push([a, b, c, d, name.roles.0, name.leads.0, name.leads.1]);
    }
    found.leads.clone_from(&resolved.leads);
    let known = |known: &vraftls_proto::TargetDescription| TargetDescription {
        target: known.target,
        signature: known.signature.clone(),
        documentation: known.documentation.clone(),
    };
    found.descriptions = resolved.descriptions.iter().map(known).collect();
    found.relations = resolved.relations.iter().map(|(one, other)| [*one, *other]).collect();
    Ok(found)
}

fn language(cx: &Context, located: &Located) -> String {
    if let Some(open) = located.overlays.get(&located.path) {
        return open.language.to_string();
    }
    let analyzers = cx.backend().analyzers();
    let language = analyzers.iter().find_map(|analyzer| analyzer.language_of(located.path.as_str()));
    language.map(|language| language.id.clone()).unwrap_or_default()
}

fn put_targets(found: &mut DocumentOccurrences, files: &AnswerFiles, resolved: &Resolved) -> Result<(), RequestError> {
    let mut documents: HashMap<Uri, i64> = HashMap::new();
    let mut names: HashMap<Arc<str>, i64> = HashMap::new();
    for target in &resolved.targets {
        let (place, full) = files.construct(&target.location)?;
        let document = match documents.get(&place.uri) {
            Some(known) => *known,
            None => {
                let number = found.documents.len() as i64;
                let path = target.location.path.to_string();
                found.documents.push(TargetDocument { uri: place.uri.clone(), path });
                documents.insert(place.uri, number);
                number
            }
        };
        let name = *names.entry(Arc::clone(&target.name)).or_insert_with(|| {
            found.names.push(target.name.to_string());
            found.names.len() as i64 - 1
        });
        let [[a, b, c, d], [e, f, g, h]] = [place.range, full].map(|range| numbers(range).map(i64::from));
        let traits = i64::from(target.is_parameter) | i64::from(target.is_local) << 1;
        let parent = target.parent.map_or(-1, i64::from);
        let numbers: TargetNumbers = [document, a, b, c, d, e, f, g, h, name, target.kind.into(), traits, parent];
        found.targets.push(numbers);
    }
    Ok(())
}

fn numbers(range: Range) -> [u32; 4] {
    [range.start.line, range.start.character, range.end.line, range.end.character]
}
