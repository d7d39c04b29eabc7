//! Which folder a command works on, and where its data lies.

use std::path::{Path, PathBuf};

use anyhow::Context;
use vraftls_vfs::ContentDigest;

use crate::cluster_arguments::ClusterArguments;

/// The folder and the data directory of a command.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct FolderArguments {
    /// Where the embedded node keeps its data [default: below your cache directory, one for each folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// A directory with analyzers (`*.wasm`), may be given more than once [default: beside this binary]
    #[arg(long, global = true, value_name = "DIR", env = "VRAFTLS_PLUGIN_DIR", value_delimiter = ':')]
    pub(crate) plugin_dir: Vec<PathBuf>,

    /// The Python interpreter or virtual environment of the folder [default: what pyproject.toml or the shell says, `.venv`]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
}

/// The absolute path of a folder, without symbolic links.
pub(crate) fn canonical(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.canonicalize().with_context(|| format!("cannot open the folder {}", folder.display()))?;
    anyhow::ensure!(path.is_dir(), "{} is not a folder", path.display());
    Ok(path)
}

/// Where this user's caches lie.
pub(crate) fn cache_directory() -> anyhow::Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    from("XDG_CACHE_HOME")
        .or_else(|| from("LOCALAPPDATA"))
        .or_else(|| from("HOME").map(|home| home.join(".cache")))
        .map(|base| base.join("vraftls"))
        .context("neither XDG_CACHE_HOME nor HOME says where caches lie; give --data-dir")
}

/// The data directory of a folder: one each, so that two folders never wait for each other.
pub(crate) fn data_directory(arguments: &FolderArguments, root: &Path) -> anyhow::Result<PathBuf> {
    if let Some(directory) = &arguments.data_dir {
        return std::path::absolute(directory).with_context(|| format!("no such place: {}", directory.display()));
    }
    let digest = ContentDigest::of(root.as_os_str().as_encoded_bytes()).to_string();
    let name = root.file_name().and_then(|name| name.to_str()).unwrap_or("root");
    Ok(cache_directory()?.join("workspaces").join(format!("{name}-{}", &digest[..16])))
}

/// Where analyzers are looked for: what was asked for, else `plugins` beside the binary or beside its directory.
pub(crate) fn plugin_directories(arguments: &FolderArguments) -> anyhow::Result<Vec<PathBuf>> {
    if !arguments.plugin_dir.is_empty() {
        return Ok(arguments.plugin_dir.clone());
    }
    let binary = std::env::current_exe().context("cannot tell where this binary lies; give --plugin-dir")?;
    let ancestors = binary.ancestors().skip(1).take(2);
    let found: Vec<PathBuf> =
        ancestors.map(|directory| directory.join("plugins")).filter(|path| path.is_dir()).collect();
    anyhow::ensure!(!found.is_empty(), "no `plugins` directory beside {}; give --plugin-dir", binary.display());
    Ok(found)
}
