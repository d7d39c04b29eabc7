//! How the engine is asked: the options that several features share.

use ra_ap_hir::PrefixKind;
use ra_ap_ide::{AssistConfig, DiagnosticsConfig, ExprFillDefaultMode, RaFixtureConfig, RenameConfig};
use ra_ap_ide_db::imports::insert_use::{ImportGranularity, InsertUseConfig};

/// What searching for an expression of a type may cost.
pub(crate) const TERM_SEARCH_FUEL: u64 = 400;

/// What the engine does with fixtures of its own tests: nothing here.
pub(crate) fn fixtures() -> RaFixtureConfig<'static> {
    RaFixtureConfig { disable_ra_fixture: true, ..RaFixtureConfig::default() }
}

/// How imports are written.
pub(crate) fn imports() -> InsertUseConfig {
    InsertUseConfig {
        granularity: ImportGranularity::Crate,
        enforce_granularity: false,
        prefix_kind: PrefixKind::ByCrate,
        group: true,
        skip_glob_imports: true,
    }
}

/// How changes are made.
pub(crate) fn assists() -> AssistConfig {
    AssistConfig {
        snippet_cap: None,
        allowed: None,
        insert_use: imports(),
        prefer_no_std: false,
        prefer_prelude: true,
        prefer_absolute: false,
        assist_emit_must_use: false,
        term_search_fuel: TERM_SEARCH_FUEL,
        code_action_grouping: false,
        expr_fill_default: ExprFillDefaultMode::Todo,
        prefer_self_ty: false,
        show_rename_conflicts: true,
    }
}

/// What is found wrong: what the engine is sure of.
pub(crate) fn diagnostics() -> DiagnosticsConfig {
    DiagnosticsConfig {
        enabled: true,
        proc_macros_enabled: false,
        proc_attr_macros_enabled: false,
        disable_experimental: true,
        disabled: Default::default(),
        expr_fill_default: ExprFillDefaultMode::Todo,
        style_lints: false,
        snippet_cap: None,
        insert_use: imports(),
        prefer_no_std: false,
        prefer_prelude: true,
        prefer_absolute: false,
        term_search_fuel: TERM_SEARCH_FUEL,
        show_rename_conflicts: true,
    }
}

/// How things are renamed.
pub(crate) fn renaming() -> RenameConfig {
    RenameConfig { prefer_no_std: false, prefer_prelude: true, prefer_absolute: false, show_conflicts: true }
}
