//! The answer to each question, and the lines that people see of it.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;
use vraftls_gateway::ls_types::{Position, Range, Uri};
use vraftls_gateway::uri_of_path;
use vraftls_text::LineIndex;

use super::question::{At, Question};
use crate::ask::completion::{Proposal, Signatures, completion, signatures};
use crate::ask::document::{enclosing, expansion, folds, links};
use crate::ask::edits::{Action, actions, format, format_typed, join_lines, moved, renamable, rename};
use crate::ask::hierarchy::{Caller, Calls, Item, Types, calls, types};
use crate::ask::hints::{hints, lenses};
use crate::ask::hover::hover;
use crate::ask::navigation::{Lead, highlights, linked, references, targets};
use crate::ask::symbols::{outline, outline_lines, symbols};
use crate::ask::tokens::tokens;
use crate::ask::{Answer, Spot};
use crate::client::{AskError, Session};
use crate::finding::findings;
use crate::place::{LineAndColumn, shown};
use crate::preview::preview;
use crate::{render, source};

/// Asks a question.
pub(super) async fn answer(session: &Session, question: &Question) -> anyhow::Result<Answer> {
    let answered = asked(session, question).await;
    match (question.place(), &answered) {
        // The protocol counts from 0 in what it says of it.
        (Some(at), Err(error)) if is_no_place(error) => answered.with_context(|| format!("no such place: {at}")),
        _ => answered,
    }
}

/// Whether the server says that the file has no such place.
fn is_no_place(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(AskError::Refused { code: AskError::INVALID_PARAMS, .. }))
}

async fn asked(session: &Session, question: &Question) -> anyhow::Result<Answer> {
    match question {
        Question::Definition(at) => lead(session, Lead::Definition, at).await,
        Question::Declaration(at) => lead(session, Lead::Declaration, at).await,
        Question::TypeDefinition(at) => lead(session, Lead::TypeDefinition, at).await,
        Question::Implementation(at) => lead(session, Lead::Implementation, at).await,
        Question::References(at) => {
            let (uri, position) = place(session, at)?;
            Answer::list(&references(session, &uri, position).await?, Spot::line)
        }
        Question::Highlights(at) => {
            let (uri, position) = place(session, at)?;
            let found = highlights(session, &uri, position).await?;
            Answer::list(&found, |found| format!("{}: {}", found.spot.line(), found.kind))
        }
        Question::LinkedEditing(at) => {
            let (uri, position) = place(session, at)?;
            Answer::list(&linked(session, &uri, position).await?, Spot::line)
        }
        Question::Hover(at) => known(session, at).await,
        Question::Symbols { text, limit } => {
            let mut found = symbols(session, text).await?;
            found.truncate(*limit as usize);
            Answer::list(&found, |symbol| format!("{}: {}", symbol.spot.line(), symbol.full_name()))
        }
        Question::Signature(at) => call(session, at).await,
        Question::Completion(at) => proposals(session, at).await,
        Question::IncomingCalls(at) => called(session, Calls::Incoming, at).await,
        Question::OutgoingCalls(at) => called(session, Calls::Outgoing, at).await,
        Question::Supertypes(at) => related(session, Types::Super, at).await,
        Question::Subtypes(at) => related(session, Types::Sub, at).await,
        Question::Selection(at) => {
            let (uri, position) = place(session, at)?;
            let line = |spot: &Spot| format!("{}-{}:{}", spot.line(), spot.region.end_line, spot.region.end_column);
            Answer::list(&enclosing(session, &uri, position).await?, line)
        }
        Question::Expand(at) => {
            let (uri, position) = place(session, at)?;
            let found = expansion(session, &uri, position).await?;
            optional(found.as_ref(), |found| vec![found.expansion.trim_end().to_owned()])
        }
        Question::Outline(_)
        | Question::Tokens(_)
        | Question::InlayHints(_)
        | Question::Lenses(_)
        | Question::Folding(_)
        | Question::Links(_)
        | Question::Diagnostics(_) => about_file(session, question).await,
        Question::CodeActions { .. }
        | Question::Rename { .. }
        | Question::PrepareRename(_)
        | Question::MoveFile { .. }
        | Question::Format { .. }
        | Question::FormatTyped { .. }
        | Question::JoinLines { .. } => about_changes(session, question).await,
    }
}

/// Questions that name a file and no place.
async fn about_file(session: &Session, question: &Question) -> anyhow::Result<Answer> {
    let at = |file: &str, line: u32, column: u32| format!("{file}:{line}:{column}");
    match question {
        Question::Outline(file) => {
            let found = outline(session, &session.uri_of(&file.file)?).await?;
            Ok(Answer { lines: outline_lines(&found), ..Answer::list(&found, |_| String::new())? })
        }
        Question::Tokens(file) => {
            let uri = session.uri_of(&file.file)?;
            let name = shown(session.root(), &uri);
            Answer::list(&tokens(session, &uri).await?, |token| {
                let place = at(&name, token.line, token.column);
                let modifiers: String = token.modifiers.iter().map(|modifier| format!(" {modifier}")).collect();
                format!("{place}: {}{modifiers}, {} characters", token.token_type, token.length)
            })
        }
        Question::InlayHints(file) => {
            let uri = session.uri_of(&file.file)?;
            let name = shown(session.root(), &uri);
            let found = hints(session, &uri, whole(&file.file).await?).await?;
            Answer::list(&found, |hint| format!("{}: {}", at(&name, hint.line, hint.column), hint.label))
        }
        Question::Lenses(file) => {
            let found = lenses(session, &session.uri_of(&file.file)?).await?;
            Answer::list(&found, |lens| format!("{}: {}", lens.spot.line(), lens.title))
        }
        Question::Folding(file) => {
            let uri = session.uri_of(&file.file)?;
            let name = shown(session.root(), &uri);
            Answer::list(&folds(session, &uri).await?, |fold| {
                let kind = if fold.kind.is_empty() { String::new() } else { format!(": {}", fold.kind) };
                format!("{name}:{}-{}{kind}", fold.line, fold.end_line)
            })
        }
        Question::Links(file) => {
            let found = links(session, &session.uri_of(&file.file)?).await?;
            Answer::list(&found, |link| format!("{}: {}", link.spot.line(), link.target))
        }
        Question::Diagnostics(file) => diagnostics(session, &file.file).await,
        _ => anyhow::bail!("the question names no file"),
    }
}

/// Questions about what would change.
async fn about_changes(session: &Session, question: &Question) -> anyhow::Result<Answer> {
    let edits = match question {
        Question::Rename { at, new_name } => {
            let (uri, position) = place(session, at)?;
            rename(session, &uri, position, new_name).await?
        }
        Question::MoveFile { from, to } => {
            let to = std::path::absolute(to).with_context(|| format!("no such place: {}", to.display()))?;
            let new_uri = uri_of_path(&to).with_context(|| format!("the path {} is not UTF-8", to.display()))?;
            moved(session, &session.uri_of(from)?, &new_uri).await?
        }
        Question::Format { file, from, to } => {
            let range = from.zip(*to).map(|(from, to)| Range { start: from.position(), end: to.position() });
            format(session, &session.uri_of(&file.file)?, range).await?
        }
        Question::FormatTyped { at, typed } => {
            let (uri, position) = place(session, at)?;
            format_typed(session, &uri, position, typed).await?
        }
        Question::JoinLines { at, to } => {
            let (uri, range) = stretch(session, at, *to)?;
            join_lines(session, &uri, range).await?
        }
        Question::CodeActions { at, to, only } => {
            let (uri, range) = stretch(session, at, *to)?;
            return Answer::list(&actions(session, &uri, range, only).await?, action_line);
        }
        Question::PrepareRename(at) => {
            let (uri, position) = place(session, at)?;
            let found = renamable(session, &uri, position).await?;
            return optional(found.as_ref(), |found| vec![format!("{}: {}", found.spot.line(), found.name)]);
        }
        _ => anyhow::bail!("the question changes nothing"),
    };
    let lines = preview(session.root(), &edits).await?;
    Ok(Answer { lines, ..Answer::list(&edits, |_| String::new())? })
}

fn action_line(action: &Action) -> String {
    let preferred = if action.preferred { ", preferred" } else { "" };
    format!("{} ({}{preferred})", action.title, action.kind)
}

/// What may not be there.
fn optional<T: Serialize>(found: Option<&T>, lines: impl Fn(&T) -> Vec<String>) -> anyhow::Result<Answer> {
    Ok(Answer {
        json: serde_json::to_value(found)?,
        lines: found.map(lines).unwrap_or_default(),
        is_empty: found.is_none(),
    })
}

/// The file and the place that a question is about.
fn place(session: &Session, at: &At) -> anyhow::Result<(Uri, Position)> {
    Ok((session.uri_of(&at.at.file)?, at.at.position()))
}

/// The file and the stretch that a question is about.
fn stretch(session: &Session, at: &At, to: Option<LineAndColumn>) -> anyhow::Result<(Uri, Range)> {
    let (uri, start) = place(session, at)?;
    Ok((uri, Range { start, end: to.map_or(start, |to| to.position()) }))
}

/// From the first line of a file to its end.
async fn whole(file: &Path) -> anyhow::Result<Range> {
    let text = source::text_of(file.to_owned()).await?;
    let end = Position { line: LineIndex::new(&text).n_lines(), character: 0 };
    Ok(Range { start: Position::default(), end })
}

async fn lead(session: &Session, lead: Lead, at: &At) -> anyhow::Result<Answer> {
    let (uri, position) = place(session, at)?;
    Answer::list(&targets(session, lead, &uri, position).await?, Spot::line)
}

async fn known(session: &Session, at: &At) -> anyhow::Result<Answer> {
    let (uri, position) = place(session, at)?;
    let found = hover(session, &uri, position).await?;
    optional(found.as_ref(), |hover| {
        let parts = [&hover.signature, &hover.documentation];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect()
    })
}

async fn call(session: &Session, at: &At) -> anyhow::Result<Answer> {
    let (uri, position) = place(session, at)?;
    let found = signatures(session, &uri, position).await?.filter(|found| !found.signatures.is_empty());
    optional(found.as_ref(), signature_lines)
}

/// The signatures, the one that fits marked and with its parameter.
fn signature_lines(found: &Signatures) -> Vec<String> {
    let each = found.signatures.iter().enumerate().map(|(idx, signature)| {
        let active = signature.active_parameter.and_then(|active| signature.parameters.get(active as usize));
        let active = active.map(|parameter| format!("  at {}", parameter.label)).unwrap_or_default();
        let mark = if idx == found.active_signature as usize { "*" } else { " " };
        format!("{mark} {}{active}", signature.label)
    });
    each.collect()
}

async fn proposals(session: &Session, at: &At) -> anyhow::Result<Answer> {
    let (uri, position) = place(session, at)?;
    let found = completion(session, &uri, position).await?;
    let mut lines: Vec<String> = found.items.iter().map(proposal_line).collect();
    if found.incomplete {
        lines.push("there are more, which come when more is written".to_owned());
    }
    Ok(Answer { json: serde_json::to_value(&found)?, lines, is_empty: found.items.is_empty() })
}

fn proposal_line(proposal: &Proposal) -> String {
    let with = |before: &str, text: &str| if text.is_empty() { String::new() } else { format!("{before}{text}") };
    let Proposal { label, kind, detail, source, .. } = proposal;
    format!("{label}{}{}{}", with("  ", kind), with("  ", detail), with("  from ", source))
}

async fn called(session: &Session, way: Calls, at: &At) -> anyhow::Result<Answer> {
    let (uri, position) = place(session, at)?;
    Answer::list(&calls(session, way, &uri, position).await?, |caller: &Caller| {
        let places: Vec<String> = caller.calls.iter().map(Spot::line).collect();
        format!("{}, at {}", item_line(&caller.item), places.join(" "))
    })
}

async fn related(session: &Session, way: Types, at: &At) -> anyhow::Result<Answer> {
    let (uri, position) = place(session, at)?;
    Answer::list(&types(session, way, &uri, position).await?, item_line)
}

fn item_line(item: &Item) -> String {
    format!("{}: {} {}", item.spot.line(), item.kind, item.name)
}

async fn diagnostics(session: &Session, file: &Path) -> anyhow::Result<Answer> {
    let uri = session.uri_of(file)?;
    let name = shown(session.root(), &uri);
    let found = findings(session, uri).await?;
    let text = if found.is_empty() { String::new() } else { source::text_of(file.to_owned()).await? };
    let lines = found.iter().map(|finding| format!("{}\n", render::finding(&name, &text, finding)));
    Ok(Answer {
        lines: lines.collect(),
        json: found.iter().map(|finding| finding.json(&name)).collect::<Value>(),
        is_empty: found.is_empty(),
    })
}
