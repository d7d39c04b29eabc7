//! Completion: what could be written at a place, ranked.
//!
//! [`place`] tells by tokens what a place asks for, one module per kind of place makes proposals, [`proposal`] matches and
//! ranks them. Types and documentation are left to [`resolve`], because a list is asked for at every keystroke and a
//! single entry is looked at. Names that would have to be imported come last, from [`missing`].

mod arguments;
mod common;
mod detail;
mod imports;
mod keywords;
mod kinds;
mod members;
mod missing;
mod offered;
mod overrides;
mod place;
mod proposal;
mod resemblance;
mod scope;
mod text;
mod usage;
mod wanted;

use ruff_python_ast::{Decorator, Expr};
use ruff_text_size::TextRange;
use vraftls_guest_sdk::{CompletionItems, Details, Failure};

use crate::project::{PythonProject, Source, span};
use place::{Expected, place_at};
use proposal::{Proposal, Subject, rank};

/// Characters that ask for completion as they are typed.
pub(crate) const TRIGGERS: [&str; 3] = [".", "\"", "'"];

/// Proposals for an offset, at most `limit`.
pub(crate) fn complete(
    project: &PythonProject,
    path: &str,
    offset: u32,
    trigger: Option<&str>,
    limit: u32,
) -> Result<CompletionItems, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    let place = place_at(&source, offset);
    let (replace, mut proposals) = match &place.expected {
        Expected::Text { literal } => text::proposals(&source, *literal, place.word, offset),
        expected if !expected.answers(trigger) => (place.word, Vec::new()),
        expected => (place.word, proposals_for(project, &source, expected, place.word)),
    };
    let typed = source.slice(TextRange::new(replace.start(), offset.max(replace.start())));
    let mut more = false;
    if matches!(place.expected, Expected::Expression { .. }) {
        let (missing, cut) = missing::proposals(project, &source, (replace.start(), typed), &proposals)?;
        proposals.extend(missing);
        more = cut;
    }
    let (ranked, cut) = rank(proposals, typed, limit as usize);
    let member = matches!(place.expected, Expected::Member { .. });
    let items = ranked
        .into_iter()
        .map(|proposal| {
            let kind = kinds::kind_of(&source.model, &proposal.name, proposal.origin, member);
            proposal.into_item(kind)
        })
        .collect();
    Ok(CompletionItems { replace: span(replace), items, incomplete: cut || more })
}

/// The rest of a proposal.
pub(crate) fn resolve(project: &PythonProject, path: &str, token: &[u8]) -> Result<Details, Failure> {
    let subject: Subject =
        postcard::from_bytes(token).map_err(|_| Failure::InvalidInput("no token of this analyzer".to_owned()))?;
    let source = project.source(path)?;
    Ok(detail::details(project, &source, &subject))
}

fn proposals_for<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    expected: &Expected,
    word: TextRange,
) -> Vec<Proposal<'db>> {
    match expected {
        Expected::Nothing | Expected::Text { .. } => Vec::new(),
        Expected::Member { dot } => members::proposals(project, source, *dot, word),
        Expected::Module { parent, from } => {
            let mut proposals = imports::modules(source, parent, word);
            if *from && parent.level > 0 && parent.name.is_empty() && word.is_empty() {
                proposals.push(keywords::continuation("import"));
            }
            proposals
        }
        Expected::Imported { module, taken } => imports::names(source, module, taken, word),
        Expected::Continuation { words } => words.iter().map(|word| keywords::continuation(word)).collect(),
        Expected::MethodName => overrides::proposals(source, word),
        Expected::FirstParameter => overrides::receivers(source, word),
        Expected::Expression { statement, call } => {
            let mut proposals = call.map(|open| arguments::proposals(source, open, word)).unwrap_or_default();
            proposals.extend(scope::proposals(source, word));
            proposals.extend(keywords::proposals(*statement));
            proposals
        }
    }
}

impl Expected {
    /// Whether the place is what a typed character asks about: not a dot that ends a number, not a quote that closes.
    fn answers(&self, trigger: Option<&str>) -> bool {
        match trigger {
            Some(".") => matches!(self, Self::Member { .. } | Self::Module { .. }),
            Some("\"" | "'") => matches!(self, Self::Text { .. }),
            _ => true,
        }
    }
}

/// The last names of decorators: `c` of `@a.b.c(…)`.
fn strings_of_decorators(decorators: &[Decorator]) -> impl Iterator<Item = &str> {
    decorators.iter().filter_map(|decorator| {
        let callee = match &decorator.expression {
            Expr::Call(call) => call.func.as_ref(),
            other => other,
        };
        match callee {
            Expr::Name(name) => Some(name.id.as_str()),
            Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests;
