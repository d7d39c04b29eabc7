//! All references to a thing, in the two steps of the contract: `plan` says what to look for, `confirm` which of the
//! candidates mean it. A candidate means it if one of its own definitions is one of the plan's.
//!
//! Imports are followed to the original, whatever it is called on the way: all uses of an alias mean what was imported, and so
//! do the same aliases of it in other files. Only occurrences of the name that was asked about are searched for, so asking at
//! `nx` of `import networkx as nx` finds every `nx` that is the package, and no import that calls it `networkx`. To rename is
//! to ask otherwise: there, a name given by `as` is a thing of its own, and what others call it is left alone.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use ruff_db::files::File;
use ruff_db::source::source_text;
use ruff_text_size::{TextLen, TextRange, TextSize};
use rustc_hash::FxHasher;
use ty_python_core::definition::Definition;
use ty_python_semantic::ResolvedDefinition;
use vraftls_guest_sdk::roles;
use vraftls_guest_sdk::{Candidate, Failure, FileReferences, Highlight, Location, Reference, SearchPlan};

use crate::family::Family;
use crate::occurrence::{At, Occurrence, look_at};
use crate::project::{PythonProject, Source, span};
use crate::reach::Reach;
use crate::resolve::{self, Follow};
use crate::{definition, family, reach};

/// DocumentHighlightKind of a read.
const READ: u32 = 2;
/// DocumentHighlightKind of a write.
const WRITE: u32 = 3;

/// What to search for to find all references to the name at the offset.
pub(crate) fn plan(project: &PythonProject, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
    plan_following(project, path, offset, Follow::Everything)
}

/// The same, by following imports as far as is said.
pub(crate) fn plan_following(
    project: &PythonProject,
    path: &str,
    offset: u32,
    follow: Follow,
) -> Result<Option<SearchPlan>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    Ok(look_at(&source, offset, |at| plan_at(project, &source, at, follow)).flatten())
}

fn plan_at<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    at: &At<'_, 'db>,
    follow: Follow,
) -> Option<SearchPlan> {
    let mut targets = meant(at, follow);
    // A stub and what it describes are one thing to who asks.
    for described in targets.clone().into_iter().flat_map(|target| definition::past_stub(project, target)) {
        if !targets.contains(&described) {
            targets.push(described);
        }
    }
    let definitions = definition::locations(project, &targets);
    let search = Search::new(project, &definitions, vec![source.slice(at.range).to_owned()], follow);
    let is_one_file = search.reach.is_one_file()
        || search.reach.is_of_class() && search.family.as_ref().is_some_and(|family| family.is_never_named(project));
    let only = is_one_file.then(|| definitions.first().map(|location| location.path.clone())).flatten();
    (!definitions.is_empty()).then(|| SearchPlan {
        origin: span(at.range),
        names: search.names,
        roles: 0,
        only,
        definitions,
        token: Vec::new(),
    })
}

/// Which of the candidates really mean what the plan searches for. Files without any are left out.
pub(crate) fn confirm(
    project: &PythonProject,
    plan: &SearchPlan,
    files: &[Candidate],
) -> Result<Vec<FileReferences>, Failure> {
    confirm_following(project, plan, files, Follow::Everything)
}

/// The same, by following imports as far as when the plan was made.
pub(crate) fn confirm_following(
    project: &PythonProject,
    plan: &SearchPlan,
    files: &[Candidate],
    follow: Follow,
) -> Result<Vec<FileReferences>, Failure> {
    let search = Search::new(project, &plan.definitions, plan.names.clone(), follow);
    let mut confirmed = Vec::new();
    for candidate in files {
        project.check_cancelled()?;
        let offsets = search.worth_parsing_for(candidate);
        if offsets.is_empty() {
            continue;
        }
        // A file that is gone or cannot be read has no references.
        let Ok(source) = project.source(&candidate.path) else { continue };
        let references = search.in_file(&source, &offsets);
        if !references.is_empty() {
            confirmed.push(FileReferences { path: candidate.path.clone(), references });
        }
    }
    Ok(confirmed)
}

/// The occurrences of the name at the offset in the same document.
pub(crate) fn highlights(project: &PythonProject, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    let found = look_at(&source, offset, |at| {
        let name = source.slice(at.range).to_owned();
        let targets = meant(at, Follow::Everything);
        let definitions = definition::locations(project, &targets);
        let search = Search::new(project, &definitions, vec![name], Follow::Everything);
        let offsets: Vec<u32> = search.names.iter().flat_map(|name| offsets_of(&source.text, name)).collect();
        search.in_file(&source, &offsets)
    });
    let kind = |roles: u32| if roles & (roles::WRITES | roles::DEFINES) != 0 { WRITE } else { READ };
    let found = found.unwrap_or_default();
    Ok(found.into_iter().map(|found| Highlight { span: found.span, kind: kind(found.roles) }).collect())
}

/// The things that an occurrence means. A name that is imported in one branch and defined in another is one thing to all who
/// use it, and so where it is imported.
fn meant<'db>(at: &At<'_, 'db>, follow: Follow) -> Vec<ResolvedDefinition<'db>> {
    let mut found = resolve::definitions(at, follow);
    for beside in resolve::beside_import(at, follow) {
        if !found.contains(&beside) {
            found.push(beside);
        }
    }
    found
}

/// Where a text occurs.
fn offsets_of(text: &str, name: &str) -> Vec<u32> {
    // The engine refuses files beyond 4 GiB, so every offset fits.
    text.match_indices(name).filter_map(|(offset, _)| u32::try_from(offset).ok()).collect()
}

/// A search through the candidates of any number of files.
struct Search<'db> {
    project: &'db PythonProject,
    names: Vec<String>,
    follow: Follow,
    places: HashSet<(File, TextRange), BuildHasherDefault<FxHasher>>,
    files: Vec<File>,
    reach: Reach,
    family: Option<Family<'db>>,
}

impl<'db> Search<'db> {
    /// A search for what is defined at the locations. Locations of files that are gone match nothing.
    fn new(project: &'db PythonProject, definitions: &[Location], names: Vec<String>, follow: Follow) -> Self {
        let mut files = Vec::new();
        let mut places = HashSet::default();
        let mut found = Vec::new();
        for location in definitions {
            let Ok(file) = project.file(&location.path) else { continue };
            let Some(range) = range_of(location) else { continue };
            if !files.contains(&file) {
                files.push(file);
            }
            places.insert((file, range));
            found.push(if range.is_empty() { Defined::Module } else { Defined::at(project, file, range) });
        }
        let reach = found.iter().fold(Reach::Nothing, |reach, defined| reach.or(defined.reach(project)));
        let family = family_of(project, &found);
        Self { project, names, follow, places, files, reach, family }
    }

    /// The offsets at which one of the names stands and may mean what is searched for, judged by the text alone.
    fn worth_parsing_for(&self, candidate: &Candidate) -> Vec<u32> {
        let Ok(file) = self.project.file(&candidate.path) else { return Vec::new() };
        if !self.reach.may_reach(file) {
            return Vec::new();
        }
        let text = source_text(self.project.db(), file);
        let may_mean = |offset: &u32| {
            let start = TextSize::new(*offset);
            let Some(rest) = text.get(start.to_usize()..) else { return false };
            let mut named = self.names.iter().filter(|name| rest.starts_with(name.as_str()));
            named.any(|name| self.reach.may_mean_text(file, &text, TextRange::at(start, name.text_len())))
        };
        candidate.offsets.iter().copied().filter(may_mean).collect()
    }

    /// The references among the offsets of a file, ascending.
    fn in_file(&self, source: &Source<'db>, offsets: &[u32]) -> Vec<Reference> {
        let family = family::InFile::new(self.family.as_ref());
        let mut found: Vec<Reference> =
            offsets.iter().filter_map(|offset| self.at_offset(source, &family, *offset)).collect();
        found.sort_by_key(|reference| reference.span.start);
        found.dedup_by_key(|reference| reference.span.start);
        found
    }

    fn at_offset(&self, source: &Source<'db>, family: &family::InFile<'_, 'db>, offset: u32) -> Option<Reference> {
        let offset = TextSize::new(offset);
        if !source.text.is_char_boundary(offset.to_usize()) {
            return None;
        }
        look_at(source, offset, |at| {
            let here = at.range.start() == offset && self.names.iter().any(|name| name == source.slice(at.range));
            let means_it = here && self.means_it(source, family, at);
            means_it.then(|| Reference { span: span(at.range), roles: self.roles(source, at) })
        })
        .flatten()
    }

    /// Whether one of the occurrence's definitions is searched for. Asks the syntax first: inference is what costs.
    fn means_it(&self, source: &Source<'db>, family: &family::InFile<'_, 'db>, at: &At<'_, 'db>) -> bool {
        if self.is_definition(source, at) {
            return true;
        }
        if !self.reach.may_mean(source.file, at) {
            return false;
        }
        if let Occurrence::Attribute(attribute) = at.occurrence
            && !at.in_string
            && !family.may_hold(self.project, source, at, attribute)
        {
            return false;
        }
        let db = self.project.db();
        meant(at, self.follow).iter().any(|definition| {
            self.files.contains(&resolve::file_of(db, definition))
                && self.places.contains(&resolve::focus(db, definition))
        })
    }

    fn is_definition(&self, source: &Source<'_>, at: &At<'_, '_>) -> bool {
        self.places.contains(&(source.file, at.range))
    }

    fn roles(&self, source: &Source<'_>, at: &At<'_, '_>) -> u32 {
        let occurrence = match at.occurrence {
            Occurrence::Attribute(_) | Occurrence::PatternKeyword { .. } => roles::ATTRIBUTE,
            Occurrence::Keyword { .. } => roles::KEYWORD,
            _ => 0,
        };
        let write = if at.is_write() { roles::WRITES } else { 0 };
        let string = if at.in_string { roles::IN_STRING } else { 0 };
        let role = if self.is_definition(source, at) {
            roles::DEFINES
        } else if at.is_import() {
            roles::IMPORTS
        } else if write != 0 {
            roles::WRITES
        } else {
            roles::REFERS
        };
        role | occurrence | write | string
    }
}

/// What stands at a location of a plan.
enum Defined<'db> {
    Module,
    Definition(Definition<'db>),
    Unknown,
}

impl<'db> Defined<'db> {
    fn at(project: &'db PythonProject, file: File, range: TextRange) -> Self {
        reach::definition_at(project, file, range).map_or(Self::Unknown, Self::Definition)
    }

    fn reach(&self, project: &PythonProject) -> Reach {
        match self {
            Self::Module => Reach::Module,
            Self::Definition(definition) => reach::of(project, *definition),
            Self::Unknown => Reach::Anything,
        }
    }
}

/// The family that all definitions belong to, if they are members of one class.
fn family_of<'db>(project: &'db PythonProject, found: &[Defined<'db>]) -> Option<Family<'db>> {
    let mut families = found.iter().map(|defined| match defined {
        Defined::Definition(definition) => Family::of(project, *definition),
        Defined::Module | Defined::Unknown => None,
    });
    let first = families.next().flatten()?;
    families.all(|other| other.is_some_and(|other| other.is_same(&first))).then_some(first)
}

fn range_of(location: &Location) -> Option<TextRange> {
    let (start, end) = (location.span.start, location.span.end);
    (start <= end).then(|| TextRange::new(TextSize::new(start), TextSize::new(end)))
}
