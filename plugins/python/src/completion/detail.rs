//! The rest of a proposal: its type and what its author wrote about it.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{ExprAttribute, Identifier};
use ruff_text_size::{TextRange, TextSize};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::types::Type;
use ty_python_semantic::types::ide_support::call_signature_details;
use ty_python_semantic::{
    HasType, ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_attribute,
    definitions_for_imported_symbol,
};
use vraftls_guest_sdk::Details;

use super::place::ModuleRef;
use super::proposal::Subject;
use super::{imports, kinds, members, offered, scope};
use crate::call::call_at;
use crate::project::{PythonProject, Source};
use crate::{hover, inheritance};

/// Type and documentation of what a proposal is about. Empty where the file has changed so much that it is gone.
pub(super) fn details<'db>(project: &'db PythonProject, source: &Source<'db>, subject: &Subject) -> Details {
    let found = match subject {
        Subject::Member { dot, name } => member(project, source, *dot, name),
        Subject::Name { offset, name } => in_scope(project, source, *offset, name),
        Subject::Imported { level, module, name } => imported(project, source, *level, module, name),
        Subject::Module { level, module } => of_module(project, source, *level, module),
        Subject::Argument { open, name } => argument(source, *open, name),
        Subject::Missing { module, name: Some(name) } => imported(project, source, 0, module, name),
        Subject::Missing { module, name: None } => of_module(project, source, 0, module),
    };
    let (detail, documentation) = found.unwrap_or_default();
    Details { detail, documentation, additional: Vec::new() }
}

/// Type and documentation, each empty where it is unknown.
type Found = Option<(String, String)>;

fn member<'db>(project: &'db PythonProject, source: &Source<'db>, dot: u32, name: &str) -> Found {
    let dot = TextRange::at(TextSize::new(dot), TextSize::new(1));
    let attribute = members::attribute_at(source, dot)?;
    let model = &source.model;
    let ty = offered::of_attribute(source, attribute).into_iter().find(|member| member.name == name)?.ty;
    // The same access, but of the member that is proposed.
    let access = ExprAttribute { attr: Identifier::new(name, TextRange::default()), ..attribute.clone() };
    let mut definitions = definitions_for_attribute(model, &access);
    // Of `super()` the engine gives none.
    if definitions.is_empty()
        && let Some(receiver @ Type::BoundSuper(_)) = attribute.value.inferred_type(model)
        && let Some(class) = members::home(source, attribute, receiver)
    {
        let above = inheritance::member_above(model.db(), class, name);
        definitions.extend(above.into_iter().map(ResolvedDefinition::Definition));
    }
    Some((shown(model, ty), documentation(project, &definitions)))
}

fn in_scope<'db>(project: &'db PythonProject, source: &Source<'db>, offset: u32, name: &str) -> Found {
    let offset = TextSize::new(offset.min(source.text.len() as u32));
    if !source.text.is_char_boundary(offset.to_usize()) {
        return None;
    }
    let definition = scope::definition_at(source, offset, name)?;
    let model = &source.model;
    let original = kinds::followed(model, definition).unwrap_or(ResolvedDefinition::Definition(definition));
    let ty = match &original {
        ResolvedDefinition::Definition(definition) => type_of(model, *definition),
        ResolvedDefinition::Module(_) | ResolvedDefinition::FileWithRange(_) => None,
    };
    Some((shown(model, ty), documentation(project, &[original])))
}

fn imported<'db>(project: &'db PythonProject, source: &Source<'db>, level: u32, module: &str, name: &str) -> Found {
    let model = &source.model;
    let import = imports::from_import(&ModuleRef { level, name: module.to_owned() });
    let ty = offered::of_import(model, &import).into_iter().find(|found| found.name == name)?.ty;
    let definitions = definitions_for_imported_symbol(model, &import, name, ImportAliasResolution::ResolveAliases);
    Some((shown(model, ty), documentation(project, &definitions)))
}

fn of_module<'db>(project: &'db PythonProject, source: &Source<'db>, level: u32, module: &str) -> Found {
    let model = &source.model;
    let module = model.resolve_module(Some(module).filter(|name| !name.is_empty()), level)?;
    let db = model.db();
    let file = module.file(db)?;
    let definition = ResolvedDefinition::Module(ty_python_core::ProgramFile::new(db, file, model.program()));
    Some((format!("(module) {}", module.name(db)), documentation(project, &[definition])))
}

fn argument(source: &Source<'_>, open: u32, name: &str) -> Found {
    let call = call_at(source, TextRange::at(TextSize::new(open), TextSize::new(1)))?;
    let details = call_signature_details(&source.model, call);
    let parameter = details.iter().flat_map(|details| &details.parameters).find(|parameter| parameter.name == name)?;
    Some((parameter.label.clone(), String::new()))
}

/// The type of a definition, where the engine can be asked about it.
fn type_of<'db>(model: &SemanticModel<'db>, definition: Definition<'db>) -> Option<Type<'db>> {
    let db = model.db();
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let home = SemanticModel::new(db, definition.program_file(db));
    match definition.kind(db) {
        DefinitionKind::Function(function) => function.node(&parsed).inferred_type(&home),
        DefinitionKind::Class(class) => class.node(&parsed).inferred_type(&home),
        DefinitionKind::Assignment(assignment) => assignment.target(&parsed).inferred_type(&home),
        DefinitionKind::AnnotatedAssignment(assignment) => assignment.target(&parsed).inferred_type(&home),
        DefinitionKind::For(statement) => statement.target(&parsed).inferred_type(&home),
        DefinitionKind::WithItem(item) => item.target(&parsed).inferred_type(&home),
        _ => None,
    }
}

fn shown<'db>(model: &SemanticModel<'db>, ty: Option<Type<'db>>) -> String {
    ty.map(|ty| ty.display(model.db(), &model.program_environment()).to_string()).unwrap_or_default()
}

/// What the first definition that has any documentation says.
fn documentation<'db>(project: &'db PythonProject, definitions: &[ResolvedDefinition<'db>]) -> String {
    hover::documentation(project, definitions).unwrap_or_default()
}
