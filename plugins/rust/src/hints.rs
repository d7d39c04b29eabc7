//! Hints between characters: types that are not written, names of parameters, what a long block belongs to.

use ra_ap_hir::ClosureStyle;
use ra_ap_ide::{
    AdjustmentHints, AdjustmentHintsMode, ClosureReturnTypeHints, DiscriminantHints, GenericParameterHints,
    InlayFieldsToResolve, InlayHint as Found, InlayHintPosition, InlayHintsConfig, InlayKind, LazyProperty,
    LifetimeElisionHints, TypeHintsPlacement,
};
use vraftls_guest_sdk::{Failure, HintPart, InlayHint, Location, Padding, Span};

use crate::edits::in_document;
use crate::project::{Source, span};
use crate::settings::fixtures;

/// InlayHintKind of the protocol.
const TYPE: u32 = 1;
const PARAMETER: u32 = 2;
const OTHER: u32 = 0;

/// Characters of a hint.
const LENGTH_MAX: usize = 25;
/// Lines of a block whose end says what it belongs to.
const BLOCK_LINES_MIN: usize = 25;

/// Hints in the span.
pub(crate) fn inlay_hints(source: &Source<'_>, asked: Span) -> Result<Vec<InlayHint>, Failure> {
    let range = source.range(asked)?;
    let config = config();
    let found = source.project.ask(|analysis| analysis.inlay_hints(&config, source.file, Some(range.range)))?;
    let mut hints: Vec<InlayHint> = found.into_iter().map(|found| hint(source, found)).collect();
    hints.retain(|hint| asked.start <= hint.offset && hint.offset <= asked.end);
    hints.sort_by_key(|hint| hint.offset);
    Ok(hints)
}

fn hint(source: &Source<'_>, found: Found) -> InlayHint {
    let offset = match found.position {
        InlayHintPosition::Before => found.range.start(),
        InlayHintPosition::After => found.range.end(),
    };
    let kind = match found.kind {
        InlayKind::Parameter | InlayKind::GenericParameter => PARAMETER,
        InlayKind::Type | InlayKind::Chaining => TYPE,
        _ => OTHER,
    };
    let mut padding = Padding::empty();
    if found.pad_left {
        padding = padding | Padding::LEFT;
    }
    if found.pad_right {
        padding = padding | Padding::RIGHT;
    }
    let part = |part: ra_ap_ide::InlayHintLabelPart| HintPart {
        location: part.linked_location.and_then(LazyProperty::computed).and_then(|place| {
            let path = source.project.world().path(place.file_id)?.to_owned();
            Some(Location { path, span: span(place.range), full: span(place.range) })
        }),
        label: part.text,
    };
    let edits = found.text_edit.and_then(LazyProperty::computed);
    InlayHint {
        offset: offset.into(),
        parts: found.label.parts.into_iter().map(part).collect(),
        kind,
        padding,
        edits: edits.map(|edits| in_document(&edits)).unwrap_or_default(),
    }
}

fn config() -> InlayHintsConfig<'static> {
    InlayHintsConfig {
        render_colons: true,
        type_hints: true,
        type_hints_placement: TypeHintsPlacement::Inline,
        sized_bound: false,
        discriminant_hints: DiscriminantHints::Never,
        parameter_hints: true,
        parameter_hints_for_missing_arguments: false,
        generic_parameter_hints: GenericParameterHints { type_hints: false, lifetime_hints: false, const_hints: true },
        chaining_hints: true,
        adjustment_hints: AdjustmentHints::Never,
        adjustment_hints_disable_reborrows: true,
        adjustment_hints_mode: AdjustmentHintsMode::Prefix,
        adjustment_hints_hide_outside_unsafe: false,
        closure_return_type_hints: ClosureReturnTypeHints::Never,
        closure_capture_hints: false,
        binding_mode_hints: false,
        implicit_drop_hints: false,
        implied_dyn_trait_hints: true,
        lifetime_elision_hints: LifetimeElisionHints::Never,
        param_names_for_lifetime_elision_hints: false,
        hide_inferred_type_hints: false,
        hide_named_constructor_hints: false,
        hide_closure_initialization_hints: false,
        hide_closure_parameter_hints: false,
        range_exclusive_hints: false,
        closure_style: ClosureStyle::ImplFn,
        max_length: Some(LENGTH_MAX),
        closing_brace_hints_min_lines: Some(BLOCK_LINES_MIN),
        fields_to_resolve: InlayFieldsToResolve {
            resolve_text_edits: false,
            resolve_hint_tooltip: true,
            resolve_label_tooltip: true,
            resolve_label_location: false,
            resolve_label_command: true,
        },
        ra_fixture: fixtures(),
    }
}
