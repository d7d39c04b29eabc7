//! The same for hierarchies, decorations and actions.

use vraftls_guest_sdk as sdk;
use vraftls_index::{Diagnostic, Related};
use vraftls_proto as proto;

use crate::convert::{document_edit, location, location_back, path, span, span_back, text, text_edit};

pub(crate) fn item(item: proto::HierarchyItem) -> sdk::HierarchyItem {
    sdk::HierarchyItem {
        name: item.name,
        detail: item.detail,
        kind: item.kind,
        location: location(item.location),
        token: item.token,
    }
}

pub(crate) fn item_back(item: sdk::HierarchyItem) -> Result<proto::HierarchyItem, sdk::Failure> {
    Ok(proto::HierarchyItem {
        location: location_back(&item.location)?,
        name: item.name,
        detail: item.detail,
        kind: item.kind,
        token: item.token,
    })
}

pub(crate) fn call(call: proto::Call) -> sdk::Call {
    sdk::Call { item: item(call.item), spans: call.spans.into_iter().map(span).collect() }
}

/// Packed as guests pack it.
pub(crate) fn token(token: proto::SemanticToken) -> [u32; 4] {
    [token.span.start(), token.span.len(), token.kind, token.modifiers]
}

pub(crate) fn inlay_hint(hint: proto::InlayHint) -> sdk::InlayHint {
    let part = |part: proto::HintPart| sdk::HintPart { label: part.label, location: part.location.map(location) };
    let pad = |pads: bool, padding: sdk::Padding| if pads { padding } else { sdk::Padding::empty() };
    sdk::InlayHint {
        offset: hint.offset,
        parts: hint.parts.into_iter().map(part).collect(),
        kind: hint.kind.into(),
        padding: pad(hint.pads_left, sdk::Padding::LEFT) | pad(hint.pads_right, sdk::Padding::RIGHT),
        edits: hint.edits.into_iter().map(text_edit).collect(),
    }
}

pub(crate) fn lens(lens: proto::Lens) -> sdk::Lens {
    let kind = match lens.kind {
        proto::LensKind::References => 1,
        proto::LensKind::Implementations => 2,
        proto::LensKind::Test => 3,
    };
    sdk::Lens { span: span(lens.span), kind }
}

pub(crate) fn link(link: proto::Link) -> sdk::Link {
    let (path, url) = match link.target {
        proto::LinkTarget::File(path) => (text(&path), String::new()),
        proto::LinkTarget::Web(url) => (String::new(), url),
    };
    sdk::Link { span: span(link.span), path, url }
}

pub(crate) fn diagnostic_back(found: &sdk::Diagnostic) -> Result<Diagnostic, sdk::Failure> {
    let related = found
        .related
        .iter()
        .map(|related| Ok(Related { location: location_back(&related.location)?, message: related.message.clone() }));
    Ok(Diagnostic {
        related: related.collect::<Result<_, sdk::Failure>>()?,
        span: span_back(found.span)?,
        severity: u8::try_from(found.severity).unwrap_or(u8::MAX),
        code: found.code.clone(),
        code_url: found.code_url.clone(),
        message: found.message.clone(),
        unnecessary: found.tags & 1 != 0,
        deprecated: found.tags & 2 != 0,
    })
}

pub(crate) fn action(action: proto::Action) -> sdk::Action {
    sdk::Action {
        title: action.title,
        kind: action.kind,
        fixes: action.fixes,
        preferred: action.is_preferred,
        edits: action.edits.into_iter().map(document_edit).collect(),
        token: action.token,
    }
}

pub(crate) fn move_back(it: &sdk::Move) -> Result<proto::FileMove, sdk::Failure> {
    Ok(proto::FileMove { old: path(&it.old_path)?, new: path(&it.new_path)? })
}

pub(crate) fn file_move(it: proto::FileMove) -> sdk::Move {
    sdk::Move { old_path: text(&it.old), new_path: text(&it.new) }
}

pub(crate) fn file_change(change: proto::FileChange) -> sdk::FileChange {
    let creation = |it: proto::Creation| sdk::Creation { path: text(&it.path), text: it.text };
    sdk::FileChange {
        edits: change.edits.into_iter().map(document_edit).collect(),
        creations: change.creations.into_iter().map(creation).collect(),
        moves: change.moves.into_iter().map(file_move).collect(),
    }
}

/// Packed as guests pack it; in which order paths and names stand there is nobody's business.
pub(crate) fn resolved(resolved: &proto::Resolved) -> sdk::Resolved {
    let (mut paths, mut names, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    for target in &resolved.targets {
        let (span, full) = (target.location.span, target.location.full);
        let path = number_of(&mut paths, text(&target.location.path));
        let name = number_of(&mut names, target.name.to_string());
        let traits = u32::from(target.is_parameter) | u32::from(target.is_local) << 1;
        targets.extend([path, span.start(), span.end(), full.start(), full.end()]);
        targets.extend([name, target.kind, traits, target.parent.unwrap_or(u32::MAX)]);
    }
    let name =
        |name: &proto::ResolvedName| [name.span.start(), name.span.len(), name.roles.0, name.leads.0, name.leads.1];
    let known = |known: &proto::TargetDescription| sdk::TargetDescription {
        target: known.target,
        signature: known.signature.clone(),
        documentation: known.documentation.clone(),
    };
    sdk::Resolved {
        paths,
        names,
        targets,
        occurrences: resolved.occurrences.iter().flat_map(name).collect(),
        leads: resolved.leads.clone(),
        descriptions: resolved.descriptions.iter().map(known).collect(),
        relations: resolved.relations.iter().flat_map(|(one, other)| [*one, *other]).collect(),
    }
}

fn number_of(texts: &mut Vec<String>, text: String) -> u32 {
    let known = texts.iter().position(|known| *known == text);
    let number = known.unwrap_or_else(|| {
        texts.push(text);
        texts.len() - 1
    });
    u32::try_from(number).expect("a reply has no more texts than it has items")
}
