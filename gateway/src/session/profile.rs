//! What an editor can, read once from what it says when it initializes.

use serde_json::Value;
use tower_lsp_server::ls_types::{
    ClientCapabilities, InitializeParams, MarkupKind, PositionEncodingKind, ResourceOperationKind,
    TextDocumentClientCapabilities, WorkspaceEditClientCapabilities,
};
use vraftls_text::PositionEncoding;

/// What an editor can.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent abilities")]
pub(crate) struct Profile {
    /// How it counts characters.
    pub(crate) encoding: PositionEncoding,
    /// It opens files and no folder.
    pub(crate) is_folderless: bool,
    pub(crate) links: Links,
    pub(crate) completion: CompletionProfile,
    pub(crate) signatures: SignatureProfile,
    pub(crate) diagnostics: DiagnosticProfile,
    pub(crate) folding: FoldingProfile,
    /// Hovers may be Markdown.
    pub(crate) hover_markdown: bool,
    /// Outlines may be trees.
    pub(crate) nested_symbols: bool,
    /// Symbols may be tagged as deprecated.
    pub(crate) symbol_tags: bool,
    /// It asks before it renames.
    pub(crate) prepares_rename: bool,
    /// Edits may name the version of the document they are for.
    pub(crate) document_changes: bool,
    /// Changes may make and move files.
    pub(crate) moves_files: bool,
    /// Progress may be told at any time.
    pub(crate) progress: bool,
    pub(crate) configuration: ConfigurationProfile,
    /// It watches files when it is asked to.
    pub(crate) watches_files: bool,
    /// Symbols of a workspace may come without ranges, that are asked for when one is chosen.
    pub(crate) resolves_symbol_ranges: bool,
    pub(crate) decorations: DecorationProfile,
    pub(crate) actions: ActionProfile,
    pub(crate) commands: CommandProfile,
    pub(crate) file_operations: FileOperationProfile,
    /// It wants to know of each answer that is incomplete.
    pub(crate) notes_partial_answers: bool,
    /// How many symbols of a workspace it takes, if not the usual number.
    pub(crate) n_workspace_symbols_max: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent abilities")]
pub(crate) struct DecorationProfile {
    /// Tokens may run over several lines.
    pub(crate) multiline_tokens: bool,
    /// It asks again when it is told to.
    pub(crate) refreshes_tokens: bool,
    pub(crate) refreshes_hints: bool,
    pub(crate) refreshes_lenses: bool,
    /// Where parts of a hint lead may come when it is resolved.
    pub(crate) hints_resolve_locations: bool,
    pub(crate) hints_resolve_edits: bool,
    pub(crate) hints_resolve_tooltips: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ActionProfile {
    /// It takes actions, not only commands.
    pub(crate) literals: bool,
    pub(crate) preferred: bool,
    /// Edits may come when an action is resolved.
    pub(crate) resolves_edit: bool,
}

/// Which of this server's commands it runs itself. It says so as editors of rust-analyzer do, under `experimental`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct CommandProfile {
    pub(crate) shows_references: bool,
    pub(crate) runs_tests: bool,
}

/// Which operations on files it tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent abilities")]
pub(crate) struct FileOperationProfile {
    pub(crate) did_create: bool,
    pub(crate) did_rename: bool,
    pub(crate) did_delete: bool,
    pub(crate) will_rename: bool,
}

/// How settings come from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ConfigurationProfile {
    /// It answers when it is asked for them.
    pub(crate) pulls: bool,
    /// It says when they change, if it is asked to.
    pub(crate) registers: bool,
}

/// Which navigation may answer with links, that tell the whole construct too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Links {
    pub(crate) definition: bool,
    pub(crate) declaration: bool,
    pub(crate) type_definition: bool,
    pub(crate) implementation: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent abilities")]
pub(crate) struct CompletionProfile {
    pub(crate) snippets: bool,
    pub(crate) markdown: bool,
    pub(crate) insert_replace: bool,
    pub(crate) label_details: bool,
    pub(crate) tags: bool,
    pub(crate) deprecated: bool,
    /// Additional edits may come when a proposal is resolved.
    pub(crate) resolves_edits: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SignatureProfile {
    pub(crate) markdown: bool,
    pub(crate) label_offsets: bool,
    pub(crate) active_parameter: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent abilities")]
pub(crate) struct DiagnosticProfile {
    /// It asks for diagnostics. Then they are not sent without: an editor that gets both shows both.
    pub(crate) pulls: bool,
    /// It asks again when it is told to.
    pub(crate) refreshes: bool,
    pub(crate) versions: bool,
    pub(crate) related: bool,
    pub(crate) tags: bool,
    pub(crate) code_links: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct FoldingProfile {
    pub(crate) lines_only: bool,
    pub(crate) n_ranges_max: Option<u32>,
}

impl Profile {
    pub(crate) fn new(params: &InitializeParams, is_folderless: bool) -> Self {
        let ClientCapabilities { workspace, text_document, window, general, .. } = &params.capabilities;
        let workspace = workspace.clone().unwrap_or_default();
        let document = text_document.clone().unwrap_or_default();
        let encodings = general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let refreshes = workspace.diagnostics.and_then(|diagnostics| diagnostics.refresh_support);
        let symbols = document.document_symbol.clone().unwrap_or_default();
        let registers = workspace.did_change_configuration.and_then(|change| change.dynamic_registration);
        let edits = workspace.workspace_edit.unwrap_or_default();
        let watches = workspace.did_change_watched_files.and_then(|watched| watched.dynamic_registration);
        Self {
            encoding: choose_encoding(encodings.unwrap_or_default()),
            is_folderless,
            links: Links::new(&document),
            completion: CompletionProfile::new(&document),
            signatures: SignatureProfile::new(&document),
            diagnostics: DiagnosticProfile::new(&document, refreshes == Some(true)),
            folding: FoldingProfile::new(&document),
            hover_markdown: takes_markdown(document.hover.and_then(|hover| hover.content_format)),
            nested_symbols: symbols.hierarchical_document_symbol_support == Some(true),
            symbol_tags: symbols.tag_support.is_some(),
            prepares_rename: document.rename.and_then(|rename| rename.prepare_support) == Some(true),
            document_changes: edits.document_changes == Some(true),
            moves_files: edits.document_changes == Some(true) && moves_files(&edits),
            progress: window.as_ref().and_then(|window| window.work_done_progress) == Some(true),
            configuration: ConfigurationProfile {
                pulls: workspace.configuration == Some(true),
                registers: registers == Some(true),
            },
            watches_files: watches == Some(true),
            resolves_symbol_ranges: workspace
                .symbol
                .and_then(|symbol| symbol.resolve_support)
                .is_some_and(|support| support.properties.iter().any(|property| property == "location.range")),
            decorations: DecorationProfile::new(&params.capabilities),
            actions: ActionProfile::new(&params.capabilities),
            commands: CommandProfile::new(&params.capabilities),
            file_operations: FileOperationProfile::new(&params.capabilities),
            notes_partial_answers: own(&params.capabilities, "partialAnswers").and_then(Value::as_bool) == Some(true),
            n_workspace_symbols_max: own(&params.capabilities, "workspaceSymbols")
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok()),
        }
    }

    /// Whether diagnostics are sent without being asked for.
    pub(crate) fn pushes_diagnostics(&self) -> bool {
        !self.diagnostics.pulls
    }
}

/// An ability that only clients of this server have.
fn own<'a>(capabilities: &'a ClientCapabilities, name: &str) -> Option<&'a Value> {
    capabilities.experimental.as_ref()?.get("vraftls")?.get(name)
}

/// UTF-8 where the editor offers it, since then nothing needs to be converted; else the first it offers that is known.
fn choose_encoding(offered: &[PositionEncodingKind]) -> PositionEncoding {
    let known = offered.iter().filter_map(|kind| match kind.as_str() {
        "utf-8" => Some(PositionEncoding::Utf8),
        "utf-16" => Some(PositionEncoding::Utf16),
        "utf-32" => Some(PositionEncoding::Utf32),
        _ => None,
    });
    if offered.contains(&PositionEncodingKind::UTF8) {
        return PositionEncoding::Utf8;
    }
    known.into_iter().next().unwrap_or_default()
}

fn moves_files(edits: &WorkspaceEditClientCapabilities) -> bool {
    let operations = edits.resource_operations.as_deref().unwrap_or_default();
    [ResourceOperationKind::Create, ResourceOperationKind::Rename].iter().all(|kind| operations.contains(kind))
}

fn takes_markdown(formats: Option<Vec<MarkupKind>>) -> bool {
    formats.is_some_and(|formats| formats.contains(&MarkupKind::Markdown))
}

impl Links {
    fn new(document: &TextDocumentClientCapabilities) -> Self {
        let supports = |goto: Option<tower_lsp_server::ls_types::GotoCapability>| {
            goto.and_then(|goto| goto.link_support) == Some(true)
        };
        Self {
            definition: supports(document.definition),
            declaration: supports(document.declaration),
            type_definition: supports(document.type_definition),
            implementation: supports(document.implementation),
        }
    }
}

impl CompletionProfile {
    fn new(document: &TextDocumentClientCapabilities) -> Self {
        let item = document.completion.as_ref().and_then(|completion| completion.completion_item.clone());
        let item = item.unwrap_or_default();
        let resolves = |property: &str| {
            let support = item.resolve_support.as_ref();
            support.is_some_and(|support| support.properties.iter().any(|known| known == property))
        };
        Self {
            snippets: item.snippet_support == Some(true),
            insert_replace: item.insert_replace_support == Some(true),
            label_details: item.label_details_support == Some(true),
            tags: item.tag_support.is_some(),
            deprecated: item.deprecated_support == Some(true),
            resolves_edits: resolves("additionalTextEdits"),
            markdown: takes_markdown(item.documentation_format),
        }
    }
}

impl SignatureProfile {
    fn new(document: &TextDocumentClientCapabilities) -> Self {
        let help = document.signature_help.as_ref();
        let settings = help.and_then(|help| help.signature_information.clone()).unwrap_or_default();
        let parameter = settings.parameter_information.unwrap_or_default();
        Self {
            label_offsets: parameter.label_offset_support == Some(true),
            active_parameter: settings.active_parameter_support == Some(true),
            markdown: takes_markdown(settings.documentation_format),
        }
    }
}

impl DiagnosticProfile {
    fn new(document: &TextDocumentClientCapabilities, refreshes: bool) -> Self {
        let publish = document.publish_diagnostics.clone().unwrap_or_default();
        let pull = document.diagnostic.clone();
        let pulled = pull.clone().unwrap_or_default();
        Self {
            pulls: pull.is_some(),
            refreshes,
            versions: publish.version_support == Some(true),
            related: publish.related_information.or(pulled.related_information) == Some(true),
            tags: publish.tag_support.is_some() || pulled.tag_support.is_some(),
            code_links: publish.code_description_support.or(pulled.code_description_support) == Some(true),
        }
    }
}

impl FoldingProfile {
    fn new(document: &TextDocumentClientCapabilities) -> Self {
        let folding = document.folding_range.clone().unwrap_or_default();
        Self { lines_only: folding.line_folding_only == Some(true), n_ranges_max: folding.range_limit }
    }
}

impl DecorationProfile {
    fn new(capabilities: &ClientCapabilities) -> Self {
        let workspace = capabilities.workspace.clone().unwrap_or_default();
        let document = capabilities.text_document.clone().unwrap_or_default();
        let hints = document.inlay_hint.and_then(|hints| hints.resolve_support);
        let resolves = |property: &str| {
            hints.as_ref().is_some_and(|support| support.properties.iter().any(|known| known == property))
        };
        let refreshes_tokens = workspace.semantic_tokens.and_then(|tokens| tokens.refresh_support);
        let refreshes_hints = workspace.inlay_hint.and_then(|hints| hints.refresh_support);
        let refreshes_lenses = workspace.code_lens.and_then(|lenses| lenses.refresh_support);
        let multiline = document.semantic_tokens.and_then(|tokens| tokens.multiline_token_support);
        Self {
            multiline_tokens: multiline == Some(true),
            refreshes_tokens: refreshes_tokens == Some(true),
            refreshes_hints: refreshes_hints == Some(true),
            refreshes_lenses: refreshes_lenses == Some(true),
            hints_resolve_locations: resolves("label.location"),
            hints_resolve_edits: resolves("textEdits"),
            hints_resolve_tooltips: resolves("label.tooltip"),
        }
    }
}

impl ActionProfile {
    fn new(capabilities: &ClientCapabilities) -> Self {
        let document = capabilities.text_document.as_ref();
        let action = document.and_then(|document| document.code_action.clone()).unwrap_or_default();
        let resolves = action.resolve_support.is_some_and(|it| it.properties.iter().any(|known| known == "edit"));
        Self {
            literals: action.code_action_literal_support.is_some(),
            preferred: action.is_preferred_support == Some(true),
            // What is resolved is found again by the action's data.
            resolves_edit: resolves && action.data_support == Some(true),
        }
    }
}

impl CommandProfile {
    fn new(capabilities: &ClientCapabilities) -> Self {
        let commands = capabilities.experimental.as_ref().and_then(|it| it.pointer("/commands/commands")?.as_array());
        let runs = |name: &str| commands.is_some_and(|commands| commands.iter().any(|known| known == name));
        Self { shows_references: runs(crate::handlers::SHOW_REFERENCES), runs_tests: runs(crate::handlers::RUN_TEST) }
    }
}

impl FileOperationProfile {
    fn new(capabilities: &ClientCapabilities) -> Self {
        let workspace = capabilities.workspace.as_ref();
        let told = workspace.and_then(|workspace| workspace.file_operations.clone()).unwrap_or_default();
        Self {
            did_create: told.did_create == Some(true),
            did_rename: told.did_rename == Some(true),
            did_delete: told.did_delete == Some(true),
            will_rename: told.will_rename == Some(true),
        }
    }
}
