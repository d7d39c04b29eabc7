//! What the sandbox costs: prints the time of calls that do next to nothing, of starting an engine and of mapping an artifact.
//!
//! `cargo run --release -p vraftls-wasm --example overhead [COMPONENT..]`; without arguments the test guests, and the plugins
//! where they are built.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says so by panicking")]
#![expect(clippy::print_stdout, reason = "it is there to print")]

use std::any::Any;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use vraftls_index::Roles;
use vraftls_proto::{Candidate, SessionId, SymbolMatch};
use vraftls_query::{
    Analyzer, Base, BaseFile, CancelFlag, Changes, DirEntry, EngineCall, IndexDocument, Lookup, ProjectSpec, Question,
    ReadError, View,
};
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};
use vraftls_wasm::{ArtifactStore, Runtime, RuntimeConfig};

const TEXT: &str = "def name\n";

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "--precompile") {
        let (component, directory) = (arguments.next().unwrap(), arguments.next().unwrap());
        vraftls_wasm::precompile(&std::fs::read(component).unwrap(), PathBuf::from(directory)).unwrap();
        return;
    }
    let named: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
    let known = ["test-components/outline", "test-components/toy", "plugins/python"];
    let known = known.map(|name| PathBuf::from(format!("{target}/{name}.wasm")));
    let components = if named.is_empty() { known.to_vec() } else { named };
    for component in components.iter().filter(|path| path.exists()) {
        measure(component);
    }
}

fn measure(component: &Path) {
    let directory = tempfile::tempdir().unwrap();
    println!("{} ({} KiB)", component.display(), std::fs::metadata(component).unwrap().len() / 1024);
    // In a process of its own: the memory that compiling takes would hide what running takes.
    let compiled = Instant::now();
    let mut compile = std::process::Command::new(std::env::current_exe().unwrap());
    assert!(compile.arg("--precompile").args([component, directory.path()]).status().unwrap().success());
    print("compile", compiled.elapsed());
    let artifacts = ArtifactStore::default().trusting(directory.path());
    let runtime = Runtime::new(RuntimeConfig { artifacts, ..RuntimeConfig::default() }).unwrap();
    print_resident("with a runtime");
    let mapped = Instant::now();
    let analyzer = runtime.load_file(component).unwrap();
    print("map and describe", mapped.elapsed());

    let suffix = analyzer.description().languages[0].suffixes[0].clone();
    let path = VfsPath::new(&format!("a.{suffix}")).unwrap();
    let language = analyzer.description().languages[0].id.clone();
    let document = IndexDocument { path: path.clone(), language, text: TEXT.into() };
    print_resident("with the component mapped");
    repeat("index a tiny document", 2000, || drop(wait(analyzer.index(document.clone())).unwrap()));
    if !analyzer.description().features.hover {
        return;
    }
    let base = Arc::new(OneFile { path: path.clone() });
    let view = View { base, overlays: Arc::default(), lookup: Arc::new(NoLookup) };
    let ask = |question: Question| {
        wait(analyzer.ask(EngineCall {
            project: Arc::new(ProjectSpec {
                workspace: WorkspaceId(1),
                root: String::new(),
                libraries: Vec::new(),
                settings: Vec::new(),
            }),
            view: view.clone(),
            session: SessionId(1),
            cancel: CancelFlag::default(),
            deadline: Instant::now() + Duration::from_secs(60),
            question,
        }))
    };
    let bundled = || Question::Bundled { path: VfsPath::new("@bundled/none").unwrap() };
    let started = Instant::now();
    ask(bundled()).unwrap();
    print("start an engine", started.elapsed());
    repeat("ask an engine next to nothing", 5000, || drop(ask(bundled()).unwrap()));
    let hover = || Question::Hover { path: path.clone(), offset: 5 };
    let first = Instant::now();
    let _ = ask(hover());
    print("first hover", first.elapsed());
    repeat("hover", 2000, || drop(ask(hover())));
    print_resident("with an engine");
    let counters = runtime.counters();
    println!("  engine memory {} KiB, {} traps", counters.engines_memory_bytes / 1024, counters.traps);
    print("guest and host time of an engine call, mean", counters.engine_time / counters.engine_calls as u32);
    print("guest and host time of a pure call, mean", counters.index_time / counters.index_calls as u32);
}

/// Prints the resident memory of the process, where the system tells.
fn print_resident(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("?");
        line.trim().to_owned()
    };
    println!("  resident {when:<36} {:>13} (of its own {})", field("VmRSS:"), field("RssAnon:"));
}

fn print(what: &str, time: Duration) {
    println!("  {what:<45} {:>10.1} µs", time.as_secs_f64() * 1e6);
}

fn repeat(what: &str, n: usize, mut once: impl FnMut()) {
    let mut times: Vec<Duration> = (0..n)
        .map(|_| {
            let started = Instant::now();
            once();
            started.elapsed()
        })
        .collect();
    times.sort();
    print(&format!("{what}, p50"), times[n / 2]);
    print(&format!("{what}, p99"), times[n * 99 / 100]);
}

/// Waits for a future on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A workspace of one file.
struct OneFile {
    path: VfsPath,
}

impl Base for OneFile {
    fn revision(&self) -> Revision {
        Revision(1)
    }

    fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        let digest = ContentDigest::of(TEXT.as_bytes());
        (*path == self.path).then_some(BaseFile { digest, size_bytes: TEXT.len() as u64 })
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        if *path == self.path { Ok(TEXT.into()) } else { Err(ReadError::NotFound) }
    }

    fn list(&self, _: &str) -> Vec<DirEntry> {
        Vec::new()
    }

    fn is_directory(&self, path: &str) -> bool {
        path.is_empty()
    }

    fn files(&self) -> Vec<(VfsPath, BaseFile)> {
        self.file(&self.path).map(|file| (self.path.clone(), file)).into_iter().collect()
    }

    fn changes_since(&self, _: &dyn Base) -> Changes {
        Changes::Paths(Vec::new())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A workspace without indexes.
struct NoLookup;

impl Lookup for NoLookup {
    fn candidates(&self, _: &str, _: Roles) -> Vec<Candidate> {
        Vec::new()
    }

    fn symbols(&self, _: &str, _: bool, _: u32) -> Vec<SymbolMatch> {
        Vec::new()
    }
}
