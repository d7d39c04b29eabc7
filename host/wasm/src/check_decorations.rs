//! Checks what an engine replies about decorations.

use vraftls_proto::{HintPart, InlayHint, Lens, LensKind, Link, LinkTarget, SemanticToken};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use crate::bindings::exports::vraftls::analyzer::decorations as guest;
use crate::bindings::vraftls::analyzer::types;
use crate::check::{Check, Rejected, bad, show, span_in};
use crate::host_state::Legend;

/// Numbers that make one token.
const NUMBERS_PER_TOKEN: usize = 4;

/// The tokens: ascending, none overlapping another or empty, each in the words of the legend. Those beside the part that
/// was asked about are left out.
pub(crate) fn semantic_tokens(
    check: &mut Check<'_>,
    path: &VfsPath,
    part: Option<Span>,
    legend: Legend,
    packed: &[u32],
) -> Result<Vec<SemanticToken>, Rejected> {
    if !packed.len().is_multiple_of(NUMBERS_PER_TOKEN) {
        return bad(format!("{} numbers make no whole tokens", packed.len()));
    }
    check.items(packed.len() / NUMBERS_PER_TOKEN)?;
    let text = check.text(path)?;
    let mut end = 0;
    let mut tokens = Vec::with_capacity(packed.len() / NUMBERS_PER_TOKEN);
    for numbers in packed.chunks_exact(NUMBERS_PER_TOKEN) {
        let token = semantic_token(numbers, legend, &text)?;
        if token.span.start() < end {
            return bad(format!("the token {} overlaps the one before, or is not sorted", show(token.span)));
        }
        end = token.span.end();
        if part.is_none_or(|part| token.span.start() < part.end() && part.start() < token.span.end()) {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

fn semantic_token(numbers: &[u32], legend: Legend, text: &str) -> Result<SemanticToken, Rejected> {
    let &[start, length, kind, modifiers] = numbers else { return bad("no whole token") };
    // An end beyond the numbers is outside every text.
    let span = span_in(types::Span { start, end: start.saturating_add(length) }, text)?;
    if length == 0 {
        return bad(format!("an empty token at {start}"));
    }
    if kind >= legend.n_token_types {
        return bad(format!("a token of type {kind}, of which there are {}", legend.n_token_types));
    }
    if u64::from(modifiers) >> legend.n_token_modifiers != 0 {
        return bad(format!("token modifiers {modifiers:#b}, of which there are {}", legend.n_token_modifiers));
    }
    Ok(SemanticToken { span, kind, modifiers })
}

/// The hints, by place. Those beside the part that was asked about are left out.
pub(crate) fn inlay_hints(
    check: &mut Check<'_>,
    path: &VfsPath,
    part: Span,
    hints: Vec<guest::InlayHint>,
) -> Result<Vec<InlayHint>, Rejected> {
    check.items(hints.len())?;
    let text = check.text(path)?;
    let hints = hints.into_iter().map(|hint| inlay_hint(check, &text, hint));
    let mut hints = hints.collect::<Result<Vec<_>, _>>()?;
    hints.retain(|hint| part.start() <= hint.offset && hint.offset <= part.end());
    hints.sort_by_key(|hint| hint.offset);
    Ok(hints)
}

fn inlay_hint(check: &mut Check<'_>, text: &str, hint: guest::InlayHint) -> Result<InlayHint, Rejected> {
    let place = span_in(types::Span { start: hint.offset, end: hint.offset }, text)?;
    let kind = match hint.kind {
        kind @ 0..=2 => kind as u8,
        other => return bad(format!("a hint of kind {other}")),
    };
    if hint.parts.is_empty() {
        return bad(format!("a hint without parts at {}", hint.offset));
    }
    check.items(hint.parts.len())?;
    let parts = hint.parts.into_iter().map(|part| {
        let location = part.location.map(|location| check.location(location)).transpose()?;
        Ok(HintPart { label: check.line(part.label)?, location })
    });
    Ok(InlayHint {
        parts: parts.collect::<Result<_, Rejected>>()?,
        offset: place.start(),
        kind,
        pads_left: hint.padding.contains(guest::Padding::LEFT),
        pads_right: hint.padding.contains(guest::Padding::RIGHT),
        edits: check.edits(hint.edits, text)?,
    })
}

/// For each offset what encloses it, innermost first, each range larger than the one before.
pub(crate) fn selection_ranges(
    check: &mut Check<'_>,
    path: &VfsPath,
    offsets: &[u32],
    lists: Vec<Vec<types::Span>>,
) -> Result<Vec<Vec<Span>>, Rejected> {
    check.items(lists.len())?;
    if lists.len() != offsets.len() {
        return bad(format!("{} lists of ranges for {} places", lists.len(), offsets.len()));
    }
    let text = check.text(path)?;
    let mut checked = Vec::with_capacity(lists.len());
    for (list, offset) in lists.into_iter().zip(offsets) {
        check.items(list.len())?;
        let mut spans: Vec<Span> = Vec::with_capacity(list.len());
        for span in list {
            let span = span_in(span, &text)?;
            let encloses = match spans.last() {
                Some(inner) => span.contains(*inner),
                None => span.start() <= *offset && *offset <= span.end(),
            };
            if !encloses {
                return bad(format!("the range {} does not enclose what it should", show(span)));
            }
            if spans.last() != Some(&span) {
                spans.push(span);
            }
        }
        checked.push(spans);
    }
    Ok(checked)
}

/// The lines above constructs, by place.
pub(crate) fn lenses(check: &mut Check<'_>, path: &VfsPath, lenses: Vec<guest::Lens>) -> Result<Vec<Lens>, Rejected> {
    check.items(lenses.len())?;
    let text = check.text(path)?;
    let lens = |lens: guest::Lens| {
        let kind = match lens.kind {
            1 => LensKind::References,
            2 => LensKind::Implementations,
            3 => LensKind::Test,
            other => return bad(format!("a lens of kind {other}")),
        };
        Ok(Lens { span: span_in(lens.span, &text)?, kind })
    };
    let mut lenses = lenses.into_iter().map(lens).collect::<Result<Vec<_>, _>>()?;
    lenses.sort_by_key(|lens| lens.span);
    Ok(lenses)
}

/// The links, by place; each leads to a file or to a page of the web.
pub(crate) fn links(check: &mut Check<'_>, path: &VfsPath, links: Vec<guest::Link>) -> Result<Vec<Link>, Rejected> {
    check.items(links.len())?;
    let text = check.text(path)?;
    let link = |link: guest::Link| {
        let span = span_in(link.span, &text)?;
        let target = match (link.path.is_empty(), link.url.is_empty()) {
            (false, true) => LinkTarget::File(check.path(&link.path)?),
            (true, false) => LinkTarget::Web(check.url(link.url)?),
            _ => return bad(format!("the link {} leads nowhere, or to two places", show(span))),
        };
        Ok(Link { span, target })
    };
    let mut links = links.into_iter().map(link).collect::<Result<Vec<_>, _>>()?;
    links.sort_by_key(|link| link.span);
    Ok(links)
}

/// The ranges that are edited together: ascending, apart, of the same text, one of them around the offset.
pub(crate) fn linked_ranges(
    check: &mut Check<'_>,
    path: &VfsPath,
    offset: u32,
    spans: Vec<types::Span>,
) -> Result<Vec<Span>, Rejected> {
    check.items(spans.len())?;
    let text = check.text(path)?;
    let spans = spans.into_iter().map(|span| span_in(span, &text)).collect::<Result<Vec<_>, _>>()?;
    if spans.windows(2).any(|pair| pair[0].end() > pair[1].start()) {
        return bad("linked ranges that overlap or are not sorted");
    }
    if spans.windows(2).any(|pair| pair[0].slice(&text) != pair[1].slice(&text)) {
        return bad("linked ranges of different texts");
    }
    let is_around = |span: &Span| span.start() <= offset && offset <= span.end();
    match spans.is_empty() || spans.iter().any(is_around) {
        true => Ok(spans),
        false => bad(format!("none of the linked ranges is around {offset}")),
    }
}
