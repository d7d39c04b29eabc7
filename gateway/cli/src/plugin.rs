//! `vraftls plugin`: which analyzers there are, and preparing them so that the first start is quick.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use vraftls_node::plugins;

use crate::exit::Exit;
use crate::folder::{FolderArguments, cache_directory, plugin_directories};

#[derive(Args)]
pub(crate) struct PluginArguments {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Subcommand)]
enum PluginCommand {
    /// List the analyzers: id, version, languages, what they answer
    List {
        #[command(flatten)]
        folder: FolderArguments,
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Compile the analyzers of a directory to machine code, beside them, for this version and this machine
    Precompile {
        /// The directory with `*.wasm`
        directory: PathBuf,
    },
}

pub(crate) fn run(arguments: &PluginArguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        PluginCommand::List { folder, json } => list(folder, *json),
        PluginCommand::Precompile { directory } => precompile(directory.clone()),
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn list(folder: &FolderArguments, json: bool) -> anyhow::Result<Exit> {
    let loaded = plugins::load(&plugin_directories(folder)?, &cache_directory()?.join("artifacts"))?;
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
