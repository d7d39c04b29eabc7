//! From the host's values to those that plugin authors know, and back: both come from one contract.

use vraftls_guest_sdk as sdk;
use vraftls_index::{Diagnostic, Facts, Location, Roles, Symbol};
use vraftls_proto as proto;
use vraftls_query::Fault;
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::VfsPath;

/// The parent of a symbol at the top, as guests write it.
const TOP: u32 = u32::MAX;

pub(crate) fn failure(fault: Fault) -> sdk::Failure {
    match fault {
        Fault::Unsupported => sdk::Failure::Unsupported,
        Fault::Cancelled => sdk::Failure::Cancelled,
        Fault::NotFound(path) => sdk::Failure::NotFound(path),
        Fault::InvalidInput(reason) => sdk::Failure::InvalidInput(reason),
        Fault::Limit(what) => sdk::Failure::Limited(what),
        Fault::Internal(reason) => sdk::Failure::Internal(reason),
        // No guest says these: it broke the contract, or the host could not run it.
        other => sdk::Failure::Internal(other.to_string()),
    }
}

/// A path of a guest or of a fixture.
pub(crate) fn path(path: &str) -> Result<VfsPath, sdk::Failure> {
    VfsPath::new(path).map_err(|error| sdk::Failure::InvalidInput(format!("{path:?}: {error}")))
}

pub(crate) fn span(span: Span) -> sdk::Span {
    sdk::Span { start: span.start(), end: span.end() }
}

pub(crate) fn span_back(span: sdk::Span) -> Result<Span, sdk::Failure> {
    let broken = || sdk::Failure::InvalidInput(format!("{}..{} is no span", span.start, span.end));
    Span::new(span.start, span.end).ok_or_else(broken)
}

pub(crate) fn location(location: Location) -> sdk::Location {
    sdk::Location { path: text(&location.path), span: span(location.span), full: span(location.full) }
}

pub(crate) fn location_back(location: &sdk::Location) -> Result<Location, sdk::Failure> {
    Ok(Location { path: path(&location.path)?, span: span_back(location.span)?, full: span_back(location.full)? })
}

pub(crate) fn diagnostic(found: Diagnostic) -> sdk::Diagnostic {
    let related = found.related.into_iter();
    sdk::Diagnostic {
        span: span(found.span),
        severity: u32::from(found.severity),
        code: found.code,
        code_url: found.code_url,
        message: found.message,
        tags: u32::from(found.unnecessary) | u32::from(found.deprecated) << 1,
        related: related
            .map(|related| sdk::Related { location: location(related.location), message: related.message })
            .collect(),
    }
}

pub(crate) fn facts(facts: Facts) -> sdk::Facts {
    let import = |import: vraftls_index::ImportRef| sdk::ImportRef {
        module: import.module,
        span: span(import.span),
        names: import.names,
    };
    sdk::Facts {
        symbols: facts.symbols.into_iter().map(symbol).collect(),
        names: facts.names.into_iter().map(String::from).collect(),
        occurrences: facts.occurrences.as_packed().to_vec(),
        imports: facts.imports.into_iter().map(import).collect(),
        folds: facts.folds,
        diagnostics: facts.diagnostics.into_iter().map(diagnostic).collect(),
        interface_hash: facts.interface_hash,
    }
}

fn symbol(symbol: Symbol) -> sdk::Symbol {
    let flag = |flag: sdk::SymbolFlags, is_set: bool| if is_set { flag } else { sdk::SymbolFlags::empty() };
    let traits = flag(sdk::SymbolFlags::EXPORTED, symbol.traits.exported)
        | flag(sdk::SymbolFlags::DEPRECATED, symbol.traits.deprecated)
        | flag(sdk::SymbolFlags::PRIVATE, symbol.traits.private);
    sdk::Symbol {
        name: symbol.name,
        detail: symbol.detail,
        kind: symbol.kind,
        parent: symbol.parent.unwrap_or(TOP),
        full: span(symbol.full),
        span: span(symbol.span),
        traits,
    }
}

pub(crate) fn targets(targets: proto::Targets) -> sdk::Targets {
    sdk::Targets { origin: span(targets.origin), locations: targets.locations.into_iter().map(location).collect() }
}

pub(crate) fn plan(plan: proto::SearchPlan) -> sdk::SearchPlan {
    sdk::SearchPlan {
        origin: span(plan.origin),
        names: plan.names,
        roles: plan.roles.0,
        only: plan.only.as_ref().map(text),
        definitions: plan.definitions.into_iter().map(location).collect(),
        token: plan.token,
    }
}

pub(crate) fn plan_back(plan: sdk::SearchPlan) -> Result<proto::SearchPlan, sdk::Failure> {
    Ok(proto::SearchPlan {
        origin: span_back(plan.origin)?,
        names: plan.names,
        roles: Roles(plan.roles),
        only: plan.only.as_deref().map(path).transpose()?,
        definitions: plan.definitions.iter().map(location_back).collect::<Result<_, _>>()?,
        token: plan.token,
    })
}

pub(crate) fn candidates_back(files: Vec<sdk::Candidate>) -> Result<Vec<proto::Candidate>, sdk::Failure> {
    let candidate = |file: sdk::Candidate| Ok(proto::Candidate { path: path(&file.path)?, offsets: file.offsets });
    files.into_iter().map(candidate).collect()
}

pub(crate) fn file_references(file: proto::FileReferences) -> sdk::FileReferences {
    let reference = |found: proto::Reference| sdk::Reference { span: span(found.span), roles: found.roles.0 };
    sdk::FileReferences { path: text(&file.path), references: file.references.into_iter().map(reference).collect() }
}

pub(crate) fn highlight(highlight: proto::Highlight) -> sdk::Highlight {
    sdk::Highlight { span: span(highlight.span), kind: u32::from(highlight.kind) }
}

pub(crate) fn hover(hover: proto::Hover) -> sdk::HoverInfo {
    sdk::HoverInfo {
        span: span(hover.span),
        signature: hover.signature,
        language: hover.language,
        documentation: hover.documentation,
    }
}

pub(crate) fn completion(items: proto::CompletionItems) -> sdk::CompletionItems {
    let item = |item: proto::CompletionItem| sdk::CompletionItem {
        label: item.label,
        label_detail: item.label_detail,
        label_source: item.label_source,
        kind: item.kind,
        detail: item.detail,
        insert: item.insert,
        snippet: item.snippet,
        additional: item.additional.into_iter().map(text_edit).collect(),
        deprecated: item.deprecated,
        token: item.token,
    };
    sdk::CompletionItems {
        replace: span(items.replace),
        items: items.items.into_iter().map(item).collect(),
        incomplete: items.incomplete,
    }
}

pub(crate) fn completion_details(details: proto::CompletionDetails) -> sdk::Details {
    sdk::Details {
        detail: details.detail,
        documentation: details.documentation,
        additional: details.additional.into_iter().map(text_edit).collect(),
    }
}

pub(crate) fn signature_help(help: proto::SignatureHelp) -> sdk::SignatureHelp {
    let parameter = |parameter: proto::Parameter| sdk::Parameter {
        start: parameter.label.start(),
        end: parameter.label.end(),
        documentation: parameter.documentation,
    };
    let signature = |signature: proto::Signature| sdk::Signature {
        label: signature.label,
        documentation: signature.documentation,
        parameters: signature.parameters.into_iter().map(parameter).collect(),
        active_parameter: signature.active_parameter,
    };
    sdk::SignatureHelp { signatures: help.signatures.into_iter().map(signature).collect(), active: help.active }
}

pub(crate) fn rename_target(target: proto::RenameTarget) -> sdk::RenameTarget {
    sdk::RenameTarget { span: span(target.span), placeholder: target.placeholder }
}

pub(crate) fn document_edit(document: proto::DocumentEdit) -> sdk::DocumentEdit {
    sdk::DocumentEdit { path: text(&document.path), edits: document.edits.into_iter().map(text_edit).collect() }
}

pub(crate) fn text_edit(edit: TextEdit) -> sdk::TextEdit {
    sdk::TextEdit { span: span(edit.span), new_text: edit.new_text }
}

pub(crate) fn description(description: &vraftls_index::Description) -> sdk::Description {
    let language = |language: &vraftls_index::Language| sdk::Language {
        id: language.id.clone(),
        suffixes: language.suffixes.clone(),
    };
    sdk::Description {
        id: description.id.clone(),
        version: description.version.clone(),
        title: description.title.clone(),
        languages: description.languages.iter().map(language).collect(),
        project_files: description.project_files.clone(),
        // Fixtures ask every question anyway: the sandbox refuses what the analyzer does not have.
        features: sdk::Features::empty(),
        completion_triggers: description.completion_triggers.clone(),
        signature_triggers: description.signature_triggers.clone(),
        on_type_triggers: description.on_type_triggers.clone(),
        token_types: description.token_types.clone(),
        token_modifiers: description.token_modifiers.clone(),
    }
}

/// Why a fixture's file cannot be read.
pub(crate) fn read_failure(path: &str, error: &sdk::ReadError) -> sdk::Failure {
    sdk::Failure::Internal(format!("the fixture's {path} cannot be read: {error:?}"))
}

pub(crate) fn text(path: &VfsPath) -> String {
    path.as_str().to_owned()
}
