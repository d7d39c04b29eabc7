//! Which analyzers there are: the components in the plugin directories, and what was pushed to take their place.

mod accept;
mod desk;
mod keeper;
mod status;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use vraftls_query::Analyzer;
use vraftls_wasm::{
    ArtifactError, ArtifactStore, ComponentAnalyzer, KeptEngines, LoadError, Runtime, RuntimeConfig, RuntimeError,
};

pub use accept::{Accepted, accept};
pub use keeper::PluginKeeper;
pub use status::{ActivePlugin, Origin, PluginFailure, PluginState, PluginStatus, PluginStatuses, are_settled};
pub use wanted::{ComponentSource, SourceError, Wanted, wanted};

/// The analyzers, with what runs them.
pub struct Plugins {
    /// The analyzers, by their identifiers.
    pub analyzers: Vec<Arc<dyn Analyzer>>,
    /// What runs them.
    pub runtime: Arc<Runtime>,
}

/// Why the analyzers cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The sandbox cannot be set up.
    #[error("the sandbox does not start")]
    Runtime(#[from] RuntimeError),
    /// A directory cannot be read.
    #[error("cannot list the analyzers in {}", .directory.display())]
    List {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A component cannot be loaded.
    #[error("cannot load the analyzer {}", .component.display())]
    Load {
        /// The component.
        component: PathBuf,
        /// Why.
        source: Box<LoadError>,
    },
    /// Two components say that they are the same analyzer.
    #[error("{} and another component both are the analyzer `{id}`", .component.display())]
    Twice {
        /// The second.
        component: PathBuf,
        /// Its identifier.
        id: String,
    },
    /// A component cannot be compiled or its artifact not written.
    #[error("cannot precompile {}", .component.display())]
    Precompile {
        /// The component.
        component: PathBuf,
        /// Why.
        source: Box<ArtifactError>,
    },
    /// A component cannot be read.
    #[error("cannot read {}", .component.display())]
    Read {
        /// The component.
        component: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What kept engines may take of the disk. One of a large project has a gigabyte, most have a third of that.
const KEPT_ENGINES_BYTES_MAX: u64 = 4 << 30;

/// Loads every component of `directories`. Artifacts are looked for beside the components, then in `artifacts`, where those that had to be
/// compiled are kept. Warm engines are kept in `engines`, if there is such a directory, for the next start. Takes seconds for each component that nobody compiled before; not to be called on the async runtime.
pub fn load(directories: &[PathBuf], artifacts: &Path, engines: Option<&Path>) -> Result<Plugins, PluginError> {
    let trusted = directories.iter().fold(ArtifactStore::default(), |store, directory| store.trusting(directory));
    let kept = engines.map(|directory| KeptEngines::new(directory, KEPT_ENGINES_BYTES_MAX));
    let config = RuntimeConfig { artifacts: trusted.caching(artifacts), kept, ..RuntimeConfig::default() };
    let runtime = Arc::new(Runtime::new(config)?);
    let mut by_id: BTreeMap<String, Arc<dyn Analyzer>> = BTreeMap::new();
    for directory in directories {
        let components = components_in(directory)?;
        let loaded = load_all(&runtime, &components);
        for (component, loaded) in components.into_iter().zip(loaded) {
            let analyzer = loaded
                .map_err(|source| PluginError::Load { component: component.clone(), source: Box::new(source) })?;
            let id = analyzer.description().id.clone();
            if by_id.insert(id.clone(), analyzer).is_some() {
                return Err(PluginError::Twice { component, id });
            }
        }
    }
    Ok(Plugins { analyzers: by_id.into_values().collect(), runtime })
}

/// Loads components, as many at once as there are processors: an editor waits for all of them before it can ask one. What became of each,
/// in their order.
fn load_all(runtime: &Runtime, components: &[PathBuf]) -> Vec<Result<Arc<ComponentAnalyzer>, LoadError>> {
    let at_once = thread::available_parallelism().map_or(1, NonZero::get);
    let mut all = Vec::with_capacity(components.len());
    for some in components.chunks(at_once) {
        thread::scope(|scope| {
            let loading: Vec<_> =
                some.iter().map(|component| scope.spawn(move || runtime.load_file(component))).collect();
            all.extend(loading.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))));
        });
    }
    all
}

/// Compiles every component of a directory, and keeps the artifacts there. Each with the time it took. Artifacts of components or versions
/// that are not there any more are removed: each is twice as large as its component.
pub fn precompile(directory: &Path) -> Result<Vec<(PathBuf, Duration)>, PluginError> {
    let mut made = Vec::new();
    let mut artifacts = BTreeSet::new();
    for component in components_in(directory)? {
        let began = Instant::now();
        let bytes =
            fs::read(&component).map_err(|source| PluginError::Read { component: component.clone(), source })?;
        let artifact = vraftls_wasm::precompile(&bytes, directory)
            .map_err(|source| PluginError::Precompile { component: component.clone(), source: Box::new(source) })?;
        artifacts.extend(artifact.file_name().map(ToOwned::to_owned));
        made.push((component, began.elapsed()));
    }
    remove_stale(directory, &artifacts)
        .map_err(|source| PluginError::List { directory: directory.to_owned(), source })?;
    Ok(made)
}

/// Removes artifacts, and what vouches for them, but for those to keep. Who has one mapped goes on using it.
fn remove_stale(directory: &Path, keep: &BTreeSet<OsString>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let artifact = match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("cwasm") => path.file_name(),
            Some("b3") => path.file_stem(),
            _ => continue,
        };
        if artifact.is_some_and(|artifact| artifact.to_string_lossy().ends_with(".cwasm") && !keep.contains(artifact)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn components_in(directory: &Path) -> Result<Vec<PathBuf>, PluginError> {
    let fail = |source| PluginError::List { directory: directory.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_some_and(|suffix| suffix == "wasm") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_artifacts_go_and_nothing_else() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        for name in ["old.cwasm", "old.cwasm.b3", "new.cwasm", "new.cwasm.b3", "python.wasm", "notes.b3"] {
            fs::write(scratch.path().join(name), b"x").expect("writable");
        }
        remove_stale(scratch.path(), &BTreeSet::from(["new.cwasm".into()])).expect("removable");
        let left = fs::read_dir(scratch.path()).expect("there").map(|entry| entry.expect("there").file_name());
        let left: BTreeSet<OsString> = left.collect();
        let expected = ["new.cwasm", "new.cwasm.b3", "notes.b3", "python.wasm"].map(OsString::from);
        assert_eq!(left, BTreeSet::from(expected));
    }
}
