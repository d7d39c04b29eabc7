//! `vraftls workspace`: the trees that a cluster has, and how they get there.

mod base;
mod changes;
mod libraries;
mod list;
mod progress;
mod push;
mod send;
mod shard;
mod summary;
mod target;
mod watch;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vraftls_vfs::WorkspaceName;

use crate::admin_arguments::AdminArguments;
use crate::cluster_arguments::workspace_name;
use crate::exit::Exit;

pub(crate) use progress::say;

#[derive(Args)]
pub(crate) struct WorkspaceArguments {
    #[command(subcommand)]
    command: WorkspaceCommand,
}

#[derive(Subcommand)]
enum WorkspaceCommand {
    /// Make an empty workspace
    Create {
        /// What people call it
        #[arg(value_parser = workspace_name)]
        name: WorkspaceName,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Bring a workspace in step with a folder; exit with 1 if some files were left out or changed by others meanwhile
    Push(PushArguments),
    /// Push, and push again whenever files change, until this ends
    Watch(PushArguments),
    /// List the workspaces: id, name, number of files, revisions
    List {
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        admin: AdminArguments,
    },
    /// Remove a workspace with all its files and libraries
    Remove {
        /// Which
        #[arg(value_parser = workspace_name)]
        name: WorkspaceName,
        #[command(flatten)]
        admin: AdminArguments,
    },
}

#[derive(Args)]
pub(crate) struct PushArguments {
    /// The folder
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// The workspace; made if there is none and a token is given [default: named like the folder]
    #[arg(long, value_name = "NAME", value_parser = workspace_name)]
    workspace: Option<WorkspaceName>,

    /// Bring the libraries that the folder uses along, as this machine has them: they replace those that came along before
    #[arg(long)]
    libraries: bool,

    /// The Python interpreter or virtual environment of the folder [default: what pyproject.toml or the shell says, `.venv`]
    #[arg(long, value_name = "PATH", requires = "libraries")]
    python: Option<PathBuf>,

    /// Overwrite what others write meanwhile
    #[arg(long)]
    force: bool,

    /// Say in one line of JSON what was done
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    admin: AdminArguments,
}

impl PushArguments {
    /// A folder that another command keeps in step.
    pub(crate) fn quiet(directory: PathBuf, workspace: WorkspaceName, admin: AdminArguments) -> Self {
        Self { directory, workspace: Some(workspace), libraries: false, python: None, force: false, json: false, admin }
    }
}

/// Brings a workspace in step with a folder.
pub(crate) async fn push(arguments: &PushArguments) -> anyhow::Result<Exit> {
    push::run(arguments).await
}

/// Keeps a workspace in step with a folder, until the process is told to end.
pub(crate) async fn watch(arguments: &PushArguments) -> anyhow::Result<Exit> {
    watch::run(arguments).await
}

#[tokio::main]
pub(crate) async fn run(arguments: &WorkspaceArguments) -> anyhow::Result<Exit> {
    match &arguments.command {
        WorkspaceCommand::Create { name, admin } => target::create(admin, name).await,
        WorkspaceCommand::Push(arguments) => push::run(arguments).await,
        WorkspaceCommand::Watch(arguments) => watch::run(arguments).await,
        WorkspaceCommand::List { json, admin } => list::run(admin, *json).await,
        WorkspaceCommand::Remove { name, admin } => target::remove(admin, name).await,
    }
}
