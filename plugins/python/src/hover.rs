//! What a person wants to know of the thing under the pointer: its signature or type, and its documentation.

use ruff_python_ast::{AnyNodeRef, ExprCall};
use ruff_text_size::Ranged;
use ty_python_semantic::ResolvedDefinition;
use ty_python_semantic::types::Type;
use ty_python_semantic::types::ide_support::{
    call_type_simplified_by_overloads, constructor_signature, typed_dict_key_hover,
};
use vraftls_guest_sdk::{Failure, HoverInfo};

use crate::occurrence::{At, Occurrence, look_at};
use crate::project::{PythonProject, Source, span};
use crate::resolve::{self, Follow};
use crate::{definition, docstring, inferred};

/// What is known of the thing at the offset.
pub(crate) fn hover(project: &PythonProject, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    Ok(look_at(&source, offset, |at| describe(project, &source, at)).flatten())
}

/// What is known of an occurrence.
pub(crate) fn describe<'db>(project: &'db PythonProject, source: &Source<'db>, at: &At<'_, 'db>) -> Option<HoverInfo> {
    let definitions = resolve::definitions(at, Follow::Everything);
    let signature = signature(project, source, at, &definitions);
    let documentation = documentation(project, &definitions).unwrap_or_default();
    (!signature.is_empty() || !documentation.is_empty()).then(|| HoverInfo {
        span: span(at.range),
        signature,
        language: "python".to_owned(),
        documentation,
    })
}

/// The first documentation that any of the definitions has, there or in the source that its stub describes, as Markdown.
pub(crate) fn documentation<'db>(
    project: &'db PythonProject,
    definitions: &[ResolvedDefinition<'db>],
) -> Option<String> {
    let text = docstring(project, definitions)?;
    Some(docstring::to_markdown(&text)).filter(|text| !text.is_empty())
}

/// The same as it is written.
pub(crate) fn docstring<'db>(project: &'db PythonProject, definitions: &[ResolvedDefinition<'db>]) -> Option<String> {
    let db = project.db();
    let of = |definition: &ResolvedDefinition<'db>| {
        definition.docstring(db).or_else(|| definition.implementation_docstring(db))
    };
    let direct = definitions.iter().find_map(of);
    direct.or_else(|| {
        definitions
            .iter()
            .flat_map(|definition| definition::past_stub(project, definition.clone()))
            .find_map(|described| of(&described))
    })
}

fn signature<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    at: &At<'_, 'db>,
    definitions: &[ResolvedDefinition<'db>],
) -> String {
    let name = source.slice(at.range);
    if let Occurrence::Key { subscript, .. } = at.occurrence
        && let Some(hover) = typed_dict_key_hover(at.model, subscript)
    {
        let declared = hover.declared_ty.display(project.db(), &at.model.program_environment()).to_string();
        return format!("{}[\"{}\"]: {declared}", hover.owner, hover.key);
    }
    let called = call_of(at);
    if let Some(constructor) = called.and_then(|call| constructor_signature(at.model, call)) {
        return constructor;
    }
    if let Some(overload) = called.and_then(|call| call_type_simplified_by_overloads(at.model, call)) {
        return overload;
    }
    let ty = match type_to_show(at, definitions) {
        Some(ty) => ty,
        None if definitions.is_empty() => return String::new(),
        None => return name.to_owned(),
    };
    let env = at.model.program_environment();
    let shown = ty.display(project.db(), &env).multiline().to_string();
    match ty {
        // Nobody wrote that the result is unknown.
        Type::FunctionLiteral(_) | Type::BoundMethod(_) => shown.trim_end_matches(" -> Unknown").to_owned(),
        Type::ClassLiteral(_) => format!("class {}", in_brackets(&shown, "<class '").unwrap_or(name)),
        Type::ModuleLiteral(_) => format!("module {}", in_brackets(&shown, "<module '").unwrap_or(name)),
        _ if names_class(project, definitions) => format!("class {name}"),
        _ => format!("{name}: {shown}"),
    }
}

/// The type of what is named: of the parameter, where an argument is named by it.
fn type_to_show<'db>(at: &At<'_, 'db>, definitions: &[ResolvedDefinition<'db>]) -> Option<Type<'db>> {
    let parameter = match at.occurrence {
        Occurrence::Keyword { .. } => definitions.first().and_then(ResolvedDefinition::definition),
        _ => None,
    };
    parameter
        .and_then(|parameter| inferred::type_of_parameter(at.model.db(), parameter))
        .or_else(|| inferred::type_of(at))
}

/// Whether a class is meant where its name has the type of an instance: in an annotation.
fn names_class(project: &PythonProject, definitions: &[ResolvedDefinition<'_>]) -> bool {
    let is_class = |found: &ResolvedDefinition<'_>| {
        found.definition().is_some_and(|definition| definition.kind(project.db()).as_class().is_some())
    };
    !definitions.is_empty() && definitions.iter().all(is_class)
}

fn in_brackets<'a>(shown: &'a str, before: &str) -> Option<&'a str> {
    shown.strip_prefix(before)?.strip_suffix("'>")
}

/// The call whose function the occurrence is.
fn call_of<'ast>(at: &At<'ast, '_>) -> Option<&'ast ExprCall> {
    let callee = match at.occurrence {
        Occurrence::Name(name) => name.range(),
        Occurrence::Attribute(attribute) => attribute.range(),
        _ => return None,
    };
    let call = at.node.ancestors().find_map(|node| match node {
        AnyNodeRef::ExprCall(call) => Some(call),
        _ => None,
    })?;
    (call.func.range() == callee).then_some(call)
}
