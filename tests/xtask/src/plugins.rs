//! `cargo xtask plugins`: builds every plugin and test guest to a component, or takes it from the cache.
//!
//! A component is a function of its sources, so a build is cached under their hash in the user's cache directory, where
//! branches and clones share it. Plugins land in `target/plugins/<name>.wasm`, test guests in
//! `target/test-components/<name>.wasm`.

mod building;
mod cache;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::toolchain;
use crate::{steps, tree};
use building::Wanted;
use cache::Cache;

/// Which plugins to build.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Plugins or test guests by name; without any, all of them.
    names: Vec<String>,
    /// Build even what is cached.
    #[arg(long)]
    force: bool,
}

impl Arguments {
    /// These, by name.
    pub(crate) fn of(names: &[&str]) -> Self {
        Self { names: names.iter().map(|name| (*name).to_owned()).collect(), force: false }
    }
}

/// A crate that becomes a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plugin {
    /// The name of its folder.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) directory: PathBuf,
    /// Its package.
    pub(crate) package: String,
    /// Where the component belongs.
    pub(crate) destination: PathBuf,
    /// Whether it is one that we ship, and not a guest of tests.
    pub(crate) is_shipped: bool,
}

/// Builds what is not cached and puts every component in its place.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let all = plugins()?;
    if let Some(unknown) = arguments.names.iter().find(|name| all.iter().all(|plugin| plugin.name != **name)) {
        let known: Vec<&str> = all.iter().map(|plugin| plugin.name.as_str()).collect();
        bail!("there is no plugin `{unknown}`; there are {}", known.join(", "));
    }
    let cache = Cache::of_user()?;
    let version = toolchain::rustc_version()?;
    let asked = |plugin: &&Plugin| arguments.names.is_empty() || arguments.names.contains(&plugin.name);
    let mut wanted = Vec::new();
    for plugin in all.iter().filter(asked) {
        let environment = [vec![version.as_str(), toolchain::TARGET], building::flags(plugin)].concat();
        let hash = sources::hash(plugin, &environment)?;
        let component = cache.get(&hash, &plugin.name).filter(|_| !arguments.force);
        wanted.push(Wanted { plugin, hash, component });
    }
    building::build_missing(&mut wanted, &cache)?;
    for Wanted { plugin, hash, component } in &wanted {
        let component = component.as_ref().with_context(|| format!("the plugin `{}` was not built", plugin.name))?;
        place(component, &plugin.destination)?;
        let bytes = fs::metadata(&plugin.destination)?.len();
        let place = tree::shown(&plugin.destination);
        steps::say(&format!("plugin {:<10} {:>6} KiB  {place}  ({})", plugin.name, bytes / 1024, &hash[..12]));
    }
    cache.evict()
}

/// Every plugin we ship, then every test guest, each by name, then the template, which is a test guest too.
fn plugins() -> Result<Vec<Plugin>> {
    let root = tree::root();
    let test_components = root.join("target/test-components");
    let mut all = find(&root.join("plugins"), "vraftls-", &root.join("target/plugins"), true)?;
    all.extend(find(&root.join("tests/components"), "vraftls-test-", &test_components, false)?);
    all.push(Plugin {
        name: "template".to_owned(),
        directory: root.join("guest-sdk/template"),
        package: "vraftls-template".to_owned(),
        destination: test_components.join("template.wasm"),
        is_shipped: false,
    });
    Ok(all)
}

/// The folders with a manifest. A package is named after its folder, so that no manifest must be read.
fn find(directory: &Path, prefix: &str, destination: &Path, is_shipped: bool) -> Result<Vec<Plugin>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", tree::shown(directory)))? {
        let directory = entry?.path();
        let Some(name) = directory.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        if directory.join("Cargo.toml").is_file() {
            let package = format!("{prefix}{name}");
            let destination = destination.join(format!("{name}.wasm"));
            found.push(Plugin { name, directory, package, destination, is_shipped });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Copies a component to where others look for it, unless it is there: its time stamp then stays, and with it what others
/// derived from it.
fn place(component: &Path, destination: &Path) -> Result<()> {
    let bytes = fs::read(component).with_context(|| format!("cannot read {}", tree::shown(component)))?;
    if fs::read(destination).is_ok_and(|existing| existing == bytes) {
        return Ok(());
    }
    cache::write_atomically(destination, &bytes)
}
