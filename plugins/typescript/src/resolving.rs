//! What all names of a file lead to, in one answer: the bulk form of `definition`, for whoever reads a whole tree.

use rustc_hash::FxHashMap;
use vraftls_guest_sdk::{Failure, Location, Resolved, TargetDescription};

use crate::definition;
use crate::hover;
use crate::implementation;
use crate::index::symbol_kind;
use crate::module::{DeclId, DeclKind, Module, Occ, Range};
use crate::project::TypeScriptProject;
use crate::references;
use crate::store::FileId;
use crate::targets::Target;

/// The target at the top of a file.
const TOP: u32 = u32::MAX;
/// It is a parameter, also of a type.
const PARAMETER: u32 = 1;
/// It has no name outside of its file.
const LOCAL: u32 = 2;
/// SymbolKind of a module.
const MODULE: u32 = 2;
/// After how many names it is asked whether anybody still waits.
const NAMES_BETWEEN_LOOKS: usize = 64;

/// What names lead to, each place once.
#[derive(Debug, Default)]
struct Table {
    paths: Texts,
    names: Texts,
    packed: Vec<u32>,
    /// The declaration of each target, where one is known.
    decls: Vec<Option<(FileId, DeclId)>>,
    places: FxHashMap<(String, u32, u32), u32>,
    /// The declarations of each file by their names' places.
    by_span: FxHashMap<FileId, FxHashMap<Range, DeclId>>,
}

/// Texts, each once.
#[derive(Debug, Default)]
struct Texts {
    texts: Vec<String>,
    known: FxHashMap<String, u32>,
}

impl Texts {
    fn put(&mut self, text: &str) -> u32 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.known.insert(text.to_owned(), number);
        number
    }
}

impl Table {
    /// The number of the target at a location.
    fn put(&mut self, project: &TypeScriptProject, location: &Location) -> u32 {
        let key = (location.path.clone(), location.span.start, location.span.end);
        if let Some(known) = self.places.get(&key) {
            return *known;
        }
        let store = project.store();
        let file = store.id(&location.path);
        let module = store.module(file);
        let span = Range { start: location.span.start, end: location.span.end };
        let decl = module.as_ref().and_then(|module| {
            let by_span = self.by_span.entry(file).or_insert_with(|| {
                let decls = module.decls.iter().enumerate().rev();
                decls.map(|(place, decl)| (decl.span, DeclId(place as u32))).collect()
            });
            by_span.get(&span).copied().filter(|_| span.start < span.end)
        });
        let (name, kind, traits, parent) = match (&module, decl) {
            (Some(module), Some(decl)) => {
                let parent = self.parent(project, file, module, decl, span);
                let known = module.decl(decl);
                (module.slice(span).to_owned(), symbol_kind(module, known), traits(module, decl), parent)
            }
            _ => (String::new(), MODULE, 0, TOP),
        };
        // What is around may have been put at this very place.
        if let Some(known) = self.places.get(&key) {
            return *known;
        }
        let (path, name) = (self.paths.put(&location.path), self.names.put(&name));
        let (span, full) = (location.span, location.full);
        self.packed.extend([path, span.start, span.end, full.start, full.end, name, kind, traits, parent]);
        self.decls.push(decl.map(|decl| (file, decl)));
        let number = self.decls.len() as u32 - 1;
        self.places.insert(key, number);
        number
    }

    /// What a declaration lies in: its class, else the function or namespace around it.
    fn parent(&mut self, project: &TypeScriptProject, file: FileId, module: &Module, decl: DeclId, span: Range) -> u32 {
        let known = module.decl(decl);
        let class = known.owner.and_then(|shape| module.shape(shape).decl);
        let around = class.or(known.parent).filter(|around| {
            let around = module.decl(*around);
            around.span.start < around.span.end && around.span != span && around.full.covers(known.full)
        });
        let Some(around) = around else { return TOP };
        let around = module.decl(around);
        let location = project.store().location(file, around.span, around.full);
        self.put(project, &location)
    }
}

fn traits(module: &Module, decl: DeclId) -> u32 {
    let known = module.decl(decl);
    let parameter = matches!(known.kind, DeclKind::Parameter | DeclKind::TypeParameter | DeclKind::Catch);
    let hidden = known.flags.local || (module.is_module && known.symbol.is_some() && !known.flags.exported);
    (if parameter { PARAMETER } else { 0 }) | (if hidden && known.owner.is_none() { LOCAL } else { 0 })
}

/// Where all names of the file lead.
pub(crate) fn resolve_all(project: &TypeScriptProject, path: &str) -> Result<Resolved, Failure> {
    let (file, module) = project.question(path, None)?;
    let store = project.store();
    let mut table = Table::default();
    let mut occurrences = Vec::new();
    let mut leads: Vec<u32> = Vec::new();
    let mut last = None;
    for (number, occurrence) in module.occurrences.iter().enumerate() {
        if number % NAMES_BETWEEN_LOOKS == 0 {
            store.check_cancelled()?;
        }
        let span = occurrence.span;
        if last == Some(span.start) || matches!(occurrence.occ, Occ::Spec(_)) || module.slice(span).is_empty() {
            continue;
        }
        last = Some(span.start);
        store.begin();
        let asked = module.at(span.start).filter(|at| !matches!(at.occ, Occ::Keyword) || module.is_js);
        let targets = asked.map(|at| definition::definitions_at(project, file, at)).unwrap_or_default();
        let first = leads.len();
        for location in definition::locations(project, targets) {
            let target = table.put(project, &location);
            if !leads[first..].contains(&target) {
                leads.push(target);
            }
        }
        occurrences.extend([
            span.start,
            span.end - span.start,
            occurrence.roles,
            first as u32,
            (leads.len() - first) as u32,
        ]);
    }
    let descriptions = descriptions(project, &table, file, &module)?;
    let relations = relations(project, &mut table, file)?;
    Ok(Resolved {
        paths: table.paths.texts,
        names: table.names.texts,
        targets: table.packed,
        occurrences,
        leads,
        descriptions,
        relations,
    })
}

/// What is known of the file's own targets that are of interest elsewhere.
fn descriptions(
    project: &TypeScriptProject,
    table: &Table,
    file: FileId,
    module: &Module,
) -> Result<Vec<TargetDescription>, Failure> {
    let store = project.store();
    let mut found = Vec::new();
    for (number, decl) in table.decls.iter().enumerate() {
        let Some((of, decl)) = decl else { continue };
        if *of != file || traits(module, *decl) != 0 {
            continue;
        }
        store.check_cancelled()?;
        store.begin();
        let ty = store.target_type(Target::Decl(*of, *decl));
        let signature = store.show_decl(*of, module.decl(*decl), &ty);
        let documentation = hover::documentation_of(module, module.decl(*decl).doc);
        found.push(TargetDescription { target: number as u32, signature, documentation });
    }
    Ok(found)
}

/// What the file's own targets extend, implement or override.
fn relations(project: &TypeScriptProject, table: &mut Table, file: FileId) -> Result<Vec<u32>, Failure> {
    let store = project.store();
    let mut found = Vec::new();
    for number in 0..table.decls.len() {
        let Some((of, decl)) = table.decls[number] else { continue };
        if of != file {
            continue;
        }
        store.check_cancelled()?;
        store.begin();
        let mut above = references::overridden(project, Target::Decl(of, decl));
        above.extend(
            implementation::directly_above(project, of, decl).into_iter().map(|(file, decl)| Target::Decl(file, decl)),
        );
        for location in definition::locations(project, above) {
            let other = table.put(project, &location);
            let is_known = found.chunks(2).any(|pair: &[u32]| pair == [number as u32, other]);
            if other != number as u32 && !is_known {
                found.extend([number as u32, other]);
            }
        }
    }
    Ok(found)
}
