//! Signature help: the ways to call what is being called, and which parameter comes now.

mod parameter_docs;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ArgOrKeyword, ExprCall};
use ruff_text_size::{Ranged, TextRange, TextSize};
use ty_python_core::scope::NodeWithScopeKind;
use ty_python_semantic::ResolvedDefinition;
use ty_python_semantic::types::ide_support::{
    CallSignatureDetails, call_signature_details, find_active_signature_from_details,
};
use vraftls_guest_sdk::{Failure, Parameter, Signature, SignatureHelp};

use crate::call::call_around;
use crate::hover;
use crate::project::{PythonProject, Source};
use parameter_docs::parameter_docs;

/// Characters that ask for signature help as they are typed.
pub(crate) const TRIGGERS: [&str; 2] = ["(", ","];

/// The call that the offset lies in. None outside of calls, and where nothing is known of what is called.
pub(crate) fn help(project: &PythonProject, path: &str, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    let Some((call, _)) = call_around(&source, offset) else { return Ok(None) };
    let details = call_signature_details(&source.model, call);
    if details.is_empty() {
        return Ok(None);
    }
    let argument = argument_at(&source, call, offset);
    let active = find_active_signature_from_details(&details).unwrap_or(0);
    let active = fitting(&details, active, argument);
    let signatures = details.iter().map(|details| signature(project, details, argument)).collect();
    Ok(Some(SignatureHelp { signatures, active: active as u32 }))
}

/// Which argument an offset is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Argument {
    /// One that is written, by its number in source order.
    Written(usize),
    /// The one after so many.
    Next { after: usize, after_keyword: bool },
}

fn argument_at(source: &Source<'_>, call: &ExprCall, offset: TextSize) -> Argument {
    let mut before = 0;
    let mut after_keyword = false;
    let mut last_end = call.arguments.start();
    for (index, argument) in call.arguments.iter_source_order().enumerate() {
        if argument.range().contains_inclusive(offset) && !argument.range().is_empty() {
            return Argument::Written(index);
        }
        if argument.start() > offset {
            // Before an argument that is written, unless a comma still stands between.
            let comma = has_comma(source, TextRange::new(offset, argument.start()));
            return if comma { Argument::Next { after: before, after_keyword } } else { Argument::Written(index) };
        }
        before = index + 1;
        after_keyword |= matches!(argument, ArgOrKeyword::Keyword(_));
        last_end = argument.end();
    }
    // Behind the last argument, but not behind a comma.
    if before > 0 && !has_comma(source, TextRange::new(last_end.min(offset), offset)) {
        return Argument::Written(before - 1);
    }
    Argument::Next { after: before, after_keyword }
}

fn has_comma(source: &Source<'_>, range: TextRange) -> bool {
    let tokens = source.parsed.tokens();
    let first = tokens.partition_point(|token| token.start() < range.start());
    tokens[first..].iter().take_while(|token| token.end() <= range.end()).any(|token| token.kind() == TokenKind::Comma)
}

/// The signature to show first: the one the engine prefers, unless it has no parameter left for the argument at hand.
fn fitting(details: &[CallSignatureDetails<'_>], preferred: usize, argument: Argument) -> usize {
    let fits = |details: &CallSignatureDetails<'_>| active_parameter(details, argument).is_some();
    if details.get(preferred).is_some_and(fits) {
        return preferred;
    }
    // Of the ones that take all arguments so far.
    let complete = |details: &CallSignatureDetails<'_>| {
        details.argument_to_parameter_mapping.iter().all(|mapping| mapping.matched)
    };
    details.iter().position(|details| complete(details) && fits(details)).unwrap_or(preferred)
}

fn signature<'db>(project: &'db PythonProject, details: &CallSignatureDetails<'db>, argument: Argument) -> Signature {
    let (documentation, docs) = documentation(project, details);
    let mut searched = 0;
    let parameters = details
        .parameters
        .iter()
        .map(|parameter| {
            let (start, end) = position(&details.label, &parameter.label, &mut searched);
            let documentation = docs.get(parameter.name.trim_start_matches('*')).cloned().unwrap_or_default();
            Parameter { start, end, documentation }
        })
        .collect();
    Signature {
        label: details.label.clone(),
        documentation,
        parameters,
        active_parameter: active_parameter(details, argument).map(|index| index as u32),
    }
}

/// Where a parameter stands in the label, after what was searched already.
fn position(label: &str, parameter: &str, searched: &mut usize) -> (u32, u32) {
    let found = label.get(*searched..).and_then(|rest| rest.find(parameter));
    let start = found.map_or(*searched, |found| *searched + found);
    let end = if found.is_some() { start + parameter.len() } else { start };
    *searched = end;
    (start as u32, end as u32)
}

/// The parameter that an argument goes to.
fn active_parameter(details: &CallSignatureDetails<'_>, argument: Argument) -> Option<usize> {
    let mapping = &details.argument_to_displayed_parameter_mapping;
    match argument {
        Argument::Written(index) => mapping.get(index).copied().flatten(),
        Argument::Next { after, after_keyword } => {
            let filled: Vec<usize> = mapping.iter().take(after).copied().flatten().collect();
            let is_free = |index: &usize| {
                let parameter = &details.parameters[*index];
                !filled.contains(index) || parameter.is_variadic || parameter.is_keyword_variadic
            };
            // After a keyword argument only what has a name can follow; else parameters are taken in order.
            let first = match filled.last() {
                Some(last) if !after_keyword => *last,
                _ => 0,
            };
            (first..details.parameters.len())
                .find(|index| is_free(index) && !(after_keyword && details.parameters[*index].is_variadic))
        }
    }
}

/// What is written about the whole as Markdown, and about each parameter.
fn documentation<'db>(
    project: &'db PythonProject,
    details: &CallSignatureDetails<'db>,
) -> (String, parameter_docs::ParameterDocs) {
    let db = project.db();
    let Some(definition) = details.definition else { return Default::default() };
    let mut of = vec![ResolvedDefinition::Definition(definition)];
    // The constructor of a class is seldom described; the class is.
    if matches!(definition.name(db).as_deref(), Some("__init__" | "__new__"))
        && let NodeWithScopeKind::Class(class) = definition.scope(db).node(db)
    {
        let parsed = ruff_db::parsed::parsed_module(db, definition.python_file(db)).load(db);
        let index = ty_python_core::semantic_index(db, definition.program_file(db));
        let class = index.try_definition(class.node(&parsed));
        of.extend(class.map(ResolvedDefinition::Definition));
    }
    let whole = hover::documentation(project, &of).unwrap_or_default();
    let mut docs = parameter_docs::ParameterDocs::default();
    for definition in &of {
        let Some(text) = hover::docstring(project, std::slice::from_ref(definition)) else { continue };
        for (name, text) in parameter_docs(&text) {
            docs.entry(name).or_insert(text);
        }
    }
    (whole, docs)
}

#[cfg(test)]
mod tests;
