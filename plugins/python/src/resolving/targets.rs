//! The table of what names lead to: each place once, with its name and kind and what it lies in.

use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{AnyNodeRef, Expr};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;
use ty_module_resolver::file_to_module;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::place::ScopedPlaceId;
use ty_python_core::scope::NodeWithScopeKind;
use ty_python_core::{place_table, semantic_index};
use ty_python_semantic::{Db, ResolvedDefinition};

use crate::project::PythonProject;
use crate::{definition, index, resolve};

/// The target at the top of a file.
const TOP: u32 = u32::MAX;

/// It is a parameter, also of a type.
const PARAMETER: u32 = 1;
/// It is local to a function.
const LOCAL: u32 = 2;

/// SymbolKinds.
const MODULE: u32 = 2;
const FIELD: u32 = 8;
const VARIABLE: u32 = 13;
const TYPE_PARAMETER: u32 = 26;

/// What names lead to.
pub(super) struct Targets<'db> {
    project: &'db PythonProject,
    targets: Vec<Target<'db>>,
    by_place: FxHashMap<(File, TextRange), u32>,
    by_definition: FxHashMap<Key<'db>, Vec<u32>>,
    names: Table,
    paths: Table,
    path_ids: FxHashMap<File, u32>,
}

/// What a name leads to.
pub(super) struct Target<'db> {
    pub(super) file: File,
    /// Its name.
    pub(super) focus: TextRange,
    pub(super) traits: u32,
    pub(super) parent: u32,
    /// Nothing for a module, and for a name in a string.
    pub(super) definition: Option<Definition<'db>>,
    kind: u32,
    full: TextRange,
    name: u32,
}

impl Target<'_> {
    /// Whether it is of interest beyond the function that it stands in.
    pub(super) fn is_seen(&self) -> bool {
        self.traits & (PARAMETER | LOCAL) == 0
    }
}

/// What is the same as often as it is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'db> {
    Definition(Definition<'db>),
    Module(File),
    Place(File, TextRange),
}

/// What is known of a definition by its scope and kind.
struct Nature<'db> {
    kind: u32,
    traits: u32,
    around: Option<Definition<'db>>,
}

impl<'db> Targets<'db> {
    pub(super) fn new(project: &'db PythonProject) -> Self {
        Self {
            project,
            targets: Vec::new(),
            by_place: FxHashMap::default(),
            by_definition: FxHashMap::default(),
            names: Table::default(),
            paths: Table::default(),
            path_ids: FxHashMap::default(),
        }
    }

    /// All of them so far. Every index is one into this list.
    pub(super) fn all(&self) -> &[Target<'db>] {
        &self.targets
    }

    /// The targets of a definition: itself, or what its stub describes.
    pub(super) fn of(&mut self, found: &ResolvedDefinition<'db>) -> &[u32] {
        let key = match found {
            ResolvedDefinition::Definition(definition) => Key::Definition(*definition),
            ResolvedDefinition::Module(module) => Key::Module(module.file(self.project.db())),
            ResolvedDefinition::FileWithRange(range) => Key::Place(range.file(), range.range()),
        };
        if !self.by_definition.contains_key(&key) {
            let sources = definition::past_stub(self.project, found.clone());
            let targets = sources.iter().map(|source| self.put(source)).collect();
            self.by_definition.insert(key, targets);
        }
        &self.by_definition[&key]
    }

    /// Puts a module, which may be of interest though no name of its own file leads to it.
    pub(super) fn put_module(&mut self, file: File) {
        self.put(&ResolvedDefinition::Module(self.project.program_file(file)));
    }

    fn put(&mut self, found: &ResolvedDefinition<'db>) -> u32 {
        let place = resolve::focus(self.project.db(), found);
        if let Some(known) = self.by_place.get(&place) {
            return *known;
        }
        let db = self.project.db();
        let (file, focus) = place;
        let (definition, nature) = match found {
            ResolvedDefinition::Definition(definition) => (Some(*definition), nature(db, *definition)),
            _ if focus.is_empty() => (None, Nature { kind: MODULE, traits: 0, around: None }),
            // A field that a string names.
            _ => (None, Nature { kind: FIELD, traits: 0, around: self.around_string(file, focus) }),
        };
        let parent = nature.around.map_or(TOP, |around| self.put(&ResolvedDefinition::Definition(around)));
        // What is around is written around: recursion ends at the top of the file. Broken code may give both one place.
        if let Some(known) = self.by_place.get(&place) {
            return *known;
        }
        let full = resolve::full_range(db, found).cover(focus);
        let name = if focus.is_empty() { self.module_name(file) } else { self.text(file, focus) };
        let name = self.names.put(name);
        let target = Target { file, focus, full, name, kind: nature.kind, traits: nature.traits, parent, definition };
        let number = self.targets.len() as u32;
        self.targets.push(target);
        self.by_place.insert(place, number);
        number
    }

    fn text(&self, file: File, range: TextRange) -> String {
        self.project.source_of(file).slice(range).to_owned()
    }

    fn module_name(&self, file: File) -> String {
        let db = self.project.db();
        let module = file_to_module(db, self.project.program_file(file).resolver_file(db));
        module.map(|module| module.name(db).as_str().to_owned()).unwrap_or_default()
    }

    /// The class that lists a name in a string, or the variable that holds the tuple whose field it names.
    fn around_string(&self, file: File, string: TextRange) -> Option<Definition<'db>> {
        let source = self.project.source_of(file);
        let index = semantic_index(self.project.db(), self.project.program_file(file));
        let node = covering_node(source.parsed.syntax().into(), string);
        node.ancestors().find_map(|node| match node {
            AnyNodeRef::StmtClassDef(_) => index.try_definitions(node)?.first().copied(),
            AnyNodeRef::StmtAssign(assign) => match assign.targets.first()? {
                Expr::Name(name) if name.id != "__slots__" => index.try_definition(name),
                _ => None,
            },
            _ => None,
        })
    }

    /// Paths, names and targets as the contract packs them.
    pub(super) fn pack(mut self) -> (Vec<String>, Vec<String>, Vec<u32>) {
        let mut packed = Vec::with_capacity(self.targets.len() * 9);
        for target in &self.targets {
            let path =
                *self.path_ids.entry(target.file).or_insert_with(|| self.paths.put(self.project.path_of(target.file)));
            let (focus, full) = (target.focus, target.full);
            packed.extend([path, focus.start().to_u32(), focus.end().to_u32()]);
            packed.extend([full.start().to_u32(), full.end().to_u32()]);
            packed.extend([target.name, target.kind, target.traits, target.parent]);
        }
        (self.paths.texts, self.names.texts, packed)
    }
}

/// What a definition is, and what it lies in.
fn nature<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Nature<'db> {
    let kind = definition.kind(db);
    if let ScopedPlaceId::Member(_) = definition.place(db) {
        let class = definition.scope(db).class_definition_of_method(db);
        // An attribute of anything else than the object of a method is known here alone.
        return Nature { kind: FIELD, traits: if class.is_some() { 0 } else { LOCAL }, around: class };
    }
    let (around, is_in_function) = around(db, definition);
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let class = match definition.scope(db).node(db) {
        NodeWithScopeKind::Class(class) => Some(class.node(&parsed)),
        _ => None,
    };
    let (number, own) = match kind {
        DefinitionKind::Function(function) => {
            (index::symbol_kind_of_function(function.node(&parsed), class.is_some()), 0)
        }
        DefinitionKind::Class(class) => (index::symbol_kind_of_class(class.node(&parsed)), 0),
        DefinitionKind::Parameter(_) => (VARIABLE, PARAMETER),
        DefinitionKind::LambdaParameter(_) => (VARIABLE, PARAMETER | LOCAL),
        DefinitionKind::TypeVar(_) | DefinitionKind::ParamSpec(_) | DefinitionKind::TypeVarTuple(_) => {
            (TYPE_PARAMETER, PARAMETER)
        }
        DefinitionKind::TypeAlias(_) => (TYPE_PARAMETER, 0),
        DefinitionKind::Import(_) => (MODULE, 0),
        DefinitionKind::Assignment(assignment) => {
            let name = assignment.target(&parsed).as_name_expr().map_or("", |name| name.id.as_str());
            (index::symbol_kind_of_variable(name, None, Some(assignment.value(&parsed)), class), 0)
        }
        DefinitionKind::AnnotatedAssignment(assignment) => {
            let name = assignment.target(&parsed).as_name_expr().map_or("", |name| name.id.as_str());
            let (annotation, value) = (assignment.annotation(&parsed), assignment.value(&parsed));
            (index::symbol_kind_of_variable(name, Some(annotation), value, class), 0)
        }
        _ if class.is_some() => (FIELD, 0),
        _ => (VARIABLE, 0),
    };
    let is_local = is_in_function && own & PARAMETER == 0;
    Nature { kind: number, traits: own | if is_local { LOCAL } else { 0 }, around }
}

/// The function or class that a definition belongs to, and whether it is a name of a function, or of an expression that has a
/// scope, alone.
fn around<'db>(db: &'db dyn Db, definition: Definition<'db>) -> (Option<Definition<'db>>, bool) {
    let file = definition.program_file(db);
    let index = semantic_index(db, file);
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    // `global` takes a name out of all that is around it.
    if let ScopedPlaceId::Symbol(symbol) = definition.place(db)
        && place_table(db, definition.scope(db)).symbol(symbol).is_global()
    {
        return (None, false);
    }
    let mut in_function = false;
    for (_, scope) in index.ancestor_scopes(definition.file_scope(db)) {
        let node = match scope.node() {
            NodeWithScopeKind::Module => break,
            NodeWithScopeKind::Class(class) | NodeWithScopeKind::ClassTypeParameters(class) => {
                AnyNodeRef::from(class.node(&parsed))
            }
            NodeWithScopeKind::Function(function) => {
                in_function = true;
                AnyNodeRef::from(function.node(&parsed))
            }
            NodeWithScopeKind::FunctionTypeParameters(function) => AnyNodeRef::from(function.node(&parsed)),
            NodeWithScopeKind::TypeAliasTypeParameters(alias) | NodeWithScopeKind::TypeAlias(alias) => {
                AnyNodeRef::from(alias.node(&parsed))
            }
            _ => {
                in_function = true;
                continue;
            }
        };
        let found = index.try_definitions(node).and_then(<[_]>::first).copied();
        // The scope of type parameters is around the function or class itself, which does not lie in itself.
        match found {
            Some(found) if found == definition => continue,
            found => return (found, in_function),
        }
    }
    (None, in_function)
}

/// Texts, each once.
#[derive(Default)]
struct Table {
    texts: Vec<String>,
    ids: FxHashMap<String, u32>,
}

impl Table {
    fn put(&mut self, text: String) -> u32 {
        if let Some(id) = self.ids.get(&text) {
            return *id;
        }
        let id = self.texts.len() as u32;
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }
}
