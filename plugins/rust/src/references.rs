//! All references to a thing, in the two steps of the contract: `plan` says what to look for, `confirm` lets the engine search
//! the candidates.
//!
//! The engine searches for what it finds at the place that was asked about, so `confirm` needs that place and nothing else.

use std::collections::BTreeMap;

use ra_ap_hir::Semantics;
use ra_ap_ide::{
    FilePosition, FindAllRefsConfig, HighlightRelatedConfig, ReferenceCategory, RootDatabase, SearchScope, TextRange,
};
use ra_ap_ide_db::FileId;
use ra_ap_ide_db::defs::{Definition, IdentClass};
use ra_ap_syntax::SyntaxKind::{FLOAT_NUMBER, IDENT, INT_NUMBER, LIFETIME_IDENT, STRING};
use ra_ap_syntax::{AstNode as _, SyntaxToken, T};
use serde::{Deserialize, Serialize};
use vraftls_guest_sdk::{Candidate, Failure, FileReferences, Highlight, Location, Reference, SearchPlan, roles};

use crate::project::{Source, span};
use crate::settings::fixtures;

/// DocumentHighlightKind of a mention without effect, of a read and of a write.
const TEXT: u32 = 1;
const READ: u32 = 2;
const WRITE: u32 = 3;

/// The place that a plan was made for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The file.
    pub(crate) path: String,
    /// Where the name starts.
    pub(crate) offset: u32,
}

/// The place that a plan was made for.
///
/// # Errors
/// [`Failure::InvalidInput`] if this analyzer made no such plan.
pub(crate) fn origin(plan: &SearchPlan) -> Result<Origin, Failure> {
    let damaged = |_| Failure::InvalidInput("the plan is damaged".to_owned());
    postcard::from_bytes(&plan.token).map_err(damaged)
}

/// What to search for to find all references to the name at the offset.
pub(crate) fn plan(source: &Source<'_>, offset: u32) -> Result<Option<SearchPlan>, Failure> {
    let position = source.position(offset)?;
    let path = source.project.world().path(source.file).unwrap_or_default().to_owned();
    ra_ap_hir::attach_db(source.project.db(), || plan_at(source, position, path))
}

fn plan_at(source: &Source<'_>, position: FilePosition, path: String) -> Result<Option<SearchPlan>, Failure> {
    let sema = Semantics::new(source.project.db());
    let Some(token) = name_at(&sema, position) else { return Ok(None) };
    let definitions = definitions(&sema, &token);
    let mut names: Vec<String> = Vec::new();
    let mut only = !definitions.is_empty();
    let mut locations: Vec<Location> = Vec::new();
    for definition in &definitions {
        names.extend(names_of(source.project.db(), definition));
        only &= is_local(definition);
        locations.extend(place(source, &sema, definition));
    }
    names.push(token.text().trim_start_matches("r#").to_owned());
    names.sort();
    names.dedup();
    let origin = Origin { path: path.clone(), offset: token.text_range().start().into() };
    Ok(Some(SearchPlan {
        origin: span(token.text_range()),
        names,
        roles: 0,
        only: only.then_some(path),
        definitions: locations,
        token: postcard::to_allocvec(&origin).map_err(|error| Failure::Internal(error.to_string()))?,
    }))
}

/// The token at the place that may be a name.
fn name_at(sema: &Semantics<'_, RootDatabase>, position: FilePosition) -> Option<SyntaxToken> {
    let file = sema.parse_guess_edition(position.file_id);
    let rank = |token: &SyntaxToken| match token.kind() {
        IDENT | LIFETIME_IDENT => Some(0),
        T![self] | T![Self] | T![super] | T![crate] => Some(1),
        INT_NUMBER | FLOAT_NUMBER | STRING => Some(2),
        _ => None,
    };
    file.syntax().token_at_offset(position.offset).filter(|token| rank(token).is_some()).min_by_key(rank)
}

/// What the token means, in macros too.
fn definitions<'db>(sema: &Semantics<'db, RootDatabase>, token: &SyntaxToken) -> Vec<Definition<'db>> {
    let mut found = Vec::new();
    for token in sema.descend_into_macros_exact(token.clone()) {
        let class = IdentClass::classify_token(sema, &token);
        for definition in class.into_iter().flat_map(|class| class.definitions_no_ops()) {
            if !found.contains(&definition) {
                found.push(definition);
            }
        }
    }
    found
}

/// The names under which a thing occurs beside the one that was asked about.
fn names_of(db: &RootDatabase, definition: &Definition<'_>) -> Vec<String> {
    let mut names: Vec<String> = definition.name(db).map(|name| name.as_str().to_owned()).into_iter().collect();
    match definition {
        Definition::Module(_) | Definition::Crate(_) => names.extend(["crate", "super", "self"].map(str::to_owned)),
        Definition::Adt(_) | Definition::Trait(_) | Definition::SelfType(_) => names.push("Self".to_owned()),
        _ => {}
    }
    names
}

/// Whether a thing is seen in one file alone.
fn is_local(definition: &Definition<'_>) -> bool {
    matches!(
        definition,
        Definition::Local(_) | Definition::Label(_) | Definition::GenericParam(_) | Definition::DeriveHelper(_)
    )
}

/// Where a thing is defined.
fn place(source: &Source<'_>, sema: &Semantics<'_, RootDatabase>, definition: &Definition<'_>) -> Option<Location> {
    use ra_ap_ide::TryToNav as _;

    source.project.location(&definition.try_to_nav(sema)?.call_site)
}

/// Which of the candidates really mean what is at the offset. Files without any are left out.
pub(crate) fn confirm(source: &Source<'_>, offset: u32, files: &[Candidate]) -> Result<Vec<FileReferences>, Failure> {
    let position = source.position(offset)?;
    let mut found: BTreeMap<FileId, Vec<Reference>> = BTreeMap::new();
    let wanted: Vec<(FileId, &Candidate)> =
        files.iter().filter_map(|file| Some((source.project.world().id(&file.path)?, file))).collect();
    for (file, _) in &wanted {
        source.project.check_cancelled()?;
        for (file, reference) in in_file(source, position, *file)? {
            found.entry(file).or_default().push(reference);
        }
    }
    let mut confirmed = Vec::new();
    for (file, candidate) in wanted {
        let Some(mut references) = found.remove(&file) else { continue };
        references
            .sort_by_key(|reference| (reference.span.start, reference.span.end, reference.roles != roles::DEFINES));
        references.dedup_by_key(|reference| reference.span.start);
        confirmed.push(FileReferences { path: candidate.path.clone(), references });
    }
    Ok(confirmed)
}

/// The references in one file.
fn in_file(source: &Source<'_>, position: FilePosition, file: FileId) -> Result<Vec<(FileId, Reference)>, Failure> {
    let project = source.project;
    let scope = {
        let sema = Semantics::new(project.db());
        ra_ap_hir::attach_db(project.db(), || SearchScope::single_file(sema.attach_first_edition(file)))
    };
    let config = FindAllRefsConfig {
        search_scope: Some(scope),
        ra_fixture: fixtures(),
        exclude_imports: false,
        exclude_tests: false,
    };
    let results = project.ask(|analysis| analysis.find_all_refs(position, &config))?.unwrap_or_default();
    let mut found = Vec::new();
    for result in results {
        if let Some(declaration) = result.declaration.filter(|declaration| declaration.nav.file_id == file) {
            let range = declaration.nav.focus_range.unwrap_or(declaration.nav.full_range);
            found.push((file, Reference { span: span(range), roles: roles::DEFINES }));
        }
        for (in_file, ranges) in result.references {
            let reference = |(range, category)| (in_file, Reference { span: span(range), roles: roles_of(category) });
            found.extend(ranges.into_iter().map(reference).filter(|(in_file, _)| *in_file == file));
        }
    }
    Ok(found)
}

fn roles_of(category: ReferenceCategory) -> u32 {
    if category.contains(ReferenceCategory::IMPORT) {
        roles::IMPORTS
    } else if category.contains(ReferenceCategory::WRITE) {
        roles::WRITES
    } else {
        roles::REFERS
    }
}

/// The occurrences of the name at the offset in the same document, and what belongs to a keyword there.
pub(crate) fn highlights(source: &Source<'_>, offset: u32) -> Result<Vec<Highlight>, Failure> {
    let position = source.position(offset)?;
    let config = HighlightRelatedConfig {
        references: true,
        exit_points: true,
        break_points: true,
        closure_captures: true,
        yield_points: true,
        branch_exit_points: true,
    };
    let found = source.project.ask(|analysis| analysis.highlight_related(config, position))?.unwrap_or_default();
    let kind = |category: ReferenceCategory| {
        if category.contains(ReferenceCategory::WRITE) {
            WRITE
        } else if category.contains(ReferenceCategory::READ) {
            READ
        } else {
            TEXT
        }
    };
    let mut found: Vec<(TextRange, u32)> =
        found.into_iter().map(|highlighted| (highlighted.range, kind(highlighted.category))).collect();
    found.sort_by_key(|(range, kind)| (range.start(), range.end(), std::cmp::Reverse(*kind)));
    found.dedup_by_key(|(range, _)| *range);
    Ok(found.into_iter().map(|(range, kind)| Highlight { span: span(range), kind }).collect())
}
