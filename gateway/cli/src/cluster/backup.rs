//! Backups of a cluster: taken of a running one, looked through, and made a new one of.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use vraftls_meta::{Address, NodeId};
use vraftls_node::backup::{BackupError, RestoreConfig, Summary, restore, take, verify};
use vraftls_node::server::client::AskError;

use crate::admin_arguments::{CredentialArguments, explained};
use crate::exit::Exit;
use crate::progress::bar;
use crate::tls::CLUSTER;
use crate::workspace::say;

/// What this process runs, for others who want the data directory.
const COMMAND: &str = "vraftls cluster restore";

#[derive(Args)]
pub(super) struct BackupArguments {
    /// The directory of the backup; to take one, it must be empty or not there yet
    directory: PathBuf,

    /// Take none: look whether the one that is there is whole and what was written
    #[arg(long)]
    verify: bool,

    /// Nodes of the cluster, each given as HOST:PORT; the first that can be reached says where the others are
    #[arg(
        long,
        required_unless_present = "verify",
        value_name = "ADDR,..",
        value_delimiter = ',',
        env = "VRAFTLS_CLUSTER",
        help_heading = CLUSTER
    )]
    cluster: Vec<String>,

    #[command(flatten)]
    credentials: CredentialArguments,
}

#[derive(Args)]
pub(super) struct RestoreArguments {
    /// The directory of the backup
    directory: PathBuf,

    /// The directory that the first node of the new cluster will own; empty, or not there yet
    #[arg(long, value_name = "DIR", env = "VRAFTLS_DATA_DIR")]
    data_dir: PathBuf,

    /// Where that node will be reached; one that starts elsewhere tells the cluster
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9257")]
    listen: String,

    /// Its id in the new cluster
    #[arg(long, value_name = "N", default_value_t = 1)]
    node_id: u64,

    /// How many replicas each group shall have [default: as many as before]
    #[arg(long, value_name = "N")]
    replication: Option<u8>,

    /// Forget all tokens, and write a new one into the data directory
    #[arg(long)]
    new_token: bool,
}

/// Takes a backup, or looks through one.
pub(super) async fn take_or_verify(arguments: &BackupArguments) -> anyhow::Result<Exit> {
    let directory = arguments.directory.clone();
    if !arguments.verify {
        take_from(arguments, &directory).await?;
    }
    // What was just written is read again: a backup that cannot be read is none.
    let read = tokio::task::spawn_blocking(move || verify(&directory));
    match read.await? {
        Ok(summary) => {
            say(&format!("{} is whole: {}", arguments.directory.display(), in_words(&summary)));
            Ok(Exit::Done)
        }
        Err(error @ BackupError::Io { .. }) => Err(error.into()),
        Err(error) if arguments.verify => {
            crate::exit::complain(&error.into());
            Ok(Exit::Found)
        }
        Err(error) => Err(error.into()),
    }
}

async fn take_from(arguments: &BackupArguments, directory: &Path) -> anyhow::Result<()> {
    let client = arguments.credentials.client()?;
    let shown = bar("backup");
    let taken = take(&client, &arguments.cluster, directory, |progress| {
        shown.set_length(progress.n_groups as u64);
        shown.set_position(progress.n_done as u64);
        shown.set_message(format!("{} MiB", progress.n_bytes >> 20));
    })
    .await;
    shown.finish_and_clear();
    taken.map(drop).map_err(told)
}

/// Who shows no token is told that one is needed.
fn told(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::NoCluster(source) if matches!(*source, AskError::Refused { status: 401, .. }) => {
            explained(*source)
        }
        error => error.into(),
    }
}

/// Makes the data directory of the first node of a new cluster.
pub(super) async fn restored(arguments: &RestoreArguments) -> anyhow::Result<Exit> {
    let config = RestoreConfig {
        backup: arguments.directory.clone(),
        data_directory: std::path::absolute(&arguments.data_dir)?,
        address: Address::new(&arguments.listen).with_context(|| format!("--listen {}", arguments.listen))?,
        node: NodeId(arguments.node_id),
        replication: arguments.replication,
        new_token: arguments.new_token,
        command: COMMAND.to_owned(),
    };
    let data = config.data_directory.display().to_string();
    let restored = tokio::task::spawn_blocking(move || restore(&config)).await??;
    say(&format!(
        "cluster {} of node {} in {data}: {}",
        restored.cluster,
        arguments.node_id,
        in_words(&restored.summary)
    ));
    match &restored.token_file {
        Some(file) => say(&format!("the only token that is left is in {}", file.display())),
        None => say("the tokens are those of the old cluster"),
    }
    say(&format!("start it with `vraftls node --data-dir {data} --listen {}`", arguments.listen));
    Ok(Exit::Done)
}

fn in_words(summary: &Summary) -> String {
    let Summary { n_workspaces, n_plugins, n_files, n_contents, size_bytes, .. } = summary;
    format!(
        "{n_files} files of {n_workspaces} workspaces, {n_plugins} plugins, {n_contents} different contents, {} MiB",
        size_bytes.div_ceil(1 << 20)
    )
}
