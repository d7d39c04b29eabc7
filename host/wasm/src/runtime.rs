//! What one process shares to run analyzers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vraftls_index::Description;
use vraftls_query::Fault;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::analyzer::Component;
use crate::artifact::Found;
use crate::clock::Clock;
use crate::component::{self, Loaded};
use crate::engine_instance::Bundled;
use crate::engines::{ComponentId, Context, Engines, Keeping};
use crate::host_state::{CallScope, HostState, Legend, Shared, Waiter};
use crate::index_pool::IndexPool;
use crate::memory::MemoryGuard;
use crate::sandbox;
use crate::{
    ArtifactError, ArtifactStore, ComponentAnalyzer, Counters, KeptEngines, Limits, LoadError, describe, exports,
    linker, stop,
};

/// How a runtime is made.
#[derive(Clone, Debug, Default)]
pub struct RuntimeConfig {
    /// The bounds on every guest.
    pub limits: Limits,
    /// Where compiled components are found and kept.
    pub artifacts: ArtifactStore,
    /// Where warm engines are kept, if they are.
    pub kept: Option<KeptEngines>,
}

/// Why there is no runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The settings do not suit this machine, for example because address space is limited.
    #[error("the sandbox cannot be set up: {0:#}")]
    Sandbox(wasmtime::Error),
    /// A thread could not be started.
    #[error("a thread of the sandbox could not be started")]
    Thread(#[from] std::io::Error),
}

/// What one process shares to run analyzers. One is enough; when it is dropped, all calls end with `Unavailable`.
pub struct Runtime {
    context: Arc<Context>,
    linker: Linker<HostState>,
    artifacts: ArtifactStore,
    pool: Arc<IndexPool>,
    engines: Arc<Engines>,
    n_loaded: AtomicU64,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("artifacts", &self.artifacts).finish_non_exhaustive()
    }
}

impl Runtime {
    /// Sets the sandbox up and starts its threads.
    pub fn new(config: RuntimeConfig) -> Result<Self, RuntimeError> {
        let engine = sandbox::engine(&config.limits).map_err(RuntimeError::Sandbox)?;
        let linker = linker::linker(&engine).map_err(RuntimeError::Sandbox)?;
        let keeping = config
            .kept
            .map(|kept| Keeping::new(kept, config.artifacts.reading()))
            .transpose()
            .map_err(RuntimeError::Sandbox)?;
        let engines: Vec<&Engine> = keeping.iter().map(|keeping| &keeping.engine).chain([&engine]).collect();
        let clock = Clock::start(&engines)?;
        let pool = IndexPool::start(&config.limits)?;
        let context = Context { engine, keeping, clock, limits: Arc::new(config.limits), counters: Arc::default() };
        let context = Arc::new(context);
        let engines = Engines::new(context.clone());
        Ok(Self { context, linker, artifacts: config.artifacts, pool, engines, n_loaded: AtomicU64::new(0) })
    }

    /// Loads a component: compiles it unless there is an artifact, checks what it imports, exports and says of itself.
    ///
    /// Takes seconds where it compiles, and runs the guest: not to be called on the async runtime.
    pub fn load(&self, component: &[u8]) -> Result<Arc<ComponentAnalyzer>, LoadError> {
        let loaded = self.load_with(&self.artifacts, component)?;
        let Description { id, version, .. } = &loaded.description;
        tracing::info!(analyzer = id, version, digest = %loaded.component.loaded.digest, "loaded");
        Ok(loaded)
    }

    /// Loads a component of which nothing is to be left on disk unless it proves sound.
    pub(crate) fn load_without_keeping(&self, component: &[u8]) -> Result<Arc<ComponentAnalyzer>, LoadError> {
        self.load_with(&self.artifacts.reading(), component)
    }

    /// Keeps the machine code of a loaded component, so that it is loaded quickly the next time.
    pub(crate) fn keep_artifact(&self, analyzer: &ComponentAnalyzer) {
        let (engine, Loaded { digest, pre, .. }) = (&self.context.engine, &analyzer.component.loaded);
        if !self.artifacts.keeps() || matches!(self.artifacts.find(engine, digest), Found::Loaded(_)) {
            return;
        }
        let machine_code = pre.component().serialize().map_err(|error| ArtifactError::Compile(format!("{error:#}")));
        let kept = machine_code.and_then(|machine_code| self.artifacts.keep(engine, digest, &machine_code));
        if let Err(error) = kept {
            // Compiling again is slow, not wrong.
            tracing::warn!(component = %digest, %error, "the compiled component is not kept");
        }
    }

    fn load_with(&self, artifacts: &ArtifactStore, component: &[u8]) -> Result<Arc<ComponentAnalyzer>, LoadError> {
        let Context { engine, limits, counters, .. } = &*self.context;
        let loaded = component::load(engine, &self.linker, artifacts, limits, counters, component)?;
        let (loaded, description) = self.describe(loaded)?;
        let id = ComponentId(self.n_loaded.fetch_add(1, Ordering::Relaxed));
        let shared = Shared { legend: legend(&description), ..self.shared(&description.id) };
        let bundled = Arc::new(Bundled::new(limits.bundled_bytes_max));
        Ok(Arc::new(ComponentAnalyzer {
            component: Arc::new(Component { id, loaded, shared, bundled }),
            description,
            context: self.context.clone(),
            pool: self.pool.clone(),
            engines: self.engines.clone(),
        }))
    }

    /// [`Runtime::load`] of a file.
    pub fn load_file(&self, component: impl AsRef<Path>) -> Result<Arc<ComponentAnalyzer>, LoadError> {
        self.load(&std::fs::read(component)?)
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        let bytes = self.engines.budget().used_bytes();
        self.context.counters.read(self.engines.len() as u64, bytes as u64)
    }

    /// The bounds on every guest.
    pub fn limits(&self) -> &Limits {
        &self.context.limits
    }

    /// Ends all calls with `Unavailable`. Waits a moment for engines that are kept for the next start (`Limits::keep_at_close_max`): not
    /// to be called on the async runtime.
    pub fn close(&self) {
        self.pool.close();
        self.engines.close();
    }

    /// Asks a component to describe itself, on a thread that has the stack for it.
    fn describe(&self, loaded: Loaded) -> Result<(Loaded, Description), LoadError> {
        let (context, shared) = (self.context.clone(), self.shared("unknown"));
        let described = self.pool.run(move || {
            let described = describe_now(&context, &shared, &loaded);
            (loaded, described)
        });
        let shut_down = |_| LoadError::Describe(Fault::Unavailable("the runtime is shut down".to_owned()));
        let (loaded, described) = described.map_err(shut_down)?;
        let has = |interface: &str| exports::has(&loaded.pre, interface);
        let description = describe::description(described?, has).map_err(LoadError::Description)?;
        Ok((loaded, description))
    }

    fn shared(&self, analyzer: &str) -> Shared {
        let Context { limits, counters, .. } = &*self.context;
        Shared {
            limits: limits.clone(),
            counters: counters.clone(),
            analyzer: analyzer.into(),
            legend: Legend::default(),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.close();
    }
}

/// The numbers are small: a description with more words is refused.
fn legend(description: &Description) -> Legend {
    let number = |words: &[String]| u32::try_from(words.len()).unwrap_or(u32::MAX);
    Legend { n_token_types: number(&description.token_types), n_token_modifiers: number(&description.token_modifiers) }
}

fn describe_now(
    context: &Context,
    shared: &Shared,
    loaded: &Loaded,
) -> Result<crate::bindings::exports::vraftls::analyzer::meta::Description, LoadError> {
    let waiter = Waiter::for_time(context.limits.describe_time_max);
    let memory = MemoryGuard::index(&context.limits);
    let mut store = HostState::store(&context.engine, &context.clock, shared, memory, CallScope::new(None, waiter));
    let described = loaded.pre.instantiate(&mut store).and_then(|instance| {
        let meta = loaded.exports.meta.load(&mut store, &instance)?;
        meta.call_describe(&mut store)
    });
    described.map_err(|error| LoadError::Describe(stop::fault(&error, store.data())))
}

/// Compiles a component and writes its artifact to a directory, for [`ArtifactStore::trusting`] it later, unless it is there; gives
/// its path.
///
/// The artifact fits every [`Runtime`] of this build on this machine's kind of processor, whatever its [`Limits`].
pub fn precompile(component: &[u8], directory: impl AsRef<Path>) -> Result<PathBuf, ArtifactError> {
    let engine =
        Engine::new(&sandbox::compiler_config()).map_err(|error| ArtifactError::Compile(format!("{error:#}")))?;
    component::precompile(&engine, directory.as_ref(), component)
}
