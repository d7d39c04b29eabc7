//! The components under test: found in the tree, loaded from the target directory, compiled once for all test processes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use vraftls_index::{Description, Facts};
use vraftls_query::{Analyzer, Fault, IndexDocument};
use vraftls_vfs::{VfsPath, WorkspaceId};
use vraftls_wasm::{ArtifactStore, ComponentAnalyzer, Counters, KeptEngines, Limits, Runtime, RuntimeConfig};

use crate::samples::{self, Sample};
use crate::wait::wait;
use crate::{Engine, Files};

/// A plugin as what it is shipped as.
pub struct Component {
    name: String,
    component: PathBuf,
    analyzer: Arc<dyn Analyzer>,
    fixtures: Vec<(PathBuf, String)>,
    samples: Vec<Sample>,
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Component").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Component {
    /// The name of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who it says it is.
    pub fn description(&self) -> &Description {
        self.analyzer.description()
    }

    /// Its own fixtures: paths and texts.
    pub fn fixtures(&self) -> &[(PathBuf, String)] {
        &self.fixtures
    }

    /// The workspaces of its fixtures.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The path of a file in its main language.
    pub fn path(&self, stem: &str) -> VfsPath {
        let suffix = self.description().languages.first().and_then(|language| language.suffixes.first());
        let name = suffix.map_or_else(|| stem.to_owned(), |suffix| format!("{stem}.{suffix}"));
        VfsPath::new(&name).expect("the sandbox checked the suffixes, and the stem is a test's own")
    }

    /// What it says of a document, in a fresh instance.
    pub fn index(&self, path: &VfsPath, text: &str) -> Result<Facts, Fault> {
        let language = self.description().language_of(path.as_str()).map(|language| language.id.clone());
        let document = IndexDocument { path: path.clone(), language: language.unwrap_or_default(), text: text.into() };
        wait(self.analyzer.index(document))
    }

    /// Loads it once more, as a process of its own would that keeps its engines in a directory when it ends, whatever they are worth.
    ///
    /// # Errors
    ///
    /// If it does not load.
    pub fn in_a_process(&self, directory: &Path) -> Result<Process> {
        let limits = Limits {
            keep_after_work: Duration::ZERO,
            keep_after_rest: Duration::from_secs(3600),
            keep_at_close_max: KEEP_MAX,
            ..Limits::default()
        };
        self.start(RuntimeConfig { limits, artifacts: artifacts(), kept: Some(KeptEngines::new(directory, u64::MAX)) })
    }

    /// Loads it once more, as a process of its own would whose engines rest as soon as they have answered.
    ///
    /// # Errors
    ///
    /// If it does not load.
    pub fn in_a_process_that_rests(&self) -> Result<Process> {
        let limits = Limits { rest_after: Duration::ZERO, ..Limits::default() };
        self.start(RuntimeConfig { limits, artifacts: artifacts(), kept: None })
    }

    fn start(&self, config: RuntimeConfig) -> Result<Process> {
        let runtime = Runtime::new(config)?;
        let analyzer = runtime.load_file(&self.component)?;
        Ok(Process { runtime, analyzer })
    }

    pub(crate) fn analyzer(&self) -> Arc<dyn Analyzer> {
        self.analyzer.clone()
    }
}

/// How long the end of a process waits for an engine that is being kept, on a busy machine.
const KEEP_MAX: Duration = Duration::from_secs(60);

/// A component as one process has it, beside others.
#[derive(Debug)]
pub struct Process {
    runtime: Runtime,
    analyzer: Arc<ComponentAnalyzer>,
}

impl Process {
    /// A project of a workspace, which is the same one in each process.
    pub fn open(&self, files: Files) -> Engine {
        Engine::of_workspace(self.analyzer.clone(), WorkspaceId(1), files)
    }

    /// What it counted so far.
    pub fn counters(&self) -> Counters {
        self.runtime.counters()
    }

    /// Ends it. What it counted until then.
    pub fn end(self) -> Counters {
        self.runtime.close();
        self.runtime.counters()
    }
}

/// Runs a check on every component. The check adds what is wrong to the list.
///
/// # Panics
///
/// With all that is wrong with all of them.
pub fn every_component(check: impl Fn(&Component, &mut Vec<String>)) {
    let mut all_wrong = Vec::new();
    for found in find().unwrap_or_else(|error| panic!("{error:#}")) {
        let component = found.load().unwrap_or_else(|error| panic!("{error:#}"));
        let mut wrong = Vec::new();
        check(&component, &mut wrong);
        all_wrong.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", component.name)));
    }
    assert!(all_wrong.is_empty(), "\n{}\n", all_wrong.join("\n"));
}

/// A plugin of the tree, and where its component belongs.
struct Found {
    name: String,
    fixtures: PathBuf,
    component: PathBuf,
}

/// The plugins that we ship, the test guests that have fixtures, and the template, each by name.
fn find() -> Result<Vec<Found>> {
    let root = root();
    let mut found = plugins(&root.join("plugins"), &target().join("plugins"))?;
    for plugin in &found {
        if !plugin.fixtures.is_dir() {
            bail!("the plugin `{}` has no folder of fixtures: nothing says what it answers", plugin.name);
        }
    }
    let mut guests = plugins(&root.join("tests/components"), &target().join("test-components"))?;
    // The others are there to misbehave.
    guests.retain(|guest| guest.fixtures.is_dir());
    found.extend(guests);
    found.push(Found {
        name: "template".to_owned(),
        fixtures: root.join("guest-sdk/template/fixtures"),
        component: target().join("test-components/template.wasm"),
    });
    Ok(found)
}

/// The folders with a manifest, by name.
fn plugins(folder: &Path, components: &Path) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("Cargo.toml").is_file() {
            let component = components.join(format!("{name}.wasm"));
            found.push(Found { fixtures: entry.path().join("fixtures"), component, name });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Found {
    fn load(self) -> Result<Component> {
        let bytes = fs::read(&self.component)
            .with_context(|| format!("cannot read {}; `cargo xtask plugins` builds it", self.component.display()))?;
        let analyzer = {
            let _lock = only_one_compiles()?;
            runtime().load(&bytes).with_context(|| format!("cannot load {}", self.component.display()))?
        };
        let fixtures = samples::fixtures(&self.fixtures)?;
        let samples = samples::samples(&fixtures, analyzer.description())?;
        if samples.is_empty() {
            bail!("{} has no file in a language of `{}`", self.fixtures.display(), self.name);
        }
        Ok(Component { name: self.name, component: self.component, analyzer, fixtures, samples })
    }
}

/// What `vraftls plugin precompile` put beside the components fits, where it was built with the same settings.
fn artifacts() -> ArtifactStore {
    ArtifactStore::default().trusting(target().join("plugins")).caching(target().join("tmp/artifacts"))
}

/// The sandbox of this process, with the limits that nodes have by default.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let config = RuntimeConfig { artifacts: artifacts(), ..RuntimeConfig::default() };
        Runtime::new(config).unwrap_or_else(|error| panic!("{error}"))
    })
}

/// A lock over all test processes: compiling a large component takes both cores for half a minute, and one result serves all.
fn only_one_compiles() -> Result<File> {
    let path = target().join("tmp/conformance.lock");
    fs::create_dir_all(target().join("tmp"))?;
    let file = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies two folders below the root")
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
