//! Names that are not imported yet: what the project defines, the standard library, and modules. Accepting one imports it.
//!
//! They are proposed once enough is typed to tell few from many, and never more than a bounded number of them.

use ruff_text_size::TextSize;
use rustc_hash::{FxHashMap, FxHashSet};
use ty_module_resolver::list_modules;
use ty_python_semantic::NameKind;
use vraftls_guest_sdk::{Failure, roles};

use super::proposal::{Group, Origin, Proposal, Subject, matches_well};
use crate::imports::candidates::{self, Found, Home, Nearness, Style};
use crate::imports::{ImportSettings, Insertions, Wanted, stdlib};
use crate::project::{PythonProject, Source};

/// From how many typed characters on.
const TYPED_CHARS_MIN: usize = 2;
/// How many symbols the host is asked for. Members are among them, and are of no use here.
const SYMBOLS_MAX: u32 = 256;
/// How many of them are looked at more closely.
const DEFINED_MAX: usize = 64;
/// How many names are proposed.
const PROPOSED_MAX: usize = 48;
/// How many modules are proposed for one name.
const SAME_NAME_MAX: usize = 3;
/// For how many names the project is asked whether it imports them.
const ASKED_MAX: usize = 24;

/// Proposals for what was typed at a place, beside those that are there already; and whether more typing would bring others.
pub(super) fn proposals<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    (place, typed): (TextSize, &str),
    present: &[Proposal<'db>],
) -> Result<(Vec<Proposal<'db>>, bool), Failure> {
    // In a library nothing can be inserted.
    if crate::paths::is_read_only(&project.path_of(source.file)) {
        return Ok((Vec::new(), false));
    }
    if typed.chars().count() < TYPED_CHARS_MIN {
        return Ok((Vec::new(), true));
    }
    let known: FxHashSet<&str> = present.iter().map(|proposal| proposal.name.as_str()).collect();
    let fits = |name: &str| !known.contains(name) && matches_well(name, typed) && is_for(name, typed);
    let (mut found, mut cut) = defined(project, source, typed, &fits);
    project.check_cancelled()?;
    found.extend(standard(source, typed, &fits));
    found.extend(modules(source, &fits));
    let mut found = candidates::best(found);
    // What begins just so first: of the rest there may be hundreds.
    found.sort_by_key(|one| !one.binds().starts_with(typed));
    ask_for_use(project, &mut found);
    found.sort_by_cached_key(|one| (!one.binds().starts_with(typed), one.key()));
    let n_found = found.len();
    let mut counts: FxHashMap<String, usize> = FxHashMap::default();
    found.retain(|one| {
        let count = counts.entry(one.binds().to_owned()).or_default();
        *count += 1;
        *count <= SAME_NAME_MAX
    });
    found.truncate(PROPOSED_MAX);
    cut |= found.len() < n_found;
    Ok((in_order(project, source, place, found), cut))
}

/// Private names are for those who ask for them.
fn is_for(name: &str, typed: &str) -> bool {
    typed.starts_with('_') || NameKind::classify(name) == NameKind::Normal
}

/// What the project defines at the top of its modules; and whether the host had more.
fn defined(
    project: &PythonProject,
    source: &Source<'_>,
    typed: &str,
    fits: &dyn Fn(&str) -> bool,
) -> (Vec<Found>, bool) {
    let home = Home::of(source);
    let symbols = project.workspace().symbols(typed, false, SYMBOLS_MAX);
    let fitting = symbols.iter().filter(|symbol| fits(&symbol.name));
    let found = fitting.filter_map(|symbol| candidates::of_symbol(project, source, &home, symbol));
    let found = found.take(DEFINED_MAX).collect();
    (found, symbols.len() >= SYMBOLS_MAX as usize)
}

/// What the standard library has.
fn standard(source: &Source<'_>, typed: &str, fits: &dyn Fn(&str) -> bool) -> Vec<Found> {
    let Some(first) = typed.chars().next() else { return Vec::new() };
    let version = source.model.program_environment().python_version(source.model.db()).minor;
    stdlib::beginning_with(first, version)
        .filter(|(_, name, _)| fits(name))
        .map(|(module, name, kind)| candidates::standard(module, name, kind))
        .collect()
}

/// Modules that need no package around them.
fn modules(source: &Source<'_>, fits: &dyn Fn(&str) -> bool) -> Vec<Found> {
    let db = source.model.db();
    let environment = source.model.program_environment().resolver_environment(db);
    let mut found = Vec::new();
    for module in list_modules(db, environment) {
        let name = module.name(db).as_str();
        if !fits(name) || module.file(db) == Some(source.file) {
            continue;
        }
        let nearness = match module.search_path(db) {
            Some(path) if path.is_standard_library() => Nearness::Standard,
            Some(path) if path.is_first_party() => Nearness::Workspace,
            // A directory without `__init__` may be anything.
            None => continue,
            Some(_) => Nearness::ThirdParty,
        };
        let wanted = Wanted { level: 0, module: name.to_owned(), name: None, asname: None };
        found.push(Found { wanted, nearness, uses: 0, kind: candidates::MODULE });
    }
    found
}

/// Counts the files that import each of the first names.
fn ask_for_use(project: &PythonProject, found: &mut [Found]) {
    for one in found.iter_mut().take(ASKED_MAX) {
        let importers = project.workspace().candidates(one.binds(), roles::IMPORTS).len();
        if importers > 0 && one.nearness > Nearness::Used {
            one.uses = importers;
            one.nearness = Nearness::Used;
        }
    }
}

/// The proposals for what was found, in its order.
fn in_order<'db>(
    project: &PythonProject,
    source: &Source<'db>,
    place: TextSize,
    found: Vec<Found>,
) -> Vec<Proposal<'db>> {
    if found.is_empty() {
        return Vec::new();
    }
    let settings = ImportSettings::of(project.workspace(), &project.path_of(source.file));
    let insertions = Insertions::around(source, &settings, place);
    let style = Style::of(source);
    let n_found = found.len() as u32;
    let mut proposals = Vec::with_capacity(found.len());
    for (place, one) in found.into_iter().enumerate() {
        let additional = insertions.edits(&style.apply(&one.wanted));
        let Wanted { module, name, .. } = &one.wanted;
        let subject = Subject::Missing { module: module.clone(), name: name.clone() };
        let mut proposal = Proposal::new(one.binds(), Origin::Kind(one.kind), Group::Missing)
            .with_weight(n_found - place as u32)
            .about(subject);
        proposal.module = name.is_some().then(|| module.clone());
        proposal.additional = additional;
        proposals.push(proposal);
    }
    proposals
}
