//! Which question of an engine answers a query.

use vraftls_proto::{At, Query};

use crate::Question;

/// The one question that answers a query; nothing for those that take several.
pub(super) fn question_of(query: &Query) -> Option<Question> {
    let of = |at: &At| (at.path.clone(), at.offset);
    Some(match query {
        Query::Definition(at) => {
            let (path, offset) = of(at);
            Question::Definition { path, offset }
        }
        Query::Declaration(at) => {
            let (path, offset) = of(at);
            Question::Declaration { path, offset }
        }
        Query::TypeDefinition(at) => {
            let (path, offset) = of(at);
            Question::TypeDefinition { path, offset }
        }
        Query::Implementation(at) => {
            let (path, offset) = of(at);
            Question::Implementation { path, offset }
        }
        Query::Highlights(at) => {
            let (path, offset) = of(at);
            Question::Highlights { path, offset }
        }
        Query::Hover(at) => {
            let (path, offset) = of(at);
            Question::Hover { path, offset }
        }
        Query::Complete { at, trigger, limit } => {
            let (path, offset) = of(at);
            Question::Complete { path, offset, trigger: trigger.clone(), limit: *limit }
        }
        Query::ResolveCompletion { path, token } => {
            Question::ResolveCompletion { path: path.clone(), token: token.clone() }
        }
        Query::SignatureHelp(at) => {
            let (path, offset) = of(at);
            Question::SignatureHelp { path, offset }
        }
        Query::PrepareRename(at) => {
            let (path, offset) = of(at);
            Question::PrepareRename { path, offset }
        }
        Query::Format { path, span, options } => {
            Question::Format { path: path.clone(), span: *span, options: *options }
        }
        Query::FormatOnType { at, typed, options } => {
            let (path, offset) = of(at);
            Question::FormatOnType { path, offset, typed: typed.clone(), options: *options }
        }
        Query::Diagnostics { path } => Question::Diagnostics { path: path.clone() },
        Query::ResolveAll { path } => Question::ResolveAll { path: path.clone() },
        query => return of_hierarchies(query).or_else(|| of_decorations(query)).or_else(|| of_actions(query)),
    })
}

fn of_hierarchies(query: &Query) -> Option<Question> {
    let of = |at: &At| (at.path.clone(), at.offset);
    Some(match query {
        Query::PrepareCalls(at) => {
            let (path, offset) = of(at);
            Question::PrepareCalls { path, offset }
        }
        Query::PrepareTypes(at) => {
            let (path, offset) = of(at);
            Question::PrepareTypes { path, offset }
        }
        Query::OutgoingCalls { item } => Question::Outgoing { item: item.clone() },
        Query::Supertypes { item } => Question::Supertypes { item: item.clone() },
        _ => return None,
    })
}

fn of_decorations(query: &Query) -> Option<Question> {
    Some(match query {
        Query::SemanticTokens { path, span } => Question::SemanticTokens { path: path.clone(), span: *span },
        Query::InlayHints { path, span } => Question::InlayHints { path: path.clone(), span: *span },
        Query::SelectionRanges { path, offsets } => {
            Question::SelectionRanges { path: path.clone(), offsets: offsets.clone() }
        }
        Query::Lenses { path } => Question::Lenses { path: path.clone() },
        Query::Links { path } => Question::Links { path: path.clone() },
        Query::LinkedRanges(at) => Question::LinkedRanges { path: at.path.clone(), offset: at.offset },
        _ => return None,
    })
}

fn of_actions(query: &Query) -> Option<Question> {
    Some(match query {
        Query::Actions { path, span, diagnostics, kinds } => Question::Actions {
            path: path.clone(),
            span: *span,
            diagnostics: diagnostics.clone(),
            kinds: kinds.clone(),
        },
        Query::JoinLines { path, spans } => Question::JoinLines { path: path.clone(), spans: spans.clone() },
        Query::Expand(at) => Question::Expand { path: at.path.clone(), offset: at.offset },
        Query::ResolveAction { path, token } => Question::ResolveAction { path: path.clone(), token: token.clone() },
        _ => return None,
    })
}
