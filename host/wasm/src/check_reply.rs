//! Checks what an engine replies.

use vraftls_index::Roles;
use vraftls_proto::{
    Candidate, CompletionDetails, CompletionItem, CompletionItems, DocumentEdit, FileReferences, Highlight, Hover,
    Parameter, Reference, RenameTarget, SearchPlan, Signature, SignatureHelp, Targets,
};
use vraftls_text::TextEdit;
use vraftls_vfs::VfsPath;

use crate::bindings::exports::vraftls::analyzer as guest;
use crate::bindings::vraftls::analyzer::types;
use crate::check::{Check, Rejected, bad, span_in};

/// The last `CompletionItemKind` of the Language Server Protocol.
const COMPLETION_KIND_MAX: u32 = 25;

pub(crate) fn targets(
    check: &mut Check<'_>,
    path: &VfsPath,
    targets: guest::navigation::Targets,
) -> Result<Targets, Rejected> {
    let origin = span_in(targets.origin, &check.text(path)?)?;
    Ok(Targets { origin, locations: check.locations(targets.locations)? })
}

pub(crate) fn plan(
    check: &mut Check<'_>,
    path: &VfsPath,
    plan: guest::references::SearchPlan,
) -> Result<SearchPlan, Rejected> {
    check.items(plan.names.len())?;
    Ok(SearchPlan {
        origin: span_in(plan.origin, &check.text(path)?)?,
        names: plan.names.into_iter().map(|name| check.line(name)).collect::<Result<_, _>>()?,
        roles: Roles(plan.roles),
        only: plan.only.map(|path| check.path(&path)).transpose()?,
        definitions: check.locations(plan.definitions)?,
        token: check.token(plan.token, check.limits.plan_token_bytes_max)?,
    })
}

/// The confirmed occurrences: files that were asked about, in the order in which they were.
pub(crate) fn references(
    check: &mut Check<'_>,
    asked: &[Candidate],
    files: Vec<guest::references::FileReferences>,
) -> Result<Vec<FileReferences>, Rejected> {
    check.items(files.len())?;
    let mut asked = asked.iter();
    let mut checked = Vec::with_capacity(files.len());
    for file in files {
        let path = check.path(&file.path)?;
        if !asked.any(|candidate| candidate.path == path) {
            return bad(format!("{path} was not asked about, or not in this order"));
        }
        check.items(file.references.len())?;
        let text = check.text(&path)?;
        let references = file
            .references
            .into_iter()
            .map(|reference| Ok(Reference { span: span_in(reference.span, &text)?, roles: Roles(reference.roles) }));
        let references = references.collect::<Result<Vec<_>, Rejected>>()?;
        if !references.is_sorted_by_key(|reference| reference.span) {
            return bad(format!("the references in {path} are not ascending"));
        }
        checked.push(FileReferences { path, references });
    }
    Ok(checked)
}

pub(crate) fn highlights(
    check: &mut Check<'_>,
    path: &VfsPath,
    highlights: Vec<guest::references::Highlight>,
) -> Result<Vec<Highlight>, Rejected> {
    check.items(highlights.len())?;
    let text = check.text(path)?;
    let highlight = |highlight: guest::references::Highlight| match highlight.kind {
        kind @ 1..=3 => Ok(Highlight { span: span_in(highlight.span, &text)?, kind: kind as u8 }),
        other => bad(format!("a highlight of kind {other}")),
    };
    highlights.into_iter().map(highlight).collect()
}

pub(crate) fn hover(
    check: &mut Check<'_>,
    path: &VfsPath,
    hover: guest::hovering::HoverInfo,
) -> Result<Hover, Rejected> {
    Ok(Hover {
        span: span_in(hover.span, &check.text(path)?)?,
        signature: check.prose(hover.signature)?,
        language: check.line(hover.language)?,
        documentation: check.prose(hover.documentation)?,
    })
}

/// The proposals; those beyond `limit` are left out, which the order being the ranking allows.
pub(crate) fn completion(
    check: &mut Check<'_>,
    path: &VfsPath,
    limit: u32,
    reply: guest::completing::Items,
) -> Result<CompletionItems, Rejected> {
    check.items(reply.items.len())?;
    let text = check.text(path)?;
    let too_many = reply.items.len() > limit as usize;
    let items = reply.items.into_iter().take(limit as usize).map(|item| completion_item(check, &text, item));
    Ok(CompletionItems {
        items: items.collect::<Result<_, _>>()?,
        replace: span_in(reply.replace, &text)?,
        incomplete: reply.incomplete || too_many,
    })
}

fn completion_item(
    check: &mut Check<'_>,
    text: &str,
    item: guest::completing::Item,
) -> Result<CompletionItem, Rejected> {
    if !(1..=COMPLETION_KIND_MAX).contains(&item.kind) {
        return bad(format!("a completion of kind {}", item.kind));
    }
    check.size(&item.insert)?;
    Ok(CompletionItem {
        label: check.line(item.label)?,
        label_detail: check.line(item.label_detail)?,
        label_source: check.line(item.label_source)?,
        kind: item.kind,
        detail: check.prose(item.detail)?,
        insert: item.insert,
        snippet: item.snippet,
        additional: check.edits(item.additional, text)?,
        deprecated: item.deprecated,
        token: check.token(item.token, check.limits.item_token_bytes_max)?,
    })
}

pub(crate) fn completion_details(
    check: &mut Check<'_>,
    path: &VfsPath,
    details: guest::completing::Details,
) -> Result<CompletionDetails, Rejected> {
    // Most proposals edit nothing else, and then the text is of no interest.
    let additional = match details.additional.is_empty() {
        true => Vec::new(),
        false => {
            let text = check.text(path)?;
            check.edits(details.additional, &text)?
        }
    };
    Ok(CompletionDetails {
        detail: check.prose(details.detail)?,
        documentation: check.prose(details.documentation)?,
        additional,
    })
}

pub(crate) fn signature_help(
    check: &mut Check<'_>,
    help: guest::signatures::SignatureHelp,
) -> Result<SignatureHelp, Rejected> {
    check.items(help.signatures.len())?;
    let n = help.signatures.len();
    if help.active as usize >= n.max(1) {
        return bad(format!("signature {} of {n} is the active one", help.active));
    }
    let signatures = help.signatures.into_iter().map(|signature| self::signature(check, signature));
    Ok(SignatureHelp { signatures: signatures.collect::<Result<_, _>>()?, active: help.active })
}

fn signature(check: &mut Check<'_>, signature: guest::signatures::Signature) -> Result<Signature, Rejected> {
    check.items(signature.parameters.len())?;
    let n = signature.parameters.len();
    if let Some(active) = signature.active_parameter.filter(|active| *active as usize >= n) {
        return bad(format!("parameter {active} of {n} is the active one"));
    }
    let label = check.line(signature.label)?;
    let parameters = signature.parameters.into_iter().map(|parameter| {
        let span = types::Span { start: parameter.start, end: parameter.end };
        Ok(Parameter { label: span_in(span, &label)?, documentation: check.prose(parameter.documentation)? })
    });
    Ok(Signature {
        parameters: parameters.collect::<Result<_, Rejected>>()?,
        documentation: check.prose(signature.documentation)?,
        active_parameter: signature.active_parameter,
        label,
    })
}

pub(crate) fn rename_target(
    check: &mut Check<'_>,
    path: &VfsPath,
    target: guest::renaming::Target,
) -> Result<RenameTarget, Rejected> {
    let span = span_in(target.span, &check.text(path)?)?;
    Ok(RenameTarget { span, placeholder: check.line(target.placeholder)? })
}

/// The edits of several documents, each named once. Files of libraries and of the analyzer itself are read-only.
pub(crate) fn document_edits(
    check: &mut Check<'_>,
    documents: Vec<types::DocumentEdit>,
) -> Result<Vec<DocumentEdit>, Rejected> {
    check.items(documents.len())?;
    let mut checked: Vec<DocumentEdit> = Vec::with_capacity(documents.len());
    for document in documents {
        let path = check.path(&document.path)?;
        if path.as_str().starts_with("@lib/") || path.as_str().starts_with("@bundled/") {
            return bad(format!("an edit of {path}, which is read-only"));
        }
        let text = check.text(&path)?;
        checked.push(DocumentEdit { edits: check.edits(document.edits, &text)?, path });
    }
    checked.sort_by(|a, b| a.path.cmp(&b.path));
    match checked.windows(2).find(|pair| pair[0].path == pair[1].path) {
        Some(twice) => bad(format!("{} stands twice among the edited files", twice[0].path)),
        None => Ok(checked),
    }
}

/// The edits of one document.
pub(crate) fn text_edits(
    check: &mut Check<'_>,
    path: &VfsPath,
    edits: Vec<types::TextEdit>,
) -> Result<Vec<TextEdit>, Rejected> {
    let text = check.text(path)?;
    check.edits(edits, &text)
}
