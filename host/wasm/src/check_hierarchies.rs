//! Checks what an engine replies about hierarchies.

use std::collections::BTreeSet;

use vraftls_proto::{Call, Candidate, HierarchyItem};
use vraftls_vfs::VfsPath;

use crate::bindings::exports::vraftls::analyzer::hierarchies as guest;
use crate::bindings::vraftls::analyzer::types;
use crate::check::{Check, Rejected, bad, span_in};

/// The last `SymbolKind` of the Language Server Protocol.
const SYMBOL_KIND_MAX: u32 = 26;

pub(crate) fn items(check: &mut Check<'_>, items: Vec<guest::Item>) -> Result<Vec<HierarchyItem>, Rejected> {
    check.items(items.len())?;
    items.into_iter().map(|item| self::item(check, item)).collect()
}

fn item(check: &mut Check<'_>, item: guest::Item) -> Result<HierarchyItem, Rejected> {
    if !(1..=SYMBOL_KIND_MAX).contains(&item.kind) {
        return bad(format!("an item of kind {}", item.kind));
    }
    Ok(HierarchyItem {
        name: check.line(item.name)?,
        detail: check.line(item.detail)?,
        kind: item.kind,
        location: check.location(item.location)?,
        token: check.token(item.token, check.limits.item_token_bytes_max)?,
    })
}

/// What extends a type: in files that were asked about.
pub(crate) fn subtypes(
    check: &mut Check<'_>,
    asked: &[Candidate],
    items: Vec<guest::Item>,
) -> Result<Vec<HierarchyItem>, Rejected> {
    let items = self::items(check, items)?;
    let asked: BTreeSet<&VfsPath> = asked.iter().map(|file| &file.path).collect();
    items.iter().try_for_each(|item| asked_about(&asked, item))?;
    Ok(items)
}

/// Callers, in files that were asked about; the calls stand in the callers' files.
pub(crate) fn incoming(
    check: &mut Check<'_>,
    asked: &[Candidate],
    calls: Vec<guest::Call>,
) -> Result<Vec<Call>, Rejected> {
    check.items(calls.len())?;
    let asked: BTreeSet<&VfsPath> = asked.iter().map(|file| &file.path).collect();
    let mut checked = Vec::with_capacity(calls.len());
    for call in calls {
        let item = item(check, call.item)?;
        asked_about(&asked, &item)?;
        let path = item.location.path.clone();
        checked.push(self::call(check, &path, item, call.spans)?);
    }
    Ok(checked)
}

/// What an item calls; the calls stand in its own file.
pub(crate) fn outgoing(
    check: &mut Check<'_>,
    caller: &VfsPath,
    calls: Vec<guest::Call>,
) -> Result<Vec<Call>, Rejected> {
    check.items(calls.len())?;
    let mut checked = Vec::with_capacity(calls.len());
    for call in calls {
        let item = item(check, call.item)?;
        checked.push(self::call(check, caller, item, call.spans)?);
    }
    Ok(checked)
}

fn call(
    check: &mut Check<'_>,
    caller: &VfsPath,
    item: HierarchyItem,
    spans: Vec<types::Span>,
) -> Result<Call, Rejected> {
    check.items(spans.len())?;
    let text = check.text(caller)?;
    let mut spans = spans.into_iter().map(|span| span_in(span, &text)).collect::<Result<Vec<_>, _>>()?;
    spans.sort_unstable();
    Ok(Call { item, spans })
}

fn asked_about(asked: &BTreeSet<&VfsPath>, item: &HierarchyItem) -> Result<(), Rejected> {
    match asked.contains(&item.location.path) {
        true => Ok(()),
        false => bad(format!("{} was not asked about", item.location.path)),
    }
}
