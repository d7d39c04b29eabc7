//! `vraftls plugin`: which analyzers there are, preparing them so that the first start is quick, and changing those of a running cluster.

mod cluster;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use vraftls_node::plugins;

use crate::exit::Exit;
use crate::folder::{FolderArguments, cache_directory, plugin_directories};
use cluster::{AdminArguments, TokenArguments};

#[derive(Args)]
pub(crate) struct PluginArguments {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Subcommand)]
enum PluginCommand {
    /// Hand a component to a cluster, which checks it and keeps it; it is not used before it is activated
    Push {
        /// The component, a `*.wasm`
        component: PathBuf,
        /// Activate it too
        #[arg(long)]
        activate: bool,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Let all nodes of a cluster use a component that was pushed
    Activate {
        /// The plugin's identifier
        plugin: String,
        /// The component's digest, or enough of its beginning
        digest: String,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Let all nodes of a cluster use the component that was active before
    Rollback {
        /// The plugin's identifier
        plugin: String,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Let a cluster forget a plugin with all its components
    Remove {
        /// The plugin's identifier
        plugin: String,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// List the analyzers: id, version, languages, what they answer; with --cluster those that were pushed, with their components
    List {
        #[command(flatten)]
        folder: FolderArguments,
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        token: TokenArguments,
    },
    /// Compile the analyzers of a directory to machine code, beside them, for this version and this machine
    Precompile {
        /// The directory with `*.wasm`
        directory: PathBuf,
    },
}

pub(crate) fn run(arguments: &PluginArguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        PluginCommand::List { folder, json, token } if folder.cluster.is_given() => {
            cluster::list(&folder.cluster, token, *json)
        }
        PluginCommand::List { folder, json, .. } => list(folder, *json),
        PluginCommand::Push { component, activate, admin } => cluster::push(admin, component, *activate),
        PluginCommand::Activate { plugin, digest, admin } => cluster::activate(admin, plugin, digest),
        PluginCommand::Rollback { plugin, admin } => cluster::roll_back(admin, plugin),
        PluginCommand::Remove { plugin, admin } => cluster::remove(admin, plugin),
        PluginCommand::Precompile { directory } => precompile(directory.clone()),
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn list(folder: &FolderArguments, json: bool) -> anyhow::Result<Exit> {
    let loaded = plugins::load(&plugin_directories(folder)?, &cache_directory()?.join("artifacts"), None)?;
    let listed: Vec<serde_json::Value> = loaded
        .analyzers
        .iter()
        .map(|analyzer| {
            let description = analyzer.description();
            let languages: Vec<&str> = description.languages.iter().map(|language| language.id.as_str()).collect();
            serde_json::json!({
                "id": description.id,
                "version": description.version,
                "title": description.title,
                "languages": languages,
                "features": description.features.names(),
                "digest": analyzer.digest().to_string(),
            })
        })
        .collect();
    if json {
        println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(Exit::Done);
    }
    for plugin in &listed {
        let text = |key: &str| plugin[key].as_str().unwrap_or_default().to_owned();
        let words = |key: &str| {
            let values = plugin[key].as_array().into_iter().flatten();
            values.filter_map(|value| value.as_str()).collect::<Vec<_>>().join(" ")
        };
        println!("{:<12} {:<10} {}", text("id"), text("version"), text("title"));
        println!("  languages  {}", words("languages"));
        println!("  answers    {}", words("features"));
        println!("  digest     {}", text("digest"));
    }
    Ok(Exit::Done)
}

#[expect(clippy::print_stderr, reason = "what is being done, for a person who waits")]
fn precompile(directory: PathBuf) -> anyhow::Result<Exit> {
    let made = plugins::precompile(&directory).with_context(|| format!("cannot precompile {}", directory.display()))?;
    for (component, took) in made {
        eprintln!("precompiled {} in {took:.1?}", component.display());
    }
    Ok(Exit::Done)
}
