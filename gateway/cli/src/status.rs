//! `vraftls status`: how the node stands that serves a folder, asked of the process that holds it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use vraftls_gateway::{ClusterStatus, FolderStatus, PhaseStatus, SandboxStatus, Status, StatusRequest, TierStatus};
use vraftls_node::{FolderProgress, FolderStats, NodeStats};

use crate::client::Session;
use crate::exit::Exit;
use crate::folder::{FolderArguments, canonical, data_directory};
use crate::serving::holder_of;

/// How long the node may take to answer.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(crate) struct StatusArguments {
    /// The folder
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderArguments,
}

#[tokio::main]
pub(crate) async fn run(arguments: &StatusArguments) -> anyhow::Result<Exit> {
    let root = canonical(&arguments.directory)?;
    let data = data_directory(&arguments.folder, &root)?;
    let Some((pid, socket)) = holder_of(&data).await else { return Ok(nobody(&root, arguments.json)) };
    let status = ask(&socket).await.with_context(|| format!("process {pid} does not tell its status"))?;
    print(&root, pid, &status, arguments.json)?;
    Ok(Exit::Done)
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn nobody(root: &Path, as_json: bool) -> Exit {
    if as_json {
        println!("{}", json!({"root": root, "served": false}));
    } else {
        println!("nobody serves {}", root.display());
    }
    Exit::Found
}

async fn ask(socket: &Path) -> anyhow::Result<Status> {
    let session = Session::without_folder(socket, ANSWER_DEADLINE).await?;
    let status = session.ask::<StatusRequest>(()).await;
    session.close().await?;
    Ok(status?)
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn print(root: &Path, pid: u32, status: &Status, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let mut object = serde_json::to_value(status)?;
        object["root"] = json!(root);
        object["served"] = json!(true);
        object["process"] = json!(pid);
        println!("{}", serde_json::to_string_pretty(&object)?);
        return Ok(());
    }
    let Status { version, revision, sessions, questions, folders, caches, cache_bytes, sandbox, cluster } = status;
    println!("node      process {pid}, version {version}, revision {revision}");
    println!("sessions  {sessions}, {questions} questions under way");
    for FolderStatus { root, revision, phase, done, files, workspace } in folders {
        let phase = match phase {
            PhaseStatus::Reading => format!("reading {done} of {files} files"),
            PhaseStatus::Indexing => format!("indexing {done} of {files} files"),
            PhaseStatus::Ready => format!("ready, {files} files"),
        };
        let workspace = workspace.as_ref().map(|name| format!(" (workspace {name})")).unwrap_or_default();
        println!("folder    {root}{workspace}: {phase}, revision {revision}");
    }
    if let Some(ClusterStatus { id, nodes, workspaces: _ }) = cluster {
        println!("cluster   {id}, nodes {}", nodes.join(", "));
    }
    for TierStatus { name, hits, misses, bytes_read, bytes_written } in caches {
        let (read, written) = (size(*bytes_read), size(*bytes_written));
        println!("cache     {name}: {hits} hits, {misses} misses, {read} read, {written} written");
    }
    println!("          {} in memory", size(*cache_bytes));
    let SandboxStatus { index_calls, engine_calls, traps, bad_replies, refused, limits, engines, engines_bytes } =
        sandbox;
    println!("sandbox   {index_calls} files indexed, {engine_calls} questions answered, {refused} refused");
    println!("          {traps} traps, {bad_replies} bad replies");
    for (name, hits) in limits {
        println!("          limit `{name}` reached {hits} times");
    }
    println!("engines   {engines}, {}", size(*engines_bytes));
    Ok(())
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes < MIB { format!("{} KiB", bytes.div_ceil(1024)) } else { format!("{} MiB", bytes / MIB) }
}

/// What a node tells a gateway.
pub(crate) fn status_of(stats: NodeStats) -> Status {
    let NodeStats { revision, folders, n_sessions, n_questions, caches, sandbox } = stats;
    let tier = |name: String, stats: &vraftls_node::TierStats| TierStatus {
        name,
        hits: stats.n_hits,
        misses: stats.n_misses,
        bytes_read: stats.bytes_out,
        bytes_written: stats.bytes_in,
    };
    let mut tiers = vec![
        tier("answers in memory".to_owned(), &caches.answers_in_memory),
        tier("facts in memory".to_owned(), &caches.facts_in_memory),
    ];
    tiers.extend(caches.facts_below.iter().map(|(name, stats)| tier(format!("facts on {name}"), stats)));
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: revision.0,
        sessions: n_sessions as u64,
        questions: n_questions,
        folders: folders.into_iter().map(folder_of).collect(),
        caches: tiers,
        cache_bytes: caches.held_bytes,
        sandbox: SandboxStatus {
            index_calls: sandbox.index_calls,
            engine_calls: sandbox.engine_calls,
            traps: sandbox.traps,
            bad_replies: sandbox.bad_replies,
            refused: sandbox.refused_busy + sandbox.refused_quarantined,
            limits: sandbox.limit_hits.into_iter().map(|(name, hits)| (name.to_owned(), hits)).collect(),
            engines: sandbox.engines,
            engines_bytes: sandbox.engines_memory_bytes,
        },
        cluster: None,
    }
}

fn folder_of(folder: FolderStats) -> FolderStatus {
    let FolderProgress { revision, walked, n_taken, n_to_take, n_indexed, n_to_index, n_losses: _ } = folder.progress;
    let (phase, done, files) = if !walked || n_taken < n_to_take {
        (PhaseStatus::Reading, n_taken, n_to_take)
    } else if n_indexed < n_to_index {
        (PhaseStatus::Indexing, n_indexed, n_to_index)
    } else {
        (PhaseStatus::Ready, n_indexed, n_to_index)
    };
    FolderStatus { root: folder.root.display().to_string(), revision: revision.0, phase, done, files, workspace: None }
}
