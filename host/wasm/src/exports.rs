//! The exports of a component: which interfaces of the engine it has, and how to call them.

use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::bindings::exports::vraftls::analyzer as contract;
use crate::host_state::HostState;

/// Where the exports of a component are, looked up once.
#[derive(Clone)]
pub(crate) struct Exports {
    pub(crate) meta: contract::meta::GuestIndices,
    pub(crate) indexing: contract::indexing::GuestIndices,
    /// Nothing where the component only indexes.
    pub(crate) engine: Option<EngineExports>,
}

/// Declares an optional interface of the engine twice: as indices of a component and as functions of an instance.
macro_rules! engine_interfaces {
    ($($interface:ident = $name:literal),* $(,)?) => {
        /// Where the exports of an engine are. All but `projects` may be missing.
        #[derive(Clone)]
        pub(crate) struct EngineExports {
            projects: contract::projects::GuestIndices,
            $($interface: Option<contract::$interface::GuestIndices>,)*
        }

        /// The exports of an engine's instance.
        pub(crate) struct EngineFunctions {
            pub(crate) projects: contract::projects::Guest,
            $(pub(crate) $interface: Option<contract::$interface::Guest>,)*
        }

        impl EngineExports {
            fn find(pre: &InstancePre<HostState>) -> wasmtime::Result<Option<Self>> {
                if !has(pre, "projects") {
                    return Ok(None);
                }
                Ok(Some(Self {
                    projects: contract::projects::GuestIndices::new(pre)?,
                    $($interface: match has(pre, $name) {
                        true => Some(contract::$interface::GuestIndices::new(pre)?),
                        false => None,
                    },)*
                }))
            }

            /// The functions of an instance.
            pub(crate) fn load(
                &self,
                store: &mut Store<HostState>,
                instance: &Instance,
            ) -> wasmtime::Result<EngineFunctions> {
                Ok(EngineFunctions {
                    projects: self.projects.load(&mut *store, instance)?,
                    $($interface: match &self.$interface {
                        Some(indices) => Some(indices.load(&mut *store, instance)?),
                        None => None,
                    },)*
                })
            }
        }
    };
}

engine_interfaces! {
    diagnosing = "diagnosing",
    navigation = "navigation",
    references = "references",
    hovering = "hovering",
    completing = "completing",
    signatures = "signatures",
    renaming = "renaming",
    formatting = "formatting",
    hierarchies = "hierarchies",
    decorations = "decorations",
    actions = "actions",
    resolving = "resolving",
    rewriting = "rewriting",
    refiling = "refiling",
    keeping = "keeping",
    resting = "resting",
}

impl EngineExports {
    /// Whether the analyzer says that a copy of its memory is all that it knows.
    pub(crate) fn can_be_kept(&self) -> bool {
        self.keeping.is_some()
    }
}

impl Exports {
    /// Looks the exports up. Fails where one that every analyzer has is missing, or where an interface lacks a function.
    pub(crate) fn find(pre: &InstancePre<HostState>) -> wasmtime::Result<Self> {
        Ok(Self {
            meta: contract::meta::GuestIndices::new(pre)?,
            indexing: contract::indexing::GuestIndices::new(pre)?,
            engine: EngineExports::find(pre)?,
        })
    }
}

/// Whether a component exports an interface of the contract.
pub(crate) fn has(pre: &InstancePre<HostState>, interface: &str) -> bool {
    pre.component().get_export_index(None, format!("vraftls:analyzer/{interface}@0.1.0")).is_some()
}
