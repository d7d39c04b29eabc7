//! Who calls a function or makes an object of a class, in the two steps of the contract: `plan` says under which names to look,
//! `incoming` which calls in the candidates mean it.

use std::collections::HashSet;

use ruff_python_ast::Expr;
use ruff_text_size::TextRange;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::{ImplementationsFinder, ProgramEnvironment, ResolvedDefinition};
use vraftls_guest_sdk::{Call, Candidate, Failure, HierarchyItem, SearchPlan, roles};

use super::aliases;
use super::items::{self, Thing};
use super::sites::{self, Site};
use crate::family::{self, Family};
use crate::occurrence::{Occurrence, look_at};
use crate::project::{PythonProject, Source, span};
use crate::{definition, inheritance, reach, resolve};

/// How many files are looked into for classes that inherit a constructor.
const SEARCHED_FILES_MAX: usize = 20_000;

/// What to search for to find who calls an item. None for a module, which nobody calls.
pub(crate) fn plan(project: &PythonProject, item: &HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
    let Thing::Definition(target) = items::thing(project, item)? else { return Ok(None) };
    let mut targets = vec![target];
    if let Some(class) = class_made_by(project, target) {
        targets.push(class);
        targets.extend(heirs(project, class)?);
    }
    let db = project.db();
    let found: Vec<_> = targets.iter().copied().map(ResolvedDefinition::Definition).collect();
    let definitions = definition::locations(project, &found);
    let mut names: Vec<String> = Vec::new();
    for found in &found {
        let (file, range) = resolve::focus(db, found);
        let name = project.source_of(file).slice(range).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let is_local = reach::of(project, target).is_one_file();
    let only = is_local.then(|| definitions.first().map(|location| location.path.clone())).flatten();
    let names = if only.is_some() { names } else { aliases::with_aliases(project, &targets, names)? };
    let origin = definitions.first().map_or(item.location.span, |location| location.span);
    Ok(Some(SearchPlan { origin, names, roles: roles::REFERS, only, definitions, token: Vec::new() }))
}

/// The class that a method makes objects of.
fn class_made_by<'db>(project: &'db PythonProject, method: Definition<'db>) -> Option<Definition<'db>> {
    let db = project.db();
    let makes = method.name(db).is_some_and(|name| matches!(name.as_str(), "__init__" | "__new__"));
    makes.then(|| inheritance::class_around(db, method)).flatten()
}

/// The classes below that make their objects by the constructor of this one.
fn heirs<'db>(project: &'db PythonProject, class: Definition<'db>) -> Result<Vec<Definition<'db>>, Failure> {
    let db = project.db();
    let env = ProgramEnvironment::from_file(class.program_file(db));
    let found = ResolvedDefinition::Definition(class);
    let Some(finder) = ImplementationsFinder::for_class_reference(db, &env, &[found]) else { return Ok(Vec::new()) };
    let own = items::constructors(project, class);
    let mut names: Vec<String> = class.name(db).into_iter().collect();
    let (mut asked, mut searched, mut heirs) = (0, HashSet::new(), Vec::new());
    while let Some(name) = names.get(asked).cloned() {
        asked += 1;
        for candidate in project.workspace().candidates(&name, roles::REFERS) {
            let Ok(file) = project.file(&candidate.path) else { continue };
            if searched.len() >= SEARCHED_FILES_MAX || !searched.insert(file) {
                continue;
            }
            project.check_cancelled()?;
            let below = finder.implementations_for_file(db, project.program_file(file));
            for below in below.iter().filter_map(ResolvedDefinition::definition) {
                names.extend(below.name(db).filter(|name| !names.contains(name)));
                if items::constructors(project, below) != own {
                    continue;
                }
                // What the search found lives no longer than the search.
                let (file, name) = resolve::focus(db, &ResolvedDefinition::Definition(below));
                heirs.extend(reach::definition_at(project, file, name).filter(|below| !heirs.contains(below)));
            }
        }
    }
    Ok(heirs)
}

/// The calls in the candidates, those of one caller together; callers in the order of their files.
pub(crate) fn incoming(project: &PythonProject, plan: &SearchPlan, files: &[Candidate]) -> Result<Vec<Call>, Failure> {
    let search = Search::new(project, plan);
    let mut calls = Vec::new();
    for candidate in files {
        project.check_cancelled()?;
        // A file that is gone or cannot be read calls nothing.
        let Ok(source) = project.source(&candidate.path) else { continue };
        let mut found: Vec<(Thing<'_>, Vec<TextRange>)> = Vec::new();
        let family = family::InFile::new(search.family.as_ref());
        for site in sites::sites(source.parsed.suite()) {
            if !search.means_it(&source, &family, candidate, &site) {
                continue;
            }
            let caller = sites::caller(&source, &site);
            match found.iter_mut().find(|(known, _)| *known == caller) {
                Some((_, names)) => names.push(site.name),
                None => found.push((caller, vec![site.name])),
            }
        }
        calls.extend(found.into_iter().map(|(caller, names)| Call {
            item: items::item(project, caller),
            spans: names.into_iter().map(span).collect(),
        }));
    }
    Ok(calls)
}

/// What is called, and what the search knows of it.
struct Search<'db> {
    project: &'db PythonProject,
    targets: Vec<Definition<'db>>,
    names: &'db [String],
    family: Option<Family<'db>>,
}

impl<'db> Search<'db> {
    /// A search for what is defined at the plan's locations. Locations of files that are gone match nothing.
    fn new(project: &'db PythonProject, plan: &'db SearchPlan) -> Self {
        let targets: Vec<_> = plan
            .definitions
            .iter()
            .filter_map(|location| {
                let source = project.source(&location.path).ok()?;
                let range = source.range(location.span).ok()?;
                reach::definition_at(project, source.file, range)
            })
            .collect();
        let family = targets.first().and_then(|target| Family::of(project, *target));
        Self { project, targets, names: &plan.names, family }
    }

    fn means_it(
        &self,
        source: &Source<'db>,
        family: &family::InFile<'_, 'db>,
        candidate: &Candidate,
        site: &Site<'_>,
    ) -> bool {
        let name = source.slice(site.name);
        if name == "cls" && self.is_of_own_class(source, site) {
            return true;
        }
        let is_candidate = candidate.offsets.binary_search(&site.name.start().to_u32()).is_ok();
        if !is_candidate || !self.names.iter().any(|known| known == name) {
            return false;
        }
        let means = look_at(source, site.name.start(), |at| {
            let may_hold = match at.occurrence {
                // What makes objects is also called by the names of classes, which have no family.
                Occurrence::Attribute(attribute) if self.names.first().is_some_and(|own| own == name) => {
                    family.may_hold(self.project, source, at, attribute)
                }
                _ => true,
            };
            may_hold && sites::meant(self.project, at).iter().any(|meant| self.targets.contains(meant))
        });
        means == Some(true)
    }

    /// Whether a call of `cls` makes an object of a class that is searched for.
    fn is_of_own_class(&self, source: &Source<'db>, site: &Site<'_>) -> bool {
        let db = self.project.db();
        let mut classes = self.targets.iter().filter(|target| matches!(target.kind(db), DefinitionKind::Class(_)));
        let class = look_at(source, site.name.start(), |at| match at.occurrence {
            Occurrence::Name(name) => inheritance::class_of_self(at.model, &Expr::Name(name.clone())),
            _ => None,
        });
        class.flatten().is_some_and(|class| classes.any(|target| *target == class))
    }
}
