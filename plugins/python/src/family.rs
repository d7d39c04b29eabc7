//! The family of a class member: the class that defines it, and the classes below. What `self` and `super()` lead to in any
//! other class is not that member, and that is known without inferring a single method.

use std::cell::OnceCell;

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{AnyNodeRef, Expr, ExprAttribute};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::NodeWithScopeKind;
use ty_python_core::semantic_index;
use ty_python_semantic::{Db, ImplementationsFinder, ResolvedDefinition};

use crate::occurrence::At;
use crate::project::{PythonProject, Source};
use crate::{inheritance, resolve};

/// The class that a member belongs to, and who inherits from it.
pub(crate) struct Family<'db> {
    owner: Definition<'db>,
    finder: ImplementationsFinder<'db>,
}

/// The members of a family in one file, found when they are first asked for.
pub(crate) struct InFile<'search, 'db> {
    family: Option<&'search Family<'db>>,
    members: OnceCell<Vec<Definition<'search>>>,
}

impl<'db> Family<'db> {
    /// The family of what is defined, if that is a member of a class.
    pub(crate) fn of(project: &'db PythonProject, definition: Definition<'db>) -> Option<Self> {
        let db = project.db();
        let owner = inheritance::class_of_member(db, definition)?;
        let env = ty_python_semantic::ProgramEnvironment::from_file(owner.program_file(db));
        let finder = ImplementationsFinder::for_class_reference(db, &env, &[ResolvedDefinition::Definition(owner)])?;
        Some(Self { owner, finder })
    }

    /// Whether the class is named nowhere but where it is defined. Then nothing outside its own file can be known to be one,
    /// and nothing can inherit from it.
    pub(crate) fn is_never_named(&self, project: &PythonProject) -> bool {
        let (file, range) = resolve::focus(project.db(), &ResolvedDefinition::Definition(self.owner));
        let source = project.source_of(file);
        let candidates = project.workspace().candidates(source.slice(range), 0);
        let mut named = candidates
            .iter()
            .flat_map(|candidate| candidate.offsets.iter().map(|offset| (candidate.path.as_str(), *offset)));
        let path = project.path_of(file);
        named.all(|place| place == (path.as_str(), range.start().to_u32()))
    }

    /// Whether two members belong to the same class.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.owner == other.owner
    }
}

impl<'search, 'db> InFile<'search, 'db> {
    /// The family in a file; without a family everything may belong to it.
    pub(crate) fn new(family: Option<&'search Family<'db>>) -> Self {
        Self { family, members: OnceCell::new() }
    }

    /// Whether an attribute of `self` or `super()` may be the member. True of any other attribute.
    pub(crate) fn may_hold(
        &self,
        project: &'db PythonProject,
        source: &Source<'db>,
        at: &At<'_, 'db>,
        attribute: &ExprAttribute,
    ) -> bool {
        let Some(family) = self.family else { return true };
        let Some(class) = class_of_receiver(project.db(), at, attribute) else { return true };
        class == family.owner || self.members(project, source, family).contains(&class)
    }

    fn members(
        &self,
        project: &'db PythonProject,
        source: &Source<'db>,
        family: &'search Family<'db>,
    ) -> &[Definition<'search>] {
        self.members.get_or_init(|| {
            let found = family.finder.implementations_for_file(project.db(), project.program_file(source.file));
            found.iter().filter_map(ResolvedDefinition::definition).collect()
        })
    }
}

/// The class whose method an attribute of `self` or `super()` stands in.
fn class_of_receiver<'db>(db: &'db dyn Db, at: &At<'_, 'db>, attribute: &ExprAttribute) -> Option<Definition<'db>> {
    let model = at.model;
    match &*attribute.value {
        Expr::Name(name) => {
            let class = inheritance::class_of_self(model, &attribute.value)?;
            let bindings = resolve::visible_bindings(model, &name.id, name.into());
            let is_plain = !bindings.iter().any(|binding| is_of_class(db, *binding));
            (is_plain && !inheritance::is_tested(model, &attribute.value)).then_some(class)
        }
        Expr::Call(call)
            if call.arguments.is_empty() && matches!(&*call.func, Expr::Name(name) if name.id == "super") =>
        {
            let class = at.node.ancestors().find(|node| matches!(node, AnyNodeRef::StmtClassDef(_)))?;
            semantic_index(db, model.program_file()).try_definitions(class)?.first().copied()
        }
        _ => None,
    }
}

/// Whether the first parameter of a method is the class, or nothing special: by decorator, or by the method's name.
fn is_of_class(db: &dyn Db, first_parameter: Definition<'_>) -> bool {
    let NodeWithScopeKind::Function(function) = first_parameter.scope(db).node(db) else { return true };
    let parsed = parsed_module(db, first_parameter.python_file(db)).load(db);
    let function = function.node(&parsed);
    let annotated =
        function.parameters.iter_non_variadic_params().next().is_some_and(|first| first.annotation().is_some());
    let implicit = matches!(function.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__");
    let decorated = function.decorator_list.iter().any(|decorator| {
        matches!(&decorator.expression, Expr::Name(name) if matches!(name.id.as_str(), "staticmethod" | "classmethod"))
    });
    annotated || implicit || decorated
}

/// Whether a definition may be a field that a constructor takes by its name: an annotated assignment of a class.
pub(crate) fn is_field(db: &dyn Db, definition: Definition<'_>) -> bool {
    matches!(definition.kind(db), DefinitionKind::AnnotatedAssignment(_))
        && matches!(definition.scope(db).node(db), NodeWithScopeKind::Class(_))
}
