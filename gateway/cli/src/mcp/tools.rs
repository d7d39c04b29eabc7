//! The tools: their names, what agents are told of them, their arguments, and who answers.

use std::sync::Arc;

use anyhow::Context;
use rmcp::model::{self, JsonObject, ToolAnnotations};
use rmcp::schemars::JsonSchema;
use rmcp::schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::arguments::{DefinitionArguments, DiagnosticsArguments, HoverArguments, ReferencesArguments};
use super::arguments::{RenameArguments, SymbolsArguments};
use super::texts::Reply;
use super::{outlines, places, problems};
use crate::client::Session;

/// A tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tool {
    Definition,
    References,
    Hover,
    Symbols,
    Diagnostics,
    RenamePreview,
}

impl Tool {
    pub(super) const ALL: [Self; 6] =
        [Self::Definition, Self::References, Self::Hover, Self::Symbols, Self::Diagnostics, Self::RenamePreview];

    /// The tool of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::References => "references",
            Self::Hover => "hover",
            Self::Symbols => "symbols",
            Self::Diagnostics => "diagnostics",
            Self::RenamePreview => "rename_preview",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Definition => {
                "Where the name at a place is defined, also in other files and in libraries; with `kind` where its type is defined, \
                 where it is declared, or where it is implemented. Each place comes with its line of source."
            }
            Self::References => {
                "Every place in the folder where the thing at a place is used, its definition included. Found by analysis: other \
                 things of the same name are not among them. Use it before you change or remove something."
            }
            Self::Hover => "The signature or type of the name at a place, and its documentation.",
            Self::Symbols => {
                "With `file`: what that file defines, as an outline. With `query`: classes, functions, methods and variables of the \
                 whole folder whose names match, best first. With both: what of the file matches."
            }
            Self::Diagnostics => {
                "Errors and warnings of a file, or without `file` of the whole folder: types that do not fit, names that do not exist, \
                 imports that fail. Use it after you edited something."
            }
            Self::RenamePreview => {
                "What renaming the thing at a place would change, in all files, as edits and as lines before and after. \
                 Nothing is written: apply the edits yourself."
            }
        }
    }

    /// As agents are told of it.
    pub(super) fn described(self) -> model::Tool {
        let (input, output) = match self {
            Self::Definition => (input::<DefinitionArguments>(), output::<places::Places>()),
            Self::References => (input::<ReferencesArguments>(), output::<places::Places>()),
            Self::Hover => (input::<HoverArguments>(), output::<places::Known>()),
            Self::Symbols => (input::<SymbolsArguments>(), output::<outlines::Symbols>()),
            Self::Diagnostics => (input::<DiagnosticsArguments>(), output::<problems::Problems>()),
            Self::RenamePreview => (input::<RenameArguments>(), output::<places::Edits>()),
        };
        let annotations = ToolAnnotations::new().read_only(true).idempotent(true).open_world(false);
        let tool = model::Tool::new(self.name(), self.description(), input);
        tool.with_raw_output_schema(output).with_annotations(annotations)
    }
}

/// What a call may be made with.
fn input<T: JsonSchema>() -> Arc<JsonObject> {
    schema::<T>(SchemaSettings::draft2020_12())
}

/// What it gives.
fn output<T: JsonSchema>() -> Arc<JsonObject> {
    schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// The schema of an object, without references: not every agent follows them.
fn schema<T: JsonSchema>(settings: SchemaSettings) -> Arc<JsonObject> {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut object = schema.as_object().cloned().unwrap_or_default();
    // The names of our types say nothing to an agent.
    object.remove("title");
    object.remove("description");
    Arc::new(object)
}

/// Answers a call.
pub(super) async fn answer(session: &Session, tool: Tool, arguments: Value) -> anyhow::Result<Reply> {
    match tool {
        Tool::Definition => places::definition(session, read(tool, arguments)?).await,
        Tool::References => places::references(session, read(tool, arguments)?).await,
        Tool::Hover => places::hover(session, read(tool, arguments)?).await,
        Tool::Symbols => outlines::symbols(session, read(tool, arguments)?).await,
        Tool::Diagnostics => problems::diagnostics(session, read(tool, arguments)?).await,
        Tool::RenamePreview => places::rename_preview(session, read(tool, arguments)?).await,
    }
}

fn read<T: DeserializeOwned>(tool: Tool, arguments: Value) -> anyhow::Result<T> {
    serde_json::from_value(arguments)
        .with_context(|| format!("the arguments of `{}` are not as they should be", tool.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_described_and_found_by_its_name() {
        for tool in Tool::ALL {
            let described = serde_json::to_value(tool.described()).expect("it is written as JSON");
            assert_eq!(Tool::named(tool.name()), Some(tool));
            for schema in ["inputSchema", "outputSchema"] {
                assert_eq!(described[schema]["type"], "object", "{schema} of {tool:?}");
                assert!(!described[schema].to_string().contains("$ref"), "{schema} of {tool:?}");
            }
            let properties = described["inputSchema"]["properties"].as_object().expect("an object");
            let undescribed = properties.iter().filter(|(_, property)| property.get("description").is_none());
            assert_eq!(undescribed.count(), 0, "{tool:?}: {properties:?}");
            assert_eq!(described["inputSchema"]["additionalProperties"], false, "{tool:?}");
        }
        assert_eq!(Tool::named("nonsense"), None);
    }
}
