//! The imports `workspace` and `linking`: what an engine sees of the files during a call.
//!
//! A guest that names an impossible path gets the answer for a path that does not exist. What a pure call asks is answered as
//! for an empty workspace, so that a component may import the interface and index without it.

use std::sync::Arc;

use vraftls_index::Roles;
use vraftls_query::{NodeKind, ReadError, View};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::LimitName;
use crate::bindings::vraftls::analyzer::types::{Candidate, Location, Span};
use crate::bindings::vraftls::analyzer::workspace as guest;
use crate::host_state::{CallScope, HostState};
use crate::kept::{Sight, Sighted};
use crate::stop::Stop;

impl HostState {
    /// Counts a call of an import.
    pub(crate) fn count_host_call(&mut self) -> Result<(), Stop> {
        self.scope.host_calls += 1;
        let within = self.scope.host_calls <= self.shared.limits.host_calls_max;
        if within { Ok(()) } else { Err(Stop::Limit(LimitName::HostCalls)) }
    }

    fn count_read(&mut self, bytes: usize) -> Result<(), Stop> {
        self.scope.read_bytes = self.scope.read_bytes.saturating_add(bytes as u64);
        let within = self.scope.read_bytes <= self.shared.limits.read_bytes_max;
        if within { Ok(()) } else { Err(Stop::Limit(LimitName::ReadBytes)) }
    }
}

/// The view and the path, if there is a view and the text is a path.
fn at<'a>(scope: &'a CallScope, path: &str) -> Option<(&'a View, VfsPath)> {
    Some((scope.view.as_ref()?, VfsPath::new(path).ok()?))
}

/// Notes what a guest that may be kept is told of a library root.
fn sight(sighted: &mut Option<Sighted>, path: &VfsPath, seen: impl FnOnce() -> Sight) {
    if let Some(sighted) = sighted.as_mut().filter(|_| Sighted::is_about(path)) {
        sighted.note(path.clone(), seen());
    }
}

/// `read`. The text crosses the boundary by one copy, from where the host keeps it.
pub(crate) fn read(state: &mut HostState, path: &str) -> Result<Result<Arc<str>, guest::ReadError>, Stop> {
    state.count_host_call()?;
    let size_max = state.shared.limits.document_bytes_max as u64;
    let Some((view, path)) = at(&state.scope, path) else { return Ok(Err(guest::ReadError::NotFound)) };
    let file = view.file(&path);
    sight(&mut state.sighted, &path, || Sight::of(view, &path, file));
    if let Some(file) = file.filter(|file| file.size_bytes > size_max) {
        return Ok(Err(guest::ReadError::TooLarge(file.size_bytes)));
    }
    match view.read(&path) {
        Ok(text) => {
            state.count_read(text.len())?;
            Ok(Ok(text))
        }
        Err(error) => {
            if let (ReadError::Unavailable(_), Some(sighted)) = (&error, &mut state.sighted) {
                sighted.doubt();
            }
            Ok(Err(read_error(error)))
        }
    }
}

fn read_error(error: ReadError) -> guest::ReadError {
    match error {
        ReadError::NotFound => guest::ReadError::NotFound,
        ReadError::IsDirectory => guest::ReadError::IsDirectory,
        ReadError::NotText => guest::ReadError::NotText,
        ReadError::TooLarge(size) => guest::ReadError::TooLarge(size),
        ReadError::Unavailable(reason) => guest::ReadError::Unavailable(reason),
    }
}

/// `list`.
pub(crate) fn list(state: &mut HostState, path: &str) -> Result<Vec<guest::Entry>, Stop> {
    state.count_host_call()?;
    let Some((view, path)) = at(&state.scope, path) else { return Ok(Vec::new()) };
    let entries = view.list(path.as_str());
    sight(&mut state.sighted, &path, || Sight::of_entries(&entries));
    let entries: Vec<_> =
        entries.into_iter().map(|entry| guest::Entry { name: entry.name, kind: node_kind(entry.kind) }).collect();
    state.count_read(entries.iter().map(|entry| entry.name.len()).sum())?;
    Ok(entries)
}

fn node_kind(kind: NodeKind) -> guest::NodeKind {
    match kind {
        NodeKind::File => guest::NodeKind::File,
        NodeKind::Directory => guest::NodeKind::Directory,
    }
}

/// `exists`.
pub(crate) fn exists(state: &mut HostState, paths: &[String]) -> Result<Vec<Option<guest::Metadata>>, Stop> {
    state.count_host_call()?;
    Ok(paths.iter().map(|path| metadata(state, path)).collect())
}

fn metadata(state: &mut HostState, path: &str) -> Option<guest::Metadata> {
    let (view, path) = at(&state.scope, path)?;
    let file = view.file(&path);
    sight(&mut state.sighted, &path, || Sight::of(view, &path, file));
    if let Some(file) = file {
        let stamp = stamp(&file.digest);
        return Some(guest::Metadata { kind: guest::NodeKind::File, size: file.size_bytes, stamp });
    }
    let directory = guest::Metadata { kind: guest::NodeKind::Directory, size: 0, stamp: 0 };
    view.is_directory(path.as_str()).then_some(directory)
}

/// `linking.real`.
pub(crate) fn real(state: &mut HostState, path: &str) -> Result<Option<String>, Stop> {
    state.count_host_call()?;
    let Some((view, path)) = at(&state.scope, path) else { return Ok(None) };
    let real = view.real(&path);
    sight(&mut state.sighted, &path, || Sight::of_real(real.as_ref()));
    let real = real.map(|real| real.as_str().to_owned());
    state.count_read(real.as_ref().map_or(0, String::len))?;
    Ok(real)
}

/// A number that changes with the contents: the first bytes of their digest.
fn stamp(digest: &ContentDigest) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// `candidates`.
pub(crate) fn candidates(state: &mut HostState, name: &str, roles: u32) -> Result<Vec<Candidate>, Stop> {
    state.count_host_call()?;
    let Some(view) = &state.scope.view else { return Ok(Vec::new()) };
    let found = view.lookup.candidates(name, Roles(roles));
    let found: Vec<_> = found
        .into_iter()
        .map(|candidate| Candidate { path: candidate.path.as_str().to_owned(), offsets: candidate.offsets })
        .collect();
    state.count_read(found.iter().map(|candidate| candidate.path.len() + 4 * candidate.offsets.len()).sum())?;
    Ok(found)
}

/// `symbols`.
pub(crate) fn symbols(
    state: &mut HostState,
    query: &str,
    exact: bool,
    limit: u32,
) -> Result<Vec<guest::WorkspaceSymbol>, Stop> {
    state.count_host_call()?;
    let Some(view) = &state.scope.view else { return Ok(Vec::new()) };
    let found = view.lookup.symbols(query, exact, limit);
    let found: Vec<_> = found
        .into_iter()
        .map(|symbol| guest::WorkspaceSymbol {
            name: symbol.name,
            container: symbol.container,
            kind: symbol.kind,
            location: location(&symbol.location),
        })
        .collect();
    state.count_read(found.iter().map(|symbol| symbol.name.len() + symbol.location.path.len()).sum())?;
    Ok(found)
}

/// A span as the guest writes it.
pub(crate) fn span(span: vraftls_text::Span) -> Span {
    Span { start: span.start(), end: span.end() }
}

/// A location as the guest writes it.
pub(crate) fn location(location: &vraftls_index::Location) -> Location {
    Location { path: location.path.as_str().to_owned(), span: span(location.span), full: span(location.full) }
}

/// `cancelled`. Not counted: a guest is to ask it often.
pub(crate) fn cancelled(state: &HostState) -> bool {
    state.scope.should_stop()
}
