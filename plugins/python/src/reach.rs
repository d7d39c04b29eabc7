//! How far a thing can be seen, and so which occurrences of its name cannot mean it. Everything here is decided by syntax and
//! scopes, without inference: a search confirms thousands of candidates, and most fall here.

use ruff_db::files::File;
use ruff_db::parsed::parsed_module;
use ruff_python_ast::{AnyNodeRef, Expr, ExprName};
use ruff_text_size::{Ranged, TextRange};
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_core::place::ScopedPlaceId;
use ty_python_core::place_table;
use ty_python_core::scope::NodeWithScopeKind;
use ty_python_semantic::{Db, SemanticModel};

use crate::occurrence::{At, Occurrence, look_at};
use crate::project::PythonProject;
use crate::{family, foreign, resolve};

/// How far a thing can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// There is no thing.
    Nothing,
    /// In a function, and no argument names it: its own file alone.
    Local(File),
    /// A parameter: its own file, and the names of arguments anywhere.
    Parameter(File),
    /// At the top of a module: names in its own file, imports, and attributes of modules.
    Global(File),
    /// In a class, or an attribute of its instances: names in its own file, and attributes of anything.
    Member(File),
    /// The same, but it may also be the name of an argument: a field of a data class.
    Field(File),
    /// A module: imports, and attributes of packages.
    Module,
    /// At the top of several modules, some of which may be meant themselves.
    Globals,
    /// Several of these, or none that we know.
    Anything,
}

/// The definition whose name is at a place.
pub(crate) fn definition_at<'db>(project: &'db PythonProject, file: File, range: TextRange) -> Option<Definition<'db>> {
    let source = project.source_of(file);
    let definition = look_at(&source, range.start(), |at| {
        (at.range == range && !at.in_string).then(|| at.model.first_local_definition(at.node)).flatten()
    });
    definition.flatten()
}

/// How far a definition can be seen.
pub(crate) fn of(project: &PythonProject, definition: Definition<'_>) -> Reach {
    let db = project.db();
    let file = definition.file(db);
    // What is told apart below is what a project defines.
    if file.path(db).is_vendored_path() {
        return Reach::Anything;
    }
    if matches!(definition.place(db), ScopedPlaceId::Member(_)) {
        return Reach::Member(file);
    }
    match (definition.scope(db).node(db), definition.kind(db)) {
        (NodeWithScopeKind::Module, _) => Reach::Global(file),
        (NodeWithScopeKind::Class(_), _) if family::is_field(db, definition) => Reach::Field(file),
        (NodeWithScopeKind::Class(_), _) => Reach::Member(file),
        (NodeWithScopeKind::Function(_), DefinitionKind::Parameter(parameter)) => {
            if may_be_named(db, definition, parameter) { Reach::Parameter(file) } else { Reach::Local(file) }
        }
        _ if is_forwarded(project, definition) => Reach::Anything,
        _ => Reach::Local(file),
    }
}

/// Whether an argument can name a parameter: neither `*args` nor `**kwargs`, nor one before `/`.
fn may_be_named(db: &dyn Db, definition: Definition<'_>, parameter: &ParameterDefinitionNodeKind) -> bool {
    let ParameterDefinitionNodeKind::Parameter(parameter) = parameter else { return false };
    let NodeWithScopeKind::Function(function) = definition.scope(db).node(db) else { return true };
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let own = parameter.node(&parsed).range();
    !function.node(&parsed).parameters.posonlyargs.iter().any(|parameter| parameter.range() == own)
}

/// Whether the scope of a definition says `global` or `nonlocal` of its name.
fn is_forwarded(project: &PythonProject, definition: Definition<'_>) -> bool {
    let db = project.db();
    let table = place_table(db, definition.scope(db));
    match definition.place(db) {
        ScopedPlaceId::Symbol(symbol) => !table.symbol(symbol).is_local(),
        ScopedPlaceId::Member(_) => false,
    }
}

impl Reach {
    /// The reach of two things together.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, reach) | (reach, Self::Nothing) => reach,
            (one, other) if one == other => one,
            (Self::Member(file), Self::Field(other)) | (Self::Field(file), Self::Member(other)) if file == other => {
                Self::Field(file)
            }
            (Self::Global(_) | Self::Globals | Self::Module, Self::Global(_) | Self::Globals | Self::Module) => {
                Self::Globals
            }
            _ => Self::Anything,
        }
    }

    /// Whether all that can mean the thing is in its own file.
    pub(crate) fn is_one_file(self) -> bool {
        matches!(self, Self::Local(_))
    }

    /// Whether the thing is seen through its class alone.
    pub(crate) fn is_of_class(self) -> bool {
        matches!(self, Self::Member(_))
    }

    /// Whether anything in the file can mean the thing.
    pub(crate) fn may_reach(self, file: File) -> bool {
        match self {
            Self::Nothing => false,
            Self::Local(own) => own == file,
            _ => true,
        }
    }

    /// Whether an occurrence of the name can mean the thing, by the text around it. To be asked first: a file in which no
    /// candidate can mean it is not even parsed.
    pub(crate) fn may_mean_text(self, file: File, text: &str, range: TextRange) -> bool {
        let (Self::Member(own) | Self::Field(own) | Self::Parameter(own)) = self else { return true };
        if own == file {
            return true;
        }
        let (Some(before), Some(after)) = (text.get(..range.start().to_usize()), text.get(range.end().to_usize()..))
        else {
            return false;
        };
        // The name of an argument or of an attribute in a pattern; or a key, of which the quote is left to see.
        let is_named = after.trim_start_matches([' ', '\t', '\\', '\r', '\n']).starts_with('=');
        let is_quoted = after.starts_with(['"', '\'']);
        let is_attribute = || {
            let line_start = before.trim_end().rfind('\n').map_or(0, |end| end + 1);
            before.trim_end_matches([' ', '\t', '\\', '\r', '\n']).ends_with('.')
                // A comment may stand between the dot and its name.
                || (before.ends_with(['\n', ' ', '\t']) && before[line_start..].contains('#'))
        };
        match self {
            Self::Parameter(_) => is_named,
            _ => is_named || is_quoted || is_attribute(),
        }
    }

    /// Whether the thing may be one of those at the top of a file.
    fn is_global_of(self, file: File) -> bool {
        match self {
            Self::Global(own) => own == file,
            Self::Globals => true,
            _ => false,
        }
    }

    /// Whether an occurrence of the name in a file can mean the thing.
    pub(crate) fn may_mean(self, file: File, at: &At<'_, '_>) -> bool {
        let occurrence = at.occurrence;
        match self {
            Self::Nothing => false,
            Self::Anything => true,
            Self::Local(own) => own == file && is_bare(occurrence),
            Self::Parameter(own) => {
                matches!(occurrence, Occurrence::Keyword { .. }) || (own == file && is_bare(occurrence))
            }
            Self::Member(own) | Self::Field(own) => match occurrence {
                Occurrence::Attribute(attribute) => at.in_string || may_have_members(at.model, &attribute.value),
                Occurrence::PatternKeyword { .. } | Occurrence::Slot(_) => true,
                Occurrence::Keyword { .. } | Occurrence::Key { .. } => matches!(self, Self::Field(_)),
                occurrence => own == file && is_bare(occurrence),
            },
            Self::Global(_) | Self::Globals | Self::Module => match occurrence {
                Occurrence::Attribute(attribute) => may_be_module(at.model, &attribute.value),
                Occurrence::Name(_) | Occurrence::Scoped(_) | Occurrence::Exported(_) => true,
                Occurrence::ImportedName { .. } | Occurrence::Module(_) | Occurrence::ImportAlias { .. } => true,
                // A module may define what it could not import.
                Occurrence::Definition => self.is_global_of(file) || is_imported_too(at),
                Occurrence::Keyword { .. } | Occurrence::PatternKeyword { .. } => false,
                Occurrence::Key { .. } | Occurrence::Slot(_) => false,
            },
        }
    }
}

/// Whether what is defined is imported as well: in another branch.
fn is_imported_too(at: &At<'_, '_>) -> bool {
    let db = at.model.db();
    let definition = if at.in_string { None } else { at.model.first_local_definition(at.node) };
    definition.is_some_and(|definition| {
        let siblings = resolve::siblings(db, definition);
        siblings.iter().any(|sibling| sibling.kind(db).is_import())
    })
}

/// Whether a name stands for itself, and is no part of something else.
fn is_bare(occurrence: Occurrence<'_>) -> bool {
    match occurrence {
        Occurrence::Name(_) | Occurrence::Scoped(_) | Occurrence::Definition | Occurrence::Exported(_) => true,
        Occurrence::ImportAlias { .. } | Occurrence::ImportedName { .. } | Occurrence::Module(_) => true,
        Occurrence::Attribute(_)
        | Occurrence::Keyword { .. }
        | Occurrence::PatternKeyword { .. }
        | Occurrence::Slot(_)
        | Occurrence::Key { .. } => false,
    }
}

/// Whether an expression may be a module: a dotted name that begins with an import.
fn may_be_module(model: &SemanticModel<'_>, receiver: &Expr) -> bool {
    match receiver {
        Expr::Attribute(attribute) => may_be_module(model, &attribute.value),
        Expr::Name(name) => resolve::visible_bindings(model, &name.id, AnyNodeRef::from(name))
            .iter()
            .any(|binding| binding.kind(model.db()).is_import()),
        _ => false,
    }
}

/// Whether the engine may know a class of an expression: it is no module, and not nothing foreign.
fn may_have_members(model: &SemanticModel<'_>, receiver: &Expr) -> bool {
    let is_module = |name: &ExprName| {
        let bindings = resolve::visible_bindings(model, &name.id, AnyNodeRef::from(name));
        let imports = |binding: &Definition<'_>| matches!(binding.kind(model.db()), DefinitionKind::Import(_));
        !bindings.is_empty() && bindings.iter().all(imports)
    };
    let is_module = matches!(receiver, Expr::Name(name) if is_module(name));
    !is_module && !foreign::is_foreign(model, receiver)
}
