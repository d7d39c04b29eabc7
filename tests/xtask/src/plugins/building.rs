//! Compiling plugins, two at a time: the largest crates of an engine, and its link, keep one processor busy each.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread::ScopedJoinHandle;

use anyhow::{Context, Result, bail};

use super::Plugin;
use super::cache::Cache;
use crate::toolchain::Toolchain;
use crate::{steps, tree};

/// How many builds run at once. The link of an engine takes some GB of memory.
const AT_ONCE: usize = 2;

/// What every plugin is compiled with.
const FLAGS: [&str; 8] = [
    // Without vector instructions parsers lose half their speed.
    "-C",
    "target-feature=+simd128",
    // For deeply nested sources: the default of 1 MiB ends in a trap where a native analyzer has 8 MiB.
    "-C",
    "link-arg=-zstack-size=8388608",
    // In bytes; more than a file of 200 KB takes. A memory that grows to it has its pages closed and opened again at every call, and its
    // growing arrays copied: a twentieth of the time (ADR 0027). Pages that nobody touches cost nothing.
    "-C",
    "link-arg=--initial-heap=16777216",
    // rust-analyzer would drop its trees in threads, which a guest has not.
    "--cfg",
    "no_salsa_async_drops",
];

/// A call costs a component more than a native program: each function looks whether its stack and its time are up. With twice the usual
/// inlining ty takes a tenth less for an edit; its code is 40 % larger (ADR 0027).
const INLINING: [&str; 2] = ["-C", "llvm-args=-inline-threshold=500"];
/// The plugin for which that was measured, and its parser alone, which is to be compiled as it is there.
const INLINED: [&str; 2] = ["python", "parse"];

/// A plugin that was asked for.
pub(super) struct Wanted<'a> {
    pub(super) plugin: &'a Plugin,
    /// The hash of its sources.
    pub(super) hash: String,
    /// Its component in the cache, if it is there.
    pub(super) component: Option<PathBuf>,
}

/// What the compiler is told for a plugin.
pub(super) fn flags(plugin: &Plugin) -> Vec<&'static str> {
    let inlining = if INLINED.contains(&plugin.name.as_str()) { &INLINING[..] } else { &[] };
    [&FLAGS[..], inlining].concat()
}

/// Builds what is not in the cache and puts it there. Of what fails the rest is built nevertheless.
pub(super) fn build_missing(wanted: &mut [Wanted<'_>], cache: &Cache) -> Result<()> {
    let missing: Vec<&mut Wanted<'_>> = wanted.iter_mut().filter(|wanted| wanted.component.is_none()).collect();
    // Who takes all from the cache needs no compiler.
    if missing.is_empty() {
        return Ok(());
    }
    let toolchain = Toolchain::ensure()?;
    let (shipped, guests): (Vec<_>, Vec<_>) = missing.into_iter().partition(|wanted| wanted.plugin.is_shipped);
    // The guests of tests share what they are made of, and so a folder, in which one build waits for the other.
    let queue = Mutex::new(shipped.into_iter().map(|wanted| vec![wanted]).chain([guests]));
    let work = || {
        let next = || queue.lock().ok()?.next();
        let all = std::iter::from_fn(next).flatten();
        all.filter_map(|wanted| build_into(cache, wanted, &toolchain).err()).map(|error| format!("{error:#}")).collect()
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let failed =
            |worker: ScopedJoinHandle<'_, Vec<String>>| worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        workers.into_iter().flat_map(failed).collect()
    });
    if failures.is_empty() { Ok(()) } else { bail!("{}", failures.join("\n")) }
}

fn build_into(cache: &Cache, wanted: &mut Wanted<'_>, toolchain: &Toolchain) -> Result<()> {
    let built = build(wanted.plugin, toolchain)?;
    wanted.component = Some(cache.put(&wanted.hash, &wanted.plugin.name, &built)?);
    Ok(())
}

/// Compiles a plugin; the path of its component.
fn build(plugin: &Plugin, toolchain: &Toolchain) -> Result<PathBuf> {
    steps::say(&format!("plugin {}: building; an engine takes some minutes the first time", plugin.name));
    let apart = plugin.is_shipped.then_some(plugin.name.as_str());
    let (mut command, products) = toolchain.build(&tree::plugins(), &flags(plugin), apart);
    steps::run(command.args(["--package", &plugin.package]))
        .with_context(|| format!("cannot build the plugin `{}`", plugin.name))?;
    Ok(products.join(format!("{}.wasm", plugin.package.replace('-', "_"))))
}
