//! Checks where all names of a file lead, as an engine says it.

use std::collections::HashSet;
use std::sync::Arc;

use vraftls_index::{Location, Roles};
use vraftls_proto::{Resolved, ResolvedName, Target, TargetDescription};
use vraftls_vfs::VfsPath;

use crate::bindings::exports::vraftls::analyzer::resolving as guest;
use crate::bindings::vraftls::analyzer::types;
use crate::check::{Check, Rejected, bad, show, span_in};

/// Numbers that make one target, and one name.
const NUMBERS_PER_TARGET: usize = 9;
const NUMBERS_PER_NAME: usize = 5;

/// The target of what lies in no other.
const TOP: u32 = u32::MAX;

/// The last `SymbolKind` of the Language Server Protocol.
const SYMBOL_KIND_MAX: u32 = 26;

/// Traits of a target.
const PARAMETER: u32 = 1;
const LOCAL: u32 = 2;

/// Where the names of a file lead: every place inside its text, every number one of the list that it means.
pub(crate) fn resolved(check: &mut Check<'_>, path: &VfsPath, reply: guest::Resolved) -> Result<Resolved, Rejected> {
    let targets = targets(check, &reply)?;
    let occurrences = occurrences(check, path, &reply)?;
    check.items(reply.leads.len())?;
    let n = targets.len();
    if let Some(lead) = reply.leads.iter().find(|lead| **lead as usize >= n) {
        return bad(format!("a name that leads to target {lead} of {n}"));
    }
    let descriptions = descriptions(check, path, reply.descriptions, &targets)?;
    let relations = relations(check, path, &reply.relations, &targets)?;
    Ok(Resolved { targets, occurrences, leads: reply.leads, descriptions, relations })
}

fn targets(check: &mut Check<'_>, reply: &guest::Resolved) -> Result<Vec<Target>, Rejected> {
    check.items(reply.paths.len())?;
    check.items(reply.names.len())?;
    let paths = reply.paths.iter().map(|path| check.path(path)).collect::<Result<Vec<_>, _>>()?;
    let name = |name: &String| check.line(name.clone()).map(Arc::<str>::from);
    let names = reply.names.iter().map(name).collect::<Result<Vec<_>, _>>()?;
    if !reply.targets.len().is_multiple_of(NUMBERS_PER_TARGET) {
        return bad(format!("{} numbers make no whole targets", reply.targets.len()));
    }
    let n = reply.targets.len() / NUMBERS_PER_TARGET;
    check.items(n)?;
    let mut seen = HashSet::with_capacity(n);
    let mut targets: Vec<Target> = Vec::with_capacity(n);
    for numbers in reply.targets.chunks_exact(NUMBERS_PER_TARGET) {
        let target = target(check, numbers, &paths, &names, &targets)?;
        if !seen.insert((target.location.path.clone(), target.location.span)) {
            return bad(format!("{} {} is twice a target", target.location.path, show(target.location.span)));
        }
        targets.push(target);
    }
    Ok(targets)
}

fn target(
    check: &mut Check<'_>,
    numbers: &[u32],
    paths: &[VfsPath],
    names: &[Arc<str>],
    before: &[Target],
) -> Result<Target, Rejected> {
    let &[path, start, end, full_start, full_end, name, kind, traits, parent] = numbers else {
        return bad("no whole target");
    };
    let Some(path) = paths.get(path as usize) else { return bad(format!("a target in file {path}")) };
    let Some(name) = names.get(name as usize) else { return bad(format!("a target of name {name}")) };
    let text = check.text(path)?;
    let span = span_in(types::Span { start, end }, &text)?;
    let full = span_in(types::Span { start: full_start, end: full_end }, &text)?;
    if !full.contains(span) {
        return bad(format!("a target whose name {} is not in its construct {}", show(span), show(full)));
    }
    if !(1..=SYMBOL_KIND_MAX).contains(&kind) || traits > PARAMETER | LOCAL {
        return bad(format!("a target of kind {kind} with traits {traits:#b}"));
    }
    let parent = (parent != TOP).then_some(parent);
    let is_around = |parent: u32| before.get(parent as usize).is_some_and(|around| around.location.path == *path);
    if parent.is_some_and(|parent| !is_around(parent)) {
        return bad(format!("target {} lies in what does not precede it in its file", before.len()));
    }
    Ok(Target {
        location: Location { path: path.clone(), span, full },
        name: Arc::clone(name),
        kind,
        is_parameter: traits & PARAMETER != 0,
        is_local: traits & LOCAL != 0,
        parent,
    })
}

fn occurrences(check: &mut Check<'_>, path: &VfsPath, reply: &guest::Resolved) -> Result<Vec<ResolvedName>, Rejected> {
    if !reply.occurrences.len().is_multiple_of(NUMBERS_PER_NAME) {
        return bad(format!("{} numbers make no whole names", reply.occurrences.len()));
    }
    let n = reply.occurrences.len() / NUMBERS_PER_NAME;
    check.items(n)?;
    let text = check.text(path)?;
    let mut names: Vec<ResolvedName> = Vec::with_capacity(n);
    for numbers in reply.occurrences.chunks_exact(NUMBERS_PER_NAME) {
        let &[start, length, roles, first, n_leads] = numbers else { return bad("no whole name") };
        // An end beyond the numbers is outside every text.
        let span = span_in(types::Span { start, end: start.saturating_add(length) }, &text)?;
        if names.last().is_some_and(|last| last.span.start() > span.start()) {
            return bad(format!("the name {} stands before the one before", show(span)));
        }
        if u64::from(first) + u64::from(n_leads) > reply.leads.len() as u64 {
            return bad(format!("the name {} leads beyond the list of leads", show(span)));
        }
        names.push(ResolvedName { span, roles: Roles(roles), leads: (first, n_leads) });
    }
    // Parts may be shared, but whoever unfolds them must not find more than was paid for.
    check.items(names.iter().map(|name| name.leads.1 as usize).fold(0, usize::saturating_add))?;
    Ok(names)
}

fn descriptions(
    check: &mut Check<'_>,
    path: &VfsPath,
    descriptions: Vec<guest::Description>,
    targets: &[Target],
) -> Result<Vec<TargetDescription>, Rejected> {
    check.items(descriptions.len())?;
    let mut checked: Vec<TargetDescription> = Vec::with_capacity(descriptions.len());
    for known in descriptions {
        own(path, known.target, targets)?;
        if checked.last().is_some_and(|last| last.target >= known.target) {
            return bad(format!("target {} is described twice, or out of order", known.target));
        }
        checked.push(TargetDescription {
            target: known.target,
            signature: check.prose(known.signature)?,
            documentation: check.prose(known.documentation)?,
        });
    }
    Ok(checked)
}

fn relations(
    check: &mut Check<'_>,
    path: &VfsPath,
    packed: &[u32],
    targets: &[Target],
) -> Result<Vec<(u32, u32)>, Rejected> {
    let (pairs, rest) = packed.as_chunks::<2>();
    if !rest.is_empty() {
        return bad(format!("{} numbers make no pairs of targets", packed.len()));
    }
    check.items(pairs.len())?;
    for [one, other] in pairs {
        own(path, *one, targets)?;
        if *other as usize >= targets.len() {
            return bad(format!("a relation to target {other} of {}", targets.len()));
        }
    }
    Ok(pairs.iter().map(|[one, other]| (*one, *other)).collect())
}

/// Whether a number is that of a target in the file itself.
fn own(path: &VfsPath, target: u32, targets: &[Target]) -> Result<(), Rejected> {
    match targets.get(target as usize) {
        Some(found) if found.location.path == *path => Ok(()),
        _ => bad(format!("it knows something of target {target}, which is not in the file")),
    }
}
