//! Items of a hierarchy: what the contract says of them, and how one is found again.

use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_stmt};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange, TextSize};
use ty_module_resolver::file_to_module;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::NodeWithScopeKind;
use ty_python_core::semantic_index;
use ty_python_semantic::{Db, ResolvedDefinition};
use vraftls_guest_sdk::{Failure, HierarchyItem};

use crate::project::{PythonProject, Source};
use crate::{definition, index, inheritance, reach, resolve};

/// SymbolKind of a module.
const MODULE: u32 = 2;
/// SymbolKind of a class.
const CLASS: u32 = 5;

/// The largest token that the contract allows. A name that does not fit is found again by its place alone.
const TOKEN_BYTES_MAX: usize = 4096;

/// What an item stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing<'db> {
    /// The statements of a file that stand in no function.
    Module(File),
    /// A function, or a class; a variable that holds a class which no statement defines.
    Definition(Definition<'db>),
}

/// The item of a thing.
pub(super) fn item(project: &PythonProject, thing: Thing<'_>) -> HierarchyItem {
    match thing {
        Thing::Module(file) => of_module(project, file),
        Thing::Definition(definition) => of_definition(project, definition),
    }
}

fn of_module(project: &PythonProject, file: File) -> HierarchyItem {
    let source = project.source_of(file);
    let path = project.path_of(file);
    let whole = TextRange::up_to(source.parsed.syntax().range().end());
    let name = module_name(project, file);
    HierarchyItem {
        name: if name.is_empty() { path.rsplit('/').next().unwrap_or_default().to_owned() } else { name },
        detail: path,
        kind: MODULE,
        location: project.location(file, TextRange::default(), whole),
        token: token(&[]),
    }
}

fn of_definition(project: &PythonProject, definition: Definition<'_>) -> HierarchyItem {
    let db = project.db();
    let file = definition.file(db);
    let found = ResolvedDefinition::Definition(definition);
    let (_, focus) = resolve::focus(db, &found);
    let name = project.source_of(file).slice(focus).to_owned();
    let scopes = scopes_around(db, definition);
    let path: Vec<&str> = scopes.iter().map(String::as_str).chain([name.as_str()]).collect();
    HierarchyItem {
        detail: container(project, file, &scopes),
        kind: kind(db, definition),
        location: project.location(file, focus, resolve::full_range(db, &found)),
        token: token(&path),
        name,
    }
}

/// The module and the scopes in it, as Python would name them.
fn container(project: &PythonProject, file: File, scopes: &[String]) -> String {
    let module = module_name(project, file);
    let parts = std::iter::once(&module).chain(scopes).filter(|name| !name.is_empty());
    parts.map(String::as_str).collect::<Vec<_>>().join(".")
}

fn module_name(project: &PythonProject, file: File) -> String {
    let db = project.db();
    let module = file_to_module(db, project.program_file(file).resolver_file(db));
    module.map(|module| module.name(db).as_str().to_owned()).unwrap_or_default()
}

fn kind(db: &dyn Db, definition: Definition<'_>) -> u32 {
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    match definition.kind(db) {
        DefinitionKind::Function(function) => {
            let in_class = matches!(definition.scope(db).node(db), NodeWithScopeKind::Class(_));
            index::symbol_kind_of_function(function.node(&parsed), in_class)
        }
        DefinitionKind::Class(class) => index::symbol_kind_of_class(class.node(&parsed)),
        _ => CLASS,
    }
}

/// The names of the functions and classes that a definition stands in, outermost first.
fn scopes_around(db: &dyn Db, definition: Definition<'_>) -> Vec<String> {
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let index = semantic_index(db, definition.program_file(db));
    let scopes = index.ancestor_scopes(definition.file_scope(db));
    let mut names: Vec<String> = scopes
        .filter_map(|(_, scope)| match scope.node() {
            NodeWithScopeKind::Function(function) => Some(function.node(&parsed).name.to_string()),
            NodeWithScopeKind::Class(class) => Some(class.node(&parsed).name.to_string()),
            _ => None,
        })
        .collect();
    names.reverse();
    names
}

fn token(path: &[&str]) -> Vec<u8> {
    postcard::to_stdvec(path).ok().filter(|token| token.len() <= TOKEN_BYTES_MAX).unwrap_or_default()
}

/// What an item stands for, wherever that is now.
///
/// # Errors
/// [`Failure::NotFound`] if it is gone.
pub(super) fn thing<'db>(project: &'db PythonProject, item: &HierarchyItem) -> Result<Thing<'db>, Failure> {
    let source = project.source(&item.location.path)?;
    let path: Vec<String> = match item.token.is_empty() {
        true => vec![item.name.clone()],
        false => postcard::from_bytes(&item.token)
            .map_err(|_| Failure::InvalidInput("no token of this analyzer".to_owned()))?,
    };
    if path.is_empty() {
        return Ok(Thing::Module(source.file));
    }
    let start = TextSize::new(item.location.span.start);
    let found = defined(&source, &path, start).or_else(|| at_place(project, &source, item));
    found.map(Thing::Definition).ok_or_else(|| Failure::NotFound(format!("{} in {}", item.name, item.location.path)))
}

/// The function or class of a name through its scopes; of several, the nearest to a place.
fn defined<'db>(source: &Source<'db>, path: &[String], place: TextSize) -> Option<Definition<'db>> {
    let mut search = Search { path, depth: 0, found: Vec::new() };
    search.visit_body(source.parsed.suite());
    let distance = |name: TextRange| name.start().to_u32().abs_diff(place.to_u32());
    let (node, _) = search.found.into_iter().min_by_key(|(_, name)| distance(*name))?;
    semantic_index(source.model.db(), source.model.program_file()).try_definitions(node)?.first().copied()
}

/// The variable that still stands at an item's place.
fn at_place<'db>(project: &'db PythonProject, source: &Source<'db>, item: &HierarchyItem) -> Option<Definition<'db>> {
    let range = source.range(item.location.span).ok()?;
    (source.slice(range) == item.name).then(|| reach::definition_at(project, source.file, range)).flatten()
}

/// A search for functions and classes by their names.
struct Search<'p, 'ast> {
    path: &'p [String],
    /// How many of the names the walk is inside of.
    depth: usize,
    found: Vec<(AnyNodeRef<'ast>, TextRange)>,
}

impl<'ast> Search<'_, 'ast> {
    fn enter(&mut self, node: AnyNodeRef<'ast>, name: &str, range: TextRange, body: &'ast [Stmt]) {
        if self.path.get(self.depth).is_none_or(|wanted| wanted != name) {
            return;
        }
        if self.depth + 1 == self.path.len() {
            self.found.push((node, range));
        }
        self.depth += 1;
        self.visit_body(body);
        self.depth -= 1;
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Search<'_, 'ast> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::FunctionDef(function @ StmtFunctionDef { name, body, .. }) => {
                self.enter(function.into(), name, name.range(), body);
            }
            Stmt::ClassDef(class @ StmtClassDef { name, body, .. }) => {
                self.enter(class.into(), name, name.range(), body);
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _: &'ast Expr) {}
}

/// The functions and classes among definitions, past stubs, each once, and of overloads the one that does the work.
pub(super) fn callables<'db>(project: &'db PythonProject, found: &[ResolvedDefinition<'db>]) -> Vec<Definition<'db>> {
    let db = project.db();
    let mut callables = Vec::new();
    for found in found.iter().flat_map(|found| definition::past_stub(project, found.clone())) {
        let Some(definition) = found.definition() else { continue };
        if !matches!(definition.kind(db), DefinitionKind::Function(_) | DefinitionKind::Class(_)) {
            continue;
        }
        let definition = representative(db, definition);
        if !callables.contains(&definition) {
            callables.push(definition);
        }
    }
    callables
}

/// The definition that stands for a function: of overloads the implementation, or the first where a stub has none.
fn representative<'db>(db: &'db dyn Db, definition: Definition<'db>) -> Definition<'db> {
    if !is_overload(db, definition) {
        return definition;
    }
    let siblings = resolve::siblings(db, definition);
    let mut functions = siblings.iter().filter(|other| matches!(other.kind(db), DefinitionKind::Function(_)));
    let implementation = functions.clone().find(|other| !is_overload(db, **other));
    implementation.or_else(|| functions.next()).copied().unwrap_or(definition)
}

fn is_overload(db: &dyn Db, definition: Definition<'_>) -> bool {
    let DefinitionKind::Function(function) = definition.kind(db) else { return false };
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    function.node(&parsed).decorator_list.iter().any(|decorator| match &decorator.expression {
        Expr::Name(name) => name.id == "overload",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "overload",
        _ => false,
    })
}

/// The methods that make the object when a class is called, its own or inherited ones.
pub(super) fn constructors<'db>(project: &'db PythonProject, class: Definition<'db>) -> Vec<Definition<'db>> {
    let db = project.db();
    let made_by = ["__init__", "__new__"].iter().map(|name| inheritance::member(db, class, name));
    // What every object has from `object` says nothing.
    let own = made_by.flatten().filter(|method| !is_of_object(db, *method));
    let found: Vec<_> = own.map(ResolvedDefinition::Definition).collect();
    callables(project, &found)
}

fn is_of_object(db: &dyn Db, method: Definition<'_>) -> bool {
    method.file(db).path(db).is_vendored_path() && scopes_around(db, method) == ["object"]
}
