//! A component that is loaded: compiled, its imports within what is granted, its exports found, its description read.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use vraftls_query::Fault;
use vraftls_vfs::ContentDigest;
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::artifact::Found;
use crate::counters::CounterCells;
use crate::engines::Keeping;
use crate::exports::{EngineExports, Exports};
use crate::host_state::HostState;
use crate::{ArtifactError, ArtifactStore, Limits, artifact, linker, people, polling_page, safepoints};

/// Why a component cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its file cannot be read.
    #[error("the component cannot be read")]
    Read(#[from] std::io::Error),
    /// It is larger than a component may be.
    #[error("a component of {size_bytes} bytes is larger than the {size_bytes_max} allowed")]
    TooLarge {
        /// Its size.
        size_bytes: usize,
        /// The limit.
        size_bytes_max: usize,
    },
    /// It does not compile, or is no component.
    #[error("the component does not compile: {0}")]
    Compile(String),
    /// It wants more than a guest is granted.
    #[error("the component imports what is not granted: {}", .0.join(", "))]
    ImportNotGranted(Vec<String>),
    /// It lacks an export of the contract, or has one of another type.
    #[error("the component is no analyzer of this contract: {0}")]
    Contract(String),
    /// It failed to describe itself.
    #[error("the component did not describe itself")]
    Describe(#[source] Fault),
    /// Its description makes no sense.
    #[error("the description of the component is wrong: {0}")]
    Description(String),
}

/// A component that is compiled, linked and looked through.
pub(crate) struct Loaded {
    pub(crate) digest: ContentDigest,
    pub(crate) pre: InstancePre<HostState>,
    pub(crate) exports: Exports,
    /// How its engines are made, where they may be kept. Made when the first is.
    keepable: OnceLock<Option<Keepable>>,
}

impl Loaded {
    /// How its engines are made so that they can be kept, if the component says that they can.
    pub(crate) fn keepable(&self, keeping: &Keeping) -> Option<&Keepable> {
        let make = || {
            let keepable = keepable((&keeping.engine, &keeping.linker), &keeping.artifacts, self);
            keepable.unwrap_or_else(|error| {
                tracing::warn!(component = %self.digest, error = error_text(&error), "its engines are not kept");
                None
            })
        };
        self.keepable.get_or_init(make).as_ref()
    }
}

/// A component once more, for [`crate::sandbox::keeping_engine`].
pub(crate) struct Keepable {
    pub(crate) pre: InstancePre<HostState>,
    pub(crate) exports: EngineExports,
}

/// Compiles, or finds the artifact of, a component, and links it.
pub(crate) fn load(
    engine: &Engine,
    linker: &Linker<HostState>,
    artifacts: &ArtifactStore,
    limits: &Limits,
    counters: &CounterCells,
    bytes: &[u8],
) -> Result<Loaded, LoadError> {
    if bytes.len() > limits.component_bytes_max {
        return Err(LoadError::TooLarge { size_bytes: bytes.len(), size_bytes_max: limits.component_bytes_max });
    }
    let digest = ContentDigest::of(bytes);
    let component = match artifacts.find(engine, &digest) {
        Found::Loaded(component) => {
            counters.artifacts_loaded.increment();
            component
        }
        Found::Nothing => compile_and_keep(engine, artifacts, counters, &digest, bytes)?,
        Found::Rejected(reason) => {
            counters.artifacts_rejected.increment();
            tracing::warn!(component = %digest, reason, "an artifact is not used, the component is compiled");
            compile_and_keep(engine, artifacts, counters, &digest, bytes)?
        }
    };
    let refused = linker::not_granted(engine, &component);
    if !refused.is_empty() {
        let refused = refused.iter().map(|name| people::line(name, limits.line_bytes_max)).collect();
        return Err(LoadError::ImportNotGranted(refused));
    }
    let contract = |error: wasmtime::Error| LoadError::Contract(error_text(&error));
    let pre = linker.instantiate_pre(&component).map_err(contract)?;
    let exports = Exports::find(&pre).map_err(contract)?;
    Ok(Loaded { digest, pre, exports, keepable: OnceLock::new() })
}

/// The same component for another engine, if its engines can be kept. Nothing is compiled.
fn keepable(
    (engine, linker): (&Engine, &Linker<HostState>),
    artifacts: &ArtifactStore,
    loaded: &Loaded,
) -> wasmtime::Result<Option<Keepable>> {
    if !loaded.exports.engine.as_ref().is_some_and(EngineExports::can_be_kept) {
        return Ok(None);
    }
    let component = match artifacts.find(engine, &loaded.digest) {
        Found::Loaded(component) => component,
        Found::Nothing | Found::Rejected(_) => artifact::for_another_engine(engine, loaded.pre.component())?,
    };
    let pre = linker.instantiate_pre(&component)?;
    let exports = Exports::find(&pre)?.engine;
    Ok(exports.map(|exports| Keepable { pre, exports }))
}

/// Compiles a component and maps what was kept of it, or takes it from memory where nothing can be kept.
fn compile_and_keep(
    engine: &Engine,
    artifacts: &ArtifactStore,
    counters: &CounterCells,
    digest: &ContentDigest,
    bytes: &[u8],
) -> Result<Component, LoadError> {
    counters.components_compiled.increment();
    if artifacts.keeps() {
        let artifact = compile(engine, bytes).map_err(LoadError::Compile)?;
        match artifacts.keep(engine, digest, &artifact) {
            Ok(()) => {
                if let Found::Loaded(component) = artifacts.find(engine, digest) {
                    return Ok(component);
                }
            }
            // Compiling again at the next start is slow, not wrong.
            Err(error) => tracing::warn!(component = %digest, %error, "the compiled component is not kept"),
        }
    }
    guarded(|| Component::from_binary(engine, &interruptible(bytes)?)).map_err(LoadError::Compile)
}

/// Compiles a component to an artifact.
fn compile(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, String> {
    guarded(|| engine.precompile_component(&interruptible(bytes)?))
}

/// What is compiled of a component, so that it can be stopped.
fn interruptible(bytes: &[u8]) -> wasmtime::Result<Cow<'_, [u8]>> {
    match polling_page::IS_AVAILABLE {
        true => safepoints::with_polls(bytes).map(Cow::Owned),
        false => Ok(Cow::Borrowed(bytes)),
    }
}

/// Compiles a component and writes its artifact, unless it is there.
pub(crate) fn precompile(
    engine: &Engine,
    directory: &std::path::Path,
    bytes: &[u8],
) -> Result<std::path::PathBuf, ArtifactError> {
    let digest = ContentDigest::of(bytes);
    if let Some(path) = artifact::vouched(engine, directory, &digest) {
        return Ok(path);
    }
    let artifact = compile(engine, bytes).map_err(ArtifactError::Compile)?;
    artifact::write(engine, directory, &digest, &artifact)
}

/// wasmtime promises not to panic while a guest runs; of compiling it promises nothing, and a component is untrusted input.
fn guarded<T>(compile: impl FnOnce() -> wasmtime::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(compile)) {
        Ok(compiled) => compiled.map_err(|error| error_text(&error)),
        Err(_) => Err("the compiler panicked".to_owned()),
    }
}

/// The whole chain of an error on one line.
fn error_text(error: &wasmtime::Error) -> String {
    people::line(&format!("{error:#}"), 4 << 10)
}
